//! Where the engine tells: decisions and the picture, once everything up to a seq is understood.

use std::marker::PhantomData;

use domain::decision::Decision;
use domain::ids::Seq;
use domain::status::Status;

use crate::snapshot::Snapshot;

/// What was decided up to a journal number. `S` says in which world: there is no conversion.
#[derive(Debug)]
pub struct Decided<S: Status> {
    /// Everything up to here has been understood.
    pub upto: Seq,
    /// The decisions since the last, ordered by (seq, kind, hazard, place).
    pub decisions: Vec<Decision>,
    /// A snapshot of the state at `upto`, where one was due.
    pub snapshot: Option<Snapshot>,
    pub(crate) status: PhantomData<S>,
}

/// Why an outlet cannot take what was decided. The engine ends with it.
#[derive(Debug, thiserror::Error)]
#[error("what was decided cannot be taken: {0}")]
pub struct OutletError(pub String);

/// Takes what was decided. Called on the engine's thread: it should hand over and return; while it
/// waits, the engine waits (back-pressure).
pub trait Outlet<S: Status>: Send + 'static {
    /// See the trait.
    ///
    /// # Errors
    /// [`OutletError`] ends the engine.
    fn decided(&mut self, decided: Decided<S>) -> Result<(), OutletError>;
}

impl<S: Status, F> Outlet<S> for F
where
    F: FnMut(Decided<S>) -> Result<(), OutletError> + Send + 'static,
{
    fn decided(&mut self, decided: Decided<S>) -> Result<(), OutletError> {
        self(decided)
    }
}
