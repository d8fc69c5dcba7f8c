//! A clock that is wrong is told from a gauge that is silent: what it sends comes in time, and is dated
//! long ago by as much each time. One that catches up after a pause is dated less and less long ago.

use domain::observation::{Observation, OriginFlag};
use domain::time::UtcMs;

/// What came lately of one datastream, whatever it was dated.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arrivals {
    /// The first of those that are dated back by as much: when it came, and its date.
    first: Option<(UtcMs, UtcMs)>,
    last: Option<(UtcMs, UtcMs)>,
}

impl Arrivals {
    /// Takes an observation as it came.
    pub(super) fn came(&mut self, received: UtcMs, seen: &Observation, interval_ms: i64) {
        if seen.backlog || seen.quality.origin != OriginFlag::Original {
            return;
        }
        let came = (received, seen.t);
        let back = |(received, t): (UtcMs, UtcMs)| received.0.saturating_sub(t.0);
        let alike = self.first.is_some_and(|f| (back(f) - back(came)).abs() <= interval_ms);
        if !alike {
            self.first = Some(came);
        }
        self.last = Some(came);
    }

    /// By how much its dates are wrong, milliseconds (less than nothing: its clock is behind), where it
    /// is heard at `now` and what it says is dated before all that still speaks.
    pub(super) fn wrong_by(&self, now: UtcMs, interval_ms: i64, silent_after: i64) -> Option<i64> {
        let ((first, _), (last, dated)) = self.first.zip(self.last)?;
        let span = interval_ms.saturating_mul(silent_after);
        let heard = now.0 - last.0 <= span && last.0 - first.0 >= interval_ms;
        let wrong = dated.0 - last.0;
        (heard && wrong < -span).then_some(wrong)
    }
}
