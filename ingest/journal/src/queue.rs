//! The one bounded queue before the writer's thread.
//!
//! An append is encoded by the thread that makes it; under the lock its bytes are only copied to
//! the end of the batch that is waiting. The writer takes a whole batch at a time and gives the
//! places out when it commits, so that a commit that fails leaves no hole.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use domain::record::Record;

use crate::block::{BLOCK_BYTES, BLOCK_RECORDS_MAX, RECORD_BYTES_MAX};
use crate::encoding::encode_into;
use crate::receipt::{AppendError, Group, Receipt};

/// The most records between an append and their durable commit.
pub const QUEUE_RECORDS: usize = 262_144;
/// The most bytes of records between an append and their durable commit.
pub const QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Above this share of either bound [`Appender::room`] waits.
const ROOM_DIVISOR: usize = 2;
/// A commit takes at most about this many bytes, so that none waits long for another's bytes.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A buffer larger than this is not kept for the next batch.
const BUFFER_KEPT_BYTES: usize = 8 * 1024 * 1024;

/// Where one block ends within a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) bytes: usize,
    pub(crate) records: u32,
    pub(crate) observations: u32,
}

/// What one commit writes.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) group: Arc<Group>,
    /// Encoded records, one after the other.
    pub(crate) raw: Vec<u8>,
    /// Ends of all blocks but the last.
    pub(crate) cuts: Vec<Cut>,
    /// The end of what is in it.
    pub(crate) end: Cut,
}

impl Batch {
    /// Takes one more record.
    fn push(&mut self, record: &[u8], observation: bool) {
        let start = self.cuts.last().copied().unwrap_or_default();
        let full = self.end.bytes - start.bytes >= BLOCK_BYTES
            || self.end.records - start.records >= BLOCK_RECORDS_MAX;
        if full {
            self.cuts.push(self.end);
        }
        self.raw.extend_from_slice(record);
        self.end.bytes = self.raw.len();
        self.end.records += 1;
        self.end.observations += u32::from(observation);
    }
}

/// Whether the queue takes records.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Gate {
    Open,
    /// No more; what is waiting is still written.
    Closing,
    /// The disk failed.
    Stopped(Arc<str>),
}

#[derive(Debug)]
struct Inner {
    waiting: VecDeque<Batch>,
    /// Records and bytes not yet settled, those in the writer's hands included.
    records: usize,
    bytes: usize,
    gate: Gate,
    writer_sleeps: bool,
    room: BTreeMap<u64, Waker>,
    room_next: u64,
    spare: Vec<u8>,
}

impl Inner {
    fn has_room(&self) -> bool {
        self.records < QUEUE_RECORDS / ROOM_DIVISOR && self.bytes < QUEUE_BYTES / ROOM_DIVISOR
    }

