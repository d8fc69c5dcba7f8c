//! Official signals (预警信号): published by weather, hydrology and sea offices, and only by them.
//! What comes to the same resource as XML is a CAP message ([`crate::cap`]).

pub(crate) mod admit;
pub mod decode;

use domain::report::Report;
use mqtt_edge::Who;

use crate::cap;
use crate::reports::kind::{Kind, Said};

/// See [`Kind`].
pub const KIND: Kind = Kind {
    path: "/v1/warnings",
    topic: "signals",
    media: &[
        ("application/json", |_, body| Ok(Said::one(body, Report::Signal(decode::signal(body)?)))),
        ("application/cap+xml", |_, body| cap::said(body)),
        ("application/xml", |_, body| cap::said(body)),
        ("text/xml", |_, body| cap::said(body)),
    ],
    may: |who, rights| matches!(who, Who::Agency(_)) && rights.official_signals,
};
