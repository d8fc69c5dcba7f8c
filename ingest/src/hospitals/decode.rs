//! Stop 2 of 9 for hospitals: JSON → report or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use domain::facility::HospitalReport;
use domain::report::Report;

use super::check;
use crate::judge::Why;
use crate::reports::form::{objects, read};
use crate::reports::kind::Said;

/// The most hospitals of one body.
pub const HOSPITALS_MAX: usize = 1_000;

/// Reads one hospital's report. The small form (`beds`, `beds_occupied`, `traffic` …) is a part of
/// the whole one.
///
/// # Errors
/// [`Why`], naming the field.
pub fn hospital(body: &[u8]) -> Result<HospitalReport, Why> {
    check::whole(read(body)?)
}

/// Reads a body: an object, an array of them, or one a line.
///
/// # Errors
/// [`Why`] where it is none of these, or is one object and no report.
pub fn said(body: &[u8]) -> Result<Vec<Said<'_>>, Why> {
    let objects = objects(body, HOSPITALS_MAX)?;
    if let [one] = objects.as_slice()
        && one.len() == body.len()
    {
        return Ok(Said::one(body, Report::Facility(hospital(body)?)));
    }
    let read = |raw: &'_ [u8]| hospital(raw).map(Report::Facility);
    Ok(objects.into_iter().map(|raw| Said { raw: raw.into(), read: read(raw) }).collect())
}
