//! Numbers of this model, each with its source.

/// Properties judged: beds occupied (% of the staffed ones), people waiting in the emergency
/// department, and how it takes patients (0 正常接诊, 1 接诊紧张, 2 建议分流, 3 暂停接收).
pub const JUDGED: &[&str] = &["bed_occupancy", "emergency_waiting", "emergency_traffic"];
