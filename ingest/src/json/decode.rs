//! Stop 2 of 9, **decoded**: bytes → [`RawObservation`] or a typed [`DecodeError`]. Pure and total.
//! Before it: [`crate::mqtt::session`], [`crate::http::session`], [`crate::bridge`] (heard). After
//! it: [`crate::admit`] (admitted).
//!
//! Text is borrowed from the bytes; nothing is allocated for an observation of the plain form.

use std::borrow::Cow;
use std::fmt;

use domain::observation::Quality;
use domain::status::WireStatus;
use domain::time::{TimeError, UtcMs};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::error::{DecodeError, shown};
use super::quality::{QUALITY_FORM, quality};
use super::scalar::{Instant, Number, Text};
use super::text::{identifier, plain_text};

/// The longest sender's own id, bytes.
pub const SENDER_ID_MAX_BYTES: usize = 128;
/// The longest unit, bytes.
pub const UNIT_MAX_BYTES: usize = 32;

/// An observation as sent: checked for form, not yet against the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct RawObservation<'a> {
    /// The station's id, of the allow-list of [`domain::ids`].
    pub station: Cow<'a, str>,
    /// The property's name, of the same allow-list.
    pub property: Cow<'a, str>,
    /// The instant; for an interval property the end of its interval.
    pub t: UtcMs,
    /// The value, finite, in `unit`.
    pub v: f64,
    /// UCUM; the property's own where absent.
    pub unit: Option<Cow<'a, str>>,
    /// The sender's own id, for exact de-duplication: at most [`SENDER_ID_MAX_BYTES`], no control
    /// characters.
    pub id: Option<Cow<'a, str>>,
    /// Quality as the sender states it.
    pub q: Option<Quality>,
    /// Live or exercise.
    pub status: WireStatus,
    /// When the sender settled the value.
    pub result_time: Option<UtcMs>,
    /// Whether the sender says that it is of a backlog.
    pub backlog: bool,
    /// Whether its protocol says values again in later reports, as SL 651's hourly ones do: the value
    /// that stands, said again, is then a duplicate, and `result_time` tells a correction only.
    pub repeats: bool,
}

impl<'a> RawObservation<'a> {
    /// An observation that says no more than a value at an instant.
    pub fn bare(station: &'a str, property: &'a str, t: UtcMs, v: f64) -> Self {
        Self {
            station: Cow::Borrowed(station),
            property: Cow::Borrowed(property),
            t,
            v,
            unit: None,
            id: None,
            q: None,
            status: WireStatus::Actual,
            result_time: None,
            backlog: false,
            repeats: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Station,
    Property,
    T,
    V,
    Unit,
    Id,
    Q,
    Status,
    ResultTime,
    Backlog,
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "station" => Self::Station,
            "property" => Self::Property,
            "t" => Self::T,
            "v" => Self::V,
            "unit" => Self::Unit,
            "id" => Self::Id,
            "q" => Self::Q,
            "status" => Self::Status,
            "result_time" => Self::ResultTime,
            "backlog" => Self::Backlog,
            _ => return None,
        })
    }
    fn bit(self) -> u16 {
        1 << (self as u16)
    }
    fn name(self) -> &'static str {
        match self {
            Self::Station => "station",
            Self::Property => "property",
            Self::T => "t",
            Self::V => "v",
            Self::Unit => "unit",
            Self::Id => "id",
            Self::Q => "q",
            Self::Status => "status",
            Self::ResultTime => "result_time",
            Self::Backlog => "backlog",
        }
    }
    fn form_error(self) -> DecodeError {
        let expected = match self {
            Self::T | Self::ResultTime => {
                return DecodeError::Time { field: self.name(), why: TimeError::Form };
            }
            Self::V => "a number is wanted",
            Self::Q => QUALITY_FORM,
            Self::Backlog => "true or false is wanted",
            _ => "text is wanted",
        };
        DecodeError::Form { field: self.name(), expected }
    }
}

/// Reads one object of the full form (`station` and `property` inside).
///
/// # Errors
/// [`DecodeError`] says what is wrong and names the field.
pub fn decode_line(bytes: &[u8]) -> Result<RawObservation<'_>, DecodeError> {
    decode_object(bytes, None)
}

/// Reads one object of the full form onto the end of a list, where it stays: it is large, and
/// handing it on costs as much as reading some of its fields.
///
/// # Errors
/// As [`decode_line`]; the list is as it was then.
pub fn decode_line_onto<'a>(
    bytes: &'a [u8],
    list: &mut Vec<RawObservation<'a>>,
) -> Result<(), DecodeError> {
    list.push(RawObservation::bare("", "", UtcMs(0), 0.0));
    let Some(seen) = list.last_mut() else { return Ok(()) };
    let read = fill(bytes, true, seen);
    if read.is_err() {
        list.pop();
    }
    read
}

/// Reads one object; with `of` given, station and property are the topic's and may not stand inside.
pub(crate) fn decode_object<'a>(
    bytes: &'a [u8],
    of: Option<(&'a str, &'a str)>,
) -> Result<RawObservation<'a>, DecodeError> {
    let (station, property) = of.unwrap_or_default();
    let mut seen = RawObservation::bare(station, property, UtcMs(0), 0.0);
    fill(bytes, of.is_none(), &mut seen).map(|()| seen)
}

/// Fills an observation where it stands; `inside`: with station and property.
fn fill<'a>(
    bytes: &'a [u8],
    inside: bool,
    seen: &mut RawObservation<'a>,
) -> Result<(), DecodeError> {
    let mut note = Note { at: None, error: None };
    let seed = ObjectSeed { inside, seen, note: &mut note };
    // Looked through once for the whole, text need not be looked through word by word.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => read_object(serde_json::Deserializer::from_str(text), seed),
        Err(_) => read_object(serde_json::Deserializer::from_slice(bytes), seed),
    };
    read.map_err(|error| explain(bytes, note, &error))
}

