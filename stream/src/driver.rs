//! Stop 4: ordered. The one reader of the record, in order.
//!
//! Before it: admission (stop 3, `ingest/src/admit.rs`). After it: [`crate::topology`] (stop 5,
//! understood).
//!
//! Here, and only here, watermarks and idle sources are worked out: once, in the order of the record,
//! so that they are the same with any number of workers and any cut of batches. They go down as items
//! with the seq of the record that brought them about; no operator invents time. The only now is the
//! newest journaled tick.

mod error;
pub mod silence;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::city::{City, CityFiles};
use domain::ids::{DatastreamIx, Seq};
use domain::observation::{Observation, OriginFlag, Quality};
use domain::record::Record;
use domain::report::{HospitalStatus, OfficialSignal, Report};
use domain::time::UtcMs;

use crate::item::{Item, Ruling, What};
use crate::outlet::Frontier;
use crate::plan::{Plan, Refused};
use crate::shared::Shared;
use crate::watch::place::NEVER;
use crate::watch::quality_code;
pub use error::DriverError;
use silence::Silence;
pub use state::Mark;
pub(crate) use state::{Configured, DriverState, recompile};

/// Where a datastream's items go, and which hazards it moves: a stretch of [`Driver::moved`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) to: u16,
    count: u16,
    from: u32,
}

/// Counts of what the driver saw and did not use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Observations sent down.
    pub observations: u64,
    /// Observations dated ahead of now by more than the tolerance.
    pub ahead: u64,
    /// Observations of datastreams that no configuration names.
    pub unknown: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Driver {
    shared: Arc<Shared>,
    peers: usize,
    plan: Option<Arc<Plan>>,
    /// Now: the newest tick, ms.
    now: i64,
    last_seq: u64,
    marks: Vec<Mark>,
    /// By datastream: its worker, and which hazards it moves.
    routes: Vec<Route>,
    /// The hazards of the routes, one after the other.
    moved: Vec<u16>,
    silence: Silence,
    /// When another interval begins to hold: sources are expected by it from then on.
    next_epoch: i64,
    counts: Counts,
    configured: Vec<Configured>,
}

/// What the driver gives out for a batch.
#[derive(Debug, Default)]
pub struct Ordered {
    /// Down into the dataflow.
    pub items: Vec<Item>,
    /// Silences and returns.
    pub rulings: Vec<Ruling>,
    /// Official signals, passed on as they are.
    pub signals: Vec<(Seq, OfficialSignal)>,
    /// Thresholds that cannot be applied.
    pub refused: Vec<Refused>,
    /// Whether the clock has ticked.
    pub ticked: bool,
}

impl Driver {
    /// Before the first record.
    pub(crate) fn new(shared: Arc<Shared>, peers: usize) -> Self {
        Self {
            shared,
            peers,
            plan: None,
            now: NEVER,
            last_seq: 0,
            marks: Vec::new(),
            routes: Vec::new(),
            moved: Vec::new(),
            silence: Silence::default(),
            next_epoch: i64::MAX,
            counts: Counts::default(),
            configured: Vec::new(),
        }
    }

    /// The state at the end of what was taken.
    pub(crate) fn state(&self) -> DriverState {
        DriverState {
            now: self.now,
            last_seq: self.last_seq,
            marks: self.marks.clone(),
            silence: self.silence.clone(),
            configured: self.configured.clone(),
        }
    }

    /// Goes on from a state; its plans are compiled and shared already.
    pub(crate) fn resume(&mut self, state: DriverState) {
        self.now = state.now;
        self.last_seq = state.last_seq;
        if let Some(plan) = self.shared.plans().last() {
            self.adopt(plan.clone());
        }
        self.marks = state.marks;
        self.silence = state.silence;
        self.configured = state.configured;
    }

    /// What it counted.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Up to when each agency's data are complete.
    pub(crate) fn frontiers(&self) -> Vec<Frontier> {
        self.plan.as_ref().map_or_else(Vec::new, |plan| self.silence.frontiers(plan, self.now))
    }

