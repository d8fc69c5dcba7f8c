//! Where the engine reads from: the record, in order.

use std::time::Duration;

use domain::ids::Seq;
use domain::observation::Observation;
use domain::record::Sequenced;
use domain::time::UtcMs;

/// Records of consecutive numbers in the form for files: observations and ticks only.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lean {
    /// The number of the first.
    pub first: Seq,
    /// The observations, in order.
    pub observations: Vec<Observation>,
    /// The ticks, in order, each before the observation of this position.
    pub ticks: Vec<(usize, UtcMs)>,
}

/// What an inlet has.
#[derive(Debug)]
pub enum Heard {
    /// The next records, in order and without holes.
    Records(Vec<Sequenced>),
    /// The same in the form for files.
    Lean(Lean),
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
