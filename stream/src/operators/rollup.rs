//! From stations to zones: the rulings of a closed batch, by zone, in order.

use std::sync::Arc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::vec::Map;

use super::Pending;
use crate::item::{Ruling, Where};
use crate::plan::Plan;
use crate::publish::Plans;
use crate::shared::Shared;
use crate::zones::Zones;

/// See the module.
pub(crate) trait Rollup<'scope> {
    /// The zones' own rulings; `zones` is this worker's keyed state.
    fn rollup(self, zones: Zones, shared: Arc<Shared>) -> Stream<'scope, u64, Vec<Ruling>>;
}

/// A station's assessment, once for each zone it lies in.
struct EachZone {
    ruling: Ruling,
    plan: Option<Arc<Plan>>,
    next: usize,
}

impl EachZone {
    fn of(mut ruling: Ruling, plan: Option<Arc<Plan>>) -> Self {
        let plan = plan.filter(|_| !ruling.kind.is_alert());
        if let Some(plan) = &plan
            && is_by_sums(plan, &ruling)
        {
            ruling.lighten();
        }
        Self { ruling, plan, next: 0 }
    }
}

/// Whether the place is judged by sums alone.
fn is_by_sums(plan: &Plan, ruling: &Ruling) -> bool {
    let Where::Station(station) = ruling.place else { return false };
    let place = plan.lines.get(usize::from(ruling.line)).and_then(|line| line.place(station));
    place.and_then(|place| place.rules_at(ruling.t)).is_some_and(|(rules, _)| rules.calm.is_some())
}

impl Iterator for EachZone {
    type Item = (u32, Ruling);
    fn next(&mut self) -> Option<Self::Item> {
        let Where::Station(station) = self.ruling.place else { return None };
        let station = self.plan.as_ref()?.stations.get(station as usize)?;
        let zones = station.zones_at(self.ruling.t);
        let zone = zones.get(self.next)?;
        self.next += 1;
        Some((*zone, self.ruling.clone()))
    }
}

impl<'scope> Rollup<'scope> for Stream<'scope, u64, Vec<Ruling>> {
    fn rollup(self, mut zones: Zones, shared: Arc<Shared>) -> Stream<'scope, u64, Vec<Ruling>> {
        let (desk, mut plans) = (shared.clone(), Plans::default());
        let route = Exchange::new(|(zone, _): &(u32, Ruling)| u64::from(*zone));
        self.flat_map(move |ruling| {
            let plan = plans.of(ruling.plan, &desk).cloned();
            EachZone::of(ruling, plan)
        })
        .unary_frontier::<CapacityContainerBuilder<Vec<Ruling>>, _, _, _>(
            route,
            "Rollup",
            move |_capability, _info| {
                let mut pending = Pending::<(u32, Ruling)>::default();
                let mut rulings = Vec::new();
                move |(input, frontier), output| {
                    let port = output.output_index();
                    input.for_each(|capability, rows| {
                        let Some(batch) = capability.least().copied() else { return };
                        let rows = std::mem::take(rows);
                        pending.keep(batch, rows, || capability.retain_least(port));
                    });
                    while let Some((capability, batch)) =
                        pending.next(|batch| !frontier.less_equal(batch))
                    {
                        shared
                            .write_snapshots_before(*capability.time(), "rollup", || zones.rows());
                        let batch: Vec<(u32, Ruling)> = batch.into_iter().flatten().collect();
                        zones.take(&batch, &mut rulings);
                        let mut session = output.session(&capability);
                        session.give_iterator(rulings.drain(..));
                    }
                    let open = frontier.frontier().first().copied().unwrap_or(u64::MAX);
                    shared.write_snapshots_before(open, "rollup", || zones.rows());
                }
            },
        )
    }
}
