//! `zones.geojson`: the city, its districts and townships with their outlines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::faults::{Faults, unprintable, words};
use crate::ids::ZoneId;

/// The most vertices of all outlines of one file together: what a console can be sent at once.
pub const MAX_FILE_VERTICES: usize = 100_000;

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

const PROPERTIES: [&str; 5] = ["id", "name", "name_en", "kind", "parent"];

/// The outer shape of the file; features stay text, so that each can be told by its line.
#[derive(Deserialize)]
pub(super) struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    crs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    geometry: Option<serde_json::Value>,
    #[serde(default)]
    crs: Option<serde_json::Value>,
}

/// One feature of a GeoJSON file: its place, its properties, its geometry.
pub(super) struct Placed<'a> {
    file: &'a str,
    faults: &'a Faults,
    index: usize,
    line: u32,
    properties: BTreeMap<String, serde_json::Value>,
    geometry: Option<serde_json::Value>,
}

/// Reads the features of a file; `None` where it is no FeatureCollection at all.
pub(super) fn features<'a>(
    file: &'a str,
    bytes: &'a [u8],
    faults: &'a Faults,
) -> Option<Vec<Placed<'a>>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            faults.add(file, 0, "not UTF-8");
            return None;
        }
    };
    let collection: Collection<'a> = match serde_json::from_str(text) {
        Ok(collection) => collection,
        Err(e) => {
            let line = u32::try_from(e.line()).unwrap_or(0);
            faults.add(file, line, format!("not a GeoJSON FeatureCollection: {e}"));
            return None;
        }
    };
    if collection.kind != "FeatureCollection" {
        let kind = &collection.kind;
        faults.add(file, 1, format!("its type is {kind:?}; it must be \"FeatureCollection\""));
        return None;
    }
    if collection.crs.is_some() {
        faults.add(file, 1, gis::OutlineError::ForeignCrs.to_string());
    }
    let mut placed = Vec::new();
    let (mut line, mut at) = (1_u32, 0_usize);
    for (index, raw) in collection.features.iter().enumerate() {
        // The raw text is borrowed from `text`: the distance of the two is its place.
        let start = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let passed = text.as_bytes().get(at..start).unwrap_or_default();
        let ends = passed.iter().filter(|b| **b == b'\n').count();
        line = line.saturating_add(u32::try_from(ends).unwrap_or(0));
        at = start;
        placed.extend(feature(file, faults, index, line, raw));
    }
    Some(placed)
}

fn feature<'a>(
    file: &'a str,
    faults: &'a Faults,
    index: usize,
    line: u32,
    raw: &RawValue,
) -> Option<Placed<'a>> {
    let fault = |reason: String| faults.add(file, line, format!("feature {index}: {reason}"));
    let feature: Feature = match serde_json::from_str(raw.get()) {
        Ok(feature) => feature,
        Err(e) => {
            fault(format!("not a GeoJSON Feature: {e}"));
            return None;
        }
    };
    if feature.kind != "Feature" {
        fault(format!("its type is {:?}; it must be \"Feature\"", feature.kind));
        return None;
    }
    if feature.crs.is_some() {
        fault(gis::OutlineError::ForeignCrs.to_string());
    }
    let properties = feature.properties.unwrap_or_default();
    Some(Placed { file, faults, index, line, properties, geometry: feature.geometry })
}

