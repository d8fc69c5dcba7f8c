//! A position on the Earth: degrees WGS-84, checked when made, so that nothing behind it ever meets
//! a NaN (an R-tree panics on one, and a point-in-polygon test answers nonsense).

use serde::{Deserialize, Serialize};

/// Why a pair of numbers is no position.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PositionError {
    /// NaN or infinite.
    #[error("a coordinate is not a finite number")]
    NotFinite,
    /// Longitude outside −180…180.
    #[error("longitude {0} is outside -180 to 180 degrees")]
    Longitude(f64),
    /// Latitude outside −90…90.
    #[error("latitude {0} is outside -90 to 90 degrees")]
    Latitude(f64),
}

/// A position: longitude and latitude, degrees WGS-84, finite and in range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct Position {
    lon: f64,
    lat: f64,
}

impl Position {
    /// Where the equator meets the prime meridian.
    pub(crate) const ORIGIN: Position = Position { lon: 0.0, lat: 0.0 };

    /// Checks a pair: longitude, latitude, degrees WGS-84.
    ///
    /// # Errors
    /// [`PositionError`] where a number is not finite or out of range.
    pub fn new(lon: f64, lat: f64) -> Result<Self, PositionError> {
        if !lon.is_finite() || !lat.is_finite() {
            return Err(PositionError::NotFinite);
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(PositionError::Longitude(lon));
        }
        if !(-90.0..=90.0).contains(&lat) {
            return Err(PositionError::Latitude(lat));
        }
        // Negative zero and zero are one place: one set of bytes for it.
        Ok(Self { lon: lon + 0.0, lat: lat + 0.0 })
    }

    /// Longitude, degrees.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude, degrees.
    pub fn lat(self) -> f64 {
        self.lat
    }

    pub(crate) fn point(self) -> geo::Point<f64> {
        geo::Point::new(self.lon, self.lat)
    }
}

impl TryFrom<(f64, f64)> for Position {
    type Error = PositionError;
    fn try_from((lon, lat): (f64, f64)) -> Result<Self, PositionError> {
        Self::new(lon, lat)
    }
}

impl From<Position> for (f64, f64) {
    fn from(position: Position) -> Self {
        (position.lon, position.lat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_pairs_in_range_are_positions() {
        assert!(Position::new(112.78, 22.25).is_ok());
        assert_eq!(Position::new(f64::NAN, 22.0), Err(PositionError::NotFinite));
        assert_eq!(Position::new(112.0, f64::INFINITY), Err(PositionError::NotFinite));
        assert_eq!(Position::new(112.0, 999.0), Err(PositionError::Latitude(999.0)));
        assert_eq!(Position::new(1e308, 22.0), Err(PositionError::Longitude(1e308)));
    }

    #[test]
    fn a_position_from_text_passes_the_same_checks() {
        let read = |text| serde_json::from_str::<Position>(text);
        assert!(read("[112.78, 22.25]").is_ok());
        assert!(read("[22.25, 112.78]").is_err());
    }

    #[test]
    fn both_zeros_are_one_place() {
        let zero = Position::new(-0.0, -0.0).unwrap();
        assert!(zero.lon().is_sign_positive() && zero.lat().is_sign_positive());
    }
}
