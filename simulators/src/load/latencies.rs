//! Latencies in buckets that grow by an eighth of an octave: constant memory, 9 % resolution.

use std::time::Duration;

/// Buckets an octave.
const PER_OCTAVE: f64 = 8.0;
/// Buckets in all: 1 µs to over an hour.
const BUCKETS: usize = 8 * 32;

/// A histogram of durations.
#[derive(Debug, Clone)]
pub struct Latencies {
    counts: Box<[u64; BUCKETS]>,
    total: u64,
    longest: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), total: 0, longest: Duration::ZERO }
    }
}

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        let us = took.as_secs_f64() * 1e6;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to the range
        let at = (us.max(1.0).log2() * PER_OCTAVE).clamp(0.0, (BUCKETS - 1) as f64) as usize;
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.total += 1;
        self.longest = self.longest.max(took);
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Latencies) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts.iter()) {
            *mine += theirs;
        }
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }

    /// The upper edge of the bucket in which the `share` quantile (0 to 1) lies, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let rank = (self.total as f64 * share).ceil();
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen as f64 >= rank && seen > 0 {
                return ((at + 1) as f64 / PER_OCTAVE).exp2() / 1e3;
            }
        }
        0.0
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The longest, in milliseconds.
    pub fn longest_ms(&self) -> f64 {
        self.longest.as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_bucket() {
        let mut all = Latencies::default();
        for ms in 1..=100u64 {
            all.add(Duration::from_millis(ms));
        }
        let (median, p99) = (all.quantile_ms(0.5), all.quantile_ms(0.99));
        assert!((50.0..55.0).contains(&median), "{median}");
        assert!((99.0..109.0).contains(&p99), "{p99}");
        assert_eq!(all.count(), 100);
    }
}
