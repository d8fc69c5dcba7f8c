//! From and to GeoJSON (RFC 7946).
//!
//! The rings are taken from the parsed numbers before any conversion to polygons: the usual
//! conversion closes open rings silently, and what a file left open should be mended in the file.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use geojson::{Geometry, Value};

use super::{MAX_COLLECTION_DEPTH, MAX_VERTICES, Outline, OutlineError, check};
use check::Ring;

impl Outline {
    /// Reads a GeoJSON geometry: a Polygon, a MultiPolygon, or a collection of them.
    ///
    /// # Errors
    /// [`OutlineError`] says what is wrong and where.
    pub fn from_geojson(text: &str) -> Result<Self, OutlineError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| OutlineError::Malformed(e.to_string()))?;
        Self::from_geojson_value(value)
    }

    /// The same of a parsed JSON value.
    ///
    /// # Errors
    /// [`OutlineError`] says what is wrong and where.
    pub fn from_geojson_value(value: serde_json::Value) -> Result<Self, OutlineError> {
        if value.get("crs").is_some() {
            return Err(OutlineError::ForeignCrs);
        }
        depth(&value, 0)?;
        let geometry = Geometry::from_json_value(value)
            .map_err(|e| OutlineError::Malformed(first_line(&e.to_string())))?;
        let mut polygons = Vec::new();
        collect(geometry, &mut polygons)?;
        Self::from_polygons(MultiPolygon(polygons))
    }

    /// The outline as a GeoJSON geometry, always a MultiPolygon.
    pub fn to_geojson(&self) -> serde_json::Value {
        let ring = |line: &LineString<f64>| -> Vec<Vec<f64>> {
            line.0.iter().map(|c| vec![c.x, c.y]).collect()
        };
        let polygons: Vec<Vec<Vec<Vec<f64>>>> = self
            .polygons()
            .0
            .iter()
            .map(|p| std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect())
            .collect();
        serde_json::json!({ "type": "MultiPolygon", "coordinates": polygons })
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}

/// Refuses deep nesting before the reader recurses into it.
fn depth(value: &serde_json::Value, level: usize) -> Result<(), OutlineError> {
    let Some(inner) = value.get("geometries").and_then(serde_json::Value::as_array) else {
        return Ok(());
    };
    if level >= MAX_COLLECTION_DEPTH {
        return Err(OutlineError::TooDeep);
    }
    inner.iter().try_for_each(|g| depth(g, level + 1))
}

fn collect(geometry: Geometry, into: &mut Vec<Polygon<f64>>) -> Result<(), OutlineError> {
    match geometry.value {
        Value::Polygon(rings) => into.push(polygon(into.len(), rings)?),
        Value::MultiPolygon(list) => {
            for rings in list {
                into.push(polygon(into.len(), rings)?);
            }
        }
        Value::GeometryCollection(list) => {
            for inner in list {
                collect(inner, into)?;
            }
        }
        other => return Err(OutlineError::NoArea(other.type_name())),
    }
    Ok(())
}

fn polygon(at: usize, rings: Vec<Vec<Vec<f64>>>) -> Result<Polygon<f64>, OutlineError> {
    let vertices: usize = rings.iter().map(Vec::len).sum();
    if vertices > MAX_VERTICES {
        return Err(OutlineError::TooManyVertices(vertices));
    }
    let mut lines = Vec::with_capacity(rings.len());
    for (n, ring) in rings.into_iter().enumerate() {
        let which = Ring { polygon: at, hole: n.checked_sub(1) };
        let mut points = Vec::with_capacity(ring.len());
        for pair in ring {
            let [x, y, ..] = pair.as_slice() else {
                return Err(OutlineError::Malformed(format!("{which} has a point of one number")));
            };
            points.push(Coord { x: *x, y: *y });
        }
        if points.len() < 4 {
            return Err(OutlineError::TooFewPoints { ring: which, points: points.len() });
        }
        // Polygon::new would close it silently.
        if points.first() != points.last()
            && points.iter().all(|c| c.x.is_finite() && c.y.is_finite())
        {
            return Err(OutlineError::NotClosed(which));
        }
        lines.push(LineString(points));
    }
    let mut lines = lines.into_iter();
    let shell = lines.next().ok_or(OutlineError::Empty)?;
    Ok(Polygon::new(shell, lines.collect()))
}
