//! What is not taken: refused whole, over a quota, kept or only counted.

use std::time::Instant;

use domain::ids::AgencyId;
use domain::record::Record;
use domain::refusal::{Channel, RAW_KEPT_MAX_BYTES, Reason, Refusal};
use domain::time::UtcMs;

use super::rate::{BYTES_DEFAULT_PER_S, Quota, RATE_DEFAULT_PER_S, TooFast};
use super::submit::Draft;
use super::{Admission, Admitted, Core, Inner, Outcome, Source};
use crate::judge::Why;

impl Admission {
    /// Whether an agency has anything left of its quota: asked before a body is read at all.
    ///
    /// # Errors
    /// [`TooFast`]; [`Admission::refuse_limited`] counts it.
    pub fn has_room(&self, agency: &AgencyId) -> Result<(), TooFast> {
        if self.1.is_some() {
            return Ok(());
        }
        let mut inner = self.0.begin();
        let quota = Core::quota(&inner, agency);
        inner.rates.has_room(agency, quota, Instant::now())
    }

    /// Keeps something refused as a whole: a body that cannot be read, a topic that carries nothing.
    /// It costs its sender as much as if it could be read; of one that is over its quota, the first of
    /// every second is kept and all are counted.
    pub fn refuse(&self, source: Source<'_>, why: Why, raw: &[u8]) -> Admitted {
        if self.2 {
            return Admitted::foreseen(&self.0, vec![Outcome::of_refusal(why)]);
        }
        if self.1.is_some() {
            return self.refused(source, why, raw, true);
        }
        let keep = {
            let mut inner = self.0.begin();
            let (now, quota) = (Instant::now(), Core::quota(&inner, source.agency));
            let over = inner.rates.has_room(source.agency, quota, now).is_err();
            inner.rates.spend(source.agency, quota, (1, raw.len()));
            let what = (source.channel, why.reason);
            !over || inner.rates.keep_limited(source.agency, what, now)
        };
        self.refused(source, why, raw, keep)
    }

    /// Keeps that an agency was over its rate: the first of every second with its bytes, all of
    /// them counted. The answer comes no sooner than [`super::rate::ANSWERS_PER_S`] allows.
    pub fn refuse_limited(&self, source: Source<'_>, why: Why, raw: &[u8]) -> Admitted {
        let (keep, answer) = {
            let (mut inner, now) = (self.0.begin(), Instant::now());
            let what = (source.channel, why.reason);
            let keep = inner.rates.keep_limited(source.agency, what, now);
            (keep, inner.rates.answer_at(source.agency, now))
        };
        self.refused(source, why, raw, keep).not_before(answer)
    }

    fn refused(&self, source: Source<'_>, why: Why, raw: &[u8], keep: bool) -> Admitted {
        let mut inner = self.0.begin();
        let mut draft = Draft::new(&self.0, &mut inner, source).again(self.1.clone());
        if keep {
            draft.conclude(Err(why), raw);
        } else {
            draft.count_only(why);
        }
        draft.submit()
    }
}

impl Core {
    pub(crate) fn allow(
        &self,
        inner: &mut Inner,
        agency: &AgencyId,
        cost: (usize, usize),
    ) -> Result<(), TooFast> {
        let quota = Self::quota(inner, agency);
        inner.rates.take(agency, quota, cost, Instant::now())
    }

    fn quota(inner: &Inner, agency: &AgencyId) -> Quota {
        let rights = inner.judge.register().agency(agency);
        Quota {
            items_per_s: rights.and_then(|r| r.rate_per_s).unwrap_or(RATE_DEFAULT_PER_S),
            bytes_per_s: rights.and_then(|r| r.bytes_per_s).unwrap_or(BYTES_DEFAULT_PER_S),
        }
    }
}

/// What is written of refusals that were counted and not kept: how many of each reason in a second.
/// They have been counted one by one; this line is no further one.
pub(super) fn unkept(
    ((agency, channel), reasons): ((AgencyId, Channel), Vec<(Reason, u64)>),
    received: UtcMs,
) -> Record {
    let count: u64 = reasons.iter().map(|(_, count)| count).sum();
    let each: Vec<String> = reasons.iter().map(|(r, n)| format!("{} {n}", r.wire())).collect();
    let detail = format!("{count} more were refused and not kept: {}", each.join(", "));
    let (reason, source) = (Reason::RateLimited, "*".to_owned());
    let (raw, quarantined) = (Vec::new(), false);
    Record::Refused(Refusal { agency, channel, source, received, reason, detail, raw, quarantined })
}

/// The bytes of a refused item that are kept: cut at their bound, and of a report of cases only
/// what names nobody. Whatever refuses comes through here.
fn kept(place: &str, raw: &[u8]) -> Vec<u8> {
    if crate::cases::is_place(place) {
        return crate::cases::redact::redact(raw);
    }
    raw[..raw.len().min(RAW_KEPT_MAX_BYTES)].to_vec()
}

/// A refusal as it is kept.
pub(crate) fn refusal(source: Source<'_>, received: UtcMs, why: &Why, raw: &[u8]) -> Refusal {
    Refusal {
        agency: source.agency.clone(),
        channel: source.channel,
        source: source.place.to_owned(),
        received,
        reason: why.reason,
        detail: why.detail.clone(),
        raw: kept(source.place, raw),
        quarantined: why.reason == Reason::FutureDated,
    }
}
