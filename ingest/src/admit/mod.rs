//! Stop 3 of 9, **admitted**: known station? plausible? duplicate? skewed? → outcome; journal;
//! acknowledgement. Before it: [`crate::json::decode`] (decoded). After it: `stream::driver`
//! (ordered), by way of the journal.
//!
//! What is sent is submitted to the journal before anything is awaited, so the order of the calls
//! is the order of the journal; the answer is given when it is durable.

mod admitted;
pub mod again;
mod corrections;
pub(crate) mod inflight;
pub mod mixed;
pub mod rate;
mod refuse;
pub(crate) mod reports;
mod steady;
pub(crate) mod submit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use domain::ids::{AgencyId, DatastreamIx};
use domain::record::Record;
use domain::refusal::Channel;
use domain::time::{Clock, UtcMs};
use journal::{AppendError, Appender};

use crate::json::batch::Item;
use crate::judge::{Judge, Why};
use crate::memory::{Memory, Ticket};
use crate::register::Register;
use crate::telemetry::Telemetry;
pub use admitted::Admitted;
use inflight::{Inflight, Settled};
use rate::{Rates, TooFast};
use submit::Draft;

/// Appends under way from which on those without a waiting sender are looked for.
const SWEEP_FROM: usize = 4_096;

/// Where something came from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Whose credential it came with.
    pub agency: &'a AgencyId,
    /// By which channel.
    pub channel: Channel,
    /// The topic or resource.
    pub place: &'a str,
}

/// What becomes of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// New, and durable.
    Accepted,
    /// Known already, and durable.
    Duplicate,
    /// Refused; the refusal is durable.
    Refused(Why),
    /// Dated ahead, and kept aside: refused, moving nobody's time.
    Quarantined(Why),
}

impl Outcome {
    /// Why it was not taken.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Outcome::Refused(why) | Outcome::Quarantined(why) => Some(why),
            Outcome::Accepted | Outcome::Duplicate => None,
        }
    }
}

/// It could not be made durable: no acknowledgement may leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not durable: {0}")]
pub struct Unavailable(pub AppendError);

/// Whose clock the ticks follow.
#[derive(Clone)]
pub enum Ticks {
    /// The machine's, once a second.
    Live(Arc<dyn Clock>),
    /// The newest admitted frame's event time: nothing is dated ahead, but a frame that is more than
    /// a year ahead of all others is kept aside. The clock only dates what comes before the first
    /// frame.
    Replay(Arc<dyn Clock>),
}

pub(crate) struct Inner {
    pub(crate) judge: Judge,
    pub(crate) inflight: Inflight,
    pub(crate) rates: Rates,
    /// The datastreams that agencies with a quota of them have used since the start.
    pub(crate) used: BTreeMap<AgencyId, BTreeSet<DatastreamIx>>,
    /// The newest tick.
    pub(crate) now: Option<UtcMs>,
    pub(crate) reports: reports::Reported,
    pub(crate) steady: steady::Steady,
    /// In a replay: instants far ahead of all others.
    pub(crate) leap: Option<submit::Leap>,
    /// The corrections that were taken since the start, and whether as taken back.
    pub(crate) corrected: BTreeSet<(u64, bool)>,
    /// Room for an append's records.
    pub(crate) spare: Vec<Record>,
}

pub(crate) struct Core {
    pub(crate) inner: Mutex<Inner>,
    pub(crate) appender: Appender,
    pub(crate) ticks: Ticks,
    pub(crate) telemetry: Arc<Telemetry>,
}

/// The one way into the journal for what is heard. A handle; clones are the same. With a letter that
/// is sent again, and whether it only foresees.
#[derive(Clone)]
pub struct Admission(Arc<Core>, Option<Arc<again::Again>>, bool);

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").finish_non_exhaustive()
    }
}

impl Admission {
    /// Admission into a journal, by a register, over what is remembered. `newest_tick` is the last
    /// of the journal, so that now never goes back.
    pub fn new(
        appender: Appender,
        register: Arc<Register>,
        memory: Memory,
        ticks: Ticks,
        newest_tick: Option<UtcMs>,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        let inner = Inner {
            judge: Judge::new(register, memory),
            inflight: Inflight::default(),
            rates: Rates::default(),
            used: BTreeMap::new(),
            now: newest_tick,
            reports: reports::Reported::default(),
            steady: steady::Steady::default(),
            leap: None,
            corrected: BTreeSet::new(),
            spare: Vec::new(),
        };
        let core = Core { inner: Mutex::new(inner), appender, ticks, telemetry };
        Self(Arc::new(core), None, false)
    }

    /// Puts a new configuration in force.
    pub fn configure(&self, register: Arc<Register>) {
        self.0.inner().judge.configure(register);
    }

    /// The register in force.
    pub fn register(&self) -> Arc<Register> {
        self.0.inner().judge.register().clone()
    }

