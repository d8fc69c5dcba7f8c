//! What the workers of one engine share: the plans, the snapshot under way, and their fate.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::item::Item;
use crate::plan::Plan;
use crate::snapshot::Row;

/// Rows of the snapshots asked for, by the batch at whose end they are taken.
#[derive(Debug, Default)]
struct Sought {
    rows: Vec<Row>,
    written: Vec<(usize, &'static str)>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    plans: Mutex<Vec<Arc<Plan>>>,
    sought: Mutex<BTreeMap<u64, Sought>>,
    any_sought: AtomicBool,
    stop: AtomicBool,
    failure: Mutex<Option<String>>,
    /// Room that batches have left.
    room: Mutex<Vec<Vec<Item>>>,
}

/// Rooms that are kept for batches to come.
const ROOMS_KEPT: usize = 2;
/// Items that a room holds at least to be kept.
const ROOM_ITEMS: usize = 1024;

thread_local! {
    /// The index of the timely worker that runs on this thread.
    static WORKER: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Says which worker runs on this thread.
pub(crate) fn set_worker(index: usize) {
    WORKER.with(|worker| worker.set(index));
}

fn kept<T>(guard: Result<T, PoisonError<T>>) -> T {
    guard.unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Adds a plan; its number is its position.
    pub(crate) fn add_plan(&self, plan: Arc<Plan>) {
        kept(self.plans.lock()).push(plan);
    }
    /// A plan by its number.
    pub(crate) fn plan(&self, number: u32) -> Option<Arc<Plan>> {
        let plans = kept(self.plans.lock());
        plans.iter().find(|plan| plan.number == number).cloned()
    }
    /// The number of the newest plan.
    pub(crate) fn newest_plan(&self) -> Option<u32> {
        kept(self.plans.lock()).last().map(|plan| plan.number)
    }
    /// All plans.
    pub(crate) fn plans(&self) -> Vec<Arc<Plan>> {
        kept(self.plans.lock()).clone()
    }

    /// Asks every operator for its rows as they are at the end of `batch`.
    pub(crate) fn seek_snapshot(&self, batch: u64) {
        kept(self.sought.lock()).insert(batch, Sought::default());
        self.any_sought.store(true, Ordering::Release);
    }
    /// Writes an operator's rows into every snapshot sought at the end of a batch before `open`,
    /// once.
    pub(crate) fn write_snapshots_before(
        &self,
        open: u64,
        operator: &'static str,
        rows: impl Fn() -> Vec<Row>,
    ) {
        if !self.any_sought.load(Ordering::Acquire) {
            return;
        }
        let me = (WORKER.with(std::cell::Cell::get), operator);
        for (_, sought) in kept(self.sought.lock()).range_mut(..open) {
            if !sought.written.contains(&me) {
                sought.written.push(me);
                sought.rows.extend(rows());
            }
        }
    }
    /// The rows of a snapshot, once all of `writers` have written theirs.
    pub(crate) fn take_snapshot(&self, batch: u64, writers: usize) -> Option<Vec<Row>> {
        let mut all = kept(self.sought.lock());
        if all.get(&batch)?.written.len() < writers {
            return None;
        }
        let sought = all.remove(&batch)?;
        self.any_sought.store(!all.is_empty(), Ordering::Release);
        Some(sought.rows)
    }

    /// Keeps the room of a batch that is done: to give megabytes back to the system and ask for them
    /// anew, batch after batch, costs more than to fill them.
    pub(crate) fn keep_room(&self, batch: Vec<Vec<Item>>) {
        for mut items in batch.into_iter().filter(|items| items.capacity() >= ROOM_ITEMS) {
            items.clear();
            let mut room = kept(self.room.lock());
            if room.len() < ROOMS_KEPT {
                room.push(items);
            }
        }
    }
    /// Room for a batch.
    pub(crate) fn room(&self) -> Vec<Item> {
        kept(self.room.lock()).pop().unwrap_or_default()
    }

    /// Asks the engine to stop.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
    /// Whether it must.
    pub(crate) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
    /// One fails, all end.
    pub(crate) fn fail(&self, why: String) {
        kept(self.failure.lock()).get_or_insert(why);
        self.stop();
    }
    /// Why it failed.
    pub(crate) fn failure(&self) -> Option<String> {
        kept(self.failure.lock()).clone()
    }
}
