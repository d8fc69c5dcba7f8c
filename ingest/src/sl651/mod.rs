//! Telemetry of hydrological stations by SL 651-2014 (水文监测数据通信规约) over TCP. See the README
//! of this folder for what is taken, what is refused, and an example that was run.
//!
//! [`listen`] opens the port, [`session`] hears a connection's bytes, [`scan`] finds frames in them,
//! [`decode`] and [`body`] read them, [`gather`] puts messages of several packets together,
//! [`readings`] says what they mean to the city's datastreams ([`gauges`]), [`intake`] has them
//! admitted and answered.

pub(crate) mod admit;
mod again;
pub mod answer;
pub mod attachments;
pub mod body;
mod body_ascii;
mod body_hex;
pub mod crc;
pub mod decode;
pub mod elements;
pub mod encode;
pub mod figures;
pub mod frame;
pub mod gather;
pub mod gauges;
pub mod intake;
mod keeping;
pub mod listen;
pub mod number;
mod owner;
pub mod readings;
pub mod scan;
pub mod seen;
pub mod session;
pub mod stamp;
pub mod trial;
pub mod write;
