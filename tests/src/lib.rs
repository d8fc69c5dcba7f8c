//! What the system's tests share: the built binaries started on free ports and ended by pid, a
//! plain HTTP client, an MQTT publisher that knows what was acknowledged, and small cities.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub mod console;
pub mod damage;
pub mod day;
pub mod http;
pub mod platform;
pub mod publisher;
pub mod town;
