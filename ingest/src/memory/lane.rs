//! One datastream's recent values, in the least room.

use std::collections::VecDeque;

use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

use super::Ticket;

/// One value heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    pub(crate) t: UtcMs,
    pub(crate) value: f64,
    pub(crate) result_time: UtcMs,
    pub(crate) quality: Quality,
    /// Hash of the sender's own id; 0 where it gave none.
    pub(crate) sender_id: u64,
    /// Since when the value has been the same.
    pub(crate) same_since: UtcMs,
    pub(crate) ticket: Ticket,
}

impl Seen {
    pub(super) fn of(observation: &Observation) -> Self {
        Self {
            t: observation.t,
            value: observation.value,
            result_time: observation.result_time,
            quality: observation.quality,
            sender_id: 0,
            same_since: observation.t,
            ticket: 0,
        }
    }

    /// The observation that it was.
    pub(crate) fn observation(&self, datastream: DatastreamIx) -> Observation {
        // Whether it was of a backlog is no part of what it was.
        let (t, result_time, backlog) = (self.t, self.result_time, false);
        Observation {
            datastream,
            t,
            result_time,
            value: self.value,
            quality: self.quality,
            backlog,
        }
    }

    pub(super) fn is_believed(&self) -> bool {
        self.quality.trust == Trust::Reliable && self.quality.origin != OriginFlag::Completed
    }

    /// Whether it is this content as a sender would send it: the platform's own marks (a doubtful
    /// rate, a correction, a gauge that somebody calls unreliable) are not the sender's and do not
    /// count.
    pub(crate) fn is_same(&self, value: f64, result_time: UtcMs, sent: Quality) -> bool {
        let (trust, origin) = (self.quality.trust, self.quality.origin);
        self.value == value
            && self.result_time == result_time
            && (trust == sent.trust
                || matches!(
                    (trust, sent.trust),
                    (Trust::Doubtful | Trust::Unreliable, Trust::Reliable)
                ))
            && (origin == sent.origin
                || (origin, sent.origin) == (OriginFlag::Corrected, OriginFlag::Original))
    }
}

/// What is held of one value. [`Seen::same_since`] is worked out when it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) t: UtcMs,
    value: f64,
    pub(super) ticket: Ticket,
    /// What sets it apart from most: without an id, its result at its own time, original, reliable.
    more: Option<Box<More>>,
}

#[derive(Debug, Clone, Copy)]
struct More {
    result_time: UtcMs,
    sender_id: u64,
    quality: Quality,
}

/// One datastream's recent values, in order of time. All of it is one line of the cache: a value
/// that comes in order is judged by it and by the newest of the values.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Lane {
    /// The newest instant; [`NEVER`] before the first.
    pub(super) newest: UtcMs,
    /// Since when the newest value has been the same.
    pub(super) same_since: UtcMs,
    /// Everything at or after this is held; [`NOT_ASKED`] before the history was.
    pub(super) floor: UtcMs,
    /// The newest value that is believed, where the newest of all is not.
    pub(super) believed: Option<Box<Seen>>,
    pub(super) held: VecDeque<Held>,
}

pub(super) const NEVER: UtcMs = UtcMs(i64::MIN);
pub(super) const NOT_ASKED: UtcMs = UtcMs(i64::MAX);

/// The part of a lane that is left at once when it is full.
const LEFT_AT_ONCE: usize = 8;

impl Held {
    pub(super) fn of(seen: &Seen) -> Self {
        let Seen { t, value, result_time, quality, sender_id, ticket, .. } = *seen;
        let is_plain = result_time == t && sender_id == 0 && quality == Quality::default();
        let more = (!is_plain).then(|| Box::new(More { result_time, sender_id, quality }));
        Self { t, value, ticket, more }
    }
    fn seen(&self, same_since: UtcMs) -> Seen {
        let Self { t, value, ticket, .. } = *self;
        let plain = More { result_time: t, sender_id: 0, quality: Quality::default() };
        let More { result_time, sender_id, quality } =
            self.more.as_deref().copied().unwrap_or(plain);
        Seen { t, value, result_time, quality, sender_id, same_since, ticket }
    }
    pub(super) fn is_believed(&self) -> bool {
        self.more.as_ref().is_none_or(|more| {
            more.quality.trust == Trust::Reliable && more.quality.origin != OriginFlag::Completed
        })
    }
}

impl Default for Lane {
    fn default() -> Self {
        let held = VecDeque::new();
        Self { newest: NEVER, same_since: NEVER, floor: NOT_ASKED, believed: None, held }
    }
}

impl Lane {
    /// A value at a position, with since when it has been the same.
    pub(super) fn seen(&self, at: usize) -> Option<Seen> {
        let held = self.held.get(at)?;
        let same = self.held.range(..at).rev().take_while(|other| other.value == held.value).last();
        Some(held.seen(same.map_or(held.t, |other| other.t)))
    }

    /// The newest value.
    pub(crate) fn last(&self) -> Option<Seen> {
        self.held.back().map(|held| held.seen(self.same_since))
    }

    /// The newest value that is believed.
    /// What was filled in for it is no word of its own.
    pub(crate) fn believed(&self) -> Option<Seen> {
        self.last().filter(Seen::is_believed).or_else(|| self.believed.as_deref().copied())
    }

    /// Works out anew what is newest.
    pub(super) fn look_again(&mut self) {
        let newest = self.held.len().checked_sub(1).and_then(|at| self.seen(at));
        self.newest = newest.map_or(NEVER, |newest| newest.t);
        self.same_since = newest.map_or(NEVER, |newest| newest.same_since);
        self.believed = None;
        if newest.is_some_and(|newest| !newest.is_believed()) {
            let at = self.held.iter().rposition(Held::is_believed);
            self.believed = at.and_then(|at| self.seen(at)).map(Box::new);
        }
    }

    /// Takes a value that is newer than all, or of the newest instant; since when it has been the
    /// same is worked out here. `most` are held.
    pub(crate) fn append(&mut self, seen: &Seen, most: usize) {
        let last = self.held.back();
        if last.is_none_or(|last| last.value != seen.value) {
            self.same_since = seen.t;
        }
        if seen.is_believed() {
            self.believed = None;
        } else if let Some(believed) = self.last().filter(Seen::is_believed) {
            self.believed = Some(Box::new(believed));
        }
        self.newest = seen.t;
        self.held.push_back(Held::of(seen));
        self.shorten(most);
    }

    /// Leaves the oldest, several at a time.
    pub(super) fn shorten(&mut self, most: usize) {
        if self.held.len() < most {
            return;
        }
        let gone = self.held.drain(..most.div_ceil(LEFT_AT_ONCE)).next_back();
        if let Some(gone) = gone {
            self.floor = gone.t.plus_ms(1);
        }
    }
}
