//! Telemetry of hydrological stations by SL 651-2014 (水文监测数据通信规约) over TCP. See the README
//! of this folder for what is taken, what is refused, and an example that was run.

pub(crate) mod admit;
pub mod body;
mod body_ascii;
mod body_hex;
pub mod crc;
pub mod decode;
pub mod elements;
pub mod encode;
pub mod frame;
pub mod number;
pub mod scan;
pub mod stamp;
pub mod write;
