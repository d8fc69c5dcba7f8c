//! Which areas contain a point: an R-tree over the boxes of outlines, then the outlines themselves.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::{Outline, Position};

type Entry = GeomWithData<Rectangle<[f64; 2]>, usize>;

/// An R-tree over a list of outlines; answers name an outline by its place in the list.
#[derive(Debug, Clone, Default)]
pub struct AreaIndex {
    outlines: Vec<Outline>,
    tree: RTree<Entry>,
}

impl AreaIndex {
    /// Indexes a list (an outline is cheap to clone: its rings are shared).
    pub fn new(outlines: Vec<Outline>) -> Self {
        let entry = |(index, outline): (usize, &Outline)| {
            let b = outline.bbox();
            Entry::new(Rectangle::from_corners([b.west, b.south], [b.east, b.north]), index)
        };
        let tree = RTree::bulk_load(outlines.iter().enumerate().map(entry).collect());
        Self { outlines, tree }
    }

    /// The outlines in the order given.
    pub fn outlines(&self) -> &[Outline] {
        &self.outlines
    }

    /// The outlines that contain a position (border included), in the list's order.
    pub fn containing(&self, at: Position) -> Vec<usize> {
        let mut found = Vec::new();
        self.each_containing(at, |index| found.push(index));
        found.sort_unstable();
        found
    }

    /// The same without a list, in no order: for many points.
    pub fn each_containing(&self, at: Position, mut each: impl FnMut(usize)) {
        let point = AABB::from_point([at.lon(), at.lat()]);
        for entry in self.tree.locate_in_envelope_intersecting(&point) {
            if self.outlines.get(entry.data).is_some_and(|outline| outline.contains(at)) {
                each(entry.data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn square(west: i32, south: i32, side: i32) -> Outline {
        let at = |dx: i32, dy: i32| geo::Coord {
            x: 112.0 + f64::from(west + dx) / 16.0,
            y: 22.0 + f64::from(south + dy) / 16.0,
        };
        let ring = vec![at(0, 0), at(side, 0), at(side, side), at(0, side), at(0, 0)];
        let polygon = geo::Polygon::new(geo::LineString(ring), Vec::new());
        Outline::from_polygons(geo::MultiPolygon(vec![polygon])).unwrap()
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_a_walk_through_the_list_finds(
            squares in prop::collection::vec((0..16_i32, 0..16_i32, 1..8_i32), 0..30),
            x in 0..64_i32, y in 0..64_i32,
        ) {
            // The points lie on the squares' own grid: borders and corners are met often.
            let at = Position::new(112.0 + f64::from(x) / 32.0, 22.0 + f64::from(y) / 32.0).unwrap();
            let outlines: Vec<Outline> = squares.iter().map(|s| square(s.0, s.1, s.2)).collect();
            let expected: Vec<usize> =
                (0..outlines.len()).filter(|i| outlines[*i].contains(at)).collect();
            prop_assert_eq!(AreaIndex::new(outlines).containing(at), expected);
        }
    }

    #[test]
    fn a_common_border_belongs_to_both() {
        let index = AreaIndex::new(vec![square(0, 0, 4), square(4, 0, 4)]);
        assert_eq!(index.containing(Position::new(112.25, 22.125).unwrap()), vec![0, 1]);
    }
}
