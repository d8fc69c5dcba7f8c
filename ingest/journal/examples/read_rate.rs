//! How fast the record is opened, read, verified and followed: `read_rate [DIR] [RECORDS]`.

use std::path::Path;
use std::time::Instant;

use domain::ids::{DatastreamIx, Seq};
use domain::observation::{Observation, Quality};
use domain::record::Record;
use domain::refusal::Channel;
use domain::time::UtcMs;
use journal::history::{HistoryStore, Shutdown, follow};
use journal::{Journal, Options, verify_blocks};

const STATIONS: u64 = 2_000;
const AT_ONCE: u64 = 200;

fn observation(i: u64) -> Record {
    let t = UtcMs(1_781_118_300_000 + (i / STATIONS) as i64 * 60_000);
    Record::Observation {
        received: UtcMs(t.0 + 700 + (i % 997) as i64),
        channel: Channel::Mqtt,
        observation: Observation {
            datastream: DatastreamIx((i % STATIONS) as u32),
            t,
            result_time: t,
            value: (i % 977) as f64 * 0.1,
            quality: Quality::default(),
            backlog: false,
        },
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let given = arguments.next();
    let records: u64 = arguments.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let scratch = tempfile::tempdir()?;
    let dir = given.as_deref().map_or(scratch.path(), Path::new);
    let (journal, _) = Journal::open(dir, Options::live())?;
    let appender = journal.appender();
    let mut last = None;
    for first in (0..records).step_by(AT_ONCE as usize) {
        let batch: Vec<Record> = (first..first + AT_ONCE).map(observation).collect();
        let receipt = appender.append(&batch);
        // A window of one: the next batch is made while this one is written.
        if let Some(before) = last.replace(receipt) {
            journal::Receipt::wait(before)?;
        }
    }
    drop(journal);

    let start = Instant::now();
    let (journal, recovery) = Journal::open(dir, Options::live())?;
    let opened = start.elapsed();
    println!("opened and checked {} records in {opened:?}", recovery.durable);

    let start = Instant::now();
    let mut reader = journal.reader()?;
    let mut next = Seq(1);
    loop {
        let records = reader.read_from(next, 8_192)?;
        let Some(last) = records.last() else { break };
        next = Seq(last.seq.0 + 1);
    }
    let rate = (next.0 - 1) as f64 / start.elapsed().as_secs_f64();
    println!("read {rate:.0} records/s");

    let start = Instant::now();
    let report = verify_blocks(dir)?;
    println!("verified {} blocks in {:?}", report.blocks, start.elapsed());
    println!("{:?}", journal.figures());

    let mut history = HistoryStore::open(dir)?;
    let mark = journal.watermark();
    drop(journal);
    let start = Instant::now();
    let followed = follow(&mut reader, &mark, &mut history, &Shutdown::default())?;
    let rate = followed.position.0 as f64 / start.elapsed().as_secs_f64();
    println!("history filled at {rate:.0} records/s");
    Ok(())
}
