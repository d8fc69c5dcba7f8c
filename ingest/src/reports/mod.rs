//! What else a feed can bring beside observations. A kind of report is a folder of its own
//! (`hospitals/`, `units/`, `signals/` …: what it is, `decode.rs`, `admit.rs`) and one line in
//! [`kind::KINDS`]; its record is a variant of [`domain::report::Report`].

pub mod form;
pub mod kind;
pub mod rows;
