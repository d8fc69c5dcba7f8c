//! Accumulated rain against thresholds of sums. See the README beside this file.

pub mod parameters;
#[cfg(test)]
mod tests;

use domain::city::Threshold;

use super::{Asked, window_ms};
use crate::plan::{Measure, RefusedBecause};

/// Name and version.
pub const VERSION: &str = "rainfall/1";

/// What is to be measured for a threshold.
///
/// # Errors
/// [`RefusedBecause`] where this model cannot judge by it.
pub fn asks(threshold: &Threshold) -> Result<Asked, RefusedBecause> {
    let summed = threshold.property == parameters::SUMMED;
    if summed || threshold.window_s.is_some() {
        return window_ms(threshold).map(Asked::Sum);
    }
    Ok(Asked::Other(Measure::Latest))
}
