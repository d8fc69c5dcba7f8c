//! How much an agency may send: buckets of tokens for each, refilled at its rate. One agency cannot
//! drown another: not by what it sends well, and not by what it sends badly either.
//!
//! What is over a quota is refused whole, before it is read. Refusals are counted one by one, all of
//! them; their bytes are kept as far as [`REFUSALS_KEPT_PER_S`] and [`REFUSED_BYTES_KEPT_PER_S`] go,
//! and what is beyond is written into the record once a second as a number for each reason. Answers
//! to what is over the quota come no faster than [`ANSWERS_PER_S`]: a sender that waits for them is
//! slowed down by its own flood, and its connections are left unread.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};

/// Observations a second of an agency whose registry entry says nothing.
pub const RATE_DEFAULT_PER_S: u32 = 200_000;
/// Bytes a second of an agency whose registry entry says nothing.
pub const BYTES_DEFAULT_PER_S: u32 = 64 * 1024 * 1024;
/// Seconds of its rate that an agency may send at once after a pause.
pub const BURST_S: f64 = 2.0;
/// A refusal for the rate is kept with its bytes this often for each agency: keeping every one
/// would let the flood through by another door.
pub const KEEP_EVERY: Duration = Duration::from_secs(1);
/// Other refusals of one agency that are kept with their bytes, a second.
pub const REFUSALS_KEPT_PER_S: u32 = 200;
/// The most of them at once after a pause: a whole file of lines that are wrong is kept.
pub const REFUSALS_KEPT_BURST: f64 = 20_000.0;
/// Bytes of refusals of one agency that are kept, a second.
pub const REFUSED_BYTES_KEPT_PER_S: u32 = 256 * 1024;
/// The most of them at once after a pause.
pub const REFUSED_BYTES_KEPT_BURST: f64 = 16.0 * 1024.0 * 1024.0;
/// Answers a second to what one agency sends over its quota.
pub const ANSWERS_PER_S: u32 = 200;
/// The longest that such an answer waits.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(2);
/// The longest wait that is asked for.
pub const RETRY_MAX: Duration = Duration::from_secs(60);

/// An agency has sent more than its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than the agency's rate; again in {} s", retry_after.as_secs())]
pub struct TooFast {
    /// When it may send again: at least a second.
    pub retry_after: Duration,
}

/// Tokens that come back at a rate.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn full(burst: f64, now: Instant) -> Self {
        Self { tokens: burst, filled: now }
    }

    fn refill(&mut self, per_s: f64, burst: f64, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * per_s).min(burst);
        self.filled = now;
    }

    /// Takes tokens that may not be there, down to a burst below none.
    fn owe(&mut self, tokens: f64, per_s: u32) {
        let lowest = -f64::from(per_s.max(1)) * BURST_S;
        self.tokens = (self.tokens - tokens).max(lowest.min(self.tokens));
    }

    /// How long until there is a token; nothing where there is one.
    fn wait(&self, per_s: f64) -> Option<TooFast> {
        (self.tokens < 1.0).then(|| {
            let wait_s = ((1.0 - self.tokens) / per_s).ceil().max(1.0);
            TooFast { retry_after: Duration::from_secs_f64(wait_s.min(RETRY_MAX.as_secs_f64())) }
        })
    }
}

/// What an agency may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    pub(crate) items_per_s: u32,
    pub(crate) bytes_per_s: u32,
}

#[derive(Debug)]
struct Account {
    items: Bucket,
    bytes: Bucket,
    refusals: Bucket,
    refused_bytes: Bucket,
    /// When a refusal for the rate was last kept.
    kept: Option<Instant>,
    /// When the next answer to what is over the quota is due.
    answer: Instant,
    /// Refusals that were counted and not kept, since this was last written.
    unkept: BTreeMap<(Channel, Reason), u64>,
}

/// The buckets of all agencies.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    accounts: BTreeMap<AgencyId, Account>,
}

impl Rates {
    fn account(&mut self, agency: &AgencyId, quota: Quota, now: Instant) -> Option<&mut Account> {
        if !self.accounts.contains_key(agency) {
            let burst = |per_s: u32| Bucket::full(f64::from(per_s.max(1)) * BURST_S, now);
            let fresh = Account {
                items: burst(quota.items_per_s),
                bytes: burst(quota.bytes_per_s),
                refusals: Bucket::full(REFUSALS_KEPT_BURST, now),
                refused_bytes: Bucket::full(REFUSED_BYTES_KEPT_BURST, now),
                kept: None,
                answer: now,
                unkept: BTreeMap::new(),
            };
            self.accounts.insert(agency.clone(), fresh);
        }
        self.accounts.get_mut(agency)
    }