impl Placed<'_> {
    /// Notes an error of this feature.
    pub(super) fn fault(&self, reason: impl std::fmt::Display) {
        self.faults.add(self.file, self.line, format!("feature {}: {reason}", self.index));
    }

    /// A property as text; numbers too, since codes are often written without quotes.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let text = match self.properties.get(key)? {
            serde_json::Value::String(text) => text.trim().to_owned(),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Null => return None,
            _ => {
                self.fault(format!("{key} must be a text"));
                return None;
            }
        };
        if let Some(c) = unprintable(&text, false) {
            self.fault(format!("{key} holds the control character {c:?}"));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// A property as a number.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        let number = match self.properties.get(key)? {
            serde_json::Value::Null => return None,
            value => value.as_f64().filter(|n| n.is_finite()),
        };
        if number.is_none() {
            self.fault(format!("{key} must be a finite number"));
        }
        number
    }

    /// Refuses properties that are not in the list, by name.
    pub(super) fn known(&self, list: &[&str]) {
        for key in self.properties.keys().filter(|key| !list.contains(&key.as_str())) {
            let known = words(list.iter().copied());
            self.fault(format!("unknown property {key:?}; known: {known}"));
        }
    }

    /// The geometry, once.
    pub(super) fn take_geometry(&mut self) -> Option<serde_json::Value> {
        self.geometry.take().filter(|g| !g.is_null())
    }

    /// The outline of the geometry.
    pub(super) fn outline(&self, geometry: serde_json::Value) -> Option<gis::Outline> {
        gis::Outline::from_geojson_value(geometry).map_err(|e| self.fault(e)).ok()
    }
}

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8], faults: &Faults) -> Vec<Zone> {
    let Some(features) = features(file, bytes, faults) else { return Vec::new() };
    let mut zones: Vec<Zone> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut links = Vec::new();
    let mut vertices = 0;
    for mut feature in features {
        feature.known(&PROPERTIES);
        let Some(id) = zone_id(&feature, "id") else {
            if !feature.properties.contains_key("id") {
                feature.fault("the property id is missing (GB/T 2260 or township code)");
            }
            continue;
        };
        if let Some(earlier) = seen.insert(id.to_string(), feature.index) {
            feature.fault(format!("the zone {id} stands already as feature {earlier}"));
            continue;
        }
        let kind = kind(&feature);
        let parent = zone_id(&feature, "parent");
        let geometry = feature.take_geometry();
        let outline = match geometry {
            Some(geometry) => feature.outline(geometry),
            None => {
                feature.fault("it has no geometry");
                None
            }
        };
        vertices += outline.as_ref().map_or(0, gis::Outline::vertices);
        let name = feature.text("name").unwrap_or_else(|| id.to_string());
        let name_en = feature.text("name_en").unwrap_or_else(|| name.clone());
        links.push((id.clone(), kind, parent.clone(), feature));
        if let (Some(kind), Some(outline)) = (kind, outline) {
            zones.push(Zone { id, name, name_en, kind, parent, outline });
        }
    }
    if vertices > MAX_FILE_VERTICES {
        faults.add(
            file,
            0,
            format!("{vertices} vertices; all outlines together may have {MAX_FILE_VERTICES}: simplify them"),
        );
    }
    check_parents(&links);
    zones
}

fn zone_id(feature: &Placed<'_>, key: &str) -> Option<ZoneId> {
    let text = feature.text(key)?;
    text.parse().map_err(|e| feature.fault(format!("{key} {text:?}: {e}"))).ok()
}

fn kind(feature: &Placed<'_>) -> Option<ZoneKind> {
    let word = feature.text("kind");
    let kind = match word.as_deref() {
        Some("city") => Some(ZoneKind::City),
        Some("district") => Some(ZoneKind::District),
        Some("township") => Some(ZoneKind::Township),
        _ => None,
    };
    if kind.is_none() {
        let found = word.unwrap_or_default();
        feature.fault(format!("kind is {found:?}; it must be city, district or township"));
    }
    kind
}

type Link<'a> = (ZoneId, Option<ZoneKind>, Option<ZoneId>, Placed<'a>);

/// Parents exist, are of a higher kind, and no chain of them is a ring.
fn check_parents(links: &[Link<'_>]) {
    let by_id: BTreeMap<&ZoneId, &Link<'_>> = links.iter().map(|l| (&l.0, l)).collect();
    for (id, kind, parent, feature) in links {
        let Some(parent) = parent else { continue };
        let Some(above) = by_id.get(parent) else {
            feature.fault(format!("unknown parent {parent} of zone {id}"));
            continue;
        };
        let mut step = Some(parent);
        let mut steps = 0;
        while let Some(at) = step {
            if at == id {
                feature
                    .fault(format!("the zone {id} lies in itself: its chain of parents is a ring"));
                break;
            }
            steps += 1;
            if steps > links.len() {
                break;
            }
            step = by_id.get(at).and_then(|l| l.2.as_ref());
        }
        if step.is_none()
            && let (Some(kind), Some(higher)) = (kind, above.1)
            && higher >= *kind
        {
            feature.fault(format!("the parent {parent} of {id} must be of a higher kind than it"));
        }
    }
}
