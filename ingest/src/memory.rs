//! What has been heard lately, datastream by datastream: enough to know a duplicate from a
//! correction, and a spike or a stuck value from a change. What is older is looked up in the
//! history that the journal keeps, through [`Past`].

use std::collections::VecDeque;

use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

/// Values of one datastream that are held in memory; older ones are looked up.
pub const RECENT_PER_DATASTREAM: usize = 256;
/// The same where there is no history to look up (a file): the engine knows older duplicates by id.
pub const RECENT_WITHOUT_PAST: usize = 64;
/// Values held in memory of all datastreams together, about: a city with few of them remembers more
/// of each, and asks the history less often when frames come late. About 56 bytes a value.
pub const RECENT_IN_ALL: usize = 1_000_000;
/// The most of one datastream, all the same.
pub const RECENT_PER_DATASTREAM_MAX: usize = 4_096;
/// How long an exact duplicate is known as one, at the least: 72 h. Content is known for as long as
/// the history lasts; a sender's id for this long, or until a restart.
pub const DUPLICATE_HORIZON_MS: i64 = 72 * 3_600_000;

/// The history of admitted observations. Answers are of a datastream in order of time.
pub trait Past: Send {
    /// The newest `limit` observations, oldest first.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn newest(&mut self, ix: DatastreamIx, limit: usize) -> Result<Vec<Observation>, String>;
    /// Everything of one instant.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn at(&mut self, ix: DatastreamIx, t: UtcMs) -> Result<Vec<Observation>, String>;
}

/// No history: a back-test over a file, or a first start.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPast;

impl Past for NoPast {
    fn newest(&mut self, _: DatastreamIx, _: usize) -> Result<Vec<Observation>, String> {
        Ok(Vec::new())
    }
    fn at(&mut self, _: DatastreamIx, _: UtcMs) -> Result<Vec<Observation>, String> {
        Ok(Vec::new())
    }
}

/// The number of an append, in order; 0 is what was durable before the start.
pub type Ticket = u64;

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
    fn of(observation: &Observation) -> Self {
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

    /// Whether it is this content as a sender would send it: the platform's own marks (a doubtful
    /// rate, a correction) are not the sender's and do not count.
    pub(crate) fn is_same(&self, value: f64, result_time: UtcMs, sent: Quality) -> bool {
        let (trust, origin) = (self.quality.trust, self.quality.origin);
        self.value == value
            && self.result_time == result_time
            && (trust == sent.trust || (trust, sent.trust) == (Trust::Doubtful, Trust::Reliable))
            && (origin == sent.origin
                || (origin, sent.origin) == (OriginFlag::Corrected, OriginFlag::Original))
    }
}

/// One datastream's recent values, in order of time.
#[derive(Debug)]
struct Lane {
    entries: VecDeque<Seen>,
    /// Everything at or after this is in `entries`.
    floor: UtcMs,
}

/// See the module.
pub struct Memory {
    lanes: Vec<Option<Box<Lane>>>,
    past: Box<dyn Past>,
    recent: usize,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("lanes", &self.lanes.len()).finish_non_exhaustive()
    }
}

/// What is known beside a new value of a datastream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Beside {
    /// The values of the same instant.
    pub(crate) same_instant: Vec<Seen>,
    /// The newest earlier value that is believed.
    pub(crate) before: Option<Seen>,
    /// The newest earlier value, believed or not.
    pub(crate) last: Option<Seen>,
}

impl Memory {
    /// An empty memory over a history.
    pub fn over(past: Box<dyn Past>) -> Self {
        Self { lanes: Vec::new(), past, recent: RECENT_PER_DATASTREAM }
    }

    /// An empty memory without a history: of a back-test.
    pub fn of_a_file() -> Self {
        Self { lanes: Vec::new(), past: Box::new(NoPast), recent: RECENT_WITHOUT_PAST }
    }

