//! How fast the record takes records: `append_rate [DIR] [SECONDS]`.
//!
//! Prints commits a second when each append waits for its receipt, and single-record appends a
//! second from several threads with a window of receipts outstanding, as the feeds append.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::ids::DatastreamIx;
use domain::observation::{Observation, Quality};
use domain::record::Record;
use domain::refusal::Channel;
use domain::time::UtcMs;
use journal::{Journal, Options};

/// Whatever went wrong, in words.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Receipts that one thread leaves outstanding.
const WINDOW: usize = 2_000;
const THREADS: u64 = 4;

fn observation(i: u64) -> Record {
    let t = UtcMs(1_781_118_300_000 + (i / 2_000) as i64 * 60_000);
    Record::Observation {
        received: UtcMs(t.0 + 700 + (i % 997) as i64),
        channel: Channel::Mqtt,
        observation: Observation {
            datastream: DatastreamIx((i % 2_000) as u32),
            t,
            result_time: t,
            value: (i % 977) as f64 * 0.1,
            quality: Quality::default(),
            backlog: false,
        },
    }
}

fn serial(dir: &Path, seconds: Duration) -> Outcome {
    let (journal, _) = Journal::open(dir.join("serial"), Options::live())?;
    let appender = journal.appender();
    let (start, mut took) = (Instant::now(), Vec::new());
    while start.elapsed() < seconds {
        let before = Instant::now();
        appender.append_one(&observation(took.len() as u64)).wait()?;
        took.push(before.elapsed());
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 1000).min(took.len() - 1)];
    println!(
        "serial: {:.0} commits/s; acknowledged after p50 {:?}, p99 {:?}, p99.9 {:?}, worst {:?}",
        took.len() as f64 / start.elapsed().as_secs_f64(),
        at(500),
        at(990),
        at(999),
        at(1000),
    );
    Ok(())
}

fn together(dir: &Path, seconds: Duration, gather: Duration) -> Outcome {
    let name = format!("together-{}", gather.as_millis());
    let options = Options { gather, ..Options::live() };
    let (journal, _) = Journal::open(dir.join(name), options)?;
    let start = Instant::now();
    let taken: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let appender = journal.appender();
                scope.spawn(move || {
                    let (mut taken, mut window) = (0_u64, VecDeque::new());
                    while start.elapsed() < seconds {
                        window.push_back(appender.append_one(&observation(thread + taken)));
                        if window.len() == WINDOW
                            && let Some(receipt) = window.pop_front()
                        {
                            taken += u64::from(receipt.wait().is_ok());
                        }
                    }
                    taken + window.into_iter().map(|r| u64::from(r.wait().is_ok())).sum::<u64>()
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap_or(0)).sum()
    });
    let elapsed = start.elapsed().as_secs_f64();
    let figures = journal.figures();
    println!(
        "{THREADS} threads, gather {gather:?}: {:.0} appends/s, {:.0} commits/s, {:.1} bytes an observation",
        taken as f64 / elapsed,
        figures.commits as f64 / elapsed,
        figures.bytes_per_observation.unwrap_or(0.0),
    );
    Ok(())
}

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let given = arguments.next();
    let seconds = arguments.next().map_or(Ok(3), |s| s.parse())?;
    let scratch = tempfile::tempdir()?;
    let dir = given.as_deref().map_or(scratch.path(), Path::new);
    let seconds = Duration::from_secs(seconds);
    serial(dir, seconds)?;
    together(dir, seconds, Duration::ZERO)?;
    together(dir, seconds, Duration::from_millis(2))
}
