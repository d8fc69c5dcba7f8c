//! Finals: what is said of an instant once the watermark has passed it.

use domain::decision::DecisionKind;
use domain::level::Level;

use super::place::{NEVER, Place, View};
use super::{Draft, Stream, Watch};
use crate::hazards::judge::{Finding, Hint, When, judge};
use crate::item::Ruling;

impl Watch {
    /// Settles every instant of a place up to `to`.
    pub(super) fn settle_place(&mut self, number: usize, to: i64, seq: u64, out: &mut Vec<Ruling>) {
        let Some(place) = self.places.get_mut(number) else { return };
        if place.now.at == NEVER {
            return;
        }
        if place.settled.rules.model.on_grid() {
            self.settle_grid(number, to, seq, out);
        } else {
            let from = place.settled.at;
            let instants = instants(place, &self.streams, from, to);
            for at in instants {
                self.settle_one(number, at, seq, out);
            }
            if let Some(place) = self.places.get_mut(number) {
                place.settled.at = to;
            }
        }
    }

    fn settle_grid(&mut self, number: usize, to: i64, seq: u64, out: &mut Vec<Ruling>) {
        loop {
            let Some(place) = self.places.get(number) else { return };
            let rules = &place.settled.rules;
            let (step, shift) = (rules.step_ms, rules.shift_ms());
            let next = if place.settled.at == NEVER {
                match first_t(place, &self.streams) {
                    Some(first) => ceil(first.saturating_add(shift), step),
                    None => return,
                }
            } else if place.settled_level == Level::NoData {
                // Nothing in the windows: on to the next row, and not step by step.
                let edge = place.settled.at - shift;
                match next_t(place, &self.streams, edge) {
                    Some(t) => ceil(t.saturating_add(shift), step)
                        .max(floor(place.settled.at, step) + step),
                    None => return,
                }
            } else {
                floor(place.settled.at, step) + step
            };
            if next > to {
                return;
            }
            self.settle_one(number, next, seq, out);
        }
    }

    fn settle_one(&mut self, number: usize, at: i64, seq: u64, out: &mut Vec<Ruling>) {
        let Some(place) = self.places.get_mut(number) else { return };
        if place.settled.at == NEVER {
            place.settled.set(&place.plan, &place.slots, &mut self.streams, at, When::Final);
        } else {
            place.settled.advance(&place.plan, &place.slots, &mut self.streams, at, When::Final);
        }
        let view = View { streams: &self.streams, slots: &place.slots };
        let hint = place.settled.hint(&view);
        let finding = place.settled.judge(&view, When::Final, hint);
        if finding.level != place.settled_level {
            let was = std::mem::replace(&mut place.settled_level, finding.level);
            let draft = Draft { seq, kind: DecisionKind::AssessmentFinal, was, until: 0 };
            out.extend(self.ruling(number, &finding, at, When::Final, draft));
        }
    }
}

/// The instants of `(from, to]` at which a place that is judged by instants may change: those of its
/// observations, and those at which a value ceases to speak.
pub(super) fn instants(place: &Place, streams: &[Stream], from: i64, to: i64) -> Vec<i64> {
    let mut found = Vec::new();
    for slot in &place.slots {
        let Some(stream) = streams.get(*slot as usize) else { continue };
        let longest = stream.longest_fresh_ms();
        let mut before: Option<i64> = None;
        let mut ceases = |after: Option<i64>, next: i64| {
            if let Some(t) = after {
                let end = t.saturating_add(stream.fresh_ms(t));
                if end < next && end > from && end <= to {
                    found.push(end);
                }
            }
        };
        let mut rows = Vec::new();
        // Doubtful ones too: where nothing better is, they speak.
        for row in
            stream.series.read(true).within(from.saturating_sub(longest).saturating_sub(1), to)
        {
            ceases(before, row.t);
            before = Some(row.t);
            if row.t > from {
                rows.push(row.t);
            }
        }
        ceases(before, i64::MAX);
        found.extend(rows);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What was found at each settled instant of a stretch.
pub(super) type Stretch = Vec<(i64, Finding)>;

/// Judges every settled instant of `(from, to]` anew from the rows as they stand.
pub(super) fn stretch(place: &Place, streams: &mut [Stream], from: i64, to: i64) -> Stretch {
    let mut found = Stretch::new();
    if place.settled.rules.model.on_grid() {
        let mut cursor = place.settled.clone();
        let mut first = true;
        let mut at = from;
        loop {
            let step = place.plan.rules_at(at).map_or(1, |(rules, _)| rules.step_ms);
            at = floor(at, step) + step;
            if at > to {
                break;
            }
            if first {
                cursor.set(&place.plan, &place.slots, streams, at, When::Final);
                first = false;
            } else {
                cursor.advance(&place.plan, &place.slots, streams, at, When::Final);
            }
            let view = View { streams, slots: &place.slots };
            found.push((at, cursor.judge(&view, When::Final, Hint::default())));
        }
    } else {
        let reach = place.settled.rules.reach_ms();
        for slot in &place.slots {
            if let Some(stream) = streams.get_mut(*slot as usize) {
                let back = reach.max(stream.longest_fresh_ms().min(crate::series::HORIZON_MS));
                stream.series.open(from - back - 1);
            }
        }
        for at in instants(place, streams, from, to) {
            let Some((rules, _)) = place.plan.rules_at(at) else { continue };
            let view = View { streams, slots: &place.slots };
            found.push((at, judge(rules, &view, None, at, When::Final, Hint::default())));
        }
    }
    found
}

fn first_t(place: &Place, streams: &[Stream]) -> Option<i64> {
    let firsts =
        place.slots.iter().filter_map(|slot| streams.get(*slot as usize)?.series.first_t());
    firsts.min()
}

fn next_t(place: &Place, streams: &[Stream], after: i64) -> Option<i64> {
    let next = place.slots.iter().filter_map(|slot| {
        let series = &streams.get(*slot as usize)?.series;
        series.row(series.after(after)).map(|row| row.t)
    });
    next.min()
}

/// The last instant of the grid at or before `t`.
pub(crate) fn floor(t: i64, step: i64) -> i64 {
    t.div_euclid(step.max(1)) * step.max(1)
}

/// The first instant of the grid at or after `t`.
pub(crate) fn ceil(t: i64, step: i64) -> i64 {
    floor(t, step).saturating_add(if t.rem_euclid(step.max(1)) == 0 { 0 } else { step.max(1) })
}

impl Stream {
    /// The longest that one of its values speaks, ms, over all epochs.
    pub(super) fn longest_fresh_ms(&self) -> i64 {
        self.fresh.1.iter().map(|(_, ms)| *ms).max().unwrap_or(self.fresh.0)
    }
}