    /// Whether an agency has anything left of its quota.
    pub(crate) fn has_room(
        &mut self,
        agency: &AgencyId,
        quota: Quota,
        now: Instant,
    ) -> Result<(), TooFast> {
        let Some(account) = self.account(agency, quota, now) else { return Ok(()) };
        let both =
            [(&mut account.items, quota.items_per_s), (&mut account.bytes, quota.bytes_per_s)];
        for (bucket, per_s) in both {
            let per_s = f64::from(per_s.max(1));
            bucket.refill(per_s, per_s * BURST_S, now);
            if let Some(too_fast) = bucket.wait(per_s) {
                return Err(too_fast);
            }
        }
        Ok(())
    }

    /// Takes `count` items and their bytes off an agency's quota. What is larger than what is left is
    /// taken whole and paid off afterwards.
    pub(crate) fn take(
        &mut self,
        agency: &AgencyId,
        quota: Quota,
        (count, bytes): (usize, usize),
        now: Instant,
    ) -> Result<(), TooFast> {
        self.has_room(agency, quota, now)?;
        if let Some(account) = self.accounts.get_mut(agency) {
            account.items.tokens -= count as f64;
            account.bytes.tokens -= bytes as f64;
        }
        Ok(())
    }

    /// Takes off a quota what was heard and cannot be read, whatever is left: at most [`BURST_S`] of
    /// the rate are owed for it, so that an agency is heard again soon after it has mended its sender.
    pub(crate) fn spend(
        &mut self,
        agency: &AgencyId,
        quota: Quota,
        (count, bytes): (usize, usize),
    ) {
        if let Some(account) = self.accounts.get_mut(agency) {
            account.items.owe(count as f64, quota.items_per_s);
            account.bytes.owe(bytes as f64, quota.bytes_per_s);
        }
    }

    /// Whether a refusal of an agency that is over its quota is kept: one a second. One that is not is
    /// noted as a number.
    pub(crate) fn keep_limited(
        &mut self,
        agency: &AgencyId,
        what: (Channel, Reason),
        now: Instant,
    ) -> bool {
        let Some(account) = self.accounts.get_mut(agency) else { return true };
        let due = account.kept.is_none_or(|kept| now.saturating_duration_since(kept) >= KEEP_EVERY);
        if due {
            account.kept = Some(now);
        } else {
            *account.unkept.entry(what).or_default() += 1;
        }
        due
    }

    /// Whether another refusal is kept with so many bytes. One that is not is noted as a number.
    pub(crate) fn keep(
        &mut self,
        agency: &AgencyId,
        (channel, reason): (Channel, Reason),
        bytes: usize,
        now: Instant,
    ) -> bool {
        let quota = Quota { items_per_s: RATE_DEFAULT_PER_S, bytes_per_s: BYTES_DEFAULT_PER_S };
        let Some(account) = self.account(agency, quota, now) else { return true };
        account.refusals.refill(f64::from(REFUSALS_KEPT_PER_S), REFUSALS_KEPT_BURST, now);
        let bytes_per_s = f64::from(REFUSED_BYTES_KEPT_PER_S);
        account.refused_bytes.refill(bytes_per_s, REFUSED_BYTES_KEPT_BURST, now);
        if account.refusals.tokens < 1.0 || account.refused_bytes.tokens < bytes as f64 {
            *account.unkept.entry((channel, reason)).or_default() += 1;
            return false;
        }
        account.refusals.tokens -= 1.0;
        account.refused_bytes.tokens -= bytes as f64;
        true
    }

    /// When the answer to something over the quota is to be given.
    pub(crate) fn answer_at(&mut self, agency: &AgencyId, now: Instant) -> Instant {
        let Some(account) = self.accounts.get_mut(agency) else { return now };
        let due = account.answer.max(now).min(now + ANSWER_WAIT_MAX);
        account.answer = due + Duration::from_secs(1) / ANSWERS_PER_S;
        due
    }

