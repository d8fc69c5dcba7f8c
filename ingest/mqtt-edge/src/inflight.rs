//! Packets of one connection that wait for their verdict: driven side by side, answered in the
//! order in which they came, and limited by number and by bytes.

use std::collections::VecDeque;
use std::future::{Future, Ready, ready};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::future::Either;
use futures_util::stream::{FuturesOrdered, StreamExt};

use crate::admit::Verdict;
use crate::limits::{EdgeConfig, INFLIGHT_OVERHEAD_BYTES};

/// What all connections together have in flight. The gauges of [`crate::EdgeStats`] are read here.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    pub(crate) messages: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// What is owed for a packet once its verdict is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owed {
    /// 0, 1 or 2: nothing, PUBACK, PUBREC.
    pub(crate) qos: u8,
    pub(crate) packet_id: u16,
    bytes: usize,
}

/// The queue of one connection.
pub(crate) struct Inflight<'a, F: Future<Output = Verdict>> {
    waits: FuturesOrdered<Either<F, Ready<Verdict>>>,
    owed: VecDeque<Owed>,
    bytes: usize,
    /// What the shared budget has been told, messages and bytes.
    told: (u64, u64),
    budget: &'a Budget,
}

impl<'a, F: Future<Output = Verdict>> Inflight<'a, F> {
    pub(crate) fn new(budget: &'a Budget) -> Self {
        let (waits, owed) = (FuturesOrdered::new(), VecDeque::new());
        Self { waits, owed, bytes: 0, told: (0, 0), budget }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// Whether this connection may take one more packet, whatever the others have.
    pub(crate) fn has_room(&self, config: &EdgeConfig) -> bool {
        self.owed.len() < config.inflight_max_messages && self.bytes < config.inflight_max_bytes
    }

    /// Whether all connections together may take one more packet.
    pub(crate) fn budget_has_room(&self, config: &EdgeConfig) -> bool {
        let told = self.budget.bytes.load(Ordering::Relaxed).wrapping_sub(self.told.1);
        told.saturating_add(self.bytes as u64) < config.inflight_total_max_bytes as u64
    }

    /// Adds a packet with the wait for its verdict.
    pub(crate) fn push(&mut self, qos: u8, packet_id: u16, body_bytes: usize, wait: F) {
        self.put(qos, packet_id, body_bytes + INFLIGHT_OVERHEAD_BYTES, Either::Left(wait));
    }

    /// Adds a packet whose answer is known, in its place in the order.
    pub(crate) fn push_known(&mut self, qos: u8, packet_id: u16, verdict: Verdict) {
        self.put(qos, packet_id, INFLIGHT_OVERHEAD_BYTES, Either::Right(ready(verdict)));
    }

    fn put(&mut self, qos: u8, packet_id: u16, bytes: usize, wait: Either<F, Ready<Verdict>>) {
        self.waits.push_back(wait);
        self.owed.push_back(Owed { qos, packet_id, bytes });
        self.bytes += bytes;
    }

    /// The next verdict in order; `Ready(None)` when nothing waits.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Owed, Verdict)>> {
        match self.waits.poll_next_unpin(cx) {
            Poll::Ready(Some(verdict)) => Poll::Ready(self.owed.pop_front().map(|owed| {
                self.bytes = self.bytes.saturating_sub(owed.bytes);
                (owed, verdict)
            })),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Forgets all that waits. What was submitted stays submitted.
    pub(crate) fn clear(&mut self) {
        self.waits = FuturesOrdered::new();
        self.owed.clear();
        self.bytes = 0;
    }

    /// Tells the shared budget what has changed since it was last told.
    pub(crate) fn tell(&mut self) {
        let now = (self.owed.len() as u64, self.bytes as u64);
        if now != self.told {
            // Wrapping: a difference may be negative, the sum never is.
            self.budget.messages.fetch_add(now.0.wrapping_sub(self.told.0), Ordering::Relaxed);
            self.budget.bytes.fetch_add(now.1.wrapping_sub(self.told.1), Ordering::Relaxed);
            self.told = now;
        }
    }
}

impl<F: Future<Output = Verdict>> Drop for Inflight<'_, F> {
    fn drop(&mut self) {
        self.clear();
        self.tell();
    }
}
