//! Numbers of this model, each with its source.

use domain::time::MINUTE_MS;

/// Properties judged, m/s.
pub const JUDGED: &[&str] = &["wind_speed", "wind_gust"];

/// The averaging a reported mean wind is taken for: 2 minutes, the practice of the China
/// Meteorological Administration. A threshold stated for this or less is compared with the value as
/// reported; for a longer averaging (10 minutes, WMO) with the mean of the values in that window.
pub const REPORTED_MEAN_MS: i64 = 2 * MINUTE_MS;
