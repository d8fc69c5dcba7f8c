//! Hospitals: what they have free, and how their emergency departments take patients.

pub(crate) mod admit;
pub mod decode;

use domain::report::Report;

use crate::reports::kind::{Kind, Said, any_agency};

/// See [`Kind`].
pub const KIND: Kind = Kind {
    path: "/v1/reports/hospital",
    topic: "hospital",
    media: &[("application/json", |_, body| {
        Ok(Said::one(body, Report::Hospital(decode::hospital(body)?)))
    })],
    may: any_agency,
};
