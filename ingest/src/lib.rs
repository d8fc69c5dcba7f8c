//! HEARING: feeds, decoding, admission.
//!
//! Stops 1 to 3 of an observation's path: heard ([`mqtt::session`], [`bridge`], [`http::session`]),
//! decoded ([`json::decode`], [`table::decode`], [`reports::form`], [`mqtt::decode`]), admitted
//! ([`admit`], by [`judge`], [`register`] and [`memory`]) into the journal. [`hearing::Hearing`]
//! starts all of it; [`archive`] follows the journal, and nobody waits for it.

pub mod admit;
pub mod archive;
pub mod around;
pub mod bridge;
pub mod cap;
pub mod cases;
pub mod cot;
pub mod decoders;
pub mod exchange;
pub mod gate;
pub mod hearing;
pub mod hospitals;
pub mod http;
pub mod json;
pub mod judge;
pub mod letters;
pub mod memory;
pub mod mqtt;
pub mod past;
pub mod port;
pub mod quakes;
pub mod register;
pub mod reports;
mod rights;
pub mod seams;
pub mod sensorthings;
pub mod signals;
pub mod situations;
pub mod sl651;
pub mod table;
pub mod telemetry;
pub mod ticker;
pub mod tracks;
pub mod units;
pub mod xml;