fn read_object<'a, R: serde_json::de::Read<'a>>(
    mut json: serde_json::Deserializer<R>,
    seed: ObjectSeed<'_, 'a>,
) -> Result<(), serde_json::Error> {
    seed.deserialize(&mut json)?;
    json.end()
}

/// Turns the parser's error into the typed one; only on the unhappy path.
fn explain(bytes: &[u8], note: Note, error: &serde_json::Error) -> DecodeError {
    use serde_json::error::Category;
    if let Some(typed) = note.error {
        return typed;
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return DecodeError::ByteOrderMark;
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return DecodeError::Empty;
    }
    if std::str::from_utf8(bytes).is_err() {
        return DecodeError::Utf8;
    }
    match (error.classify(), note.at) {
        (Category::Data, Some(field)) => field.form_error(),
        (Category::Data, None) => DecodeError::NoObject,
        // The parser has one code for it, and no name to ask for.
        (_, Some(field)) if error.to_string().starts_with("number out of range") => {
            DecodeError::NotFinite(field.name())
        }
        _ => DecodeError::Syntax(error.to_string()),
    }
}

/// What the visitor saw last, for a typed error: the parser's own error type cannot carry one.
struct Note {
    at: Option<Field>,
    error: Option<DecodeError>,
}

impl Note {
    #[cold]
    fn refuse<E: serde::de::Error>(&mut self, error: DecodeError) -> E {
        self.error = Some(error);
        E::custom("refused")
    }
}

struct ObjectSeed<'n, 'a> {
    /// Whether station and property stand inside, and not in the topic.
    inside: bool,
    seen: &'n mut RawObservation<'a>,
    note: &'n mut Note,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an observation")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { inside, seen, note } = self;
        let mut present = 0u16;
        let mut said = if inside { 0 } else { Field::Station.bit() | Field::Property.bit() };
        while let Some(field) = map.next_key_seed(KeySeed { note, inside })? {
            if present & field.bit() != 0 {
                return Err(note.refuse(DecodeError::DuplicateField(field.name())));
            }
            present |= field.bit();
            note.at = Some(field);
            if seen.read(field, &mut map).map_err(|at| at.into_error(note))? {
                said |= field.bit();
            }
            note.at = None;
        }
        for field in [Field::Station, Field::Property, Field::T, Field::V] {
            if said & field.bit() == 0 {
                return Err(note.refuse(DecodeError::MissingField(field.name())));
            }
        }
        if !seen.v.is_finite() {
            return Err(note.refuse(DecodeError::NotFinite("v")));
        }
        Ok(())
    }
}

struct KeySeed<'n> {
    note: &'n mut Note,
    inside: bool,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Field;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Field, D::Error> {
        d.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Field;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }
    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Field, E> {
        match Field::named(name) {
            Some(Field::Station | Field::Property) if !self.inside => {}
            Some(field) => return Ok(field),
            None => {}
        }
        Err(self.note.refuse(DecodeError::UnknownField(shown(name))))
    }
}

/// Either the parser's own error or a typed refusal.
enum Fault<E> {
    Parser(E),
    Typed(DecodeError),
}

impl<E: serde::de::Error> Fault<E> {
    fn into_error(self, note: &mut Note) -> E {
        match self {
            Fault::Parser(error) => error,
            Fault::Typed(typed) => note.refuse(typed),
        }
    }
}

impl<'de> RawObservation<'de> {
    /// Reads a field's value; false where it is null, which is as if it were not there.
    fn read<A: MapAccess<'de>>(
        &mut self,
        field: Field,
        map: &mut A,
    ) -> Result<bool, Fault<A::Error>> {
        match field {
            Field::V => self.v = map.next_value_seed(Number).map_err(Fault::Parser)?,
            Field::T | Field::ResultTime => {
                let t = match map.next_value_seed(Instant).map_err(Fault::Parser)? {
                    None => return Ok(false),
                    Some(Ok(t)) => t,
                    Some(Err(why)) => {
                        return Err(Fault::Typed(DecodeError::Time { field: field.name(), why }));
                    }
                };
                if field == Field::T { self.t = t } else { self.result_time = Some(t) }
            }
            Field::Backlog => match map.next_value().map_err(Fault::Parser)? {
                None => return Ok(false),
                Some(backlog) => self.backlog = backlog,
            },
            _ => {
                let Some(text) = map.next_value_seed(Text).map_err(Fault::Parser)? else {
                    return Ok(false);
                };
                self.text(field, text).map_err(Fault::Typed)?;
            }
        }
        Ok(true)
    }

    fn text(&mut self, field: Field, text: Cow<'de, str>) -> Result<(), DecodeError> {
        let name = field.name();
        match field {
            Field::Station | Field::Property => {
                identifier(name, &text)?;
                if field == Field::Station { self.station = text } else { self.property = text }
            }
            Field::Unit => {
                plain_text(name, &text, UNIT_MAX_BYTES)?;
                self.unit = Some(text);
            }
            Field::Id => {
                plain_text(name, &text, SENDER_ID_MAX_BYTES)?;
                self.id = Some(text);
            }
            Field::Q => self.q = Some(quality(&text)?),
            Field::Status => {
                self.status = match &*text {
                    "actual" => WireStatus::Actual,
                    "exercise" => WireStatus::Exercise,
                    other => return Err(DecodeError::UnknownStatus(shown(other))),
                };
            }
            Field::T | Field::V | Field::ResultTime | Field::Backlog => {}
        }
        Ok(())
    }
}
