//! Messages in several packets (M3), put together. Bounded in packets, bytes and time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::refusal::{RAW_KEPT_MAX_BYTES, Reason};
use domain::sl651::Address;

use super::frame::{Coding, Frame, Packet};
use crate::judge::Why;

/// The most packets of a message that are taken.
pub const PACKETS_TAKEN_MAX: u16 = 1_024;
/// The most bytes of a message.
pub const MESSAGE_MAX_BYTES: usize = 4 << 20;
/// The most messages a connection has under way.
pub const MESSAGES_MAX: usize = 4;
/// The most bytes that messages under way hold, all connections together.
pub const HELD_MAX_BYTES: usize = 64 << 20;
/// After so long without a packet the first missing one is asked for.
pub const PACKET_WAIT: Duration = Duration::from_secs(10);
/// A message takes no longer than this.
pub const MESSAGE_WAIT: Duration = Duration::from_secs(600);
/// How often one packet is asked for.
pub const ASKED_MAX: u8 = 3;

/// Bytes that messages under way hold, all connections together.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<AtomicUsize>);

impl Held {
    fn take(&self, bytes: usize) -> bool {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= HELD_MAX_BYTES;
        if !fits {
            self.give(bytes);
        }
        fits
    }
    fn give(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What a packet, or its absence, leads to.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Nothing yet.
    Wait,
    /// The message is whole: a frame with all of the body.
    Whole(Frame),
    /// This packet is asked for.
    Ask(Box<Asked>),
    /// The message is given up; the bytes that came of it.
    Lost(Box<Frame>, Why, Vec<u8>),
}

/// A packet that is asked for, and how the message was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// A frame of the message.
    pub like: Frame,
    /// Its serial number, where its first packet is there.
    pub serial: Option<u16>,
    /// The packet.
    pub packet: Packet,
}

#[derive(Debug)]
struct Message {
    /// Its last packet, without its body.
    like: Frame,
    total: u16,
    parts: BTreeMap<u16, Vec<u8>>,
    bytes: usize,
    began: Instant,
    heard: Instant,
    asked: BTreeMap<u16, u8>,
    /// The packet that was asked for last, and when.
    waiting: Option<(u16, Instant)>,
}

/// The messages that one connection has under way.
#[derive(Debug)]
pub struct Gather {
    held: Held,
    messages: BTreeMap<(Address, u8), Message>,
}

impl Gather {
    /// Nothing under way.
    pub fn new(held: Held) -> Self {
        Self { held, messages: BTreeMap::new() }
    }

    /// Takes a packet.
    pub fn take(&mut self, mut frame: Frame, packet: Packet, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        let key = (frame.station, frame.function);
        let body = std::mem::take(&mut frame.body);
        let other = self.messages.get(&key).is_some_and(|message| {
            let again = message.parts.get(&packet.number);
            message.total != packet.total || again.is_some_and(|had| *had != body)
        });
        if other {
            // Another message of the station began: the first will not be finished.
            steps.extend(self.give_up(key));
        }
        if let Err(why) = self.fits(key, packet, body.len()) {
            steps.extend(self.give_up(key));
            steps.push(Step::Lost(Box::new(frame), why, body));
            return steps;
        }
        let message = self.messages.entry(key).or_insert_with(|| Message {
            like: frame.clone(),
            total: packet.total,
            parts: BTreeMap::new(),
            bytes: 0,
            began: now,
            heard: now,
            asked: BTreeMap::new(),
            waiting: None,
        });
        message.heard = now;
        if message.waiting.is_some_and(|(number, _)| number == packet.number) {
            message.waiting = None;
        }
        let length = body.len();
        if message.parts.insert(packet.number, body).is_none() {
            message.bytes += length;
        } else {
            self.held.give(length);
        }
        if packet.number == packet.total {
            message.like = frame;
        }
        if message.parts.len() == usize::from(message.total) {
            steps.extend(self.messages.remove(&key).map(|message| self.joined(message)));
        } else if message.parts.contains_key(&message.total) {
            // The last is there, so those that are not were lost.
            steps.extend(message.ask(None, now));
        }
        steps
    }

    fn fits(&self, key: (Address, u8), packet: Packet, bytes: usize) -> Result<(), Why> {
        let said = |said: String| Err(Why::new(Reason::TooLarge, said));
        if packet.total > PACKETS_TAKEN_MAX {
            return said(format!("{} packets; {PACKETS_TAKEN_MAX} are taken", packet.total));
        }
        let had = self.messages.get(&key).map_or(0, |message| message.bytes);
        if had + bytes > MESSAGE_MAX_BYTES {
            return said(format!("a message has at most {MESSAGE_MAX_BYTES} bytes"));
        }
        if !self.messages.contains_key(&key) && self.messages.len() >= MESSAGES_MAX {
            return said(format!("{MESSAGES_MAX} messages are under way on this connection"));
        }
        if !self.held.take(bytes) {
            return said("too many messages are under way at this moment".into());
        }
        Ok(())
    }

