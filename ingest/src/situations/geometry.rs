//! Part of stop 2: the line or area of a report, a GeoJSON geometry (RFC 7946, 3.1) in the coordinate
//! system of the report. Pure and total.

use domain::refusal::Reason;
use domain::situation::Shape;
use domain::situation::shape::Point;
use gis::Crs;
use gis::outline::{Outline, OutlineError};
use serde::Deserialize;

use crate::judge::Why;
use crate::reports::form::place;

/// The most points of one report's lines and rings.
pub const POINTS_MAX: usize = 5_000;

/// A position; a height is allowed, and left out.
type Said = Vec<f64>;

/// The kinds that are taken. A point is given as `lon` and `lat`.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "coordinates", deny_unknown_fields)]
pub enum Geometry {
    /// A stretch of a road or a line.
    LineString(Vec<Said>),
    /// Several.
    MultiLineString(Vec<Vec<Said>>),
    /// An area.
    Polygon(Vec<Vec<Said>>),
    /// Several.
    MultiPolygon(Vec<Vec<Vec<Said>>>),
}

fn wrong(said: &str) -> Why {
    Why::new(Reason::FieldForm, format!("field \"geometry\": {said}"))
}

impl Geometry {
    /// The lines and areas, WGS-84. `crs` and `declared` are as for [`place`].
    ///
    /// # Errors
    /// [`Why`]: a line of one point, a ring that is not closed, no place on earth, too many points.
    pub fn shape(self, crs: Option<Crs>, declared: Option<Crs>) -> Result<Shape, Why> {
        let (lines, areas) = match self {
            Geometry::LineString(line) => (vec![line], Vec::new()),
            Geometry::MultiLineString(lines) => (lines, Vec::new()),
            Geometry::Polygon(rings) => (Vec::new(), vec![rings]),
            Geometry::MultiPolygon(areas) => (Vec::new(), areas),
        };
        let of_areas = areas.iter().flatten();
        if lines.iter().chain(of_areas).map(Vec::len).sum::<usize>() > POINTS_MAX {
            return Err(wrong(&format!("at most {POINTS_MAX} points")));
        }
        if lines.is_empty() && areas.is_empty() || areas.iter().any(Vec::is_empty) {
            return Err(wrong("no line and no area"));
        }
        let way = |said: &Vec<Said>| {
            let points: Result<Vec<Point>, Why> =
                said.iter().map(|said| point(said, crs, declared)).collect();
            points
        };
        let lines = lines.iter().map(|line| {
            let line = way(line)?;
            if line.len() < 2 { Err(wrong("a line has two points or more")) } else { Ok(line) }
        });
        let ring = |said: &Vec<Said>| {
            let ring = way(said)?;
            if ring.len() < 4 || ring.first() != ring.last() {
                return Err(wrong("a ring is closed, and has four points or more"));
            }
            Ok(ring)
        };
        let areas = areas.iter().map(|rings| rings.iter().map(ring).collect());
        let areas: Vec<Vec<Vec<Point>>> = areas.collect::<Result<_, Why>>()?;
        simple(&areas)?;
        Ok(Shape { lines: lines.collect::<Result<_, Why>>()?, areas })
    }
}

/// Refuses areas whose rings cross or touch themselves, or lie in one another's way: what lies within
/// such a one nobody can say.
fn simple(areas: &[Vec<Vec<Point>>]) -> Result<(), Why> {
    if areas.is_empty() {
        return Ok(());
    }
    let said = serde_json::json!({ "type": "MultiPolygon", "coordinates": areas });
    match Outline::from_geojson_value(said) {
        Ok(_) | Err(OutlineError::Pole(_) | OutlineError::Antimeridian(_)) => Ok(()),
        Err(error) => Err(wrong(&error.to_string())),
    }
}

fn point(said: &[f64], crs: Option<Crs>, declared: Option<Crs>) -> Result<Point, Why> {
    let (&[lon, lat] | &[lon, lat, _]) = said else {
        return Err(wrong("a position is longitude and latitude"));
    };
    place(Some(lon), Some(lat), crs, declared)?.ok_or_else(|| wrong("a position is missing"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str, crs: Option<Crs>) -> Result<Shape, Why> {
        let read: Geometry = crate::reports::form::read(text.as_bytes())?;
        read.shape(crs, None)
    }

    const ROAD: &str =
        r#"{"type":"LineString","coordinates":[[112.90,21.98],[112.91,21.99],[112.93,22.00]]}"#;
    const AREA: &str = r#"{"type":"Polygon","coordinates":[[[112.9,21.9],[113.0,21.9],[113.0,22.0],[112.9,21.9]]]}"#;

    #[test]
    fn a_line_and_an_area_are_read_and_a_slip_is_named() {
        let road = shape(ROAD, None).unwrap();
        assert_eq!((road.lines.len(), road.stands_at()), (1, Some((112.91, 21.99))));
        let area = shape(AREA, None).unwrap();
        assert_eq!((area.areas.len(), area.stands_at()), (1, Some((112.9, 21.9))));
        let shifted = shape(ROAD, Some(Crs::Gcj02)).unwrap();
        assert!(shifted.points().all(|(lon, _)| lon < 112.929), "{shifted:?}");
        let of = |text: &str| shape(text, None).unwrap_err().reason;
        assert_eq!(of(&AREA.replace(",[112.9,21.9]]", "]")), Reason::FieldForm);
        assert_eq!(of(&ROAD.replace("112.91,21.99", "22.0,112.91")), Reason::OutOfRange);
        assert_eq!(of(&ROAD.replace("LineString", "Point")), Reason::FieldForm);
        assert_eq!(of(r#"{"type":"LineString","coordinates":[[112,22]]}"#), Reason::FieldForm);
        assert_eq!(of(r#"{"type":"MultiPolygon","coordinates":[]}"#), Reason::FieldForm);
        let many = vec!["[112.9,22.0]"; POINTS_MAX + 1].join(",");
        let many = format!(r#"{{"type":"LineString","coordinates":[{many}]}}"#);
        assert_eq!(of(&many), Reason::FieldForm);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(at in 0usize..AREA.len(), with in any::<u8>()) {
            for text in [ROAD, AREA] {
                let mut bytes = text.as_bytes().to_vec();
                let at = at.min(bytes.len() - 1);
                bytes[at] = with;
                if let Ok(read) = crate::reports::form::read::<Geometry>(&bytes) {
                    let _ = read.shape(None, Some(Crs::Bd09));
                }
            }
        }
    }
}
