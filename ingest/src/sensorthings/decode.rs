//! Stop 2 of 9 for SensorThings: an Observation entity, or data arrays of them, → what admission
//! judges. Pure and total. Before it: [`super::http`] and [`crate::mqtt::session`] (heard); after
//! it: [`crate::admit`] (admitted).
//!
//! An Observation's `Datastream` is named by its id, `station:property`. What the platform does not
//! keep (`validTime`, most `parameters`) is checked for form and left out; the README says so.

use std::borrow::Cow;
use std::fmt;

use domain::status::WireStatus;
use domain::time::UtcMs;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub use super::arrays::{Row, data_arrays};
use super::resource::datastream;
use crate::json::batch::{BatchError, depth};
use crate::json::decode::RawObservation;
use crate::json::error::{DecodeError, shown};
use crate::json::instant;
use crate::json::quality::quality;

/// The most fields of one object that are looked at.
pub const FIELDS_MAX: usize = 32;
pub(super) const ID: &str = "@iot.id";

/// Whatever can be posted; for tests that send anything.
///
/// # Errors
/// As the readers of this module.
pub fn decode(bytes: &[u8]) -> Result<usize, BatchError> {
    match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'[') => {
            let rows = data_arrays(bytes)?;
            Ok(rows.iter().filter(|row| row.read(UtcMs(0)).is_ok()).count())
        }
        _ => Ok(observation(bytes, None, UtcMs(0)).map(|_| 1)?),
    }
}

/// Reads one Observation. `of` is the datastream that the path names; then the body need not.
/// An observation without a phenomenon time is of the moment it came, `received` (18-088, Table on
/// Observation: the service assigns the current time).
///
/// # Errors
/// [`DecodeError`], naming the field.
pub fn observation<'a>(
    bytes: &'a [u8],
    of: Option<(&'a str, &'a str)>,
    received: UtcMs,
) -> Result<RawObservation<'a>, DecodeError> {
    let fields = fields(bytes)?;
    observed(fields.iter().map(|(name, value)| (&**name, value.get())), of, received)
}

/// An Observation of these fields, none of them twice.
pub(super) fn observed<'a, 'n>(
    fields: impl Iterator<Item = (&'n str, &'a str)>,
    of: Option<(&'a str, &'a str)>,
    received: UtcMs,
) -> Result<RawObservation<'a>, DecodeError> {
    let mut said = RawObservation::bare("", "", received, f64::NAN);
    let (mut has_result, mut named, mut feature) = (false, of, None);
    for (name, raw) in fields {
        if raw == "null" && name != "result" {
            continue;
        }
        match name {
            "result" => {
                said.v = number(raw)?;
                has_result = true;
            }
            "phenomenonTime" => said.t = end_of(&text("phenomenonTime", raw)?, "phenomenonTime")?,
            "resultTime" => {
                said.result_time = Some(time(&text("resultTime", raw)?, "resultTime")?);
            }
            "resultQuality" => said.q = Some(quality_of(raw)?),
            "validTime" => drop(end_of(&text("validTime", raw)?, "validTime")?),
            "parameters" => said.status = status(raw)?,
            "Datastream" => named = Some(stream(raw, of)?),
            "FeatureOfInterest" => feature = Some(reference("FeatureOfInterest", raw)?),
            other => return Err(DecodeError::UnknownField(shown(other))),
        }
    }
    if !has_result {
        return Err(DecodeError::MissingField("result"));
    }
    let (station, property) = named.ok_or(DecodeError::MissingField("Datastream"))?;
    if feature.is_some_and(|feature| feature != station) {
        let expected = "the feature of an observation is its station's, or left out";
        return Err(DecodeError::Form { field: "FeatureOfInterest", expected });
    }
    said.station = Cow::Borrowed(station);
    said.property = Cow::Borrowed(property);
    Ok(said)
}

pub(super) fn form(field: &'static str, expected: &'static str) -> DecodeError {
    DecodeError::Form { field, expected }
}

/// The fields of one object, none of them twice.
pub(super) fn fields(bytes: &[u8]) -> Result<Vec<(Cow<'_, str>, &RawValue)>, DecodeError> {
    depth(bytes)?;
    let mut wrong = None;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Fields(&mut wrong).deserialize(&mut json).and_then(|read| json.end().map(|()| read));
    read.map_err(|error| wrong.unwrap_or_else(|| explain(bytes, &error, DecodeError::NoObject)))
}

