//! Reports and what is done about them come onto the picture. See [`crate::desk::evolve`].

use std::collections::BTreeSet;

use domain::desk::DeskFact;
use domain::ids::{AgencyId, Seq};
use domain::situation::{Key, Kind, Situation};
use domain::time::UtcMs;

use super::{
    Done, HANDLED_KEPT, Handled, KEPT_PER_KIND, OPEN_KEPT_MS, OVER_KEPT_MS, STEPS_KEPT, Situations,
    Stage, Step, VERSIONS_KEPT, Version,
};

/// What has changed: the keys of rows that are shown anew or have gone.
pub type Changed = BTreeSet<Key>;

impl Situations {
    /// A report came in.
    pub fn reported(
        &mut self,
        seq: Seq,
        received: UtcMs,
        agency: &AgencyId,
        said: &Situation,
    ) -> Changed {
        let key = said.key(agency);
        let row = self.rows.entry(key.clone()).or_default();
        if row.versions.values().any(|version| version.said.says_the_same(said)) {
            return Changed::new();
        }
        let shown = row.versions.keys().next_back().copied();
        row.sent = row.sent.saturating_add(1);
        row.versions.insert((said.t, seq.0), Version { received, said: said.clone() });
        while row.versions.len() > VERSIONS_KEPT {
            row.versions.pop_first();
        }
        let is_shown = row.versions.keys().next_back().copied() != shown;
        let mut changed = Changed::from([key.clone()]);
        if is_shown {
            changed.extend(self.resettle(&key));
            changed.extend(self.within_bounds(key.kind));
        }
        changed
    }

    /// Below [`KEPT_PER_KIND`]: those that are over leave first, then the oldest.
    fn within_bounds(&mut self, kind: Kind) -> Changed {
        let surplus = self.of_kind(kind).count().saturating_sub(KEPT_PER_KIND);
        if surplus == 0 {
            return Changed::new();
        }
        let mut standing: Vec<(bool, UtcMs, &Key)> = self
            .of_kind(kind)
            .filter_map(|(key, row)| Some((!self.is_over(key), row.shown()?.said.t, key)))
            .collect();
        // Mostly there is one too many.
        if surplus < standing.len() {
            standing.select_nth_unstable(surplus);
        }
        let leaving = standing.into_iter().take(surplus);
        let leaving = leaving.map(|(_, _, key)| key.clone()).collect();
        self.forget(leaving)
    }

    fn forget(&mut self, keys: Vec<Key>) -> Changed {
        let mut changed = Changed::new();
        for key in keys {
            self.rows.remove(&key);
            changed.extend(self.resettle(&key));
            changed.insert(key);
        }
        changed
    }

    /// Time has passed: what is over long enough leaves.
    pub fn ticked(&mut self, now: UtcMs) -> Changed {
        let worn = |key: &Key, row: &super::Row| {
            let Some(shown) = row.shown() else { return true };
            let kept = if self.is_over(key) {
                OVER_KEPT_MS
            } else if key.kind == Kind::HazardPoint {
                return false;
            } else {
                OPEN_KEPT_MS
            };
            let newest = shown.received.max(shown.said.t);
            let done = self.handled.get(key).map_or(newest, |h| h.newest.max(newest));
            done.plus_ms(kept) < now
        };
        let gone: Vec<Key> =
            self.rows.iter().filter(|(k, r)| worn(k, r)).map(|(k, _)| k.clone()).collect();
        self.forget(gone)
    }

    /// Something was done about a report.
    pub fn done(&mut self, at: UtcMs, by: &str, fact: &DeskFact) -> Changed {
        let step = |what: Done, text: &str| Step { at, by: by.to_owned(), what, text: text.into() };
        let mut changed = Changed::new();
        match fact {
            DeskFact::SituationVerified { situation, verdict, reason } => {
                let row = self.handle(situation, step(Done::Verified(*verdict), reason));
                row.verdict = Some(*verdict);
                changed.insert(situation.clone());
            }
            DeskFact::SituationAssigned { situation, department, text, due } => {
                let row =
                    self.handle(situation, step(Done::Assigned(department.clone(), *due), text));
                row.stage = Stage::Assigned;
                row.assigned = Some((department.clone(), *due));
                changed.insert(situation.clone());
            }
            DeskFact::SituationConcluded { situation, text } => {
                self.handle(situation, step(Done::Concluded, text)).stage = Stage::Concluded;
                changed.insert(situation.clone());
            }
            DeskFact::SituationFedBack { situation, text } => {
                self.handle(situation, step(Done::FedBack, text)).stage = Stage::FedBack;
                changed.insert(situation.clone());
            }
            DeskFact::SituationsMerged { situation, into, reason } => {
                let reason = reason.as_deref().unwrap_or_default();
                let members: Vec<Key> = self.members(situation).cloned().collect();
                for key in std::iter::once(situation).chain(&members) {
                    self.handle(key, step(Done::Merged(into.clone()), reason)).merged_into =
                        Some(into.clone());
                }
                self.handle(into, step(Done::Took(situation.clone()), reason));
                changed.extend(members);
                changed.extend([situation.clone(), into.clone()]);
            }
            DeskFact::SituationSplit { situation, from, reason } => {
                self.handle(situation, step(Done::Split(from.clone()), reason)).merged_into = None;
                changed.extend([situation.clone(), from.clone()]);
            }
            DeskFact::SituationsKeptApart { situation, from, reason } => {
                for (one, other) in [(situation, from), (from, situation)] {
                    let row = self.handle(one, step(Done::KeptApart(other.clone()), reason));
                    row.apart.insert(other.clone());
                }
                changed.extend([situation.clone(), from.clone()]);
            }
            _ => return changed,
        }
        for key in changed.clone() {
            changed.extend(self.resettle(&key));
        }
        self.forget_oldest();
        changed
    }

    fn handle(&mut self, key: &Key, step: Step) -> &mut Handled {
        let row = self.handled.entry(key.clone()).or_default();
        row.newest = row.newest.max(step.at);
        row.steps.push(step);
        if row.steps.len() > STEPS_KEPT {
            row.steps.remove(0);
        }
        row
    }

    /// What was done is forgotten where there is too much of it, oldest first, and never of a report
    /// that is on the picture.
    fn forget_oldest(&mut self) {
        if self.handled.len() <= HANDLED_KEPT {
            return;
        }
        let gone = self.handled.iter().filter(|(key, _)| !self.rows.contains_key(*key));
        if let Some(key) = gone.min_by_key(|(_, h)| h.newest).map(|(key, _)| key.clone()) {
            self.handled.remove(&key);
        }
    }
}