    fn joined(&self, message: Message) -> Step {
        self.held.give(message.bytes);
        let body = message.parts.into_values().flatten().collect();
        Step::Whole(Frame { body, packet: None, ..message.like })
    }

    /// A packet came that was damaged: what it seems to have been is asked for, if it is missing.
    /// `is_ours` says whether the station is one that is registered: of a message whose first packet
    /// to come was damaged nothing else is known.
    pub fn damaged(&mut self, seems: Frame, is_ours: bool, now: Instant) -> Option<Step> {
        let packet = seems.packet?;
        let Some(message) = self.messages.get_mut(&(seems.station, seems.function)) else {
            let asked = Asked { like: seems, serial: None, packet };
            return is_ours.then(|| Step::Ask(Box::new(asked)));
        };
        let missing = !message.parts.contains_key(&packet.number);
        (message.total == packet.total && missing).then(|| message.ask(Some(packet.number), now))?
    }

    /// What is overdue now.
    pub fn overdue(&mut self, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut lost = Vec::new();
        for (key, message) in &mut self.messages {
            if now.saturating_duration_since(message.began) >= MESSAGE_WAIT {
                lost.push(*key);
            } else if message.due() <= now {
                match message.ask(None, now) {
                    Some(step) => steps.push(step),
                    None => lost.push(*key),
                }
            }
        }
        for key in lost {
            steps.extend(self.give_up(key));
        }
        steps
    }

    /// When something is overdue next.
    pub fn next_due(&self) -> Option<Instant> {
        self.messages.values().map(|message| message.due().min(message.began + MESSAGE_WAIT)).min()
    }

    /// Gives everything up: the connection has ended.
    pub fn end(&mut self) -> Vec<Step> {
        let keys: Vec<_> = self.messages.keys().copied().collect();
        keys.into_iter().filter_map(|key| self.give_up(key)).collect()
    }

    fn give_up(&mut self, key: (Address, u8)) -> Option<Step> {
        let message = self.messages.remove(&key)?;
        self.held.give(message.bytes);
        let missing: Vec<String> = message.missing().take(8).map(|n| n.to_string()).collect();
        let (missing, total) = (missing.join(", "), message.total);
        let said = format!("packets {missing} of {total} did not come");
        let came = message.parts.into_values().flatten().take(RAW_KEPT_MAX_BYTES).collect();
        Some(Step::Lost(Box::new(message.like), Why::new(Reason::Frame, said), came))
    }
}

impl Drop for Gather {
    fn drop(&mut self) {
        self.held.give(self.messages.values().map(|message| message.bytes).sum());
    }
}

impl Message {
    fn missing(&self) -> impl Iterator<Item = u16> + '_ {
        (1..=self.total).filter(|number| !self.parts.contains_key(number))
    }

    fn due(&self) -> Instant {
        let asked = self.waiting.map_or(self.heard, |(_, at)| at.max(self.heard));
        asked + PACKET_WAIT
    }

    /// Asks for a packet, the first missing one where none is named: unless one was asked for just
    /// now, or this one too often.
    fn ask(&mut self, number: Option<u16>, now: Instant) -> Option<Step> {
        let number = number.or_else(|| self.missing().next())?;
        let waits = self.waiting.is_some_and(|(waiting, at)| {
            waiting == number && now.saturating_duration_since(at) < PACKET_WAIT
        });
        if waits {
            return Some(Step::Wait);
        }
        let asked = self.asked.entry(number).or_default();
        if *asked >= ASKED_MAX {
            return None;
        }
        *asked += 1;
        self.waiting = Some((number, now));
        let serial = self.parts.get(&1).and_then(|first| serial_of(self.like.coding, first));
        let packet = Packet { total: self.total, number };
        Some(Step::Ask(Box::new(Asked { like: self.like.clone(), serial, packet })))
    }
}

fn serial_of(coding: Coding, first: &[u8]) -> Option<u16> {
    match coding {
        Coding::Hex => first.first_chunk().map(|both| u16::from_be_bytes(*both)),
        Coding::Ascii => {
            let digits = std::str::from_utf8(first.get(..4)?).ok()?;
            u16::from_str_radix(digits, 16).ok()
        }
    }
}
