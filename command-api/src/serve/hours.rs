//! What the history has of the last 24 hours, counted once after a start.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use domain::time::{HOUR_MS, UtcMs};
use journal::DerivedError;
use journal::history::{HistoryReader, HourCount, Shutdown};

use super::follower::held;
use crate::feed_health::completeness::{Completeness, HOURS_SHOWN};

/// How often it is looked whether the history has caught up.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until the history has every record up to the base, and counts what it has of the last
/// hours before `now`, datastream by datastream.
///
/// # Errors
/// The history cannot be read.
pub(super) fn count(
    data: &Path,
    hours: &Mutex<Completeness>,
    now: UtcMs,
    stop: &Shutdown,
) -> Result<(), DerivedError> {
    let (base, streams) = {
        let hours = held(hours);
        (hours.base(), hours.streams())
    };
    let history = HistoryReader::open(data)?;
    while history.position()? < base {
        if stop.is_asked() {
            return Ok(());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let from = HourCount::hour_of(UtcMs(now.0.saturating_sub(HOURS_SHOWN as i64 * HOUR_MS)));
    for ix in streams {
        if stop.is_asked() {
            return Ok(());
        }
        let counted = history.instants_by_hour(ix, from, base)?;
        held(hours).counted(ix, &counted);
    }
    held(hours).has_counted();
    Ok(())
}
