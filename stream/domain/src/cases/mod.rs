//! Counts of cases: so many of a syndrome or disease, on a day, at a place, of an age. Never a
//! person: there is no field in which one could be named. Single cases are reported to the national
//! direct-report system and stay there.

mod book;
pub mod codes;

pub use book::{Book, Entry, KEYS_MAX, Key, REVISIONS_MAX, Revision, SPAN_DAYS, Taken};
pub use codes::{Disease, LegalClass, built_in};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::AgencyId;
use crate::time::{HOUR_MS, UtcMs};

macro_rules! as_text {
    ($($name:ident)*) => {$(
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
    )*};
}
as_text! { Day AgeBand }

/// A day, as the city counts days: since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// Why a text is no day or no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaseFormError {
    /// Not `2026-06-11`.
    #[error("time: a day is written 2026-06-11, between the years 2000 and 2199")]
    Day,
    /// Not `0-4`, `60+`, `all` or `unknown`.
    #[error("an age is written 0-4, 60+, all or unknown, years up to {AGE_MAX}")]
    Age,
}

/// The greatest age that is written, years.
pub const AGE_MAX: u8 = 120;
/// The days of the years 2000 to 2199.
const DAYS: std::ops::RangeInclusive<i32> = 10_957..=84_005;

impl Day {
    /// The day that it is at an instant, at an offset (seconds east of UTC).
    pub fn at(t: UtcMs, offset_s: i32) -> Self {
        let local = t.0.saturating_add(i64::from(offset_s) * 1_000);
        Self(i32::try_from(local.div_euclid(24 * HOUR_MS)).unwrap_or(i32::MAX))
    }
}

impl FromStr for Day {
    type Err = CaseFormError;
    fn from_str(text: &str) -> Result<Self, CaseFormError> {
        let digits = text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
        if text.len() != 10 || !digits {
            return Err(CaseFormError::Day);
        }
        let date: jiff::civil::Date = text.parse().map_err(|_| CaseFormError::Day)?;
        let since = date.since(jiff::civil::date(1970, 1, 1)).map_err(|_| CaseFormError::Day)?;
        let day = since.get_days();
        if DAYS.contains(&day) { Ok(Self(day)) } else { Err(CaseFormError::Day) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UtcMs(i64::from(self.0) * 24 * HOUR_MS).rfc3339(0)[..10].fmt(f)
    }
}

/// Of which age, years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeBand {
    /// Of every age.
    All,
    /// From this to that, both in it.
    Years(u8, u8),
    /// So old or older.
    From(u8),
    /// Of people whose age is not known.
    Unknown,
}

impl FromStr for AgeBand {
    type Err = CaseFormError;
    fn from_str(text: &str) -> Result<Self, CaseFormError> {
        let years = |text: &str| {
            let plain = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            let n = text.parse().ok().filter(|n: &u8| plain && *n <= AGE_MAX);
            n.ok_or(CaseFormError::Age)
        };
        match text {
            "all" => Ok(Self::All),
            "unknown" => Ok(Self::Unknown),
            _ => match (text.strip_suffix('+'), text.split_once('-')) {
                (Some(from), _) => Ok(Self::From(years(from)?)),
                (None, Some((from, to))) => match (years(from)?, years(to)?) {
                    (from, to) if from <= to => Ok(Self::Years(from, to)),
                    _ => Err(CaseFormError::Age),
                },
                _ => Err(CaseFormError::Age),
            },
        }
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Unknown => f.write_str("unknown"),
            Self::From(from) => write!(f, "{from}+"),
            Self::Years(from, to) => write!(f, "{from}-{to}"),
        }
    }
}

/// Of which sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
}

impl Sex {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Sex::Male => "male",
            Sex::Female => "female",
        }
    }
}

/// One count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseCount {
    /// Whose feed: put by admission from the credential, never by who sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// The day of onset or visit, as the agency counts; the city's own days.
    pub day: Day,
    /// A zone's code, or a hospital's id.
    pub place: String,
    /// The code: built in ([`built_in`]) or of the city's `diseases.csv`.
    pub syndrome: String,
    /// Of which age.
    pub age: AgeBand,
    /// Of which sex; both where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// How many.
    pub count: u32,
    /// Of them dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deaths: Option<u32>,
    /// When it was reported. A later report of the same key corrects an earlier one.
    #[serde(deserialize_with = "crate::time::on_the_wire")]
    pub reported: UtcMs,
}

#[cfg(test)]
mod tests;
