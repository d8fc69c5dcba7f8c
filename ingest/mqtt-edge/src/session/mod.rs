//! Stop 1 of the path of an observation: heard. One connection, from its CONNACK to its end, as
//! one task that reads, hands over, acknowledges and tells. Before it: [`crate::handshake`]; after
//! it: whatever is behind [`Admit`].

mod reading;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};

use crate::admit::{Admit, Verdict};
use crate::close::CloseReason;
use crate::connect::Will;
use crate::downlink::Outbox;
use crate::downstream::{Downstream, Pen};
use crate::encode;
use crate::handshake::Greeted;
use crate::hub::Registration;
use crate::inflight::{Inflight, Owed};
use crate::limits::BUFFER_KEPT_BYTES;
use crate::principal::{Directory, Protocol};
use crate::serve::Shared;
use crate::stats::Tally;
use crate::upstream::{Upstream, v5_refusal};

/// A connected client.
pub(crate) struct Session<'a, S, A: Admit, D, O> {
    shared: &'a Shared<A, D, O>,
    pub(crate) stream: &'a mut S,
    pub(crate) protocol: Protocol,
    wants_reasons: bool,
    packet_max_bytes: usize,
    silence_max: Duration,
    /// `None` once the connection is closing.
    registration: Option<Registration>,
    /// Published when the connection ends, unless a DISCONNECT took it back.
    pub(crate) will: Option<Will>,
    up: Upstream,
    down: Downstream,
    inflight: Inflight<'a, A::Pending>,
    /// Read but not yet taken: part of a packet, or whole ones while there is no room for them.
    carry: Vec<u8>,
    /// Whether `carry` may begin with a whole packet.
    stalled: bool,
    out: Vec<u8>,
    sent: usize,
    tally: Tally,
    closing: Option<CloseReason>,
    /// The connection is of no more use: neither read nor written.
    pub(crate) broken: bool,
    /// The time for closing is over.
    expired: bool,
    timer: Pin<Box<Sleep>>,
    last_read: Instant,
    /// Since when the client has taken nothing of what is to be written.
    unread_since: Option<Instant>,
}

