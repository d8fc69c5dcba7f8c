//! Stop 2 of 9 for earthquakes in QuakeML 1.2, Basic Event Description: bytes → reports or [`Why`].
//! Pure and total.
//!
//! Source: QuakeML-BED 1.2, schema of 2013-02-14 (namespaces `http://quakeml.org/xmlns/quakeml/1.2`
//! of the root and `http://quakeml.org/xmlns/bed/1.2` of what stands in it). Of an event are read:
//! `publicID`, the preferred origin and magnitude (else the first of each), `description`,
//! `creationInfo`, `type`, and of origin and event how far they were evaluated.

use std::borrow::Cow;

use domain::bulletin::{Earthquake, QuakeState};
use domain::refusal::Reason;
use domain::report::Report;
use domain::time::UtcMs;
use gis::Crs;

use super::decode::{QUAKES_MAX, checked};
use crate::json::instant;
use crate::judge::Why;
use crate::reports::form::place;
use crate::reports::kind::Said;
use crate::xml::{Element, c14n, read};

/// The namespace of the root.
pub const QUAKEML: &str = "http://quakeml.org/xmlns/quakeml/1.2";
/// The namespace of the basic event description.
pub const BED: &str = "http://quakeml.org/xmlns/bed/1.2";
/// The largest document, bytes: an event with all its picks and arrivals has some hundred kilobytes.
pub const DOCUMENT_MAX_BYTES: usize = 4 << 20;

/// Reads a document of any number of events.
///
/// # Errors
/// [`Why`] the document is refused as a whole; an event that cannot be used is refused by itself.
pub fn document(bytes: &[u8]) -> Result<Vec<Said<'static>>, Why> {
    if bytes.len() > DOCUMENT_MAX_BYTES {
        let said = format!("{} bytes; at most {DOCUMENT_MAX_BYTES} are read", bytes.len());
        return Err(Why::new(Reason::TooLarge, said));
    }
    let document = read::document(bytes, DOCUMENT_MAX_BYTES)
        .map_err(|fault| Why::new(Reason::Syntax, fault.to_string()))?;
    let root = &document.root;
    if !root.is(QUAKEML, "quakeml") {
        let said = format!(
            "the root is {:?} in {:?}, not quakeml in {QUAKEML:?}",
            root.local, root.namespace
        );
        return Err(Why::new(Reason::FieldForm, said));
    }
    let Some(parameters) = root.children().find(|e| e.is(BED, "eventParameters")) else {
        let said = format!("no eventParameters in {BED:?}");
        return Err(Why::new(Reason::MissingField, said));
    };
    let events: Vec<&Element<'_>> = parameters.children().filter(|e| e.is(BED, "event")).collect();
    if events.is_empty() {
        return Err(Why::new(Reason::MissingField, "eventParameters without an event"));
    }
    if events.len() > QUAKES_MAX {
        let said = format!("at most {QUAKES_MAX} in one body, this has {}", events.len());
        return Err(Why::new(Reason::TooLarge, said));
    }
    let said = |event: &Element<'_>| {
        let read = earthquake(event);
        // Of one that is refused the part that is its own is kept.
        let raw = match &read {
            Ok(_) => Vec::new(),
            Err(_) => c14n::element(event, &[root, parameters], &c14n::Form::Inclusive),
        };
        Said { raw: Cow::Owned(raw), read }
    };
    Ok(events.into_iter().map(said).collect())
}

fn child<'e>(element: &'e Element<'e>, local: &str) -> Option<&'e Element<'e>> {
    element.children().find(|e| e.is(BED, local))
}

/// The text of a child: ids and numbers are not put together from pieces.
fn text<'e>(element: &'e Element<'_>, local: &str) -> Result<Option<Cow<'e, str>>, Why> {
    let Some(child) = child(element, local) else { return Ok(None) };
    if child.is_interrupted() {
        let said = format!("{local} is cut by a comment or an instruction");
        return Err(Why::new(Reason::FieldForm, said));
    }
    let text = match child.text() {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// `<name><value>…</value></name>`.
fn value<'e>(element: &'e Element<'_>, local: &str) -> Result<Option<Cow<'e, str>>, Why> {
    child(element, local).map_or(Ok(None), |quantity| text(quantity, "value"))
}

fn number(element: &Element<'_>, local: &str) -> Result<Option<f64>, Why> {
    let Some(text) = value(element, local)? else { return Ok(None) };
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        Ok(_) => Err(Why::new(Reason::NotFinite, format!("{local} is {text:?}"))),
        Err(_) => Err(Why::new(Reason::FieldForm, format!("{local} is {text:?}, no number"))),
    }
}

/// A time: by the schema's words UTC where no offset is written.
fn time(text: &str) -> Result<UtcMs, Why> {
    let bare = !text.ends_with('Z') && !text.get(10..).is_some_and(|t| t.contains(['+', '-']));
    let read = if bare { instant::parse(&format!("{text}Z")) } else { instant::parse(text) };
    read.map_err(|e| Why::new(Reason::Time, format!("{text:?}: {e}")))
}

/// The preferred one by its publicID, else the first.
fn preferred<'e>(
    event: &'e Element<'e>,
    local: &str,
    id: &str,
) -> Result<Option<&'e Element<'e>>, Why> {
    let wanted = text(event, id)?;
    let mut all = event.children().filter(|e| e.is(BED, local));
    let Some(wanted) = wanted else { return Ok(all.next()) };
    let found = all.find(|e| e.attribute("publicID") == Some(&*wanted));
    match found {
        Some(found) => Ok(Some(found)),
        None => {
            Err(Why::new(Reason::FieldForm, format!("{id} names {wanted:?}, which is not here")))
        }
    }
}

