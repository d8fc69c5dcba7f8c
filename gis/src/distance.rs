//! How far two places are apart.

use geo::{Distance, Haversine};

use crate::Position;

/// The mean radius of the Earth, metres.
///
/// # References
/// IUGG mean radius R₁ of the GRS 80 ellipsoid (Moritz 2000, "Geodetic Reference System 1980").
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Great-circle distance of two positions.
///
/// # Units
/// Metres. On a sphere of [`EARTH_RADIUS_M`]: within 0.6 % of the distance on the ellipsoid.
///
/// # References
/// Haversine formula: Sinnott 1984, "Virtues of the Haversine", Sky and Telescope 68(2).
pub fn distance_m(a: Position, b: Position) -> f64 {
    Haversine.distance(a.point(), b.point())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_sixty_sea_miles() {
        let at = |lat| Position::new(112.8, lat).unwrap();
        let degree = distance_m(at(22.0), at(23.0));
        assert!((degree - 111_195.1).abs() < 1.0, "{degree}");
        assert_eq!(distance_m(at(22.0), at(22.0)), 0.0);
    }

    #[test]
    fn the_antimeridian_is_no_border() {
        let (west, east) =
            (Position::new(179.9, 0.0).unwrap(), Position::new(-179.9, 0.0).unwrap());
        assert!(distance_m(west, east) < 22_300.0);
    }
}
