//! The writer's thread: takes a batch from the queue, commits it, tells everybody.
//!
//! While one commit is being made durable the next batch gathers: the disk's own pace sets the
//! size of the batches. After any error but a full disk, or a file that another program holds, it stops for good; what failed to sync is
//! never tried again, since the system may have dropped the pages and reported it once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::Seq;
use rusqlite::Connection;

use crate::block::StoredBlock;
use crate::checkpoint::{self, CHECKPOINT_FORCED_BYTES, Checkpointer};
use crate::phase::{Phase, PhaseHook};
use crate::queue::{Batch, Cut, Queue};
use crate::receipt::AppendError;
use crate::state::Shared;
use crate::store::{self, is_full, is_held};
use crate::watermark::Watermark;

/// What a row and the pages it touches add to the log beside its body, about.
const ROW_OVERHEAD_BYTES: u64 = 2 * 4_120;
/// How long a forced checkpoint waits for readers.
const FORCED_WAIT: Duration = Duration::from_millis(50);

/// What the writer's thread owns.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) queue: Arc<Queue>,
    pub(crate) watermark: Watermark,
    pub(crate) shared: Arc<Shared>,
    pub(crate) hook: PhaseHook,
    pub(crate) checkpointer: Checkpointer,
    /// See [`crate::Options::gather`].
    pub(crate) gather: Duration,
    /// See [`crate::Options::checkpoint_bytes`].
    pub(crate) checkpoint_bytes: u64,
    /// The place of the next record.
    pub(crate) next: Seq,
    /// Observations so far.
    pub(crate) observations: u64,
    /// Bytes in the log, about.
    pub(crate) log_bytes: u64,
}

/// Whatever ends the thread, nobody is left waiting.
struct LastOneOut {
    queue: Arc<Queue>,
    watermark: Watermark,
    shared: Arc<Shared>,
    batch: Option<Arc<crate::receipt::Group>>,
}

impl Drop for LastOneOut {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.fail("the writer's thread broke off");
        }
        if let Some(why) = self.shared.failure() {
            if let Some(group) = self.batch.take() {
                group.settle(Err(AppendError::Stopped(why.clone())));
            }
            self.queue.stop(&why);
        }
        self.watermark.end();
    }
}

impl Writer {
    /// Runs until the queue is closed and empty, or the disk fails.
    pub(crate) fn run(mut self) {
        let mut last = LastOneOut {
            queue: self.queue.clone(),
            watermark: self.watermark.clone(),
            shared: self.shared.clone(),
            batch: None,
        };
        let mut since = Instant::now();
        while let Some(batch) = self.queue.take(since, self.gather) {
            last.batch = Some(batch.group.clone());
            match self.commit(&batch) {
                Ok(first) => self.acknowledge(batch, first),
                Err(error) if is_full(&error) => {
                    if !self.shared.is_full() {
                        tracing::error!(%error, "journal full: records are refused until there is room");
                    }
                    self.shared.set_full(true);
                    batch.group.settle(Err(AppendError::Full));
                    self.queue.settled(batch.end, batch.raw);
                }
                Err(error) if is_held(&error) => {
                    // It was to be begun and was not: whoever waits tries again.
                    tracing::error!(%error, "another program holds the journal's file");
                    batch.group.settle(Err(AppendError::Busy));
                    self.queue.settled(batch.end, batch.raw);
                }
                Err(error) => {
                    tracing::error!(%error, "the journal stops: a commit failed");
                    self.shared.fail(&format!("a commit failed: {error}"));
                    return;
                }
            }
            last.batch = None;
            if self.shared.failure().is_some() || !self.rotate() {
                return;
            }
            since = Instant::now();
        }
        self.finish();
    }

    /// One transaction for the whole batch. Gives the place of its first record.
    fn commit(&mut self, batch: &Batch) -> rusqlite::Result<Seq> {
        let written = self.write(batch);
        if written.is_err() && !self.connection.is_autocommit() {
            // Fails where SQLite has rolled back by itself; the transaction is gone either way.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let first = self.next;
        let (next, observations, bytes) = written?;
        (self.next, self.observations) = (next, observations);
        self.log_bytes += bytes;
        Ok(first)
    }

    fn write(&self, batch: &Batch) -> rusqlite::Result<(Seq, u64, u64)> {
        let connection = &self.connection;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let (mut next, mut observations, mut bytes) = (self.next, self.observations, 0);
        let mut start = Cut::default();
        for end in batch.cuts.iter().copied().chain([batch.end]) {
            let count = end.records - start.records;
            observations += u64::from(end.observations - start.observations);
            let raw = &batch.raw[start.bytes..end.bytes];
            let block = StoredBlock::seal(next, count, observations, raw);
            store::insert(connection, &block)?;
            bytes += block.body.len() as u64 + ROW_OVERHEAD_BYTES;
            next.0 += u64::from(count);
            start = end;
        }
        self.hook.at(Phase::BeforeCommit);
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok((next, observations, bytes))
    }

    fn acknowledge(&self, batch: Batch, first: Seq) {
        self.hook.at(Phase::AfterCommit);
        if self.shared.is_full() {
            tracing::warn!("there is room again: the journal takes records");
            self.shared.set_full(false);
        }
        self.shared.committed(self.next, self.observations);
        self.watermark.advance(Seq(self.next.0 - 1));
        self.hook.at(Phase::BeforeAcknowledge);
        batch.group.settle(Ok(first));
        self.queue.settled(batch.end, batch.raw);
    }

    /// Takes the log over where it is time. `false` when the disk failed.
    fn rotate(&mut self) -> bool {
        let forced = self.log_bytes > CHECKPOINT_FORCED_BYTES;
        let rest = self.checkpointer.remainder_due();
        if !forced && !rest {
            if self.log_bytes > self.checkpoint_bytes {
                self.checkpointer.request();
            }
            return true;
        }
        let taken = if forced {
            let _ = self.connection.busy_timeout(FORCED_WAIT);
            let taken = checkpoint::run(&self.connection, "RESTART");
            let _ = self.connection.busy_timeout(store::BUSY_TIMEOUT);
            taken
        } else {
            checkpoint::run(&self.connection, "PASSIVE")
        };
        match taken {
            Ok(taken) if taken.is_all() => self.log_bytes = 0,
            Ok(taken) => {
                // A reader still looks at the old part: the next turn takes it.
                let left = u64::try_from(taken.frames - taken.taken).unwrap_or(0);
                self.log_bytes = (left * ROW_OVERHEAD_BYTES / 2).max(self.log_bytes / 2);
            }
            Err(error) if is_full(&error) => {
                tracing::warn!(%error, "rotation waits for room on the disk");
            }
            Err(error) => {
                tracing::error!(%error, "the journal stops: a rotation failed");
                self.shared.fail(&format!("a rotation failed: {error}"));
                return false;
            }
        }
        true
    }

    /// At a graceful end the log is taken over whole, so that the next start has nothing to do.
    fn finish(self) {
        if self.shared.failure().is_some() {
            return;
        }
        drop(self.checkpointer);
        self.hook.at(Phase::CheckpointBegin);
        if let Err(error) = checkpoint::run(&self.connection, "TRUNCATE") {
            tracing::warn!(%error, "the log was not taken over at the end; the next start does it");
        }
        self.hook.at(Phase::CheckpointDone);
    }
}
