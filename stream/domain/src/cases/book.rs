//! The counts as they stand, with what they were before they were corrected. A pure fold: the order
//! in which reports arrive leaves no trace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AgeBand, CaseCount, Day, Sex};
use crate::ids::AgencyId;
use crate::time::UtcMs;

/// How many days back from the newest are kept in memory; what is older is in the record.
pub const SPAN_DAYS: i32 = 60;
/// The most keys in memory; the oldest days leave first.
pub const KEYS_MAX: usize = 50_000;
/// The most revisions of one key: the first of them, and the latest.
pub const REVISIONS_MAX: usize = 16;

/// What a count is of. A later report of the same replaces it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The day.
    pub day: Day,
    /// The place.
    pub place: String,
    /// The code.
    pub syndrome: String,
    /// The age.
    pub age: AgeBand,
    /// The sex.
    pub sex: Option<Sex>,
    /// Whose count.
    pub agency: Option<AgencyId>,
}

impl Key {
    /// The key of a count.
    pub fn of(said: &CaseCount) -> Self {
        Self {
            day: said.day,
            place: said.place.clone(),
            syndrome: said.syndrome.clone(),
            age: said.age,
            sex: said.sex,
            agency: said.agency.clone(),
        }
    }
}

/// One report of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision<T> {
    /// When it was reported.
    pub reported: UtcMs,
    /// How many.
    pub count: u32,
    /// Of them dead.
    pub deaths: Option<u32>,
    /// What the keeper of the book has to say of it.
    pub tag: T,
}

/// What is known of a key: its reports by the time they were reported. The last one stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<T> {
    /// Oldest first; never empty.
    pub revisions: Vec<Revision<T>>,
}

impl<T> Entry<T> {
    /// The one that stands.
    pub fn standing(&self) -> Option<&Revision<T>> {
        self.revisions.last()
    }
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken<T> {
    /// The first of its key, or a correction, or what stood before one.
    New,
    /// It says what was said at the same instant.
    Known(T),
    /// It says something else than was said at the same instant.
    Contradicts(u32),
    /// Of a day, or of a time, that is no longer in memory.
    TooOld,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book<T> {
    entries: BTreeMap<Key, Entry<T>>,
    newest: Option<Day>,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), newest: None }
    }
}

impl<T: Clone> Book<T> {
    /// What would become of a report.
    pub fn judge(&self, said: &CaseCount) -> Taken<T> {
        let is_old = self.newest.is_some_and(|newest| said.day.0 < newest.0 - SPAN_DAYS);
        let Some(entry) = self.entries.get(&Key::of(said)) else {
            return if is_old { Taken::TooOld } else { Taken::New };
        };
        match entry.revisions.iter().find(|r| r.reported == said.reported) {
            Some(same) if (same.count, same.deaths) == (said.count, said.deaths) => {
                Taken::Known(same.tag.clone())
            }
            Some(other) => Taken::Contradicts(other.count),
            None => Taken::New,
        }
    }

    /// Takes a report.
    pub fn take(&mut self, said: &CaseCount, tag: T) -> Taken<T> {
        let taken = self.judge(said);
        if !matches!(taken, Taken::New) {
            return taken;
        }
        let CaseCount { reported, count, deaths, .. } = *said;
        let entry = self.entries.entry(Key::of(said));
        let revisions = &mut entry.or_insert_with(|| Entry { revisions: Vec::new() }).revisions;
        let at = revisions.partition_point(|r| r.reported < reported);
        revisions.insert(at, Revision { reported, count, deaths, tag });
        if revisions.len() > REVISIONS_MAX {
            revisions.remove(1);
        }
        self.newest = self.newest.max(Some(said.day));
        self.trim();
        taken
    }

    fn trim(&mut self) {
        let Some(newest) = self.newest else { return };
        let is_old = |day: Day| day.0 < newest.0 - SPAN_DAYS;
        while let Some((oldest, _)) = self.entries.first_key_value() {
            let day = oldest.day;
            if !is_old(day) && self.entries.len() <= KEYS_MAX {
                break;
            }
            if is_old(day) || day == newest {
                self.entries.pop_first();
            } else {
                // A day goes as a whole: half of one would be shown as a quiet day.
                self.entries.retain(|key, _| key.day != day);
            }
        }
    }

    /// Forgets what carries a tag.
    pub fn forget(&mut self, is_it: impl Fn(&T) -> bool) {
        self.entries.retain(|_, entry| {
            entry.revisions.retain(|r| !is_it(&r.tag));
            !entry.revisions.is_empty()
        });
    }

    /// Everything in it, by day, place, syndrome, age, sex and agency.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (&Key, &Entry<T>)> {
        self.entries.iter()
    }

    /// The reports in it, as they came.
    pub fn reports(&self) -> impl Iterator<Item = CaseCount> {
        self.entries.iter().flat_map(|(key, entry)| {
            entry.revisions.iter().map(|r| CaseCount {
                agency: key.agency.clone(),
                day: key.day,
                place: key.place.clone(),
                syndrome: key.syndrome.clone(),
                age: key.age,
                sex: key.sex,
                count: r.count,
                deaths: r.deaths,
                reported: r.reported,
            })
        })
    }
}
