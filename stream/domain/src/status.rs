//! Live and exercise are types, not flags: there is no conversion between them.

use serde::{Deserialize, Serialize};

mod sealed {
    pub trait Sealed {}
}

/// Which world a thing belongs to. Closed: [`Live`] and [`Exercise`] are all there are.
pub trait Status: sealed::Sealed + Send + Sync + Copy + std::fmt::Debug + 'static {
    /// The CAP 1.2 word that goes over the wire.
    const WIRE: WireStatus;
}

/// The real world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live;
/// A drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercise;

impl sealed::Sealed for Live {}
impl sealed::Sealed for Exercise {}
impl Status for Live {
    const WIRE: WireStatus = WireStatus::Actual;
}
impl Status for Exercise {
    const WIRE: WireStatus = WireStatus::Exercise;
}

/// CAP 1.2 `status`, as far as this platform takes part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireStatus {
    /// The real world.
    Actual,
    /// A drill.
    Exercise,
}
