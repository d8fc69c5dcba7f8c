//! A configuration takes hold: streams and places are taken up, changed and withdrawn, and where it
//! holds from an instant already settled, what was said is amended.

use std::sync::Arc;

use domain::decision::DecisionKind;
use domain::level::Level;

use super::place::{NEVER, Place};
use super::{Cause, Draft, Stream, Watch, level_of};
use crate::hazards::judge::{NO_DATA, When};
use crate::item::{Ruling, Why};
use crate::plan::{Line, PlacePlan, Plan};
use crate::series::{HORIZON_MS, Series};

impl Watch {
    /// Takes up a plan; called in the order of the record.
    pub(crate) fn configure(&mut self, plan: &Arc<Plan>, seq: u64, out: &mut Vec<Ruling>) {
        self.take_up_streams(plan);
        let mine = plan.stations.len().div_ceil(self.peers);
        self.stations.resize(mine.max(self.stations.len()), Vec::new());
        let first = self.plan.is_none();
        self.plan = Some(plan.clone());
        for (line, number) in plan.lines.iter().zip(0u16..) {
            for place in &line.places {
                if self.is_mine(place.station) {
                    self.take_up_place(number, place, plan.holds_from, seq, out);
                }
            }
            if !first {
                self.withdraw(number, line, seq, out);
            }
        }
    }

    /// Whether a station falls to this worker.
    pub(crate) fn is_mine(&self, station: u32) -> bool {
        station as usize % self.peers == self.index
    }

    fn take_up_streams(&mut self, plan: &Plan) {
        self.slot_of.resize(plan.streams.len(), u32::MAX);
        let mine = plan.streams.iter().filter(|stream| self.is_mine(stream.station)).count();
        self.streams.reserve_exact(mine.saturating_sub(self.streams.len()));
        for (stream, number) in plan.streams.iter().zip(0u32..) {
            if !self.is_mine(stream.station) {
                continue;
            }
            let Some(slot) = self.slot_of.get_mut(number as usize) else { continue };
            if *slot == u32::MAX {
                *slot = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
                self.streams.push(Stream {
                    number,
                    station: stream.station / u32::try_from(self.peers).unwrap_or(1).max(1),
                    series: Series::default(),
                    watchers: Vec::new(),
                    fresh: (i64::MAX, Vec::new()),
                });
            }
            let after = plan.silent_after();
            let mut epochs: Vec<(i64, i64)> = stream
                .intervals
                .iter()
                .map(|(from, interval)| (*from, interval.saturating_mul(after)))
                .collect();
            let one = epochs.first().map_or(i64::MAX, |(_, ms)| *ms);
            if epochs.len() == 1 {
                epochs.clear();
            }
            if let Some(kept) = self.streams.get_mut(*slot as usize) {
                kept.fresh = (one, epochs);
            }
        }
    }

    fn slots(&self, place: &PlacePlan) -> Box<[u32]> {
        let slot = |stream: &Option<u32>| {
            let number = stream.map_or(usize::MAX, |number| number as usize);
            self.slot_of.get(number).copied().unwrap_or(u32::MAX)
        };
        place.streams.iter().map(slot).collect()
    }

    fn take_up_place(
        &mut self,
        line: u16,
        plan: &PlacePlan,
        holds_from: i64,
        seq: u64,
        out: &mut Vec<Ruling>,
    ) {
        let slots = self.slots(plan);
        let known = self.place_of.get(&(line, plan.station)).copied();
        let number = match known {
            Some(number) => number,
            None => {
                let Some(place) = Place::new(line, plan.clone(), slots.clone()) else { return };
                let number = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
                self.places.push(place);
                self.place_of.insert((line, plan.station), number);
                let at = plan.station as usize / self.peers;
                if let Some(list) = self.stations.get_mut(at) {
                    list.push((line, number));
                }
                number
            }
        };
        for (slot, property) in slots.iter().zip(0u8..) {
            if let Some(stream) = self.streams.get_mut(*slot as usize)
                && !stream.watchers.contains(&(number, property))
            {
                stream.watchers.push((number, property));
            }
        }
        if known.is_some() {
            self.change_place(number as usize, plan, slots, holds_from, seq, out);
        }
    }

