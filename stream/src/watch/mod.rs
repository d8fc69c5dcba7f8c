//! What one worker watches over: the datastreams and places whose stations fall to it.
//!
//! Everything here is a fold over items in the order of the record; [`crate::operators::assess`]
//! says when. State is dense: numbers lead to positions in vectors, an observation costs a few
//! look-ups and no allocation.

mod amend;
mod batch;
pub mod place;
mod reconfigure;
mod restore;
mod ruling;
mod settle;
pub(crate) use settle::floor;
pub mod slide;
use ruling::Draft;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::decision::DecisionKind;
use domain::ids::DatastreamIx;
use domain::level::Level;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

use crate::hazards::judge::{Hint, When};
use crate::item::{BACKLOG, Item, Ruling};
use crate::operators::raise::{Holds, Sample, amend as amend_alert, raise};
use crate::plan::Plan;
use crate::series::{HORIZON_MS, PACKED_ROWS, Placed, Row, Series};
use place::{NEVER, Place, View};

/// Rows beyond those that running sums need, before the oldest are packed.
const OPEN_SLACK: u64 = PACKED_ROWS as u64;

/// One datastream as a worker keeps it; what every observation needs stands first.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Stream {
    /// Its history.
    pub series: Series,
    /// The places that judge by it: position in the worker's list, property there.
    pub watchers: Vec<(u32, u8)>,
    /// For how long a value speaks, by epoch: the first beside, for the common case of one.
    fresh: (i64, Vec<(i64, i64)>),
    /// Its number in the registry.
    pub number: u32,
    /// Position of its station in the worker's list.
    pub station: u32,
}

impl Stream {
    /// For how long a value speaks, ms, as of an instant.
    #[inline]
    pub fn fresh_ms(&self, at: i64) -> i64 {
        if self.fresh.1.is_empty() {
            return self.fresh.0;
        }
        crate::plan::as_of(&self.fresh.1, at).copied().unwrap_or(self.fresh.0)
    }
}

/// A worker's keyed state.
#[derive(Debug)]
pub struct Watch {
    index: usize,
    peers: usize,
    provisional: bool,
    plan: Option<Arc<Plan>>,
    streams: Vec<Stream>,
    slot_of: Vec<u32>,
    places: Vec<Place>,
    place_of: BTreeMap<(u16, u32), u32>,
    /// By station of this worker (its number divided by the number of workers): its places, each
    /// with its hazard.
    stations: Vec<Vec<(u16, u32)>>,
    sorting: batch::Sorting,
    /// Room for the rows of a ruling.
    kept: RefCell<Vec<Row>>,
}

/// The quality of an item.
pub fn quality_of(code: u8) -> Quality {
    let code = code & !BACKLOG;
    let origin = match code / 3 {
        1 => OriginFlag::Corrected,
        2 => OriginFlag::Completed,
        _ => OriginFlag::Original,
    };
    let trust = match code % 3 {
        1 => Trust::Doubtful,
        2 => Trust::Unreliable,
        _ => Trust::Reliable,
    };
    Quality { origin, trust }
}

/// The code of an observation's quality in an item.
pub fn quality_code(seen: &Observation) -> u8 {
    let quality = seen.quality;
    let backlog = if seen.backlog { BACKLOG } else { 0 };
    (quality.origin as u8 * 3 + quality.trust as u8) | backlog
}

impl Watch {
    /// Nothing to watch yet. `provisional`: see [`crate::EngineConfig::provisional`].
    pub fn new(index: usize, peers: usize, provisional: bool) -> Self {
        Self {
            index,
            peers,
            provisional,
            plan: None,
            streams: Vec::new(),
            slot_of: Vec::new(),
            places: Vec::new(),
            place_of: BTreeMap::new(),
            stations: Vec::new(),
            sorting: batch::Sorting::default(),
            kept: RefCell::default(),
        }
    }

    #[inline]
    fn observe(&mut self, item: &Item, out: &mut Vec<Ruling>) {
        let Some(&slot) = self.slot_of.get(item.key as usize) else { return };
        let Some(stream) = self.streams.get_mut(slot as usize) else { return };
        let seen = Observation {
            datastream: DatastreamIx(item.key),
            t: UtcMs(item.t),
            result_time: UtcMs(item.result_time),
            value: item.value,
            quality: quality_of(item.quality),
            backlog: item.quality & BACKLOG != 0,
        };
        if !stream.series.appends(item.t) {
            self.late(slot, &seen, item.seq, out);
            return;
        }
        stream.series.append(&seen);
        let crowded = stream.series.end() % PACKED_ROWS as u64 == 0
            && stream.series.end() - stream.series.open_from() > OPEN_SLACK;
        for at in 0..stream.watchers.len() {
            let watcher = self.streams.get(slot as usize).and_then(|s| s.watchers.get(at));
            let Some((number, property)) = watcher.copied() else { break };
            let number = number as usize;
            let Some(place) = self.places.get_mut(number) else { continue };
            let to = place.now.at.max(item.t);
            let newest = to == item.t && quality_is_usable(item.quality);
            let heard = match newest {
                _ if seen.backlog => Cause::Backlog,
                true => Cause::New(Hint::speaks(property)),
                false => Cause::New(Hint::default()),
            };
            if !self.provisional {
                place.now.at = to;
                continue;
            }
            place.now.advance(&place.plan, &place.slots, &mut self.streams, to, When::Provisional);
            self.assess(number, item.seq, heard, out);
        }
        if crowded {
            self.pack(slot);
        }
    }

