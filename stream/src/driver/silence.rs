//! Silence is data: which sources are not heard any more, and since when.
//!
//! A datastream is silent when no frame of it came for so many expected intervals: found by the ticks,
//! or by a frame after a gap, with the same instant either way. What is no newer than what was heard is
//! no sign of the present: a clock that was set back must leave no good level standing. Where a gap in
//! the ticks shows that the platform itself was down, the waiting is suspended. Where nothing
//! of an agency is heard any more ([`whole`]), it is told once and its stations are inhibited.

mod filled;
mod released;
mod told;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::decision::DecisionKind;
use domain::time::{MINUTE_MS, UtcMs};
use serde::{Deserialize, Serialize};

use super::{Ordered, Route, note};
use crate::item::{What, Where, Why};
use crate::outlet::Frontier;
use crate::plan::Plan;
use crate::watch::place::NEVER;
use told::{mask, told};

/// A longer step means that the platform was down: 10 min. Ticks made up: [`crate::clock::fill`].
pub const TICK_GAP_MS: i64 = 10 * MINUTE_MS;

/// The interval of what is not expected at all, ms.
const UNEXPECTED: i64 = i64::MAX / 4;

/// One datastream as a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// It is silent after this instant if nothing comes, ms; [`NEVER`] before the first tick.
    pub due: i64,
    /// Expected intervals that make a silence, ms.
    pub span: i64,
    /// The expected interval, ms.
    pub interval: i64,
    /// Whether it is silent.
    pub silent: bool,
    /// Whether its own silence was told (and not its agency's).
    pub told: bool,
}

/// What every frame needs of its source, apart from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Awake {
    /// [`Source::due`] while it is heard; [`NEVER`] otherwise.
    due: i64,
    span: i64,
    /// The newest instant it was heard of; [`NEVER`], which is less than any, before the first.
    newest: i64,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// By datastream: what every frame needs. While awake, its `due` here is the one that counts.
    awake: Vec<Awake>,
    /// By datastream.
    pub sources: Vec<Source>,
    /// By agency: whether it is silent as a whole.
    pub agencies: Vec<bool>,
    /// No source is due before this.
    earliest: i64,
    /// Datastreams that are silent and that another speaks for: until when its last value speaks.
    filled: BTreeMap<u32, i64>,
}

impl Silence {
    /// Takes up a plan: new sources are expected from now on.
    pub(crate) fn adopt(&mut self, plan: &Plan, now: i64) {
        self.settle_dues();
        self.agencies.resize(plan.agencies.len(), false);
        for (stream, at) in plan.streams.iter().zip(0usize..) {
            // What the city's files do not name is not expected.
            let named = stream.interval_ms(now).filter(|_| stream.named);
            let interval = named.unwrap_or(UNEXPECTED);
            let span = interval.saturating_mul(plan.silent_after()).min(UNEXPECTED);
            match self.sources.get_mut(at) {
                Some(source) if source.span != span => {
                    if source.due != NEVER && !source.silent {
                        source.due = source.due - source.span + span;
                        // What is expected more often now has not been late before.
                        if span < source.span && now != NEVER {
                            source.due = source.due.max(now.saturating_add(span));
                        }
                    }
                    source.span = span;
                    source.interval = interval;
                }
                Some(_) => {}
                None => {
                    let due = if now == NEVER { NEVER } else { now.saturating_add(span) };
                    let new = Source { due, span, interval, silent: false, told: false };
                    self.sources.push(new);
                }
            }
        }
        self.earliest = NEVER;
        self.settle_awake();
    }

    /// A frame came.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the hot path: no struct is built an observation")]
    pub(crate) fn heard(
        &mut self,
        plan: &Arc<Plan>,
        seq: u64,
        ix: u32,
        t: i64,
        now: i64,
        to: u16,
        out: &mut Ordered,
    ) {
        let Some(awake) = self.awake.get_mut(ix as usize) else { return };
        if t <= awake.newest {
            return;
        }
        awake.newest = t;
        if t > awake.due || awake.due == NEVER {
            self.wake(plan, seq, ix, t, now, to, out);
            return;
        }
        awake.due = awake.due.max(due_after(t, now, awake.span));
    }

