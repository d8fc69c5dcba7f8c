//! Rotation: taking the write-ahead log over into the file, so that it begins again from its
//! start.
//!
//! The bulk is taken over on a thread of its own while the writer goes on (a passive checkpoint
//! waits for nobody). What was written meanwhile is little; the writer takes it over between two
//! commits, and its next commit begins the log anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::phase::{Phase, PhaseHook};
use crate::store::{is_full, sqlite};
use crate::{OpenError, store};

/// The write-ahead log is taken over when about this many bytes are in it.
pub const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// From here on the writer waits for readers, so that the log does not grow without bound.
pub const CHECKPOINT_FORCED_BYTES: u64 = 256 * 1024 * 1024;
/// Requests to the thread: one, the rest would ask the same.
const REQUESTS: usize = 1;

const IDLE: u8 = 0;
const BULK: u8 = 1;
const REMAINDER_DUE: u8 = 2;

/// What one checkpoint came to, in frames of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// In the log.
    pub(crate) frames: i64,
    /// Of them in the file by now.
    pub(crate) taken: i64,
}

impl Taken {
    pub(crate) fn is_all(self) -> bool {
        self.frames == self.taken
    }
}

/// Runs `PRAGMA wal_checkpoint(mode)`.
pub(crate) fn run(connection: &Connection, mode: &str) -> rusqlite::Result<Taken> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Taken { frames: row.get(1)?, taken: row.get(2)? })
    })
}

/// The thread that takes over the bulk.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    requests: Option<SyncSender<()>>,
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// `failed` is told of any error but a full disk.
    pub(crate) fn start(
        connection: Connection,
        hook: PhaseHook,
        failed: impl Fn(String) + Send + 'static,
    ) -> Result<Self, OpenError> {
        connection.busy_timeout(store::BUSY_TIMEOUT).map_err(sqlite("set a timeout"))?;
        let (requests, received) = sync_channel(REQUESTS);
        let state = Arc::new(AtomicU8::new(IDLE));
        let shared = state.clone();
        let thread = std::thread::Builder::new()
            .name("journal-rotate".into())
            .spawn(move || serve(&connection, &received, &shared, &hook, &failed))
            .map_err(OpenError::Thread)?;
        Ok(Self { requests: Some(requests), state, thread: Some(thread) })
    }

    /// Asks for the bulk to be taken over; does nothing while that is under way.
    pub(crate) fn request(&self) {
        let Some(requests) = &self.requests else { return };
        let free = self.state.compare_exchange(IDLE, BULK, Ordering::AcqRel, Ordering::Relaxed);
        if free.is_ok() && requests.try_send(()).is_err() {
            self.state.store(IDLE, Ordering::Release);
        }
    }

    /// Whether the bulk is done and the writer should take over the rest. Says so once.
    pub(crate) fn remainder_due(&self) -> bool {
        self.state
            .compare_exchange(REMAINDER_DUE, IDLE, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    connection: &Connection,
    requests: &Receiver<()>,
    state: &AtomicU8,
    hook: &PhaseHook,
    failed: &impl Fn(String),
) {
    while requests.recv().is_ok() {
        hook.at(Phase::CheckpointBegin);
        match run(connection, "PASSIVE") {
            Ok(taken) => {
                tracing::debug!(frames = taken.frames, taken = taken.taken, "rotation: bulk done");
            }
            Err(error) if is_full(&error) => {
                tracing::warn!(%error, "rotation waits for room on the disk");
            }
            Err(error) => {
                failed(format!("rotation failed: {error}"));
                return;
            }
        }
        hook.at(Phase::CheckpointDone);
        state.store(REMAINDER_DUE, Ordering::Release);
    }
}
