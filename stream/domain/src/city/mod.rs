//! A city: the place, its instruments, its people, its rules. A folder of plain files that a user
//! writes; here it is data. [`City::read`] takes the files' contents (no I/O) and gives a checked
//! city, or every error with file, line and reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, DatastreamIx, HospitalId, PlanId, StationId, UnitId, ZoneId};
use crate::level::{Level, Levels};
use crate::time::UtcMs;

/// The files of a city's folder: path within it (`hazards/rainfall.toml`), content. Ordered.
pub type CityFiles = BTreeMap<String, Vec<u8>>;

/// One error of a city's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{file}{}: {reason}", match line { Some(n) => format!(":{n}"), None => String::new() })]
pub struct CityError {
    /// The file.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<u32>,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// A checked city.
#[derive(Debug, Clone)]
pub struct City {
    /// `city.toml`.
    pub about: About,
    /// `zones.geojson`, in file order.
    pub zones: Vec<Zone>,
    /// `stations.csv`, all epochs, in file order.
    pub stations: Vec<Station>,
    /// `datastreams.csv`, in file order. The position is *not* the [`DatastreamIx`]: see [`Registry`].
    pub datastreams: Vec<Datastream>,
    /// `exposure/*`.
    pub exposure: Vec<Exposure>,
    /// `hazards/*.toml`, in order of file name.
    pub hazards: Vec<Hazard>,
    /// `plans/*.toml`.
    pub plans: Vec<Plan>,
    /// `units.csv`.
    pub units: Vec<Unit>,
    /// `hospitals.csv`.
    pub hospitals: Vec<Hospital>,
    /// `shelters.csv`.
    pub shelters: Vec<Shelter>,
    /// `agencies.toml`.
    pub agencies: Vec<Agency>,
    /// `roster.toml`.
    pub roster: Vec<RosterEntry>,
}

/// `city.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// 「江门市」.
    pub name: String,
    /// "Jiangmen".
    pub name_en: String,
    /// Languages of the console, first is the default: `zh`, `en`.
    #[serde(default = "languages")]
    pub languages: Vec<String>,
    /// IANA zone (`Asia/Shanghai`) or a fixed offset (`+08:00`). Zones with summer time are refused:
    /// the decision log is written in one offset.
    pub time_zone: String,
    /// The offset of `time_zone` in seconds, worked out when read.
    #[serde(skip)]
    pub offset_s: i32,
    /// The city's levels, lowest first.
    #[serde(default)]
    pub levels: Levels,
    /// The map: centre, zoom, attribution.
    #[serde(default)]
    pub map: MapView,
    /// Whether what this city describes is invented; the console says so.
    #[serde(default)]
    pub fictional: bool,
    /// How far ahead of now a frame may be dated, seconds.
    #[serde(default = "skew")]
    pub future_tolerance_s: u32,
    /// After how many expected intervals without a frame a datastream is silent.
    #[serde(default = "silent")]
    pub silent_after_intervals: u32,
    /// H3 resolution of the risk cells (7 ≈ 5 km², 8 ≈ 0.7 km²).
    #[serde(default = "resolution")]
    pub cell_resolution: u8,
    /// Properties of the city's own.
    #[serde(default)]
    pub properties: Vec<crate::property::DeclaredProperty>,
    /// Default addresses, where the command line says nothing.
    #[serde(default)]
    pub ports: Ports,
}

fn languages() -> Vec<String> {
    vec!["zh".into(), "en".into()]
}
fn skew() -> u32 {
    120
}
fn silent() -> u32 {
    3
}
fn resolution() -> u8 {
    7
}

/// The map's first view.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MapView {
    /// `[longitude, latitude]`, degrees WGS-84.
    pub center: [f64; 2],
    /// Web-map zoom.
    pub zoom: f64,
    /// What must stand in the corner: sources, 审图号.
    pub attribution: String,
}

/// Default ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ports {
    /// Console and API.
    pub http: Option<u16>,
    /// MQTT.
    pub mqtt: Option<u16>,
}

/// What kind of zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneKind {
    /// A city.
    City,
    /// A district or county.
    District,
    /// A township or street.
    Township,
}

/// A zone with its outline.
#[derive(Debug, Clone)]
pub struct Zone {
    /// GB/T 2260 or township code.
    pub id: ZoneId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Kind.
    pub kind: ZoneKind,
    /// The zone it lies in.
    pub parent: Option<ZoneId>,
    /// Its outline, checked: finite, in range, valid rings.
    pub outline: gis::Outline,
}

