//! The tellers: a few tasks, each of which writes what is new to its share of the consoles. To wake a
//! task of its own for every console, ten times a second, costs more than the writing. There is one
//! for every two cores: the others hear and understand meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::Live;
use super::line::Line;

/// Consoles that are told before others may have the core.
const AT_ONCE: usize = 32;

/// The lines, by teller. A line keeps its place, so that a teller on its round meets each.
#[derive(Debug)]
pub(super) struct Lines {
    of: Vec<Mutex<Vec<Option<Arc<Line>>>>>,
    turn: AtomicUsize,
    count: AtomicUsize,
}

/// A line's place among the lines; given up when it is dropped.
#[derive(Debug)]
pub(super) struct Joined<'a> {
    lines: &'a Lines,
    teller: usize,
    at: usize,
}

impl Default for Lines {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let of = (0..cores.div_ceil(2)).map(|_| Mutex::default()).collect();
        Self { of, turn: AtomicUsize::new(0), count: AtomicUsize::new(0) }
    }
}

impl Lines {
    /// How many tellers there are: one at least.
    pub(super) fn tellers(&self) -> usize {
        self.of.len()
    }

    fn of(&self, teller: usize) -> MutexGuard<'_, Vec<Option<Arc<Line>>>> {
        self.of[teller % self.of.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Takes a line in. What is told from now on reaches it, once nobody holds it.
    pub(super) fn join(&self, line: &Arc<Line>) -> Joined<'_> {
        let teller = self.turn.fetch_add(1, Ordering::Relaxed) % self.tellers();
        let mut lines = self.of(teller);
        let at = lines.iter().position(Option::is_none).unwrap_or_else(|| {
            lines.push(None);
            lines.len() - 1
        });
        lines[at] = Some(Arc::clone(line));
        self.count.fetch_add(1, Ordering::Relaxed);
        Joined { lines: self, teller, at }
    }

    /// Tells some of a teller's lines what is new; false behind the last.
    fn tell_some(&self, live: &Live, teller: usize, from: usize, out: &mut Vec<Bytes>) -> bool {
        let lines = self.of(teller);
        let Some(rest) = lines.get(from..).filter(|rest| !rest.is_empty()) else { return false };
        for line in rest.iter().take(AT_ONCE).flatten() {
            line.tell(|cursor, out| live.ring().take(cursor, out), out);
        }
        true
    }
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        let mut lines = self.lines.of(self.teller);
        lines[self.at] = None;
        while lines.last().is_some_and(Option::is_none) {
            lines.pop();
        }
        self.lines.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of [`Live::tellers`]: goes its round whenever there is something new. Does not end.
pub async fn tell(live: Arc<Live>, teller: usize) {
    let mut wake = live.wake.subscribe();
    let mut out = Vec::new();
    while wake.changed().await.is_ok() {
        let mut from = 0;
        while live.lines.tell_some(&live, teller, from, &mut out) {
            from += AT_ONCE;
            tokio::task::yield_now().await;
        }
    }
}
