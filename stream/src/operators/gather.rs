//! All rulings to the first worker, which publishes them once their batch is closed.

use std::cell::RefCell;
use std::rc::Rc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::operator::Operator;

use crate::item::Ruling;

/// Rulings that have come in, by batch.
pub(crate) type Gathered = Rc<RefCell<Vec<(u64, Vec<Ruling>)>>>;

/// See the module.
pub(crate) trait Gather<'scope> {
    /// Puts every ruling into `gathered` on the first worker.
    fn gather(self, gathered: Gathered) -> Stream<'scope, u64, Vec<()>>;
}

impl<'scope> Gather<'scope> for Stream<'scope, u64, Vec<Ruling>> {
    fn gather(self, gathered: Gathered) -> Stream<'scope, u64, Vec<()>> {
        let route = Exchange::new(|_: &Ruling| 0);
        self.unary::<CapacityContainerBuilder<Vec<()>>, _, _, _>(route, "Gather", move |_, _| {
            move |input, _output| {
                input.for_each(|capability, rulings| {
                    let Some(batch) = capability.least().copied() else { return };
                    gathered.borrow_mut().push((batch, std::mem::take(rulings)));
                });
            }
        })
    }
}
