//! What is judged by more than a datastream's own past: its neighbours, the gauges it speaks for, and
//! what people have said of it.

use domain::correction::{Correction, CorrectionAct};
use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

use super::Judge;
use crate::memory::{Seen, Ticket};
use crate::register::Register;

/// The most values that one correction changes at once: three days of one a minute.
const CORRECTED_MAX: usize = 4_320;

impl Judge {
    /// Whether a value lies far from the median of its neighbours'. Too few of them say nothing.
    pub(super) fn stands_alone(
        &mut self,
        register: &Register,
        ix: DatastreamIx,
        t: UtcMs,
        value: f64,
    ) -> bool {
        let Some(around) = register.around().neighbourhood_of(ix) else { return false };
        let mut values: Vec<f64> = Vec::with_capacity(around.of.len());
        for other in &around.of {
            let near = self.memory.believed(*other);
            let near = near.filter(|seen| (seen.t.0 - t.0).abs() <= around.within_ms);
            values.extend(near.map(|seen| seen.value));
        }
        if values.len() < around.at_least {
            return false;
        }
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        let (Some(low), Some(high)) = (values.get(low), values.get(high)) else { return false };
        (value - f64::midpoint(*low, *high)).abs() > around.max_difference
    }

    /// What an observation says of gauges that are not heard: for each of them a value that is filled
    /// in, where no source is preferred that is heard itself. They are remembered under `ticket`.
    pub fn speak_for(&mut self, seen: &Observation, ticket: Ticket) -> Vec<Observation> {
        let register = self.register.clone();
        let mut filled = Vec::new();
        if register.around().is_without_fallbacks()
            || seen.backlog
            || seen.quality.trust != Trust::Reliable
            || seen.quality.origin == OriginFlag::Completed
        {
            return filled;
        }
        for for_it in register.around().speaks_for(seen.datastream) {
            let sources = register.around().sources_of(for_it.gauge);
            let better = sources.get(..for_it.rank).unwrap_or_default();
            let mut heard = std::iter::once(&for_it.gauge).chain(better).any(|ix| {
                let speaks_ms = register.speaks_ms(*ix, seen.t).unwrap_or(i64::MAX);
                let newest = self.memory.believed(*ix);
                newest.is_some_and(|newest| seen.t.0 - newest.t.0 <= speaks_ms)
            });
            let (ix, t, value) = (for_it.gauge, seen.t, seen.value + for_it.offset);
            heard |= !self.memory.beside(ix, t).same_instant.is_empty();
            if heard || !value.is_finite() {
                continue;
            }
            let quality = Quality { origin: OriginFlag::Completed, trust: Trust::Reliable };
            let (result_time, sender_id) = (seen.result_time, 0);
            let known = Seen { t, value, result_time, quality, sender_id, same_since: t, ticket };
            self.memory.put(ix, &known);
            let (datastream, backlog) = (ix, false);
            filled.push(Observation { datastream, t, result_time, value, quality, backlog });
        }
        filled
    }

    /// Puts corrections in force, in place of those before.
    pub(crate) fn correct(&mut self, corrections: &[Correction]) {
        self.corrections.clear();
        for correction in corrections {
            // The value of one instant is no rule for others.
            if matches!(correction.act, CorrectionAct::Value(_)) {
                continue;
            }
            if let Some(ix) = self.datastream_of(correction) {
                self.corrections.entry(ix).or_default().push(correction.clone());
            }
        }
    }

    fn datastream_of(&self, correction: &Correction) -> Option<DatastreamIx> {
        let stream = self.register.stream(correction.station.as_str(), &correction.property);
        stream.map(|stream| stream.ix)
    }

    /// What a value is worth that an offset moves: one that it moves out of the registered range is
    /// shown and not used.
    fn trust_within(
        &self,
        correction: &Correction,
        seen: &Observation,
        by: f64,
        trust: Trust,
    ) -> Trust {
        let stream = self.register.stream(correction.station.as_str(), &correction.property);
        let limits = stream.and_then(|stream| self.register.limits_at(stream, seen.t));
        let fits = limits.is_some_and(|limits| {
            let (least, most) = limits.range;
            (least..=most).contains(&(seen.value + by))
        });
        if fits { trust } else { Trust::Unreliable }
    }

