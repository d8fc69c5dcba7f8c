//! One append in the making: records, outcomes and counts of one packet or request.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use domain::ids::AgencyId;
use domain::observation::{Observation, OriginFlag};
use domain::record::Record;
use domain::refusal::{Channel, Reason};
use domain::report::Report;
use domain::time::{HOUR_MS, REPLAY_TICK_STEP_MS, SECOND_MS, UtcMs};
use futures_util::FutureExt;

use super::again::Again;
use super::inflight::{Account, Touched, Wait};
use super::refuse::refusal;
use super::{Admitted, Core, Inner, Outcome, Source, Ticks};
use crate::json::decode::RawObservation;
use crate::judge::{Judged, Why};
use crate::memory::Ticket;
use crate::telemetry::Tally;

/// The longest hole of a recording that is followed at once: a year, so that a gauge that is read
/// in the flood season alone is followed into the next. Only frames to come could tell a hole from
/// a wrong clock, and no frame waits for another to be acknowledged: within a year a recording is
/// believed, beyond it a frame is kept aside.
const REPLAY_LEAP_MAX_MS: i64 = 366 * 24 * HOUR_MS;
/// Instants in a row beyond it, with nothing at the present between them, that are another
/// recording, which is then followed.
const REPLAY_LEAP_AGREED: u8 = 3;
/// The most ticks that one frame of a replay brings.
const REPLAY_TICKS_MAX: i64 = REPLAY_LEAP_MAX_MS / REPLAY_TICK_STEP_MS;

/// Instants in a row that lie far ahead in a replay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leap {
    newest: UtcMs,
    instants: u8,
}

pub(crate) struct Draft<'c, 'm, 's> {
    core: &'c Arc<Core>,
    inner: &'c mut MutexGuard<'m, Inner>,
    source: Source<'s>,
    ticket: Ticket,
    records: Vec<Record>,
    touched: Touched,
    outcomes: Vec<Outcome>,
    tally: Tally,
    waits: Vec<(Ticket, Wait)>,
    now_before: Option<UtcMs>,
    /// As what the items were taken, where somebody wants to know.
    named: Option<Vec<Option<Observation>>>,
    found: Option<Observation>,
    /// The letter that is sent again, where that is what this is.
    again: Option<Arc<Again>>,
    /// Nothing of it is taken: somebody only asks what would become of it.
    dry: bool,
}

impl<'c, 'm, 's> Draft<'c, 'm, 's> {
    pub(crate) fn new(
        core: &'c Arc<Core>,
        inner: &'c mut MutexGuard<'m, Inner>,
        source: Source<'s>,
    ) -> Self {
        let (ticket, now_before) = (inner.inflight.next(), inner.now);
        let records = std::mem::take(&mut inner.spare);
        Self {
            core,
            inner,
            source,
            ticket,
            records,
            touched: Touched::default(),
            outcomes: Vec::new(),
            tally: Tally::default(),
            waits: Vec::new(),
            now_before,
            named: None,
            found: None,
            again: None,
            dry: false,
        }
    }

    /// A draft that is never submitted and leaves nothing behind.
    pub(super) fn dry(mut self) -> Self {
        self.dry = true;
        self
    }

