//! The desk: what people, and the platform's own rules, do about what the engine says is true.
//!
//! [`decide()`] asks whether a command may be and what facts it makes; the facts are journaled;
//! [`evolve()`] takes them onto the [`Picture`]. Both are pure. [`room`] is the one task that does
//! it for real: it owns the picture, appends to the journal, and tells what changed.

pub mod bulletin_views;
pub mod corrections;
pub mod decide;
pub mod evolve;
pub mod field;
pub mod heard;
pub mod journal_line;
pub mod ledger;
pub mod picture;
mod plans;
pub mod refusal;
pub mod room;
#[cfg(test)]
mod room_tests;
pub mod rule;
pub mod seat;
mod signals;
#[cfg(test)]
pub(crate) mod silences_tests;
pub mod situations;
#[cfg(test)]
pub(crate) mod tests;
pub mod timers;
pub mod told;
pub mod touched;
pub mod views;
pub mod wards;
pub mod warning_views;
pub mod warnings;
#[cfg(test)]
mod warnings_tests;

pub use decide::{Asker, decide};
pub use evolve::{Happening, evolve};
pub use picture::Picture;
pub use refusal::Refusal;
pub use room::Room;
pub use seat::{Asked, NotDone, Seat};
pub use touched::Touched;