/// One epoch of a station.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Id.
    pub id: StationId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whose it is.
    pub agency: AgencyId,
    /// Position, degrees WGS-84.
    pub lon: f64,
    /// Position, degrees WGS-84.
    pub lat: f64,
    /// The height datum its stages refer to (`1985`, `pearl_river`, `1956`, `local`), where it has one.
    pub datum: Option<String>,
    /// Metres to add to a stage of this station to have it in the 1985 national datum.
    pub datum_offset_m: Option<f64>,
    /// From when this epoch holds (event time).
    pub valid_from: UtcMs,
}

/// One epoch of a datastream.
#[derive(Debug, Clone, PartialEq)]
pub struct Datastream {
    /// The station.
    pub station: StationId,
    /// The property's name.
    pub property: String,
    /// Expected interval, seconds.
    pub interval_s: u32,
    /// Least value that can be true here; outside is refused.
    pub min: Option<f64>,
    /// Greatest value that can be true here.
    pub max: Option<f64>,
    /// Fastest believable change, units an hour; beyond it a value is doubtful.
    pub max_rate_per_h: Option<f64>,
    /// Seconds of an unchanged value after which it is doubtful.
    pub flat_after_s: Option<u32>,
    /// From when this epoch holds.
    pub valid_from: UtcMs,
}

/// People or a facility that can be hurt, at a point or spread over an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// `population`, `school`, `hospital`, `nursing_home`, …
    pub kind: String,
    /// Name.
    pub name: String,
    /// People.
    pub people: f64,
    /// Vulnerability, 0 (none) to 1.
    pub vulnerability: f64,
    /// Where.
    pub place: ExposurePlace,
    /// File it comes from: the source a score shows.
    pub source: String,
}

/// Where an exposure lies.
#[derive(Debug, Clone, PartialEq)]
pub enum ExposurePlace {
    /// A point, degrees WGS-84: longitude, latitude.
    Point(f64, f64),
    /// An area, spread evenly over its cells.
    Area(gis::Outline),
}

/// The kinds of hazard this version can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardKind {
    /// Accumulated rain.
    Rainfall,
    /// Stage of a river.
    RiverStage,
    /// Stage of a reservoir.
    ReservoirStage,
    /// Tidal stage, judged by its high waters.
    TidalStage,
    /// Wind and gusts.
    Gale,
    /// Discharge against a city's own thresholds.
    Discharge,
    /// Ponding depth.
    Ponding,
    /// Hospital load.
    HospitalLoad,
}

/// One hazard's rules: one epoch of one file of `hazards/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazard {
    /// Which model judges.
    pub kind: HazardKind,
    /// The name in the decision log; the kind's own word unless the file says otherwise.
    pub name: String,
    /// Where its numbers come from, where a threshold does not say itself.
    pub source: String,
    /// From when it holds (event time).
    pub valid_from: UtcMs,
    /// Grid of final assessments, seconds.
    pub step_s: u32,
    /// How late an observation may come and still be part of the final assessment, seconds.
    pub lateness_s: u32,
    /// Thresholds, in file order.
    pub thresholds: Vec<Threshold>,
    /// How long a level must hold before an alert is raised or stepped up, seconds (event time).
    pub raise_hold_s: u32,
    /// How long it must be below before an alert steps down or clears, seconds.
    pub clear_hold_s: u32,
    /// How far below its threshold a value must be before the level counts as left, in the property's unit.
    pub clear_margin: f64,
    /// For areal hazards, how stations speak for cells.
    pub spread: Spread,
    /// Reach of a station's word, metres (0: its own cell only).
    pub reach_m: f64,
    /// Score of a cell per level rank, 0 to 1; index 0 is none.
    pub scores: Vec<f64>,
}

/// How point hazards are spread to cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Inverse distance, power 2, of the stations within reach.
    InverseDistance,
    /// The nearest station within reach.
    Nearest,
    /// The station's own cell and those within reach of it.
    #[default]
    Own,
}

