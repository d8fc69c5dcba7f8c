//! The engine as a whole: records in, decisions out. Every test is a situation.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test")]

mod amend;
mod better;
mod configure;
mod epochs;
mod of_two;
mod one_answer;
mod order;
mod picture;
mod recompute;
mod silence;
mod situations;
mod support;
mod wrong_clock;
