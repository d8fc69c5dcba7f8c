//! The reading side of a connection: bytes into packets, packets to where they belong.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Session;
use domain::refusal::Reason;

use crate::admit::{Admit, Verdict};
use crate::close::CloseReason;
use crate::downlink::Outbox;
use crate::downstream::Pen;
use crate::encode;
use crate::limits::{BUDGET_RETRY, BUFFER_KEPT_BYTES, OUT_HIGH_BYTES, READ_SCRATCH_BYTES};
use crate::packets::{self, Incoming};
use crate::principal::Directory;
use crate::upstream::{Judged, Upstream};
use crate::wire;

thread_local! {
    /// Where every connection of a thread reads into, so that an idle one holds no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_SCRATCH_BYTES]);
}

impl<S, A, D, O> Session<'_, S, A, D, O>
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Admit,
    D: Directory,
    O: Outbox,
{
    /// Whether another packet may be taken.
    fn has_room(&self) -> bool {
        let config = &self.shared.config;
        self.out.len() < OUT_HIGH_BYTES
            && self.inflight.has_room(config)
            && self.inflight.budget_has_room(config)
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.closing.is_some() {
            return false;
        }
        if !self.has_room() {
            self.stalled = true;
            // Alone, nothing would wake this connection when the others have made room.
            if self.inflight.is_empty() && self.out.is_empty() {
                self.arm(Instant::now() + BUDGET_RETRY);
            }
            return false;
        }
        if self.stalled {
            let carry = std::mem::take(&mut self.carry);
            let used = self.take_packets(&carry);
            self.keep(carry, used);
            return used > 0 || self.closing.is_some() || !self.stalled;
        }
        SCRATCH.with_borrow_mut(|scratch| self.read_into(cx, scratch))
    }

    fn read_into(&mut self, cx: &mut Context<'_>, scratch: &mut [u8]) -> bool {
        let mut buffer = ReadBuf::new(scratch);
        match Pin::new(&mut *self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => return false,
            Poll::Ready(Err(_)) => {
                self.broken = true;
                self.close(CloseReason::Io);
                return true;
            }
            Poll::Ready(Ok(())) => {}
        }
        let read = buffer.filled();
        if read.is_empty() {
            self.close(CloseReason::PeerClosed);
            return true;
        }
        self.last_read = Instant::now();
        self.tally.bytes_in += read.len() as u64;
        if self.carry.is_empty() {
            let used = self.take_packets(read);
            if self.closing.is_none() {
                self.carry.extend_from_slice(&read[used..]);
            }
        } else {
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(read);
            let used = self.take_packets(&carry);
            self.keep(carry, used);
        }
        true
    }

    /// Keeps what has not been taken.
    fn keep(&mut self, mut carry: Vec<u8>, used: usize) {
        if self.closing.is_some() || (used == carry.len() && carry.capacity() > BUFFER_KEPT_BYTES) {
            return;
        }
        carry.drain(..used);
        self.carry = carry;
    }

    /// Takes whole packets off the bytes while there is room; says how many bytes that were.
    fn take_packets(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        self.stalled = false;
        while self.closing.is_none() {
            let Some(&first) = bytes.get(used) else { break };
            if !self.has_room() {
                self.stalled = true;
                self.tally.throttled += 1;
                break;
            }
            match self.take_packet(first, &bytes[used..]) {
                Ok(0) => break,
                Ok(total) => used += total,
                Err(reason) => self.close(reason),
            }
        }
        used
    }

    /// Takes one packet; 0 while it is not whole.
    fn take_packet(&mut self, first: u8, bytes: &[u8]) -> Result<usize, CloseReason> {
        wire::check_first(first, self.protocol)?;
        let Some(frame) = wire::frame(bytes, self.shared.config.packet_max_bytes)? else {
            return Ok(0);
        };
        wire::check_body(&frame, self.protocol)?;
        let packet = packets::decode(&frame, self.protocol)?;
        self.take(packet).map(|()| frame.total)
    }

    fn take(&mut self, packet: Incoming) -> Result<(), CloseReason> {
        let shared = self.shared;
        let mut pen = Pen { out: &mut self.out, tally: &mut self.tally };
        match packet {
            Incoming::Publish(publish) => {
                let (qos, packet_id) = (publish.qos, publish.packet_id);
                let bytes = publish.body.len();
                let denied = |up: &Upstream, reason: Reason| {
                    shared.admit.denied(&up.principal().who, up.last_topic(), reason);
                };
                let judged = self.up.judge(publish, &*shared.directory, pen.tally);
                match &judged {
                    Err(CloseReason::NotAuthorized) | Ok(Judged::Known(Verdict::AccessRefused)) => {
                        denied(&self.up, Reason::Forbidden);
                    }
                    Ok(Judged::Known(Verdict::Refused { reason, .. })) => {
                        shared.admit.denied(&self.up.principal().who, "", *reason);
                    }
                    _ => {}
                }
                match judged? {
                    Judged::Admit(packet) => {
                        let wait = shared.admit.admit(packet);
                        self.inflight.push(qos, packet_id, bytes, wait);
                    }
                    Judged::Known(verdict) => self.inflight.push_known(qos, packet_id, verdict),
                    Judged::UnderWay => {}
                }
            }
            Incoming::Puback(packet_id, taken) => {
                self.down.acknowledged(packet_id, taken, &*shared.outbox, pen.tally);
            }
            Incoming::Pubrel(packet_id) => {
                let known = self.up.released(packet_id);
                encode::pubcomp(pen.out, self.protocol, packet_id, known);
            }
            Incoming::Unasked => {}
            Incoming::Subscribe(subscribe) => {
                let Some(place) = &self.registration else { return Ok(()) };
                let config = &shared.config;
                self.down.subscribe(&subscribe, &*shared.directory, place, config, &mut pen)?;
            }
            Incoming::Unsubscribe(packet_id, filters) => {
                let Some(place) = &self.registration else { return Ok(()) };
                self.down.unsubscribe(packet_id, &filters, place, &mut pen);
            }
            Incoming::Ping => encode::pingresp(pen.out),
            Incoming::Disconnect(with_will) => {
                if !with_will {
                    self.will = None;
                }
                return Err(CloseReason::Disconnected);
            }
        }
        Ok(())
    }
}
