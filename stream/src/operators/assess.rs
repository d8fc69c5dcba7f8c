//! Stop 5: understood. Items of a closed batch, in the order of the record, through the places of
//! this worker: windows, provisional levels, finals, amendments, and (stop 6, [`super::raise`])
//! their alerts.
//!
//! Before it: [`crate::driver`] (stop 4, ordered). After it: [`super::rollup`], [`super::gather`].

use std::sync::Arc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::operator::Operator;

use super::Pending;
use crate::item::{Item, Ruling};
use crate::shared::Shared;
use crate::watch::Watch;

/// See the module.
pub(crate) trait Assess<'scope> {
    /// What comes of this stream's items; `watch` is this worker's keyed state.
    fn assess(self, watch: Watch, shared: Arc<Shared>) -> Stream<'scope, u64, Vec<Ruling>>;
}

impl<'scope> Assess<'scope> for Stream<'scope, u64, Vec<Item>> {
    fn assess(self, mut watch: Watch, shared: Arc<Shared>) -> Stream<'scope, u64, Vec<Ruling>> {
        let route = Exchange::new(|item: &Item| u64::from(item.to));
        self.unary_frontier::<CapacityContainerBuilder<Vec<Ruling>>, _, _, _>(
            route,
            "Assess",
            move |_capability, _info| {
                let mut pending = Pending::<Item>::default();
                let mut rulings = Vec::new();
                move |(input, frontier), output| {
                    let port = output.output_index();
                    input.for_each(|capability, items| {
                        let Some(batch) = capability.least().copied() else { return };
                        let items = std::mem::take(items);
                        pending.keep(batch, items, || capability.retain_least(port));
                    });
                    while let Some((capability, batch)) =
                        pending.next(|batch| !frontier.less_equal(batch))
                    {
                        shared
                            .write_snapshots_before(*capability.time(), "assess", || watch.rows());
                        let plans = |number| shared.plan(number);
                        // One sender feeds each worker, so containers and items stand in the order
                        // of the record.
                        watch.take(&batch, &plans, shared.newest_plan(), &mut rulings);
                        shared.keep_room(batch);
                        let mut session = output.session(&capability);
                        session.give_iterator(rulings.drain(..));
                    }
                    let open = frontier.frontier().first().copied().unwrap_or(u64::MAX);
                    shared.write_snapshots_before(open, "assess", || watch.rows());
                }
            },
        )
    }
}
