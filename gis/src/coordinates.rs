//! Coordinates of Chinese web maps and back: GCJ-02 (国测局坐标) and BD-09 (百度坐标) ⇄ WGS-84.
//!
//! GCJ-02 moves every place in China by some 100 to 1,000 m, by an amount that changes from place
//! to place; BD-09 moves GCJ-02 once more. The official transformation is not published. This is
//! the formula in public use, the same constants in every implementation that was compared:
//! eviltransform (googollee), coordtransform (wandergis), PyWGS84ToGCJ02 (scateu, after the
//! Krasovsky 1940 ellipsoid). How far it is from the official one is not known here; between two
//! users of the formula the way there and back is good to less than [`ROUND_TRIP_M`].
//!
//! The published inverse subtracts the shift of the shifted place, and is wrong by 1 to 2 m; here
//! the forward formula is inverted by iteration.
//!
//! **Outside China** GCJ-02 is WGS-84. As published, "China" is a box ([`CHINA`]) that holds parts
//! of its neighbours too, and Hong Kong and Macau, whose maps are not shifted in reality: what comes
//! from there should be declared as WGS-84. The second shift of BD-09 has no border as published,
//! and has none here.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::{Position, PositionError};

/// Metres that a position may differ by after the way there and back, inside the box.
pub const ROUND_TRIP_M: f64 = 0.01;

/// The box outside of which GCJ-02 is WGS-84: west, south, east, north, degrees.
pub const CHINA: [f64; 4] = [72.004, 0.8293, 137.8347, 55.8271];

/// Semi-major axis of the ellipsoid of the formula (Krasovsky 1940), metres.
const SEMI_MAJOR_M: f64 = 6_378_245.0;
/// The square of its first eccentricity.
const ECCENTRICITY_2: f64 = 0.006_693_421_622_965_943;
/// Where the polynomials of the formula are centred, degrees.
const CENTRE: (f64, f64) = (105.0, 35.0);
/// BD-09's own shift: longitude, latitude, degrees.
const BAIDU_SHIFT: (f64, f64) = (0.006_5, 0.006);
/// Radians for a degree in BD-09's ripple.
const BAIDU_RIPPLE: f64 = PI * 3_000.0 / 180.0;

/// Iterations of an inverse: the shift changes by less than 1 % of the way, so that each step gains
/// two digits; eight are enough for a double.
const STEPS_MAX: usize = 12;
/// An inverse is done when a step is smaller, degrees (0.1 mm).
const STEP_DONE_DEG: f64 = 1e-9;

/// A coordinate system that a feed may declare.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Crs {
    /// WGS-84: GPS, BeiDou (CGCS2000 is the same to a decimetre).
    #[default]
    Wgs84,
    /// GCJ-02: 高德, 腾讯.
    Gcj02,
    /// BD-09 (bd09ll): 百度.
    Bd09,
}

impl Crs {
    /// Every one, in order.
    pub const ALL: [Crs; 3] = [Crs::Wgs84, Crs::Gcj02, Crs::Bd09];

    /// The word on the wire and in files.
    pub fn wire(self) -> &'static str {
        match self {
            Crs::Wgs84 => "wgs84",
            Crs::Gcj02 => "gcj02",
            Crs::Bd09 => "bd09",
        }
    }

    /// The coordinate system of a word.
    pub fn of_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|crs| crs.wire() == word)
    }

    /// A pair of this system (longitude, latitude, degrees) as a position.
    ///
    /// # Errors
    /// [`PositionError`] where the pair, or what becomes of it, is no place on earth.
    pub fn to_wgs84(self, lon: f64, lat: f64) -> Result<Position, PositionError> {
        // Checked first: the formulas make nonsense of a NaN.
        let here = Position::new(lon, lat)?;
        let (lon, lat) = match self {
            Crs::Wgs84 => return Ok(here),
            Crs::Gcj02 => gcj02_to_wgs84((lon, lat)),
            Crs::Bd09 => gcj02_to_wgs84(inverse((lon, lat), bd09_of)),
        };
        Position::new(lon, lat)
    }

    /// A position in this system: longitude, latitude, degrees. Near a pole or the antimeridian a
    /// BD-09 pair may lie beyond ±90 or ±180.
    pub fn of_wgs84(self, at: Position) -> (f64, f64) {
        let pair = (at.lon(), at.lat());
        match self {
            Crs::Wgs84 => pair,
            Crs::Gcj02 => gcj02_of(pair),
            Crs::Bd09 => bd09_of(gcj02_of(pair)),
        }
    }
}

fn in_china((lon, lat): (f64, f64)) -> bool {
    let [west, south, east, north] = CHINA;
    (west..=east).contains(&lon) && (south..=north).contains(&lat)
}

/// The ripples that both shifts of GCJ-02 have along longitude, metres.
fn ripple(along: f64, slow: [(f64, f64); 2]) -> f64 {
    let [(a, a_deg), (b, b_deg)] = slow;
    let quick = 20.0 * (along * PI).sin() + 40.0 * (along / 3.0 * PI).sin();
    (quick + a * (along / a_deg * PI).sin() + b * (along / b_deg * PI).sin()) * 2.0 / 3.0
}

