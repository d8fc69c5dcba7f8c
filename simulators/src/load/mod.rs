//! LOAD: plain weight, to measure with. Publishers send made-up readings of real datastreams of a
//! city (or of names given), each at its own times, as fast as asked and acknowledged.

mod latencies;
mod processor;

pub use latencies::Latencies;
pub use processor::cpu_seconds;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::feed::{Feed, FeedError, Tally, WireObservation};
use crate::wall;

/// The shortest pause of a paced publisher.
const TICK: Duration = Duration::from_millis(5);

/// What to send.
#[derive(Debug, Clone)]
pub struct Weight {
    /// Observations a second over all publishers; `None`: as fast as acknowledged.
    pub rate: Option<f64>,
    /// For how long.
    pub seconds: f64,
    /// Observations in one message.
    pub batch: usize,
    /// Which datastreams: station and property, taken in turn.
    pub streams: Arc<Vec<(String, String)>>,
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Counts over all publishers.
    pub tally: Tally,
    /// Acknowledged until the last second of sending, before the rest was waited for.
    pub within: u64,
    /// Seconds of sending.
    pub seconds: f64,
    /// Publish to acknowledgement, for messages.
    pub latencies: Latencies,
}

/// Runs one publisher to its end. `number` of `publishers` picks its share of rate and streams.
///
/// # Errors
/// What the feed says.
pub async fn publish(
    feed: &Feed,
    weight: &Weight,
    number: usize,
    publishers: usize,
    total: Arc<AtomicU64>,
) -> Result<(), FeedError> {
    let begun = Instant::now();
    let mut sent = 0u64;
    let batch = weight.batch.max(1);
    let mut items = Vec::with_capacity(batch);
    let share = weight.rate.map(|r| r / publishers.max(1) as f64);
    while begun.elapsed().as_secs_f64() < weight.seconds {
        if let Some(rate) = share {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small, positive
            let due = (begun.elapsed().as_secs_f64() * rate) as u64;
            if sent + batch as u64 > due {
                tokio::time::sleep(TICK).await;
                continue;
            }
        }
        items.clear();
        for _ in 0..batch {
            items.extend(reading(&weight.streams, number, publishers, sent));
            sent += 1;
        }
        feed.send(&items).await?;
        total.fetch_add(batch as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// The `n`-th reading of a publisher: its streams in turn, each time later than the one before, none
/// ahead of now, no two alike.
fn reading(
    streams: &[(String, String)],
    number: usize,
    publishers: usize,
    n: u64,
) -> Option<String> {
    let mine = streams.len().div_ceil(publishers.max(1)).max(1) as u64;
    let at = (number as u64 + (n % mine) * publishers as u64) as usize % streams.len().max(1);
    let (station, property) = streams.get(at)?;
    let t = wall::now().0;
    // The count makes the value, and so the content, its own even within one millisecond.
    let v = (n % 100_000) as f64 / 1000.0;
    WireObservation { station, property, t, v }.json()
}
