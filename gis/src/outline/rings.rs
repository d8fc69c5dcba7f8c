//! Whether a ring crosses, touches or retraces itself, in n log n: every edge is met only with those
//! whose boxes it overlaps. (The validation of `geo` compares every edge with every other, which takes
//! minutes for a coast of fifty thousand vertices, and lets spikes and figures of eight pass that
//! cross at a vertex.)
//!
//! # References
//! OGC 06-103r4, Simple Feature Access, 6.1.11: the rings of a polygon are simple and closed.

use geo::{
    ChamberlainDuquetteArea, Line, LineIntersection, LineString, Polygon,
    line_intersection::line_intersection,
};
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree, RTreeObject};

use crate::Position;

/// What is wrong with a ring, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NotSimple {
    /// Two edges meet that are no neighbours: the ring crosses or touches itself.
    Meets(Position),
    /// Two edges lie on one another: the ring runs back along itself.
    Retraces(Position),
}

impl std::fmt::Display for NotSimple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, at) = match self {
            Self::Meets(at) => ("crosses or touches itself", at),
            Self::Retraces(at) => ("runs back along itself", at),
        };
        write!(f, "{what} at {:.6}, {:.6}", at.lon(), at.lat())
    }
}

struct Edge(Line<f64>);

impl RTreeObject for Edge {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.0.start.x, self.0.start.y], [self.0.end.x, self.0.end.y])
    }
}

/// Tests a closed ring of finite vertices without repeated neighbours; the first fault in the ring's
/// own order is told.
pub(super) fn simple(ring: &LineString<f64>) -> Result<(), NotSimple> {
    let edges: Vec<_> =
        ring.lines().enumerate().map(|(at, line)| GeomWithData::new(Edge(line), at)).collect();
    let count = edges.len();
    let tree = RTree::bulk_load(edges);
    for (at, line) in ring.lines().enumerate() {
        let around = Edge(line).envelope();
        let mut later: Vec<_> =
            tree.locate_in_envelope_intersecting(&around).filter(|e| e.data > at).collect();
        later.sort_unstable_by_key(|e| e.data);
        for other in later {
            let neighbours = other.data == at + 1 || (at == 0 && other.data + 1 == count);
            match line_intersection(line, other.geom().0) {
                None => {}
                Some(LineIntersection::SinglePoint { .. }) if neighbours => {}
                Some(LineIntersection::SinglePoint { intersection, .. }) => {
                    return Err(NotSimple::Meets(place(intersection)));
                }
                Some(LineIntersection::Collinear { intersection }) => {
                    return Err(NotSimple::Retraces(place(intersection.start)));
                }
            }
        }
    }
    Ok(())
}

/// The area within one closed ring on the sphere, square metres, whichever way it is wound.
///
/// # References
/// Chamberlain & Duquette 2007, "Some algorithms for polygons on a sphere" (JPL 07-03).
pub(crate) fn area_m2(ring: &LineString<f64>) -> f64 {
    Polygon::new(ring.clone(), Vec::new()).chamberlain_duquette_unsigned_area()
}

/// A point of an edge between two positions; rounding cannot take it out of range by more than the
/// clamp gives back.
fn place(at: geo::Coord<f64>) -> Position {
    let (lon, lat) = (at.x.clamp(-180.0, 180.0), at.y.clamp(-90.0, 90.0));
    Position::new(lon, lat).unwrap_or(Position::ORIGIN)
}
