//! Stop 9 of the path of an observation: answered. What is decided leaves the platform: orders to
//! units ([`units`]), a sign of life to whoever watches over it ([`heartbeat`]). Before it: the
//! desk, stop 7, by way of the officer, stop 8; after it the unit's report comes in by stop 1.
//!
//! An outlet takes what is [`domain::status::Live`] and nothing else: there is no way to hand it an
//! exercise's order.

pub mod heartbeat;
pub mod units;

use contract::views::ReportStatus;
use domain::ids::{AgencyId, UnitId};
use domain::refusal::Refusal;

/// What the desk tells its outlets. Called by the room after the fact is durable; it must not wait.
pub trait Orders: Send + Sync {
    /// There are orders that their units have not had.
    fn changed(&self);
    /// What became of an agency's report, for the agency.
    fn fed_back(&self, agency: &AgencyId, status: &ReportStatus);
    /// A unit's report was refused, and why.
    fn refused(&self, unit: &UnitId, refusal: &Refusal);
}

/// Nobody to tell: a desk without units, as in tests and reviews.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoUnits;

impl Orders for NoUnits {
    fn changed(&self) {}
    fn fed_back(&self, _agency: &AgencyId, _status: &ReportStatus) {}
    fn refused(&self, _unit: &UnitId, _refusal: &Refusal) {}
}
