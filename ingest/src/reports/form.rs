//! What every report's form is read by, part of stop 2: fields by name, times with an offset, text
//! within its bounds. Pure and total.

use std::fmt;

use domain::refusal::Reason;
use domain::time::UtcMs;
use gis::Crs;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::value::RawValue;

use crate::json::batch::{depth, lines};
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
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Why> {
    serde_json::from_slice(body).map_err(|error| classified(&error))
}

/// Why a form is refused, by what its reader said.
pub fn classified(error: &serde_json::Error) -> Why {
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
}

/// The forms of a body: an object, an array of them, or one a line; at most `most`.
///
/// # Errors
/// [`Why`] where it is none of these, nests too deep, or holds too many.
pub fn objects(body: &[u8], most: usize) -> Result<Vec<&[u8]>, Why> {
    depth(body).map_err(|error| Why::new(error.reason(), error.to_string()))?;
    let is_array = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    // One line is one form, whether it can be read or not.
    let is_line =
        !body.contains(&b'\n') && !body.is_empty() && body.trim_ascii().len() == body.len();
    let found: Vec<&[u8]> = if is_array {
        let items: Vec<&RawValue> = read(body)?;
        items.into_iter().map(|item| item.get().as_bytes()).collect()
    } else if is_line || serde_json::from_slice::<&RawValue>(body).is_ok() {
        vec![body]
    } else {
        lines(body).take(most + 1).collect()
    };
    if found.len() > most {
        return Err(Why::new(Reason::TooLarge, format!("at most {most} in one body")));
    }
    if found.is_empty() {
        return Err(Why::new(Reason::Syntax, "the body is empty"));
    }
    Ok(found)
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

/// Where something is, WGS-84: a pair in the coordinate system of its agency.
///
/// `lon` and `lat` are degrees, both or neither. `crs` is what the report itself says (its field
/// `crs`), `declared` what its agency has declared for all it sends (`coordinates` in
/// `agencies.toml`); where neither says anything the pair is WGS-84. A report that says another
/// system than its agency has declared is refused: one of the two is wrong by half a kilometre, and
/// nobody here can know which. 0/0 says that the place is not known.
///
/// # Errors
/// [`Why`]: a missing half, a mixture ([`Reason::Coordinates`]), no place on earth.
pub fn place(
    lon: Option<f64>,
    lat: Option<f64>,
    crs: Option<Crs>,
    declared: Option<Crs>,
) -> Result<Option<(f64, f64)>, Why> {
    let missing =
        |field: &str| Why::new(Reason::MissingField, format!("field {field:?} is missing"));
    if let (Some(said), Some(declared)) = (crs, declared)
        && said != declared
    {
        let detail = format!(
            "the report is in {}, but its agency has declared {} for all it sends",
            said.wire(),
            declared.wire()
        );
        return Err(Why::new(Reason::Coordinates, detail));
    }
    match (lon, lat) {
        (Some(_), None) => Err(missing("lat")),
        (None, Some(_)) => Err(missing("lon")),
        (None, None) => Ok(None),
        // What receivers without a fix and forms without a place send: it is no place of a city.
        (Some(0.0), Some(0.0)) => Ok(None),
        (Some(lon), Some(lat)) => {
            let system = crs.or(declared).unwrap_or_default();
            match system.to_wgs84(lon, lat) {
                Ok(at) => Ok(Some((at.lon(), at.lat()))),
                Err(_) => {
                    let said = format!("longitude {lon}, latitude {lat} is no place on earth");
                    Err(Why::new(Reason::OutOfRange, said))
                }
            }
        }
    }
}

/// The system that a report of a body says its coordinates are in.
#[derive(Deserialize)]
struct System {
    #[serde(default)]
    crs: Option<Crs>,
}

/// One body has one coordinate system: where its reports say two, one of them is a slip, and the points
/// are half a kilometre off. Reports that cannot be read say nothing.
pub fn mixture<'a>(reports: impl IntoIterator<Item = &'a [u8]>) -> Option<Why> {
    let read = |raw| serde_json::from_slice::<System>(raw).ok();
    let mut systems = reports.into_iter().filter_map(read).map(|s| s.crs.unwrap_or_default());
    let first = systems.next()?;
    let other = systems.find(|crs| *crs != first)?;
    Some(mixed(first, other))
}

/// Why a body of two coordinate systems is refused.
pub(crate) fn mixed(first: Crs, other: Crs) -> Why {
    let detail = format!("one body holds points in {} and in {}", first.wire(), other.wire());
    Why::new(Reason::Coordinates, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_brought_to_wgs84_or_refused_where_systems_are_mixed() {
        let here = (Some(113.08), Some(22.58));
        let place = |crs, declared| place(here.0, here.1, crs, declared);
        assert_eq!(place(None, None), Ok(Some((113.08, 22.58))));
        assert_eq!(place(Some(Crs::Wgs84), None), Ok(Some((113.08, 22.58))));
        let shifted = place(None, Some(Crs::Gcj02)).unwrap().unwrap();
        assert!((113.07..113.08).contains(&shifted.0), "{shifted:?}");
        assert_eq!(place(Some(Crs::Gcj02), Some(Crs::Gcj02)), Ok(Some(shifted)));
        assert_eq!(place(Some(Crs::Gcj02), None), Ok(Some(shifted)));
        let mixed = place(Some(Crs::Wgs84), Some(Crs::Gcj02)).unwrap_err();
        assert_eq!(mixed.reason, Reason::Coordinates);
        assert!(mixed.detail.contains("wgs84") && mixed.detail.contains("gcj02"));
        let half = super::place(Some(113.0), None, None, None).unwrap_err();
        assert_eq!(half.reason, Reason::MissingField);
        let unknown = super::place(Some(0.0), Some(-0.0), None, Some(Crs::Gcj02));
        assert_eq!(unknown, Ok(None), "0/0 is what is sent for no place");
        let nowhere = super::place(Some(22.0), Some(113.0), None, None).unwrap_err();
        assert_eq!(nowhere.reason, Reason::OutOfRange);
    }
}
