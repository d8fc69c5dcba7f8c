//! `quality.toml`: by what a value is doubted beside its own past, and what speaks for a gauge that
//! is not heard.
//!
//! ```toml
//! [[neighbours]]            # spatial consistency: far from the median of the neighbours is doubtful
//! property = "rainfall"
//! within_km = 15.0          # neighbours are the stations of the property within this distance
//! within_s = 1800           # whose newest believed value is at most this much older or newer
//! at_least = 3              # of which there must be so many
//! max_difference = 30.0     # in the property's unit
//!
//! [[fallback]]              # in order of preference: the first that is heard speaks
//! station = "JM-R01"
//! property = "water_level"
//! source = "JM-R02"         # another station of the same property
//! offset = 0.12             # added to its values, in the property's unit
//! ```

use std::collections::BTreeSet;

use super::about::About;
use super::faults::Faults;
use super::page::{self, Section};
use crate::ids::StationId;

/// The farthest neighbour, km.
pub const WITHIN_KM_MAX: f64 = 200.0;
/// The most sources that may speak for one gauge.
pub const FALLBACKS_MAX: usize = 4;
/// The most neighbours that a value must have.
const AT_LEAST_MAX: u32 = 20;
/// The longest time between a value and its neighbours', seconds.
const WITHIN_S_MAX: u32 = 86_400;

/// How the values of a property are compared with their neighbours'.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// The property.
    pub property: String,
    /// How far away a neighbour may stand, km.
    pub within_km: f64,
    /// How far in time their values may lie apart, seconds.
    pub within_s: u32,
    /// How many neighbours there must be.
    pub at_least: u32,
    /// How far a value may lie from their median, in the property's unit.
    pub max_difference: f64,
}

/// One source that speaks for a gauge that is not heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Fallback {
    /// The gauge.
    pub station: StationId,
    /// The property.
    pub property: String,
    /// Who speaks for it.
    pub source: StationId,
    /// What is added to the source's value, in the property's unit.
    pub offset: f64,
}

/// Reads the file. `pairs` are the datastreams there are, by (station, property).
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    about: &About,
    pairs: Option<&BTreeSet<(String, String)>>,
    faults: &Faults,
) -> (Vec<Neighbours>, Vec<Fallback>) {
    let Some(mut top) = page::read(file, bytes, faults) else { return Default::default() };
    let mut neighbours: Vec<Neighbours> = Vec::new();
    for section in top.sections("neighbours") {
        if let Some(one) = one_neighbours(section, about, &neighbours) {
            neighbours.push(one);
        }
    }
    let mut fallbacks: Vec<Fallback> = Vec::new();
    for section in top.sections("fallback") {
        if let Some(one) = one_fallback(section, pairs, &fallbacks) {
            fallbacks.push(one);
        }
    }
    top.finish();
    (neighbours, fallbacks)
}

fn one_neighbours(
    mut section: Section<'_>,
    about: &About,
    known: &[Neighbours],
) -> Option<Neighbours> {
    let property = section.need_text("property", "the property that is compared");
    if let Some(name) = &property {
        if about.property(name).is_none() {
            section.fault("property", format!("unknown property {name:?}"));
        }
        if known.iter().any(|one| one.property == *name) {
            section.fault("property", format!("{name} stands twice"));
        }
    }
    let within_km = section.need_number("within_km", "how far away a neighbour may stand, km");
    if within_km.is_some_and(|km| !(km > 0.0 && km <= WITHIN_KM_MAX)) {
        section.fault("within_km", format!("above 0, at most {WITHIN_KM_MAX}"));
    }
    let within_s = section.count("within_s", 1..=WITHIN_S_MAX).unwrap_or(1_800);
    let at_least = section.count("at_least", 1..=AT_LEAST_MAX).unwrap_or(3);
    let max_difference =
        section.need_number("max_difference", "how far from their median a value may lie");
    if max_difference.is_some_and(|most| most <= 0.0) {
        section.fault("max_difference", "must be above 0");
    }
    section.finish();
    Some(Neighbours {
        property: property?,
        within_km: within_km?,
        within_s,
        at_least,
        max_difference: max_difference?,
    })
}

fn one_fallback(
    mut section: Section<'_>,
    pairs: Option<&BTreeSet<(String, String)>>,
    known: &[Fallback],
) -> Option<Fallback> {
    let station = section.need_id::<StationId>("station", "the gauge that may fall silent");
    let property = section.need_text("property", "what it measures");
    let source = section.need_id::<StationId>("source", "the station that speaks for it then");
    let offset = section.number("offset").unwrap_or(0.0);
    if let Some(property) = &property {
        for (key, id) in [("station", &station), ("source", &source)] {
            let Some(id) = id else { continue };
            let pair = (id.to_string(), property.clone());
            if pairs.is_some_and(|pairs| !pairs.contains(&pair)) {
                section.fault(key, format!("{id} has no {property} in datastreams.csv"));
            }
        }
    }
    if station.is_some() && station == source {
        section.fault("source", "a gauge cannot speak for itself");
    }
    let one = Fallback { station: station?, property: property?, source: source?, offset };
    let of_it = known.iter().filter(|f| f.station == one.station && f.property == one.property);
    if of_it.clone().any(|f| f.source == one.source) {
        section.fault("source", format!("{} stands twice for {}", one.source, one.station));
    }
    if of_it.count() >= FALLBACKS_MAX {
        section.fault("source", format!("at most {FALLBACKS_MAX} sources speak for one gauge"));
    }
    section.finish();
    Some(one)
}
