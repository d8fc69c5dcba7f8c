//! Which edges to ask when a point is looked for: the outline's box is cut into horizontal strips,
//! and each strip lists the edges that pass through it. A question costs the edges of one strip
//! (a handful) instead of all.

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Line, LinesIter, MultiPolygon};

use super::BoundingBox;
use crate::Position;

/// Entries over all strips, as a multiple of the edges: more strips would only copy long edges.
const ENTRIES_PER_EDGE: f64 = 4.0;

/// The edges of an outline, strip after strip; `starts` says where each begins, and ends with the end.
#[derive(Debug, Clone)]
pub(super) struct Strips {
    south: f64,
    per_degree: f64,
    starts: Vec<u32>,
    edges: Vec<Line<f64>>,
}

impl Strips {
    /// Sorts the edges of checked polygons into strips.
    pub(super) fn of(polygons: &MultiPolygon<f64>, bbox: BoundingBox) -> Self {
        let edges: Vec<Line<f64>> = polygons.lines_iter().collect();
        let height = bbox.north - bbox.south;
        let climbed: f64 = edges.iter().map(|e| (e.start.y - e.end.y).abs()).sum();
        // An edge lies in one strip, and in one more for each strip's height that it climbs.
        let count = edges.len() as f64;
        let most = (ENTRIES_PER_EDGE - 1.0) * count * height / climbed;
        let strips = most.min(count).clamp(1.0, 65_536.0) as usize;
        let per_degree = strips as f64 / height;
        let mut lists: Vec<Vec<Line<f64>>> = vec![Vec::new(); strips];
        for edge in edges {
            let (low, high) = (edge.start.y.min(edge.end.y), edge.start.y.max(edge.end.y));
            let place = |lat| strip(lat, bbox.south, per_degree, strips);
            for list in lists.iter_mut().take(place(high) + 1).skip(place(low)) {
                list.push(edge);
            }
        }
        let mut starts = vec![0];
        let mut edges = Vec::new();
        for list in lists {
            edges.extend(list);
            // At most ENTRIES_PER_EDGE times MAX_VERTICES, and one more each: far below 2³².
            starts.push(u32::try_from(edges.len()).unwrap_or(u32::MAX));
        }
        Self { south: bbox.south, per_degree, starts, edges }
    }

    /// The edges of the strip in which a latitude lies.
    fn beside(&self, lat: f64) -> &[Line<f64>] {
        let at = strip(lat, self.south, self.per_degree, self.starts.len().saturating_sub(1));
        let ends = (self.starts.get(at), self.starts.get(at + 1));
        let (Some(from), Some(to)) = ends else { return &[] };
        self.edges.get(*from as usize..*to as usize).unwrap_or_default()
    }

    /// Whether a point of the box lies inside or on an edge.
    ///
    /// # References
    /// Even–odd rule with half-open edges (Shimrat 1962, CACM algorithm 112); the side of an edge by
    /// Shewchuk's exact orientation predicate, so that rounding cannot put a point on the wrong side.
    pub(super) fn contain(&self, at: Position) -> bool {
        let point = Coord { x: at.lon(), y: at.lat() };
        let mut inside = false;
        for edge in self.beside(point.y) {
            let (a, b) = (edge.start, edge.end);
            if point.y < a.y.min(b.y) || point.y > a.y.max(b.y) || point.x > a.x.max(b.x) {
                continue;
            }
            let side = RobustKernel::orient2d(a, b, point);
            if side == Orientation::Collinear && point.x >= a.x.min(b.x) {
                return true;
            }
            let (upward, downward) =
                (a.y <= point.y && point.y < b.y, b.y <= point.y && point.y < a.y);
            if (upward && side == Orientation::CounterClockwise)
                || (downward && side == Orientation::Clockwise)
            {
                inside = !inside;
            }
        }
        inside
    }
}

/// The strip of a latitude. It never falls as the latitude rises, so an edge is listed in every strip
/// in which a point can lie beside it.
fn strip(lat: f64, south: f64, per_degree: f64, strips: usize) -> usize {
    let at = ((lat - south) * per_degree).max(0.0) as usize;
    at.min(strips.saturating_sub(1))
}
