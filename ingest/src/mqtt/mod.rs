//! MQTT: what a topic means, who may use it, and how a packet becomes an answer. The embedded
//! endpoint (`mqtt-edge`) and the bridge to a city's own broker ([`crate::bridge`]) share all of it.

pub mod decode;
pub mod directory;
pub mod notes;
pub mod session;
