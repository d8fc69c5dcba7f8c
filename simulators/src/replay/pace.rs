//! How fast recorded time passes.

use std::str::FromStr;
use std::time::Duration;

use domain::time::UtcMs;

/// Waits shorter than this are not worth a timer.
const SHORTEST_WAIT: Duration = Duration::from_millis(2);

/// How many seconds of recorded time pass in one second; `max` (or 0): as fast as acknowledged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as acknowledged.
    Max,
    /// So many times.
    Times(f64),
}

/// The text is no speed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a speed is a positive number, or 0 or max for as fast as acknowledged")]
pub struct SpeedError;

impl FromStr for Speed {
    type Err = SpeedError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Speed::Max),
            Ok(0.0) => Ok(Speed::Max),
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Speed::Times(times)),
            _ => Err(SpeedError),
        }
    }
}

/// Tells when a frame may go out.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    speed: Speed,
    first: UtcMs,
    begun: UtcMs,
    hold: bool,
}

impl Pace {
    /// Frames from `first` on, begun at `begun` of the wall clock. With `hold` no frame goes out
    /// before the wall clock has reached its time, whatever the speed.
    pub fn new(speed: Speed, first: UtcMs, begun: UtcMs, hold: bool) -> Self {
        Self { speed, first, begun, hold }
    }

    /// How long the frame of `t` has still to wait at `now`.
    pub fn wait_for(&self, t: UtcMs, now: UtcMs) -> Option<Duration> {
        let by_speed = match self.speed {
            Speed::Max => i64::MIN,
            Speed::Times(times) => {
                let since = (t.0 - self.first.0) as f64 / times;
                #[allow(clippy::cast_possible_truncation)] // saturates
                self.begun.0.saturating_add(since as i64)
            }
        };
        let by_clock = if self.hold { t.0 } else { i64::MIN };
        let wait = by_speed.max(by_clock).saturating_sub(now.0);
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        (wait >= SHORTEST_WAIT).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("0".parse(), Ok(Speed::Max));
        assert_eq!("60".parse(), Ok(Speed::Times(60.0)));
        assert!("-1".parse::<Speed>().is_err() && "fast".parse::<Speed>().is_err());
    }

    #[test]
    fn a_held_frame_never_runs_ahead_of_the_clock() {
        let begun = UtcMs(1_000_000);
        let pace = Pace::new(Speed::Times(3600.0), begun, begun, true);
        let hour = UtcMs(begun.0 + 3_600_000);
        assert_eq!(pace.wait_for(hour, begun), Some(Duration::from_secs(3600)));
        assert_eq!(pace.wait_for(hour, hour), None);
        let free = Pace::new(Speed::Times(3600.0), begun, begun, false);
        assert_eq!(free.wait_for(hour, begun), Some(Duration::from_secs(1)));
    }
}
