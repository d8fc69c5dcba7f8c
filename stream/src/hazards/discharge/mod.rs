//! Discharge against a city's own thresholds. See the README beside this file.

pub mod parameters;
#[cfg(test)]
mod tests;

use domain::city::Threshold;

use super::{Asked, value_or_rise};
use crate::plan::RefusedBecause;

/// Name and version.
pub const VERSION: &str = "discharge/1";

/// What is to be measured for a threshold.
///
/// # Errors
/// [`RefusedBecause`] where this model cannot judge by it.
pub fn asks(threshold: &Threshold) -> Result<Asked, RefusedBecause> {
    value_or_rise(threshold)
}
