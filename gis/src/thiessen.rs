//! Thiessen (Voronoi) areas: to each site the part of an outline that is nearer to it than to any other.

use geo::{BooleanOps, Coord, LineString, MultiPolygon, Polygon};

use crate::distance::{EARTH_RADIUS_M, distance_m};
use crate::outline::{MIN_AREA_M2, area_m2};
use crate::{Outline, OutlineError, Position};

/// The most sites.
pub const MAX_SITES: usize = 5_000;

/// Why there are no areas.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ThiessenError {
    /// None, or more than [`MAX_SITES`].
    #[error("{0} sites; there must be 1 to {MAX_SITES}")]
    Count(usize),
    /// Two sites at one place.
    #[error("the sites {0} and {1} are at the same place")]
    SamePlace(usize, usize),
    /// What was cut out is no outline.
    #[error("the area of site {0} came out unsound: {1}")]
    Unsound(usize, OutlineError),
}

/// The area of each site within an outline; `None` for a site that has none of it.
///
/// Each area is the outline cut by the perpendicular bisectors towards the other sites, nearest
/// first, until the rest is too far away to matter.
///
/// # Units
/// Degrees in and out; distances are taken on a plane that is true at the outline's middle
/// latitude (within 1 % over a city).
///
/// # Errors
/// [`ThiessenError`]: no sites, too many, or two at one place.
///
/// # References
/// Thiessen 1911, "Precipitation averages for large areas", Monthly Weather Review 39(7); clipping by
/// half-planes: Sutherland & Hodgman 1974, "Reentrant polygon clipping", CACM 17(1).
pub fn thiessen(
    sites: &[Position],
    within: &Outline,
) -> Result<Vec<Option<Outline>>, ThiessenError> {
    if sites.is_empty() || sites.len() > MAX_SITES {
        return Err(ThiessenError::Count(sites.len()));
    }
    let plane = Plane::of(within);
    let points: Vec<Coord<f64>> = sites.iter().map(|at| plane.metres(*at)).collect();
    let mut areas = Vec::with_capacity(sites.len());
    for (at, site) in points.iter().enumerate() {
        let mut others: Vec<(f64, usize)> = points
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(other, point)| (distance(*site, *point), other))
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let Some((apart, other)) = others.first()
            && *apart < 1e-3
        {
            return Err(ThiessenError::SamePlace(at.min(*other), at.max(*other)));
        }
        let mut cell = plane.frame(within, &points);
        for (apart, other) in others {
            let farthest = cell.iter().map(|corner| distance(*site, *corner)).fold(0.0, f64::max);
            // Every point of the cell is nearer to the site than half way to the other.
            if apart > 2.0 * farthest {
                break;
            }
            if let Some(other) = points.get(other) {
                cell = cut(&cell, *site, *other);
            }
        }
        areas.push(plane.intersection(at, &cell, within)?);
    }
    Ok(areas)
}

/// The plane of an outline: metres east and north of its middle.
struct Plane {
    lon: f64,
    lat: f64,
    metres_per_lon: f64,
    metres_per_lat: f64,
}

impl Plane {
    fn of(outline: &Outline) -> Self {
        let b = outline.bbox();
        let (lon, lat) = (f64::midpoint(b.west, b.east), f64::midpoint(b.south, b.north));
        let metres_per_lat = EARTH_RADIUS_M.to_radians();
        Self { lon, lat, metres_per_lon: metres_per_lat * lat.to_radians().cos(), metres_per_lat }
    }

    fn metres(&self, at: Position) -> Coord<f64> {
        Coord {
            x: (at.lon() - self.lon) * self.metres_per_lon,
            y: (at.lat() - self.lat) * self.metres_per_lat,
        }
    }

    fn degrees(&self, at: Coord<f64>) -> Coord<f64> {
        Coord { x: at.x / self.metres_per_lon + self.lon, y: at.y / self.metres_per_lat + self.lat }
    }

    /// A rectangle around the outline and all sites, anticlockwise.
    fn frame(&self, outline: &Outline, points: &[Coord<f64>]) -> Vec<Coord<f64>> {
        let b = outline.bbox();
        let corner = |lon, lat| Coord {
            x: (lon - self.lon) * self.metres_per_lon,
            y: (lat - self.lat) * self.metres_per_lat,
        };
        let (mut low, mut high) = (corner(b.west, b.south), corner(b.east, b.north));
        for p in points {
            low = Coord { x: low.x.min(p.x), y: low.y.min(p.y) };
            high = Coord { x: high.x.max(p.x), y: high.y.max(p.y) };
        }
        let pad = 1_000.0;
        let (west, south, east, north) = (low.x - pad, low.y - pad, high.x + pad, high.y + pad);
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        corners.into_iter().map(|(x, y)| Coord { x, y }).collect()
    }

