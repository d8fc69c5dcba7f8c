//! What makes polygons an outline, in the order the rules are tried: what is cheap and protects the
//! later ones comes first.

use geo::{
    ChamberlainDuquetteArea, Coord, CoordsIter, LineString, MultiPolygon, Orient, Polygon,
    Validation, orient::Direction,
};

use super::{MAX_COLLECTION_DEPTH, MAX_LATITUDE, MAX_VERTICES, MIN_AREA_M2};
use crate::position::{Position, PositionError};

/// Why a geometry is no outline.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OutlineError {
    /// The text is no JSON, or no GeoJSON geometry.
    #[error("not a GeoJSON geometry: {0}")]
    Malformed(String),
    /// A geometry that has no area.
    #[error("a {0} has no area; an outline is a Polygon or a MultiPolygon")]
    NoArea(&'static str),
    /// Not one polygon, or a polygon without a ring.
    #[error("there is no polygon in it")]
    Empty,
    /// A `crs` member, abolished by RFC 7946: the numbers may be metres of some projection.
    #[error(
        "it has a \"crs\" member: coordinates must be degrees WGS-84 (EPSG:4326), longitude first"
    )]
    ForeignCrs,
    /// Collections within collections.
    #[error("geometry collections are nested deeper than {MAX_COLLECTION_DEPTH}")]
    TooDeep,
    /// More than [`MAX_VERTICES`].
    #[error("{0} vertices; an outline has at most {MAX_VERTICES}: simplify it")]
    TooManyVertices(usize),
    /// A vertex that is no position.
    #[error("{ring}, vertex {vertex}: {error}")]
    Vertex {
        /// Which ring.
        ring: Ring,
        /// Counted from 0.
        vertex: usize,
        /// What is wrong with it.
        error: PositionError,
    },
    /// Fewer than four points.
    #[error("{ring} has {points} points; a closed ring has at least 4")]
    TooFewPoints {
        /// Which ring.
        ring: Ring,
        /// How many it has.
        points: usize,
    },
    /// The last point is not the first.
    #[error("{0} is not closed: its last point must be its first")]
    NotClosed(Ring),
    /// Too near a pole.
    #[error("{0} reaches beyond {MAX_LATITUDE} degrees of latitude, where a map of degrees ends")]
    Pole(Ring),
    /// An edge that spans more than half the Earth.
    #[error("{0} crosses the antimeridian: cut it there into two polygons (RFC 7946, 3.1.9)")]
    Antimeridian(Ring),
    /// Self-crossing rings, holes outside their shell, overlapping polygons.
    #[error("{0}")]
    Invalid(String),
    /// Less than [`MIN_AREA_M2`].
    #[error("its area is next to nothing ({0:.3} square metres)")]
    ZeroArea(f64),
}

/// A ring of a multi-polygon, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring {
    /// The polygon.
    pub polygon: usize,
    /// The hole; `None` is the shell.
    pub hole: Option<usize>,
}

impl std::fmt::Display for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.hole {
            None => write!(f, "the outer ring of polygon {}", self.polygon),
            Some(hole) => write!(f, "hole {hole} of polygon {}", self.polygon),
        }
    }
}

/// Tries every rule; gives the polygons back with their winding put right.
pub(super) fn checked(polygons: MultiPolygon<f64>) -> Result<MultiPolygon<f64>, OutlineError> {
    if polygons.0.is_empty() || polygons.0.iter().any(|p| p.exterior().0.is_empty()) {
        return Err(OutlineError::Empty);
    }
    let vertices = polygons.coords_count();
    if vertices > MAX_VERTICES {
        return Err(OutlineError::TooManyVertices(vertices));
    }
    for (at, polygon) in polygons.0.iter().enumerate() {
        ring(Ring { polygon: at, hole: None }, polygon.exterior())?;
        for (hole, inner) in polygon.interiors().iter().enumerate() {
            ring(Ring { polygon: at, hole: Some(hole) }, inner)?;
        }
    }
    for (at, polygon) in polygons.0.iter().enumerate() {
        let area = shell_area_m2(polygon);
        if area < MIN_AREA_M2 {
            return Err(OutlineError::ZeroArea(area));
        }
        polygon
            .check_validation()
            .map_err(|e| OutlineError::Invalid(format!("polygon {at}: {e}")))?;
    }
    if polygons.0.len() > 1 {
        polygons.check_validation().map_err(|e| OutlineError::Invalid(e.to_string()))?;
    }
    Ok(polygons.orient(Direction::Default))
}

fn shell_area_m2(polygon: &Polygon<f64>) -> f64 {
    Polygon::new(polygon.exterior().clone(), Vec::new()).chamberlain_duquette_unsigned_area()
}

fn ring(which: Ring, line: &LineString<f64>) -> Result<(), OutlineError> {
    let points = &line.0;
    for (vertex, at) in points.iter().enumerate() {
        Position::new(at.x, at.y).map_err(|error| OutlineError::Vertex {
            ring: which,
            vertex,
            error,
        })?;
    }
    if points.len() < 4 {
        return Err(OutlineError::TooFewPoints { ring: which, points: points.len() });
    }
    if points.first() != points.last() {
        return Err(OutlineError::NotClosed(which));
    }
    if points.iter().any(|at| at.y.abs() > MAX_LATITUDE) {
        return Err(OutlineError::Pole(which));
    }
    let wide = |pair: &[Coord<f64>]| match pair {
        [a, b] => (a.x - b.x).abs() > 180.0,
        _ => false,
    };
    if points.windows(2).any(wide) {
        return Err(OutlineError::Antimeridian(which));
    }
    Ok(())
}
