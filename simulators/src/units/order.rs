//! An order as it comes down on `fh/v1/units/<unit>/tasks`.

use domain::ids::TaskId;
use serde::Deserialize;

/// An order: which task, and where, if the desk says where. Fields that a unit has no use for are
/// passed over.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Order {
    /// The task.
    pub task: TaskId,
    /// What is to be done.
    #[serde(default)]
    pub text: String,
    /// Why the order is taken back, where that is the message.
    #[serde(default)]
    pub withdrawn: Option<String>,
    /// Longitude, degrees.
    #[serde(default)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default)]
    pub lat: Option<f64>,
}

/// The payload is no order.
#[derive(Debug, thiserror::Error)]
#[error("no order: {0}")]
pub struct OrderError(#[from] serde_json::Error);

impl Order {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`OrderError`].
    pub fn read(payload: &[u8]) -> Result<Self, OrderError> {
        Ok(serde_json::from_slice(payload)?)
    }

    /// Whether it takes the order back.
    pub fn takes_back(&self) -> bool {
        self.withdrawn.is_some()
    }
}
