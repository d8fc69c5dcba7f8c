//! Part of stop 2: the reports of one body. An object, an array or NDJSON, or a table; each report by
//! itself, so that a bad one is that one only. Pure and total.

use std::borrow::Cow;

use domain::refusal::Reason;
use domain::report::Report;
use domain::situation::{SaidPlace, Situation};
use gis::Crs;
use serde_json::value::RawValue;

use super::envelope::{Form, one};
use super::{hidden, sheet};
use crate::json::batch::depth;
use crate::json::error::DecodeError;
use crate::judge::Why;
use crate::reports::form::mixed;
use crate::reports::kind::Said;

/// The most reports of one body.
pub const REPORTS_MAX: usize = 5_000;

/// Reads a JSON object, an array of them, or NDJSON.
///
/// # Errors
/// [`Why`], where the body as a whole cannot be read.
pub fn packet<'a, F: Form>(body: &'a [u8], declared: Option<Crs>) -> Result<Vec<Said<'a>>, Why> {
    depth(body).map_err(whole)?;
    let is_line = !body.contains(&b'\n') && body.trim_ascii().len() == body.len();
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        None => Err(whole(DecodeError::Empty)),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_slice(body)
                .map_err(|error| Why::new(Reason::Syntax, error.to_string()))?;
            let raws = items.into_iter().map(|item| item.get().as_bytes());
            reports::<F>(raws.map(Cow::Borrowed), declared)
        }
        // One line is one report, whether it can be read or not.
        Some(_) if is_line || serde_json::from_slice::<&RawValue>(body).is_ok() => {
            reports::<F>(std::iter::once(Cow::Borrowed(body)), declared)
        }
        Some(_) => lines::<F>(body, declared),
    }
}

/// Reads NDJSON: one report a line.
///
/// # Errors
/// As [`packet`].
pub fn lines<'a, F: Form>(body: &'a [u8], declared: Option<Crs>) -> Result<Vec<Said<'a>>, Why> {
    depth(body).map_err(whole)?;
    let lines = body.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
    reports::<F>(lines.map(Cow::Borrowed), declared)
}

/// Reads a table with a header row. A refused row is kept as the object it stands for, so that it
/// can be mended and sent again.
///
/// # Errors
/// As [`packet`]; a column that does not exist is named.
pub fn table<'a, F: Form>(body: &'a [u8], declared: Option<Crs>) -> Result<Vec<Said<'a>>, Why> {
    let rows = sheet::objects(body, F::FIELDS)?;
    reports::<F>(rows.into_iter().map(Cow::Owned), declared)
}

fn whole(error: DecodeError) -> Why {
    Why::new(error.reason(), error.to_string())
}

/// One report's bytes, and what they say.
type Read<'a> = (Cow<'a, [u8]>, Result<Situation, Why>);

fn reports<'a, F: Form>(
    raws: impl Iterator<Item = Cow<'a, [u8]>>,
    declared: Option<Crs>,
) -> Result<Vec<Said<'a>>, Why> {
    let mut said: Vec<Read<'a>> = Vec::new();
    for raw in raws {
        if said.len() == REPORTS_MAX {
            let detail = format!("more than {REPORTS_MAX} reports in one body");
            return Err(Why::new(Reason::TooLarge, detail));
        }
        let read = one::<F>(&raw, declared);
        said.push((raw, read));
    }
    if said.is_empty() {
        return Err(whole(DecodeError::Empty));
    }
    let mixed = mixture(&said);
    Ok(said
        .into_iter()
        .map(|(raw, read)| {
            let read = match (&mixed, read) {
                (Some(why), Ok(situation)) if has_place(&situation.place) => Err(why.clone()),
                (_, read) => read,
            };
            match read {
                Ok(situation) => Said { raw, read: Ok(Report::Situation(Box::new(situation))) },
                Err(why) => {
                    Said { raw: Cow::Owned(hidden::refused(&raw, F::FIELDS)), read: Err(why) }
                }
            }
        })
        .collect())
}

/// One body has one coordinate system: where two are said, one of them is a slip, and the points are
/// half a kilometre off.
fn mixture(said: &[Read<'_>]) -> Option<Why> {
    let placed = said.iter().filter_map(|(_, read)| read.as_ref().ok().map(|s| &s.place));
    let mut systems = placed.filter(|p| has_place(p)).map(|p| p.crs.unwrap_or_default());
    let first = systems.next()?;
    let other = systems.find(|crs| *crs != first)?;
    Some(mixed(first, other))
}

/// Whether coordinates were given.
fn has_place(place: &SaidPlace) -> bool {
    place.point.is_some() || place.shape.is_some()
}
