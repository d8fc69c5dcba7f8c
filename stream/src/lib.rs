//! UNDERSTANDING: the timely dataflow that turns the record into assessments, alerts and risk.
//!
//! Read [`topology`] first (the picture), then [`driver`] (stop 4, ordered), [`operators`] (stops 5
//! and 6: *when*), [`hazards`] (*what*), [`engine`] (how it is run). Nothing here reads a clock or
//! does I/O: the record comes by an [`inlet::Inlet`], what is decided goes by an
//! [`outlet::Outlet`].

pub mod backtest;
pub mod clock;
pub mod driver;
pub mod engine;
pub mod hazards;
pub mod inlet;
pub mod item;
pub mod log;
pub mod operators;
pub mod outlet;
pub mod plan;
mod publish;
pub mod recompute;
pub mod risk;
pub mod series;
mod shared;
pub mod silences;
pub mod snapshot;
pub mod topology;
pub mod watch;
pub mod zones;

pub use engine::{Engine, EngineConfig, EngineError};
pub use inlet::{Heard, Inlet, InletError, Lean};
pub use outlet::{Decided, Frontier, Outlet, OutletError, Picture};
