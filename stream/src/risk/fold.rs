//! What is believed of each station for each hazard, as decisions tell it: the only state of the
//! map. Which decision stands does not depend on the order in which they came.

use std::collections::BTreeMap;

use domain::decision::{Decision, DecisionKind};
use domain::observation::ObservationId;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

/// The most observation ids that are kept of one assessment: the newest.
pub const BECAUSE_PER_STATION: usize = 2;

/// The clauses by which a rule marks an amendment of what was settled: of a stretch of time that is
/// over, and of finals. What holds now is judged again with the same late datum, and told apart.
const OF_THE_PAST: [&str; 2] = [" until ", ", final"];

/// The assessment that stands for a hazard at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Belief {
    // Field order is the rule by which of two the greater stands: the one about the later instant;
    // of one instant the one decided later, a final over a provisional, and else any fixed order.
    /// The instant it is about.
    pub t: UtcMs,
    /// The journal number of the decision; 0 over a plain file.
    pub seq: u64,
    /// Provisional, final or amended.
    pub kind: DecisionKind,
    /// Level id; `nodata` is none of the others.
    pub level: String,
    /// The newest observations it was made from, newest first, at most [`BECAUSE_PER_STATION`].
    pub because: Vec<String>,
}

impl Belief {
    /// What a decision says of how its place stands; `None` where it says nothing of that: an alert,
    /// a silence, and the amendment of what was settled.
    pub fn of(decision: &Decision) -> Option<Self> {
        let past = || OF_THE_PAST.iter().any(|clause| decision.rule.contains(clause));
        match decision.kind {
            DecisionKind::Assessment | DecisionKind::AssessmentFinal => {}
            DecisionKind::AssessmentAmended if !past() => {}
            _ => return None,
        }
        let t = UtcMs::parse(&decision.t).ok()?;
        Some(Self {
            t,
            seq: decision.seq.map_or(0, |seq| seq.0),
            kind: decision.kind,
            level: decision.level.clone(),
            because: newest(&decision.because),
        })
    }
}

/// The newest ids, newest first; an id that cannot be read counts as the oldest.
fn newest(because: &[String]) -> Vec<String> {
    let instant = |id: &str| id.parse::<ObservationId>().map_or(UtcMs(i64::MIN), |id| id.t);
    let mut ids: Vec<(UtcMs, &String)> = because.iter().map(|id| (instant(id), id)).collect();
    ids.sort_by(|a, b| b.cmp(a));
    ids.into_iter().take(BECAUSE_PER_STATION).map(|(_, id)| id.clone()).collect()
}

/// The standing beliefs, by (place, hazard): what is to be kept to make a map anew without reading
/// the whole log again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beliefs(BTreeMap<(String, String), Belief>);

impl Beliefs {
    /// Takes a decision; whether another belief stands now.
    pub fn take(&mut self, decision: &Decision) -> bool {
        let Some(belief) = Belief::of(decision) else { return false };
        let key = (decision.place.clone(), decision.hazard.clone());
        if self.0.get(&key).is_some_and(|had| *had >= belief) {
            return false;
        }
        self.0.insert(key, belief);
        true
    }

    /// What stands for a hazard at a place.
    pub fn of(&self, place: &str, hazard: &str) -> Option<&Belief> {
        self.0.get(&(place.to_owned(), hazard.to_owned()))
    }

    /// All of them: place, hazard, belief; in order of place.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Belief)> {
        self.0.iter().map(|((place, hazard), belief)| (place.as_str(), hazard.as_str(), belief))
    }
}
