//! Admission of a message that brings observations and reports together: one append for all of it.

use domain::report::Report;

use super::rate::TooFast;
use super::reports::judge;
use super::submit::Draft;
use super::{Admission, Admitted, Outcome, Source, Ticks};
use crate::json::decode::RawObservation;
use crate::judge::Why;

/// One thing that a message brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Brought<'a> {
    /// An observation.
    Observation(RawObservation<'a>),
    /// A report.
    Report(Report),
    /// Something that could not be read.
    Unreadable(Why),
}

impl Admission {
    /// Takes all that one message brings; `raw` is the message as it was sent, which every refusal
    /// keeps.
    ///
    /// # Errors
    /// [`TooFast`]: nothing was taken.
    pub fn message(
        &self,
        source: Source<'_>,
        brought: &[Brought<'_>],
        raw: &[u8],
    ) -> Result<Admitted, TooFast> {
        if self.2 {
            return Ok(Admitted::foreseen(&self.0, self.foresee_message(source, brought)));
        }
        let mut inner = self.0.begin();
        self.0.allow(&mut inner, source.agency, (brought.len().max(1), raw.len()))?;
        let mut draft = Draft::new(&self.0, &mut inner, source).again(self.1.clone());
        for one in brought {
            let outcome = match one {
                Brought::Observation(raw) => draft.observation(raw),
                Brought::Report(report) => judge(&mut draft, source, report.clone(), Ok(())),
                Brought::Unreadable(why) => Err(why.clone()),
            };
            draft.conclude(outcome, raw);
        }
        Ok(draft.submit())
    }

    /// Whether this admission tells what would become of things, and takes none.
    pub(crate) fn is_dry(&self) -> bool {
        self.2
    }

    /// What would become of all that one message brings, if it were sent now.
    fn foresee_message(&self, source: Source<'_>, brought: &[Brought<'_>]) -> Vec<Outcome> {
        let mut inner = self.0.inner();
        let now = match &self.0.ticks {
            Ticks::Live(clock) => Some(inner.now.unwrap_or_else(|| clock.now())),
            Ticks::Replay(_) => None,
        };
        let mut foreseen = |one: &Brought<'_>| match one {
            Brought::Observation(raw) => {
                let judged = inner.judge.foresee(raw, Some(source.agency), now)?;
                Ok(if judged { Outcome::Duplicate } else { Outcome::Accepted })
            }
            Brought::Report(report) => {
                let mut draft = Draft::new(&self.0, &mut inner, source).dry();
                judge(&mut draft, source, report.clone(), Ok(()))
            }
            Brought::Unreadable(why) => Err(why.clone()),
        };
        let outcomes = brought.iter().map(&mut foreseen);
        outcomes.map(|outcome| outcome.unwrap_or_else(Outcome::of_refusal)).collect()
    }
}