struct Fields<'w>(&'w mut Option<DecodeError>);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        use serde::de::Error;
        let mut fields: Self::Value = Vec::new();
        while let Some((name, value)) = map.next_entry::<Name<'de>, &RawValue>()? {
            let twice = fields.iter().any(|(known, _)| *known == name.0);
            if twice || fields.len() == FIELDS_MAX {
                *self.0 = Some(if twice {
                    DecodeError::TwiceNamed(shown(&name.0))
                } else {
                    DecodeError::UnknownField(shown(&name.0))
                });
                return Err(A::Error::custom("refused"));
            }
            fields.push((name.0, value));
        }
        Ok(fields)
    }
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

pub(super) fn list<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<Vec<T>, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| explain(bytes, &error, DecodeError::NoArray))
}

fn explain(bytes: &[u8], error: &serde_json::Error, other: DecodeError) -> DecodeError {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        DecodeError::Empty
    } else if bytes.starts_with(b"\xef\xbb\xbf") {
        DecodeError::ByteOrderMark
    } else if std::str::from_utf8(bytes).is_err() {
        DecodeError::Utf8
    } else if error.is_data() {
        other
    } else {
        DecodeError::Syntax(error.to_string())
    }
}

fn text<'a>(field: &'static str, raw: &'a str) -> Result<Cow<'a, str>, DecodeError> {
    let read: Result<Name<'a>, _> = serde_json::from_str(raw);
    read.map(|name| name.0).map_err(|_| form(field, "text is wanted"))
}

fn number(raw: &str) -> Result<f64, DecodeError> {
    match serde_json::from_str::<f64>(raw) {
        Ok(v) if v.is_finite() => Ok(v),
        Ok(_) => Err(DecodeError::NotFinite("result")),
        Err(error) if error.to_string().starts_with("number out of range") => {
            Err(DecodeError::NotFinite("result"))
        }
        Err(_) => Err(form("result", "a number is wanted")),
    }
}

fn time(text: &str, field: &'static str) -> Result<UtcMs, DecodeError> {
    instant::parse(text).map_err(|why| DecodeError::Time { field, why })
}

/// The instant, or the end of an interval.
fn end_of(text: &str, field: &'static str) -> Result<UtcMs, DecodeError> {
    let Some((start, end)) = text.split_once('/') else { return time(text, field) };
    let (start, end) = (time(start, field)?, time(end, field)?);
    if start > end {
        return Err(form(field, "an interval's start lies before its end"));
    }
    Ok(end)
}

fn quality_of(raw: &str) -> Result<domain::observation::Quality, DecodeError> {
    let word = text("resultQuality", raw)?;
    let wanted = "one of reliable, doubtful, unreliable, corrected, completed, or two of them";
    quality(&word).map_err(|_| form("resultQuality", wanted))
}

/// `parameters` is any object. Of what stands in it, `status` is looked at: an exercise's
/// observation is none of the live picture's.
fn status(raw: &str) -> Result<WireStatus, DecodeError> {
    let said = fields(raw.as_bytes()).map_err(|error| match error {
        DecodeError::NoObject => form("parameters", "an object is wanted"),
        other => other,
    })?;
    let Some((_, status)) = said.iter().find(|(name, _)| name == "status") else {
        return Ok(WireStatus::Actual);
    };
    match &*text("parameters", status.get())? {
        "actual" => Ok(WireStatus::Actual),
        "exercise" => Ok(WireStatus::Exercise),
        other => Err(DecodeError::UnknownStatus(shown(other))),
    }
}

/// `{"@iot.id": "…"}`. A datastream or a feature cannot be made on the way.
fn reference<'a>(field: &'static str, raw: &'a str) -> Result<&'a str, DecodeError> {
    let wanted = form(field, "an object with the one field @iot.id, a text without escapes");
    let said = fields(raw.as_bytes()).map_err(|_| wanted.clone())?;
    let [(name, id)] = said.as_slice() else { return Err(wanted) };
    if name != ID {
        return Err(wanted);
    }
    serde_json::from_str::<&str>(id.get()).map_err(|_| wanted)
}

pub(super) fn stream<'a>(
    raw: &'a str,
    of: Option<(&'a str, &'a str)>,
) -> Result<(&'a str, &'a str), DecodeError> {
    let id = reference("Datastream", raw)?;
    let named = datastream(id).ok_or_else(|| DecodeError::Identifier {
        field: "Datastream",
        why: "a datastream's id is station:property".into(),
    })?;
    if of.is_some_and(|of| of != named) {
        return Err(form("Datastream", "it is another than the path names"));
    }
    Ok(named)
}
