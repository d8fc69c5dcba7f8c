//! What is judged by more than a datastream's own past: its neighbours, and the gauges it speaks for.

use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;

use super::Judge;
use crate::memory::{Seen, Ticket};
use crate::register::Register;

impl Judge {
    /// Whether a value lies far from the median of its neighbours'. Too few of them say nothing.
    pub(super) fn stands_alone(
        &mut self,
        register: &Register,
        ix: DatastreamIx,
        t: UtcMs,
        value: f64,
    ) -> bool {
        let Some(around) = register.around().neighbourhood_of(ix, t) else { return false };
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
            // Of this instant it has said something to judge by, or another has spoken for it.
            let beside = self.memory.beside(ix, t);
            heard |= beside.same_instant.iter().any(|own| {
                own.quality.origin == OriginFlag::Completed || own.quality.trust.is_judged()
            });
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
}
