//! What an agency reports about a situation: a citizen's call, a road that is closed, a dike that
//! leaks. One envelope for all of them, told apart by [`Key`]: a later report of the same key takes
//! the earlier one's place, and the earlier one stays in its history.
//!
//! Nobody who calls is named here: there is no field for a caller, and what looks like a telephone
//! or identity number in a text is hidden before it is kept.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, IdError, ReportId, ZoneId};
use crate::time::UtcMs;

pub mod body;
pub mod located;
pub mod shape;

pub use body::Body;
pub use located::{Located, LocatedBy, Precision};
pub use shape::Shape;

/// The kinds of situation that are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 12345: a citizen's report.
    Hotline,
    /// 110, 119, 120, 122: an emergency call's incident.
    Call,
    /// 停电.
    Outage,
    /// 道路封闭.
    Closure,
    /// 隐患点: a register of places, with their state.
    HazardPoint,
    /// 食品药品.
    Food,
    /// 险情、工情、灾情.
    Damage,
    /// An office's forecast of a series.
    Forecast,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: &'static [Kind] = &[
        Kind::Hotline,
        Kind::Call,
        Kind::Outage,
        Kind::Closure,
        Kind::HazardPoint,
        Kind::Food,
        Kind::Damage,
        Kind::Forecast,
    ];

    /// The word on the wire and in keys.
    pub fn wire(self) -> &'static str {
        match self {
            Kind::Hotline => "hotline",
            Kind::Call => "call",
            Kind::Outage => "outage",
            Kind::Closure => "closure",
            Kind::HazardPoint => "hazard_point",
            Kind::Food => "food",
            Kind::Damage => "damage",
            Kind::Forecast => "forecast",
        }
    }

    /// The kind of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.wire() == word)
    }
}

/// Whose report it is, of which kind, by the sender's own id. Text: `hotline@hotline12345@JM-17`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// Whose.
    pub agency: AgencyId,
    /// The sender's own id.
    pub id: ReportId,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}@{}", self.kind.wire(), self.agency, self.id)
    }
}

/// The text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not three parts.
    #[error("a situation's key is kind@agency@id")]
    Form,
    /// No kind.
    #[error("there is no kind {0:?} of situation")]
    Kind(String),
    /// An id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl FromStr for Key {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('@');
        let (Some(kind), Some(agency), Some(id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(KeyError::Form);
        };
        let kind = Kind::find(kind).ok_or_else(|| KeyError::Kind(kind.to_owned()))?;
        Ok(Self { kind, agency: AgencyId::new(agency)?, id: ReportId::new(id)? })
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How it stands with the sender.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on: the road is closed, the power is off, the call is open.
    #[default]
    Open,
    /// It is over: reopened, restored, dealt with.
    Closed,
    /// It was sent in error.
    Withdrawn,
}

impl State {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Closed => "closed",
            State::Withdrawn => "withdrawn",
        }
    }
}

/// Where the sender says it is. Any of the three may be missing; nothing is guessed here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SaidPlace {
    /// Longitude and latitude, degrees WGS-84: converted where the sender declared another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<(f64, f64)>,
    /// The system the sender declared, where it declared one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<gis::Crs>,
    /// An address, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Zones, by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneId>,
    /// The lines or outlines of it, where the sender gave them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

/// One report about a situation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// The sender's own id; with the agency and the kind it is the [`Key`].
    pub id: ReportId,
    /// When it was true, by the sender: the newest of a key is shown.
    pub t: UtcMs,
    /// What was said, in words; numbers of people hidden.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// How it stands.
    #[serde(default)]
    pub state: State,
    /// Where the sender says it is.
    #[serde(default)]
    pub place: SaidPlace,
    /// Where the platform put it when it came in, and by what. Not part of what was said.
    #[serde(default)]
    pub located: Located,
    /// What is particular to its kind.
    pub body: Body,
}

impl Situation {
    /// Its key, sent by `agency`.
    pub fn key(&self, agency: &AgencyId) -> Key {
        Key { kind: self.body.kind(), agency: agency.clone(), id: self.id.clone() }
    }

    /// Whether both say the same, wherever the platform put them.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.t == other.t
            && self.state == other.state
            && self.text == other.text
            && self.place == other.place
            && self.body == other.body
            && self.id == other.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text() {
        let key: Key = "hotline@hotline12345@JM20260911-0017".parse().unwrap();
        assert_eq!((key.kind, key.id.as_str()), (Kind::Hotline, "JM20260911-0017"));
        assert_eq!(key.to_string().parse(), Ok(key));
        for wrong in ["hotline@a", "flood@a@b", "hotline@a@b@c", "hotline@a b@c", ""] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }
}
