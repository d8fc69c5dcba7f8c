//! HEARING: feeds, decoding, admission.

pub mod json;
pub mod table;
