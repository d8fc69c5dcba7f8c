//! What the driver keeps from record to record, as a snapshot has it.

use std::sync::Arc;

use domain::city::{City, CityFiles};

use super::silence::Silence;
use crate::plan::Plan;
use crate::watch::place::NEVER;

/// One hazard's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// Newest event time of its sources, ms.
    pub newest: i64,
    /// The watermark as last sent down: on the hazard's grid, ms.
    pub sent: i64,
    /// From this event time on the watermark moves, ms.
    pub next: i64,
}

impl Default for Mark {
    fn default() -> Self {
        Self { newest: NEVER, sent: NEVER, next: NEVER }
    }
}

/// A configuration as it came, kept so that a snapshot can be started from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Configured {
    pub(crate) holds_from: i64,
    pub(crate) files: CityFiles,
    pub(crate) datastreams: Vec<(String, String)>,
}

/// The driver's state, as a snapshot keeps it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct DriverState {
    pub(crate) now: i64,
    pub(crate) last_seq: u64,
    pub(crate) marks: Vec<Mark>,
    pub(crate) silence: Silence,
    pub(crate) configured: Vec<Configured>,
}

/// Compiles the configurations of a snapshot again, in their order.
pub(crate) fn recompile(configured: &[Configured]) -> Option<Vec<Arc<Plan>>> {
    let mut plans: Vec<Arc<Plan>> = Vec::new();
    for one in configured {
        let city = City::read(&one.files).ok()?;
        let before = plans.last().map(Arc::as_ref);
        let plan = Plan::compile(Arc::new(city), &one.datastreams, one.holds_from, before);
        plans.push(Arc::new(plan));
    }
    Some(plans)
}
