//! What the writer's thread lets everybody see.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::ids::Seq;

/// The rate is taken over this long.
pub const RATE_WINDOW: Duration = Duration::from_secs(300);
/// A point of the rate's curve is kept this often.
const RATE_STEP: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Shared {
    failure: Mutex<Option<Arc<str>>>,
    failed: Condvar,
    full: AtomicBool,
    commits: AtomicU64,
    records: AtomicU64,
    observations: AtomicU64,
    curve: Mutex<VecDeque<(Instant, u64)>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Begins with what the journal already holds.
    pub(crate) fn starting(next: Seq, observations: u64) -> Self {
        let shared = Self::default();
        shared.records.store(next.0 - 1, Ordering::Relaxed);
        shared.observations.store(observations, Ordering::Relaxed);
        held(&shared.curve).push_back((Instant::now(), next.0 - 1));
        shared
    }

    /// The first failure stays.
    pub(crate) fn fail(&self, why: &str) {
        held(&self.failure).get_or_insert_with(|| why.into());
        self.failed.notify_all();
    }

    pub(crate) fn failure(&self) -> Option<Arc<str>> {
        held(&self.failure).clone()
    }

    pub(crate) fn wait_failure(&self, timeout: Duration) -> Option<Arc<str>> {
        let guard = held(&self.failure);
        let waited = self.failed.wait_timeout_while(guard, timeout, |f| f.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub(crate) fn committed(&self, next: Seq, observations: u64) {
        let records = next.0 - 1;
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.records.store(records, Ordering::Relaxed);
        self.observations.store(observations, Ordering::Relaxed);
        let mut curve = held(&self.curve);
        let now = Instant::now();
        if curve.back().is_none_or(|(at, _)| now.duration_since(*at) >= RATE_STEP) {
            curve.push_back((now, records));
            while curve.front().is_some_and(|(at, _)| now.duration_since(*at) > RATE_WINDOW) {
                curve.pop_front();
            }
        }
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    pub(crate) fn observations(&self) -> u64 {
        self.observations.load(Ordering::Relaxed)
    }

    /// Records a second over the last [`RATE_WINDOW`], or since the start where that is shorter.
    pub(crate) fn rate_per_s(&self) -> f64 {
        let now = Instant::now();
        let curve = held(&self.curve);
        let oldest = curve.iter().find(|(at, _)| now.duration_since(*at) <= RATE_WINDOW);
        let Some((at, records)) = oldest else { return 0.0 };
        let seconds = now.duration_since(*at).as_secs_f64();
        let gained = self.records().saturating_sub(*records);
        if seconds > 0.0 { gained as f64 / seconds } else { 0.0 }
    }
}