impl<'a, S, A, D, O> Session<'a, S, A, D, O>
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Admit,
    D: Directory,
    O: Outbox,
{
    pub(crate) fn new(shared: &'a Shared<A, D, O>, stream: &'a mut S, greeted: Greeted) -> Self {
        let config = &shared.config;
        let now = Instant::now();
        let (protocol, principal) = (greeted.protocol, greeted.principal);
        let window = config.downlink_window.min(greeted.receive_max.into());
        let down = Downstream::new(protocol, principal.clone(), window, greeted.packet_max_bytes);
        let tally =
            Tally { takeovers: u64::from(greeted.registration.took_over), ..Tally::default() };
        Self {
            shared,
            stream,
            protocol,
            wants_reasons: greeted.wants_reasons,
            packet_max_bytes: greeted.packet_max_bytes,
            silence_max: greeted.silence_max,
            registration: Some(greeted.registration),
            will: greeted.will,
            up: Upstream::new(protocol, principal, config.inflight_max_messages),
            down,
            inflight: Inflight::new(&shared.budget),
            stalled: !greeted.early.is_empty(),
            carry: greeted.early,
            out: Vec::new(),
            sent: 0,
            tally,
            closing: None,
            broken: false,
            expired: false,
            timer: Box::pin(tokio::time::sleep_until(now + greeted.silence_max)),
            last_read: now,
            unread_since: None,
        }
    }

    /// Runs the connection until it has ended and everything it is owed has been written, or the
    /// time for that is over.
    pub(crate) async fn run(&mut self) -> CloseReason {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        loop {
            self.poll_kick(cx);
            let mut moved = self.poll_verdicts(cx);
            moved |= self.poll_down(cx);
            moved |= self.poll_read(cx);
            moved |= self.poll_write(cx);
            moved |= self.poll_timer(cx);
            self.inflight.tell();
            self.tally.tell(&self.shared.counters);
            if let Some(reason) = self.closing {
                let written = self.broken || self.out.is_empty();
                if self.expired || (written && self.inflight.is_empty()) {
                    return Poll::Ready(reason);
                }
            }
            if !moved {
                return Poll::Pending;
            }
        }
    }

    /// Begins the end: nothing more is read or told; what was taken is still answered.
    fn close(&mut self, reason: CloseReason) {
        if self.closing.is_none() {
            self.closing = Some(reason);
            self.registration = None;
            self.down.leave();
            self.carry = Vec::new();
            let wait = self.shared.config.drain_timeout;
            self.timer.as_mut().reset(Instant::now() + wait);
        }
    }

    fn poll_kick(&mut self, cx: &mut Context<'_>) {
        let Some(registration) = &mut self.registration else { return };
        if let Poll::Ready(reason) = Pin::new(&mut registration.kicked).poll(cx) {
            self.close(reason.unwrap_or(CloseReason::Fault));
        }
    }

    /// Writes the acknowledgements that are due.
    fn poll_verdicts(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while let Poll::Ready(Some((owed, verdict))) = self.inflight.poll_next(cx) {
            moved = true;
            self.answer(owed, &verdict);
        }
        moved
    }

    fn answer(&mut self, owed: Owed, verdict: &Verdict) {
        match verdict {
            Verdict::Unavailable => {
                self.inflight.clear();
                return self.close(CloseReason::Unavailable);
            }
            Verdict::AccessRefused => {
                self.tally.access_refused += 1;
                if self.protocol == Protocol::V311 {
                    self.inflight.clear();
                    return self.close(CloseReason::NotAuthorized);
                }
            }
            Verdict::Refused { .. } => self.tally.refused += 1,
            Verdict::Stored | Verdict::Duplicate | Verdict::Quarantined | Verdict::Counted(_) => {}
        }
        if owed.qos == 0 {
            return;
        }
        let refusal = match self.protocol {
            Protocol::V5 => v5_refusal(verdict),
            Protocol::V311 => None,
        };
        if owed.qos == 2 {
            self.up.received(owed.packet_id, refusal.is_none());
        }
        self.tally.acks += 1;
        if self.broken {
            return;
        }
        let told = self.wants_reasons && encode::COUNTS_MAX_BYTES <= self.packet_max_bytes;
        match (refusal, verdict) {
            (None, Verdict::Counted(counts)) if told && self.protocol == Protocol::V5 => {
                encode::counted(&mut self.out, owed.qos, owed.packet_id, *counts);
            }
            (None, _) => encode::ack(&mut self.out, owed.qos, owed.packet_id),
            (Some((code, text)), _) => {
                // A text must not make the packet larger than the client takes.
                let fits = text.len() + 16 <= self.packet_max_bytes;
                let text = (self.wants_reasons && fits && !text.is_empty()).then_some(&*text);
                encode::nack(&mut self.out, owed.qos, owed.packet_id, code, text);
            }
        }
    }

    fn poll_down(&mut self, cx: &mut Context<'_>) -> bool {
        if self.closing.is_some() {
            return false;
        }
        let mut pen = Pen { out: &mut self.out, tally: &mut self.tally };
        self.down.poll(cx, &*self.shared.outbox, &mut pen)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while !self.broken && self.sent < self.out.len() {
            match Pin::new(&mut *self.stream).poll_write(cx, &self.out[self.sent..]) {
                Poll::Ready(Ok(written)) if written > 0 => {
                    self.sent += written;
                    self.tally.bytes_out += written as u64;
                    self.unread_since = None;
                    moved = true;
                }
                Poll::Ready(_) => {
                    self.broken = true;
                    self.close(CloseReason::Io);
                    moved = true;
                }
                Poll::Pending => {
                    let since = *self.unread_since.get_or_insert_with(Instant::now);
                    self.arm(since + self.shared.config.write_stall_timeout);
                    return moved;
                }
            }
        }
        self.sent = 0;
        self.out.clear();
        if self.out.capacity() > BUFFER_KEPT_BYTES && self.inflight.is_empty() {
            self.out = Vec::new();
        }
        moved
    }

    /// Has the timer fire no later than this.
    fn arm(&mut self, at: Instant) {
        if at < self.timer.deadline() {
            self.timer.as_mut().reset(at);
        }
    }

    /// One timer for every limit of time: it fires early at worst, and is then set again.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        if self.timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        let now = Instant::now();
        if self.closing.is_some() {
            self.expired = true;
            return true;
        }
        if self.stalled {
            // Left unread by us, it is not silent.
            self.last_read = now;
        }
        let silent_at = self.last_read + self.silence_max;
        let stall = self.shared.config.write_stall_timeout;
        let unread_at = self.unread_since.map(|since| since + stall);
        if silent_at <= now {
            self.close(CloseReason::KeepAlive);
        } else if unread_at.is_some_and(|at| at <= now) {
            // What it does not take cannot be written, a goodbye neither.
            self.broken = true;
            self.close(CloseReason::SlowReader);
        } else {
            self.timer.as_mut().reset(unread_at.map_or(silent_at, |at| at.min(silent_at)));
        }
        true
    }

    /// The principal, for the will.
    pub(crate) fn principal(&self) -> Arc<crate::principal::Principal> {
        self.up.principal()
    }
}
