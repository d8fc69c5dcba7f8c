//! What a sender is told of its refusals, on `fh/v1/<agency>/rejected`.

use bytes::Bytes;
use domain::ids::AgencyId;
use domain::time::UtcMs;
use serde::Serialize;

use super::decode::ROOT;
use crate::admit::Outcome;
use crate::judge::Why;

/// The most notes for one packet; the last says how many more there were.
pub const NOTES_PER_PACKET_MAX: usize = 32;

/// One note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// To whom.
    pub agency: AgencyId,
    /// The message, JSON.
    pub body: Bytes,
}

impl Note {
    /// The topic it goes to.
    pub fn topic(&self) -> String {
        rejected_topic(&self.agency)
    }
}

/// The topic of an agency's refusals.
pub fn rejected_topic(agency: &AgencyId) -> String {
    format!("{ROOT}/{agency}/rejected")
}

#[derive(Serialize)]
struct Body<'a> {
    index: usize,
    reason: &'static str,
    detail: &'a str,
    what_to_do: &'static str,
    source: &'a str,
    received: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
}

/// The notes for the refused items of one packet.
pub fn notes(agency: &AgencyId, source: &str, received: UtcMs, outcomes: &[Outcome]) -> Vec<Note> {
    let refused: Vec<(usize, &Why)> =
        outcomes.iter().enumerate().filter_map(|(at, o)| o.why().map(|why| (at, why))).collect();
    let untold = refused.len().saturating_sub(NOTES_PER_PACKET_MAX);
    let told = refused.into_iter().take(NOTES_PER_PACKET_MAX);
    told.enumerate()
        .map(|(n, (index, why))| {
            let last = n + 1 == NOTES_PER_PACKET_MAX;
            let more = (last && untold > 0).then_some(untold);
            Note { agency: agency.clone(), body: body(index, why, source, received, more) }
        })
        .collect()
}

fn body(index: usize, why: &Why, source: &str, received: UtcMs, more: Option<usize>) -> Bytes {
    let body = Body {
        index,
        reason: why.reason.wire(),
        detail: &why.detail,
        what_to_do: why.reason.what_to_do(),
        source,
        received: received.rfc3339(0),
        more,
    };
    // Plain text and numbers: writing them cannot fail.
    serde_json::to_vec(&body).unwrap_or_default().into()
}
