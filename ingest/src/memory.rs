//! What has been heard lately, datastream by datastream: enough to know a duplicate from a
//! correction, and a spike or a stuck value from a change. What is older is looked up in the
//! history that the journal keeps, through [`Past`].

use std::collections::{BTreeMap, VecDeque};

use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

/// Values of one datastream that are held in memory; older ones are looked up.
pub const RECENT_PER_DATASTREAM: usize = 256;
/// The same where there is no history to look up (a file): the engine knows older duplicates by id.
pub const RECENT_WITHOUT_PAST: usize = 32;
/// Values held in memory of all datastreams together, about (of a file, in proportion fewer): a city
/// with few of them remembers more of each, and asks the history less often when frames come late. About
/// 32 bytes a value, and 40 more for one with an id of its sender's.
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
    /// Of every instant from `from` to `to`, both included, the value that holds; at most `limit`.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn between(
        &mut self,
        ix: DatastreamIx,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<Observation>, String>;
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
    fn between(
        &mut self,
        _: DatastreamIx,
        _: UtcMs,
        _: UtcMs,
        _: usize,
    ) -> Result<Vec<Observation>, String> {
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

    fn is_believed(&self) -> bool {
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
struct Held {
    t: UtcMs,
    value: f64,
    ticket: Ticket,
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
    newest: UtcMs,
    /// Since when the newest value has been the same.
    same_since: UtcMs,
    /// Everything at or after this is held; [`NOT_ASKED`] before the history was.
    floor: UtcMs,
    /// The newest value that is believed, where the newest of all is not.
    believed: Option<Box<Seen>>,
    held: VecDeque<Held>,
}

const NEVER: UtcMs = UtcMs(i64::MIN);
const NOT_ASKED: UtcMs = UtcMs(i64::MAX);

/// The part of a lane that is left at once when it is full.
const LEFT_AT_ONCE: usize = 8;

impl Held {
    fn of(seen: &Seen) -> Self {
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
    fn is_believed(&self) -> bool {
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
    fn seen(&self, at: usize) -> Option<Seen> {
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
    fn look_again(&mut self) {
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
    fn shorten(&mut self, most: usize) {
        if self.held.len() < most {
            return;
        }
        let gone = self.held.drain(..most.div_ceil(LEFT_AT_ONCE)).next_back();
        if let Some(gone) = gone {
            self.floor = gone.t.plus_ms(1);
        }
    }
}

/// See the module.
pub struct Memory {
    lanes: Vec<Lane>,
    past: Box<dyn Past>,
    recent: usize,
    /// Values held of each datastream, as many as there are.
    most: usize,
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
        Self { lanes: Vec::new(), past, recent: RECENT_PER_DATASTREAM, most: 0 }
    }

    /// An empty memory without a history: of a back-test.
    pub fn of_a_file() -> Self {
        Self { past: Box::new(NoPast), recent: RECENT_WITHOUT_PAST, lanes: Vec::new(), most: 0 }
    }

    /// The lane of a datastream, and how many values it holds at most.
    fn lane(&mut self, ix: DatastreamIx) -> (&mut Lane, usize) {
        let at = ix.0 as usize;
        if self.lanes.len() <= at {
            self.lanes.resize_with(at + 1, Lane::default);
            let in_all = self.recent * (RECENT_IN_ALL / RECENT_PER_DATASTREAM);
            let share = in_all / self.lanes.len();
            self.most = self.recent.max(share.min(RECENT_PER_DATASTREAM_MAX));
        }
        if self.lanes[at].floor == NOT_ASKED {
            self.lanes[at] = load(&mut *self.past, ix);
        }
        (&mut self.lanes[at], self.most)
    }

    /// The lane of a datastream that has been heard of before, always earlier than `t`, and how many
    /// values it holds: the common case, in which nothing has to be looked for.
    #[inline]
    pub(crate) fn in_order(&mut self, ix: DatastreamIx, t: UtcMs) -> Option<(&mut Lane, usize)> {
        let lane = self.lanes.get_mut(ix.0 as usize)?;
        (lane.newest != NEVER && lane.newest < t).then_some((lane, self.most))
    }

    /// Of every instant of `[from, to)` the value that holds, at most `most`, oldest first.
    pub(crate) fn holding(
        &mut self,
        ix: DatastreamIx,
        from: UtcMs,
        to: UtcMs,
        most: usize,
    ) -> Vec<Observation> {
        let (lane, _) = self.lane(ix);
        let mut found: BTreeMap<UtcMs, Observation> = BTreeMap::new();
        let mut take = |seen: Observation| {
            let rank = |o: &Observation| {
                (o.quality.origin != OriginFlag::Completed, o.result_time, o.content_crc())
            };
            let slot = found.entry(seen.t).or_insert(seen);
            if rank(&seen) > rank(slot) {
                *slot = seen;
            }
        };
        let at = lane.held.partition_point(|held| held.t < from)
            ..lane.held.partition_point(|held| held.t < to);
        let held: Vec<Seen> = at.filter_map(|at| lane.seen(at)).collect();
        let older = if lane.floor > from {
            let upto = to.min(lane.floor).plus_ms(-1);
            self.past.between(ix, from, upto, most).unwrap_or_else(|why| {
                tracing::warn!(%why, "the history cannot be asked for what is corrected");
                Vec::new()
            })
        } else {
            Vec::new()
        };
        older.into_iter().for_each(&mut take);
        held.iter().map(|seen| seen.observation(ix)).for_each(&mut take);
        found.into_values().take(most).collect()
    }

    /// The newest value that is believed.
    pub(crate) fn believed(&mut self, ix: DatastreamIx) -> Option<Seen> {
        self.lane(ix).0.believed()
    }

    /// What is known at and before `t`.
    pub(crate) fn beside(&mut self, ix: DatastreamIx, t: UtcMs) -> Beside {
        let (lane, _) = self.lane(ix);
        if lane.newest < t && t >= lane.floor {
            let (before, last) = (lane.believed(), lane.last());
            return Beside { same_instant: Vec::new(), before, last };
        }
        let from = lane.held.partition_point(|held| held.t < t);
        let at = from..lane.held.partition_point(|held| held.t <= t);
        let mut same_instant: Vec<Seen> = at.filter_map(|at| lane.seen(at)).collect();
        let before =
            lane.held.range(..from).rposition(Held::is_believed).and_then(|at| lane.seen(at));
        let last = from.checked_sub(1).and_then(|at| lane.seen(at));
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
    pub(crate) fn put(&mut self, ix: DatastreamIx, seen: &Seen) {
        let (lane, most) = self.lane(ix);
        if seen.t < lane.floor {
            // Older than what is held: the history has it as soon as it is durable.
            return;
        }
        if lane.newest <= seen.t {
            lane.append(seen, most);
            return;
        }
        let after = lane.held.partition_point(|other| other.t <= seen.t);
        lane.held.insert(after, Held::of(seen));
        lane.look_again();
        lane.shorten(most);
    }

    /// Touches what judging one more value of each of these datastreams will need, step by step, so
    /// that the waits for memory of one and the next overlap.
    pub(crate) fn touch(&self, streams: impl Iterator<Item = DatastreamIx> + Clone) -> i64 {
        let lanes = streams.filter_map(|ix| self.lanes.get(ix.0 as usize));
        let newest = lanes.clone().fold(0, |sum, lane| lane.newest.0.wrapping_add(sum));
        let held = lanes.filter_map(|lane| lane.held.back());
        held.fold(newest, |sum, held| held.t.0.wrapping_add(sum))
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
            self.put(observation.datastream, &Seen::of(observation));
        }
    }

    /// Forgets what an append brought that did not become durable.
    pub(crate) fn forget(&mut self, ix: DatastreamIx, ticket: Ticket) {
        if let Some(lane) = self.lanes.get_mut(ix.0 as usize) {
            lane.held.retain(|held| held.ticket != ticket);
            lane.look_again();
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
    let held: VecDeque<Held> = found.iter().map(|seen| Held::of(&Seen::of(seen))).collect();
    let mut lane = Lane { floor, held, ..Lane::default() };
    lane.look_again();
    lane
}
