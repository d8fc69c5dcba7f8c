//! What a sender is told of its refusals, on `fh/v1/<agency>/rejected`, and a unit of its own on
//! `fh/v1/units/<unit>/rejected` too: one note a packet, so that a large packet of errors is no flood. One refused item is an object; several are an array of
//! such objects, whose last says how many more there were.

use bytes::Bytes;
use domain::ids::{AgencyId, UnitId};
use domain::time::UtcMs;
use serde::Serialize;

use super::decode::{Owner, ROOT, UNITS, owner};
use crate::admit::Outcome;
use crate::judge::Why;

/// The most refused items that a note tells one by one.
pub const TOLD_MAX: usize = 32;

/// The last level of the topic of refusals.
pub const REJECTED: &str = "rejected";
/// The last level of the topic of what became of reports.
pub const FEEDBACK: &str = "feedback";

/// One note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// To whom.
    pub agency: AgencyId,
    /// Its unit, where that one sent it: it is told on a topic of its own too.
    pub unit: Option<UnitId>,
    /// On which of its topics: [`REJECTED`] or [`FEEDBACK`].
    pub word: &'static str,
    /// The message, JSON.
    pub body: Bytes,
}

impl Note {
    /// The topics it goes to.
    pub fn topics(&self) -> impl Iterator<Item = String> {
        let unit = self.unit.as_ref();
        let units = unit.map(|unit| format!("{ROOT}/{UNITS}/{}/{}", unit.as_str(), self.word));
        std::iter::once(format!("{ROOT}/{}/{}", self.agency, self.word)).chain(units)
    }
}

/// The topic on which an agency hears what became of its reports.
pub fn feedback_topic(agency: &AgencyId) -> String {
    format!("{ROOT}/{agency}/{FEEDBACK}")
}

/// The topic of an agency's refusals.
pub fn rejected_topic(agency: &AgencyId) -> String {
    format!("{ROOT}/{agency}/{REJECTED}")
}

#[derive(Serialize)]
struct Body<'a> {
    index: usize,
    reason: &'static str,
    detail: &'a str,
    what_to_do: &'static str,
    source: &'a str,
    received: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
}

/// The note for the refused items of one packet; `None` where nothing of it was refused.
pub fn note(
    agency: &AgencyId,
    source: &str,
    received: UtcMs,
    outcomes: &[Outcome],
) -> Option<Note> {
    let refused: Vec<(usize, &Why)> =
        outcomes.iter().enumerate().filter_map(|(at, o)| o.why().map(|why| (at, why))).collect();
    let untold = refused.len().saturating_sub(TOLD_MAX);
    let received = received.rfc3339(0);
    let mut told: Vec<Body<'_>> = refused
        .into_iter()
        .take(TOLD_MAX)
        .map(|(index, why)| Body {
            index,
            reason: why.reason.wire(),
            detail: &why.detail,
            what_to_do: why.reason.what_to_do(),
            source,
            received: &received,
            more: None,
        })
        .collect();
    told.last_mut()?.more = (untold > 0).then_some(untold);
    let bytes = match told.as_slice() {
        [one] => serde_json::to_vec(one),
        several => serde_json::to_vec(several),
    };
    // Plain text and numbers: writing them cannot fail.
    let body = bytes.unwrap_or_default().into();
    let unit = match owner(source) {
        Some(Owner::Unit(name)) => UnitId::new(name).ok(),
        _ => None,
    };
    Some(Note { agency: agency.clone(), unit, word: REJECTED, body })
}