    /// A frame of a source that was silent, or has been for a while, or was never heard of.
    #[cold]
    #[allow(clippy::too_many_arguments, reason = "as its caller")]
    fn wake(
        &mut self,
        plan: &Arc<Plan>,
        seq: u64,
        ix: u32,
        t: i64,
        now: i64,
        to: u16,
        out: &mut Ordered,
    ) {
        let awake = self.awake.get(ix as usize).map_or(NEVER, |awake| awake.due);
        let Some(source) = self.sources.get_mut(ix as usize) else { return };
        if awake != NEVER {
            source.due = awake;
        }
        if source.silent || (source.due != NEVER && t > source.due) {
            self.after_silence(plan, seq, ix, t, to, out);
        }
        let Some(source) = self.sources.get_mut(ix as usize) else { return };
        source.due = source.due.max(due_after(t, now, source.span));
        if let Some(awake) = self.awake.get_mut(ix as usize) {
            *awake = Awake { due: source.due, span: source.span, newest: awake.newest };
        }
    }

    /// Up to when all of an agency that is not silent was heard; untold where one never was.
    pub(crate) fn frontiers(&self, plan: &Plan, now: i64) -> Vec<Frontier> {
        let mut least: Vec<Option<i64>> = vec![None; plan.agencies.len()];
        for (awake, stream) in self.awake.iter().zip(&plan.streams) {
            if awake.due == NEVER || !stream.named {
                continue;
            }
            let agency =
                plan.stations.get(stream.station as usize).map_or(u32::MAX, |s| s.agency_at(now));
            if let Some(least) = least.get_mut(agency as usize) {
                *least = Some(least.map_or(awake.newest, |least| least.min(awake.newest)));
            }
        }
        let named = plan.agencies.iter().zip(least);
        let told = named.filter_map(|(agency, least)| {
            let complete = UtcMs(least.filter(|least| *least != NEVER)?);
            Some(Frontier { agency: agency.clone(), complete })
        });
        told.collect()
    }

    /// No source is due before this; [`NEVER`] where one is silent that may yet have to be told.
    fn earliest_due(&self) -> i64 {
        let due = |(awake, source): (&Awake, &Source)| match awake.due {
            NEVER if source.silent && source.told => i64::MAX,
            due => due,
        };
        let filled = self.filled.values().copied();
        self.awake.iter().zip(&self.sources).map(due).chain(filled).min().unwrap_or(NEVER)
    }

    /// Brings the sources up to what their awake parts say.
    fn settle_dues(&mut self) {
        for (source, awake) in self.sources.iter_mut().zip(&self.awake) {
            if awake.due != NEVER {
                source.due = awake.due;
            }
        }
    }

    /// Sets the awake parts by the sources.
    fn settle_awake(&mut self) {
        let before = std::mem::take(&mut self.awake);
        let newest = before.iter().map(|awake| awake.newest).chain(std::iter::repeat(NEVER));
        let awake = |(s, newest): (&Source, i64)| {
            let due = if s.silent { NEVER } else { s.due };
            Awake { due, span: s.span, newest }
        };
        self.awake = self.sources.iter().zip(newest).map(awake).collect();
    }

    #[cold]
    fn after_silence(
        &mut self,
        plan: &Arc<Plan>,
        seq: u64,
        ix: u32,
        t: i64,
        to: u16,
        out: &mut Ordered,
    ) {
        let Some(source) = self.sources.get_mut(ix as usize) else { return };
        let Some(stream) = plan.streams.get(ix as usize) else { return };
        let place = Where::Station(stream.station);
        let why = Why::Silence(mask(plan, stream.station, &[ix]));
        if !source.silent {
            let due = source.due;
            out.items.push(note(What::Silent, seq, due, ix, usize::from(to)));
            out.rulings.push(told(plan, seq, DecisionKind::FeedSilent, place, due, why));
            source.told = true;
        }
        if source.told {
            out.rulings.push(told(plan, seq, DecisionKind::FeedReturned, place, t, why));
        }
        (source.silent, source.told) = (false, false);
        self.filled.remove(&ix);
        let agency =
            plan.stations.get(stream.station as usize).map_or(u32::MAX, |s| s.agency_at(t));
        let Some(whole) = self.agencies.get_mut(agency as usize).filter(|silent| **silent) else {
            return;
        };
        *whole = false;
        let place = Where::Agency(agency);
        out.rulings.push(told(plan, seq, DecisionKind::FeedReturned, place, t, Why::Silence(0)));
        // The others of the agency have one interval to come back before they are told one by one.
        for (source, stream) in self.sources.iter_mut().zip(&plan.streams) {
            let of =
                plan.stations.get(stream.station as usize).map_or(u32::MAX, |s| s.agency_at(t));
            if of == agency && source.silent && !source.told {
                source.due = t.saturating_add(source.interval);
            }
        }
        self.earliest = NEVER;
    }