    /// New rules for a place that is watched already.
    fn change_place(
        &mut self,
        number: usize,
        plan: &PlacePlan,
        slots: Box<[u32]>,
        holds_from: i64,
        seq: u64,
        out: &mut Vec<Ruling>,
    ) {
        let Some(place) = self.places.get(number) else { return };
        if same(&place.plan, plan) && place.slots == slots {
            return;
        }
        let settled_at = place.settled.at;
        let from = holds_from.max(settled_at.saturating_sub(HORIZON_MS));
        let touched = settled_at != NEVER && from <= settled_at;
        let before = if touched { self.said_between(number, from - 1, settled_at) } else { None };
        let Some(place) = self.places.get_mut(number) else { return };
        place.plan = plan.clone();
        place.slots = slots;
        if place.now.at != NEVER {
            place.now.set(
                &place.plan,
                &place.slots,
                &mut self.streams,
                place.now.at,
                When::Provisional,
            );
        } else if let Some(cursor) = super::place::Cursor::new(&place.plan) {
            place.now = cursor;
        }
        if settled_at != NEVER {
            place.settled.set(
                &place.plan,
                &place.slots,
                &mut self.streams,
                settled_at,
                When::Final,
            );
        } else if let Some(cursor) = super::place::Cursor::new(&place.plan) {
            place.settled = cursor;
        }
        self.amend_settled(number, before, seq, out);
        self.amend_alert(number, seq, false, out);
        self.assess(number, seq, Cause::Again, out);
    }

    /// Places that are no longer in the city's files: their alerts end, and say why.
    fn withdraw(&mut self, line: u16, plan: &Line, seq: u64, out: &mut Vec<Ruling>) {
        let places = self.stations.iter().flatten();
        let numbers: Vec<u32> = places.filter(|(l, _)| *l == line).map(|(_, n)| *n).collect();
        for number in numbers {
            let Some(place) = self.places.get_mut(number as usize) else { continue };
            if plan.place(place.station).is_some() {
                continue;
            }
            let (was, at) = (place.level, place.now.at);
            let standing = place.standing.take();
            place.level = Level::NoData;
            place.settled_level = Level::NoData;
            self.place_of.remove(&(line, place.station));
            for stream in &mut self.streams {
                stream.watchers.retain(|(watcher, _)| *watcher != number);
            }
            for places in &mut self.stations {
                places.retain(|(_, n)| *n != number);
            }
            if was != Level::NoData {
                let draft = Draft { seq, kind: DecisionKind::Assessment, was, until: 0 };
                let ruling = self.ruling(number as usize, &NO_DATA, at, When::Provisional, draft);
                out.extend(ruling.map(|r| Ruling { why: Why::Withdrawn, ..r }));
            }
            if let Some(standing) = standing.filter(|s| s.rank > 0) {
                let was = level_of(standing.rank);
                let draft = Draft { seq, kind: DecisionKind::AlertCleared, was, until: 0 };
                let ruling = self.ruling(number as usize, &NO_DATA, at, When::Provisional, draft);
                out.extend(ruling.map(|r| Ruling {
                    why: Why::Withdrawn,
                    alert: standing.raised_t,
                    ..r
                }));
            }
        }
    }
}

/// Whether two plans judge a place alike.
fn same(a: &PlacePlan, b: &PlacePlan) -> bool {
    let rules = |p: &PlacePlan| p.timeline.len();
    a.streams == b.streams
        && rules(a) == rules(b)
        && a.timeline.iter().zip(&b.timeline).all(|((at, x), (bt, y))| at == bt && x == y)
}
