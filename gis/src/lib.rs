//! WHERE: pure geometry. Knows geometry, not emergencies; no crate of ours, no clock, no I/O.

mod outline;
pub use outline::{Outline, OutlineError};
