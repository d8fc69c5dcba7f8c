//! Admission of reports: once each, by the rules of their kind (`<kind>/admit.rs`).

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use domain::ids::AgencyId;
use domain::report::Report;
use domain::situation::{Located, Situation};
use domain::warning::WarningKey;

use super::rate::TooFast;
use super::submit::Draft;
use super::{Admission, Admitted, Outcome, Source};
use crate::judge::Why;
use crate::memory::Ticket;
use crate::reports::kind::Said;
use crate::units::still::{Standing, is_position};
use crate::{cap, cases, hospitals, quakes, signals, situations, sl651, tracks, units};

/// Reports that are remembered, so that one sent twice is taken once.
pub(super) const REPORTS_REMEMBERED: usize = 4_096;

/// Reports heard lately, by their content.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    by_content: BTreeMap<u64, Ticket>,
    order: VecDeque<u64>,
    /// Warnings by what makes each one and no other.
    pub(crate) warnings: cap::admit::Known,
    /// Where units were last heard: these come too often to be remembered among the others.
    pub(crate) standing: Standing,
    /// Counts of cases by what they are of.
    pub(crate) cases: cases::admit::Known,
}

impl Reported {
    fn known(&self, content: u64) -> Option<Ticket> {
        self.by_content.get(&content).copied()
    }
    fn put(&mut self, content: u64, ticket: Ticket) {
        if self.by_content.insert(content, ticket).is_none() {
            self.order.push_back(content);
        }
        while self.order.len() > REPORTS_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.by_content.remove(&oldest);
            }
        }
    }
    /// A report that the journal holds already: its resend is a duplicate.
    pub(crate) fn recall(&mut self, agency: &AgencyId, report: &Report) {
        match report {
            Report::Warning(w) => self.warnings.put(&w.message.key, w.fingerprint, 0),
            Report::Unit(said) if is_position(said) => {
                self.standing.put(said, content_of(agency, report), 0);
            }
            Report::Cases(said) => drop(self.cases.take(said, 0)),
            other => self.put(content_of(agency, other), 0),
        }
    }
    pub(crate) fn forget(&mut self, ticket: Ticket) {
        let by_content = &mut self.by_content;
        by_content.retain(|_, held| *held != ticket);
        self.order.retain(|content| by_content.contains_key(content));
        self.warnings.forget(ticket);
        self.standing.forget(ticket);
        self.cases.forget(|held| *held == ticket);
    }
}

impl Admission {
    /// Takes the reports of one body or packet, each by itself. `desk` is what the desk says against
    /// one, if anything (a unit's report on a task that is not its own).
    ///
    /// # Errors
    /// [`TooFast`]: nothing was taken.
    pub fn reports(
        &self,
        source: Source<'_>,
        said: Vec<Said<'_>>,
        desk: impl Fn(&Report) -> Result<(), Why>,
    ) -> Result<Admitted, TooFast> {
        if self.2 {
            return Ok(Admitted::foreseen(&self.0, self.foresee_reports(source, said, desk)));
        }
        // Before the lock: a signature takes its time.
        let said = cap::admit::verified(self, source.agency, said);
        let mut inner = self.0.begin();
        let bytes = said.iter().map(|said| said.raw.len()).sum();
        self.0.allow(&mut inner, source.agency, (said.len(), bytes))?;
        let mut draft = Draft::new(&self.0, &mut inner, source).again(self.1.clone());
        for Said { raw, read } in said {
            let outcome = read.and_then(|report| {
                let against = desk(&report);
                judge(&mut draft, source, report, against)
            });
            draft.conclude(outcome, &raw);
        }
        Ok(draft.submit())
    }

    /// What would become of these reports if they were sent now. Nothing is journaled, counted or
    /// remembered, and no rate is used up.
    pub fn foresee_reports(
        &self,
        source: Source<'_>,
        said: Vec<Said<'_>>,
        desk: impl Fn(&Report) -> Result<(), Why>,
    ) -> Vec<Outcome> {
        let said = cap::admit::verified(self, source.agency, said);
        let mut inner = self.0.inner();
        let mut draft = Draft::new(&self.0, &mut inner, source).dry();
        let mut foreseen = |report: Report| {
            let against = desk(&report);
            judge(&mut draft, source, report, against)
        };
        let outcomes = said.into_iter().map(|said| said.read.and_then(&mut foreseen));
        outcomes.map(|outcome| outcome.unwrap_or_else(Outcome::of_refusal)).collect()
    }

    /// Reports that are known from before the start.
    pub fn recall_reports(&self, known: impl Iterator<Item = (AgencyId, Report)>) {
        let mut inner = self.0.inner();
        known.for_each(|(agency, report)| inner.reports.recall(&agency, &report));
    }

    /// Warnings that are known from before the start, each with its fingerprint.
    pub fn recall_warnings<'k>(&self, known: impl Iterator<Item = (&'k WarningKey, u64)>) {
        let mut inner = self.0.inner();
        known.for_each(|(key, fingerprint)| inner.reports.warnings.put(key, fingerprint, 0));
    }
}

/// By the rules of its kind.
pub(super) fn judge(
    draft: &mut Draft<'_, '_, '_>,
    source: Source<'_>,
    report: Report,
    desk: Result<(), Why>,
) -> Result<Outcome, Why> {
    match report {
        Report::Hospital(status) => hospitals::admit::hospital(draft, source, status.into()),
        Report::Facility(said) => hospitals::admit::hospital(draft, source, said),
        Report::Cases(said) => cases::admit::cases(draft, source, said),
        Report::Unit(said) => units::admit::unit(draft, source, said, desk),
        Report::Signal(signal) => signals::admit::official(draft, source, signal),
        Report::Earthquake(said) => quakes::admit::earthquake(draft, said),
        Report::Track(said) => tracks::admit::track(draft, said),
        Report::Attachment(said) => sl651::admit::attachment(draft, source, said),
        Report::Warning(warning) => cap::admit::warning(draft, source, *warning),
        Report::Situation(said) => situations::admit::situation(draft, said),
    }
}

/// The append that brought this very report, if it is remembered.
pub(crate) fn known(draft: &mut Draft<'_, '_, '_>, report: &Report) -> Option<Ticket> {
    let content = content_of(draft.agency(), report);
    draft.inner().reports.known(content)
}

/// Whose it is, and what it says. Where the platform put it is not part of that.
pub(crate) fn content_of(agency: &AgencyId, report: &Report) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(agency.as_str().as_bytes());
    let said = match report {
        Report::Situation(said) => {
            let said = Situation { located: Located::default(), ..Situation::clone(said) };
            serde_json::to_vec(&said)
        }
        other => serde_json::to_vec(other),
    };
    // A report is plain data: writing it out cannot fail, and an empty text would only be hashed.
    hasher.write(&said.unwrap_or_default());
    hasher.finish()
}

/// A known report is a duplicate; a new one is drafted.
pub(crate) fn take(
    draft: &mut Draft<'_, '_, '_>,
    t: domain::time::UtcMs,
    report: Report,
) -> Outcome {
    let (content, ticket) = (content_of(draft.agency(), &report), draft.ticket());
    if let Some(first) = draft.inner().reports.known(content) {
        draft.wait_for(first);
        return Outcome::Duplicate;
    }
    if !draft.is_dry() {
        draft.inner().reports.put(content, ticket);
        draft.report(t, report);
    }
    Outcome::Accepted
}