fn missing(what: &str) -> Why {
    Why::new(Reason::MissingField, format!("{what} is missing"))
}

fn earthquake(event: &Element<'_>) -> Result<Report, Why> {
    let id = event.attribute("publicID").ok_or_else(|| missing("publicID of an event"))?.trim();
    let origin = preferred(event, "origin", "preferredOriginID")?;
    let origin = origin.ok_or_else(|| missing("an origin"))?;
    let magnitude = preferred(event, "magnitude", "preferredMagnitudeID")?;
    let t = value(origin, "time")?.ok_or_else(|| missing("time of the origin"))?;
    let (lon, lat) = (number(origin, "longitude")?, number(origin, "latitude")?);
    let at = place(lon, lat, Some(Crs::Wgs84), None)?;
    let (lon, lat) = at.ok_or_else(|| missing("longitude and latitude of the origin"))?;
    let t = time(&t)?;
    checked(Earthquake {
        id: id.to_owned(),
        issuer: issuer(event, origin)?,
        t,
        updated: updated(event, origin, magnitude)?.unwrap_or(t),
        lon,
        lat,
        // Metres in QuakeML.
        depth_km: number(origin, "depth")?.map(|metres| metres / 1_000.0),
        magnitude: magnitude.map_or(Ok(None), |m| number(m, "mag"))?,
        magnitude_kind: magnitude
            .map_or(Ok(None), |m| text(m, "type"))?
            .unwrap_or_default()
            .into_owned(),
        place: described(event)?,
        state: state(event, origin)?,
    })
}

fn issuer(event: &Element<'_>, origin: &Element<'_>) -> Result<String, Why> {
    for element in [event, origin] {
        if let Some(info) = child(element, "creationInfo")
            && let Some(agency) = text(info, "agencyID")?
        {
            return Ok(agency.into_owned());
        }
    }
    Ok(String::new())
}

/// The newest time at which any of it was made: a new magnitude alone makes a new version.
fn updated(
    event: &Element<'_>,
    origin: &Element<'_>,
    magnitude: Option<&Element<'_>>,
) -> Result<Option<UtcMs>, Why> {
    let mut newest = None;
    for element in [Some(event), Some(origin), magnitude].into_iter().flatten() {
        let Some(info) = child(element, "creationInfo") else { continue };
        if let Some(made) = text(info, "creationTime")? {
            newest = newest.max(Some(time(&made)?));
        }
    }
    Ok(newest)
}

/// The description that names the region, else the first.
fn described(event: &Element<'_>) -> Result<String, Why> {
    let all: Vec<&Element<'_>> = event.children().filter(|e| e.is(BED, "description")).collect();
    for wanted in ["region name", "Flinn-Engdahl region"] {
        for description in &all {
            if text(description, "type")?.as_deref() == Some(wanted) {
                return Ok(text(description, "text")?.unwrap_or_default().into_owned());
            }
        }
    }
    all.first().map_or(Ok(String::new()), |d| Ok(text(d, "text")?.unwrap_or_default().into_owned()))
}

/// Withdrawn: an event of type `not existing`, or whose origin is `rejected`.
fn state(event: &Element<'_>, origin: &Element<'_>) -> Result<QuakeState, Why> {
    let kind = text(event, "type")?;
    let status = text(origin, "evaluationStatus")?;
    let mode = text(origin, "evaluationMode")?;
    Ok(match (kind.as_deref(), status.as_deref(), mode.as_deref()) {
        (Some("not existing"), ..) | (_, Some("rejected"), _) => QuakeState::Withdrawn,
        (_, Some("confirmed" | "reviewed" | "final"), _) | (_, _, Some("manual")) => {
            QuakeState::Reviewed
        }
        _ => QuakeState::Automatic,
    })
}

#[cfg(test)]
#[path = "quakeml_tests.rs"]
mod tests;
