//! Amendments: late data or a correction that changes what was said of settled instants is told:
//! what was said, what is said now, which observations did it.

use domain::decision::DecisionKind;
use domain::level::Level;

use super::place::NEVER;
use super::settle::{Stretch, stretch};
use super::{Draft, Watch};
use crate::hazards::judge::{Finding, NO_DATA, When};
use crate::item::{Ruling, Why};

/// What had been said of the instants that an observation may change.
pub(super) struct Said {
    from: i64,
    to: i64,
    level_before: Level,
    stretch: Stretch,
}

impl Watch {
    /// What is said now of the settled instants that an observation of `t` could change; `None`
    /// where it touches none.
    pub(super) fn said(&mut self, number: usize, t: i64) -> Option<Said> {
        let place = self.places.get(number)?;
        if place.settled.at == NEVER {
            return None;
        }
        let shift = place.settled.rules.shift_ms();
        if t + shift > place.settled.at {
            return None;
        }
        let fresh = place
            .slots
            .iter()
            .filter_map(|slot| self.streams.get(*slot as usize))
            .map(super::Stream::longest_fresh_ms)
            .max()
            .unwrap_or(0)
            .min(crate::series::HORIZON_MS);
        let reach = place.plan.timeline.iter().map(|(_, r)| r.reach_ms()).max().unwrap_or(0);
        let to = place.settled.at.min(t.saturating_add(reach.max(fresh)).saturating_add(shift));
        self.said_between(number, t + shift - 1, to)
    }

    /// What is said now of the settled instants of `(from, to]`.
    pub(super) fn said_between(&mut self, number: usize, from: i64, to: i64) -> Option<Said> {
        let place = self.places.get(number)?;
        // A stretch back, for the level that held as the one in question began.
        let longest = place.slots.iter().filter_map(|slot| self.streams.get(*slot as usize));
        let fresh = longest.map(super::Stream::longest_fresh_ms).max().unwrap_or(0);
        let back = if place.settled.rules.model.on_grid() {
            place.settled.rules.step_ms
        } else {
            fresh.min(crate::series::HORIZON_MS)
        };
        let earlier = stretch(place, &mut self.streams, from - back - 1, from);
        let level_before = earlier.last().map_or(Level::NoData, |(_, f)| f.level);
        let stretch = stretch(place, &mut self.streams, from, to);
        Some(Said { from, to, level_before, stretch })
    }

    /// Compares what was said with what must be said now, and tells the difference.
    pub(super) fn amend_settled(
        &mut self,
        number: usize,
        before: Option<Said>,
        seq: u64,
        out: &mut Vec<Ruling>,
    ) {
        let Some(before) = before else { return };
        let Some(place) = self.places.get(number) else { return };
        let after = stretch(place, &mut self.streams, before.from, before.to);
        let mut instants: Vec<i64> =
            before.stretch.iter().chain(&after).map(|(at, _)| *at).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut told: Option<(Level, Level)> = None;
        let mut open: Option<usize> = None;
        for at in instants {
            let was = at_instant(&before.stretch, at).map_or(before.level_before, |f| f.level);
            let finding = at_instant(&after, at);
            let level = finding.map_or(before.level_before, |f| f.level);
            if was == level {
                close(&mut open, at, out);
                told = None;
                continue;
            }
            if told == Some((was, level)) {
                continue;
            }
            close(&mut open, at, out);
            told = Some((was, level));
            let kind = DecisionKind::AssessmentAmended;
            let draft = Draft { seq, kind, was, until: 0 };
            let finding = finding.copied().unwrap_or(NO_DATA);
            if let Some(ruling) = self.ruling(number, &finding, at, When::Final, draft) {
                open = Some(out.len());
                out.push(ruling);
            }
        }
        let Some(place) = self.places.get_mut(number) else { return };
        if let Some((at, last)) = after.last()
            && before.to == place.settled.at
            && *at <= place.settled.at
        {
            place.settled_level = last.level;
        }
    }
}

fn at_instant(stretch: &Stretch, at: i64) -> Option<&Finding> {
    let next = stretch.partition_point(|(t, _)| *t <= at);
    stretch.get(next.checked_sub(1)?).map(|(_, finding)| finding)
}

/// The difference that was being told ends here.
fn close(open: &mut Option<usize>, at: i64, out: &mut [Ruling]) {
    if let Some(ruling) = open.take().and_then(|at| out.get_mut(at))
        && let Why::Criterion { until, .. } = &mut ruling.why
    {
        *until = at;
    }
}
