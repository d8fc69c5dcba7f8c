//! Typed identifiers. A textual id is 1 to 64 characters of `A–Z a–z 0–9 . _ -`, so that it can
//! stand in a topic, a path, a file name, a line protocol and a log line without escaping.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest textual id, in bytes.
pub const ID_MAX_BYTES: usize = 64;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing, or only white space.
    #[error("an id must not be empty")]
    Empty,
    /// Longer than [`ID_MAX_BYTES`].
    #[error("an id has at most {ID_MAX_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// A character outside the allow-list.
    #[error("an id is made of A-Z a-z 0-9 . _ - only, this one has {0:?}")]
    Character(char),
}

/// Checks a text against the rules of this module.
///
/// # Errors
/// [`IdError`] says which rule it breaks.
pub fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_MAX_BYTES {
        return Err(IdError::TooLong(text.len()));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))) {
        Some(c) => Err(IdError::Character(c)),
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(Arc<str>);
        impl $name {
            /// Takes a text that keeps the rules of this module.
            ///
            /// # Errors
            /// [`IdError`] says which rule it breaks.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(text.into()))
            }
            /// The id as text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> { Self::new(text) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

text_id! {
    /// A department or station operator that pushes feeds; it comes from the credential, never from a payload.
    AgencyId
    /// A place with instruments.
    StationId
    /// A city, district or township (GB/T 2260 and township codes).
    ZoneId
    /// A field unit: boat crew, pump truck, ambulance.
    UnitId
    /// A hospital.
    HospitalId
    /// A plan (预案) of the city's files.
    PlanId
    /// Another platform with which files are exchanged.
    PeerId
    /// A person who signs in.
    UserName
    /// A sender's own id of what it reports.
    ReportId
}

impl PeerId {
    /// The peer as a sender, for what is its own fault and no agency's.
    pub fn as_sender(&self) -> AgencyId {
        AgencyId(self.0.clone())
    }
}

/// The number of a datastream (one property at one station). Given out once by the journaled
/// registry, in order of first appearance, and never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatastreamIx(pub u32);

/// The place of a record in the journal: 1 for the first, then without holes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An incident: `I-` and the number the desk gave it, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(pub u64);

/// A task: `T-` and the number the desk gave it, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

macro_rules! numbered_id {
    ($name:ident, $prefix:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let number = text.strip_prefix($prefix).ok_or(IdError::Empty)?;
                number.parse().map(Self).map_err(|_| IdError::Character('?'))
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
numbered_id!(IncidentId, "I-");
numbered_id!(TaskId, "T-");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_an_allow_list() {
        assert!(StationId::new("JM-0012").is_ok());
        assert_eq!(StationId::new(""), Err(IdError::Empty));
        assert_eq!(StationId::new("../../x"), Err(IdError::Character('/')));
        assert_eq!(StationId::new("a\u{202e}b"), Err(IdError::Character('\u{202e}')));
        assert_eq!(StationId::new(&"x".repeat(10_240)), Err(IdError::TooLong(10_240)));
    }

    #[test]
    fn numbered_ids_survive_their_text() {
        assert_eq!("T-17".parse::<TaskId>().map(|t| t.to_string()), Ok("T-17".into()));
        assert!("17".parse::<TaskId>().is_err());
    }
}
