//! Numbers of this model, each with its source.

/// Properties judged, cm.
pub const JUDGED: &[&str] = &["ponding_depth"];
