//! The very engine over a file of observations: no server, no journal. Ticks are made from the
//! observations' own time, so that silence is heard as it would have been.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::city::{CityFiles, Registry};
use domain::decision::DecisionKind;
use domain::ids::Seq;
use domain::observation::Observation;
use domain::record::{Record, Sequenced};
use domain::status::Exercise;
use domain::time::{EARLIEST, SECOND_MS, UtcMs};

use crate::clock;
use crate::engine::{Engine, EngineConfig, EngineError, Summary};
use crate::inlet::{Heard, Inlet, InletError, Lean};
use crate::item::{Ruling, Where};
use crate::log::DecisionLog;
use crate::outlet::Picture;
use crate::publish::{Plans, Publish, PublishError, decision, zone_level};
use crate::shared::Shared;
use crate::snapshot::Snapshot;

/// How far the data's time moves before the next tick is made.
pub const TICK_MS: i64 = 10 * SECOND_MS;

/// Records of one batch: nobody waits for its answer.
const BATCH_RECORDS: usize = 2 * crate::engine::BATCH_MAX;

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// The decision log, of these kinds.
    Decisions(Vec<DecisionKind>),
    /// `W,zone,level` where a zone's final level changes.
    ZoneLevel,
}

impl Default for Projection {
    /// Alerts and finals.
    fn default() -> Self {
        use DecisionKind as K;
        let finals = |kind: &&K| {
            kind.is_alert() || matches!(kind, K::AssessmentFinal | K::AssessmentAmended)
        };
        Self::Decisions(K::ALL.iter().filter(finals).copied().collect())
    }
}

impl Projection {
    /// Whether it needs levels before they are settled.
    fn is_provisional(&self) -> bool {
        use DecisionKind as K;
        let of = |kind: &K| kind.is_alert() || matches!(kind, K::Assessment | K::AssessmentAmended);
        matches!(self, Self::Decisions(kinds) if kinds.iter().any(of))
    }
}

/// A back-test.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// The city's files.
    files: CityFiles,
    /// The numbers of its datastreams, `(station, property)`: whoever parses observations numbers
    /// them by these.
    datastreams: Vec<(String, String)>,
    /// Workers.
    pub workers: usize,
    /// What is written.
    pub projection: Projection,
}

/// What came of a back-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the engine did.
    pub summary: Summary,
    /// Lines written.
    pub lines: u64,
    /// SHA-256 of what was written, in hex.
    pub sha256: String,
}

/// Why a back-test cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file cannot be written.
    #[error("the decisions cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

impl Backtest {
    /// A back-test with one worker, writing alerts and finals, of a city's files whose datastreams
    /// have the numbers of `registry`.
    pub fn new(files: CityFiles, registry: &Registry) -> Self {
        let datastreams = registry.rows().to_vec();
        Self { files, datastreams, workers: 1, projection: Projection::default() }
    }

    /// Runs over batches of observations in the order in which they came, and writes to `out`.
    ///
    /// # Errors
    /// [`BacktestError`].
    pub fn run<I, W>(self, batches: I, out: W) -> Result<Outcome, BacktestError>
    where
        I: Iterator<Item = Vec<Observation>> + Send + 'static,
        W: Write + Send + 'static,
    {
        let datastreams = self.datastreams;
        let files: Vec<(String, Vec<u8>)> = self.files.into_iter().collect();
        let configuration =
            Record::Configuration { holds_from: EARLIEST, hash: String::new(), files, datastreams };
        let inlet = FileInlet { first: Some(configuration), batches, seq: 0, now: None };
        let config = EngineConfig {
            workers: self.workers,
            with_seq: false,
            close_windows: true,
            picture: false,
            provisional: self.projection.is_provisional(),
            batch_max: BATCH_RECORDS,
            ..EngineConfig::default()
        };
        let log = Arc::new(Mutex::new(Some(DecisionLog::new(out))));
        let writer =
            Writer { log: log.clone(), projection: self.projection, plans: Plans::default() };
        let engine = Engine::<Exercise>::start_publishing(config, inlet, writer)?;
        let summary = engine.join()?;
        let log = log.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (lines, sha256) = match log {
            Some(log) => (log.lines(), log.finish()?),
            None => (0, String::new()),
        };
        Ok(Outcome { summary, lines, sha256 })
    }
}

/// Observations with the ticks that their time makes.
struct FileInlet<I> {
    first: Option<Record>,
    batches: I,
    seq: u64,
    now: Option<i64>,
}

impl<I: Iterator<Item = Vec<Observation>> + Send + 'static> Inlet for FileInlet<I> {
    fn next(&mut self, _max: usize, _wait: Duration) -> Result<Heard, InletError> {
        if let Some(record) = self.first.take() {
            self.seq += 1;
            return Ok(Heard::Records(vec![Sequenced { seq: Seq(self.seq), record }]));
        }
        let Some(observations) = self.batches.next() else { return Ok(Heard::Closed) };
        let first = Seq(self.seq + 1);
        let mut ticks = Vec::new();
        for (seen, at) in observations.iter().zip(0usize..) {
            if self.now.is_none_or(|now| seen.t.0 >= now + TICK_MS) {
                ticks.extend(clock::fill(self.now, seen.t.0).map(|now| (at, UtcMs(now))));
                self.now = Some(seen.t.0);
            }
        }
        self.seq += (observations.len() + ticks.len()) as u64;
        Ok(Heard::Lean(Lean { first, observations, ticks }))
    }
}

/// Writes what is asked for.
struct Writer<W> {
    log: Arc<Mutex<Option<DecisionLog<W>>>>,
    projection: Projection,
    plans: Plans,
}

impl<W: Write + Send + 'static> Publish for Writer<W> {
    fn wants(&self, ruling: &Ruling) -> bool {
        match &self.projection {
            Projection::Decisions(kinds) => kinds.contains(&ruling.kind),
            Projection::ZoneLevel => matches!(ruling.place, Where::Zone(_)) && ruling.settled,
        }
    }

    fn publish(
        &mut self,
        _upto: Seq,
        rulings: Vec<Ruling>,
        _picture: Picture,
        shared: &Shared,
        _snapshot: Option<Snapshot>,
    ) -> Result<(), PublishError> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(log) = log.as_mut() else { return Ok(()) };
        for ruling in &rulings {
            let Some(plan) = self.plans.of(ruling.plan, shared) else { continue };
            match &self.projection {
                Projection::Decisions(_) => log.write(&decision(ruling, plan, false))?,
                Projection::ZoneLevel => {
                    if let Some(text) = zone_level(ruling, plan) {
                        log.write_text(&text)?;
                    }
                }
            }
        }
        Ok(())
    }
}
