//! External warnings (CAP) on the picture: which hold, which were superseded or cancelled, which
//! wait for what they refer to.
//!
//! What each message is worth is worked out from the set of messages heard and from now, and from
//! nothing else: in whatever order they came, the picture is the same. An original that comes after
//! its update is known superseded at once.
//!
//! A message acts on another only where both came from one agency and name one sender. What refers
//! to another's message, or to none that was heard, is *held*: shown, and acts on nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ids::AgencyId;
use domain::time::{HOUR_MS, UtcMs};
use domain::warning::{
    CapMessage, ExternalWarning, SignatureState, WarningAct, WarningKey, WarningStatus,
};
use serde::{Deserialize, Serialize};

/// How long a message holds that says of no end, ms: the standard leaves it to each who receives
/// it.
pub const HOLDS_DEFAULT_MS: i64 = 24 * HOUR_MS;
/// How long what a message says is kept after its end, ms.
pub const ENDED_KEPT_MS: i64 = 24 * HOUR_MS;
/// How long an update or cancellation is remembered after the earliest message it refers to was
/// sent, ms: no message holds for longer ([`ingest::cap::EXPIRES_AFTER_MAX_MS`]), so that what comes
/// late, or is replayed, is known superseded as long as it could hold.
pub const REMEMBERED_MS: i64 = ingest::cap::EXPIRES_AFTER_MAX_MS;
/// The most messages on the picture. Beyond it those sent first are forgotten first, what does not
/// hold before what does.
pub const MESSAGES_MAX: usize = 8_192;

/// What a message is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// It holds.
    InForce,
    /// It refers to nothing that was heard from the same sender of the same agency.
    Held,
    /// A later message took its place.
    Superseded,
    /// A later message took it back.
    Cancelled,
    /// Its time is over.
    Expired,
    /// A cancellation, or a word about another message, that has done its work.
    Done,
    /// An exercise, a test, a draft, or a message of the network's own: never on the live picture.
    Apart,
}

impl State {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            State::InForce => "in_force",
            State::Held => "held",
            State::Superseded => "superseded",
            State::Cancelled => "cancelled",
            State::Expired => "expired",
            State::Done => "done",
            State::Apart => "apart",
        }
    }

    /// Whether it belongs on the live picture.
    pub fn is_live(self) -> bool {
        matches!(self, State::InForce | State::Held)
    }
}

/// A message that was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Journal number; its original is there.
    pub seq: u64,
    /// Whose feed brought it.
    pub agency: AgencyId,
    /// When, by the platform's clock.
    pub received: UtcMs,
    /// Its signature.
    pub signature: SignatureState,
    /// See [`ExternalWarning::fingerprint`].
    pub fingerprint: u64,
    /// Until when it holds.
    pub ends: UtcMs,
    /// What it says; without its infos once that is of no more use.
    pub message: Arc<CapMessage>,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Warnings {
    heard: BTreeMap<WarningKey, Heard>,
    /// By the message referred to: the updates and cancellations that refer to it.
    about: BTreeMap<WarningKey, BTreeSet<WarningKey>>,
    /// By journal number.
    by_seq: BTreeMap<u64, WarningKey>,
}

/// Until when a message holds: the latest end of its infos, or the default.
pub fn ends(message: &CapMessage) -> UtcMs {
    let fallback = message.key.sent.plus_ms(HOLDS_DEFAULT_MS);
    let of_infos = message.infos.iter().map(|info| info.expires.unwrap_or(fallback));
    of_infos.max().unwrap_or(fallback)
}

fn acts(message: &CapMessage) -> bool {
    matches!(message.act, WarningAct::Update | WarningAct::Cancel)
        && message.status == WarningStatus::Actual
}

impl Warnings {
    /// Takes a message; the journal numbers of those that may be worth something else now.
    pub fn take(
        &mut self,
        seq: u64,
        agency: &AgencyId,
        received: UtcMs,
        warning: &ExternalWarning,
    ) -> BTreeSet<u64> {
        let message = &warning.message;
        let key = message.key.clone();
        // Admission takes each key once; of two the first of the record stands.
        if self.heard.get(&key).is_some_and(|had| had.seq <= seq) {
            return BTreeSet::new();
        }
        self.remove(&key);
        let heard = Heard {
            seq,
            agency: agency.clone(),
            received,
            signature: warning.signature,
            fingerprint: warning.fingerprint,
            ends: ends(message),
            message: Arc::new(message.clone()),
        };
        if acts(message) {
            for reference in &message.references {
                self.about.entry(reference.clone()).or_default().insert(key.clone());
            }
        }
        self.by_seq.insert(seq, key.clone());
        self.heard.insert(key.clone(), heard);
        let mut touched = self.around(&key);
        touched.insert(seq);
        touched.extend(self.forget_surplus(received));
        touched
    }

    /// Those that refer to a message and those it refers to.
    fn around(&self, key: &WarningKey) -> BTreeSet<u64> {
        let refers = self.about.get(key).into_iter().flatten();
        let referred = self.heard.get(key).map(|h| h.message.references.as_slice());
        let referred = referred.unwrap_or_default().iter();
        refers.chain(referred).filter_map(|k| self.heard.get(k)).map(|h| h.seq).collect()
    }

