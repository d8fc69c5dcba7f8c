//! What every report's form is read by, part of stop 2: fields by name, times with an offset, text
//! within its bounds. Pure and total.

use std::fmt;

use domain::refusal::Reason;
use domain::time::UtcMs;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};

use crate::json::instant;
use crate::judge::Why;

/// The longest note of a report, bytes.
pub const NOTE_MAX_BYTES: usize = 2_000;

/// A time on the wire: RFC 3339 with an offset, or integer Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub UtcMs);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("RFC 3339 with an offset, or integer Unix milliseconds")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                instant::parse(text).map(Time).map_err(|why| E::custom(format!("time: {why}")))
            }
            fn visit_i64<E: serde::de::Error>(self, ms: i64) -> Result<Time, E> {
                UtcMs::from_millis(ms).map(Time).map_err(|why| E::custom(format!("time: {why}")))
            }
            fn visit_u64<E: serde::de::Error>(self, ms: u64) -> Result<Time, E> {
                self.visit_i64(i64::try_from(ms).unwrap_or(i64::MAX))
            }
        }
        d.deserialize_any(Either)
    }
}

/// Reads a form: unknown fields, missing ones and ill-formed ones are named.
///
/// # Errors
/// [`Why`], naming the field.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Why> {
    serde_json::from_slice(body).map_err(|error| {
        let said = error.to_string();
        let reason = if !error.is_data() {
            if said.starts_with("number out of range") { Reason::NotFinite } else { Reason::Syntax }
        } else if said.starts_with("unknown field") {
            Reason::UnknownField
        } else if said.starts_with("missing field") {
            Reason::MissingField
        } else if said.starts_with("time: ") {
            Reason::Time
        } else if said.starts_with("an id ") {
            Reason::Identifier
        } else {
            Reason::FieldForm
        };
        Why::new(reason, said)
    })
}

/// Text that people read: line breaks are allowed, other control characters are not.
///
/// # Errors
/// [`Why`], naming the field.
pub fn long_text(field: &str, text: Option<&str>, max_bytes: usize) -> Result<(), Why> {
    let Some(text) = text else { return Ok(()) };
    if text.len() > max_bytes {
        let said =
            format!("field {field:?} has at most {max_bytes} bytes, this has {}", text.len());
        return Err(Why::new(Reason::FieldForm, said));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        let said = format!("field {field:?} has control characters");
        return Err(Why::new(Reason::Identifier, said));
    }
    Ok(())
}

/// A longitude and a latitude, degrees WGS-84: both or neither, and on this earth.
///
/// # Errors
/// [`Why`], naming the field.
pub fn point(lon: Option<f64>, lat: Option<f64>) -> Result<Option<(f64, f64)>, Why> {
    let missing =
        |field: &str| Why::new(Reason::MissingField, format!("field {field:?} is missing"));
    match (lon, lat) {
        (Some(_), None) => Err(missing("lat")),
        (None, Some(_)) => Err(missing("lon")),
        (None, None) => Ok(None),
        (Some(lon), Some(lat)) => {
            if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
                let said = format!("longitude {lon}, latitude {lat} is no place on earth");
                return Err(Why::new(Reason::OutOfRange, said));
            }
            Ok(Some((lon, lat)))
        }
    }
}
