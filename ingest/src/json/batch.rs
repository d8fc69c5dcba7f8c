//! Many observations in one body: a JSON array, NDJSON, or what an MQTT packet may hold (an object,
//! an array, or NDJSON). Part of stop 2: pure and total.
//!
//! A body that is no array is refused as a whole; a bad line of NDJSON is a refused item. A number
//! that no finite value stands for (`1e400`) makes an array a text we cannot read, hence the whole.

use serde_json::value::RawValue;

use super::decode::{RawObservation, decode_line, decode_object};
use super::error::DecodeError;
use domain::time::UtcMs;

/// Deepest nesting looked at in a body; an observation needs two.
pub const DEPTH_MAX: usize = 16;
/// The most items of one body.
pub const BATCH_ITEMS_MAX: usize = 20_000;

/// One item of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'a> {
    /// Its bytes, as they were sent.
    pub raw: &'a [u8],
    /// What they say.
    pub read: Result<RawObservation<'a>, DecodeError>,
}

/// Why a body is refused as a whole.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BatchError {
    /// It cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// More than [`BATCH_ITEMS_MAX`] items.
    #[error("more than {BATCH_ITEMS_MAX} items in one body")]
    TooMany,
}

/// Reads a JSON array of observations.
///
/// # Errors
/// [`BatchError`] where the body is no JSON array, nests too deep, holds a number beyond any finite
/// value, or holds too many items.
pub fn decode_array(body: &[u8]) -> Result<Vec<Item<'_>>, BatchError> {
    depth(body)?;
    let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(|e| no_array(body, &e))?;
    if elements.len() > BATCH_ITEMS_MAX {
        return Err(BatchError::TooMany);
    }
    let mut items = Vec::with_capacity(elements.len());
    for element in elements {
        let raw = element.get().as_bytes();
        let read = decode_line(raw);
        if let Err(error @ DecodeError::NotFinite(_)) = read {
            return Err(error.into());
        }
        items.push(Item { raw, read });
    }
    Ok(items)
}

/// Reads NDJSON: one object a line. Empty lines are passed over and not counted.
///
/// # Errors
/// [`BatchError::TooMany`]; [`DecodeError::Empty`] for a body without a line.
pub fn decode_ndjson(body: &[u8]) -> Result<Vec<Item<'_>>, BatchError> {
    let mut items = Vec::new();
    for raw in lines(body) {
        if items.len() == BATCH_ITEMS_MAX {
            return Err(BatchError::TooMany);
        }
        items.push(Item { raw, read: decode_line(raw) });
    }
    if items.is_empty() { Err(DecodeError::Empty.into()) } else { Ok(items) }
}

/// Reads an MQTT packet on `fh/v1/<agency>/obs`: an object, an array, or NDJSON.
///
/// # Errors
/// As [`decode_array`] and [`decode_ndjson`].
pub fn decode_packet(body: &[u8]) -> Result<Vec<Item<'_>>, BatchError> {
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'[') => decode_array(body),
        // Most packets hold one object. One written over several lines is one object all the same.
        Some(b'{') => match decode_line(body) {
            Ok(one) => Ok(vec![Item { raw: body, read: Ok(one) }]),
            Err(error)
                if !body.contains(&b'\n') || serde_json::from_slice::<&RawValue>(body).is_ok() =>
            {
                Ok(vec![Item { raw: body, read: Err(error) }])
            }
            Err(_) => decode_ndjson(body),
        },
        _ => decode_ndjson(body),
    }
}

/// Reads an MQTT packet on `fh/v1/<agency>/<station>/<property>`: a bare number, which is of the
/// moment it came, or an object with `t` and `v`.
///
/// # Errors
/// [`DecodeError`], as for one object.
pub fn decode_value<'a>(
    body: &'a [u8],
    station: &'a str,
    property: &'a str,
    received: UtcMs,
) -> Result<RawObservation<'a>, DecodeError> {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    if !matches!(first, Some(b'-' | b'0'..=b'9')) {
        return decode_object(body, Some((station, property)));
    }
    let v: f64 = serde_json::from_slice(body).map_err(|error| {
        if error.to_string().starts_with("number out of range") {
            DecodeError::NotFinite("v")
        } else {
            DecodeError::Syntax(error.to_string())
        }
    })?;
    super::text::identifier("station", station)?;
    super::text::identifier("property", property)?;
    Ok(RawObservation::bare(station, property, received, v))
}

pub(crate) fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.iter().all(u8::is_ascii_whitespace))
}

fn no_array(body: &[u8], error: &serde_json::Error) -> DecodeError {
    if body.iter().all(u8::is_ascii_whitespace) {
        DecodeError::Empty
    } else if body.starts_with(b"\xef\xbb\xbf") {
        DecodeError::ByteOrderMark
    } else if std::str::from_utf8(body).is_err() {
        DecodeError::Utf8
    } else if error.is_data() {
        DecodeError::NoArray
    } else {
        DecodeError::Syntax(error.to_string())
    }
}

/// Counts brackets outside of strings. The parser skips over an element without a limit of its own.
pub(crate) fn depth(body: &[u8]) -> Result<(), DecodeError> {
    let (mut depth, mut at) = (0usize, 0usize);
    while let Some(b) = body.get(at) {
        at += 1;
        match b {
            b'"' => at = after_text(body, at),
            b'[' | b'{' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(DecodeError::TooDeep);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Where a text ends that begins at `from`; the end of the body where it does not.
fn after_text(body: &[u8], mut from: usize) -> usize {
    loop {
        let rest = body.get(from..).unwrap_or_default();
        match rest.iter().position(|b| matches!(b, b'"' | b'\\')) {
            Some(found) if rest.get(found) == Some(&b'"') => return from + found + 1,
            // What is escaped is passed over with its back slash.
            Some(found) => from += found + 2,
            None => return body.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, a byte after the other.
    fn is_shallow(body: &[u8]) -> bool {
        let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
        for b in body {
            match b {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                b'[' | b'{' if !in_text => depth += 1,
                b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEPTH_MAX {
                return false;
            }
        }
        true
    }

    proptest! {
        #[test]
        fn brackets_in_texts_are_none(body in r#"(\[{3}|\{{5}|\]|"|\\|a){0,40}"#) {
            prop_assert_eq!(depth(body.as_bytes()).is_ok(), is_shallow(body.as_bytes()), "{}", body);
        }
    }
}
