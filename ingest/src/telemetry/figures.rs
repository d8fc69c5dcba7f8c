//! What is worked out of a feed over sliding windows: messages a minute, lag, skew. All of it has
//! its room from the start: nothing is allocated for a packet.

use domain::time::{MINUTE_MS, UtcMs};

/// Minutes of messages that are kept.
pub const RATE_MINUTES: usize = 60;
/// Classes of lag.
const LAG_CLASSES: usize = 40;
/// The first class is everything below this, ms; then two classes to every doubling, so that a
/// quantile is right to within a fifth. The last begins at 4.6 h.
const LAG_FIRST_MS: i64 = 32;
/// One slot of timing, minutes.
const SLOT_MINUTES: i64 = 5;
/// Slots that lag is taken over: an hour.
const LAG_SLOTS: usize = 12;
/// Slots that skew is taken over: a clock that was set right shows so within 15 min.
const SKEW_SLOTS: i64 = 3;

/// How late, and how far ahead, the frames of one append are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Accepted frames by class of lag.
    lags: [u16; LAG_CLASSES],
    /// The greatest event time less its receipt, ms, quarantined frames included.
    ahead_ms: Option<i64>,
}

impl Default for Timing {
    fn default() -> Self {
        Self { lags: [0; LAG_CLASSES], ahead_ms: None }
    }
}

fn class(lag_ms: i64) -> usize {
    let doublings = lag_ms / LAG_FIRST_MS;
    if doublings < 1 {
        return 0;
    }
    let whole = doublings.ilog2();
    let half = (lag_ms >> (whole + LAG_FIRST_MS.ilog2() - 1)) & 1;
    (1 + 2 * whole as usize + half as usize).min(LAG_CLASSES - 1)
}

/// Where a class begins, ms.
fn begins(class: usize) -> i64 {
    let Some(steps) = class.checked_sub(1) else { return 0 };
    let base = LAG_FIRST_MS << (steps / 2);
    if steps % 2 == 1 { base / 2 * 3 } else { base }
}

impl Timing {
    /// A frame of `t` was accepted at `received`. One that fills a gap (补传) says nothing of lag.
    pub fn accepted(&mut self, t: UtcMs, received: UtcMs, is_backlog: bool) {
        if !is_backlog && let Some(count) = self.lags.get_mut(class((received.0 - t.0).max(0))) {
            *count = count.saturating_add(1);
        }
        self.dated(t, received);
    }

    /// A frame is dated `t`, whether or not it was accepted.
    pub fn dated(&mut self, t: UtcMs, received: UtcMs) {
        self.ahead_ms = self.ahead_ms.max(Some(t.0 - received.0));
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    number: i64,
    lags: [u32; LAG_CLASSES],
    ahead_ms: Option<i64>,
}

/// What is shown of a feed's last hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages of each of the last [`RATE_MINUTES`] whole minutes, oldest first, and of the minute
    /// that is going on.
    pub per_minute: Vec<u32>,
    /// Half of the accepted frames of the last hour came within this of their event time, ms.
    pub lag_p50_ms: Option<i64>,
    /// Nineteen of twenty did, ms.
    pub lag_p95_ms: Option<i64>,
    /// How far ahead (+) or behind (−) of its receipt the newest-dated frame of the last 15 min is,
    /// ms: what the sender's clock is off by, less the way here.
    pub skew_ms: Option<i64>,
}

/// One feed's windows.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    minutes: [(i64, u32); RATE_MINUTES + 1],
    slots: [Slot; LAG_SLOTS],
}

impl Default for Windows {
    fn default() -> Self {
        let empty = Slot { number: i64::MIN, lags: [0; LAG_CLASSES], ahead_ms: None };
        Self { minutes: [(i64::MIN, 0); RATE_MINUTES + 1], slots: [empty; LAG_SLOTS] }
    }
}

fn minute_of(now: UtcMs) -> i64 {
    now.0.div_euclid(MINUTE_MS)
}

impl Windows {
    pub(super) fn add(&mut self, now: UtcMs, messages: u64, timing: &Timing) {
        let minute = minute_of(now);
        if let Some((number, count)) = self.minutes.get_mut(place(minute, RATE_MINUTES + 1)) {
            if *number != minute {
                (*number, *count) = (minute, 0);
            }
            *count = count.saturating_add(u32::try_from(messages).unwrap_or(u32::MAX));
        }
        let number = minute.div_euclid(SLOT_MINUTES);
        let Some(slot) = self.slots.get_mut(place(number, LAG_SLOTS)) else { return };
        if slot.number != number {
            *slot = Slot { number, lags: [0; LAG_CLASSES], ahead_ms: None };
        }
        slot.ahead_ms = slot.ahead_ms.max(timing.ahead_ms);
        for (count, more) in slot.lags.iter_mut().zip(&timing.lags) {
            *count = count.saturating_add(u32::from(*more));
        }
    }

