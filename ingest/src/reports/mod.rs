//! What else a feed can bring: a hospital's status, a unit's report, an official signal.

pub mod decode;
