//! The desk of letters: refused items found on the shelf, sent again or laid aside, one at a time.
//! What was done is in the record; what the shelf does not have of it yet is remembered here, so
//! that a second click finds the first.

use std::collections::BTreeMap;

use domain::ids::Seq;
use domain::letter::{LetterAct, LetterFact, LetterState, kept_text};
use domain::time::UtcMs;
use ingest::admit::Outcome;
use ingest::admit::again::Again;
use ingest::letters::{Letters, NotReplayed};
use journal::history::{KeptAct, KeptRefusal, RefusalFilter};
use tokio::sync::{Mutex, MutexGuard};

use crate::shelf::{Shelf, ShelfError};

/// Acts that are remembered beside the shelf's.
pub const ACTS_REMEMBERED: usize = 4_096;
/// The most letters of one call.
pub const REPLAYED_AT_ONCE: usize = 100;
/// What remains of a filter is counted up to this.
pub const REMAINING_COUNTED: usize = 100_000;

/// Why a letter was not dealt with.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// There is none at this place, or it is another agency's.
    #[error("there is no refusal {0}")]
    Unknown(u64),
    /// It is another agency's.
    #[error("this refusal is another agency's")]
    Foreign,
    /// It was not sent again.
    #[error(transparent)]
    NotReplayed(#[from] NotReplayed),
    /// The shelf has no answer.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

/// What was done about a letter.
#[derive(Debug, Clone)]
pub struct Dealt {
    /// The letter.
    pub seq: Seq,
    /// What was done.
    pub act: LetterAct,
    /// Whether it had been done before, and nothing was done now.
    pub already: bool,
}

/// Who deals with letters.
#[derive(Debug, Clone)]
pub struct Clerk {
    /// The name that stands in the record.
    pub name: String,
    /// Whose letters alone; nobody's alone: everybody's.
    pub only: Option<String>,
}

type Recent = BTreeMap<Seq, LetterAct>;

/// See the module.
#[derive(Debug, Default)]
pub struct LetterDesk {
    recent: Mutex<Recent>,
}

impl LetterDesk {
    /// Puts what the shelf does not have yet beside what it has.
    pub async fn overlay(&self, kept: &mut [KeptRefusal]) {
        let recent = self.recent.lock().await;
        for letter in kept {
            lay_over(&recent, letter);
        }
    }

    /// Sends a letter again, with other bytes where `body` has some. One that has been replayed
    /// already is left as it is.
    ///
    /// # Errors
    /// [`LetterError`]: nothing happened.
    pub async fn replay(
        &self,
        shelf: &Shelf,
        letters: &Letters,
        clerk: &Clerk,
        seq: Seq,
        body: Option<Vec<u8>>,
        now: UtcMs,
    ) -> Result<Dealt, LetterError> {
        let mut recent = self.recent.lock().await;
        let kept = find(shelf, &recent, clerk, seq).await?;
        if let (LetterState::Replayed, Some(last)) = (kept.state(), kept.last) {
            return Ok(Dealt { seq, act: last.act, already: true });
        }
        let mended = body.as_ref().is_some_and(|body| *body != kept.refusal.raw);
        let again = Again { letter: seq, by: clerk.name.clone(), mended };
        let outcomes = letters.replay(&kept.refusal, again.clone(), body.as_deref()).await?;
        let act = act_of(&again, &outcomes, now);
        remember(&mut recent, act.clone());
        Ok(Dealt { seq, act, already: false })
    }

    /// What would become of a letter if it were sent again so; nothing is done. One that has been
    /// replayed already says what became of it.
    ///
    /// # Errors
    /// [`LetterError`]: it would not be sent.
    pub async fn foresee(
        &self,
        shelf: &Shelf,
        letters: &Letters,
        clerk: &Clerk,
        seq: Seq,
        body: Option<Vec<u8>>,
        now: UtcMs,
    ) -> Result<(LetterState, Dealt), LetterError> {
        let recent = self.recent.lock().await;
        let kept = find(shelf, &recent, clerk, seq).await?;
        drop(recent);
        let state = kept.state();
        if let (LetterState::Replayed, Some(last)) = (state, kept.last) {
            return Ok((state, Dealt { seq, act: last.act, already: true }));
        }
        let mended = body.as_ref().is_some_and(|body| *body != kept.refusal.raw);
        let outcomes = letters.foresee(&kept.refusal, body.as_deref()).await?;
        let act = act_of(&Again { letter: seq, by: clerk.name.clone(), mended }, &outcomes, now);
        Ok((state, Dealt { seq, act, already: false }))
    }

    /// Lays a letter aside. One that has been replayed or laid aside already is left as it is.
    ///
    /// # Errors
    /// [`LetterError`]: nothing happened.
    pub async fn dismiss(
        &self,
        shelf: &Shelf,
        letters: &Letters,
        clerk: &Clerk,
        seq: Seq,
        note: &str,
        now: UtcMs,
    ) -> Result<Dealt, LetterError> {
        let mut recent = self.recent.lock().await;
        let kept = find(shelf, &recent, clerk, seq).await?;
        if let (LetterState::Replayed | LetterState::Dismissed, Some(last)) =
            (kept.state(), kept.last)
        {
            return Ok(Dealt { seq, act: last.act, already: true });
        }
        let (by, mended) = (clerk.name.clone(), false);
        letters.dismiss(&Again { letter: seq, by: by.clone(), mended }, note).await?;
        let what = LetterFact::Dismissed { note: kept_text(note) };
        let act = LetterAct { letter: seq, at: now, by, what };
        remember(&mut recent, act.clone());
        Ok(Dealt { seq, act, already: false })
    }

    /// The places of the open letters of a filter, oldest first, at most `limit`, and how many lie
    /// beyond them.
    ///
    /// # Errors
    /// [`LetterError::Shelf`].
    pub async fn open(
        &self,
        shelf: &Shelf,
        filter: RefusalFilter,
        limit: usize,
    ) -> Result<Vec<Seq>, LetterError> {
        let filter = RefusalFilter { state: Some(LetterState::Open), ..filter };
        let most = limit + ACTS_REMEMBERED;
        let mut places =
            shelf.ask(move |hand| Ok(hand.history()?.refusal_places(&filter, most)?)).await?;
        let recent = self.recent.lock().await;
        let done =
            |seq: &Seq| recent.get(seq).is_some_and(|act| act.what.state() != LetterState::Open);
        places.retain(|seq| !done(seq));
        places.truncate(limit);
        Ok(places)
    }

    /// How many open letters of a filter lie beyond `after`.
    ///
    /// # Errors
    /// [`LetterError::Shelf`].
    pub async fn remaining(
        &self,
        shelf: &Shelf,
        filter: RefusalFilter,
        after: Seq,
    ) -> Result<u64, LetterError> {
        let state = Some(LetterState::Open);
        let filter = RefusalFilter { state, after: Some(after), ..filter };
        let count =
            shelf.ask(move |hand| Ok(hand.history()?.refusal_count(&filter, REMAINING_COUNTED)?));
        Ok(count.await?)
    }
}

/// A letter as it stands.
async fn find(
    shelf: &Shelf,
    recent: &MutexGuard<'_, Recent>,
    clerk: &Clerk,
    seq: Seq,
) -> Result<KeptRefusal, LetterError> {
    let filter = RefusalFilter {
        before: seq.0.checked_add(1).map(Seq),
        after: seq.0.checked_sub(1).map(Seq),
        ..RefusalFilter::default()
    };
    let found = shelf.ask(move |hand| Ok(hand.history()?.refusals(&filter, 1)?)).await?;
    let mut kept = found.into_iter().next().ok_or(LetterError::Unknown(seq.0))?;
    if clerk.only.as_ref().is_some_and(|only| only != kept.refusal.agency.as_str()) {
        return Err(LetterError::Foreign);
    }
    lay_over(recent, &mut kept);
    Ok(kept)
}

fn lay_over(recent: &Recent, letter: &mut KeptRefusal) {
    let Some(act) = recent.get(&letter.seq) else { return };
    // The shelf has the later one once it has caught up; they are in one order.
    let is_newer = letter.last.as_ref().is_none_or(|last| last.act.at <= act.at);
    if is_newer {
        let seq = letter.last.as_ref().map_or(Seq(0), |last| last.seq);
        letter.last = Some(KeptAct { seq, act: act.clone() });
    }
}

fn remember(recent: &mut Recent, act: LetterAct) {
    recent.insert(act.letter, act);
    while recent.len() > ACTS_REMEMBERED {
        let oldest = recent.values().min_by_key(|act| act.at).map(|act| act.letter);
        if let Some(letter) = oldest {
            recent.remove(&letter);
        }
    }
}

fn act_of(again: &Again, outcomes: &[Outcome], at: UtcMs) -> LetterAct {
    LetterAct { letter: again.letter, at, by: again.by.clone(), what: again.fact(outcomes) }
}