    pub(super) fn figures(&self, now: UtcMs) -> Figures {
        let minute = minute_of(now);
        let count = |wanted: i64| match self.minutes.get(place(wanted, RATE_MINUTES + 1)) {
            Some((number, count)) if *number == wanted => *count,
            _ => 0,
        };
        let first = minute - i64::try_from(RATE_MINUTES).unwrap_or(0);
        let slot = minute.div_euclid(SLOT_MINUTES);
        let within = |slots: i64| {
            self.slots.iter().filter(move |s| s.number > slot - slots && s.number <= slot)
        };
        let mut lags = [0u64; LAG_CLASSES];
        for slot in within(LAG_SLOTS as i64) {
            for (sum, count) in lags.iter_mut().zip(&slot.lags) {
                *sum += u64::from(*count);
            }
        }
        Figures {
            per_minute: (first..=minute).map(count).collect(),
            lag_p50_ms: quantile(&lags, 50),
            lag_p95_ms: quantile(&lags, 95),
            skew_ms: within(SKEW_SLOTS).filter_map(|slot| slot.ahead_ms).max(),
        }
    }
}

fn place(number: i64, of: usize) -> usize {
    usize::try_from(number.rem_euclid(i64::try_from(of).unwrap_or(1))).unwrap_or(0)
}

/// The value that `percent` of the counted lie at or below, ms, even within a class.
fn quantile(lags: &[u64; LAG_CLASSES], percent: u64) -> Option<i64> {
    let all: u64 = lags.iter().sum();
    if all == 0 {
        return None;
    }
    let rank = (all * percent).div_ceil(100).max(1);
    let mut before = 0u64;
    for (class, count) in lags.iter().enumerate().filter(|(_, count)| **count > 0) {
        if before + count >= rank {
            let (from, to) = (begins(class), begins(class + 1));
            let share = (rank - before) as f64 / *count as f64;
            return Some(from + ((to - from) as f64 * share) as i64);
        }
        before += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_781_118_300_000;

    #[test]
    fn classes_follow_one_another_without_a_hole() {
        for class_no in 1..LAG_CLASSES {
            let from = begins(class_no);
            assert_eq!((class(from), class(from - 1)), (class_no, class_no - 1), "{from} ms");
        }
        assert_eq!(class(i64::MAX / 2), LAG_CLASSES - 1);
    }

    #[test]
    fn quantiles_are_right_to_within_a_fifth_and_forget_after_an_hour() {
        let mut windows = Windows::default();
        for lag in 1..=1_000i64 {
            let mut timing = Timing::default();
            timing.accepted(UtcMs(NOW - lag * 10), UtcMs(NOW), false);
            windows.add(UtcMs(NOW), 1, &timing);
        }
        let figures = windows.figures(UtcMs(NOW));
        let near = |got: Option<i64>, want: i64| {
            let got = got.unwrap();
            assert!((got - want).abs() * 5 <= want, "{got} for {want}");
        };
        near(figures.lag_p50_ms, 5_000);
        near(figures.lag_p95_ms, 9_500);
        assert_eq!(figures.skew_ms, Some(-10), "the newest frame was 10 ms under way");
        assert_eq!(figures.per_minute.iter().sum::<u32>(), 1_000);
        assert_eq!(figures.per_minute.last(), Some(&1_000));
        let later = windows.figures(UtcMs(NOW + 61 * MINUTE_MS));
        assert_eq!((later.lag_p50_ms, later.skew_ms), (None, None));
        assert!(later.per_minute.iter().all(|n| *n == 0) && later.per_minute.len() == 61);
    }

    #[test]
    fn a_fast_clock_shows_though_its_frames_are_kept_aside_and_a_backlog_is_no_lag() {
        let mut windows = Windows::default();
        let mut timing = Timing::default();
        timing.dated(UtcMs(NOW + 86_400_000), UtcMs(NOW));
        timing.accepted(UtcMs(NOW - 86_400_000), UtcMs(NOW), true);
        windows.add(UtcMs(NOW), 2, &timing);
        let figures = windows.figures(UtcMs(NOW + 5 * MINUTE_MS));
        assert_eq!((figures.skew_ms, figures.lag_p95_ms), (Some(86_400_000), None));
        assert_eq!(windows.figures(UtcMs(NOW + 16 * MINUTE_MS)).skew_ms, None);
    }
}
