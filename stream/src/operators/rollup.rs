//! From stations to zones: the rulings of a closed batch, by zone, in order.

use std::sync::Arc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::vec::Map;

use super::Pending;
use crate::item::{Ruling, Where};
use crate::shared::Shared;
use crate::zones::Zones;

/// See the module.
pub(crate) trait Rollup<'scope> {
    /// The zones' own rulings; `zones` is this worker's keyed state.
    fn rollup(self, zones: Zones, shared: Arc<Shared>) -> Stream<'scope, u64, Vec<Ruling>>;
}

/// A station's assessments, once for each zone it lies in.
fn by_zone(ruling: Ruling, shared: &Shared) -> Vec<(u32, Ruling)> {
    let Where::Station(station) = ruling.place else { return Vec::new() };
    if ruling.kind.is_alert() {
        return Vec::new();
    }
    let Some(plan) = shared.plan(ruling.plan) else { return Vec::new() };
    let zones = plan.stations.get(station as usize).map_or(&[][..], |s| &s.zones);
    zones.iter().map(|zone| (*zone, ruling.clone())).collect()
}

impl<'scope> Rollup<'scope> for Stream<'scope, u64, Vec<Ruling>> {
    fn rollup(self, mut zones: Zones, shared: Arc<Shared>) -> Stream<'scope, u64, Vec<Ruling>> {
        let desk = shared.clone();
        let route = Exchange::new(|(zone, _): &(u32, Ruling)| u64::from(*zone));
        self.flat_map(move |ruling| by_zone(ruling, &desk))
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
                            shared.write_snapshots_before(*capability.time(), "rollup", || {
                                zones.rows()
                            });
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