    fn intersection(
        &self,
        site: usize,
        cell: &[Coord<f64>],
        within: &Outline,
    ) -> Result<Option<Outline>, ThiessenError> {
        if cell.len() < 3 {
            return Ok(None);
        }
        let mut ring: Vec<Coord<f64>> = cell.iter().map(|corner| self.degrees(*corner)).collect();
        ring.extend(ring.first().copied());
        let cell = Polygon::new(LineString(ring), Vec::new());
        let cut = MultiPolygon(vec![cell]).intersection(within.polygons());
        let mut kept = Vec::new();
        for polygon in cut.0 {
            // A sliver that rounding left over is no area.
            if area_m2(polygon.exterior()) >= MIN_AREA_M2 {
                kept.push(polygon);
            }
        }
        if kept.is_empty() {
            return Ok(None);
        }
        Outline::from_polygons(MultiPolygon(kept))
            .map(Some)
            .map_err(|e| ThiessenError::Unsound(site, e))
    }
}

fn distance(a: Coord<f64>, b: Coord<f64>) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The part of a convex cell that is at least as near to `site` as to `other`.
fn cut(cell: &[Coord<f64>], site: Coord<f64>, other: Coord<f64>) -> Vec<Coord<f64>> {
    let middle = Coord { x: f64::midpoint(site.x, other.x), y: f64::midpoint(site.y, other.y) };
    let (dx, dy) = (other.x - site.x, other.y - site.y);
    let beyond = |p: Coord<f64>| (p.x - middle.x) * dx + (p.y - middle.y) * dy;
    let mut kept = Vec::with_capacity(cell.len() + 1);
    for (a, b) in cell.iter().zip(cell.iter().cycle().skip(1)) {
        let (at_a, at_b) = (beyond(*a), beyond(*b));
        if at_a <= 0.0 {
            kept.push(*a);
        }
        if (at_a < 0.0 && at_b > 0.0) || (at_a > 0.0 && at_b < 0.0) {
            let part = at_a / (at_a - at_b);
            kept.push(Coord { x: a.x + part * (b.x - a.x), y: a.y + part * (b.y - a.y) });
        }
    }
    kept
}

/// The site whose area a position belongs to: the nearest, of several the first.
pub fn nearest_site(sites: &[Position], at: Position) -> Option<usize> {
    let far = |n: &usize| sites.get(*n).map_or(f64::INFINITY, |site| distance_m(*site, at));
    (0..sites.len()).min_by(|a, b| far(a).total_cmp(&far(b)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bay() -> Outline {
        // A U: a convex cell can cut it into two parts.
        Outline::from_geojson(
            r#"{"type":"Polygon","coordinates":[[[112.0,22.0],[113.0,22.0],[113.0,23.0],
                [112.7,23.0],[112.7,22.3],[112.3,22.3],[112.3,23.0],[112.0,23.0],[112.0,22.0]]]}"#,
        )
        .unwrap()
    }

    fn sites() -> impl Strategy<Value = Vec<Position>> {
        let one = (111.9..113.1_f64, 21.9..23.1_f64);
        let one = one.prop_map(|(lon, lat)| Position::new(lon, lat).unwrap());
        prop::collection::vec(one, 1..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_areas_partition_the_outline_by_nearness(
            sites in sites(), probes in prop::collection::vec((112.0..113.0_f64, 22.0..23.0_f64), 30),
        ) {
            let outline = bay();
            let areas = thiessen(&sites, &outline).unwrap();
            let sum: f64 = areas.iter().flatten().map(Outline::area_km2).sum();
            prop_assert!((sum / outline.area_km2() - 1.0).abs() < 1e-6, "{} {}", sum, outline.area_km2());
            for (lon, lat) in probes {
                let at = Position::new(lon, lat).unwrap();
                let holding: Vec<usize> = (0..areas.len())
                    .filter(|n| areas[*n].as_ref().is_some_and(|a| a.contains(at))).collect();
                prop_assert_eq!(!holding.is_empty(), outline.contains(at));
                let Some(nearest) = nearest_site(&sites, at) else { continue };
                // The plane is true to 1 %: near a border either side is right.
                for n in holding {
                    let (own, best) = (distance_m(sites[n], at), distance_m(sites[nearest], at));
                    prop_assert!(own <= best * 1.02 + 1.0, "site {} at {}, site {} at {}", n, own, nearest, best);
                }
            }
        }
    }

    #[test]
    fn one_site_has_everything_and_two_at_one_place_are_refused() {
        let here = Position::new(112.5, 22.1).unwrap();
        let areas = thiessen(&[here], &bay()).unwrap();
        assert!((areas[0].as_ref().unwrap().area_km2() / bay().area_km2() - 1.0).abs() < 1e-9);
        assert_eq!(thiessen(&[here, here], &bay()), Err(ThiessenError::SamePlace(0, 1)));
        assert_eq!(thiessen(&[], &bay()), Err(ThiessenError::Count(0)));
    }
}
