//! What was sent and what was answered, by agency and door: the sender's own account, to be laid
//! beside the platform's.
//!
//! One that was sent and not answered is sent again; it counts once it is answered. Where a door's
//! answer does not say what became of each thing (an acknowledgement of SL 651, a created entity of
//! SensorThings, Cursor-on-Target's silence) the account has what must become of it; for one that
//! was sent again after a break that may be either of *accepted* and *duplicate*, and is counted as
//! [`Entry::either`] too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::load::Latencies;

/// The most surprises that are kept in words.
const SURPRISES_MAX: usize = 40;

/// What must become of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It is new.
    Accepted,
    /// It is known.
    Duplicate,
    /// It is refused for this reason.
    Refused(&'static str),
    /// It is dated ahead, and kept aside.
    Quarantined,
    /// It depends on the moment: the answer says.
    Any,
}

/// What became of one thing, as far as the answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// New.
    Accepted,
    /// Known.
    Duplicate,
    /// Taken: new or known.
    Taken,
    /// Refused, with the reason where it was said.
    Refused(Option<String>),
    /// It was answered, and the answer does not say.
    Untold,
}

/// One agency by one door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Everything that was answered for.
    pub sent: u64,
    /// New.
    pub accepted: u64,
    /// Known.
    pub duplicate: u64,
    /// Refused.
    pub refused: u64,
    /// Kept aside.
    pub quarantined: u64,
    /// Refused and quarantined ones by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Of those accepted or duplicate: the answer could not say which.
    pub either: u64,
    /// Sendings that were not answered, and were made again.
    pub again: u64,
    /// Bad ones by what is wrong with them.
    pub bad: BTreeMap<String, u64>,
}

impl Entry {
    /// Whether the parts are the whole.
    pub fn adds_up(&self) -> bool {
        self.sent == self.accepted + self.duplicate + self.refused + self.quarantined
    }

    fn note(&mut self, fate: &Expect, reason: &str) {
        self.sent += 1;
        match fate {
            Expect::Accepted => self.accepted += 1,
            Expect::Duplicate => self.duplicate += 1,
            Expect::Quarantined => self.quarantined += 1,
            Expect::Refused(_) | Expect::Any => self.refused += 1,
        }
        if matches!(fate, Expect::Refused(_) | Expect::Quarantined | Expect::Any) {
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Entry) {
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
        self.quarantined += other.quarantined;
        self.either += other.either;
        self.again += other.again;
        for (mine, theirs) in [(&mut self.reasons, &other.reasons), (&mut self.bad, &other.bad)] {
            for (word, count) in theirs {
                *mine.entry(word.clone()).or_default() += count;
            }
        }
    }
}

/// Agency → door → account.
pub type Entries = BTreeMap<String, BTreeMap<&'static str, Entry>>;

/// The account.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What each life of the platform answered: it counts anew after a restart.
    pub lives: BTreeMap<u32, Entries>,
    /// Good things that are new, each once, that came to be answered as taken.
    pub distinct: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// Who was turned away at a door without a name: wrong tokens, by door.
    pub turned_away: BTreeMap<&'static str, u64>,
    /// Answers that are not what must be, in words.
    pub surprises: Vec<String>,
    /// From sending to the answer, by door.
    pub lags: BTreeMap<&'static str, Latencies>,
    /// Sendings that are on their way just now: made, and not answered yet.
    pub waiting: u64,
}

/// One sending that was answered.
#[derive(Debug)]
pub struct Answered<'a> {
    /// Whose it is.
    pub agency: &'a str,
    /// By which door.
    pub door: &'static str,
    /// What kind of sending.
    pub kind: &'static str,
    /// What must become of each thing in it.
    pub expect: &'a [Expect],
    /// Whether it was sent before and not answered.
    pub again: bool,
}

impl Ledger {
    /// Notes a sending that was answered in this life of the platform.
    pub fn note(&mut self, life: u32, sending: &Answered<'_>, fates: &[Fate]) {
        let Answered { agency, door, kind, expect, again } = *sending;
        if expect.len() != fates.len() {
            let said = format!("{} things, {} answers", expect.len(), fates.len());
            self.surprise(sending, &said);
        }
        let entries = self.lives.entry(life).or_default();
        let entry = entries.entry(agency.to_owned()).or_default().entry(door).or_default();
        let (mut new, mut odd) = (0, Vec::new());
        for (want, fate) in expect.iter().zip(fates) {
            let refused = Expect::Any;
            let (is, reason) = match fate {
                Fate::Accepted => (Expect::Accepted, ""),
                Fate::Duplicate => (Expect::Duplicate, ""),
                Fate::Taken | Fate::Untold if *want == Expect::Any => (Expect::Accepted, ""),
                Fate::Taken | Fate::Untold => {
                    let open = again && matches!(want, Expect::Accepted | Expect::Duplicate);
                    entry.either += u64::from(open);
                    (*want, reason_of(*want))
                }
                Fate::Refused(Some(said)) if said == "future_dated" => {
                    (Expect::Quarantined, said.as_str())
                }
                Fate::Refused(Some(said)) => (refused, said.as_str()),
                Fate::Refused(None) => match want {
                    Expect::Refused(_) | Expect::Quarantined => (*want, reason_of(*want)),
                    _ => (refused, "untold"),
                },
            };
            entry.note(&is, reason);
            let known_again = again && is == Expect::Duplicate;
            if *want == Expect::Accepted && (is == Expect::Accepted || known_again) {
                new += 1;
            }
            let as_wanted = match want {
                Expect::Any => true,
                Expect::Accepted => is == Expect::Accepted || known_again,
                Expect::Duplicate => is == Expect::Duplicate,
                Expect::Quarantined => is == Expect::Quarantined,
                Expect::Refused(word) => reason == *word,
            };
            if !as_wanted || (matches!(fate, Fate::Taken) && !reason.is_empty()) {
                odd.push(format!("wanted {want:?}, got {fate:?}"));
            }
            if *want == Expect::Any && is == Expect::Accepted {
                new += 1;
            }
        }
        if expect.iter().any(|e| !matches!(e, Expect::Accepted)) {
            *entry.bad.entry(kind.to_owned()).or_default() += 1;
        }
        *self.distinct.entry(agency.to_owned()).or_default().entry(door).or_default() += new;
        odd.iter().for_each(|said| self.surprise(sending, said));
    }

    /// Notes that a sending was not answered.
    pub fn unanswered(&mut self, life: u32, agency: &str, door: &'static str) {
        let entries = self.lives.entry(life).or_default();
        entries.entry(agency.to_owned()).or_default().entry(door).or_default().again += 1;
    }

    fn surprise(&mut self, sending: &Answered<'_>, said: &str) {
        if self.surprises.len() < SURPRISES_MAX {
            let Answered { agency, door, kind, .. } = sending;
            self.surprises.push(format!("{agency} by {door}, {kind}: {said}"));
        }
    }

    /// The accounts of all lives together.
    pub fn whole(&self) -> Entries {
        let mut whole = Entries::new();
        for (agency, doors) in self.lives.values().flatten() {
            for (door, entry) in doors {
                whole.entry(agency.clone()).or_default().entry(door).or_default().add(entry);
            }
        }
        whole
    }
}

fn reason_of(want: Expect) -> &'static str {
    match want {
        Expect::Refused(word) => word,
        Expect::Quarantined => "future_dated",
        Expect::Accepted | Expect::Duplicate | Expect::Any => "",
    }
}
