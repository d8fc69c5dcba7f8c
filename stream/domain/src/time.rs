//! Instants and offsets. Inside, an instant is milliseconds since the Unix epoch, UTC; text is
//! RFC 3339 with an offset, never without.

use std::fmt;

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UtcMs(pub i64);

/// Milliseconds in a second, a minute and an hour.
pub const SECOND_MS: i64 = 1_000;
/// See [`SECOND_MS`].
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// See [`SECOND_MS`].
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The longest step between two ticks of a clock that follows recorded data, ms: a gap in the data
/// is then heard as silence, and not taken for a platform that was down.
pub const REPLAY_TICK_STEP_MS: i64 = 5 * MINUTE_MS;

/// The earliest instant that is taken for a time of measurement: 2000-01-01T00:00:00Z.
pub const EARLIEST: UtcMs = UtcMs(946_684_800_000);
/// The latest instant that is representable on the wire: 2199-12-31T23:59:59Z.
pub const LATEST: UtcMs = UtcMs(7_258_118_399_000);

/// Why a text or a number is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 with an offset.
    #[error("a time is RFC 3339 with an offset, like 2026-06-11T03:05:00+08:00")]
    Form,
    /// Outside [`EARLIEST`]`..=`[`LATEST`].
    #[error("a time lies between the years 2000 and 2199")]
    Range,
}

impl UtcMs {
    /// Reads integer Unix milliseconds.
    ///
    /// # Errors
    /// [`TimeError::Range`] outside the years 2000 to 2199.
    pub fn from_millis(ms: i64) -> Result<Self, TimeError> {
        if (EARLIEST.0..=LATEST.0).contains(&ms) { Ok(Self(ms)) } else { Err(TimeError::Range) }
    }

    /// Reads RFC 3339 with an offset.
    ///
    /// # Errors
    /// [`TimeError::Form`] for anything else, a local time without an offset included;
    /// [`TimeError::Range`] outside the years 2000 to 2199.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if text.len() > 40 || !text.is_ascii() {
            return Err(TimeError::Form);
        }
        let stamp: jiff::Timestamp = text.parse().map_err(|_| TimeError::Form)?;
        Self::from_millis(stamp.as_millisecond())
    }

    /// RFC 3339 in the given offset (seconds east of UTC), with milliseconds only where they are
    /// not zero: `2026-09-11T22:00:00+08:00`.
    pub fn rfc3339(self, offset_s: i32) -> String {
        let offset = Offset::from_seconds(offset_s).unwrap_or(Offset::UTC);
        let stamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        let zoned = stamp.to_zoned(TimeZone::fixed(offset));
        let form = if self.0.rem_euclid(SECOND_MS) == 0 {
            "%Y-%m-%dT%H:%M:%S%:z"
        } else {
            "%Y-%m-%dT%H:%M:%S%.3f%:z"
        };
        zoned.strftime(form).to_string()
    }

    /// This instant plus `ms` milliseconds, held at the ends of `i64`.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl fmt::Display for UtcMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339(0))
    }
}

/// Reads a time on the wire: RFC 3339 with an offset, or integer Unix milliseconds.
///
/// # Errors
/// Says `time: …` where it is neither.
pub fn on_the_wire<'de, D: serde::Deserializer<'de>>(d: D) -> Result<UtcMs, D::Error> {
    struct Either;
    impl serde::de::Visitor<'_> for Either {
        type Value = UtcMs;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("RFC 3339 with an offset, or integer Unix milliseconds")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<UtcMs, E> {
            UtcMs::parse(text).map_err(|why| E::custom(format!("time: {why}")))
        }
        fn visit_i64<E: serde::de::Error>(self, ms: i64) -> Result<UtcMs, E> {
            UtcMs::from_millis(ms).map_err(|why| E::custom(format!("time: {why}")))
        }
        fn visit_u64<E: serde::de::Error>(self, ms: u64) -> Result<UtcMs, E> {
            self.visit_i64(i64::try_from(ms).unwrap_or(i64::MAX))
        }
    }
    d.deserialize_any(Either)
}

/// Reads a time that may be left out: see [`on_the_wire`].
///
/// # Errors
/// As [`on_the_wire`].
pub fn on_the_wire_or_not<'de, D: serde::Deserializer<'de>>(
    d: D,
) -> Result<Option<UtcMs>, D::Error> {
    #[derive(Deserialize)]
    struct OnTheWire(#[serde(deserialize_with = "on_the_wire")] UtcMs);
    Ok(Option::<OnTheWire>::deserialize(d)?.map(|t| t.0))
}

/// Where "now" comes from. Implementations that read the machine's clock live in binaries only.
pub trait Clock: Send + Sync {
    /// The present instant of this clock.
    fn now(&self) -> UtcMs;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_needs_an_offset_and_a_sane_year() {
        let t = UtcMs::parse("2026-06-11T03:05:00+08:00");
        assert_eq!(t, Ok(UtcMs(1_781_118_300_000)));
        assert_eq!(UtcMs::parse("2026-06-11T03:05:00"), Err(TimeError::Form));
        assert_eq!(UtcMs::parse("0000-01-01T00:00:00Z"), Err(TimeError::Range));
        assert_eq!(UtcMs::parse("9999-01-01T00:00:00Z"), Err(TimeError::Range));
        assert_eq!(UtcMs::parse("1970-01-01T00:00:00Z"), Err(TimeError::Range));
    }

    #[test]
    fn text_is_written_in_the_offset_asked_for() {
        assert_eq!(UtcMs(1_781_118_300_000).rfc3339(8 * 3600), "2026-06-11T03:05:00+08:00");
        assert_eq!(UtcMs(1_781_118_300_001).rfc3339(0), "2026-06-10T19:05:00.001+00:00");
    }
}
