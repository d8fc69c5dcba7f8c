//! Admission of a message that brings observations and reports together: one append for all of it.

use domain::report::Report;

use super::rate::TooFast;
use super::reports::judge;
use super::submit::Draft;
use super::{Admission, Admitted, Source};
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
        let mut inner = self.0.begin();
        self.0.allow(&mut inner, source.agency, (brought.len().max(1), raw.len()))?;
        let mut draft = Draft::new(&self.0, &mut inner, source);
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
}
