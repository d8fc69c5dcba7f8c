//! The way down within one connection: its subscriptions, what it is still to be told, and what it
//! has been told but not acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use crate::close::CloseReason;
use crate::downlink::{Downlink, Outbox};
use crate::encode;
use crate::hub::Registration;
use crate::limits::{EdgeConfig, OUT_HIGH_BYTES, RESUME_BATCH};
use crate::packets::{Subscribe, SubscribeEntry};
use crate::principal::{Directory, Principal, Protocol};
use crate::stats::Tally;
use crate::topics::{Filter, TopicError};

/// SUBACK codes of v5.
const NOT_AUTHORIZED: u8 = 0x87;
const FILTER_INVALID: u8 = 0x8F;
const QUOTA_EXCEEDED: u8 = 0x97;
const SHARED_NOT_SUPPORTED: u8 = 0x9E;
/// The highest QoS that goes down: 2 may be granted as 1.
const QOS_GRANTED_MAX: u8 = 1;

/// A subscription as it was granted.
#[derive(Debug, Clone, Copy)]
struct Granted {
    qos: u8,
    retain_as_published: bool,
}

/// What the outbox is still to be asked.
#[derive(Debug)]
struct Resume {
    filter: Filter,
    after: Option<u64>,
    skip_retained: bool,
}

/// The downlink side of one connection.
pub(crate) struct Downstream {
    protocol: Protocol,
    principal: Arc<Principal>,
    window_max: usize,
    packet_max_bytes: usize,
    filters: BTreeMap<Filter, Granted>,
    queue: Option<mpsc::Receiver<Arc<Downlink>>>,
    resumes: VecDeque<Resume>,
    backlog: VecDeque<(Downlink, bool)>,
    /// Packet identifier and key of what is unacknowledged.
    window: BTreeMap<u16, u64>,
    unacknowledged: BTreeSet<u64>,
    last_packet_id: u16,
}

/// What a connection writes to while it is told something.
pub(crate) struct Pen<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) tally: &'a mut Tally,
}

impl Downstream {
    pub(crate) fn new(
        protocol: Protocol,
        principal: Arc<Principal>,
        window_max: usize,
        packet_max_bytes: usize,
    ) -> Self {
        Self {
            protocol,
            principal,
            window_max,
            packet_max_bytes,
            filters: BTreeMap::new(),
            queue: None,
            resumes: VecDeque::new(),
            backlog: VecDeque::new(),
            window: BTreeMap::new(),
            unacknowledged: BTreeSet::new(),
            last_packet_id: 0,
        }
    }

    /// Takes a SUBSCRIBE and writes its SUBACK.
    ///
    /// # Errors
    /// [`CloseReason::SubscriptionIdentifier`]: none were offered.
    pub(crate) fn subscribe<D: Directory>(
        &mut self,
        packet: &Subscribe,
        directory: &D,
        registration: &Registration,
        config: &EdgeConfig,
        pen: &mut Pen<'_>,
    ) -> Result<(), CloseReason> {
        if packet.has_identifier {
            return Err(CloseReason::SubscriptionIdentifier);
        }
        let mut codes = Vec::with_capacity(packet.entries.len());
        for entry in &packet.entries {
            let code = self.grant(entry, directory, registration, config);
            pen.tally.access_refused += u64::from(code >= 0x80);
            codes.push(code);
        }
        encode::suback(pen.out, self.protocol, packet.packet_id, &codes);
        Ok(())
    }

    fn grant<D: Directory>(
        &mut self,
        entry: &SubscribeEntry,
        directory: &D,
        registration: &Registration,
        config: &EdgeConfig,
    ) -> u8 {
        let filter = match Filter::new(&entry.filter) {
            Ok(filter) => filter,
            Err(_) if entry.filter.starts_with("$share/") => return SHARED_NOT_SUPPORTED,
            Err(TopicError::Reserved) => return NOT_AUTHORIZED,
            Err(_) => return FILTER_INVALID,
        };
        if !directory.may_subscribe(&self.principal, &filter) {
            return NOT_AUTHORIZED;
        }
        if !self.filters.contains_key(&filter) && self.filters.len() >= config.subscriptions_max {
            return QUOTA_EXCEEDED;
        }
        if self.queue.is_none() {
            self.queue = Some(registration.open_queue(config.downlink_queue));
        }
        let qos = entry.qos.min(QOS_GRANTED_MAX);
        // Entered before the outbox is asked: what is published in between comes by both ways, and
        // the key tells that it is the same.
        registration.subscribe(&filter);
        let granted = Granted { qos, retain_as_published: entry.retain_as_published };
        self.filters.insert(filter.clone(), granted);
        self.resumes.retain(|resume| resume.filter != filter);
        let skip_retained = entry.skip_retained;
        self.resumes.push_back(Resume { filter, after: None, skip_retained });
        qos
    }

