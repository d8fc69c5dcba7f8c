//! The machine's clock: simulators may read it (invariant 2).

use domain::time::UtcMs;

/// The present, by the machine's clock.
#[allow(clippy::disallowed_methods, clippy::disallowed_types)] // a simulator paces itself by the wall clock
pub fn now() -> UtcMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UtcMs(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}