    /// Packs what nothing needs open: neither a running sum, nor a window of an instant that is not
    /// settled yet.
    fn pack(&mut self, slot: u32) {
        let Some(stream) = self.streams.get_mut(slot as usize) else { return };
        let Some(newest) = stream.series.newest() else { return };
        let fresh = stream.longest_fresh_ms().min(HORIZON_MS);
        let mut keep = u64::MAX;
        for (number, _) in &stream.watchers {
            let Some(place) = self.places.get(*number as usize) else { continue };
            if place.settled.at == NEVER {
                return;
            }
            keep = keep.min(place.needs(slot, self.provisional));
            let rules = &place.now.rules;
            if rules.calm.is_none() {
                let reach = rules.reach_ms().max(fresh) + rules.step_ms + rules.shift_ms();
                let from = newest.t.min(place.settled.at) - reach;
                keep = keep.min(stream.series.after(from));
            }
        }
        let keep = if keep == u64::MAX { stream.series.after(newest.t - fresh) } else { keep };
        stream.series.pack(keep);
    }

    /// A late observation, a resend or a correction.
    fn late(&mut self, slot: u32, seen: &Observation, seq: u64, out: &mut Vec<Ruling>) {
        let Some(stream) = self.streams.get(slot as usize) else { return };
        let watchers = stream.watchers.clone();
        let before: Vec<_> =
            watchers.iter().map(|(n, _)| self.said(*n as usize, seen.t.0)).collect();
        let Some(stream) = self.streams.get_mut(slot as usize) else { return };
        let placed = stream.series.place(seen);
        if matches!(placed, Placed::Ignored | Placed::BeyondHorizon) {
            return;
        }
        let t = seen.t.0;
        // What holds now: of an instant that another filled in it may be that one's.
        let now = match placed {
            Placed::Replaced(at, _) => stream.series.row(at).map_or(f64::NAN, |row| row.value),
            _ if seen.quality.trust.is_judged() => seen.value,
            _ => f64::NAN,
        };
        for ((number, property), before) in watchers.iter().zip(before) {
            let number = *number as usize;
            let Some(place) = self.places.get_mut(number) else { continue };
            for (cursor, when) in
                [(&mut place.now, When::Provisional), (&mut place.settled, When::Final)]
            {
                match placed {
                    Placed::Inserted(_) => {
                        cursor.changed(*property, when, |s, from, to| s.inserted(t, now, from, to));
                    }
                    Placed::Replaced(_, was) => {
                        cursor.changed(*property, when, |s, from, to| {
                            s.replaced(t, was, now, from, to)
                        });
                    }
                    _ => {}
                }
            }
            self.amend_settled(number, before, seq, out);
            if self.provisional {
                let withdrawn = matches!(placed, Placed::Replaced(_, was) if !was.is_nan())
                    && seen.quality.trust == Trust::Unreliable;
                self.amend_alert(number, seq, withdrawn, out);
            }
            let cause = if seen.backlog { Cause::Backlog } else { Cause::Again };
            self.assess(number, seq, cause, out);
        }
    }

    /// A datastream has been silent since `item.t`: what it alone spoke for is without data.
    fn silent(&mut self, item: &Item, out: &mut Vec<Ruling>) {
        if !self.provisional {
            return;
        }
        let Some(&slot) = self.slot_of.get(item.key as usize) else { return };
        let Some(stream) = self.streams.get(slot as usize) else { return };
        for (number, _) in stream.watchers.clone() {
            let number = number as usize;
            let Some(place) = self.places.get_mut(number) else { continue };
            if place.now.at == NEVER {
                continue;
            }
            let to = place.now.at.max(item.t);
            place.now.advance(&place.plan, &place.slots, &mut self.streams, to, When::Provisional);
            let view = View { streams: &self.streams, slots: &place.slots };
            let finding = place.now.judge(&view, When::Provisional, Hint::default());
            if finding.level != place.level {
                let was = std::mem::replace(&mut place.level, finding.level);
                let draft = Draft { seq: item.seq, kind: DecisionKind::Assessment, was, until: 0 };
                out.extend(self.ruling(number, &finding, to, When::Provisional, draft));
            }
        }
    }

