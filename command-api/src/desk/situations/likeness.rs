//! Which reports look like one thing: near in place, in time and in words. It is proposed, with its
//! figures, and never done.
//!
//! Words are compared by the pairs of neighbouring characters that two texts share (Dice's
//! coefficient over character bigrams, 1945/1948), which needs no word list and suits Chinese, which
//! writes no spaces. The bounds below are the project's own; an officer sees the figures.

use std::cell::OnceCell;

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
const PAIRS_MIN: usize = 3;
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

/// The pairs of neighbouring characters of a text, signs and spaces left out; sorted, each as often as
/// it stands there.
#[derive(Debug)]
struct Pairs(Vec<(char, char)>);

impl Pairs {
    fn of(text: &str) -> Self {
        let chars: Vec<char> =
            text.chars().filter(|c| c.is_alphanumeric()).take(COMPARED_MAX_CHARS).collect();
        let neighbours = chars.iter().zip(chars.iter().skip(1));
        let mut pairs: Vec<(char, char)> = neighbours.map(|(a, b)| (*a, *b)).collect();
        pairs.sort_unstable();
        Self(pairs)
    }

    /// How many of 100 pairs two texts share; 0 where one says too little.
    fn shared(&self, other: &Self) -> u32 {
        if self.0.len().min(other.0.len()) < PAIRS_MIN {
            return 0;
        }
        let (mut a, mut b) = (self.0.as_slice(), other.0.as_slice());
        let mut shared = 0;
        while let ([one, rest_a @ ..], [two, rest_b @ ..]) = (a, b) {
            let order = one.cmp(two);
            shared += usize::from(order.is_eq());
            if order.is_le() {
                a = rest_a;
            }
            if order.is_ge() {
                b = rest_b;
            }
        }
        u32::try_from(shared * 200 / (self.0.len() + other.0.len())).unwrap_or(0)
    }
}

/// How many of 100 pairs of characters two texts share; 0 where one says too little.
pub fn shared_words(a: &str, b: &str) -> u32 {
    Pairs::of(a).shared(&Pairs::of(b))
}

/// What a report says, in words.
fn words_of(said: &Situation) -> Pairs {
    let title = super::views::title(&said.body);
    Pairs::of(&format!("{title} {}", said.text))
}

/// One report that many others are laid beside: its words are taken apart once.
struct Beside<'a> {
    key: &'a Key,
    said: &'a Situation,
    words: OnceCell<Pairs>,
}

impl<'a> Beside<'a> {
    fn new(key: &'a Key, said: &'a Situation) -> Self {
        Self { key, said, words: OnceCell::new() }
    }

    fn shares(&self, other: &Situation) -> u32 {
        self.words.get_or_init(|| words_of(self.said)).shared(&words_of(other))
    }
}

/// How alike two reports are, where they are alike enough. What costs least is asked first.
fn alike(beside: &Beside, b: &Situation) -> Option<(u32, Option<u32>, u32)> {
    let a = beside.said;
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
    let words = beside.shares(b);
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

    /// How two reports are alike, where they may be proposed as one.
    fn pair(&self, one: &Beside, key: &Key, said: &Situation) -> Option<Likely> {
        let is_later = (said.t, key) < (one.said.t, one.key);
        let (later, earlier) = if is_later { (one.key, key) } else { (key, one.key) };
        let (words, metres, minutes) = alike(one, said)?;
        self.may_pair(later, earlier).then(|| Likely {
            with: earlier.clone(),
            words,
            metres,
            minutes,
        })
    }

    /// The other reports that may be about one thing with this one: those before it, or those after.
    fn others(&self, one: &Beside, before: bool) -> impl Iterator<Item = (&Key, &Situation)> {
        let (own, t) = (one.key.clone(), one.said.t);
        let rows = self.rows.iter().filter(move |(key, _)| may_be_one(key.kind, own.kind));
        let (own, shown) =
            (one.key.clone(), rows.filter_map(|(key, row)| Some((key, row.shown()?))));
        shown
            .map(|(key, version)| (key, &version.said))
            .filter(move |(key, said)| **key != own && (((said.t, *key) < (t, &own)) == before))
    }

    /// Of two likenesses the better: more shared words, then the earlier report.
    fn is_better(&self, one: &Likely, other: &Likely) -> bool {
        let when = |l: &Likely| self.shown(&l.with).map(|v| v.said.t);
        (one.words, when(other), &other.with) > (other.words, when(one), &one.with)
    }

    /// The earlier report that one looks most like.
    fn best(&self, key: &Key) -> Option<Likely> {
        let one = Beside::new(key, &self.shown(key)?.said);
        let mut best: Option<Likely> = None;
        for (other, said) in self.others(&one, true) {
            if let Some(found) = self.pair(&one, other, said)
                && best.as_ref().is_none_or(|had| self.is_better(&found, had))
            {
                best = Some(found);
            }
        }
        best
    }

    fn settle(&mut self, key: &Key) -> bool {
        let best = self.best(key);
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
        if let Some(shown) = self.shown(key) {
            let one = Beside::new(key, &shown.said);
            for (other, said) in self.others(&one, false) {
                let Some(found) = self.pair(&one, other, said) else { continue };
                if self.likely.get(other).is_none_or(|had| self.is_better(&found, had)) {
                    better.push((other.clone(), found));
                }
            }
        }
        for (other, found) in better {
            self.likely.insert(other.clone(), found);
            changed.push(other);
        }
        changed
    }
}