/// One threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The level it gives.
    pub level: Level,
    /// The property judged.
    pub property: String,
    /// Window of the sum, seconds, for accumulations; the window of W is (W−n, W]. For wind, the
    /// averaging the threshold is stated for. `None`: the instant.
    pub window_s: Option<u32>,
    /// Shifts the window's edges: with `shift_ms` the window of W is (W−n−shift, W−shift].
    pub shift_ms: i64,
    /// Met when the value is at or above this, in the property's unit. For stages, in the datum named.
    pub at_least: f64,
    /// The datum of a stage's `at_least`; must be the station's, or both convertible.
    pub datum: Option<String>,
    /// For this station only.
    pub station: Option<StationId>,
    /// What the number is called: `warning` 警戒, `guarantee` 保证, `record` 历史最高, `flood_limit` 汛限, …
    pub mark: Option<String>,
    /// Rate of rise instead of the value: units an hour over the window.
    pub rate_per_h: bool,
    /// Source of the number; `city policy` where it is the city's own.
    pub source: String,
}

/// A plan (预案).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Id.
    pub id: PlanId,
    /// 中文 title.
    pub title: String,
    /// English title.
    #[serde(default)]
    pub title_en: String,
    /// Hazards it is for; empty: any.
    #[serde(default)]
    pub hazards: Vec<String>,
    /// Where its text comes from.
    pub source: String,
    /// Its measures.
    #[serde(default, rename = "measure")]
    pub measures: Vec<Measure>,
}

/// One measure (响应措施) of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The clause: 「§3.2」.
    pub clause: String,
    /// From which level on (id of the city's list).
    pub from_level: String,
    /// What is to be done, in Chinese.
    pub text: String,
    /// The same in English.
    #[serde(default)]
    pub text_en: String,
    /// The kind of unit that does it.
    #[serde(default)]
    pub unit_kind: String,
    /// Minutes it may take.
    pub limit_min: u32,
}

/// A field unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Id.
    pub id: UnitId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// `boat`, `pump`, `ambulance`, `patrol`, …
    pub kind: String,
    /// Whose it is.
    pub agency: AgencyId,
    /// Where it stands by, degrees WGS-84.
    pub lon: f64,
    /// Where it stands by, degrees WGS-84.
    pub lat: f64,
    /// People it carries or counts.
    pub people: u32,
}

/// A hospital. Its load arrives on the datastreams of a station of the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Hospital {
    /// Id.
    pub id: HospitalId,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whose feed.
    pub agency: AgencyId,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// Staffed beds.
    pub beds: u32,
    /// Staffed ICU beds.
    pub icu_beds: u32,
}

/// A shelter.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelter {
    /// Id.
    pub id: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// People it can hold.
    pub capacity: u32,
}

/// An agency and what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Id: the second level of its topics.
    pub id: AgencyId,
    /// 中文 name.
    pub name: String,
    /// English name.
    #[serde(default)]
    pub name_en: String,
    /// Whether it may publish official signals (weather, hydrology and sea offices only).
    #[serde(default)]
    pub official_signals: bool,
    /// Observations a second it may send on average; 0: the platform's default.
    #[serde(default)]
    pub rate_per_s: u32,
}

/// A person on the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterEntry {
    /// Name shown.
    pub name: String,
    /// `duty_officer`, `leader_on_duty`, …
    pub post: String,
    /// Telephone, where the city writes one.
    #[serde(default)]
    pub phone: String,
}

/// The registry: which number is which datastream. Numbers are given in order of first appearance
/// and never again; a changed city appends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    rows: Vec<(String, String)>,
    by_name: BTreeMap<(String, String), DatastreamIx>,
}

impl Registry {
    /// Continues from the rows of an earlier configuration (empty for a first).
    pub fn continued(earlier: &[(String, String)]) -> Self {
        let mut registry = Self::default();
        for (station, property) in earlier {
            registry.number(station, property);
        }
        registry
    }
    /// The number of a datastream, given now if it has none.
    pub fn number(&mut self, station: &str, property: &str) -> DatastreamIx {
        let key = (station.to_owned(), property.to_owned());
        if let Some(ix) = self.by_name.get(&key) {
            return *ix;
        }
        let ix = DatastreamIx(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        self.rows.push(key.clone());
        self.by_name.insert(key, ix);
        ix
    }
    /// The number of a datastream that has one.
    pub fn find(&self, station: &str, property: &str) -> Option<DatastreamIx> {
        self.by_name.get(&(station.to_owned(), property.to_owned())).copied()
    }
    /// `(station, property)` of a number.
    pub fn name(&self, ix: DatastreamIx) -> Option<(&str, &str)> {
        let row = self.rows.get(usize::try_from(ix.0).ok()?)?;
        Some((&row.0, &row.1))
    }
    /// All rows, position is number.
    pub fn rows(&self) -> &[(String, String)] {
        &self.rows
    }
}
