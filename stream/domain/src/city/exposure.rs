//! `exposure/*.csv` and `exposure/*.geojson`: the people and facilities that can be hurt.

use super::faults::Faults;
use super::sheet::{self, Column};
use super::zones;

/// The vulnerability of an exposure whose row leaves it empty.
pub const USUAL_VULNERABILITY: f64 = 0.5;

/// The most people of one row; more is a mistake of a digit.
const MAX_PEOPLE: f64 = 50_000_000.0;

const COLUMNS: &[Column] = &[
    ("lon", true),
    ("lat", true),
    ("kind", true),
    ("name", false),
    ("people", true),
    ("vulnerability", false),
];

const PROPERTIES: [&str; 4] = ["kind", "name", "people", "vulnerability"];

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

/// Reads a sheet of points.
pub(super) fn read_points(file: &str, bytes: &[u8], faults: &Faults) -> Vec<Exposure> {
    let mut list = Vec::new();
    sheet::read(file, bytes, COLUMNS, faults, |row| {
        let position = row.position();
        let kind = row.need_text("kind");
        if row.text("people").is_empty() {
            row.fault("people is empty");
        }
        let people = row.number_in("people", 0.0..=MAX_PEOPLE);
        let vulnerability = row.number_in("vulnerability", 0.0..=1.0);
        let (Some(position), Some(kind), Some(people)) = (position, kind, people) else { return };
        list.push(Exposure {
            name: row.or("name", &kind),
            kind,
            people,
            vulnerability: vulnerability.unwrap_or(USUAL_VULNERABILITY),
            place: ExposurePlace::Point(position.lon(), position.lat()),
            source: file.to_owned(),
        });
    });
    list
}

/// Reads a file of areas (and points).
pub(super) fn read_areas(file: &str, bytes: &[u8], faults: &Faults) -> Vec<Exposure> {
    let mut list = Vec::new();
    for mut feature in zones::features(file, bytes, faults).unwrap_or_default() {
        feature.known(&PROPERTIES);
        let before = faults.count();
        let kind = feature.text("kind");
        let people = feature.number("people");
        let vulnerability = feature.number("vulnerability").unwrap_or(USUAL_VULNERABILITY);
        if kind.is_none() && faults.count() == before {
            feature.fault("the property kind is missing");
        }
        match people {
            None if faults.count() == before => feature.fault("the property people is missing"),
            Some(people) if !(0.0..=MAX_PEOPLE).contains(&people) => {
                feature.fault(format!("people is {people}; it must be 0 to {MAX_PEOPLE}"));
            }
            _ => {}
        }
        if !(0.0..=1.0).contains(&vulnerability) {
            feature.fault(format!("vulnerability is {vulnerability}; it must be 0 to 1"));
        }
        let place = feature.take_geometry().and_then(|g| place(&feature, g));
        let name = feature.text("name").or_else(|| kind.clone());
        let (Some(kind), Some(name), Some(people), Some(place)) = (kind, name, people, place)
        else {
            continue;
        };
        list.push(Exposure { kind, name, people, vulnerability, place, source: file.to_owned() });
    }
    list
}

fn place(feature: &zones::Placed<'_>, geometry: serde_json::Value) -> Option<ExposurePlace> {
    let is_point = geometry.get("type").and_then(|t| t.as_str()) == Some("Point");
    if !is_point {
        return feature.outline(geometry).map(ExposurePlace::Area);
    }
    let pair = geometry.get("coordinates").and_then(|c| c.as_array()).map(Vec::as_slice);
    let number = |value: Option<&serde_json::Value>| value.and_then(serde_json::Value::as_f64);
    let pair = pair.unwrap_or_default();
    let (Some(lon), Some(lat)) = (number(pair.first()), number(pair.get(1))) else {
        feature.fault("a Point has two numbers, longitude and latitude");
        return None;
    };
    match gis::Position::new(lon, lat) {
        Ok(at) => Some(ExposurePlace::Point(at.lon(), at.lat())),
        Err(e) => {
            feature.fault(e);
            None
        }
    }
}
