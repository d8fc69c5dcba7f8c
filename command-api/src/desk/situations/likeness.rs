//! Which reports look like one thing: near in place, in time and in words. It is proposed, with its
//! figures, and never done.
//!
//! Words are compared by the pairs of neighbouring characters that two texts share (Dice's
//! coefficient over character bigrams, 1945/1948), which needs no word list and suits Chinese, which
//! writes no spaces. The bounds below are the project's own; an officer sees the figures.

use std::collections::BTreeMap;

use domain::situation::{Key, Kind, Precision, Situation, State};
use domain::time::{HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

use super::Situations;
use crate::gazetteer::distance_m;

/// Calls and citizens' reports of one thing come within so long.
const CALLS_WITHIN_MS: i64 = 2 * HOUR_MS;
/// Other reports of one thing, of several agencies.
const OTHERS_WITHIN_MS: i64 = 24 * HOUR_MS;
/// Shared words, of 100, from which two reports of one measured point look alike.
const WORDS_AT_POINT: u32 = 30;
/// The same where the place is known by its name.
const WORDS_AT_NAME: u32 = 45;
/// The same where no more than the district is known, or nothing.
const WORDS_ANYWHERE: u32 = 75;
/// Texts with fewer pairs of characters say too little.
const PAIRS_MIN: u32 = 3;
/// So many characters of a text are compared.
const COMPARED_MAX_CHARS: usize = 300;

/// A report looks like an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likely {
    /// The earlier one.
    pub with: Key,
    /// Shared pairs of characters, of 100.
    pub words: u32,
    /// Metres between them, where both have a point.
    pub metres: Option<u32>,
    /// Minutes between them.
    pub minutes: u32,
}

/// Kinds that may report the same thing are of one group; none for those that never do.
fn group(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Hotline | Kind::Call => Some(0),
        Kind::Outage => Some(1),
        Kind::Closure => Some(2),
        Kind::Food => Some(3),
        Kind::Damage => Some(4),
        Kind::HazardPoint | Kind::Forecast => None,
    }
}

/// Whether reports of these kinds can be about one thing.
pub fn may_be_one(a: Kind, b: Kind) -> bool {
    group(a).is_some() && group(a) == group(b)
}

/// The pairs of neighbouring characters of a text, signs and spaces left out.
fn pairs(text: &str) -> BTreeMap<(char, char), u32> {
    let chars: Vec<char> =
        text.chars().filter(|c| c.is_alphanumeric()).take(COMPARED_MAX_CHARS).collect();
    let mut pairs = BTreeMap::new();
    for pair in chars.windows(2) {
        if let [a, b] = pair {
            *pairs.entry((*a, *b)).or_insert(0) += 1;
        }
    }
    pairs
}

/// How many of 100 pairs of characters two texts share; 0 where one says too little.
pub fn shared_words(a: &str, b: &str) -> u32 {
    let (a, b) = (pairs(a), pairs(b));
    let (in_a, in_b): (u32, u32) = (a.values().sum(), b.values().sum());
    if in_a.min(in_b) < PAIRS_MIN {
        return 0;
    }
    let shared: u32 = a.iter().map(|(pair, n)| b.get(pair).map_or(0, |m| (*n).min(*m))).sum();
    shared * 200 / (in_a + in_b)
}

/// What a report says, in words.
fn words_of(said: &Situation) -> String {
    let title = super::views::title(&said.body);
    format!("{title} {}", said.text)
}

