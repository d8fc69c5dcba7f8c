//! `city.toml`: the city's name, its time, its levels, its map.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::cot::{self, Cot};
use super::faults::{Faults, words};
use super::page::{self, Section};
use super::telemetry::{self, Sl651};
use crate::level::{Level, LevelName, Levels};
use crate::property::{self, DeclaredProperty};
use crate::time::EARLIEST;

/// The most levels a city may have.
pub const MAX_LEVELS: usize = 9;

/// Zones without summer time since 2000 that are read without the machine's zone database.
const STEADY_ZONES: &[(&str, i32)] = &[
    ("Asia/Shanghai", 8),
    ("Asia/Chongqing", 8),
    ("Asia/Hong_Kong", 8),
    ("Asia/Macau", 8),
    ("Asia/Taipei", 8),
    ("Asia/Urumqi", 6),
    ("Asia/Singapore", 8),
    ("Asia/Manila", 8),
    ("Asia/Bangkok", 7),
    ("Asia/Ho_Chi_Minh", 7),
    ("Asia/Jakarta", 7),
    ("Asia/Tokyo", 9),
    ("Asia/Seoul", 9),
    ("UTC", 0),
    ("Etc/UTC", 0),
];

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
    /// How telemetry by SL 651 is taken.
    #[serde(default)]
    pub sl651: Sl651,
    /// How units are heard by Cursor-on-Target.
    #[serde(default)]
    pub cot: Cot,
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
    /// Telemetry by SL 651-2014.
    pub sl651: Option<u16>,
    /// Units by Cursor-on-Target; left out: not taken.
    pub cot: Option<u16>,
}

/// Reads `city.toml`; where it fails, the defaults let the other files be read for their errors.
pub(super) fn read(file: &str, bytes: &[u8], faults: &Faults) -> About {
    let mut about = About::default();
    let Some(mut top) = page::read(file, bytes, faults) else { return about };
    about.name = top.need_text("name", "the city's name").unwrap_or_default();
    about.name_en = top.text("name_en").unwrap_or_else(|| about.name.clone());
    if let Some(list) = top.texts("languages") {
        languages_of(&top, list, &mut about);
    }
    if let Some(zone) = top.need_text("time_zone", "like \"Asia/Shanghai\" or \"+08:00\"") {
        match offset_of(&zone) {
            Ok(offset) => about.offset_s = offset,
            Err(reason) => top.fault("time_zone", reason),
        }
        about.time_zone = zone;
    }
    levels_of(&mut top, &mut about);
    if let Some(mut map) = top.section("map") {
        about.map = map_of(&mut map);
        map.finish();
    }
    about.fictional = top.flag("fictional").unwrap_or(about.fictional);
    let tolerance = top.count("future_tolerance_s", 0..=86_400);
    about.future_tolerance_s = tolerance.unwrap_or(about.future_tolerance_s);
    let silent = top.count("silent_after_intervals", 1..=1_000);
    about.silent_after_intervals = silent.unwrap_or(about.silent_after_intervals);
    let resolution = top.count("cell_resolution", 4..=10).and_then(|n| u8::try_from(n).ok());
    about.cell_resolution = resolution.unwrap_or(about.cell_resolution);
    for section in top.sections("properties") {
        about.properties.extend(property_of(section, &about.properties));
    }
    if let Some(mut ports) = top.section("ports") {
        let mut port = |key| ports.count(key, 0..=65_535).and_then(|n| u16::try_from(n).ok());
        about.ports = Ports {
            http: port("http"),
            mqtt: port("mqtt"),
            sl651: port("sl651"),
            cot: port("cot"),
        };
        if about.ports.http.is_some_and(|p| p > 0) && about.ports.http == about.ports.mqtt {
            ports.fault("mqtt", "http and mqtt are the same port");
        }
        let others = [about.ports.http, about.ports.mqtt];
        if about.ports.sl651.is_some_and(|p| p > 0) && others.contains(&about.ports.sl651) {
            ports.fault("sl651", "sl651 is the port of another");
        }
        let others = [about.ports.http, about.ports.mqtt, about.ports.sl651];
        if about.ports.cot.is_some_and(|p| p > 0) && others.contains(&about.ports.cot) {
            ports.fault("cot", "cot is the port of another");
        }
        ports.finish();
    }
    if let Some(section) = top.section("cot") {
        about.cot = cot::read(section);
    }
    if let Some(section) = top.section("sl651") {
        about.sl651 = telemetry::read(section);
    }
    top.finish();
    about
}

