//! Which points are near: an R-tree over positions.
//!
//! The points are kept on the unit sphere in space, not on a map: the straight line through the
//! Earth between two of them grows with their great-circle distance, so nearest is nearest at the
//! antimeridian and at a pole too, and no projection has to be chosen.

use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::Position;
use crate::distance::{EARTH_RADIUS_M, distance_m};

type Entry = GeomWithData<[f64; 3], usize>;

/// A point that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Its place in the list that the index was made of.
    pub index: usize,
    /// Great-circle distance, metres.
    pub distance_m: f64,
}

/// An R-tree over a list of positions; answers name a position by its place in the list.
#[derive(Debug, Clone, Default)]
pub struct PointIndex {
    positions: Vec<Position>,
    tree: RTree<Entry>,
}

fn on_sphere(at: Position) -> [f64; 3] {
    let (lon, lat) = (at.lon().to_radians(), at.lat().to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// The squared straight line, on the unit sphere, that belongs to a great-circle distance.
fn squared_chord(distance_m: f64) -> f64 {
    let half_angle = (distance_m / EARTH_RADIUS_M / 2.0).min(std::f64::consts::FRAC_PI_2);
    (2.0 * half_angle.sin()).powi(2)
}

impl PointIndex {
    /// Indexes a list.
    pub fn new(positions: Vec<Position>) -> Self {
        let entry = |(index, at): (usize, &Position)| Entry::new(on_sphere(*at), index);
        let tree = RTree::bulk_load(positions.iter().enumerate().map(entry).collect());
        Self { positions, tree }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The nearest point; of several at one distance the first of the list.
    pub fn nearest(&self, at: Position) -> Option<Near> {
        self.nearest_k(at, 1).first().copied()
    }

    /// The `k` nearest points, by distance, then by place in the list.
    pub fn nearest_k(&self, at: Position, k: usize) -> Vec<Near> {
        let mut found: Vec<Near> = Vec::new();
        let mut last = None;
        for (entry, squared) in self.tree.nearest_neighbor_iter_with_distance_2(&on_sphere(at)) {
            // Points level with the k-th are taken too, so that the list decides, not the tree.
            if found.len() >= k && last != Some(squared) {
                break;
            }
            last = Some(squared);
            found.extend(self.near(at, entry.data));
        }
        sort(&mut found);
        found.truncate(k);
        found
    }

    /// The points within a radius (metres, the rim included), by distance, then by place in the list.
    pub fn within(&self, at: Position, radius_m: f64) -> Vec<Near> {
        if radius_m.is_nan() || radius_m < 0.0 {
            return Vec::new();
        }
        // A hair more is fetched, and the distance itself decides.
        let reach = squared_chord(radius_m) * (1.0 + 1e-9) + 1e-24;
        let fetched = self.tree.locate_within_distance(on_sphere(at), reach);
        let mut found: Vec<Near> = fetched
            .filter_map(|entry| self.near(at, entry.data))
            .filter(|near| near.distance_m <= radius_m)
            .collect();
        sort(&mut found);
        found
    }

    fn near(&self, at: Position, index: usize) -> Option<Near> {
        let point = self.positions.get(index)?;
        Some(Near { index, distance_m: distance_m(at, *point) })
    }
}

fn sort(found: &mut [Near]) {
    found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.index.cmp(&b.index)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn positions(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Position>> {
        let pair = (-180.0..=180.0_f64, -90.0..=90.0_f64);
        let coarse = (0..8_i32, 0..8_i32)
            .prop_map(|(a, b)| (112.0 + f64::from(a) / 4.0, 22.0 + f64::from(b) / 4.0));
        let one = prop_oneof![pair, coarse].prop_map(|(lon, lat)| Position::new(lon, lat).unwrap());
        prop::collection::vec(one, n)
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_a_walk_through_the_list_finds(
            list in positions(0..60), at in positions(1..2), k in 0_usize..8, radius in 0.0..3e6_f64,
        ) {
            let at = at[0];
            let mut all: Vec<Near> = list.iter().enumerate()
                .map(|(index, p)| Near { index, distance_m: distance_m(at, *p) }).collect();
            sort(&mut all);
            let index = PointIndex::new(list);
            let within: Vec<Near> =
                all.iter().copied().filter(|n| n.distance_m <= radius).collect();
            prop_assert_eq!(index.within(at, radius), within);
            let found = index.nearest_k(at, k);
            let far = |list: &[Near]| list.iter().map(|n| n.distance_m).collect::<Vec<_>>();
            all.truncate(k);
            for (a, b) in far(&found).iter().zip(far(&all)) {
                prop_assert!((a - b).abs() < 1e-3, "{} {}", a, b);
            }
            prop_assert_eq!(found.len(), all.len());
        }
    }

    #[test]
    fn the_first_of_the_list_wins_a_tie() {
        let here = Position::new(112.8, 22.2).unwrap();
        let index = PointIndex::new(vec![here; 5]);
        assert_eq!(index.nearest(here), Some(Near { index: 0, distance_m: 0.0 }));
        assert_eq!(index.within(here, 0.0).len(), 5);
        assert!(index.within(here, f64::NAN).is_empty());
    }
}
