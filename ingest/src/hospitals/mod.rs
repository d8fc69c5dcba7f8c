//! Hospitals: what they have free, how their emergency departments take patients, and how their
//! houses stand. Three forms of one report ([`domain::facility::HospitalReport`]): our JSON
//! ([`decode`]), HAVE 1.0 XML ([`have`]) and a table with a row a hospital ([`sheet`]).
//!
//! Stops 1 to 3 of 9: heard by [`crate::http::session`] and [`crate::mqtt::session`], decoded here,
//! admitted by `admit.rs`; after it the desk folds the figures (`command-api/src/desk/wards.rs`).
//! The README beside this file is for who sends.

pub(crate) mod admit;
mod check;
pub mod decode;
pub mod have;
mod headings;
pub mod sheet;

use crate::reports::kind::{Kind, any_agency};

/// See [`Kind`].
pub const KIND: Kind = Kind {
    path: "/v1/reports/hospital",
    topic: "hospital",
    media: &[
        ("application/json", |_, body| decode::said(body)),
        ("application/x-ndjson", |_, body| decode::said(body)),
        ("application/xml", |register, body| have::said(register, body)),
        ("text/xml", |register, body| have::said(register, body)),
        ("text/csv", |rim, body| sheet::said(body, rim.offset_s())),
    ],
    may: any_agency,
};
