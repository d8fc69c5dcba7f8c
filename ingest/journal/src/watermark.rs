//! How far the journal is durable, and waiting for it to get further.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use domain::ids::Seq;

/// What waiting for progress came to. Each carries the durable mark as it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The journal is durable past what was asked.
    Past(Seq),
    /// The time was over first.
    TimedOut(Seq),
    /// The journal was closed or stopped: it will not get further.
    Ended(Seq),
}

impl Progress {
    /// The durable mark as it stood.
    pub fn durable(self) -> Seq {
        match self {
            Progress::Past(seq) | Progress::TimedOut(seq) | Progress::Ended(seq) => seq,
        }
    }
}

#[derive(Debug)]
struct State {
    durable: Seq,
    ended: bool,
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    moved: Condvar,
}

/// The durable mark of a journal that is being written in this process.
#[derive(Debug, Clone)]
pub struct Watermark(Arc<Shared>);

impl Watermark {
    pub(crate) fn new(durable: Seq) -> Self {
        let state = State { durable, ended: false, waiting: BTreeMap::new(), next: 0 };
        Self(Arc::new(Shared { state: Mutex::new(state), moved: Condvar::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.state();
            change(&mut state);
            std::mem::take(&mut state.waiting)
        };
        self.0.moved.notify_all();
        waiting.into_values().for_each(Waker::wake);
    }

    pub(crate) fn advance(&self, durable: Seq) {
        self.change(|state| state.durable = state.durable.max(durable));
    }

    pub(crate) fn end(&self) {
        self.change(|state| state.ended = true);
    }

    /// The place of the last durable record; 0 in an empty journal.
    pub fn durable(&self) -> Seq {
        self.state().durable
    }

    /// Waits on this thread until there is a durable record after `seq`.
    pub fn wait_past(&self, seq: Seq, timeout: Duration) -> Progress {
        let waited = self.0.moved.wait_timeout_while(self.state(), timeout, |state| {
            state.durable <= seq && !state.ended
        });
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        progress(&state, seq).unwrap_or(Progress::TimedOut(state.durable))
    }

    /// Resolves when there is a durable record after `seq`, or there will be none.
    pub fn past(&self, seq: Seq) -> Past {
        Past { watermark: self.clone(), seq, ticket: None }
    }
}

fn progress(state: &State, seq: Seq) -> Option<Progress> {
    if state.durable > seq {
        Some(Progress::Past(state.durable))
    } else if state.ended {
        Some(Progress::Ended(state.durable))
    } else {
        None
    }
}

/// See [`Watermark::past`].
#[derive(Debug)]
#[must_use = "it does nothing unless awaited"]
pub struct Past {
    watermark: Watermark,
    seq: Seq,
    ticket: Option<u64>,
}

impl Future for Past {
    type Output = Progress;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Progress> {
        let watermark = self.watermark.clone();
        let mut state = watermark.state();
        if let Some(progress) = progress(&state, self.seq) {
            return Poll::Ready(progress);
        }
        let ticket = *self.ticket.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.waiting.insert(ticket, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Past {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.watermark.state().waiting.remove(&ticket);
        }
    }
}