    /// The last seq it has taken.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    fn in_order(&mut self, seq: u64) -> Result<(), DriverError> {
        if seq <= self.last_seq {
            return Err(DriverError::Order { before: self.last_seq, found: seq });
        }
        self.last_seq = seq;
        Ok(())
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// [`DriverError`] where the record cannot be followed.
    pub fn take(&mut self, seq: u64, record: Record, out: &mut Ordered) -> Result<(), DriverError> {
        match record {
            Record::Observation { observation, .. } => self.observe(seq, &observation, out),
            Record::Tick { now } => self.take_tick(seq, now, out),
            Record::Configuration { holds_from, files, datastreams, .. } => {
                self.in_order(seq)?;
                let files: CityFiles = files.into_iter().collect();
                let city = City::read(&files)
                    .map_err(|errors| DriverError::Configuration { seq, errors })?;
                self.configure(seq, Arc::new(city), &datastreams, holds_from.0, out);
                self.configured.push(Configured { holds_from: holds_from.0, files, datastreams });
                Ok(())
            }
            Record::Report { report: Report::Hospital(status), .. } => {
                self.in_order(seq)?;
                self.hospital(seq, &status, out);
                Ok(())
            }
            Record::Report { report: Report::Signal(signal), .. } => {
                self.in_order(seq)?;
                out.signals.push((Seq(seq), signal));
                Ok(())
            }
            Record::Report { .. }
            | Record::Refused(_)
            | Record::Desk(_)
            | Record::Letter(_)
            | Record::Exchange(_)
            | Record::Registry(_) => self.in_order(seq),
        }
    }

    /// Takes an observation.
    ///
    /// # Errors
    /// [`DriverError::Order`] where the record is not in order.
    #[inline]
    pub fn observe(
        &mut self,
        seq: u64,
        seen: &Observation,
        out: &mut Ordered,
    ) -> Result<(), DriverError> {
        self.in_order(seq)?;
        self.admit(seq, seen, out);
        Ok(())
    }

    #[inline]
    fn admit(&mut self, seq: u64, seen: &Observation, out: &mut Ordered) {
        let ix = seen.datastream.0;
        let Some(plan) = &self.plan else { return };
        let Some(Route { to, count, from }) = self.routes.get(ix as usize).copied() else {
            self.counts.unknown += 1;
            return;
        };
        let t = seen.t.0;
        if self.now != NEVER && t > self.now.saturating_add(plan.tolerance_ms()) {
            self.counts.ahead += 1;
            return;
        }
        // What was filled in for a gauge that is silent does not bring it back, nor keep it awake.
        let filled = seen.quality.origin == OriginFlag::Completed;
        let by_another = || plan.streams.get(ix as usize).is_some_and(|s| s.spoken_for);
        if !(filled && (self.silence.speaks_for(ix, t, self.now) || by_another())) {
            self.silence.heard(plan, seq, ix, t, self.now, to, out);
        }
        self.counts.observations += 1;
        out.items.push(Item {
            seq,
            t,
            value: seen.value,
            result_time: seen.result_time.0,
            key: ix,
            to,
            what: What::Observation,
            quality: quality_code(seen),
        });
        let from = from as usize;
        for line in self.moved.get(from..from + usize::from(count)).unwrap_or_default() {
            let Some(mark) = self.marks.get_mut(usize::from(*line)) else { continue };
            if t > mark.newest {
                mark.newest = t;
                if t >= mark.next {
                    advance(plan, *line, mark, seq, self.peers, out);
                }
            }
        }
    }

    /// Takes a tick.
    ///
    /// # Errors
    /// [`DriverError::Order`] where the record is not in order.
    pub fn take_tick(
        &mut self,
        seq: u64,
        now: UtcMs,
        out: &mut Ordered,
    ) -> Result<(), DriverError> {
        self.in_order(seq)?;
        self.tick(seq, now.0, out);
        Ok(())
    }

    fn tick(&mut self, seq: u64, now: i64, out: &mut Ordered) {
        // A clock that was set back is not followed: now never goes back.
        if self.now != NEVER && now <= self.now {
            return;
        }
        let before = std::mem::replace(&mut self.now, now);
        if let Some(plan) = &self.plan {
            if now >= self.next_epoch {
                self.silence.adopt(plan, now);
                self.silence.release(plan, seq, now, out);
                self.next_epoch = plan.next_epoch(now);
            }
            self.silence.tick(plan, seq, before, now, &self.routes, out);
        }
        out.ticked = true;
    }

    /// A new configuration holds.
    pub(crate) fn configure(
        &mut self,
        seq: u64,
        city: Arc<City>,
        datastreams: &[(String, String)],
        holds_from: i64,
        out: &mut Ordered,
    ) {
        self.last_seq = self.last_seq.max(seq);
        let plan = Arc::new(Plan::compile(city, datastreams, holds_from, self.plan.as_deref()));
        for refused in &plan.refused {
            tracing::warn!(hazard = %refused.hazard, station = %refused.station,
                threshold = refused.threshold, because = %refused.because, "threshold refused");
        }
        out.refused.extend(plan.refused.iter().cloned());
        self.shared.add_plan(plan.clone());
        self.adopt(plan.clone());
        if self.now != NEVER {
            self.silence.release(&plan, seq, self.now, out);
        }
        for worker in 0..self.peers {
            out.items.push(note(What::Configure, seq, holds_from, plan.number, worker));
        }
    }

