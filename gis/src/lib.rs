//! WHERE: pure geometry. Knows geometry, not emergencies; no crate of ours, no clock, no I/O.
//!
//! Everything here works on two checked types, [`Position`] and [`Outline`]: a NaN, a swapped pair
//! or a self-crossing ring is refused when they are made and cannot be met later.

pub mod outline;
pub mod position;

pub use outline::{BoundingBox, Outline, OutlineError};
pub use position::{Position, PositionError};
