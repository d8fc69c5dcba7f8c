//! The run's clock: the wall clock, from the scenario's hour at the start, so many times as fast.
//!
//! At speed 1 the run's instants are the wall clock's, so no frame is dated ahead. At a higher speed
//! they run ahead of it, and the platform must follow the frames (`serve --clock replay`).

use std::time::Instant;

use domain::time::{MINUTE_MS, SECOND_MS, UtcMs};

/// Landfall is put on a multiple of this, so that readings fall on the round minutes of the clock.
const GRID_MS: i64 = 10 * MINUTE_MS;
/// Minutes and seconds of an hour, as milliseconds.
const HOUR_MS: f64 = 3_600_000.0;

/// A clock shared by stations, offices and units.
#[derive(Debug, Clone)]
pub struct Timeline {
    begun: Instant,
    first: UtcMs,
    landfall: UtcMs,
    speed: f64,
    end: UtcMs,
    offset_s: i32,
}

impl Timeline {
    /// A run that starts at `start_h` of the scenario, at `now` of the wall clock; `end_h` is the
    /// scenario's end, after which time passes at the pace of the wall clock.
    pub fn start(now: UtcMs, start_h: f64, end_h: f64, speed: f64, offset_s: i32) -> Self {
        let landfall = now.0 as f64 - start_h * HOUR_MS;
        #[allow(clippy::cast_possible_truncation)] // an instant
        let landfall = UtcMs((landfall as i64).div_euclid(GRID_MS) * GRID_MS);
        Self::from_landfall(landfall, start_h, end_h, speed, offset_s)
    }

    /// A run whose landfall is at a given instant.
    pub fn from_landfall(
        landfall: UtcMs,
        start_h: f64,
        end_h: f64,
        speed: f64,
        offset_s: i32,
    ) -> Self {
        let at = |h: f64| crate::stations::hours_after(landfall, h);
        let (first, end) = (at(start_h), at(end_h));
        Self { begun: Instant::now(), first, landfall, speed, end, offset_s }
    }

    /// The run's instant now.
    pub fn now(&self) -> UtcMs {
        self.after(self.begun.elapsed().as_secs_f64())
    }

    /// The run's instant so many real seconds after its start.
    pub fn after(&self, real_s: f64) -> UtcMs {
        let quick = (self.end.0 - self.first.0).max(0) as f64 / SECOND_MS as f64;
        let passed = real_s * self.speed;
        let passed = if passed <= quick { passed } else { quick + (real_s - quick / self.speed) };
        #[allow(clippy::cast_possible_truncation)] // seconds of a run
        self.first.plus_ms((passed * SECOND_MS as f64) as i64)
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
        format!("T{sign}{hours:02}:{rest:02} {}", now.rfc3339(self.offset_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_speed_one_the_run_is_never_ahead_of_the_wall_clock() {
        let now = UtcMs(1_789_000_123_456);
        let run = Timeline::start(now, -3.0, 12.0, 1.0, 8 * 3600);
        let lag = now.0 - run.after(0.0).0;
        assert!((0..GRID_MS).contains(&lag), "{lag} ms behind");
        assert_eq!(run.after(100.0).0 - run.after(0.0).0, 100_000);
        assert_eq!(run.landfall().0 % GRID_MS, 0);
        assert!(run.told(run.after(0.0)).starts_with("T-03:00"));
    }

    #[test]
    fn after_its_end_the_run_goes_at_the_pace_of_the_wall_clock() {
        let run = Timeline::from_landfall(UtcMs(0), 0.0, 1.0, 60.0, 0);
        assert_eq!(run.after(30.0), UtcMs(30 * 60_000));
        assert!(!run.over(run.after(59.0)) && run.over(run.after(60.0)));
        assert_eq!(run.after(70.0), UtcMs(3_600_000 + 10_000));
    }
}
