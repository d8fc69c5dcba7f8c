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

/// Up to so many edges, every edge is compared with those after it in the order of longitude as far
/// as their boxes overlap in it: at the most some hundred thousand comparisons of two numbers each,
/// where a tree of boxes has to be built for a longer ring.
const SWEPT_MAX_EDGES: usize = 512;

/// Tests a closed ring of finite vertices without repeated neighbours; the first fault in the ring's
/// own order is told.
pub(super) fn simple(ring: &LineString<f64>) -> Result<(), NotSimple> {
    let count = ring.0.len().saturating_sub(1);
    if count > SWEPT_MAX_EDGES {
        return simple_by_tree(ring, count);
    }
    let edges: Vec<Line<f64>> = ring.lines().collect();
    let mut pairs = overlapping(&edges);
    pairs.sort_unstable();
    pairs.into_iter().try_for_each(|(at, other)| match (edges.get(at), edges.get(other)) {
        (Some(a), Some(b)) => apart(*a, *b, are_neighbours(at, other, count)),
        _ => Ok(()),
    })
}

/// The pairs of edges whose boxes overlap, the earlier edge of each first.
fn overlapping(edges: &[Line<f64>]) -> Vec<(usize, usize)> {
    let span = |a: f64, b: f64| (a.min(b), a.max(b));
    let mut boxes: Vec<_> = edges
        .iter()
        .enumerate()
        .map(|(at, e)| (span(e.start.x, e.end.x), span(e.start.y, e.end.y), at))
        .collect();
    boxes.sort_unstable_by(|a, b| a.0.0.total_cmp(&b.0.0));
    let mut pairs = Vec::with_capacity(2 * edges.len());
    for (n, (x, y, at)) in boxes.iter().enumerate() {
        let beside = boxes.iter().skip(n + 1).take_while(|other| other.0.0 <= x.1);
        let met = beside.filter(|(_, other, _)| other.0 <= y.1 && y.0 <= other.1);
        pairs.extend(met.map(|(_, _, other)| (*at.min(other), *at.max(other))));
    }
    pairs
}

fn are_neighbours(at: usize, other: usize, count: usize) -> bool {
    other == at + 1 || (at == 0 && other + 1 == count)
}

/// Whether two edges have nothing in common but the point of neighbours.
fn apart(a: Line<f64>, b: Line<f64>, neighbours: bool) -> Result<(), NotSimple> {
    match line_intersection(a, b) {
        None => Ok(()),
        Some(LineIntersection::SinglePoint { .. }) if neighbours => Ok(()),
        Some(LineIntersection::SinglePoint { intersection, .. }) => {
            Err(NotSimple::Meets(place(intersection)))
        }
        Some(LineIntersection::Collinear { intersection }) => {
            Err(NotSimple::Retraces(place(intersection.start)))
        }
    }
}

fn simple_by_tree(ring: &LineString<f64>, count: usize) -> Result<(), NotSimple> {
    let edges: Vec<_> =
        ring.lines().enumerate().map(|(at, line)| GeomWithData::new(Edge(line), at)).collect();
    let tree = RTree::bulk_load(edges);
    for (at, line) in ring.lines().enumerate() {
        let around = Edge(line).envelope();
        let mut later: Vec<_> =
            tree.locate_in_envelope_intersecting(&around).filter(|e| e.data > at).collect();
        later.sort_unstable_by_key(|e| e.data);
        for other in later {
            apart(line, other.geom().0, are_neighbours(at, other.data, count))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// On a small grid nearly every kind of fault comes about.
        #[test]
        fn swept_or_by_a_tree_a_ring_has_the_same_first_fault(
            corners in proptest::collection::vec((-6i8..6, -6i8..6), 3..24),
        ) {
            let mut ring: Vec<_> =
                corners.iter().map(|(x, y)| (f64::from(*x) / 2.0, f64::from(*y) / 2.0)).collect();
            ring.dedup();
            prop_assume!(ring.len() > 2 && ring.first() != ring.last());
            ring.push(ring[0]);
            let ring: LineString<f64> = ring.into();
            prop_assert_eq!(simple(&ring), simple_by_tree(&ring, ring.0.len() - 1));
        }
    }

    /// One edge more than is swept: the tree's, and as good.
    #[test]
    fn rings_of_either_length_are_told_apart_from_their_crossed_selves() {
        for count in [SWEPT_MAX_EDGES, SWEPT_MAX_EDGES + 1] {
            let point = |n: usize| {
                let angle = std::f64::consts::TAU * (n % count) as f64 / count as f64;
                (113.0 + angle.cos(), 22.0 + angle.sin())
            };
            let mut ring: Vec<_> = (0..=count).map(point).collect();
            assert_eq!(simple(&ring.clone().into()), Ok(()));
            ring.swap(10, 200);
            assert!(matches!(simple(&ring.into()), Err(NotSimple::Meets(_))), "{count}");
        }
    }
}
