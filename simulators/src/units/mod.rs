//! Units: they take orders, answer, travel, work and report, over the platform's own topics.

mod link;
mod order;
mod responder;

pub use link::{Field, run};
pub use order::{Order, OrderError};
pub use responder::{Doing, Responder, Said};