    /// Refusals that were counted and not kept, by agency and channel, since this was last asked.
    pub(crate) fn unkept(&mut self) -> BTreeMap<(AgencyId, Channel), Vec<(Reason, u64)>> {
        let mut all: BTreeMap<(AgencyId, Channel), Vec<(Reason, u64)>> = BTreeMap::new();
        for (agency, account) in &mut self.accounts {
            for ((channel, reason), count) in std::mem::take(&mut account.unkept) {
                all.entry((agency.clone(), channel)).or_default().push((reason, count));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(items_per_s: u32) -> Quota {
        Quota { items_per_s, bytes_per_s: BYTES_DEFAULT_PER_S }
    }

    #[test]
    fn a_burst_is_taken_and_then_the_rate_holds() {
        let (mut rates, agency) = (Rates::default(), AgencyId::new("water").unwrap());
        let other = AgencyId::new("weather").unwrap();
        let start = Instant::now();
        for _ in 0..20 {
            assert!(rates.take(&agency, quota(10), (1, 50), start).is_ok());
        }
        let refused = rates.take(&agency, quota(10), (1, 50), start).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(1));
        assert!(rates.take(&other, quota(10), (1, 50), start).is_ok(), "another is not touched");
        let later = start + Duration::from_secs(1);
        assert!(rates.take(&agency, quota(10), (500, 50), later).is_ok(), "a batch is taken whole");
        let then = later + Duration::from_secs(10);
        assert!(rates.take(&agency, quota(10), (1, 50), then).is_err(), "and paid off");
        let then = later + Duration::from_secs(60);
        assert!(rates.take(&agency, quota(10), (1, 50), then).is_ok());
    }

    #[test]
    fn bytes_have_a_rate_of_their_own_and_what_cannot_be_read_costs_too() {
        let (mut rates, agency) = (Rates::default(), AgencyId::new("water").unwrap());
        let (quota, start) = (Quota { items_per_s: 1_000, bytes_per_s: 1_000 }, Instant::now());
        assert!(rates.take(&agency, quota, (1, 1_999), start).is_ok());
        rates.spend(&agency, quota, (1, 500));
        assert!(rates.has_room(&agency, quota, start).is_err());
        assert!(rates.has_room(&agency, quota, start + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn an_agency_that_mended_its_sender_is_heard_again_soon() {
        let (mut rates, agency) = (Rates::default(), AgencyId::new("water").unwrap());
        let start = Instant::now();
        assert!(rates.take(&agency, quota(5), (1, 50), start).is_ok());
        for _ in 0..100_000 {
            rates.spend(&agency, quota(5), (1, 20_000));
        }
        let soon = start + Duration::from_secs(3);
        assert!(rates.has_room(&agency, quota(5), start + Duration::from_secs(2)).is_err());
        assert!(rates.has_room(&agency, quota(5), soon).is_ok());
        // What was taken well is paid off as before.
        assert!(rates.take(&agency, quota(5), (500, 50), soon).is_ok());
        rates.spend(&agency, quota(5), (1, 50));
        assert!(rates.has_room(&agency, quota(5), soon + Duration::from_secs(90)).is_err());
    }

    #[test]
    fn refusals_beyond_what_is_kept_are_numbers() {
        let (mut rates, agency) = (Rates::default(), AgencyId::new("water").unwrap());
        let (start, what) = (Instant::now(), (Channel::Mqtt, Reason::Syntax));
        let kept = (0..30_000).filter(|_| rates.keep(&agency, what, 100, start)).count();
        assert_eq!(kept, 20_000);
        let name = (agency.clone(), Channel::Mqtt);
        assert_eq!(rates.unkept().get(&name), Some(&vec![(Reason::Syntax, 10_000)]));
        assert!(rates.unkept().is_empty(), "told once");
        let later = start + Duration::from_secs(1);
        let kept = (0..30_000).filter(|_| rates.keep(&agency, what, 100, later)).count();
        assert_eq!(kept, 200);
        // Large ones run out of bytes first.
        let (mut rates, large) = (Rates::default(), 64 * 1024);
        let kept = (0..30_000).filter(|_| rates.keep(&agency, what, large, start)).count();
        assert_eq!(kept, 256);
    }

    #[test]
    fn answers_to_a_flood_are_spread_over_time() {
        let (mut rates, agency) = (Rates::default(), AgencyId::new("water").unwrap());
        let start = Instant::now();
        assert!(rates.take(&agency, quota(1), (5, 50), start).is_ok());
        assert_eq!(rates.answer_at(&agency, start), start);
        let second = rates.answer_at(&agency, start);
        assert_eq!(second - start, Duration::from_millis(5));
        let last = (0..10_000).map(|_| rates.answer_at(&agency, start)).max().unwrap();
        assert_eq!(last - start, ANSWER_WAIT_MAX);
    }
}
