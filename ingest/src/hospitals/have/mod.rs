//! HAVE 1.0 (OASIS EDXL, November 2008): hospitals' reports as XML, read and written by hand.
//!
//! The names, their order and their words are those of the standard's schema. Two spellings are
//! about in the world for some of them; both are read: `HospitalResourcesStatus` (schema) and
//! `HospitalResourceStatus`, `Vacant/Available` (schema) and `VacantAvailable`, a `TriageCount`
//! around the codes or not, `TriageCode` with value and quantity (schema) or `TriageCodeRed` and
//! its like. What this platform has beside the standard goes as `CommentText` of the resource
//! status, `fenghuo:<name>=<value>`: other readers show it as a remark.

mod blocks;
mod read;
mod words;
mod write;

pub use read::{HAVE_MAX_BYTES, NAMESPACE, Told, Who, decode};
pub use write::encode;

use domain::ids::HospitalId;
use domain::refusal::Reason;
use domain::report::Report;

use crate::judge::Why;
use crate::register::Register;
use crate::reports::kind::Said;

/// Reads a document: an outcome for each hospital. One without an id is looked up by its name.
///
/// # Errors
/// [`Why`] where the whole cannot be read.
pub fn said<'a>(register: &Register, body: &'a [u8]) -> Result<Vec<Said<'a>>, Why> {
    let of = |told: Told| {
        let named = who(register, &told.who);
        let read = named.and_then(|id| Ok(Report::Facility(told.read.map(|r| r.of(id))?)));
        Said { raw: told.raw.into(), read }
    };
    Ok(decode(body)?.into_iter().map(of).collect())
}

fn who(register: &Register, who: &Who) -> Result<HospitalId, Why> {
    if let Some(id) = &who.id {
        return HospitalId::new(id)
            .map_err(|e| Why::new(Reason::Identifier, format!("the hospital's id {id:?}: {e}")));
    }
    let Some(name) = &who.name else {
        let said = "Organization has neither an id (OrganisationName with ID) nor a name";
        return Err(Why::new(Reason::MissingField, said));
    };
    let found = register.hospital_named(name).cloned();
    found.ok_or_else(|| {
        Why::new(
            Reason::UnknownStation,
            format!("no hospital, or more than one, is called {name:?}"),
        )
    })
}

#[cfg(test)]
mod tests;