    /// Takes an UNSUBSCRIBE and writes its UNSUBACK.
    pub(crate) fn unsubscribe(
        &mut self,
        packet_id: u16,
        filters: &[String],
        registration: &Registration,
        pen: &mut Pen<'_>,
    ) {
        let existed: Vec<bool> = filters
            .iter()
            .map(|text| {
                let Ok(filter) = Filter::new(text) else { return false };
                registration.unsubscribe(&filter);
                self.resumes.retain(|resume| resume.filter != filter);
                self.filters.remove(&filter).is_some()
            })
            .collect();
        encode::unsuback(pen.out, self.protocol, packet_id, &existed);
    }

    /// Takes a PUBACK; an identifier that is not under way is passed over.
    pub(crate) fn acknowledged<O: Outbox>(
        &mut self,
        packet_id: u16,
        taken: bool,
        outbox: &O,
        tally: &mut Tally,
    ) {
        let Some(key) = self.window.remove(&packet_id) else { return };
        self.unacknowledged.remove(&key);
        if taken {
            outbox.delivered(&self.principal, key);
            tally.downlinks_delivered += 1;
        }
    }

    /// Writes what there is to tell while there is room; whether anything was written.
    pub(crate) fn poll<O: Outbox>(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &O,
        pen: &mut Pen<'_>,
    ) -> bool {
        let mut wrote = false;
        while self.queue.is_some()
            && self.window.len() < self.window_max
            && pen.out.len() < OUT_HIGH_BYTES
        {
            if let Some((downlink, retain)) = self.next_resumed(outbox) {
                wrote |= self.tell(&downlink, retain, outbox, pen);
                continue;
            }
            match self.queue.as_mut().map(|queue| queue.poll_recv(cx)) {
                Some(Poll::Ready(Some(downlink))) => {
                    wrote |= self.tell(&downlink, false, outbox, pen);
                }
                _ => break,
            }
        }
        wrote
    }

    fn next_resumed<O: Outbox>(&mut self, outbox: &O) -> Option<(Downlink, bool)> {
        while self.backlog.is_empty() {
            let resume = self.resumes.pop_front()?;
            let batch = outbox.resume(&self.principal, &resume.filter, resume.after, RESUME_BATCH);
            let last = batch.iter().map(|downlink| downlink.key).max();
            let more = batch.len() >= RESUME_BATCH && last > resume.after;
            let wanted = batch.into_iter().filter(|d| !(d.retain && resume.skip_retained));
            self.backlog.extend(wanted.map(|downlink| {
                let retain = downlink.retain;
                (downlink, retain)
            }));
            if more {
                self.resumes.push_front(Resume { after: last, ..resume });
            }
        }
        self.backlog.pop_front()
    }

    /// Writes one message, unless the client has it before it already or no longer wants it.
    fn tell<O: Outbox>(
        &mut self,
        downlink: &Downlink,
        resumed_retain: bool,
        outbox: &O,
        pen: &mut Pen<'_>,
    ) -> bool {
        let matching = self.filters.iter().filter(|(filter, _)| filter.matches(&downlink.topic));
        let Some((qos, as_published)) = matching
            .map(|(_, granted)| (granted.qos, granted.retain_as_published))
            .reduce(|a, b| (a.0.max(b.0), a.1 | b.1))
        else {
            return false;
        };
        if self.unacknowledged.contains(&downlink.key) {
            return false;
        }
        let retain = resumed_retain || (downlink.retain && as_published);
        let packet_id = (qos > 0).then(|| self.fresh_packet_id());
        let bytes =
            encode::publish(self.protocol, &downlink.topic, &downlink.body, packet_id, retain);
        if bytes.is_empty() || bytes.len() > self.packet_max_bytes {
            pen.tally.downlinks_too_large += 1;
            return false;
        }
        pen.out.extend_from_slice(&bytes);
        pen.tally.downlinks_sent += 1;
        match packet_id {
            Some(packet_id) => {
                self.window.insert(packet_id, downlink.key);
                self.unacknowledged.insert(downlink.key);
            }
            None => outbox.delivered(&self.principal, downlink.key),
        }
        true
    }

    /// An identifier that is not in use. The window is far smaller than 65,535.
    fn fresh_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.window.contains_key(&self.last_packet_id) {
                return self.last_packet_id;
            }
        }
    }

    /// Tells the client nothing more.
    pub(crate) fn leave(&mut self) {
        self.filters.clear();
        self.resumes.clear();
        self.backlog.clear();
        self.queue = None;
    }
}
