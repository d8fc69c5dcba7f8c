//! HEARING: feeds, decoding, admission.

pub mod admit;
pub mod json;
pub mod judge;
pub mod memory;
pub mod past;
pub mod register;
pub mod reports;
pub mod table;
pub mod telemetry;
