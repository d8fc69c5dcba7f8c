//! The run's clock: the platform's. It is set at the start and again and again, so that no frame is
//! dated ahead of the platform, whatever its speed, and a platform that was down is waited for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use domain::time::{MINUTE_MS, SECOND_MS, UtcMs};

/// Landfall is put on a multiple of this, so that readings fall on the round minutes of the clock.
const GRID_MS: i64 = 10 * MINUTE_MS;
/// An hour, as milliseconds.
const HOUR_MS: f64 = 3_600_000.0;

/// How the hands stand: an instant of the run, when it was, and how fast they go since.
#[derive(Debug, Clone, Copy)]
struct Hands {
    at: UtcMs,
    set: Instant,
    speed: f64,
}

/// A clock shared by stations, offices and units.
#[derive(Debug, Clone)]
pub struct Timeline {
    hands: Arc<Mutex<Hands>>,
    landfall: UtcMs,
    end: UtcMs,
    offset_s: i32,
}

impl Timeline {
    /// A run that starts at `start_h` of the scenario, at `now`; `end_h` is the scenario's end.
    pub fn start(now: UtcMs, start_h: f64, end_h: f64, speed: f64, offset_s: i32) -> Self {
        let landfall = now.0 as f64 - start_h * HOUR_MS;
        #[allow(clippy::cast_possible_truncation)] // an instant
        let landfall = UtcMs((landfall as i64).div_euclid(GRID_MS) * GRID_MS);
        Self::with_landfall(landfall, now, end_h, speed, offset_s)
    }

    /// A run whose landfall is at a given instant.
    pub fn with_landfall(
        landfall: UtcMs,
        now: UtcMs,
        end_h: f64,
        speed: f64,
        offset_s: i32,
    ) -> Self {
        let hands = Arc::new(Mutex::new(Hands { at: now, set: Instant::now(), speed }));
        let end = crate::stations::hours_after(landfall, end_h);
        Self { hands, landfall, end, offset_s }
    }

    /// Sets the hands: it was `now` at the instant `set`, and goes on at this speed.
    pub fn set(&self, now: UtcMs, set: Instant, speed: f64) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        *hands = Hands { at: now, set, speed };
    }

    /// The run's instant now.
    pub fn now(&self) -> UtcMs {
        let hands = *self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = hands.set.elapsed().as_secs_f64() * hands.speed * SECOND_MS as f64;
        #[allow(clippy::cast_possible_truncation)] // seconds of a run
        hands.at.plus_ms(passed as i64)
    }

    /// The instant of landfall.
    pub fn landfall(&self) -> UtcMs {
        self.landfall
    }

    /// Hours since landfall.
    pub fn hour(&self, now: UtcMs) -> f64 {
        (now.0 - self.landfall.0) as f64 / HOUR_MS
    }

    /// Whether the scenario is over.
    pub fn over(&self, now: UtcMs) -> bool {
        now >= self.end
    }

    /// `T-03:12 2026-09-11T18:48:00+08:00`.
    pub fn told(&self, now: UtcMs) -> String {
        let minutes = (now.0 - self.landfall.0).div_euclid(MINUTE_MS);
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let second = UtcMs(now.0.div_euclid(SECOND_MS) * SECOND_MS);
        format!("T{sign}{hours:02}:{rest:02} {}", second.rfc3339(self.offset_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_begins_at_its_hour_of_the_scenario_on_a_round_minute() {
        let now = UtcMs(1_789_000_123_456);
        let run = Timeline::start(now, -3.0, 12.0, 1.0, 8 * 3600);
        assert_eq!(run.landfall().0 % GRID_MS, 0);
        assert!((-3.0..-2.8).contains(&run.hour(now)), "{}", run.hour(now));
        assert!(run.told(now).starts_with("T-03:00") || run.told(now).starts_with("T-02:"));
        assert!(!run.over(now) && run.over(now.plus_ms(16 * 60 * MINUTE_MS)));
    }

    #[test]
    fn its_hands_are_set_by_the_platforms_and_go_as_fast() {
        let now = UtcMs(1_789_000_000_000);
        let run = Timeline::start(now, -3.0, 12.0, 1.0, 0);
        let again = run.clone();
        run.set(now.plus_ms(-MINUTE_MS), Instant::now(), 600.0);
        let first = again.now();
        assert!(first < now, "a platform that was down is waited for");
        std::thread::park_timeout(std::time::Duration::from_millis(30));
        let passed = again.now().0 - first.0;
        assert!(passed >= 600 * 25, "{passed} ms in 30 ms at 600 times");
    }
}
