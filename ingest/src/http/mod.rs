//! HTTP: observations and reports by POST, with an answer for each refused item.

pub mod body;
pub mod bounds;
mod foresee;
pub mod keys;
pub mod once;
pub mod problem;
pub mod routes;
pub mod server;
pub mod session;
pub mod wire;
