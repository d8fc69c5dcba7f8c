//! Stop 8 of the path of an observation: shown. The board changes, the change becomes a numbered
//! delta, serialised once; the tellers bring every console to it from the place where it stands. Before
//! it: [`crate::desk::evolve`], stop 7. After it: the console's `dashboards/src/live`, and what the
//! officer answers, stop 9.

pub mod door;
pub mod frames;
pub mod line;
pub mod ring;
pub mod socket;
pub mod tellers;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use bytes::Bytes;
use contract::ServerMessage;
use contract::live::Change;
use contract::views::StationState;
use domain::time::UtcMs;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::board::Board;
use frames::FrameError;
use ring::{Cursor, Ring};
use tellers::Lines;

/// A snapshot serves everybody who asks within this time; the deltas since follow it.
pub const SNAPSHOT_AGE_MAX: Duration = Duration::from_millis(1_000);
/// How many deltas a snapshot may be behind to be used again.
pub const SNAPSHOT_BEHIND_MAX: u64 = 128;

/// Station states are shown ten times a second at most. Less than a tenth, so that what comes ten
/// times a second goes out each time.
pub const VALUES_EVERY: Duration = Duration::from_millis(95);
/// Station states for which consoles would be woken alone wait so long for a change to go with.
pub const VALUES_ALONE_EVERY: Duration = Duration::from_millis(250);

/// A snapshot as prepared, with the place behind it.
#[derive(Debug, Clone)]
struct Snapshot {
    frame: Bytes,
    at: Cursor,
    made: Instant,
}

/// Gives the station states that have changed since it was last asked.
pub trait Newest: Send + Sync {
    /// See the trait. `board` has the levels believed of the stations.
    fn changed(&self, board: &mut Board) -> Vec<StationState>;
}

/// How the platform's clock goes, as consoles and feeds are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// `live`, or `replay` where it follows the newest frame.
    pub word: &'static str,
    /// Its seconds in a second.
    pub speed: f64,
}

/// The board and the ring that tells its changes.
pub struct Live {
    board: RwLock<Board>,
    ring: RwLock<Ring>,
    snapshot: Mutex<Option<Snapshot>>,
    wake: watch::Sender<u64>,
    pace: Pace,
    now: watch::Sender<UtcMs>,
    newest: OnceLock<Arc<dyn Newest>>,
    values_told: Mutex<Instant>,
    lines: Lines,
    /// Consoles there have been: whose turn comes when.
    turns: AtomicU32,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl Live {
    /// The number of one more console.
    pub(super) fn next_turn(&self) -> u32 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// Shows a board. The epoch is new with every start, since a ring does not outlive its process.
    pub fn new(board: Board, epoch: String, pace: Pace) -> Self {
        Self {
            board: RwLock::new(board),
            ring: RwLock::new(Ring::new(epoch)),
            snapshot: Mutex::new(None),
            wake: watch::Sender::new(0),
            pace,
            now: watch::Sender::new(UtcMs(0)),
            newest: OnceLock::new(),
            values_told: Mutex::new(Instant::now()),
            lines: Lines::default(),
            turns: AtomicU32::new(0),
        }
    }

    /// How the platform's clock goes.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Where station states come from, once.
    pub fn values_from(&self, newest: Arc<dyn Newest>) {
        let _ = self.newest.set(newest);
    }

    /// The board, for reading. Held shortly: the desk waits for it.
    pub fn board(&self) -> RwLockReadGuard<'_, Board> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the board and shows what changed as the next delta. No snapshot can fall between
    /// the two: it is taken under the same lock. Station states that are due go along, so that
    /// consoles are woken once.
    pub fn change<R>(&self, change: impl FnOnce(&mut Board) -> (Vec<Change>, R)) -> R {
        let mut board = self.board.write().unwrap_or_else(PoisonError::into_inner);
        let (changes, result) = change(&mut board);
        if !changes.is_empty() {
            self.push(|ring| ring.push(changes));
            self.push_values(&mut board, VALUES_EVERY);
            self.wake();
        }
        result
    }

    /// Shows the station states that have changed, where it is time to.
    pub fn tell_values(&self) {
        let mut board = self.board.write().unwrap_or_else(PoisonError::into_inner);
        if self.push_values(&mut board, VALUES_ALONE_EVERY) {
            self.wake();
        }
    }

    fn push_values(&self, board: &mut Board, every: Duration) -> bool {
        let Some(newest) = self.newest.get() else { return false };
        let mut told = self.values_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() < every {
            return false;
        }
        let stations = newest.changed(board);
        if stations.is_empty() {
            return false;
        }
        *told = Instant::now();
        self.push(|ring| ring.push_values(stations))
    }

    /// Shows that a second has passed.
    pub fn beat(&self, now: UtcMs) {
        let heard = self.board().heard.map(|t| t.0);
        self.now.send_replace(now);
        self.push(|ring| ring.push_beat(now.0, heard));
        self.wake();
    }

    fn push(&self, push: impl FnOnce(&mut Ring) -> Result<(), FrameError>) -> bool {
        let told = push(&mut self.ring.write().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = &told {
            tracing::error!(%error, "a change was not shown");
        }
        told.is_ok()
    }

    fn wake(&self) {
        self.wake.send_modify(|n| *n += 1);
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Newest state of every station that has one.
    pub fn stations(&self) -> Vec<StationState> {
        self.ring().stations()
    }

    /// Newest state of one station.
    pub fn station(&self, ix: u32) -> Option<StationState> {
        self.ring().station(ix)
    }

    /// Number of the newest delta.
    pub fn last(&self) -> u64 {
        self.ring().last()
    }

    /// How many tellers have to run, each as [`tellers::tell`], for the consoles to be told.
    pub fn tellers(&self) -> usize {
        self.lines.tellers()
    }

    /// How many consoles listen.
    pub fn consoles(&self) -> usize {
        self.lines.count()
    }

    /// A prepared snapshot, and the place behind it.
    fn snapshot(&self) -> Result<(Bytes, Cursor), FrameError> {
        let mut kept = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last();
        let fresh = kept.as_ref().filter(|s| {
            s.made.elapsed() < SNAPSHOT_AGE_MAX && last - s.at.seq <= SNAPSHOT_BEHIND_MAX
        });
        if let Some(snapshot) = fresh {
            return Ok((snapshot.frame.clone(), snapshot.at));
        }
        // The board's lock is held until the ring has been read: the two belong together.
        let board = self.board();
        let mut picture = board.view();
        let (at, epoch) = {
            let ring = self.ring();
            picture.stations = ring.stations();
            (ring.now(), ring.epoch().to_owned())
        };
        let now = (*self.now.borrow()).max(board.picture.now);
        drop(board);
        let frame = frames::prepare(&ServerMessage::Snapshot {
            epoch,
            seq: at.seq,
            now_ms: now.0,
            clock: self.pace.word.into(),
            speed: self.pace.speed,
            status: "actual".into(),
            picture: Box::new(picture),
        })?;
        *kept = Some(Snapshot { frame: frame.clone(), at, made: Instant::now() });
        Ok((frame, at))
    }
}