    /// Time has passed from `before` to `now`: the journal numbers of those whose time is over.
    pub fn pass(&mut self, before: UtcMs, now: UtcMs) -> BTreeSet<u64> {
        let ended = self.heard.values().filter(|h| before < h.ends && h.ends <= now);
        let mut touched: BTreeSet<u64> = ended.map(|h| h.seq).collect();
        let hour = |t: UtcMs| t.0.div_euclid(HOUR_MS);
        if hour(before) != hour(now) {
            touched.extend(self.forget(now));
        }
        touched
    }

    /// Lets go what can be of no effect any more, and the words of what has ended.
    fn forget(&mut self, now: UtcMs) -> BTreeSet<u64> {
        let (mut over, mut worn) = (Vec::new(), Vec::new());
        for (key, heard) in &self.heard {
            if kept_until(heard) <= now {
                over.push(key.clone());
            } else if heard.ends.plus_ms(ENDED_KEPT_MS) <= now && !heard.message.infos.is_empty() {
                worn.push(key.clone());
            }
        }
        for key in worn {
            if let Some(heard) = self.heard.get_mut(&key) {
                Arc::make_mut(&mut heard.message).infos = Vec::new();
            }
        }
        over.iter().filter_map(|key| self.remove(key)).collect()
    }

    fn forget_surplus(&mut self, now: UtcMs) -> BTreeSet<u64> {
        let mut gone = BTreeSet::new();
        while self.heard.len() > MESSAGES_MAX {
            let worth = |h: &Heard| (self.state(h, now).is_live(), h.message.key.sent, h.seq);
            let least = self.heard.values().min_by_key(|h| worth(h));
            let Some(key) = least.map(|h| h.message.key.clone()) else { break };
            gone.extend(self.remove(&key));
        }
        gone
    }

    fn remove(&mut self, key: &WarningKey) -> Option<u64> {
        let heard = self.heard.remove(key)?;
        self.by_seq.remove(&heard.seq);
        for reference in &heard.message.references {
            if let Some(about) = self.about.get_mut(reference) {
                about.remove(key);
                if about.is_empty() {
                    self.about.remove(reference);
                }
            }
        }
        Some(heard.seq)
    }

    /// Every message, by journal number.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Heard> {
        self.by_seq.values().filter_map(|key| self.heard.get(key))
    }

    /// What is known already: a resend of it is a duplicate.
    pub fn known(&self) -> impl Iterator<Item = (&WarningKey, u64)> {
        self.heard.iter().map(|(key, heard)| (key, heard.fingerprint))
    }

    /// The message of a journal number.
    pub fn of(&self, seq: u64) -> Option<&Heard> {
        self.heard.get(self.by_seq.get(&seq)?)
    }

    /// The message of a key.
    pub fn by_key(&self, key: &WarningKey) -> Option<&Heard> {
        self.heard.get(key)
    }

    /// Whether `one` may act on `other`.
    fn may_act(one: &Heard, other: &Heard) -> bool {
        one.agency == other.agency
            && one.message.key.sender == other.message.key.sender
            && one.message.status == other.message.status
    }

    /// The message that took the place of this one, or took it back: a cancellation before an
    /// update, else the latest sent.
    pub fn replaced_by(&self, heard: &Heard) -> Option<&Heard> {
        let about = self.about.get(&heard.message.key).into_iter().flatten();
        let later = about.filter_map(|key| self.heard.get(key));
        later
            .filter(|other| Self::may_act(other, heard))
            .max_by_key(|o| (o.message.act == WarningAct::Cancel, o.message.key.sent, o.seq))
    }

    /// The messages it refers to that it acts on.
    pub fn resolved<'h>(&'h self, heard: &'h Heard) -> impl Iterator<Item = &'h Heard> {
        let known = heard.message.references.iter().filter_map(|key| self.heard.get(key));
        known.filter(|other| Self::may_act(heard, other))
    }

    /// What a message is worth.
    pub fn state(&self, heard: &Heard, now: UtcMs) -> State {
        let message = &heard.message;
        if message.status != WarningStatus::Actual {
            return State::Apart;
        }
        match self.replaced_by(heard).map(|by| by.message.act) {
            Some(WarningAct::Cancel) => return State::Cancelled,
            Some(_) => return State::Superseded,
            None => {}
        }
        let is_held = acts(message) && self.resolved(heard).next().is_none();
        match message.act {
            WarningAct::Ack | WarningAct::Error => State::Done,
            _ if now >= heard.ends => State::Expired,
            _ if is_held => State::Held,
            WarningAct::Cancel => State::Done,
            WarningAct::Alert | WarningAct::Update => State::InForce,
        }
    }
}

/// Until when it is remembered that a message was heard.
fn kept_until(heard: &Heard) -> UtcMs {
    let own = heard.ends.plus_ms(ENDED_KEPT_MS);
    if !acts(&heard.message) {
        return own;
    }
    let latest = heard.message.references.iter().map(|key| key.sent).max();
    own.max(latest.map_or(own, |sent| sent.plus_ms(REMEMBERED_MS)))
}