    pub(super) fn is_corrected(&self, ix: DatastreamIx, t: UtcMs) -> bool {
        let of_it = self.corrections.get(&ix).map_or(&[][..], Vec::as_slice);
        of_it.iter().any(|correction| correction.covers(t))
    }

    /// What an observation that was just admitted is worth by the corrections that hold, where that
    /// is a value: the newest correction speaks. It is remembered under `ticket`.
    pub fn corrected(&mut self, seen: &Observation, ticket: Ticket) -> Option<Observation> {
        // Only what was marked for it: what its sender calls unreliable stays that.
        self.marked.take().filter(|marked| *marked == (seen.datastream, seen.t))?;
        let of_it = self.corrections.get(&seen.datastream)?;
        let newest = of_it.iter().filter(|c| c.covers(seen.t)).max_by_key(|c| c.id)?;
        let CorrectionAct::Offset(by) = newest.act else { return None };
        let at = newest.at.max(seen.result_time.plus_ms(1));
        let trust = self.trust_within(newest, seen, by, Trust::Reliable);
        let corrected = shifted(seen, by, at, trust);
        self.remember(&corrected, ticket);
        Some(corrected)
    }

    /// What a correction makes of the values that are known already; those that say so already are
    /// left out, so that a correction may be taken twice. They are remembered under `ticket`.
    pub(crate) fn recorrected(
        &mut self,
        correction: &Correction,
        ticket: Ticket,
    ) -> Vec<Observation> {
        let Some(ix) = self.datastream_of(correction) else { return Vec::new() };
        let known = self.memory.holding(ix, correction.from, correction.until, CORRECTED_MAX);
        let mut made = Vec::new();
        if let CorrectionAct::Value(value) = correction.act {
            let quality = Quality { origin: OriginFlag::Corrected, trust: Trust::Reliable };
            let had = known.first();
            let result_time = had.map_or(correction.at, |had| correction.at.max(had.result_time));
            let (datastream, t, backlog) = (ix, correction.from, false);
            let said = Observation { datastream, t, result_time, value, quality, backlog };
            let stands = had.is_some_and(|had| had.value == value && had.quality == quality);
            made.extend((!stands).then_some(said));
        }
        // What the correction has been applied to, as it came or before, is later than it.
        let open = known.iter().filter(|seen| seen.result_time < correction.at);
        match correction.act {
            CorrectionAct::Value(_) => {}
            CorrectionAct::Offset(by) => {
                let trust = |seen: &Observation| {
                    self.trust_within(correction, seen, by, seen.quality.trust)
                };
                made.extend(open.map(|seen| shifted(seen, by, correction.at, trust(seen))));
            }
            CorrectionAct::Unreliable => made.extend(open.filter(is_used).map(|seen| {
                let quality = Quality { origin: seen.quality.origin, trust: Trust::Unreliable };
                Observation { quality, result_time: correction.at, backlog: false, ..*seen }
            })),
        }
        for seen in &made {
            self.remember(seen, ticket);
        }
        made
    }

    fn remember(&mut self, seen: &Observation, ticket: Ticket) {
        let Observation { datastream, t, result_time, value, quality, .. } = *seen;
        let known = Seen { t, value, result_time, quality, sender_id: 0, same_since: t, ticket };
        self.memory.put(datastream, &known);
    }
}

fn is_used(seen: &&Observation) -> bool {
    seen.quality.trust != Trust::Unreliable
}

/// A value of a gauge whose zero has moved.
fn shifted(seen: &Observation, by: f64, result_time: UtcMs, trust: Trust) -> Observation {
    let quality = Quality { origin: OriginFlag::Corrected, trust };
    Observation { value: seen.value + by, quality, result_time, backlog: false, ..*seen }
}
