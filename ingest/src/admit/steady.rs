//! The platform's now over a machine's clock that may go back: it never does, and never stands still
//! for long.

use std::time::Instant;

use domain::time::UtcMs;

/// Where the machine's clock is behind the platform's now, that goes slower by one part in so many.
const CATCH_UP_PARTS: u32 = 10;

/// Since when the machine's clock is behind the newest tick, and the tick of then.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    back: Option<(Instant, UtcMs)>,
}

/// What a tick says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The time; `None` where there is nothing new to say.
    pub(crate) now: Option<UtcMs>,
    /// Whether the clock is back, and whether that is new.
    pub(crate) back: Option<bool>,
}

impl Steady {
    /// The tick of a moment at which the machine's clock says `clock` and the newest tick was
    /// `newest`. Where the clock is back, now goes on by the steady clock, a tenth slower until the
    /// other has caught up: holds, deadlines and silences go on meanwhile.
    pub(crate) fn tick(&mut self, clock: UtcMs, newest: Option<UtcMs>, at: Instant) -> Said {
        let Some(newest) = newest.filter(|newest| clock <= *newest) else {
            self.back = None;
            return Said { now: Some(clock), back: None };
        };
        let is_new = self.back.is_none();
        let (since, from) = *self.back.get_or_insert((at, newest));
        let passed = at.saturating_duration_since(since) / CATCH_UP_PARTS * (CATCH_UP_PARTS - 1);
        let steady = from.plus_ms(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX));
        Said { now: (steady > newest).then_some(steady), back: Some(is_new) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UtcMs = UtcMs(1_780_000_000_000);

    #[test]
    fn a_clock_that_goes_back_slows_now_and_does_not_stop_it() {
        let (begun, mut steady, mut newest) = (Instant::now(), Steady::default(), None);
        let mut told = Vec::new();
        let mut tick = |after_s: u64, clock_s: i64| {
            let at = begun + Duration::from_secs(after_s);
            let said = steady.tick(NOW.plus_ms(clock_s * 1000), newest, at);
            newest = said.now.or(newest);
            told.extend(said.now);
            (said.now.map(|now| (now.0 - NOW.0) / 1000), said.back)
        };
        assert_eq!((tick(0, 0), tick(1, 1)), ((Some(0), None), (Some(1), None)));
        // An hour back, in the middle a year, and nearly there again.
        assert_eq!(tick(2, -3598), (None, Some(true)));
        assert_eq!(tick(602, -2998), (Some(541), Some(false)));
        assert_eq!(tick(1202, -31_536_000), (Some(1081), Some(false)));
        assert_eq!(tick(1802, 1000), (Some(1621), Some(false)));
        // It leads again, and a second slip begins anew.
        assert_eq!((tick(2402, 1700), tick(2403, 1701)), ((Some(1700), None), (Some(1701), None)));
        assert_eq!(tick(2404, 1700), (None, Some(true)));
        assert_eq!(tick(2414, 1701), (Some(1710), Some(false)));
        assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
    }
}
