//! The platform's clock: the machine's, or the newest frame's.

use std::sync::Arc;

use domain::time::{Clock, UtcMs};

use super::follower::{Followed, held};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    #[allow(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the one place of the platform that reads the machine's clock (invariant 2)"
    )]
    fn now(&self) -> UtcMs {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = since.map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
        UtcMs(ms.unwrap_or(0))
    }
}

/// The clock of a replay: the newest tick; the machine's before the first.
#[derive(Debug, Clone)]
pub(super) struct FrameClock(pub(super) Arc<Followed>);

impl Clock for FrameClock {
    fn now(&self) -> UtcMs {
        let newest = *held(&self.0.tick);
        newest.unwrap_or_else(|| WallClock.now())
    }
}
