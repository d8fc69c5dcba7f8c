//! An outline: the checked polygon(s) of an area, degrees WGS-84. The only way in is through the
//! checks of [`Outline::from_polygons`], so whoever holds one need not ask again.

mod check;
mod geojson;
mod rings;
mod strips;

pub use check::{OutlineError, Ring};
pub use rings::NotSimple;
pub(crate) use rings::area_m2;

use std::sync::Arc;

use geo::{BoundingRect, Centroid, CoordsIter, Intersects, SimplifyVwPreserve};

use crate::Position;

/// The most vertices one outline may have. The coast of a county with its islands, traced at
/// 1:10,000, has some 30,000; beyond this a file is a survey, not an outline, and should be simplified.
pub const MAX_VERTICES: usize = 50_000;

/// The deepest nesting of geometry collections that is read.
pub const MAX_COLLECTION_DEPTH: usize = 4;

/// The northernmost and southernmost latitude of an outline, degrees: the edge of the web map
/// (Web Mercator); beyond it lie the poles, where a polygon of degrees has no inside.
pub const MAX_LATITUDE: f64 = 85.0;

/// The smallest area of an outline, square metres: less is a mistake of a digit.
pub const MIN_AREA_M2: f64 = 1.0;

/// A box around an area, degrees WGS-84, edges included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    /// Western edge.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

impl BoundingBox {
    /// Whether a position lies in the box or on its edge.
    pub fn contains(&self, at: Position) -> bool {
        (self.west..=self.east).contains(&at.lon()) && (self.south..=self.north).contains(&at.lat())
    }
}

/// A checked area: finite, in range, closed and valid rings, wound as RFC 7946 asks (shells
/// anticlockwise, holes clockwise).
///
/// A clone shares the rings.
#[derive(Debug, Clone)]
pub struct Outline(Arc<Checked>);

#[derive(Debug)]
struct Checked {
    polygons: geo::MultiPolygon<f64>,
    bbox: BoundingBox,
    strips: strips::Strips,
}

impl PartialEq for Outline {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.polygons == other.0.polygons
    }
}

impl Outline {
    /// Checks polygons and takes them.
    ///
    /// # Errors
    /// [`OutlineError`] names the first rule that is broken, and where.
    pub fn from_polygons(polygons: geo::MultiPolygon<f64>) -> Result<Self, OutlineError> {
        let polygons = check::checked(polygons)?;
        let rect = polygons.bounding_rect().ok_or(OutlineError::Empty)?;
        let (min, max) = (rect.min(), rect.max());
        let bbox = BoundingBox { west: min.x, south: min.y, east: max.x, north: max.y };
        let strips = strips::Strips::of(&polygons, bbox);
        Ok(Self(Arc::new(Checked { polygons, bbox, strips })))
    }

    /// Checks one ring of (longitude, latitude) and takes what is within it. The ring must close.
    ///
    /// # Errors
    /// [`OutlineError`] names the first rule that is broken, and where.
    pub fn from_ring(ring: &[(f64, f64)]) -> Result<Self, OutlineError> {
        Self::from_polygons(of_ring(ring)?)
    }

    /// Whether one ring of (longitude, latitude) is an outline: all that [`Self::from_ring`] checks,
    /// for whoever does not ask what lies within it.
    ///
    /// # Errors
    /// As [`Self::from_ring`].
    pub fn check_ring(ring: &[(f64, f64)]) -> Result<(), OutlineError> {
        check::tried(of_ring(ring)?).map(|_| ())
    }

    /// The polygons.
    pub fn polygons(&self) -> &geo::MultiPolygon<f64> {
        &self.0.polygons
    }

    /// Whether a position lies inside or on the border. What lies on a common border lies in both
    /// neighbours: a gauge on a boundary river speaks for both banks.
    pub fn contains(&self, at: Position) -> bool {
        self.0.bbox.contains(at) && self.0.strips.contain(at)
    }

    /// The box around it, degrees.
    pub fn bbox(&self) -> BoundingBox {
        self.0.bbox
    }

    /// Area on the sphere, square kilometres.
    ///
    /// # References
    /// Chamberlain & Duquette 2007, "Some algorithms for polygons on a sphere" (JPL 07-03).
    pub fn area_km2(&self) -> f64 {
        // Ring by ring: the library's sum takes a hole off only where it is wound like its shell.
        let polygon = |p: &geo::Polygon<f64>| {
            let holes: f64 = p.interiors().iter().map(rings::area_m2).sum();
            rings::area_m2(p.exterior()) - holes
        };
        self.0.polygons.0.iter().map(polygon).sum::<f64>() / 1e6
    }

    /// The centre of area, degrees; it may lie outside a crescent.
    pub fn centroid(&self) -> Option<Position> {
        let point = self.0.polygons.centroid()?;
        Position::new(point.x(), point.y()).ok()
    }

    /// How many vertices it has.
    pub fn vertices(&self) -> usize {
        self.0.polygons.coords_count()
    }

    /// Whether two outlines share a point (borders included).
    pub fn touches(&self, other: &Outline) -> bool {
        self.0.polygons.intersects(&other.0.polygons)
    }

    /// The same area with fewer vertices, for drawing: every triangle smaller than
    /// `tolerance_deg²` is cut off where that keeps the rings valid. An outline that would not
    /// survive is given back as it is.
    ///
    /// # References
    /// Visvalingam & Whyatt 1993, "Line generalisation by repeated elimination of points",
    /// The Cartographic Journal 30(1), with the check for crossings.
    #[must_use]
    pub fn simplify(&self, tolerance_deg: f64) -> Self {
        if !tolerance_deg.is_finite() || tolerance_deg <= 0.0 {
            return self.clone();
        }
        let fewer = self.0.polygons.simplify_vw_preserve(tolerance_deg * tolerance_deg);
        Self::from_polygons(fewer).unwrap_or_else(|_| self.clone())
    }
}

fn of_ring(ring: &[(f64, f64)]) -> Result<geo::MultiPolygon<f64>, OutlineError> {
    if ring.first() != ring.last() {
        return Err(OutlineError::NotClosed(Ring { polygon: 0, hole: None }));
    }
    let shell: geo::LineString<f64> = ring.iter().copied().collect();
    Ok(geo::MultiPolygon(vec![geo::Polygon::new(shell, Vec::new())]))
}

#[cfg(test)]
mod tests;
