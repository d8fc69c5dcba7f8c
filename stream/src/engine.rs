//! The engine: timely workers on threads of their own, one of which reads the record and publishes.
//!
//! Live and exercise are two engines of two types. One worker's failure is the engine's end: a
//! dataflow that has lost a part must not go on saying what is true.

mod work;

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use domain::decision::{Decision, DecisionKind};
use domain::ids::Seq;
use domain::status::Status;

use crate::driver::Counts;
use crate::inlet::Inlet;
use crate::item::Ruling;
use crate::outlet::{Decided, Outlet, Picture};
use crate::publish::{self, Plans, Publish, PublishError};
use crate::shared::Shared;
use crate::snapshot::Snapshot;

/// How an engine is run.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Worker threads, 1 to [`MAX_WORKERS`].
    pub workers: usize,
    /// A snapshot is due after so many records; `None`: never.
    pub snapshot_every: Option<u64>,
    /// Whether a snapshot is taken at the end as well, however soon.
    pub snapshot_at_end: bool,
    /// The state to start from: the inlet begins at the number after it.
    pub start_from: Option<Snapshot>,
    /// Decisions up to here were published before: they are not told again.
    pub published_upto: Seq,
    /// Whether the record has numbers of its own that stand in the log.
    pub with_seq: bool,
    /// Whether windows that hold observations are settled when the inlet closes (a file that ends)
    /// or stay open (a journal that goes on).
    pub close_windows: bool,
    /// Whether the agencies' frontiers are told.
    pub picture: bool,
    /// Whether levels are worked out before a watermark has passed their instant, and alerts raised
    /// by them. Without, there are finals, their amendments and silences.
    pub provisional: bool,
    /// Records of one batch at most: large enough that the dataflow's own cost vanishes and a
    /// station's state is fetched once for several of its observations, small enough that a batch is
    /// understood within some tens of milliseconds.
    pub batch_max: usize,
    /// The kinds that are written out; others are decided, and not told.
    pub kinds: Vec<DecisionKind>,
}

/// [`EngineConfig::batch_max`] where somebody waits for the answer.
pub const BATCH_MAX: usize = 65_536;

/// The most workers of one engine.
pub const MAX_WORKERS: usize = 64;

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            workers: 1,
            snapshot_every: None,
            snapshot_at_end: false,
            start_from: None,
            published_upto: Seq(0),
            with_seq: true,
            close_windows: false,
            picture: true,
            provisional: true,
            batch_max: BATCH_MAX,
            kinds: DecisionKind::ALL.to_vec(),
        }
    }
}

/// Why an engine ended otherwise than by its inlet's end.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The workers could not be started.
    #[error("the workers could not be started: {0}")]
    Start(String),
    /// The snapshot to start from is of no use: the record must be read from its beginning.
    #[error("the snapshot cannot be started from: {0}")]
    Snapshot(#[from] crate::snapshot::SnapshotError),
    /// A worker failed; with it the whole engine ended.
    #[error("the engine failed: {0}")]
    Failed(String),
}

/// What an engine did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// The last number that was understood and published.
    pub upto: u64,
    /// What the driver counted.
    pub counts: Counts,
}

/// A running engine of one world.
#[derive(Debug)]
pub struct Engine<S: Status> {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<Summary, EngineError>>>,
    status: PhantomData<S>,
}

impl<S: Status> Engine<S> {
    /// Starts an engine. It ends when the inlet closes, when [`Engine::stop`] is called, or when
    /// any part of it fails; [`Engine::join`] says how.
    ///
    /// # Errors
    /// [`EngineError::Start`] where no thread could be had.
    pub fn start(
        config: EngineConfig,
        inlet: impl Inlet,
        outlet: impl Outlet<S>,
    ) -> Result<Self, EngineError> {
        let told = Told {
            outlet,
            plans: Plans::default(),
            kinds: config.kinds.clone(),
            with_seq: config.with_seq,
            status: PhantomData,
        };
        Self::start_publishing(config, inlet, told)
    }

    pub(crate) fn start_publishing(
        config: EngineConfig,
        inlet: impl Inlet,
        publish: impl Publish,
    ) -> Result<Self, EngineError> {
        let shared = Arc::new(Shared::default());
        if let Some(snapshot) = &config.start_from {
            let state = snapshot.driver()?;
            let plans = crate::driver::recompile(&state.configured)
                .ok_or(crate::snapshot::SnapshotError::Configuration)?;
            plans.into_iter().for_each(|plan| shared.add_plan(plan));
        }
        let ends = work::EndsOfRecord {
            inlet: Mutex::new(Some(Box::new(inlet))),
            publish: Mutex::new(Some(Box::new(publish))),
        };
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || work::run(&config, &theirs, ends))
            .map_err(|error| EngineError::Start(error.to_string()))?;
        Ok(Self { shared, thread: Some(thread), status: PhantomData })
    }

    /// Asks it to stop: what is under way is finished and published, then it ends.
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Whether it has ended, however.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    /// The plans it has compiled so far: for those who explain its decisions.
    pub fn plans(&self) -> Vec<Arc<crate::plan::Plan>> {
        self.shared.plans()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// [`EngineError`] where it ended by a failure.
    pub fn join(mut self) -> Result<Summary, EngineError> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) | None => Err(EngineError::Failed("its thread panicked".to_owned())),
        }
    }
}

impl<S: Status> Drop for Engine<S> {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// Writes rulings out and hands them to an outlet.
struct Told<S: Status, O> {
    outlet: O,
    plans: Plans,
    kinds: Vec<DecisionKind>,
    with_seq: bool,
    status: PhantomData<S>,
}

impl<S: Status, O: Outlet<S>> Publish for Told<S, O> {
    fn wants(&self, ruling: &Ruling) -> bool {
        self.kinds.contains(&ruling.kind)
    }

    fn publish(
        &mut self,
        upto: Seq,
        rulings: Vec<Ruling>,
        picture: Picture,
        shared: &Shared,
        snapshot: Option<Snapshot>,
    ) -> Result<(), PublishError> {
        let mut decisions: Vec<Decision> = Vec::new();
        for ruling in &rulings {
            if let Some(plan) = self.plans.of(ruling.plan, shared) {
                decisions.push(publish::decision(ruling, plan, self.with_seq));
            }
        }
        let decided = Decided { upto, decisions, picture, snapshot, status: PhantomData };
        Ok(self.outlet.decided(decided)?)
    }
}
