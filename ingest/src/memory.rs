//! What has been heard lately, datastream by datastream: enough to know a duplicate from a
//! correction, and a spike or a stuck value from a change. What is older is looked up in the
//! history that the journal keeps, through [`Past`].

mod lane;

use std::collections::{BTreeMap, VecDeque};

use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag};
use domain::time::UtcMs;

use lane::{Held, NEVER, NOT_ASKED};
pub(crate) use lane::{Lane, Seen};

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
    /// Everything of every instant from `from` to `to`, both included; of at most `limit` instants.
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

/// By what one of several values of an instant holds: what was sent before what was filled in, then
/// the later result, then the content.
pub(crate) fn rank(one: &Observation) -> (bool, UtcMs, u32) {
    (one.quality.origin != OriginFlag::Completed, one.result_time, one.content_crc())
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

impl Beside {
    /// The value of the same instant that holds.
    pub(crate) fn standing(&self, ix: DatastreamIx) -> Option<&Seen> {
        self.same_instant.iter().max_by_key(|seen| rank(&seen.observation(ix)))
    }
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

    /// Everything that was told of every instant of `[from, to)`, of at most `most` instants. What
    /// is held may be of an instant only what holds: the history is asked as well.
    pub(crate) fn told(
        &mut self,
        ix: DatastreamIx,
        from: UtcMs,
        to: UtcMs,
        most: usize,
    ) -> BTreeMap<UtcMs, Vec<Observation>> {
        let mut found: BTreeMap<UtcMs, Vec<Observation>> = BTreeMap::new();
        let older = self.past.between(ix, from, to.plus_ms(-1), most).unwrap_or_else(|why| {
            tracing::warn!(%why, "the history cannot be asked for what is corrected");
            Vec::new()
        });
        let (lane, _) = self.lane(ix);
        let at = lane.held.partition_point(|held| held.t < from)
            ..lane.held.partition_point(|held| held.t < to);
        let held = at.filter_map(|at| lane.seen(at)).map(|seen| seen.observation(ix));
        for told in older.into_iter().chain(held) {
            let rows = found.entry(told.t).or_default();
            let told = Observation { backlog: false, ..told };
            if !rows.contains(&told) {
                rows.push(told);
            }
        }
        found.into_iter().take(most).collect()
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
