//! What a city's files say of its places: which is a river and which lies above it, where its marks
//! are. Nothing about a city is written here.

use std::collections::BTreeMap;

use domain::city::{City, CityFiles, HazardKind, Station};

use super::Place;
use super::bodies::Body;
use super::noise::Chance;
use super::river::{Gauge, TidalGauge};
use super::storm::offset_km;

/// A gauge this near a river's line stands on it, km.
const ON_RIVER_KM: f64 = 1.5;
/// Reference flow of a gauge whose city gives no discharge threshold, m³/s.
const PLAIN_REFERENCE_M3_S: f64 = 240.0;
/// A river with a threshold above this carries a whole country's water, m³/s.
const GREAT_M3_S: f64 = 8_000.0;
/// An interval of wind shorter than this is a mast in the open, seconds.
const OPEN_MAST_S: u32 = 120;
/// South of this a tidal reach is near the sea, degrees: its tide is little damped.
const NEAR_SEA_DEG: f64 = 22.40;

/// Every station as a place, in the city's order.
pub(super) fn places(city: &City, files: &CityFiles, chance: Chance) -> Vec<Place> {
    let mut found: Vec<Place> = city.stations.iter().map(|s| place(city, s, chance)).collect();
    for chain in chains(files, &found) {
        link(&mut found, &chain);
    }
    found
}

fn measures(city: &City, station: &Station, property: &str) -> Option<u32> {
    let stream =
        city.datastreams.iter().find(|d| d.station == station.id && d.property == property);
    stream.map(|d| d.interval_s)
}

/// The mark of a station in the hazards of a kind.
fn mark(
    city: &City,
    kind: HazardKind,
    station: &Station,
    property: &str,
    mark: &str,
) -> Option<f64> {
    let thresholds = city.hazards.iter().filter(|h| h.kind == kind).flat_map(|h| &h.thresholds);
    let mut own =
        thresholds.filter(|t| t.property == property && t.station.as_ref() == Some(&station.id));
    own.find(|t| mark.is_empty() || t.mark.as_deref() == Some(mark)).map(|t| t.at_least)
}

fn place(city: &City, station: &Station, chance: Chance) -> Place {
    let chance = chance.of(station.id.as_str());
    let open = measures(city, station, "wind_speed").is_some_and(|s| s <= OPEN_MAST_S);
    let wind = if open {
        (chance.at(11).between(0.95, 1.05), chance.at(12).between(1.24, 1.36))
    } else {
        (chance.at(11).between(0.40, 0.60), chance.at(12).between(1.42, 1.62))
    };
    Place {
        id: station.id.to_string(),
        at: (station.lon, station.lat),
        wind,
        rain_mm: 0.0,
        mm_h: 0.0,
        body: body(city, station, chance),
    }
}

fn body(city: &City, station: &Station, chance: Chance) -> Body {
    let has = |property| measures(city, station, property).is_some();
    if has("ponding_depth") {
        return Body::street(chance);
    }
    if has("bed_occupancy") {
        let hospital = city.hospitals.iter().find(|h| h.id.as_str() == station.id.as_str());
        return Body::hospital(hospital.map_or(100.0, |h| f64::from(h.beds)), chance);
    }
    if !has("water_level") && !has("discharge") {
        return Body::Air;
    }
    let find = |kind, property, name| mark(city, kind, station, property, name);
    if let Some(limit) = find(HazardKind::ReservoirStage, "water_level", "flood_limit") {
        return Body::reservoir(limit, chance);
    }
    if let Some(warning) = find(HazardKind::TidalStage, "water_level", "warning") {
        let real = station.datum.as_deref() == Some("local");
        let gauge = if real {
            TidalGauge { tide: 0.45, surge: 0.4, lag_h: 2.0, below_m: 1.45 }
        } else if station.lat < NEAR_SEA_DEG {
            TidalGauge { tide: 0.8, surge: 0.85, lag_h: 0.7, below_m: 1.9 }
        } else {
            TidalGauge { tide: 0.55, surge: 0.6, lag_h: 1.6, below_m: 1.6 }
        };
        return Body::Tidal { warning, gauge };
    }
    let warning = find(HazardKind::RiverStage, "water_level", "warning").unwrap_or(5.0);
    let known = find(HazardKind::Discharge, "discharge", "");
    let reference = known.unwrap_or(PLAIN_REFERENCE_M3_S);
    let gauge = Gauge::new(reference, 1.0, reference > GREAT_M3_S);
    Body::River { gauge, warning, above: None }
}

/// The river gauges along each line of the city's map, from the source down.
fn chains(files: &CityFiles, places: &[Place]) -> Vec<Vec<usize>> {
    let mut chains = Vec::new();
    for (name, bytes) in files {
        if !name.starts_with("map/") {
            continue;
        }
        let Ok(map) = serde_json::from_slice::<serde_json::Value>(bytes) else { continue };
        let Some(features) = map.get("features").and_then(|f| f.as_array()) else { continue };
        for line in features.iter().filter_map(line_of) {
            let mut on: BTreeMap<u64, usize> = BTreeMap::new();
            for (at, place) in places.iter().enumerate() {
                if !matches!(place.body, Body::River { .. }) {
                    continue;
                }
                if let Some(metres) = along(&line, place.at) {
                    on.insert(metres, at);
                }
            }
            chains.push(on.into_values().collect());
        }
    }
    chains
}

fn line_of(feature: &serde_json::Value) -> Option<Vec<(f64, f64)>> {
    let geometry = feature.get("geometry")?;
    if geometry.get("type")?.as_str()? != "LineString" {
        return None;
    }
    let points = geometry.get("coordinates")?.as_array()?;
    points.iter().map(|p| Some((p.get(0)?.as_f64()?, p.get(1)?.as_f64()?))).collect()
}

/// Metres down a line at which a place stands on it.
fn along(line: &[(f64, f64)], at: (f64, f64)) -> Option<u64> {
    let mut before = 0.0;
    let mut best: Option<(f64, f64)> = None;
    for pair in line.windows(2) {
        let [a, b] = pair else { continue };
        let (bx, by) = offset_km(*a, *b);
        let (px, py) = offset_km(*a, at);
        let length = bx.hypot(by);
        let share = ((px * bx + py * by) / (length * length).max(1e-9)).clamp(0.0, 1.0);
        let away = (px - share * bx).hypot(py - share * by);
        if away < ON_RIVER_KM && best.is_none_or(|(near, _)| away < near) {
            best = Some((away, before + share * length));
        }
        before += length;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // metres of a river
    best.map(|(_, km)| (km * 1000.0) as u64)
}

/// Links a chain: each gauge receives the one above, and keeps the rest for its own catchment.
fn link(places: &mut [Place], chain: &[usize]) {
    let reference = |places: &[Place], at: usize| match places.get(at).map(|p| &p.body) {
        Some(Body::River { gauge, .. }) => gauge.reference(),
        _ => PLAIN_REFERENCE_M3_S,
    };
    for pair in chain.windows(2) {
        let [up, down] = pair else { continue };
        let (high, low) = (reference(places, *up), reference(places, *down));
        let low = low.max(high * 1.15);
        if let Some(Place { body: Body::River { gauge, above, .. }, .. }) = places.get_mut(*down) {
            *gauge = Gauge::new(low, 1.0 - high / low, low > GREAT_M3_S);
            *above = Some(*up);
        }
    }
}
