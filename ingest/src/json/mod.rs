//! The one form of an observation, the same by MQTT, HTTP and file, and its readers.

pub mod batch;
pub mod decode;
pub mod error;
pub mod instant;
pub mod quality;
mod scalar;
pub(crate) mod text;
