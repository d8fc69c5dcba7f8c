//! Mean wind and gusts against Beaufort thresholds. See the README beside this file.

pub mod parameters;
#[cfg(test)]
mod tests;

use domain::city::Threshold;

use super::{Asked, window_ms};
use crate::plan::{Measure, RefusedBecause};

/// Name and version.
pub const VERSION: &str = "gale/1";

/// What is to be measured for a threshold.
///
/// # Errors
/// [`RefusedBecause`] where this model cannot judge by it.
pub fn asks(threshold: &Threshold) -> Result<Asked, RefusedBecause> {
    match threshold.window_s {
        None | Some(0) => Ok(Asked::Other(Measure::Latest)),
        Some(_) => {
            let window_ms = window_ms(threshold)?;
            let as_reported = window_ms <= parameters::REPORTED_MEAN_MS;
            let mean = Measure::Mean { window_ms };
            Ok(Asked::Other(if as_reported { Measure::Latest } else { mean }))
        }
    }
}
