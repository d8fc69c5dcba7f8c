//! The loops of the workers. The first reads, drives and publishes; all of them compute.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::Seq;
use timely::WorkerConfig;
use timely::worker::Worker;

use super::{EngineConfig, EngineError, MAX_WORKERS, Summary};
use crate::driver::{Driver, DriverError, Ordered};
use crate::inlet::{Heard, Inlet, Lean};
use crate::item::Ruling;
use crate::outlet::Picture;
use crate::publish::{Publish, sort};
use crate::shared::{Shared, set_worker};
use crate::snapshot::{Row, Snapshot};
use crate::topology::{self, Ends};
use crate::watch::Watch;
use crate::zones::Zones;

/// Batches under way at most. With [`EngineConfig::batch_max`] it bounds what lies between the record and the
/// publication, the dataflow's own channels included: nothing more is read until the oldest is done.
pub(super) const BATCHES_UNDER_WAY_MAX: usize = 2;
/// How long the first worker waits for records when there is nothing to do.
pub(super) const IDLE_WAIT: Duration = Duration::from_millis(100);
/// How long the first worker waits for batches under way before it looks for records again.
pub(super) const UNDER_WAY_WAIT: Duration = Duration::from_millis(1);
/// How long a worker sleeps at most before it looks whether the engine is ending.
pub(super) const PARK_MAX: Duration = Duration::from_millis(100);

/// Where the first worker finds its ends; taken once.
pub(super) struct EndsOfRecord {
    pub(super) inlet: Mutex<Option<Box<dyn Inlet>>>,
    pub(super) publish: Mutex<Option<Box<dyn Publish>>>,
}

