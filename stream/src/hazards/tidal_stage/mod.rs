//! Tidal stage, judged by its high waters and held across the ebb. See the README beside this file.

pub mod parameters;
#[cfg(test)]
mod tests;

use domain::city::Threshold;

use super::{Asked, window_ms};
use crate::plan::{Measure, RefusedBecause};

/// Name and version.
pub const VERSION: &str = "tidal_stage/1";

/// What is to be measured for a threshold.
///
/// # Errors
/// [`RefusedBecause`] where this model cannot judge by it.
pub fn asks(threshold: &Threshold) -> Result<Asked, RefusedBecause> {
    let window_ms = match threshold.window_s {
        None => parameters::HIGH_WATER_MS,
        Some(_) => window_ms(threshold)?,
    };
    if threshold.rate_per_h {
        return Ok(Asked::Other(Measure::Rate { window_ms }));
    }
    Ok(Asked::Other(Measure::Highest { window_ms }))
}
