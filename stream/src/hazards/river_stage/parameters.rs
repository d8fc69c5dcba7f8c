//! Numbers of this model, each with its source.

/// Properties judged, m above the station's datum.
pub const JUDGED: &[&str] = &["water_level"];