    fn lane(&mut self, ix: DatastreamIx) -> &mut Lane {
        let at = ix.0 as usize;
        if self.lanes.len() <= at {
            self.lanes.resize_with(at + 1, || None);
        }
        if self.lanes[at].is_none() {
            self.lanes[at] = Some(Box::new(load(&mut *self.past, ix)));
        }
        // Filled just above; the fallback is never built.
        self.lanes[at].get_or_insert_with(|| {
            Box::new(Lane { entries: VecDeque::new(), floor: UtcMs(i64::MIN) })
        })
    }

    /// What is known at and before `t`.
    pub(crate) fn beside(&mut self, ix: DatastreamIx, t: UtcMs) -> Beside {
        let lane = self.lane(ix);
        let from = lane.entries.partition_point(|seen| seen.t < t);
        let at = lane.entries.range(from..).take_while(|seen| seen.t == t).copied();
        let mut same_instant: Vec<Seen> = at.collect();
        let believed = |seen: &&Seen| seen.quality.trust == Trust::Reliable;
        let before = lane.entries.range(..from).rev().find(believed).copied();
        let last = lane.entries.range(..from).next_back().copied();
        // Of what was durable before the start only the value that held is in memory.
        if t < lane.floor || same_instant.iter().any(|seen| seen.ticket == 0) {
            match self.past.at(ix, t) {
                Ok(older) => same_instant.extend(older.iter().map(Seen::of)),
                // Fail open: at worst a duplicate is taken twice, which the engine knows by its id.
                Err(why) => tracing::warn!(%why, "the history cannot be asked for duplicates"),
            }
        }
        Beside { same_instant, before, last }
    }

    /// Takes one more value.
    pub(crate) fn put(&mut self, ix: DatastreamIx, mut seen: Seen) {
        let share = RECENT_IN_ALL / self.lanes.len().max(1);
        let recent = self.recent.max(share.min(RECENT_PER_DATASTREAM_MAX));
        let lane = self.lane(ix);
        if seen.t < lane.floor {
            // Older than what is held: the history has it as soon as it is durable.
            return;
        }
        let after = lane.entries.partition_point(|other| other.t <= seen.t);
        if let Some(earlier) = after.checked_sub(1).and_then(|i| lane.entries.get(i))
            && earlier.value == seen.value
        {
            seen.same_since = earlier.same_since;
        }
        lane.entries.insert(after, seen);
        if lane.entries.len() > recent
            && let Some(gone) = lane.entries.pop_front()
        {
            lane.floor = gone.t.plus_ms(1);
        }
    }

    /// Takes what is durable already: the journal's tail at a start.
    pub fn recall(&mut self, observation: &Observation) {
        let known = self.beside(observation.datastream, observation.t);
        let same = |seen: &Seen| {
            seen.value == observation.value
                && seen.result_time == observation.result_time
                && seen.quality == observation.quality
        };
        if !known.same_instant.iter().any(same) {
            self.put(observation.datastream, Seen::of(observation));
        }
    }

    /// Forgets what an append brought that did not become durable.
    pub(crate) fn forget(&mut self, ix: DatastreamIx, ticket: Ticket) {
        if let Some(Some(lane)) = self.lanes.get_mut(ix.0 as usize) {
            lane.entries.retain(|seen| seen.ticket != ticket);
        }
    }
}

fn load(past: &mut dyn Past, ix: DatastreamIx) -> Lane {
    let found = past.newest(ix, RECENT_PER_DATASTREAM).unwrap_or_else(|why| {
        tracing::warn!(%why, datastream = ix.0, "the history cannot be read; duplicates of before the start may be taken twice");
        Vec::new()
    });
    let whole = found.len() < RECENT_PER_DATASTREAM;
    let floor = match found.first() {
        Some(oldest) if !whole => oldest.t.plus_ms(1),
        _ => UtcMs(i64::MIN),
    };
    let mut entries: VecDeque<Seen> = VecDeque::with_capacity(found.len());
    for observation in &found {
        let mut seen = Seen::of(observation);
        if let Some(earlier) = entries.back()
            && earlier.value == seen.value
        {
            seen.same_since = earlier.same_since;
        }
        entries.push_back(seen);
    }
    Lane { entries, floor }
}
