//! Keeping what was decided, while another program may hold the file: what cannot be kept yet waits
//! here, and is told all the same. A restart meanwhile decides it again, under the same ids.

use std::time::Duration;

use domain::decision::Decision;
use domain::ids::Seq;
use journal::DerivedError;
use journal::decisions::{DecisionLine, DecisionStore};
use stream::silences::Silences;

use crate::desk::picture::FEED;

/// How long a file that another program holds is waited for: an alert waits as long.
const PATIENCE: Duration = Duration::from_millis(50);
/// The most lines that wait, about 100 MB; beyond them the platform ends, and decides them again.
pub(super) const WAITING_MAX: usize = 200_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Kept {
    store: DecisionStore,
    waiting: Vec<DecisionLine>,
    told: bool,
}

impl Kept {
    /// Keeps decisions in a store.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn over(store: DecisionStore) -> Result<Self, DerivedError> {
        store.set_patience(PATIENCE)?;
        Ok(Self { store, waiting: Vec::new(), told: false })
    }

    /// Keeps lines, or has them wait where the file is held or the disk is full.
    ///
    /// # Errors
    /// What does not pass by itself; and a file that is held for too long.
    pub(super) fn keep(&mut self, lines: Vec<DecisionLine>, upto: Seq) -> Result<(), DerivedError> {
        self.waiting.extend(lines);
        match self.store.append(&self.waiting, upto) {
            Ok(_) => {
                if std::mem::take(&mut self.told) {
                    tracing::info!(lines = self.waiting.len(), "the decisions are kept again");
                }
                self.waiting.clear();
                Ok(())
            }
            Err(error) if error.may_pass() && self.waiting.len() <= WAITING_MAX => {
                if !std::mem::replace(&mut self.told, true) {
                    tracing::error!(%error, "decisions cannot be kept; they are told all the same");
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether everything that was told is kept.
    pub(super) fn is_whole(&self) -> bool {
        !self.told
    }

    /// The newest alert that a place is silent, kept or waiting, and what of it is silent still.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn newest_silence(
        &self,
        place: &str,
    ) -> Result<(Option<String>, Silences), DerivedError> {
        let begins = format!("{FEED}@{place}@");
        let mut waiting = self.waiting.iter().rev().filter_map(|line| line.alert.as_ref());
        let found = match waiting.find(|alert| alert.starts_with(&begins)) {
            Some(alert) => Some(alert.clone()),
            None => self.store.read().newest_alert(FEED, place)?,
        };
        let mut silences = Silences::default();
        let Some(alert) = found else { return Ok((None, silences)) };
        let kept = self.store.read().of_alert(&alert)?;
        let waiting = self.waiting.iter().filter(|line| line.alert.as_ref() == Some(&alert));
        for line in kept.iter().chain(waiting) {
            // A line that the store gave back is one that was written.
            if let Ok(decision) = serde_json::from_slice::<Decision>(&line.json) {
                silences.take(&decision);
            }
        }
        Ok((Some(alert), silences))
    }
}