    /// Judges a place where its provisional cursor stands, and lets the alert follow.
    #[inline]
    fn assess(&mut self, number: usize, seq: u64, cause: Cause, out: &mut Vec<Ruling>) {
        let Some(place) = self.places.get_mut(number) else { return };
        if place.now.at == NEVER || !self.provisional {
            return;
        }
        let view = View { streams: &self.streams, slots: &place.slots };
        let hint = if let Cause::New(hint) = cause { hint } else { Hint::default() };
        let finding = place.now.judge(&view, When::Provisional, hint);
        let (was, alone) = (place.level, finding.alone());
        if finding.level == was && place.standing.is_none() && !finding.level.is_raised() {
            return;
        }
        place.level = finding.level;
        let at = place.now.at;
        let criterion = place.now.rules.criteria.get(usize::from(finding.criterion));
        let property = criterion.map_or(0, |c| c.property);
        let sample = Sample {
            t: at,
            level: alone.level,
            held: alone.held,
            property,
            blind: place.is_blind(&view, at),
        };
        let slot = place.slots.get(usize::from(property)).copied().unwrap_or(u32::MAX);
        let speaks_ms = self.streams.get(slot as usize).map_or(i64::MAX, |s| s.fresh_ms(at));
        let rules = &place.now.rules;
        let holds =
            Holds { raise_ms: rules.raise_hold_ms, clear_ms: rules.clear_hold_ms, speaks_ms };
        // A backlog is no news: what it says of the present, the next live observation will say too.
        let step = match cause {
            Cause::Backlog => None,
            Cause::New(_) | Cause::Again => raise(&mut place.standing, &sample, &holds),
        };
        if finding.level == was && step.is_none() {
            return;
        }
        let kind = match cause {
            Cause::New(_) => DecisionKind::Assessment,
            Cause::Again | Cause::Backlog => DecisionKind::AssessmentAmended,
        };
        let draft = Draft { seq, kind, was, until: 0 };
        let ruling = self.ruling(number, &finding, at, When::Provisional, draft);
        if let Some(step) = step {
            let kind = match (step.was, step.now) {
                (0, _) => DecisionKind::AlertRaised,
                (_, 0) => DecisionKind::AlertCleared,
                _ => DecisionKind::AlertStepped,
            };
            let (level, was, alert) = (level_of(step.now), level_of(step.was), step.raised_t);
            let draft = Draft { seq, kind, was, until: 0 };
            let of_alert = match alone.level == finding.level {
                true => ruling.clone(),
                false => self.ruling(number, &alone, at, When::Provisional, draft),
            };
            out.extend(of_alert.map(|ruling| Ruling { kind, level, was, alert, ..ruling }));
        }
        out.extend(ruling.filter(|_| finding.level != was));
    }

    /// Where the evidence of an alert's last step was changed, the alert is amended. Missing data
    /// clears nothing; evidence that was `withdrawn` (somebody calls it unreliable) bears nothing.
    fn amend_alert(&mut self, number: usize, seq: u64, withdrawn: bool, out: &mut Vec<Ruling>) {
        let Some(place) = self.places.get_mut(number) else { return };
        let Some(standing) = place.standing.as_ref().filter(|s| s.rank > 0) else { return };
        let (at, rank) = (standing.stepped_t, standing.rank);
        let Some((rules, _)) = place.plan.rules_at(at) else { return };
        let rules = rules.clone();
        for slot in &place.slots {
            if let Some(stream) = self.streams.get_mut(*slot as usize) {
                stream.series.open(at - rules.reach_ms() - 1);
            }
        }
        let view = View { streams: &self.streams, slots: &place.slots };
        let then = crate::hazards::judge::judge(
            &rules,
            &view,
            None,
            at,
            When::Provisional,
            Hint::default(),
        )
        .alone();
        if then.held >= rank || (then.level == Level::NoData && !withdrawn) {
            return;
        }
        let finding = place.now.judge(&view, When::Provisional, Hint::default()).alone();
        let bears = then.level.rank().max(finding.level.rank());
        let Some(step) = amend_alert(&mut place.standing, bears) else { return };
        let kind = DecisionKind::AlertAmended;
        let draft = Draft { seq, kind, was: level_of(step.was), until: 0 };
        let told = if bears > then.level.rank() { (finding, place.now.at) } else { (then, at) };
        if let Some(mut ruling) = self.ruling(number, &told.0, told.1, When::Provisional, draft) {
            ruling.level = level_of(step.now);
            ruling.alert = step.raised_t;
            out.push(ruling.clone());
            if step.now == 0 {
                out.push(Ruling { kind: DecisionKind::AlertCleared, ..ruling });
            }
        }
    }

    /// How many datastreams fall to this worker.
    pub fn keys(&self) -> usize {
        self.streams.len()
    }
}

/// Why a place is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Something new was heard; what is known of its place by that.
    New(Hint),
    /// What was heard before is said otherwise, or the rules are others.
    Again,
    /// A backlog has brought something: it amends what was said, and raises nothing.
    Backlog,
}

/// Whether a quality's value may be used.
fn quality_is_usable(code: u8) -> bool {
    quality_of(code).trust.is_judged()
}

/// The level of an alert's rank.
pub fn level_of(rank: u8) -> Level {
    if rank == 0 { Level::None } else { Level::At(rank) }
}