    /// Takes up a plan's routes.
    pub(crate) fn adopt(&mut self, plan: Arc<Plan>) {
        self.marks.resize(plan.lines.len(), Mark::default());
        let mut lines: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
        for (line, number) in plan.lines.iter().zip(0u16..) {
            for stream in line.places.iter().flat_map(|p| &p.streams).flatten() {
                lines.entry(*stream).or_default().push(number);
            }
        }
        self.moved.clear();
        self.routes.clear();
        for (stream, number) in plan.streams.iter().zip(0u32..) {
            let to = u16::try_from(stream.station as usize % self.peers).unwrap_or(0);
            let from = u32::try_from(self.moved.len()).unwrap_or(u32::MAX);
            self.moved.append(&mut lines.remove(&number).unwrap_or_default());
            let count = u16::try_from(self.moved.len() - from as usize).unwrap_or(u16::MAX);
            self.routes.push(Route { to, count, from });
        }
        self.silence.adopt(&plan, self.now);
        self.next_epoch = plan.next_epoch(self.now);
        self.plan = Some(plan);
    }

    /// A hospital's report as older records have it, as observations of the station of the same id.
    /// Those of a [`Report::Facility`] stand in the record by themselves, and are not derived again.
    fn hospital(&mut self, seq: u64, status: &HospitalStatus, out: &mut Ordered) {
        let Some(plan) = self.plan.clone() else { return };
        let Some(station) = plan.station(status.hospital.as_str()) else { return };
        let beds = f64::from(status.beds_occupied) / f64::from(status.beds.max(1)) * 100.0;
        let told = [
            ("bed_occupancy", beds),
            ("emergency_waiting", f64::from(status.emergency_waiting)),
            ("emergency_traffic", f64::from(status.traffic as u8)),
        ];
        let streams = plan.stations.get(station as usize).map_or(&[][..], |s| &s.streams);
        for ix in streams {
            let property = plan.streams.get(*ix as usize).map(|s| s.property.as_str());
            let Some((_, value)) = told.iter().find(|(name, _)| Some(*name) == property) else {
                continue;
            };
            let seen = Observation {
                datastream: DatastreamIx(*ix),
                t: UtcMs(status.t.0),
                result_time: UtcMs(status.t.0),
                value: *value,
                quality: Quality::default(),
                backlog: false,
            };
            self.admit(seq, &seen, out);
        }
    }

    /// The end of a file: every window that holds an observation is settled.
    pub(crate) fn close_windows(&mut self, out: &mut Ordered) {
        let Some(plan) = self.plan.clone() else { return };
        for (mark, line) in self.marks.iter_mut().zip(0u16..) {
            let rules = plan.lines.get(usize::from(line)).and_then(|l| l.general_at(mark.newest));
            let (Some(rules), true) = (rules, mark.newest != NEVER) else { continue };
            let reach = if rules.model.on_grid() { rules.reach_ms() - 1 } else { rules.step_ms };
            let to = crate::watch::floor(mark.newest + reach, rules.step_ms);
            if to > mark.sent {
                mark.sent = to;
                for worker in 0..self.peers {
                    let key = u32::from(line);
                    out.items.push(note(What::Watermark, self.last_seq, to, key, worker));
                }
            }
        }
    }
}

/// Moves a hazard's watermark to the newest event time less its lateness, on its grid.
fn advance(plan: &Plan, line: u16, mark: &mut Mark, seq: u64, peers: usize, out: &mut Ordered) {
    let rules = plan.lines.get(usize::from(line)).and_then(|l| l.general_at(mark.newest));
    let Some(rules) = rules else { return };
    let to = crate::watch::floor(mark.newest - rules.lateness_ms, rules.step_ms);
    mark.next = to + rules.step_ms + rules.lateness_ms;
    if to <= mark.sent {
        return;
    }
    mark.sent = to;
    for worker in 0..peers {
        out.items.push(note(What::Watermark, seq, to, u32::from(line), worker));
    }
}

/// An item that is no observation.
pub(crate) fn note(what: What, seq: u64, t: i64, key: u32, worker: usize) -> Item {
    let to = u16::try_from(worker).unwrap_or(0);
    Item { seq, t, value: f64::NAN, result_time: 0, key, to, what, quality: 0 }
}
