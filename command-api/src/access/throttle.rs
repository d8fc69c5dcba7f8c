//! Sign-in throttling: after a few failures a name and an address wait, longer each time.

use std::collections::BTreeMap;

use domain::time::{MINUTE_MS, SECOND_MS, UtcMs};

/// Failures that cost nothing.
pub const FREE_FAILURES: u32 = 5;
/// The first wait; it doubles with every further failure.
pub const FIRST_WAIT_MS: i64 = SECOND_MS;
/// The longest wait.
pub const LONGEST_WAIT_MS: i64 = 5 * MINUTE_MS;
/// Failures are forgotten after this long without another.
pub const FORGOTTEN_AFTER_MS: i64 = 15 * MINUTE_MS;
/// The most names and addresses that are remembered; the oldest is forgotten first.
pub const REMEMBERED_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: UtcMs,
}

/// Remembers failures by key (`user:…`, `peer:…`).
#[derive(Debug, Default)]
pub struct Throttle {
    failures: BTreeMap<String, Failures>,
}

impl Throttle {
    /// How long this key still has to wait, in milliseconds; nothing where it need not.
    pub fn wait_ms(&self, key: &str, now: UtcMs) -> Option<i64> {
        let had = self.failures.get(key)?;
        let over = had.count.checked_sub(FREE_FAILURES)?;
        let wait = FIRST_WAIT_MS.checked_shl(over.min(20)).unwrap_or(LONGEST_WAIT_MS);
        let left = had.last.0 + wait.min(LONGEST_WAIT_MS) - now.0;
        (left > 0).then_some(left)
    }

    /// A failure.
    pub fn failed(&mut self, key: &str, now: UtcMs) {
        self.failures.retain(|_, f| now.0 - f.last.0 < FORGOTTEN_AFTER_MS);
        let had = self.failures.entry(key.to_owned()).or_insert(Failures { count: 0, last: now });
        had.count = had.count.saturating_add(1);
        had.last = now;
        if self.failures.len() > REMEMBERED_MAX {
            let oldest = self.failures.iter().min_by_key(|(_, f)| f.last).map(|(k, _)| k.clone());
            if let Some(oldest) = oldest {
                self.failures.remove(&oldest);
            }
        }
    }

    /// A success clears its name.
    pub fn succeeded(&mut self, key: &str) {
        self.failures.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_failure_waits_and_each_further_one_longer() {
        let mut throttle = Throttle::default();
        let now = UtcMs(1_000_000);
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.wait_ms("user:wang", now), None);
            throttle.failed("user:wang", now);
        }
        assert_eq!(throttle.wait_ms("user:wang", now), Some(1_000));
        throttle.failed("user:wang", now);
        assert_eq!(throttle.wait_ms("user:wang", now), Some(2_000));
        assert_eq!(throttle.wait_ms("user:wang", now.plus_ms(2_001)), None);
        assert_eq!(throttle.wait_ms("user:li", now), None);
        throttle.succeeded("user:wang");
        assert_eq!(throttle.wait_ms("user:wang", now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..REMEMBERED_MAX as i64 + 10 {
            throttle.failed(&format!("peer:{n}"), UtcMs(n));
        }
        assert!(throttle.failures.len() <= REMEMBERED_MAX);
    }
}