impl Default for About {
    fn default() -> Self {
        Self {
            name: String::new(),
            name_en: String::new(),
            languages: languages(),
            time_zone: "+00:00".into(),
            offset_s: 0,
            levels: Levels::default(),
            map: MapView::default(),
            fictional: false,
            future_tolerance_s: skew(),
            silent_after_intervals: silent(),
            cell_resolution: resolution(),
            properties: Vec::new(),
            ports: Ports::default(),
            sl651: Sl651::default(),
            cot: Cot::default(),
        }
    }
}

fn languages_of(top: &Section<'_>, list: Vec<String>, about: &mut About) {
    const KNOWN: [&str; 2] = ["zh", "en"];
    if list.is_empty() {
        top.fault("languages", "languages is empty; the console speaks zh and en");
    }
    for word in &list {
        if !KNOWN.contains(&word.as_str()) {
            top.fault("languages", format!("unknown language {word:?}; known: zh, en"));
        }
    }
    about.languages = list;
}

/// The one offset of a zone, seconds east of UTC.
fn offset_of(zone: &str) -> Result<i32, String> {
    if zone.starts_with(['+', '-']) {
        return fixed_offset(zone)
            .ok_or_else(|| format!("time_zone {zone:?}: a fixed offset is written +08:00"));
    }
    if let Some((_, hours)) = STEADY_ZONES.iter().find(|(name, _)| *name == zone) {
        return Ok(hours * 3600);
    }
    let Ok(known) = TimeZone::get(zone) else {
        return Err(format!(
            "time_zone {zone:?} is not known on this machine; write an IANA name \
             (\"Asia/Shanghai\") or a fixed offset (\"+08:00\")"
        ));
    };
    let beginning = Timestamp::from_millisecond(EARLIEST.0).unwrap_or_default();
    if let Some(change) = known.following(beginning).next() {
        let why = if known.following(beginning).take(8).any(|t| t.dst().is_dst()) {
            "has summer time"
        } else {
            "changed its offset"
        };
        return Err(format!(
            "time_zone {zone:?} {why} ({}): the decision log is written in one offset; write a \
             fixed one, like \"+08:00\"",
            change.timestamp()
        ));
    }
    Ok(known.to_offset(beginning).seconds())
}

