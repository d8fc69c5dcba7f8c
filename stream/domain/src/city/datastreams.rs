//! `datastreams.csv`: what each station measures, how often, and within which limits.

use std::collections::{BTreeMap, BTreeSet};

use super::about::About;
use super::faults::{Faults, words};
use super::sheet::{self, Column, Row};
use super::stations::Station;
use crate::ids::StationId;
use crate::sl651::FEEDING;
use crate::time::UtcMs;

/// The longest interval between two values of a datastream, seconds (31 days).
pub const MAX_INTERVAL_S: u32 = 31 * 86_400;

/// The properties whose values are heights and mean nothing without a datum.
pub const STAGES: [&str; 2] = ["water_level", "tide_level"];

const COLUMNS: &[Column] = &[
    ("station", true),
    ("property", true),
    ("interval_s", true),
    ("min", false),
    ("max", false),
    ("max_rate_per_h", false),
    ("flat_after_s", false),
    ("max_jump", false),
    ("valid_from", false),
    ("sl651", false),
];

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
    /// Greatest believable difference across a gap in the data, in the property's unit; beyond it
    /// the first value after the gap is doubtful until the next bears it out.
    pub max_jump: Option<f64>,
    /// From when this epoch holds.
    pub valid_from: UtcMs,
    /// The element of SL 651 that feeds it, where it is not the usual one.
    pub sl651: Option<String>,
}

/// What the sheet refers to.
pub(super) struct Ground<'a> {
    /// `city.toml`.
    pub(super) about: &'a About,
    /// The ids of `stations.csv`; `None` where it could not be read.
    pub(super) stations: Option<&'a BTreeSet<String>>,
    /// Its sound rows, by id.
    pub(super) epochs: &'a BTreeMap<String, Vec<&'a Station>>,
}

/// The station and the property of a row.
pub(super) type Pair = (String, String);

/// Reads the sheet; the pairs it names come with it, of faulty rows too: `None` where a row could
/// not be read.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    ground: &Ground<'_>,
    faults: &Faults,
) -> (Vec<Datastream>, Option<BTreeSet<Pair>>) {
    let mut streams = Vec::new();
    let mut named = BTreeSet::new();
    let mut epochs: BTreeMap<(String, String, UtcMs), u32> = BTreeMap::new();
    let whole = sheet::read(file, bytes, COLUMNS, faults, |row| {
        let pair = (row.text("station").to_owned(), row.text("property").to_owned());
        let valid_from = row.valid_from();
        if let Some(line) = epochs.insert((pair.0.clone(), pair.1.clone(), valid_from), row.line())
        {
            row.fault(format!(
                "{} of {} stands already on line {line} with the same valid_from",
                pair.1, pair.0
            ));
        }
        named.insert(pair);
        streams.extend(datastream(row, valid_from, ground));
    });
    (streams, whole.then_some(named))
}

fn datastream(row: &Row<'_>, valid_from: UtcMs, ground: &Ground<'_>) -> Option<Datastream> {
    let station = row.id::<StationId>("station");
    let property = row.need_text("property");
    if let Some(station) = &station {
        if ground.stations.is_some_and(|known| !known.contains(station.as_str())) {
            row.fault(format!("unknown station {station}: it is not in stations.csv"));
        }
        if property.as_deref().is_some_and(|p| STAGES.contains(&p)) {
            let epochs = ground.epochs.get(station.as_str());
            if epochs.is_some_and(|list| list.iter().any(|s| s.datum.is_none())) {
                row.fault(format!(
                    "the station {station} has no datum, so its stages mean nothing: name one in stations.csv"
                ));
            }
        }
    }
    let limits = property.as_deref().and_then(|name| {
        let found = ground.about.property(name);
        if found.is_none() {
            row.fault(format!(
                "unknown property {name:?}: use one of the list in the description of the city's \
                 folder, or declare it in city.toml as [[properties]]"
            ));
        }
        found.map(|p| p.plausible)
    });
    let interval_s = row.need_whole("interval_s", 1..=MAX_INTERVAL_S);
    let (min, max) = (row.number("min"), row.number("max"));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        row.fault(format!("min {min} is above max {max}"));
    }
    if let Some((low, high)) = limits {
        for (name, value) in [("min", min), ("max", max)] {
            if let Some(value) = value.filter(|v| !(low..=high).contains(v)) {
                row.fault(format!(
                    "{name} {value} is outside what the property can be ({low} to {high})"
                ));
            }
        }
    }
    let max_rate_per_h = row.number("max_rate_per_h");
    if max_rate_per_h.is_some_and(|rate| rate <= 0.0) {
        row.fault("max_rate_per_h must be above 0");
    }
    let sl651 = (!row.text("sl651").is_empty()).then(|| row.text("sl651").to_owned());
    if let Some(element) = &sl651
        && !FEEDING.contains(&element.as_str())
    {
        let known = words(FEEDING.iter().copied());
        row.fault(format!("unknown SL 651 element {element:?}; a datastream is fed by: {known}"));
    }
    let max_jump = row.number("max_jump");
    if max_jump.is_some_and(|jump| jump <= 0.0) {
        row.fault("max_jump must be above 0");
    }
    let flat_after_s = row.whole("flat_after_s", 1..=MAX_INTERVAL_S);
    Some(Datastream {
        station: station?,
        property: property?,
        interval_s: interval_s?,
        min,
        max,
        max_rate_per_h,
        flat_after_s,
        max_jump,
        valid_from,
        sl651,
    })
}
