//! What makes polygons an outline, in the order the rules are tried: what is cheap and protects the
//! later ones comes first.

use geo::{
    BoundingRect, Coord, CoordsIter, LineString, MultiPolygon, Orient, Polygon, PreparedGeometry,
    Relate, RemoveRepeatedPoints, coordinate_position::CoordPos, dimensions::Dimensions,
    orient::Direction, relate::IntersectionMatrix,
};

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{RTree, RTreeObject};

use super::rings::{self, NotSimple};
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
    /// A bow-tie, a spike, a figure of eight.
    #[error("{0} {1}")]
    NotSimple(Ring, NotSimple),
    /// A hole that is not wholly inside its shell, or shares a stretch of border with it.
    #[error("{0} is not within its outer ring")]
    HoleOutside(Ring),
    /// Two holes of one polygon that overlap or share a stretch of border.
    #[error("{0} and {1} overlap")]
    HolesOverlap(Ring, Ring),
    /// Two polygons that overlap or share a stretch of border.
    #[error("polygon {0} and polygon {1} overlap or share a stretch of border: unite them")]
    PolygonsOverlap(usize, usize),
    /// Less than [`MIN_AREA_M2`].
    #[error("{0} has next to no area ({1:.3} square metres)")]
    ZeroArea(Ring, f64),
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

/// Tries every rule; gives the polygons back with their winding put right and repeated points dropped.
pub(super) fn checked(polygons: MultiPolygon<f64>) -> Result<MultiPolygon<f64>, OutlineError> {
    Ok(tried(polygons)?.orient(Direction::Default))
}

/// Tries every rule; gives the polygons back with repeated points dropped.
pub(super) fn tried(polygons: MultiPolygon<f64>) -> Result<MultiPolygon<f64>, OutlineError> {
    if polygons.0.is_empty() || polygons.0.iter().any(|p| p.exterior().0.is_empty()) {
        return Err(OutlineError::Empty);
    }
    let vertices = polygons.coords_count();
    if vertices > MAX_VERTICES {
        return Err(OutlineError::TooManyVertices(vertices));
    }
    for (which, line) in rings_of(&polygons) {
        ring(which, line)?;
    }
    let has_repeats =
        |line: &LineString<f64>| line.0.windows(2).any(|two| two.first() == two.last());
    let repeated = rings_of(&polygons).any(|(_, line)| has_repeats(line));
    let polygons = if repeated { polygons.remove_repeated_points() } else { polygons };
    for (which, line) in rings_of(&polygons) {
        if line.0.len() < 4 {
            return Err(OutlineError::TooFewPoints { ring: which, points: line.0.len() });
        }
        // Before the area: a bow-tie of two equal wings has none.
        rings::simple(line).map_err(|fault| OutlineError::NotSimple(which, fault))?;
        let area = rings::area_m2(line);
        if area < MIN_AREA_M2 {
            return Err(OutlineError::ZeroArea(which, area));
        }
    }
    for (at, polygon) in polygons.0.iter().enumerate() {
        holes(at, polygon)?;
    }
    apart(&polygons)?;
    Ok(polygons)
}

fn rings_of(polygons: &MultiPolygon<f64>) -> impl Iterator<Item = (Ring, &LineString<f64>)> {
    polygons.0.iter().enumerate().flat_map(|(polygon, p)| {
        let shell = std::iter::once((Ring { polygon, hole: None }, p.exterior()));
        let holes = p.interiors().iter().enumerate();
        shell.chain(holes.map(move |(n, line)| (Ring { polygon, hole: Some(n) }, line)))
    })
}

/// Whether two areas have more in common than points.
fn overlap(matrix: &IntersectionMatrix) -> bool {
    matrix.get(CoordPos::Inside, CoordPos::Inside) == Dimensions::TwoDimensional
        || matrix.get(CoordPos::OnBoundary, CoordPos::OnBoundary) == Dimensions::OneDimensional
}

/// Calls `each` with every pair of polygons whose boxes meet, the earlier first.
fn neighbours<E>(
    polygons: &[Polygon<f64>],
    mut each: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<(), E> {
    let of = |(n, p): (usize, &Polygon<f64>)| {
        let (min, max) = p.bounding_rect().map(|r| (r.min(), r.max()))?;
        Some(GeomWithData::new(Rectangle::from_corners([min.x, min.y], [max.x, max.y]), n))
    };
    let boxes: Vec<_> = polygons.iter().enumerate().filter_map(of).collect();
    let tree = RTree::bulk_load(boxes.clone());
    for one in &boxes {
        let met = tree.locate_in_envelope_intersecting(&one.envelope());
        let mut earlier: Vec<usize> = met.map(|e| e.data).filter(|n| *n < one.data).collect();
        earlier.sort_unstable();
        for other in earlier {
            each(other, one.data)?;
        }
    }
    Ok(())
}

/// Holes lie within their shell and apart from each other.
fn holes(at: usize, polygon: &Polygon<f64>) -> Result<(), OutlineError> {
    if polygon.interiors().is_empty() {
        return Ok(());
    }
    let shell = Polygon::new(polygon.exterior().clone(), Vec::new());
    let shell = PreparedGeometry::from(&shell);
    let holes: Vec<Polygon<f64>> =
        polygon.interiors().iter().map(|line| Polygon::new(line.clone(), Vec::new())).collect();
    let ring = |n| Ring { polygon: at, hole: Some(n) };
    for (n, hole) in holes.iter().enumerate() {
        let matrix = shell.relate(hole);
        let along = matrix.get(CoordPos::OnBoundary, CoordPos::OnBoundary);
        if !matrix.is_covers() || along == Dimensions::OneDimensional {
            return Err(OutlineError::HoleOutside(ring(n)));
        }
    }
    neighbours(&holes, |m, n| match (holes.get(m), holes.get(n)) {
        (Some(a), Some(b)) if overlap(&a.relate(b)) => {
            Err(OutlineError::HolesOverlap(ring(m), ring(n)))
        }
        _ => Ok(()),
    })
}

/// Polygons of one outline may touch in points only.
fn apart(polygons: &MultiPolygon<f64>) -> Result<(), OutlineError> {
    if polygons.0.len() < 2 {
        return Ok(());
    }
    neighbours(&polygons.0, |m, n| match (polygons.0.get(m), polygons.0.get(n)) {
        (Some(a), Some(b)) if overlap(&a.relate(b)) => Err(OutlineError::PolygonsOverlap(m, n)),
        _ => Ok(()),
    })
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
