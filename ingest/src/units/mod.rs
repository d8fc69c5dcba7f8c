//! Units: where and how they are, and what they say of their tasks. See `README.md`.

pub(crate) mod admit;
pub mod decode;
pub mod still;

use domain::report::Report;

use crate::reports::kind::{Kind, Said};

/// See [`Kind`]. Its topic is the unit's own, `fh/v1/units/<unit>/report`.
pub const KIND: Kind = Kind {
    path: "/v1/reports/units",
    topic: "",
    media: &[("application/json", |rim, body| {
        Ok(Said::one(body, Report::Unit(decode::unit(body, rim.declared())?)))
    })],
    may: |_, _| true,
};
