//! The archive: an InfluxDB 2 that follows the journal, with a position of its own. Down, slow or
//! lying, it delays history and nothing else: it reads the journal beside everyone, one bounded
//! batch at a time, and no one waits for it.
//!
//! This is the only place that names `influxdb2`, whose client can panic: each stretch of following
//! is a task of its own, and one that breaks off is begun again at the position.

mod config;
mod points;
mod position;
mod write;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::ids::Seq;
use journal::{Journal, Reader, Watermark};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use config::{ArchiveConfig, ArchiveError};
pub use points::{Point, line};

use crate::register::Register;
use position::PositionStore;
use write::{Fault, Writer};

/// Records of the journal that are read and written at a time.
pub const BATCH_RECORDS: usize = 2_000;
/// The first rest after a failure; it doubles up to [`REST_MAX`].
pub const REST_MIN: Duration = Duration::from_millis(250);
/// The longest rest before the next attempt.
pub const REST_MAX: Duration = Duration::from_secs(30);
/// How long it may take to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// The archive as seen from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveState {
    /// Up to which record the archive has said that it has it.
    pub position: Seq,
    /// Records of the journal after that.
    pub behind: u64,
    /// Points written since the start.
    pub points: u64,
    /// Points that the archive refused for what they are, since the start. The journal has them.
    pub refused: u64,
    /// Times that following broke off and was begun again.
    pub broken_off: u64,
    /// What the last attempt said, where it failed.
    pub last_error: Option<String>,
    /// When an attempt last failed, though others have succeeded since.
    pub failed: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<ArchiveState>,
    register: RwLock<Arc<Register>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, ArchiveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn register(&self) -> Arc<Register> {
        self.register.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The running archive.
#[derive(Debug)]
pub struct Archive {
    shared: Arc<Shared>,
    watermark: Watermark,
    task: JoinHandle<()>,
}

/// What every attempt uses.
#[derive(Clone)]
struct Parts {
    config: ArchiveConfig,
    shared: Arc<Shared>,
    watermark: Watermark,
    positions: Arc<Mutex<PositionStore>>,
    reader: Arc<Mutex<Reader>>,
}

impl Archive {
    /// Starts following `journal`; the position is kept in `dir`.
    ///
    /// # Errors
    /// [`ArchiveError`]: the configuration is wrong, or position or journal cannot be opened.
    pub fn start(
        config: ArchiveConfig,
        dir: &Path,
        journal: &Journal,
        register: Arc<Register>,
        stopped: watch::Receiver<bool>,
    ) -> Result<Self, ArchiveError> {
        let positions = PositionStore::open(dir, &config.name())?;
        let position = positions.get()?;
        let reader = journal.reader().map_err(|e| ArchiveError::Journal(e.to_string()))?;
        let state = ArchiveState { position, ..ArchiveState::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), register: RwLock::new(register) });
        let parts = Parts {
            config,
            shared: shared.clone(),
            watermark: journal.watermark(),
            positions: Arc::new(Mutex::new(positions)),
            reader: Arc::new(Mutex::new(reader)),
        };
        let task = tokio::spawn(supervise(parts, stopped));
        Ok(Self { shared, watermark: journal.watermark(), task })
    }

    /// A new configuration: names of new datastreams.
    pub fn configure(&self, register: Arc<Register>) {
        *self.shared.register.write().unwrap_or_else(PoisonError::into_inner) = register;
    }

    /// The state of this moment.
    pub fn state(&self) -> ArchiveState {
        let mut state = self.shared.state().clone();
        state.behind = self.watermark.durable().0.saturating_sub(state.position.0);
        state
    }

    /// Whether it has ended: it was told to, the journal has ended, or a fault ended it.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until it has ended, after a stop, but no longer than it may take.
    pub async fn ended(self) {
        let abort = self.task.abort_handle();
        if tokio::time::timeout(END_WITHIN, self.task).await.is_err() {
            abort.abort();
        }
    }
}

async fn supervise(parts: Parts, mut stopped: watch::Receiver<bool>) {
    let mut rest = REST_MIN;
    while !*stopped.borrow() {
        let before = parts.shared.state().position;
        let run = tokio::spawn(follow(parts.clone(), stopped.clone()));
        let abort = run.abort_handle();
        let ended = tokio::select! {
            ended = run => ended,
            _ = stopped.wait_for(|stop| *stop) => {
                // A server that hangs does not hold up the end; the position is where it was.
                abort.abort();
                return;
            }
        };
        let why = match ended {
            Ok(Ok(())) => return,
            Ok(Err(why)) => why,
            Err(_) => {
                parts.shared.state().broken_off += 1;
                "following broke off".to_owned()
            }
        };
        let progress = parts.shared.state().position > before;
        if progress {
            rest = REST_MIN;
        }
        tracing::warn!(%why, ?rest, "the archive is not reached; it will catch up");
        {
            let mut state = parts.shared.state();
            (state.last_error, state.failed) = (Some(why), Some(Instant::now()));
        }
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        rest = (rest * 2).min(REST_MAX);
    }
}

/// Follows until `stopped` turns true or the journal ends (`Ok`), or the archive fails.
async fn follow(parts: Parts, mut stopped: watch::Receiver<bool>) -> Result<(), String> {
    let writer = Writer::new(&parts.config)?;
    let mut position = parts.shared.state().position;
    loop {
        let stretch = read(&parts, position).await?;
        let Some(upto) = stretch.1 else {
            let past = parts.watermark.past(position);
            tokio::select! {
                progress = past => match progress {
                    journal::Progress::Ended(_) => return Ok(()),
                    _ => continue,
                },
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            }
        };
        write_all(&parts, &writer, stretch.0).await?;
        position = upto;
        let positions = parts.positions.clone();
        let kept = tokio::task::spawn_blocking(move || {
            positions.lock().unwrap_or_else(PoisonError::into_inner).put(upto)
        });
        kept.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let mut state = parts.shared.state();
        (state.position, state.last_error) = (upto, None);
    }
}

/// The points of the next records, and up to which record they are; `None` at the journal's end.
async fn read(parts: &Parts, after: Seq) -> Result<(Vec<Point>, Option<Seq>), String> {
    let (reader, register) = (parts.reader.clone(), parts.shared.register());
    let read = tokio::task::spawn_blocking(move || {
        let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = reader.read_on(Seq(after.0 + 1), BATCH_RECORDS).map_err(|e| e.to_string())?;
        let lost = stretch.damaged.last().map(|damage| damage.last);
        let upto = stretch.records.last().map(|r| r.seq).max(lost);
        let points = stretch.records.iter().filter_map(|r| Point::of(r, &register)).collect();
        Ok::<_, String>((points, upto))
    });
    read.await.map_err(|e| e.to_string())?
}

/// Writes points; a batch that is refused for what is in it is halved until the one point is found,
/// which is counted and left out.
async fn write_all(parts: &Parts, writer: &Writer, points: Vec<Point>) -> Result<(), String> {
    let mut waiting = vec![points];
    while let Some(points) = waiting.pop() {
        if points.is_empty() {
            continue;
        }
        match writer.write(&points).await {
            Ok(()) => parts.shared.state().points += points.len() as u64,
            Err(Fault::Content(why)) if points.len() == 1 => {
                tracing::error!(%why, point = ?points.first(), "the archive refuses a point");
                parts.shared.state().refused += 1;
            }
            Err(Fault::Content(_)) => {
                let mut first = points;
                let second = first.split_off(first.len() / 2);
                waiting.push(second);
                waiting.push(first);
            }
            Err(Fault::Server(why)) => return Err(why),
        }
    }
    Ok(())
}
