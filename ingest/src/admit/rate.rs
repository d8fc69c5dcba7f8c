//! How much an agency may send: a bucket of tokens for each, refilled at its rate. One agency
//! cannot drown another.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::ids::AgencyId;

/// Observations a second of an agency whose registry entry says nothing.
pub const RATE_DEFAULT_PER_S: u32 = 200_000;
/// Seconds of its rate that an agency may send at once after a pause.
pub const BURST_S: f64 = 2.0;
/// A refusal for the rate is kept with its bytes this often for each agency: keeping every one
/// would let the flood through by another door.
pub const KEEP_EVERY: Duration = Duration::from_secs(1);
/// The longest wait that is asked for.
pub const RETRY_MAX: Duration = Duration::from_secs(60);

/// An agency has sent more than its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than the agency's rate; again in {} s", retry_after.as_secs())]
pub struct TooFast {
    /// When it may send again: at least a second.
    pub retry_after: Duration,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    /// When a refusal was last kept.
    kept: Option<Instant>,
}

/// The buckets of all agencies.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    buckets: BTreeMap<AgencyId, Bucket>,
}

impl Rates {
    /// Takes `count` tokens of an agency that gets `per_s`. A batch larger than what is left is
    /// taken whole and paid off afterwards.
    pub(crate) fn take(
        &mut self,
        agency: &AgencyId,
        per_s: u32,
        count: usize,
        now: Instant,
    ) -> Result<(), TooFast> {
        let per_s = f64::from(per_s.max(1));
        if !self.buckets.contains_key(agency) {
            let full = Bucket { tokens: per_s * BURST_S, filled: now, kept: None };
            self.buckets.insert(agency.clone(), full);
        }
        let Some(bucket) = self.buckets.get_mut(agency) else { return Ok(()) };
        let elapsed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * per_s).min(per_s * BURST_S);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            let wait_s = ((1.0 - bucket.tokens) / per_s).ceil().max(1.0);
            let retry_after = Duration::from_secs_f64(wait_s.min(RETRY_MAX.as_secs_f64()));
            return Err(TooFast { retry_after });
        }
        bucket.tokens -= count as f64;
        Ok(())
    }
}

impl Rates {
    /// Whether a refusal for the rate is kept: one a second for each agency.
    pub(crate) fn keep_refusal(&mut self, agency: &AgencyId, now: Instant) -> bool {
        let Some(bucket) = self.buckets.get_mut(agency) else { return true };
        let due = bucket.kept.is_none_or(|kept| now.saturating_duration_since(kept) >= KEEP_EVERY);
        if due {
            bucket.kept = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_the_rate_holds() {
        let (mut rates, agency) = (Rates::default(), AgencyId::new("water").unwrap());
        let other = AgencyId::new("weather").unwrap();
        let start = Instant::now();
        for _ in 0..20 {
            assert!(rates.take(&agency, 10, 1, start).is_ok());
        }
        let refused = rates.take(&agency, 10, 1, start).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(1));
        assert!(rates.take(&other, 10, 1, start).is_ok(), "another agency is not touched");
        let later = start + Duration::from_secs(1);
        assert!(rates.take(&agency, 10, 500, later).is_ok(), "a batch is taken whole");
        assert!(
            rates.take(&agency, 10, 1, later + Duration::from_secs(10)).is_err(),
            "and paid off"
        );
        assert!(rates.take(&agency, 10, 1, later + Duration::from_secs(60)).is_ok());
    }
}
