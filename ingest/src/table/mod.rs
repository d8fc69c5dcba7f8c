//! Observations as a table: CSV with a header row.

pub mod decode;
