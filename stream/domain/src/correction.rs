//! Manual corrections: somebody who knows better says what a datastream's values are worth, from when
//! until when, and why. A correction always ends; what it changed is amended in the open. One that was
//! a mistake is taken back, and what it changed is given back.

use serde::{Deserialize, Serialize};

use crate::ids::StationId;
use crate::time::{HOUR_MS, UtcMs};

/// How far back a correction may begin: what is older changes nothing that was published (the
/// engine's horizon).
pub const BACK_MAX_MS: i64 = 72 * HOUR_MS;
/// How far ahead a correction may end: a week. What is wrong for longer is mended in the registry.
pub const AHEAD_MAX_MS: i64 = 7 * 24 * HOUR_MS;

/// What is done with the values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionAct {
    /// They are shown and not used: a gauge that is fouled, a sensor under repair.
    Unreliable,
    /// This much is added to each, in the property's unit: a gauge whose zero has moved.
    Offset(f64),
    /// The value of one instant is this one, in the property's unit: somebody has read the staff.
    Value(f64),
}

/// A correction of one datastream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Its number, given by the desk in order.
    pub id: u64,
    /// The station.
    pub station: StationId,
    /// The property.
    pub property: String,
    /// What is done.
    pub act: CorrectionAct,
    /// From which instant on, event time.
    pub from: UtcMs,
    /// Until which instant, event time, not included. Of one instant: the millisecond after it.
    pub until: UtcMs,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When, by the platform's clock. What is corrected has this result time.
    pub at: UtcMs,
    /// When it was taken back as a mistake; what it changed is given back with this result time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<UtcMs>,
}

impl Correction {
    /// Whether it says anything of this instant: one that was taken back says nothing.
    pub fn covers(&self, t: UtcMs) -> bool {
        self.withdrawn.is_none() && self.from <= t && t < self.until
    }

    /// Whether it holds for what comes now.
    pub fn holds(&self, now: UtcMs) -> bool {
        self.withdrawn.is_none() && self.until > now
    }
}
