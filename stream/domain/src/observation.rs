//! An observation as admitted: which datastream, when, what, how good, and an id made of its own
//! content, so that it is the same id wherever the observation is read from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{DatastreamIx, StationId};
use crate::time::UtcMs;

/// Where a value comes from (WMO and SL 323 keep the same distinction).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OriginFlag {
    /// As the instrument sent it.
    #[default]
    Original,
    /// A later value for the same instant, or one a person corrected.
    Corrected,
    /// Filled in from neighbours or a model.
    Completed,
}

/// How far a value may be believed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Used.
    #[default]
    Reliable,
    /// Shown and marked; judged by nobody until a value that is believed bears it out.
    Doubtful,
    /// Shown, never used.
    Unreliable,
}

impl Trust {
    /// Whether a value may raise or lower a level. A spike or a stuck gauge does neither by itself.
    pub fn is_judged(self) -> bool {
        self == Self::Reliable
    }
}

/// Origin × trust.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Quality {
    /// Where the value comes from.
    pub origin: OriginFlag,
    /// How far it may be believed.
    pub trust: Trust,
}

/// One admitted observation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The datastream: one property at one station.
    pub datastream: DatastreamIx,
    /// The instant it is true of; for an interval property (rain) the *end* of its interval.
    pub t: UtcMs,
    /// When the sender settled the value; `t` where the sender does not say. Of two values for one
    /// (datastream, t) the later result wins.
    pub result_time: UtcMs,
    /// The value, finite, in the property's own unit ([`crate::property`]).
    pub value: f64,
    /// Origin × trust.
    pub quality: Quality,
    /// Whether its sender (or an import) says that it is of a backlog: old news, which amends what
    /// was said of its time and raises nothing new. Never guessed from its age. It is no part of the
    /// content; the record keeps it as a kind of its own.
    #[serde(skip)]
    pub backlog: bool,
}

impl Observation {
    /// The part of the id that tells two values for one instant apart: CRC-32 of the value's bits,
    /// the result time and the quality.
    pub fn content_crc(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        // -0.0 and 0.0 are one reading.
        hasher.update(&(self.value + 0.0).to_bits().to_le_bytes());
        hasher.update(&self.result_time.0.to_le_bytes());
        hasher.update(&[self.quality.origin as u8, self.quality.trust as u8]);
        hasher.finalize()
    }
}

/// What was told of one instant of one datastream, as far as it may still hold. Of what the gauge's own
/// sender said the later result stands, of two of one time the larger id; so too of what others filled
/// in for it. What was filled in holds where nothing was sent, and where what was sent may not be
/// judged by: another gauge's word is better than a doubtful one. In whichever order they come.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Instant {
    sent: Option<Observation>,
    filled: Option<Observation>,
}

impl Instant {
    /// Takes what was told; whether it takes the place of what was told before by the same.
    pub fn take(&mut self, seen: &Observation) -> bool {
        let slot = match seen.quality.origin {
            OriginFlag::Completed => &mut self.filled,
            OriginFlag::Original | OriginFlag::Corrected => &mut self.sent,
        };
        let rank = |one: &Observation| (one.result_time, one.content_crc());
        let later = slot.is_none_or(|had| rank(&had) < rank(seen));
        if later {
            *slot = Some(*seen);
        }
        later
    }

    /// What holds.
    pub fn holds(&self) -> Option<Observation> {
        match (self.sent, self.filled) {
            (Some(sent), Some(filled)) => {
                let judged = |one: Observation| one.quality.trust.is_judged();
                Some(if !judged(sent) && judged(filled) { filled } else { sent })
            }
            (sent, filled) => sent.or(filled),
        }
    }

    /// The other one, where there are two.
    pub fn beneath(&self) -> Option<Observation> {
        let both = self.sent.zip(self.filled);
        both.map(|(sent, filled)| if self.holds() == Some(sent) { filled } else { sent })
    }
}

/// The id of an observation: `JM-0012:rainfall:1781118300000:0a1b2c3d`.
///
/// Station, property, instant in Unix milliseconds, and [`Observation::content_crc`] in hex: the
/// same in the journal, in a replay and in a back-test over a plain file. A resend has the same id,
/// a correction another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObservationId {
    /// The station.
    pub station: StationId,
    /// The property's name on the wire.
    pub property: String,
    /// The instant.
    pub t: UtcMs,
    /// See [`Observation::content_crc`].
    pub crc: u32,
}

impl fmt::Display for ObservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{:08x}", self.station, self.property, self.t.0, self.crc)
    }
}

/// The text is no observation id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an observation id is station:property:milliseconds:crc")]
pub struct ObservationIdError;

impl FromStr for ObservationId {
    type Err = ObservationIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(ObservationIdError);
        let (station, property, t, crc) = (next()?, next()?, next()?, next()?);
        if parts.next().is_some() || crc.len() != 8 {
            return Err(ObservationIdError);
        }
        Ok(Self {
            station: StationId::new(station).map_err(|_| ObservationIdError)?,
            property: property.to_owned(),
            t: UtcMs(t.parse().map_err(|_| ObservationIdError)?),
            crc: u32::from_str_radix(crc, 16).map_err(|_| ObservationIdError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(value: f64) -> Observation {
        let t = UtcMs(1_781_118_300_000);
        let quality = Quality::default();
        Observation {
            datastream: DatastreamIx(3),
            t,
            result_time: t,
            value,
            quality,
            backlog: false,
        }
    }

    #[test]
    fn a_resend_has_the_same_id_and_a_correction_another() {
        assert_eq!(seen(2.5).content_crc(), seen(2.5).content_crc());
        assert_ne!(seen(2.5).content_crc(), seen(2.6).content_crc());
        assert_eq!(seen(0.0).content_crc(), seen(-0.0).content_crc());
    }

    #[test]
    fn the_text_of_an_id_reads_back() {
        let text = "JM-0012:rainfall:1781118300000:0a1b2c3d";
        assert_eq!(text.parse::<ObservationId>().map(|id| id.to_string()).as_deref(), Ok(text));
        assert!("JM-0012:rainfall:x:0a1b2c3d".parse::<ObservationId>().is_err());
    }
}