/// How far GCJ-02 moves a place: degrees of longitude and latitude.
fn gcj02_shift((lon, lat): (f64, f64)) -> (f64, f64) {
    let (x, y) = (lon - CENTRE.0, lat - CENTRE.1);
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + common
        + ripple(y, [(160.0, 12.0), (320.0, 30.0)]);
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + common
        + ripple(x, [(150.0, 12.0), (300.0, 30.0)]);
    let sin = lat.to_radians().sin();
    let w2 = 1.0 - ECCENTRICITY_2 * sin * sin;
    let w = w2.sqrt();
    let meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / (w2 * w);
    let parallel_m = SEMI_MAJOR_M / w * lat.to_radians().cos();
    (east_m.to_degrees() / parallel_m, north_m.to_degrees() / meridian_m)
}

fn gcj02_of(at: (f64, f64)) -> (f64, f64) {
    if !in_china(at) {
        return at;
    }
    shifted(at)
}

fn shifted(at: (f64, f64)) -> (f64, f64) {
    let (east, north) = gcj02_shift(at);
    (at.0 + east, at.1 + north)
}

fn gcj02_to_wgs84(at: (f64, f64)) -> (f64, f64) {
    if !in_china(at) {
        return at;
    }
    inverse(at, shifted)
}

fn bd09_of((lon, lat): (f64, f64)) -> (f64, f64) {
    let radius = lon.hypot(lat) + 0.000_02 * (lat * BAIDU_RIPPLE).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * BAIDU_RIPPLE).cos();
    (radius * angle.cos() + BAIDU_SHIFT.0, radius * angle.sin() + BAIDU_SHIFT.1)
}

/// Where `forward` brings to `at`, found by taking off what the last guess was wrong by.
fn inverse(at: (f64, f64), forward: impl Fn((f64, f64)) -> (f64, f64)) -> (f64, f64) {
    let mut guess = at;
    for _ in 0..STEPS_MAX {
        let there = forward(guess);
        let step = (at.0 - there.0, at.1 - there.1);
        guess = (guess.0 + step.0, guess.1 + step.1);
        if step.0.abs() < STEP_DONE_DEG && step.1.abs() < STEP_DONE_DEG {
            break;
        }
    }
    guess
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distance_m;

    fn at(lon: f64, lat: f64) -> Position {
        Position::new(lon, lat).unwrap()
    }

    #[test]
    fn the_published_examples_come_out() {
        // WGS-84 → GCJ-02, as eviltransform's own tests have them: Shanghai, Shenzhen, Beijing.
        let table = [
            (121.527_210_6, 31.177_427_6, 121.531_541_859_215, 31.175_303_983_645_97),
            (113.912_316, 22.543_847, 113.917_176_480_836_3, 22.540_796_131_694_766),
            (116.377_817, 39.911_954, 116.384_047_224_556_57, 39.913_345_455_360_69),
        ];
        for (lon, lat, gcj_lon, gcj_lat) in table {
            let (x, y) = Crs::Gcj02.of_wgs84(at(lon, lat));
            assert!((x - gcj_lon).abs() < 1e-9 && (y - gcj_lat).abs() < 1e-9, "{x} {y}");
            let back = Crs::Gcj02.to_wgs84(gcj_lon, gcj_lat).unwrap();
            assert!(distance_m(back, at(lon, lat)) < ROUND_TRIP_M);
        }
    }

    #[test]
    fn a_place_of_jiangmen_moves_by_half_a_kilometre_and_comes_back() {
        let here = at(113.08, 22.58);
        let (lon, lat) = Crs::Gcj02.of_wgs84(here);
        let moved = distance_m(here, at(lon, lat));
        assert!((400.0..800.0).contains(&moved), "{moved}");
        let (lon, lat) = Crs::Bd09.of_wgs84(here);
        let moved = distance_m(here, at(lon, lat));
        assert!((800.0..2_000.0).contains(&moved), "{moved}");
    }

    #[test]
    fn outside_china_nothing_moves() {
        for (lon, lat) in [(-122.0, 37.0), (151.2, -33.9), (10.0, 50.0), (72.0, 30.0)] {
            assert_eq!(Crs::Gcj02.of_wgs84(at(lon, lat)), (lon, lat));
            assert_eq!(Crs::Gcj02.to_wgs84(lon, lat), Ok(at(lon, lat)));
        }
    }

    #[test]
    fn no_pair_that_is_no_place_passes() {
        for crs in Crs::ALL {
            assert!(crs.to_wgs84(f64::NAN, 22.0).is_err());
            assert!(crs.to_wgs84(22.0, 113.0).is_err());
            assert_eq!(Crs::of_wire(crs.wire()), Some(crs));
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_less_than_a_centimetre(
            // Within a kilometre or two of the box's border the shift leads out of it.
            lon in CHINA[0] + 0.05..CHINA[2] - 0.05, lat in CHINA[1] + 0.05..CHINA[3] - 0.05,
        ) {
            let here = at(lon, lat);
            for crs in Crs::ALL {
                let (x, y) = crs.of_wgs84(here);
                let back = crs.to_wgs84(x, y).unwrap();
                let error = distance_m(here, back);
                prop_assert!(error < ROUND_TRIP_M, "{:?} {} m at {} {}", crs, error, lon, lat);
            }
        }

        #[test]
        fn any_pair_gives_an_answer(lon in any::<f64>(), lat in any::<f64>()) {
            for crs in Crs::ALL {
                let _ = crs.to_wgs84(lon, lat);
                let _ = crs.to_wgs84(lon % 180.0, lat % 90.0);
            }
        }
    }
}
