//! Observations out of the history, datastream by datastream through its index: what a filter says
//! of the time and of the datastream decides what is read at all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use domain::ids::DatastreamIx;
use domain::observation::{Observation, Quality};
use domain::time::UtcMs;

use super::entity::{About, Entity, Stream};
use super::eval::{ALTERNATIVES_MAX, Subject, eval, first, holds};
use super::list::Page;
use super::query::ast::{Expr, Op};
use super::query::options::Options;
use super::query::{QueryError, invalid};
use super::value::Val;
use super::world::World;

/// The most observations that are sorted by something else than their time.
pub const SORT_MAX: usize = 100_000;
/// Values of a datastream that are read at a time, at first and at most.
const CHUNK: (usize, usize) = (16, 1_024);

/// Whether that many values are still few enough for one part of an expression.
///
/// # Errors
/// [`QueryError::TooMuch`].
pub fn bounded(values: usize) -> Result<(), QueryError> {
    if values <= ALTERNATIVES_MAX {
        return Ok(());
    }
    Err(QueryError::TooMuch(format!(
        "a path leads to more than {ALTERNATIVES_MAX} values; narrow it"
    )))
}

/// In which order they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Datastream by datastream, each in order of time.
    ByStream,
    /// All in order of time, or against it.
    ByTime { down: bool },
}

#[derive(Debug)]
struct Lane<'w> {
    stream: Stream<'w>,
    ix: DatastreamIx,
    waiting: VecDeque<Observation>,
    from: i64,
    to: i64,
    chunk: usize,
    done: bool,
}

impl Lane<'_> {
    /// Reads on, where nothing waits.
    fn fill(&mut self, world: &World<'_>, down: bool) -> Result<(), QueryError> {
        if self.done || !self.waiting.is_empty() || self.from > self.to {
            return Ok(());
        }
        let (from, to) = (UtcMs(self.from), UtcMs(self.to));
        let read = if down {
            let mut read = world.history.newest_before(self.ix, to, self.chunk)?;
            read.reverse();
            read
        } else {
            world.history.series(self.ix, from, to, self.chunk)?
        };
        world.read(read.len())?;
        self.done = read.len() < self.chunk;
        if let Some(last) = read.last().map(|sample| sample.observation.t.0) {
            if down { self.to = last.saturating_sub(1) } else { self.from = last.saturating_add(1) }
        }
        let within = read.into_iter().map(|sample| sample.observation).filter(|o| o.t >= from);
        self.waiting.extend(within);
        self.chunk = (self.chunk * 2).min(CHUNK.1);
        Ok(())
    }
}

/// Observations of several datastreams, one after the other. Of several values for one instant the
/// one that holds.
#[derive(Debug)]
pub struct Walk<'a, 'w> {
    world: &'a World<'w>,
    order: Order,
    lanes: Vec<Lane<'w>>,
    /// By time: the next instant of each lane; upwards turned round.
    heads: BinaryHeap<(i64, Reverse<usize>)>,
    begun: bool,
    at: usize,
}