    /// What it counts.
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.0.telemetry
    }

    /// The platform's now: the newest tick, or the clock before the first.
    pub fn now(&self) -> UtcMs {
        let newest = self.0.inner().now;
        newest.unwrap_or_else(|| self.0.clock().now())
    }

    /// Waits until the journal has room for more; see [`Appender::room`].
    pub async fn room(&self) {
        self.0.appender.room().await;
    }

    /// Takes the items of one packet or request: judges each, and submits what is new and what is
    /// refused as one append, before it returns.
    ///
    /// # Errors
    /// [`TooFast`]: nothing was taken. The caller tells the sender; [`Admission::refuse`] keeps it.
    pub fn admit(&self, source: Source<'_>, items: &[Item<'_>]) -> Result<Admitted, TooFast> {
        self.take(source, items, false)
    }

    /// As [`Admission::admit`], for a sender that is told as what its items were taken.
    ///
    /// # Errors
    /// As [`Admission::admit`].
    pub fn admit_named(&self, source: Source<'_>, items: &[Item<'_>]) -> Result<Admitted, TooFast> {
        self.take(source, items, true)
    }

    fn take(
        &self,
        source: Source<'_>,
        items: &[Item<'_>],
        named: bool,
    ) -> Result<Admitted, TooFast> {
        if self.2 {
            return Ok(Admitted::foreseen(&self.0, self.foresee(source, items)));
        }
        let mut inner = self.0.begin();
        let bytes = items.iter().map(|item| item.raw.len()).sum();
        self.0.allow(&mut inner, source.agency, (items.len(), bytes))?;
        let mut draft = Draft::new(&self.0, &mut inner, source).again(self.1.clone());
        if named {
            draft.name_them();
        }
        for item in items {
            let outcome = match &item.read {
                Ok(raw) => draft.observation(raw),
                Err(error) => Err(Why::new(error.reason(), error.to_string())),
            };
            draft.conclude(outcome, item.raw);
        }
        Ok(draft.submit())
    }

    /// Submits a tick of the live clock; nothing where ticks follow the frames. Where the machine's
    /// clock has gone back, now goes on from the newest tick by the steady clock, a tenth slower
    /// until the other has caught up: holds, deadlines and silences do not stand still meanwhile.
    ///
    /// # Errors
    /// [`Unavailable`] when it could not be made durable.
    pub async fn tick(&self) -> Result<(), Unavailable> {
        let Some(admitted) = self.tick_submitted() else { return Ok(()) };
        admitted.durable().await.map(|_| ())
    }

    fn tick_submitted(&self) -> Option<Admitted> {
        let Ticks::Live(clock) = &self.0.ticks else { return None };
        let mut inner = self.0.inner();
        self.0.sweep(&mut inner);
        let newest = inner.now;
        let said = inner.steady.tick(clock.now(), newest, Instant::now());
        if let Some(is_new) = said.back {
            if is_new {
                tracing::error!(
                    ?newest,
                    "the machine's clock went back; now goes on a tenth slower"
                );
            }
            self.0.telemetry.clock_went_back();
        }
        let now = said.now?;
        let before = inner.now.replace(now);
        let mut records = vec![Record::Tick { now }];
        records.extend(inner.rates.unkept().into_iter().map(|of| refuse::unkept(of, now)));
        Some(submit::append(
            &self.0,
            &mut inner,
            &records,
            inflight::Touched::default(),
            None,
            before,
        ))
    }

    /// What the journal holds already, at a start: the tail that the history does not have yet.
    pub fn recall(&self, record: &Record) {
        let mut inner = self.0.inner();
        match record {
            Record::Observation { observation, .. } => inner.judge.memory().recall(observation),
            Record::Tick { now } => inner.now = inner.now.max(Some(*now)),
            Record::Report { agency, report, .. } => inner.reports.recall(agency, report),
            _ => {}
        }
    }
}

impl Core {
    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        match &self.ticks {
            Ticks::Live(clock) | Ticks::Replay(clock) => &**clock,
        }
    }

    /// The lock. Appends settle by whoever waits for them; those whose senders are gone are looked
    /// at when there are many.
    pub(crate) fn begin(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner();
        if inner.inflight.len() >= SWEEP_FROM {
            self.sweep(&mut inner);
        }
        inner
    }

    fn sweep(&self, inner: &mut Inner) {
        let mut ended = Vec::new();
        inner.inflight.sweep(|settled| ended.push(settled));
        for settled in ended {
            self.conclude(inner, settled);
        }
    }

    fn settle(&self, ticket: Ticket, outcome: &Result<journal::SeqRange, AppendError>) {
        let mut inner = self.inner();
        if let Some(settled) = inner.inflight.settle(ticket, outcome) {
            self.conclude(&mut inner, settled);
        }
    }

    fn conclude(&self, inner: &mut Inner, settled: Settled) {
        match settled {
            Settled::Durable(append) => {
                if let Some(account) = &append.account {
                    self.count_at(account, inner.now);
                }
            }
            Settled::Lost(ticket, append) => {
                for ix in append.touched.each() {
                    inner.judge.memory().forget(ix, ticket);
                }
                inner.reports.forget(ticket);
                if matches!(self.ticks, Ticks::Replay(_)) && append.now_before < inner.now {
                    inner.now = append.now_before;
                }
            }
        }
    }

    fn count(&self, account: &inflight::Account) {
        let now = self.inner().now;
        self.count_at(account, now);
    }

    pub(crate) fn count_at(&self, account: &inflight::Account, now: Option<UtcMs>) {
        let now = now.unwrap_or_else(|| self.clock().now());
        self.telemetry.count(&account.agency, account.channel, now, &account.tally);
    }
}