/// Runs the workers to their end.
pub(super) fn run(
    config: &EngineConfig,
    shared: &Arc<Shared>,
    ends: EndsOfRecord,
) -> Result<Summary, EngineError> {
    let workers = config.workers.clamp(1, MAX_WORKERS);
    let communication = if workers == 1 {
        timely::CommunicationConfig::Thread
    } else {
        timely::CommunicationConfig::Process(workers)
    };
    let (theirs, config) = (shared.clone(), config.clone());
    let worker_config = WorkerConfig::default();
    let timely_config = timely::Config { communication, worker: worker_config };
    let guards = timely::execute(timely_config, move |worker| {
        set_worker(worker.index());
        let outcome = catch_unwind(AssertUnwindSafe(|| work(worker, &config, &theirs, &ends)));
        let summary = match outcome {
            Ok(Ok(summary)) => summary,
            Ok(Err(why)) => {
                theirs.fail(why);
                Summary::default()
            }
            Err(panic) => {
                theirs.fail(words(panic.as_ref()));
                Summary::default()
            }
        };
        for dataflow in worker.installed_dataflows() {
            worker.drop_dataflow(dataflow);
        }
        summary
    })
    .map_err(EngineError::Start)?;
    let mut summary = Summary::default();
    for outcome in guards.join() {
        match outcome {
            Ok(theirs) if theirs.upto >= summary.upto => summary = theirs,
            Ok(_) => {}
            Err(why) => shared.fail(why),
        }
    }
    match shared.failure() {
        Some(why) => Err(EngineError::Failed(why)),
        None => Ok(summary),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("a worker panicked: {}", text.unwrap_or_else(|| "without words".to_owned()))
}

fn work(
    worker: &mut Worker,
    config: &EngineConfig,
    shared: &Arc<Shared>,
    ends: &EndsOfRecord,
) -> Result<Summary, String> {
    let mut watch = Watch::new(worker.index(), worker.peers(), config.provisional);
    let mut zones = Zones::default();
    if let Some(snapshot) = &config.start_from {
        if let Some(plan) = shared.plans().last() {
            watch.configure(plan, snapshot.seq, &mut Vec::new());
        }
        snapshot.fill_watch(&mut watch).map_err(|error| error.to_string())?;
        zones =
            snapshot.zones(worker.index(), worker.peers()).map_err(|error| error.to_string())?;
    }
    let dataflow = topology::build(worker, shared, watch, zones);
    if worker.index() > 0 {
        let Ends { entrance, probe, .. } = dataflow;
        drop(entrance);
        while !probe.done() && shared.failure().is_none() {
            worker.step_or_park(Some(PARK_MAX));
        }
        return Ok(Summary::default());
    }
    let taken =
        |slot: &Mutex<Option<_>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let inlet = taken(&ends.inlet).ok_or("the inlet is taken")?;
    let publish = ends.publish.lock().unwrap_or_else(PoisonError::into_inner).take();
    let publish = publish.ok_or("the outlet is taken")?;
    let mut driver = Driver::new(shared.clone(), worker.peers());
    if let Some(snapshot) = &config.start_from {
        driver.resume(snapshot.driver().map_err(|error| error.to_string())?);
    }
    let driver_at = driver.last_seq();
    let first = First {
        shared: shared.clone(),
        driver,
        inlet,
        publish,
        dataflow,
        under_way: VecDeque::new(),
        batch: 0,
        sent: driver_at,
        upto: driver_at,
        batch_max: config.batch_max,
        full: false,
        picture: config.picture,
        writers: worker.peers() * WRITERS_A_WORKER,
        snapshot_at: driver_at,
        published_upto: config.published_upto.0,
    };
    first.run(worker, config)
}

/// Operators of a worker that write rows into a snapshot: assess, rollup.
const WRITERS_A_WORKER: usize = 2;

/// A batch that was sent down.
struct Batch {
    /// The driver's row, where a snapshot is taken at its end.
    driver: Option<Row>,
    number: u64,
    upto: u64,
    rulings: Vec<Ruling>,
    picture: Picture,
}

/// The first worker.
struct First {
    shared: Arc<Shared>,
    driver: Driver,
    inlet: Box<dyn Inlet>,
    publish: Box<dyn Publish>,
    dataflow: Ends,
    under_way: VecDeque<Batch>,
    batch: u64,
    sent: u64,
    upto: u64,
    /// Whether the picture is kept and told.
    picture: bool,
    batch_max: usize,
    /// Whether the last batch was a full one.
    full: bool,
    /// How many operators write rows into a snapshot.
    writers: usize,
    /// The number at which the last snapshot was sought.
    snapshot_at: u64,
    published_upto: u64,
}

impl First {
    fn run(mut self, worker: &mut Worker, config: &EngineConfig) -> Result<Summary, String> {
        let mut ordered = Ordered::default();
        let mut open = true;
        while open && !self.shared.stopping() {
            let idle = self.under_way.is_empty();
            open = self.read(&mut ordered, if idle { IDLE_WAIT } else { Duration::ZERO })?;
            if self.driver.last_seq() > self.sent {
                let every = config.snapshot_every.unwrap_or(u64::MAX);
                let due = self.driver.last_seq() - self.snapshot_at >= every;
                self.send(&mut ordered, due);
            } else if !self.under_way.is_empty() {
                worker.step_or_park(Some(UNDER_WAY_WAIT));
            }
            worker.step();
            self.publish_closed()?;
            while self.under_way.len() >= BATCHES_UNDER_WAY_MAX && self.shared.failure().is_none() {
                worker.step_or_park(Some(UNDER_WAY_WAIT));
                self.publish_closed()?;
            }
        }
        if config.close_windows && !open {
            self.driver.close_windows(&mut ordered);
            self.send(&mut ordered, config.snapshot_at_end);
        } else if config.snapshot_at_end && self.driver.last_seq() > self.snapshot_at {
            self.send(&mut ordered, true);
        }
        while !self.under_way.is_empty() && self.shared.failure().is_none() {
            worker.step_or_park(Some(UNDER_WAY_WAIT));
            self.publish_closed()?;
        }
        let summary = Summary { upto: self.upto, counts: self.driver.counts() };
        let Ends { entrance, probe, .. } = self.dataflow;
        entrance.close();
        while !probe.done() && self.shared.failure().is_none() {
            worker.step_or_park(Some(PARK_MAX));
        }
        Ok(summary)
    }

    /// Reads what there is, up to a full batch: a lone record goes down at once, a flood in large
    /// batches. `false` where the record is closed.
    fn read(&mut self, ordered: &mut Ordered, wait: Duration) -> Result<bool, String> {
        let mut wait = wait;
        if self.full {
            if ordered.items.capacity() == 0 {
                ordered.items = self.shared.room();
            }
            ordered.items.reserve(self.batch_max + self.batch_max / 16);
        }
        let batch_max = self.batch_max;
        while ordered.items.len() < batch_max {
            let max = batch_max - ordered.items.len();
            match self.inlet.next(max, wait).map_err(|error| error.to_string())? {
                Heard::Records(records) => {
                    for record in records {
                        self.driver
                            .take(record.seq.0, record.record, ordered)
                            .map_err(|error| error.to_string())?;
                    }
                }
                Heard::Lean(lean) => {
                    self.take_lean(&lean, ordered).map_err(|error| error.to_string())?;
                }
                Heard::Idle => return Ok(true),
                Heard::Closed => return Ok(false),
            }
            wait = Duration::ZERO;
        }
        Ok(true)
    }

    fn take_lean(&mut self, lean: &Lean, ordered: &mut Ordered) -> Result<(), DriverError> {
        let mut seq = lean.first.0;
        let mut ticks = lean.ticks.iter().peekable();
        for (seen, at) in lean.observations.iter().zip(0usize..) {
            while let Some((_, now)) = ticks.next_if(|(before, _)| *before <= at) {
                self.driver.take_tick(seq, *now, ordered)?;
                seq += 1;
            }
            self.driver.observe(seq, seen, ordered)?;
            seq += 1;
        }
        Ok(())
    }

    /// Sends what was ordered down as one batch.
    fn send(&mut self, ordered: &mut Ordered, snapshot: bool) {
        let number = self.batch;
        let driver = snapshot.then(|| {
            self.shared.seek_snapshot(number);
            self.snapshot_at = self.driver.last_seq();
            self.driver.state().row()
        });
        self.full = ordered.items.len() >= self.batch_max;
        let told = std::mem::take(&mut ordered.ticked) && self.picture;
        let entrance = &mut self.dataflow.entrance;
        entrance.send_batch(&mut ordered.items);
        ordered.items.clear();
        self.batch += 1;
        self.sent = self.driver.last_seq();
        entrance.advance_to(self.batch);
        let rulings = std::mem::take(&mut ordered.rulings);
        let picture = Picture {
            frontiers: if told { self.driver.frontiers() } else { Vec::new() },
            signals: std::mem::take(&mut ordered.signals),
            refused: std::mem::take(&mut ordered.refused),
        };
        self.under_way.push_back(Batch {
            driver,
            number,
            upto: self.driver.last_seq(),
            rulings,
            picture,
        });
    }

    /// Publishes the batches that the probe has passed.
    fn publish_closed(&mut self) -> Result<(), String> {
        while let Some(first) = self.under_way.front() {
            if self.dataflow.probe.less_equal(&first.number) {
                return Ok(());
            }
            let mut snapshot = None;
            if let Some(driver) = &first.driver {
                // A worker that has nothing to do for the batch writes its rows a moment later.
                let rows = self.shared.take_snapshot(first.number, self.writers);
                let Some(mut rows) = rows else { return Ok(()) };
                rows.push(driver.clone());
                snapshot = Some(Snapshot::new(first.upto, rows));
            }
            let Some(batch) = self.under_way.pop_front() else { return Ok(()) };
            self.publish_one(batch, snapshot)?;
        }
        Ok(())
    }

    fn publish_one(&mut self, mut batch: Batch, snapshot: Option<Snapshot>) -> Result<(), String> {
        let mut gathered = self.dataflow.gathered.borrow_mut();
        for (number, rulings) in gathered.iter_mut() {
            if *number == batch.number {
                batch.rulings.append(rulings);
            }
        }
        gathered.retain(|(number, _)| *number > batch.number);
        drop(gathered);
        self.upto = batch.upto;
        let mut rulings = batch.rulings;
        rulings.retain(|r| r.seq > self.published_upto && self.publish.wants(r));
        if let Some(plan) = self.shared.plans().last() {
            sort(&mut rulings, plan);
        }
        self.publish
            .publish(Seq(batch.upto), rulings, batch.picture, &self.shared, snapshot)
            .map_err(|error| error.to_string())
    }
}
