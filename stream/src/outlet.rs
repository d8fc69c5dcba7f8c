//! Where the engine tells: decisions and the picture, once everything up to a seq is understood.

use std::marker::PhantomData;

use domain::decision::Decision;
use domain::ids::Seq;
use domain::report::OfficialSignal;
use domain::status::Status;
use domain::time::UtcMs;

use crate::plan::Refused;
use crate::snapshot::Snapshot;

/// What was decided up to a journal number. `S` says in which world: there is no conversion.
#[derive(Debug)]
pub struct Decided<S: Status> {
    /// Everything up to here has been understood.
    pub upto: Seq,
    /// The decisions since the last, ordered by (seq, kind, hazard, place).
    pub decisions: Vec<Decision>,
    /// What changed in the picture: state, of which only the newest counts.
    pub picture: Picture,
    /// A snapshot of the state at `upto`, where one was due.
    pub snapshot: Option<Snapshot>,
    pub(crate) status: PhantomData<S>,
}

/// State that is told as it stands, and not logged: it can be worked out again from the record.
/// Risk is folded from the decisions ([`crate::risk`]).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Up to when each agency's data are complete, where a tick has passed.
    pub frontiers: Vec<Frontier>,
    /// Official signals, in the order of the record. Nothing makes a level of them.
    pub signals: Vec<(Seq, OfficialSignal)>,
    /// Thresholds of a configuration that cannot be applied, and why.
    pub refused: Vec<Refused>,
}

/// Up to when an agency's data are complete: 资料完整至.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    /// The agency's id.
    pub agency: String,
    /// Every datastream of it that is not silent has been heard up to here, event time.
    pub complete: UtcMs,
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