/// How alike two reports are, where they are alike enough.
fn alike(a: &Situation, b: &Situation) -> Option<(u32, Option<u32>, u32)> {
    let kind = a.body.kind();
    let apart_ms = (a.t.0 - b.t.0).abs();
    let within = if group(kind) == Some(0) { CALLS_WITHIN_MS } else { OTHERS_WITHIN_MS };
    if apart_ms > within || a.state == State::Withdrawn || b.state == State::Withdrawn {
        return None;
    }
    let reach = a.located.precision.reach_m().zip(b.located.precision.reach_m());
    let metres = a.located.point.zip(b.located.point).map(|(p, q)| distance_m(p, q));
    let least = match (reach, metres) {
        (Some((r, s)), Some(metres)) if metres > r.max(s) => return None,
        (Some(_), Some(_)) => {
            let measured = |s: &Situation| s.located.precision == Precision::Point;
            if measured(a) && measured(b) { WORDS_AT_POINT } else { WORDS_AT_NAME }
        }
        // One district may hold the other's township; two that are known to differ do not.
        _ => {
            let zones = a.located.zone.as_ref().zip(b.located.zone.as_ref());
            let nested = |x: &str, y: &str| x.starts_with(y) || y.starts_with(x);
            if zones.is_some_and(|(x, y)| !nested(x.as_str(), y.as_str())) {
                return None;
            }
            WORDS_ANYWHERE
        }
    };
    let words = shared_words(&words_of(a), &words_of(b));
    let minutes = u32::try_from(apart_ms / MINUTE_MS).unwrap_or(u32::MAX);
    (words >= least).then_some((words, metres.map(|m| m.round() as u32), minutes))
}

impl Situations {
    /// Whether a pair may be proposed.
    fn may_pair(&self, later: &Key, earlier: &Key) -> bool {
        let handled = self.handled.get(later);
        may_be_one(later.kind, earlier.kind)
            && handled.is_none_or(|h| h.merged_into.is_none() && !h.apart.contains(earlier))
            && self.handled.get(earlier).is_none_or(|h| !h.apart.contains(later))
            && self.head(earlier) != later
    }

    /// How a report looks like an earlier one.
    fn pair(&self, later: &Key, earlier: &Key) -> Option<Likely> {
        let (a, b) = (self.shown(later)?, self.shown(earlier)?);
        if (b.said.t, earlier) >= (a.said.t, later) || !self.may_pair(later, earlier) {
            return None;
        }
        let (words, metres, minutes) = alike(&a.said, &b.said)?;
        Some(Likely { with: earlier.clone(), words, metres, minutes })
    }

    /// Of two likenesses the better: more shared words, then the earlier report.
    fn is_better(&self, one: &Likely, other: &Likely) -> bool {
        let when = |l: &Likely| self.shown(&l.with).map(|v| v.said.t);
        (one.words, when(other), &other.with) > (other.words, when(one), &one.with)
    }

    /// The earlier report that one looks most like.
    fn best(&self, key: &Key) -> Option<Likely> {
        let mut best: Option<Likely> = None;
        for other in self.rows.keys() {
            if let Some(found) = self.pair(key, other)
                && best.as_ref().is_none_or(|had| self.is_better(&found, had))
            {
                best = Some(found);
            }
        }
        best
    }

    fn settle(&mut self, key: &Key) -> bool {
        let best = if self.rows.contains_key(key) { self.best(key) } else { None };
        let had = match best.clone() {
            Some(found) => self.likely.insert(key.clone(), found),
            None => self.likely.remove(key),
        };
        had != best
    }

    /// A report has changed, has come, or has gone: its likeness and those of others with it are
    /// worked out anew. Gives whose has changed.
    pub(super) fn resettle(&mut self, key: &Key) -> Vec<Key> {
        let mut changed = Vec::new();
        if self.settle(key) {
            changed.push(key.clone());
        }
        let leaning = |(k, l): (&Key, &Likely)| (l.with == *key).then(|| k.clone());
        let leaned: Vec<Key> = self.likely.iter().filter_map(leaning).collect();
        for other in leaned {
            if self.settle(&other) {
                changed.push(other);
            }
        }
        let mut better = Vec::new();
        for other in self.rows.keys().filter(|other| *other != key) {
            let Some(found) = self.pair(other, key) else { continue };
            if self.likely.get(other).is_none_or(|had| self.is_better(&found, had)) {
                better.push((other.clone(), found));
            }
        }
        for (other, found) in better {
            self.likely.insert(other.clone(), found);
            changed.push(other);
        }
        changed
    }
}