fn fixed_offset(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 || !text.get(1..)?.bytes().all(|b| b != b'+') {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    ((0..60).contains(&minutes) && (0..=14 * 3600).contains(&seconds)).then_some(sign * seconds)
}

fn map_of(map: &mut Section<'_>) -> MapView {
    let mut view =
        MapView { zoom: map.number_in("zoom", 0.0..=22.0).unwrap_or(0.0), ..MapView::default() };
    if let Some(center) = map.numbers("center") {
        match center.as_slice() {
            [lon, lat] => match gis::Position::new(*lon, *lat) {
                Ok(_) => view.center = [*lon, *lat],
                Err(e) => map.fault("center", format!("center: {e} (longitude first)")),
            },
            _ => map.fault("center", "center is [longitude, latitude]"),
        }
    }
    view.attribution = map.text("attribution").unwrap_or_default();
    view
}

fn levels_of(top: &mut Section<'_>, about: &mut About) {
    let names = if top.is_text_list("levels") {
        let ids = top.texts("levels").unwrap_or_default();
        ids.iter().filter_map(|id| usual_level(top, id)).collect::<Vec<_>>()
    } else {
        top.sections("levels").into_iter().filter_map(level_of).collect()
    };
    if names.len() > MAX_LEVELS {
        top.fault("levels", format!("{} levels; there may be {MAX_LEVELS}", names.len()));
    }
    for (n, level) in names.iter().enumerate() {
        if names.iter().take(n).any(|earlier| earlier.id == level.id) {
            top.fault("levels", format!("the level {} stands twice", level.id));
        }
        if matches!(level.id.as_str(), "none" | "nodata") {
            top.fault("levels", format!("the level id {} has a meaning of its own", level.id));
        }
    }
    if !names.is_empty() {
        about.levels = Levels(names);
    }
}

/// A level by its usual id alone.
fn usual_level(top: &Section<'_>, id: &str) -> Option<LevelName> {
    let mut usual = Levels::default();
    usual.0.insert(
        0,
        LevelName {
            id: "white".into(),
            name: "白".into(),
            name_en: "White".into(),
            color: "#f4f4f4".into(),
        },
    );
    let found = usual.find(id).and_then(|level| match level {
        Level::At(rank) => usual.0.get(usize::from(rank).checked_sub(1)?).cloned(),
        _ => None,
    });
    if found.is_none() {
        let known = words(usual.0.iter().map(|l| l.id.as_str()));
        top.fault(
            "levels",
            format!("levels: {id:?} has no usual colour ({known}); write it as [[levels]] with id, name, name_en, color"),
        );
    }
    found
}

fn level_of(mut section: Section<'_>) -> Option<LevelName> {
    let id = section.need_text("id", "a short word, like \"yellow\"");
    let id = id.and_then(|id| match crate::ids::check(&id) {
        Ok(()) => Some(id),
        Err(e) => {
            section.fault("id", e);
            None
        }
    });
    let color = section.need_text("color", "like \"#f2c200\"");
    if let Some(color) = &color {
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            section.fault("color", format!("color {color:?} must be #rrggbb"));
        }
    }
    let name = section.text("name").or_else(|| id.clone());
    let name_en = section.text("name_en").or_else(|| id.clone());
    section.finish();
    Some(LevelName { id: id?, name: name?, name_en: name_en?, color: color? })
}

fn property_of(mut section: Section<'_>, earlier: &[DeclaredProperty]) -> Option<DeclaredProperty> {
    let name = section.need_text("name", "the name on the wire, like \"uv_index\"");
    if let Some(name) = &name {
        if let Err(e) = crate::ids::check(name) {
            section.fault("name", e);
        }
        if super::RESERVED_WORDS.contains(&name.as_str()) {
            section.fault("name", format!("{name} is a word of the topics"));
        }
        if earlier.iter().any(|p| p.name == *name) {
            section.fault("name", format!("the property {name} is declared twice"));
        }
    }
    let unit = section.need_text("unit", "UCUM, like \"mm\"");
    let interval = section.flag("interval");
    let known = name.as_deref().and_then(property::find);
    if let (Some(known), Some(unit)) = (known, unit.as_deref()) {
        if known.unit != unit {
            section.fault("unit", format!("{} is kept in {}, not {unit}", known.name, known.unit));
        }
        if interval.is_some_and(|i| i != known.interval) {
            section.fault("interval", format!("{} has interval = {}", known.name, known.interval));
        }
    }
    let min = section.need_number("min", "the least value that can be true");
    let max = section.need_number("max", "the greatest value that can be true");
    if let (Some(min), Some(max)) = (min, max)
        && min >= max
    {
        section.fault("min", format!("min {min} is not below max {max}"));
    }
    let name_zh = section.text("name_zh").or_else(|| name.clone());
    section.finish();
    Some(DeclaredProperty {
        name: name?,
        unit: unit?,
        interval: interval.or(known.map(|k| k.interval)).unwrap_or(false),
        min: min?,
        max: max?,
        name_zh: name_zh?,
    })
}
