//! Admission of a letter that is sent again, and the foresight of a dry run: both judge as any
//! sending is judged; the one journals what became of it, the other nothing.

use std::sync::Arc;

use domain::ids::Seq;
use domain::letter::{LetterAct, LetterFact, kept_text};
use domain::record::Record;
use domain::refusal::Reason;
use domain::time::UtcMs;

use super::{Admission, Admitted, Outcome, Source, Ticks, inflight, submit};
use crate::json::batch::Item;
use crate::judge::Why;

/// A letter that is sent again, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The place of its refusal in the journal.
    pub letter: Seq,
    /// Who does it.
    pub by: String,
    /// Whether its bytes were mended.
    pub mended: bool,
}

impl Again {
    /// What became of it, as it is journaled.
    pub(super) fn record(&self, at: UtcMs, outcomes: &[Outcome]) -> Record {
        let (letter, by, what) = (self.letter, self.by.clone(), self.fact(outcomes));
        Record::Letter(LetterAct { letter, at, by, what })
    }

    /// What became of it.
    pub fn fact(&self, outcomes: &[Outcome]) -> LetterFact {
        let count = |is: fn(&Outcome) -> bool| {
            u32::try_from(outcomes.iter().filter(|o| is(o)).count()).unwrap_or(u32::MAX)
        };
        let why = outcomes.iter().find_map(Outcome::why);
        LetterFact::Replayed {
            mended: self.mended,
            accepted: count(|o| *o == Outcome::Accepted),
            duplicate: count(|o| *o == Outcome::Duplicate),
            refused: count(|o| matches!(o, Outcome::Refused(_))),
            quarantined: count(|o| matches!(o, Outcome::Quarantined(_))),
            why: why.map(|why| (why.reason, kept_text(&why.detail))),
        }
    }
}

impl Outcome {
    /// What a refusal is: kept aside for its date, or refused.
    pub(crate) fn of_refusal(why: Why) -> Self {
        match why.reason {
            Reason::FutureDated => Outcome::Quarantined(why),
            _ => Outcome::Refused(why),
        }
    }
}

impl Admission {
    /// Admission of one letter's bytes: the same judgement and the same journal.
    pub fn again(&self, again: Again) -> Self {
        Self(self.0.clone(), Some(Arc::new(again)), false)
    }

    /// The same judgement, and nothing else: whatever is given to this one is told what would become
    /// of it, and is not journaled, counted or remembered.
    pub fn dry(&self) -> Self {
        Self(self.0.clone(), None, true)
    }

    /// Keeps that a letter was laid aside.
    pub(crate) fn dismissed(&self, again: &Again, note: &str) -> Admitted {
        let mut inner = self.0.begin();
        let (letter, by) = (again.letter, again.by.clone());
        let at = match &self.0.ticks {
            Ticks::Live(clock) => clock.now(),
            Ticks::Replay(clock) => inner.now.unwrap_or_else(|| clock.now()),
        };
        let what = LetterFact::Dismissed { note: kept_text(note) };
        let records = [Record::Letter(LetterAct { letter, at, by, what })];
        let now = inner.now;
        submit::append(&self.0, &mut inner, &records, inflight::Touched::default(), None, now)
    }

    /// What would become of these items if they were sent now. Nothing is journaled, counted or
    /// remembered, and no rate is used up.
    pub fn foresee(&self, source: Source<'_>, items: &[Item<'_>]) -> Vec<Outcome> {
        let mut inner = self.0.inner();
        let now = match &self.0.ticks {
            Ticks::Live(clock) => Some(inner.now.unwrap_or_else(|| clock.now())),
            Ticks::Replay(_) => None,
        };
        let mut foreseen = |item: &Item<'_>| match &item.read {
            Err(error) => Err(Why::new(error.reason(), error.to_string())),
            Ok(raw) => inner.judge.foresee(raw, Some(source.agency), now),
        };
        let outcome = |judged: Result<bool, Why>| match judged {
            Ok(true) => Outcome::Duplicate,
            Ok(false) => Outcome::Accepted,
            Err(why) => Outcome::of_refusal(why),
        };
        items.iter().map(|item| outcome(foreseen(item))).collect()
    }
}
