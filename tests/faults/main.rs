//! Faults of lines, clocks, consoles and stores, on the built platform.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod clocks;
mod consoles;
mod lines;
mod link;
mod order;
mod scene;
mod stores;