impl<'a, 'w> Walk<'a, 'w> {
    fn new(
        world: &'a World<'w>,
        streams: Vec<Stream<'w>>,
        (from, to): (i64, i64),
        order: Order,
    ) -> Self {
        let lane = |stream: Stream<'w>| {
            let (ix, waiting) = (world.number(stream)?, VecDeque::new());
            Some(Lane { stream, ix, waiting, from, to, chunk: CHUNK.0, done: false })
        };
        let lanes = streams.into_iter().filter_map(lane).collect();
        Self { world, order, lanes, heads: BinaryHeap::new(), begun: false, at: 0 }
    }

    /// All of them, datastream by datastream.
    pub fn whole(world: &'a World<'w>, streams: Vec<Stream<'w>>) -> Self {
        Self::new(world, streams, (i64::MIN, i64::MAX), Order::ByStream)
    }

    /// The next that may be seen.
    ///
    /// # Errors
    /// [`QueryError`] of the history, or where too much is read.
    pub fn take(&mut self) -> Result<Option<(Stream<'w>, Observation)>, QueryError> {
        loop {
            let next = match self.order {
                Order::ByStream => self.next_of_stream()?,
                Order::ByTime { down } => self.next_in_time(down)?,
            };
            match next {
                Some((stream, seen)) if !self.world.may_see(stream.station, seen.t) => {}
                other => return Ok(other),
            }
        }
    }

    fn next_of_stream(&mut self) -> Result<Option<(Stream<'w>, Observation)>, QueryError> {
        while let Some(lane) = self.lanes.get_mut(self.at) {
            lane.fill(self.world, false)?;
            if let Some(seen) = lane.waiting.pop_front() {
                return Ok(Some((lane.stream, seen)));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn head(&mut self, at: usize, down: bool) -> Result<(), QueryError> {
        let Some(lane) = self.lanes.get_mut(at) else { return Ok(()) };
        lane.fill(self.world, down)?;
        let next = lane.waiting.front().map(|seen| if down { seen.t.0 } else { -seen.t.0 });
        self.heads.extend(next.map(|key| (key, Reverse(at))));
        Ok(())
    }

    fn next_in_time(
        &mut self,
        down: bool,
    ) -> Result<Option<(Stream<'w>, Observation)>, QueryError> {
        if !std::mem::replace(&mut self.begun, true) {
            for at in 0..self.lanes.len() {
                self.head(at, down)?;
            }
        }
        let Some((_, Reverse(at))) = self.heads.pop() else { return Ok(None) };
        let next = self.lanes.get_mut(at).and_then(|lane| {
            let seen = lane.waiting.pop_front()?;
            Some((lane.stream, seen))
        });
        self.head(at, down)?;
        Ok(next)
    }
}

/// Nothing is known but the time.
struct Nothing(i64);

impl Subject for Nothing {
    fn values(&self, _: &[String]) -> Result<Vec<Val>, QueryError> {
        Ok(Vec::new())
    }
    fn now(&self) -> i64 {
        self.0
    }
}

/// The instants that a filter leaves, both included.
pub fn bounds(filter: Option<&Expr>, now: i64) -> (i64, i64) {
    let (mut from, mut to) = (i64::MIN, i64::MAX);
    let Some(filter) = filter else { return (from, to) };
    filter.conjuncts(&mut |part| {
        let Expr::Binary(op, a, b) = part else { return };
        let (op, of) = match (&**a, &**b) {
            (Expr::Path(path), of) if is_time(path) => (*op, of),
            (of, Expr::Path(path)) if is_time(path) => (turned(*op), of),
            _ => return,
        };
        let mut has_paths = false;
        of.paths(&mut |_| has_paths = true);
        let value = if has_paths { None } else { eval(of, &Nothing(now)).ok() };
        let Some((t, _)) = value.and_then(|v| v.first().and_then(Val::instant)) else { return };
        match op {
            Op::Eq => (from, to) = (from.max(t), to.min(t)),
            Op::Gt => from = from.max(t.saturating_add(1)),
            Op::Ge => from = from.max(t),
            Op::Lt => to = to.min(t.saturating_sub(1)),
            Op::Le => to = to.min(t),
            _ => {}
        }
    });
    (from, to)
}

fn is_time(path: &[String]) -> bool {
    matches!(path, [only] if only == "phenomenonTime")
}

fn turned(op: Op) -> Op {
    match op {
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        other => other,
    }
}

/// The datastreams that a filter leaves: what it says of nothing but the datastream and the feature
/// is judged once for each, before anything of it is read.
fn left<'w>(
    world: &World<'w>,
    streams: Vec<Stream<'w>>,
    filter: Option<&Expr>,
) -> Result<Vec<Stream<'w>>, QueryError> {
    let mut parts = Vec::new();
    if let Some(filter) = filter {
        filter.conjuncts(&mut |part| {
            let (mut any, mut only) = (false, true);
            part.paths(&mut |path| {
                any = true;
                only &= path.len() > 1
                    && path.first().is_some_and(|p| p == "Datastream" || p == "FeatureOfInterest")
                    && !path.iter().any(|p| p == "Observations");
            });
            if any && only {
                parts.push(part);
            }
        });
    }
    let mut kept = Vec::new();
    for stream in streams {
        let any = Observation {
            datastream: DatastreamIx(0),
            t: world.now,
            result_time: world.now,
            value: 0.0,
            quality: Quality::default(),
            backlog: false,
        };
        let about = About(world, Entity::Observation(stream, any));
        let mut holds_all = true;
        for part in &parts {
            holds_all = holds_all && holds(part, &about)?;
        }
        if holds_all {
            kept.push(stream);
        }
    }
    Ok(kept)
}

/// A page of the observations of some datastreams.
///
/// # Errors
/// [`QueryError`].
pub fn page<'w>(
    world: &World<'w>,
    streams: Vec<Stream<'w>>,
    options: &Options,
) -> Result<Page<'w>, QueryError> {
    let filter = options.filter.as_ref();
    let bounds = bounds(filter, world.now.0);
    let streams = left(world, streams, filter)?;
    let single = streams.len() == 1;
    let order = match options.orderby.as_slice() {
        [] => Some(Order::ByStream),
        // Of one datastream no two are of one instant: further keys decide nothing.
        [(Expr::Path(path), down), rest @ ..] if is_time(path) && (single || rest.is_empty()) => {
            Some(Order::ByTime { down: *down })
        }
        _ => None,
    };
    let mut walk = Walk::new(world, streams, bounds, order.unwrap_or(Order::ByStream));
    let (top, skip) = super::list::window(options);
    let mut page = Page { entities: Vec::new(), more: false, count: None };
    let (mut found, mut sorted) = (0usize, Vec::new());
    while let Some((stream, seen)) = walk.take()? {
        let entity = Entity::Observation(stream, seen);
        let about = About(world, entity);
        if let Some(filter) = filter
            && !holds(filter, &about)?
        {
            continue;
        }
        found += 1;
        if order.is_none() {
            if sorted.len() == SORT_MAX {
                return invalid(format!(
                    "more than {SORT_MAX} observations cannot be sorted by this; narrow the filter, or order by phenomenonTime"
                ));
            }
            let keys = options.orderby.iter().map(|(key, _)| first(key, &about));
            sorted.push((keys.collect::<Result<Vec<Val>, _>>()?, entity));
            continue;
        }
        if found > skip && page.entities.len() < top {
            page.entities.push(entity);
        } else if found > skip {
            page.more = true;
            if options.count != Some(true) {
                break;
            }
        }
    }
    if order.is_none() {
        super::list::sort(&mut sorted, &options.orderby);
        page.more = sorted.len() > skip.saturating_add(top);
        page.entities = sorted.into_iter().map(|(_, e)| e).skip(skip).take(top).collect();
    }
    page.count = (options.count == Some(true)).then_some(found as u64);
    Ok(page)
}
