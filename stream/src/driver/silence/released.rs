//! What the configuration expects no more: whatever was told of its silence ends.

use std::sync::Arc;

use domain::decision::DecisionKind;

use super::told::{mask, told};
use super::{Silence, Source, UNEXPECTED};
use crate::driver::Ordered;
use crate::item::{Where, Why};
use crate::plan::{Plan, Station};

impl Silence {
    /// Ends what was told of sources, and of whole agencies, that are not expected any more.
    pub(crate) fn release(&mut self, plan: &Arc<Plan>, seq: u64, now: i64, out: &mut Ordered) {
        let is_released = |source: &Source| source.silent && source.interval >= UNEXPECTED;
        for (station, at) in plan.stations.iter().zip(0u32..) {
            let mut told_of = Vec::new();
            for ix in &station.streams {
                let Some(source) = self.sources.get_mut(*ix as usize).filter(|s| is_released(s))
                else {
                    continue;
                };
                source.silent = false;
                source.due = now.saturating_add(source.span);
                if std::mem::take(&mut source.told) {
                    told_of.push(*ix);
                }
                self.filled.remove(ix);
            }
            if !told_of.is_empty() {
                let why = Why::Unexpected(mask(plan, at, &told_of));
                let place = Where::Station(at);
                out.rulings.push(told(plan, seq, DecisionKind::FeedReturned, place, now, why));
            }
        }
        for (whole, agency) in self.agencies.iter_mut().zip(0u32..) {
            let of = |station: &&Station| station.agency_at(now) == agency;
            let streams = plan.stations.iter().filter(of).flat_map(|s| &s.streams);
            let mut expected = streams.filter_map(|ix| self.sources.get(*ix as usize));
            if *whole && expected.all(|source| source.interval >= UNEXPECTED) {
                *whole = false;
                let (place, why) = (Where::Agency(agency), Why::Unexpected(0));
                out.rulings.push(told(plan, seq, DecisionKind::FeedReturned, place, now, why));
            }
        }
        self.settle_awake();
    }
}
