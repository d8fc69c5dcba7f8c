//! The moments at which a test may stop or kill the process, to see what is left of the record.

use std::fmt;
use std::sync::Arc;

/// A moment in the life of the record. Each is told from the thread that does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The records of a commit are written, the commit is not.
    BeforeCommit,
    /// The commit is durable; nobody has been told.
    AfterCommit,
    /// Readers have been told, those who wait for an acknowledgement have not.
    BeforeAcknowledge,
    /// The write-ahead log is about to be taken over into the file (rotation).
    CheckpointBegin,
    /// It has been taken over.
    CheckpointDone,
    /// A snapshot is being written and is not committed.
    SnapshotBegin,
    /// It is committed; the one before the last is still there.
    SnapshotCommitted,
}

/// What is called at each [`Phase`]; nothing by default.
#[derive(Clone, Default)]
pub struct PhaseHook(Option<Arc<dyn Fn(Phase) + Send + Sync>>);

impl PhaseHook {
    /// A hook that calls `call`.
    pub fn new(call: impl Fn(Phase) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(call)))
    }

    pub(crate) fn at(&self, phase: Phase) {
        if let Some(call) = &self.0 {
            call(phase);
        }
    }
}

impl fmt::Debug for PhaseHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "PhaseHook(set)" } else { "PhaseHook(none)" })
    }
}
