//! Counts of cases and syndromes: so many, on a day, at a place, of an age. Persons are never
//! wanted: a report that looks as if it named one is refused (`personal_data`), and what is kept of
//! it is cut down first ([`redact`]). The README beside this file is for who sends.

pub(crate) mod admit;
pub mod decode;
pub mod personal;
pub mod redact;

use crate::reports::kind::{Kind, any_agency};

/// The resource.
pub const PATH: &str = "/v1/reports/cases";
/// The last level of its topic.
pub const TOPIC: &str = "cases";

/// See [`Kind`].
pub const KIND: Kind = Kind {
    path: PATH,
    topic: TOPIC,
    media: &[
        ("application/json", |_, body| decode::said(body)),
        ("application/x-ndjson", |_, body| decode::said(body)),
        ("application/ndjson", |_, body| decode::said(body)),
        ("application/jsonl", |_, body| decode::said(body)),
        ("text/csv", |_, body| decode::said_rows(body)),
    ],
    may: any_agency,
};

/// Whether a resource or a topic is one of these reports', so that what is refused there is cut
/// down before it is kept.
pub fn is_place(place: &str) -> bool {
    let topic = || place.strip_prefix("fh/")?.rsplit('/').next();
    let file = || place.strip_prefix("exchange/").is_some_and(|rest| rest.ends_with(PATH));
    place == PATH || topic() == Some(TOPIC) || file()
}
