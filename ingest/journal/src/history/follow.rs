//! The follower: reads the journal's end and fills the history, on a thread of its own.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::ids::Seq;

use super::HistoryStore;
use crate::derived::DerivedError;
use crate::reader::{ReadError, Reader};
use crate::watermark::{Progress, Watermark};

/// The most records that go into one transaction of the history.
pub const FOLLOW_RECORDS: usize = 16_384;
/// How long it waits for the journal before it looks whether it should end.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How long it waits before it tries again what may pass: a full disk, a lock.
const RETRY: Duration = Duration::from_secs(1);

/// Why a follower gave up.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The history cannot be written. [`DerivedError::is_damage`] says whether opening it again
    /// makes it anew.
    #[error(transparent)]
    Write(#[from] DerivedError),
}

/// Why a follower ended in peace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowEnd {
    /// It was asked to.
    Shutdown,
    /// The journal was closed and everything in it is taken over.
    JournalEnded,
}

/// What a follower did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// Why it ended.
    pub end: FollowEnd,
    /// How far the history is filled.
    pub position: Seq,
}

/// Asks a follower to end. Clones ask the same one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<(Mutex<bool>, Condvar)>);

impl Shutdown {
    /// Asks.
    pub fn ask(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is asked, for at most `timeout`.
    fn wait(&self, timeout: Duration) {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_timeout_while(asked, timeout, |asked| !*asked));
    }
}

/// Fills the history from where it stands until the journal ends or `shutdown` is asked.
///
/// A full disk or a lock is waited out. A history that lies beyond the journal's end is taken back
/// first.
///
/// # Errors
/// [`FollowError`].
pub fn follow(
    reader: &mut Reader,
    watermark: &Watermark,
    store: &mut HistoryStore,
    shutdown: &Shutdown,
) -> Result<Followed, FollowError> {
    store.rewind(watermark.durable())?;
    let mut position = store.position()?;
    let mut ended = false;
    while !shutdown.is_asked() {
        let stretch = reader.read_on(Seq(position.0 + 1), FOLLOW_RECORDS)?;
        let read = stretch.records.last().map(|r| r.seq);
        let lost = stretch.damaged.last().map(|d| d.last);
        let Some(upto) = read.max(lost) else {
            if ended {
                return Ok(Followed { end: FollowEnd::JournalEnded, position });
            }
            // Once more after the end is told: what came last may not have been read.
            ended = matches!(watermark.wait_past(position, LOOK_UP), Progress::Ended(_));
            continue;
        };
        match store.append(&stretch.records, upto) {
            Ok(()) => position = upto,
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, %position, "the history waits");
                shutdown.wait(RETRY);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Followed { end: FollowEnd::Shutdown, position })
}

/// Runs [`follow`] on a thread of its own.
///
/// # Errors
/// When the system gives no thread.
pub fn spawn(
    mut reader: Reader,
    watermark: Watermark,
    mut store: HistoryStore,
    shutdown: Shutdown,
) -> std::io::Result<JoinHandle<Result<Followed, FollowError>>> {
    std::thread::Builder::new().name("journal-history".into()).spawn(move || {
        let done = follow(&mut reader, &watermark, &mut store, &shutdown);
        match &done {
            Ok(followed) => tracing::info!(position = %followed.position, "the history is at rest"),
            Err(error) => tracing::error!(%error, "the history has stopped"),
        }
        done
    })
}
