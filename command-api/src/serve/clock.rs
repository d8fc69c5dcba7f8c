//! The platform's clock: the machine's, a quickened one, or the newest frame's.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use domain::time::{Clock, SECOND_MS, UtcMs};
use ingest::ticker::TICK_EVERY;

use super::follower::{Followed, held};
use super::options::ClockKind;
use crate::live::Pace;

/// Names a file with milliseconds (below nought too) that are added to the machine's clock, read anew
/// each time: how a clock that is set while the platform runs is tried without setting the machine's.
const SET_BY: &str = "FENGHUO_CLOCK_SET_BY";

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

/// How far the clock is set, ms; 0 where [`SET_BY`] names nothing that says so.
fn set_by() -> i64 {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os(SET_BY).map(PathBuf::from));
    let said = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    said.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

impl Clock for WallClock {
    #[allow(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the one place of the platform that reads the machine's clock (invariant 2)"
    )]
    fn now(&self) -> UtcMs {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = since.map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
        UtcMs(ms.unwrap_or(0)).plus_ms(set_by())
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

/// Slowest and fastest of a quickened clock. At the fastest, [`QUICK_TICK_EVERY`] is a minute of it:
/// well below the tolerance for frames that are dated ahead, and below the step that the engine
/// takes for a platform that was down even where ten ticks are missing.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=600.0;
/// How often a quickened clock ticks: a frame is judged against the newest tick, so that its age
/// counts `speed` times.
const QUICK_TICK_EVERY: Duration = Duration::from_millis(100);

/// A quickened clock as it is written: `START@SPEED`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Where it starts; the machine's time where none is written.
    pub start: Option<UtcMs>,
    /// Its seconds in a second.
    pub speed: f64,
}

/// Why a text is no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// No word that is known.
    #[error("a clock is wall, replay, or scaled:START@SPEED (like scaled:now@60)")]
    Word,
    /// The start.
    #[error("START is now, or an RFC 3339 time like 2026-09-11T18:00:00+08:00")]
    Start,
    /// The speed.
    #[error("SPEED is a number from {} to {}", SPEEDS.start(), SPEEDS.end())]
    Speed,
}

impl FromStr for ClockKind {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Self, ScaleError> {
        let scaled = match text {
            "wall" => return Ok(ClockKind::Wall),
            "replay" => return Ok(ClockKind::Replay),
            other => other.strip_prefix("scaled:").ok_or(ScaleError::Word)?,
        };
        let (start, speed) = scaled.rsplit_once('@').ok_or(ScaleError::Word)?;
        let start = match start {
            "now" => None,
            text => Some(UtcMs::parse(text).map_err(|_| ScaleError::Start)?),
        };
        let speed = speed.parse().ok().filter(|s| SPEEDS.contains(s)).ok_or(ScaleError::Speed)?;
        Ok(ClockKind::Scaled(Scale { start, speed }))
    }
}

impl ClockKind {
    /// The clock, where it goes by itself; `newest` is the newest tick of the record.
    pub(super) fn own(self, newest: UtcMs) -> Option<Arc<dyn Clock>> {
        match self {
            ClockKind::Wall => Some(Arc::new(WallClock)),
            ClockKind::Scaled(scale) => Some(Arc::new(ScaledClock::start(scale, newest))),
            ClockKind::Replay => None,
        }
    }

    /// How it goes, as consoles and feeds are told.
    pub(super) fn pace(self) -> Pace {
        match self {
            ClockKind::Wall => Pace { word: "live", speed: 1.0 },
            ClockKind::Scaled(scale) => Pace { word: "live", speed: scale.speed },
            ClockKind::Replay => Pace { word: "replay", speed: 1.0 },
        }
    }

    /// How often it ticks.
    pub(super) fn tick_every(self) -> Duration {
        match self {
            ClockKind::Scaled(scale) if scale.speed > 1.0 => QUICK_TICK_EVERY,
            _ => TICK_EVERY,
        }
    }
}

/// A quickened clock: it goes by the machine's steady clock, so it never goes back, and while the
/// platform is down it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScaledClock {
    begun: Instant,
    from: UtcMs,
    speed: f64,
}

impl ScaledClock {
    /// Starts at its start, or goes on from the newest tick of the record where that is later.
    pub(super) fn start(scale: Scale, newest: UtcMs) -> Self {
        let start = scale.start.unwrap_or_else(|| WallClock.now());
        Self { begun: Instant::now(), from: start.max(newest), speed: scale.speed }
    }

    fn after(&self, passed: Duration) -> UtcMs {
        #[allow(clippy::cast_possible_truncation, reason = "saturates, in 292 million years")]
        self.from.plus_ms((passed.as_secs_f64() * self.speed * SECOND_MS as f64) as i64)
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> UtcMs {
        self.after(self.begun.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_as_they_are_written() {
        let begin = UtcMs::parse("2026-09-11T18:00:00+08:00").unwrap();
        let scaled = |start, speed| Ok(ClockKind::Scaled(Scale { start, speed }));
        assert_eq!("wall".parse(), Ok(ClockKind::Wall));
        assert_eq!("replay".parse(), Ok(ClockKind::Replay));
        assert_eq!("scaled:2026-09-11T18:00:00+08:00@60".parse(), scaled(Some(begin), 60.0));
        assert_eq!("scaled:now@0.5".parse(), scaled(None, 0.5));
        let wrong = |text: &str| text.parse::<ClockKind>().unwrap_err();
        assert_eq!(wrong("utc"), ScaleError::Word);
        assert_eq!(wrong("scaled:now"), ScaleError::Word);
        assert_eq!(wrong("scaled:2026-09-11T18:00:00@60"), ScaleError::Start);
        for speed in ["0", "-1", "601", "NaN", "inf", ""] {
            assert_eq!(wrong(&format!("scaled:now@{speed}")), ScaleError::Speed, "{speed}");
        }
    }

    #[test]
    fn a_quickened_clock_goes_on_from_the_last_tick_and_never_back() {
        let (start, tick) = (UtcMs(1_000_000), UtcMs(5_000_000));
        let scale = Scale { start: Some(start), speed: 60.0 };
        let first = ScaledClock::start(scale, UtcMs(0));
        assert_eq!(first.after(Duration::ZERO), start);
        assert_eq!(first.after(Duration::from_millis(1_500)), start.plus_ms(90_000));
        let again = ScaledClock::start(scale, tick);
        assert_eq!(again.after(Duration::from_secs(1)), tick.plus_ms(60_000));
        assert!(again.now() >= tick);
    }
}
