//! What an append gives back: a promise that is kept when its commit is durable.
//!
//! All appends of one commit share one [`Group`], so that a receipt costs no allocation: a
//! receipt is a share of its group and an offset in it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use domain::ids::Seq;

/// Why records were not taken. None of an append's records is in the journal then, or, for
/// [`AppendError::Stopped`], none may be taken for durable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk is full. The journal takes records again when there is room.
    #[error("the journal is full: no room on the disk")]
    Full,
    /// More is waiting for the disk than may wait; see [`crate::Appender::room`].
    #[error(
        "the journal is busy: the queue before the disk is full, or another program holds the file"
    )]
    Busy,
    /// The disk failed. The journal takes nothing more until the process is started again.
    #[error("the journal has stopped: {0}")]
    Stopped(Arc<str>),
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// No records.
    #[error("there is nothing to append")]
    Nothing,
    /// A record is larger than [`crate::block::RECORD_BYTES_MAX`], or an append larger than the
    /// queue.
    #[error("an append of {0} bytes is too large")]
    TooLarge(usize),
    /// A record cannot be put into bytes.
    #[error(transparent)]
    Encoding(#[from] crate::encoding::EncodingError),
}

/// Where an append's records stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeqRange {
    /// The place of the first.
    pub first: Seq,
    /// How many, at least one.
    pub count: u32,
}

impl SeqRange {
    /// The place of the last.
    pub fn last(self) -> Seq {
        Seq(self.first.0 + u64::from(self.count) - 1)
    }
}

/// The outcome of a commit: the place of its first record.
type Outcome = Result<Seq, AppendError>;

/// The appends of one commit.
#[derive(Debug, Default)]
pub(crate) struct Group {
    state: Mutex<GroupState>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct GroupState {
    outcome: Option<Outcome>,
    /// One slot for each receipt that has been polled.
    waiting: Vec<Waker>,
}

impl Group {
    fn state(&self) -> MutexGuard<'_, GroupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all receipts of the group. The first outcome stays.
    pub(crate) fn settle(&self, outcome: Outcome) {
        let waiting = {
            let mut state = self.state();
            state.outcome.get_or_insert(outcome);
            std::mem::take(&mut state.waiting)
        };
        self.settled.notify_all();
        for waker in waiting {
            waker.wake();
        }
    }
}

/// A promise: resolves to the records' places only after the commit that holds them is durable.
///
/// A future for any executor, and [`Receipt::wait`] for threads. Dropping it takes nothing back.
#[derive(Debug)]
#[must_use = "nothing is acknowledged before its receipt resolves"]
pub struct Receipt(Promise);

#[derive(Debug)]
enum Promise {
    Refused(AppendError),
    Pending { group: Arc<Group>, offset: u32, count: u32, slot: Option<usize> },
}

impl Receipt {
    pub(crate) fn refused(error: AppendError) -> Self {
        Self(Promise::Refused(error))
    }

    pub(crate) fn pending(group: Arc<Group>, offset: u32, count: u32) -> Self {
        Self(Promise::Pending { group, offset, count, slot: None })
    }

    /// Waits on this thread.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn wait(self) -> Result<SeqRange, AppendError> {
        let (group, offset, count) = match self.0 {
            Promise::Refused(error) => return Err(error),
            Promise::Pending { group, offset, count, .. } => (group, offset, count),
        };
        let mut state = group.state();
        loop {
            if let Some(outcome) = &state.outcome {
                return placed(outcome, offset, count);
            }
            state = group.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits on this thread for at most `timeout`; `None` when that was not enough.
    pub fn wait_for(&self, timeout: Duration) -> Option<Result<SeqRange, AppendError>> {
        let (group, offset, count) = match &self.0 {
            Promise::Refused(error) => return Some(Err(error.clone())),
            Promise::Pending { group, offset, count, .. } => (group, *offset, *count),
        };
        let waited = group
            .settled
            .wait_timeout_while(group.state(), timeout, |state| state.outcome.is_none());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.outcome.as_ref().map(|outcome| placed(outcome, offset, count))
    }
}

fn placed(outcome: &Outcome, offset: u32, count: u32) -> Result<SeqRange, AppendError> {
    let first = outcome.clone()?;
    Ok(SeqRange { first: Seq(first.0 + u64::from(offset)), count })
}

impl Future for Receipt {
    type Output = Result<SeqRange, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Promise::Refused(error) => Poll::Ready(Err(error.clone())),
            Promise::Pending { group, offset, count, slot } => {
                let mut state = group.state();
                if let Some(outcome) = &state.outcome {
                    return Poll::Ready(placed(outcome, *offset, *count));
                }
                match *slot {
                    Some(at) => state.waiting[at].clone_from(context.waker()),
                    None => {
                        *slot = Some(state.waiting.len());
                        state.waiting.push(context.waker().clone());
                    }
                }
                Poll::Pending
            }
        }
    }
}