    fn refusal(&self) -> Option<AppendError> {
        match &self.gate {
            Gate::Open => None,
            Gate::Closing => Some(AppendError::Closed),
            Gate::Stopped(why) => Some(AppendError::Stopped(why.clone())),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    work: Condvar,
}

impl Queue {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            waiting: VecDeque::new(),
            records: 0,
            bytes: 0,
            gate: Gate::Open,
            writer_sleeps: false,
            room: BTreeMap::new(),
            room_next: 0,
            spare: Vec::new(),
        };
        Self { inner: Mutex::new(inner), work: Condvar::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&self, encoded: &Encoded) -> Receipt {
        let records = encoded.ends.len();
        let bytes = encoded.bytes.len();
        if records == 0 {
            return Receipt::refused(AppendError::Nothing);
        }
        if bytes > QUEUE_BYTES || records > QUEUE_RECORDS {
            return Receipt::refused(AppendError::TooLarge(bytes));
        }
        let mut inner = self.inner();
        if let Some(error) = inner.refusal() {
            return Receipt::refused(error);
        }
        if inner.records + records > QUEUE_RECORDS || inner.bytes + bytes > QUEUE_BYTES {
            return Receipt::refused(AppendError::Busy);
        }
        inner.records += records;
        inner.bytes += bytes;
        let fits = inner.waiting.back().is_some_and(|b| b.raw.len() + bytes <= BATCH_BYTES_MAX);
        if !fits {
            let raw = std::mem::take(&mut inner.spare);
            inner.waiting.push_back(Batch { raw, ..Batch::default() });
        }
        let Some(batch) = inner.waiting.back_mut() else {
            return Receipt::refused(AppendError::Busy);
        };
        let offset = batch.end.records;
        let mut start = 0;
        for (end, observation) in &encoded.ends {
            batch.push(&encoded.bytes[start..*end], *observation);
            start = *end;
        }
        let receipt = Receipt::pending(batch.group.clone(), offset, records as u32);
        let wake = std::mem::replace(&mut inner.writer_sleeps, false);
        drop(inner);
        if wake {
            self.work.notify_one();
        }
        receipt
    }

    /// The next batch, after waiting for one; `None` when the queue is closed and empty, or stopped.
    ///
    /// With a `delay` it lets a batch gather for that long from `since`, the end of the last commit.
    pub(crate) fn take(&self, since: Instant, delay: Duration) -> Option<Batch> {
        let mut inner = self.inner();
        loop {
            match (&inner.gate, inner.waiting.front()) {
                (Gate::Stopped(_), _) | (Gate::Closing, None) => return None,
                (Gate::Open, None) => {
                    inner.writer_sleeps = true;
                    inner = self.work.wait(inner).unwrap_or_else(PoisonError::into_inner);
                }
                (Gate::Open, Some(batch)) if batch.raw.len() < BATCH_BYTES_MAX / 2 => {
                    let left = delay.saturating_sub(since.elapsed());
                    if left.is_zero() {
                        return inner.waiting.pop_front();
                    }
                    // A closing gate or a stop wakes it before its time.
                    let waited = self.work.wait_timeout(inner, left);
                    inner = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                (Gate::Open | Gate::Closing, Some(_)) => return inner.waiting.pop_front(),
            }
        }
    }

    /// A batch that was taken is settled: its room is free again. Keeps its buffer.
    pub(crate) fn settled(&self, end: Cut, mut buffer: Vec<u8>) {
        let woken = {
            let mut inner = self.inner();
            inner.records = inner.records.saturating_sub(end.records as usize);
            inner.bytes = inner.bytes.saturating_sub(end.bytes);
            if buffer.capacity() <= BUFFER_KEPT_BYTES && inner.spare.capacity() < buffer.capacity()
            {
                buffer.clear();
                inner.spare = buffer;
            }
            if inner.has_room() { std::mem::take(&mut inner.room) } else { BTreeMap::new() }
        };
        for waker in woken.into_values() {
            waker.wake();
        }
    }

    /// Takes no more records; those waiting are still written.
    pub(crate) fn close(&self) {
        let woken = {
            let mut inner = self.inner();
            if inner.gate == Gate::Open {
                inner.gate = Gate::Closing;
            }
            std::mem::take(&mut inner.room)
        };
        self.work.notify_all();
        woken.into_values().for_each(Waker::wake);
    }

    /// Takes no more records and refuses those waiting.
    pub(crate) fn stop(&self, why: &Arc<str>) {
        let (refused, woken) = {
            let mut inner = self.inner();
            if !matches!(inner.gate, Gate::Stopped(_)) {
                inner.gate = Gate::Stopped(why.clone());
            }
            inner.records = 0;
            inner.bytes = 0;
            (std::mem::take(&mut inner.waiting), std::mem::take(&mut inner.room))
        };
        self.work.notify_all();
        for batch in refused {
            batch.group.settle(Err(AppendError::Stopped(why.clone())));
        }
        woken.into_values().for_each(Waker::wake);
    }

    /// Records and bytes between an append and their commit.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.records, inner.bytes)
    }
}

/// An append's records as bytes, with the end of each and whether it is an observation.
struct Encoded {
    bytes: Vec<u8>,
    ends: Vec<(usize, bool)>,
}

impl Encoded {
    fn push(&mut self, record: &Record) -> Result<(), AppendError> {
        let start = self.bytes.len();
        encode_into(record, &mut self.bytes)?;
        let length = self.bytes.len() - start;
        if length > RECORD_BYTES_MAX {
            return Err(AppendError::TooLarge(length));
        }
        let observation = matches!(record, Record::Observation { .. });
        self.ends.push((self.bytes.len(), observation));
        Ok(())
    }
}

thread_local! {
    /// Where a thread encodes its single records.
    static SCRATCH: std::cell::RefCell<Encoded> =
        const { std::cell::RefCell::new(Encoded { bytes: Vec::new(), ends: Vec::new() }) };
}

/// Scratch larger than this is given back after use.
const SCRATCH_KEPT_BYTES: usize = 256 * 1024;

/// Puts records into the journal. Cheap to clone, usable from every thread and task.
#[derive(Debug, Clone)]
pub struct Appender {
    queue: Arc<Queue>,
}

impl Appender {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// Submits records, all or none of which will be in the journal, one after the other.
    ///
    /// They are submitted when this returns, before the receipt is awaited: the order of calls is
    /// the order of the journal. It never blocks on the disk. Refusals come by the receipt; see
    /// [`AppendError`].
    pub fn append(&self, records: &[Record]) -> Receipt {
        self.encode_and_submit(records.iter())
    }

    /// Submits one record; see [`Appender::append`].
    pub fn append_one(&self, record: &Record) -> Receipt {
        self.encode_and_submit(std::iter::once(record))
    }

    fn encode_and_submit<'a>(&self, records: impl Iterator<Item = &'a Record>) -> Receipt {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.bytes.clear();
            scratch.ends.clear();
            for record in records {
                if let Err(error) = scratch.push(record) {
                    return Receipt::refused(error);
                }
            }
            let receipt = self.queue.submit(scratch);
            if scratch.bytes.capacity() > SCRATCH_KEPT_BYTES {
                scratch.bytes = Vec::new();
            }
            receipt
        })
    }

    /// Resolves when the queue is less than half full (at once, as a rule): who awaits it before
    /// taking more from a socket is never refused with [`AppendError::Busy`], and memory stays
    /// bounded on a slow disk. Resolves too when the journal is closed or stopped.
    pub fn room(&self) -> Room {
        Room { queue: self.queue.clone(), ticket: None }
    }
}

/// See [`Appender::room`].
#[derive(Debug)]
#[must_use = "it does nothing unless awaited"]
pub struct Room {
    queue: Arc<Queue>,
    ticket: Option<u64>,
}

impl Future for Room {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let queue = self.queue.clone();
        let mut inner = queue.inner();
        if inner.has_room() || inner.gate != Gate::Open {
            if let Some(ticket) = self.ticket.take() {
                inner.room.remove(&ticket);
            }
            return Poll::Ready(());
        }
        let ticket = *self.ticket.get_or_insert_with(|| {
            inner.room_next += 1;
            inner.room_next
        });
        inner.room.insert(ticket, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.queue.inner().room.remove(&ticket);
        }
    }
}
