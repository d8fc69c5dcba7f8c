//! Where the engine reads from: the record, in order.

use std::time::Duration;

use domain::ids::Seq;
use domain::observation::Observation;
use domain::record::Sequenced;
use domain::time::UtcMs;

/// A record in its lean form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lean {
    /// An observation.
    Observation(Seq, Observation),
    /// The clock.
    Tick(Seq, UtcMs),
}

/// What an inlet has.
#[derive(Debug)]
pub enum Heard {
    /// The next records, in order and without holes.
    Records(Vec<Sequenced>),
    /// The same in the lean form for files: observations and ticks only.
    Lean(Vec<Lean>),
    /// Nothing now.
    Idle,
    /// Nothing any more: what is under way is finished, then the engine ends.
    Closed,
}

/// Why an inlet cannot be read. The engine ends with it.
#[derive(Debug, thiserror::Error)]
#[error("the record cannot be read: {0}")]
pub struct InletError(pub String);

/// A reader of the record by seq. One engine reads it, from one thread.
pub trait Inlet: Send + 'static {
    /// The next records: at most about `max`, waiting at most `wait` for the first.
    ///
    /// # Errors
    /// [`InletError`] where the record cannot be read.
    fn next(&mut self, max: usize, wait: Duration) -> Result<Heard, InletError>;
}

impl<F> Inlet for F
where
    F: FnMut(usize, Duration) -> Result<Heard, InletError> + Send + 'static,
{
    fn next(&mut self, max: usize, wait: Duration) -> Result<Heard, InletError> {
        self(max, wait)
    }
}
