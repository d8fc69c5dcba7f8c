//! The picture of the system: one screen.
//!
//! ```text
//!  driver ──► assess ──┬──────────────► gather ──► probe ──► publish
//!  (one,      (by       ├──► rollup ──►   (first
//!  in order)  station)  │    (by zone)     worker)
//! ```
//!
//! Items come from one driver on the first worker and go to the worker of their station; every keyed
//! operator works through a closed batch in the order of the record, so that neither the cuts of
//! batches nor the number of workers leaves a trace.

use std::sync::Arc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::{Concat, Probe};
use timely::dataflow::{InputHandle, ProbeHandle};
use timely::worker::Worker;

use crate::item::Item;
use crate::operators::assess::Assess;
use crate::operators::gather::{Gather, Gathered};
use crate::operators::rollup::Rollup;
use crate::shared::Shared;
use crate::watch::Watch;
use crate::zones::Zones;

/// Where the driver puts items in.
pub(crate) type Entrance = InputHandle<u64, CapacityContainerBuilder<Vec<Item>>>;

/// A worker's ends of the dataflow.
pub(crate) struct Ends {
    pub(crate) entrance: Entrance,
    pub(crate) probe: ProbeHandle<u64>,
    pub(crate) gathered: Gathered,
}

/// Builds the dataflow on a worker, its keyed state given.
pub(crate) fn build(worker: &mut Worker, shared: &Arc<Shared>, watch: Watch, zones: Zones) -> Ends {
    let mut entrance = Entrance::new();
    let probe = ProbeHandle::new();
    let gathered = Gathered::default();
    worker.dataflow::<u64, _, _>(|scope| {
        let rulings = entrance.to_stream(scope).assess(watch, shared.clone());
        let zones = rulings.clone().rollup(zones, shared.clone());
        rulings.concat(zones).gather(gathered.clone()).probe_with(&probe);
    });
    Ends { entrance, probe, gathered }
}
