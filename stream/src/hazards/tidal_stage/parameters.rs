//! Numbers of this model, each with its source.

use domain::time::{HOUR_MS, MINUTE_MS};

/// Properties judged, m above the station's datum.
pub const JUDGED: &[&str] = &["tide_level", "water_level"];

/// For how long a high water stands as the stage of a tidal station: one semi-diurnal period
/// (12 h 25 min, half a lunar day of 24 h 50 min) and the inequality of successive high waters of a
/// mixed tide (up to an hour and a half in the delta). By then the next high water has been seen and
/// confirms or relieves it.
pub const HIGH_WATER_MS: i64 = 12 * HOUR_MS + 25 * MINUTE_MS + 95 * MINUTE_MS;
