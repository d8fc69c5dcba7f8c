//! The journal as its owner sees it: opened once, by one process, in one directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use domain::ids::Seq;
use domain::status::WireStatus;

use crate::checkpoint::{CHECKPOINT_BYTES, Checkpointer};
use crate::figures::Figures;
use crate::lock::DirectoryLock;
use crate::phase::PhaseHook;
use crate::queue::{Appender, Queue};
use crate::reader::Reader;
use crate::recovery::{self, Recovery};
use crate::state::Shared;
use crate::store::{self, OpenError};
use crate::watermark::Watermark;
use crate::writer::Writer;

/// The longest that a commit may wait for company; see [`Options::gather`].
pub const GATHER_MAX: Duration = Duration::from_millis(5);

/// How a journal is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which world it is of; checked against the file.
    pub status: WireStatus,
    /// Whether commits are made durable before they are acknowledged. `false` is for one thing
    /// only: the power-cut test, which must then fail.
    pub synchronous: bool,
    /// How long after a commit the next one may wait for company, at most [`GATHER_MAX`]. Zero
    /// commits as soon as the disk is free, which is right unless blocks become too small.
    pub gather: Duration,
    /// The most pages of 4 KiB that the file may have; `None` for the disk's own bound.
    pub max_pages: Option<u32>,
    /// The log is taken over into the file when about this many bytes are in it;
    /// [`CHECKPOINT_BYTES`] unless a test wants it more often.
    pub checkpoint_bytes: u64,
    /// Called at each [`crate::Phase`].
    pub phase_hook: PhaseHook,
}

impl Options {
    /// A journal of the real world.
    pub fn live() -> Self {
        Self::of(WireStatus::Actual)
    }

    /// A drill's journal.
    pub fn exercise() -> Self {
        Self::of(WireStatus::Exercise)
    }

    /// A journal of the given world.
    pub fn of(status: WireStatus) -> Self {
        Self {
            status,
            synchronous: true,
            gather: Duration::ZERO,
            max_pages: None,
            checkpoint_bytes: CHECKPOINT_BYTES,
            phase_hook: PhaseHook::default(),
        }
    }
}

/// The open journal. Dropping it writes what is waiting, takes the log over and frees the
/// directory.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    queue: Arc<Queue>,
    watermark: Watermark,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Last, so that the directory is free only when the thread has ended.
    _lock: DirectoryLock,
}

impl Journal {
    /// Opens the journal in `dir` for writing; makes it when there is none.
    ///
    /// Cuts a torn tail, puts right what can be, and says in [`Recovery`] what it found.
    ///
    /// # Errors
    /// [`OpenError::Lock`] when another process writes it, [`OpenError::Newer`] when a newer
    /// program wrote it, [`OpenError::OtherStatus`] when it is of the other world, or what the
    /// disk says.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<(Self, Recovery), OpenError> {
        let dir = dir.as_ref().to_owned();
        recovery::make_directory(&dir)?;
        let lock = DirectoryLock::take(&dir)?;
        let start = recovery::recover(&dir, options.status, options.synchronous)?;
        if let Some(pages) = options.max_pages {
            let set = start.connection.pragma_update(None, "max_page_count", pages);
            set.map_err(store::sqlite("bound the file"))?;
        }
        let queue = Arc::new(Queue::new());
        let watermark = Watermark::new(start.recovery.durable);
        let shared = Arc::new(Shared::starting(start.next, start.observations));
        let checkpointer = {
            let (queue, shared) = (queue.clone(), shared.clone());
            let connection = store::connect_writer(&dir, options.status, options.synchronous)?;
            Checkpointer::start(connection, options.phase_hook.clone(), move |why| {
                tracing::error!(%why, "the journal stops");
                shared.fail(&why);
                queue.stop(&why.into());
            })?
        };
        let writer = Writer {
            connection: start.connection,
            queue: queue.clone(),
            watermark: watermark.clone(),
            shared: shared.clone(),
            hook: options.phase_hook,
            checkpointer,
            gather: options.gather.min(GATHER_MAX),
            checkpoint_bytes: options.checkpoint_bytes,
            next: start.next,
            observations: start.observations,
            log_bytes: 0,
        };
        let thread = std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(move || writer.run())
            .map_err(OpenError::Thread)?;
        let journal = Self { dir, queue, watermark, shared, thread: Some(thread), _lock: lock };
        Ok((journal, start.recovery))
    }

    /// A handle to append with; make as many as there are sources.
    pub fn appender(&self) -> Appender {
        Appender::new(self.queue.clone())
    }

    /// The place of the last durable record; 0 in an empty journal.
    pub fn durable(&self) -> Seq {
        self.watermark.durable()
    }

    /// A handle to wait for progress with.
    pub fn watermark(&self) -> Watermark {
        self.watermark.clone()
    }

    /// A reader beside this writer.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn reader(&self) -> Result<Reader, OpenError> {
        Reader::open(&self.dir)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Why the journal has stopped, if it has: the process should end and start again.
    pub fn failed(&self) -> Option<Arc<str>> {
        self.shared.failure()
    }

    /// Waits on this thread until the journal fails, for at most `timeout`.
    pub fn wait_failed(&self, timeout: Duration) -> Option<Arc<str>> {
        self.shared.wait_failure(timeout)
    }

    /// Whether the last commit was refused because the disk is full.
    pub fn is_full(&self) -> bool {
        self.shared.is_full()
    }

    /// Records, disk and rate in figures. Reads the directory: not for every request.
    pub fn figures(&self) -> Figures {
        let (queue_records, queue_bytes) = self.queue.depth();
        let figures = Figures {
            records: self.shared.records(),
            observations: self.shared.observations(),
            append_rate_per_s: self.shared.rate_per_s(),
            commits: self.shared.commits(),
            queue_records,
            queue_bytes,
            full: self.shared.is_full(),
            ..Figures::default()
        };
        figures.with_disk(&self.dir)
    }

    /// Takes no more, writes what is waiting, takes the log over. As dropping it, but says whether
    /// the journal had failed.
    ///
    /// # Errors
    /// Why the journal had stopped.
    pub fn close(mut self) -> Result<Seq, Arc<str>> {
        self.end();
        self.shared.failure().map_or_else(|| Ok(self.watermark.durable()), Err)
    }

    fn end(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread broke off");
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.end();
    }
}