    /// Whether nothing may be remembered or drafted.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry
    }

    /// Notes as what each item is taken.
    pub(super) fn name_them(&mut self) {
        self.named = Some(Vec::new());
    }

    /// This is a letter that is sent again: what of it is refused again is no new letter, and what
    /// became of it is journaled with it, in one append.
    pub(super) fn again(mut self, again: Option<Arc<Again>>) -> Self {
        self.again = again;
        self
    }

    pub(crate) fn inner(&mut self) -> &mut Inner {
        self.inner
    }

    /// Whose it is.
    pub(crate) fn agency(&self) -> &'s AgencyId {
        self.source.agency
    }

    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// When it is received, by the platform's clock: to the millisecond live, the newest tick in a
    /// replay.
    fn received(&self) -> UtcMs {
        match &self.core.ticks {
            Ticks::Live(clock) => clock.now(),
            Ticks::Replay(clock) => self.inner.now.unwrap_or_else(|| clock.now()),
        }
    }

    /// Refuses what is dated ahead of now by more than the city's tolerance; in a replay, what lies
    /// a leap ahead of all others.
    pub(crate) fn not_ahead(&mut self, t: UtcMs) -> Result<(), Why> {
        let judged = match self.judged_against() {
            // Of a recording's leaps a question says nothing.
            None if self.dry => return Ok(()),
            Some(now) => crate::judge::not_ahead(self.inner.judge.register(), t, Some(now)),
            None => self.no_lone_leap(t),
        };
        self.note_ahead(t, judged.as_ref().err());
        judged
    }

    /// What was kept aside for its date shows how far its sender's clock is off.
    fn note_ahead(&mut self, t: UtcMs, why: Option<&Why>) {
        if why.is_some_and(|why| why.reason == Reason::FutureDated) {
            let received = self.received();
            self.tally.timing.dated(t, received);
        }
    }

    fn leaps(&self, t: UtcMs) -> bool {
        let Ticks::Replay(clock) = &self.core.ticks else { return false };
        let now = self.inner.now.unwrap_or_else(|| clock.now());
        t.0.saturating_sub(now.0) > REPLAY_LEAP_MAX_MS
    }

    fn no_lone_leap(&mut self, t: UtcMs) -> Result<(), Why> {
        if !self.leaps(t) {
            self.inner.leap = None;
            return Ok(());
        }
        let instants = match self.inner.leap {
            Some(Leap { newest, instants }) if t == newest => instants,
            Some(Leap { newest, instants })
                if t > newest && t.0 - newest.0 <= REPLAY_LEAP_MAX_MS =>
            {
                instants + 1
            }
            _ => 1,
        };
        self.inner.leap = Some(Leap { newest: t, instants });
        if instants >= REPLAY_LEAP_AGREED {
            return Ok(());
        }
        let days = REPLAY_LEAP_MAX_MS / (24 * HOUR_MS);
        let said = format!(
            "{t} is more than {days} days ahead of every other frame: the replay follows it when \
             {REPLAY_LEAP_AGREED} instants in a row do so"
        );
        Err(Why::new(Reason::FutureDated, said))
    }

    /// Now, where something can be dated ahead of it.
    pub(crate) fn judged_against(&self) -> Option<UtcMs> {
        match &self.core.ticks {
            Ticks::Live(clock) => Some(self.inner.now.unwrap_or_else(|| clock.now())),
            Ticks::Replay(_) => None,
        }
    }

    /// In a replay a frame newer than now brings the ticks before it: at most one for each second
    /// of event time, none farther from the last than [`REPLAY_TICK_STEP_MS`].
    fn follow(&mut self, t: UtcMs) {
        let second = |t: UtcMs| t.0.div_euclid(SECOND_MS);
        if !matches!(self.core.ticks, Ticks::Replay(_))
            || self.inner.now.is_some_and(|now| second(t) <= second(now))
        {
            return;
        }
        let mut now = self.inner.now.unwrap_or(t);
        for _ in 0..REPLAY_TICKS_MAX {
            now = now.plus_ms(REPLAY_TICK_STEP_MS);
            if now >= t {
                break;
            }
            self.records.push(Record::Tick { now });
        }
        self.inner.now = Some(t);
        self.records.push(Record::Tick { now: t });
    }

    /// Judges one observation and drafts its record.
    pub(crate) fn observation(&mut self, raw: &RawObservation<'_>) -> Result<Outcome, Why> {
        let judged = self.judge(raw);
        self.note_ahead(raw.t, judged.as_ref().err());
        judged
    }

    /// Refuses a datastream beyond how many its agency may use.
    fn within_quota(&mut self, raw: &RawObservation<'_>) -> Result<(), Why> {
        let register = self.inner.judge.register();
        let most = register.agency(self.source.agency).and_then(|rights| rights.datastreams_max);
        let Some(most) = most else { return Ok(()) };
        // One that does not exist is refused by its own reason.
        let stream = register.stream(&raw.station, &raw.property);
        let Some(ix) = stream.map(|stream| stream.ix) else { return Ok(()) };
        if !self.inner.used.contains_key(self.source.agency) {
            self.inner.used.insert(self.source.agency.clone(), BTreeSet::new());
        }
        let Some(used) = self.inner.used.get_mut(self.source.agency) else { return Ok(()) };
        if used.contains(&ix) || used.len() < usize::try_from(most).unwrap_or(usize::MAX) {
            used.insert(ix);
            return Ok(());
        }
        let said = format!("{most} datastreams are in use, which is the agency's quota");
        Err(Why::new(Reason::Quota, said))
    }

    fn judge(&mut self, raw: &RawObservation<'_>) -> Result<Outcome, Why> {
        self.within_quota(raw)?;
        let now = self.judged_against();
        let agency = Some(self.source.agency);
        if now.is_none() {
            let t = raw.t.max(raw.result_time.unwrap_or(raw.t));
            if self.leaps(t) {
                self.inner.judge.check(raw, agency, None)?;
            }
            self.no_lone_leap(t)?;
        }
        match self.inner.judge.judge(raw, agency, now, self.ticket)? {
            Judged::New(observation) => {
                self.follow(observation.t);
                self.touched.put(observation.datastream);
                self.tally.frontier = self.tally.frontier.max(Some(observation.t));
                let (received, channel) = (self.received(), self.source.channel);
                self.found = self.named.as_ref().map(|_| observation);
                let filled = observation.quality.origin == OriginFlag::Completed;
                let is_backlog = filled || observation.backlog;
                self.tally.timing.accepted(observation.t, received, is_backlog);
                self.records.push(Record::Observation { received, channel, observation });
                if let Some(observation) = self.inner.judge.corrected(&observation, self.ticket) {
                    let channel = Channel::Desk;
                    self.records.push(Record::Observation { received, channel, observation });
                }
                // What it says of gauges that are not heard goes into the record beside it.
                for observation in self.inner.judge.speak_for(&observation, self.ticket) {
                    self.touched.put(observation.datastream);
                    self.records.push(Record::Observation { received, channel, observation });
                }
                Ok(Outcome::Accepted)
            }
            Judged::Duplicate(known, ticket) => {
                self.found = Some(known);
                self.wait_for(ticket);
                Ok(Outcome::Duplicate)
            }
        }
    }

    /// Drafts the record of another report.
    pub(crate) fn report(&mut self, t: UtcMs, report: Report) {
        self.follow(t);
        self.tally.frontier = self.tally.frontier.max(Some(t));
        let (received, channel) = (self.received(), self.source.channel);
        self.tally.timing.accepted(t, received, false);
        let agency = self.source.agency.clone();
        self.records.push(Record::Report { received, agency, channel, report });
    }

    /// The answer to a duplicate waits for the first.
    pub(crate) fn wait_for(&mut self, ticket: Ticket) {
        if ticket == self.ticket || self.waits.iter().any(|(held, _)| *held == ticket) {
            return;
        }
        if let Some(wait) = self.inner.inflight.wait(ticket) {
            self.waits.push((ticket, wait));
        }
    }

    /// Notes what became of an item; a refusal is drafted, counted and logged.
    pub(crate) fn conclude(&mut self, outcome: Result<Outcome, Why>, raw: &[u8]) {
        let outcome = outcome.unwrap_or_else(|why| {
            let kept = refusal(self.source, self.received(), &why, raw);
            tracing::debug!(
                agency = %kept.agency, channel = kept.channel.wire(), source = ?kept.source,
                reason = kept.reason.wire(), detail = ?kept.detail, "refused"
            );
            self.tally.refused.push(why.reason);
            let what = (kept.channel, why.reason);
            let (agency, bytes) = (self.source.agency, kept.raw.len());
            if self.again.is_none() && self.inner.rates.keep(agency, what, bytes, Instant::now()) {
                self.records.push(Record::Refused(kept));
            }
            Outcome::of_refusal(why)
        });
        match &outcome {
            Outcome::Accepted => self.tally.accepted += 1,
            Outcome::Duplicate => self.tally.duplicate += 1,
            Outcome::Refused(_) | Outcome::Quarantined(_) => {}
        }
        self.outcomes.push(outcome);
        if let Some(named) = &mut self.named {
            named.push(self.found.take());
        }
    }

    /// Counts a refusal that is not kept.
    pub(crate) fn count_only(&mut self, why: Why) {
        self.tally.refused.push(why.reason);
        self.outcomes.push(Outcome::Refused(why));
    }

    /// Submits the append and gives the wait for it.
    pub(crate) fn submit(mut self) -> Admitted {
        if let Some(again) = self.again.take() {
            self.records.push(again.record(self.received(), &self.outcomes));
        }
        let account = Account {
            agency: self.source.agency.clone(),
            channel: self.source.channel,
            tally: self.tally,
        };
        let mut admitted = if self.records.is_empty() && self.waits.is_empty() {
            // Nothing is waited for: counted at once, whether or not anybody stays for the answer.
            self.core.count_at(&account, self.inner.now);
            Admitted::of(self.core, None)
        } else if self.records.is_empty() {
            Admitted::of(self.core, Some(account))
        } else {
            let touched = self.touched;
            append(self.core, self.inner, &self.records, touched, Some(account), self.now_before)
        };
        admitted.outcomes = self.outcomes;
        admitted.named = self.named.unwrap_or_default();
        admitted.firsts = self.waits;
        self.records.clear();
        if self.records.capacity() <= SPARE_RECORDS {
            self.inner.spare = self.records;
        }
        admitted
    }
}

/// Room for records that is kept from one append to the next.
const SPARE_RECORDS: usize = 256;

/// Submits records as the next append.
pub(super) fn append(
    core: &Arc<Core>,
    inner: &mut Inner,
    records: &[Record],
    touched: Touched,
    account: Option<Account>,
    now_before: Option<UtcMs>,
) -> Admitted {
    let ticket = inner.inflight.next();
    let wait = core.appender.append(records).shared();
    inner.inflight.open(wait.clone(), touched, account, now_before);
    let mut admitted = Admitted::of(core, None);
    admitted.own = Some((ticket, wait));
    admitted
}