    /// The clock moved from `before` to `now`.
    pub(crate) fn tick(
        &mut self,
        plan: &Arc<Plan>,
        seq: u64,
        before: i64,
        now: i64,
        routes: &[Route],
        out: &mut Ordered,
    ) {
        let gap = now.saturating_sub(before);
        if before != NEVER && gap <= TICK_GAP_MS {
            if now <= self.earliest {
                return;
            }
            // Most have been heard since that was worked out.
            self.earliest = self.earliest_due();
            if now <= self.earliest {
                return;
            }
        }
        self.settle_dues();
        if before != NEVER && gap > TICK_GAP_MS {
            for until in self.filled.values_mut() {
                *until = until.saturating_add(gap);
            }
        }
        self.fall_silent_again(seq, now, routes, out);
        if before == NEVER || gap > TICK_GAP_MS {
            for source in &mut self.sources {
                if source.due == NEVER {
                    source.due = now.saturating_add(source.span);
                } else if before != NEVER && (!source.silent || !source.told) {
                    source.due = source.due.saturating_add(gap);
                }
            }
        }
        let waits = |s: &Source, silent: bool| !(s.silent && (s.told || silent));
        let mut due: Vec<(i64, u32, u32)> = Vec::new();
        self.earliest = i64::MAX;
        for ((source, stream), ix) in self.sources.iter().zip(&plan.streams).zip(0u32..) {
            let agency =
                plan.stations.get(stream.station as usize).map_or(u32::MAX, |s| s.agency_at(now));
            let whole = self.agencies.get(agency as usize).copied().unwrap_or(false);
            if !waits(source, whole) {
                continue;
            }
            if source.due < now {
                due.push((source.due, stream.station, ix));
            } else {
                self.earliest = self.earliest.min(source.due);
            }
        }
        if let Some(least) = self.filled.values().min() {
            self.earliest = self.earliest.min(*least);
        }
        due.sort_unstable();
        for group in due.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            self.fell_silent(plan, seq, group, routes, out);
        }
        self.settle_awake();
    }

    /// Datastreams of one station that fell silent at one instant.
    fn fell_silent(
        &mut self,
        plan: &Arc<Plan>,
        seq: u64,
        group: &[(i64, u32, u32)],
        routes: &[Route],
        out: &mut Ordered,
    ) {
        let Some((due, station, _)) = group.first().copied() else { return };
        let streams: Vec<u32> = group.iter().map(|(_, _, ix)| *ix).collect();
        let agency = plan.stations.get(station as usize).map_or(u32::MAX, |s| s.agency_at(due));
        for ix in &streams {
            let Some(source) = self.sources.get_mut(*ix as usize) else { continue };
            if !source.silent {
                source.silent = true;
                let to = routes.get(*ix as usize).map_or(0, |route| usize::from(route.to));
                out.items.push(note(What::Silent, seq, due, *ix, to));
            }
        }
        if self.agencies.get(agency as usize).copied().unwrap_or(false) {
            return;
        }
        if self.is_whole_gone(plan, agency, due) {
            if let Some(whole) = self.agencies.get_mut(agency as usize) {
                *whole = true;
            }
            let place = Where::Agency(agency);
            let why = Why::Silence(0);
            out.rulings.push(told(plan, seq, DecisionKind::FeedSilent, place, due, why));
            return;
        }
        for ix in &streams {
            if let Some(source) = self.sources.get_mut(*ix as usize) {
                source.told = true;
            }
        }
        let why = Why::Silence(mask(plan, station, &streams));
        let place = Where::Station(station);
        out.rulings.push(told(plan, seq, DecisionKind::FeedSilent, place, due, why));
    }
}

/// Until when a frame of `t`, heard at `now`, keeps its source awake. A sender that is always behind
/// is late, not silent and back with each frame, as it would be from half a span on.
#[inline]
fn due_after(t: i64, now: i64, span: i64) -> i64 {
    let due = t.saturating_add(span);
    if due.saturating_sub(now) <= span / 2 { now.saturating_add(span) } else { due }
}
