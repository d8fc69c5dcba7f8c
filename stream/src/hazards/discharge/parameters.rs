//! Numbers of this model, each with its source.

/// Properties judged, m³/s.
pub const JUDGED: &[&str] = &["discharge", "inflow", "outflow"];
