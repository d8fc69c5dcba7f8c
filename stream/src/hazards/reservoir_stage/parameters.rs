//! Numbers of this model, each with its source.

/// Properties judged: stage (m), storage (million m³), inflow and outflow (m³/s).
pub const JUDGED: &[&str] = &["water_level", "storage", "inflow", "outflow"];
