//! What the situations share: records, journals, directories.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(dead_code, reason = "each test file uses its part")]

use domain::ids::{AgencyId, DatastreamIx, Seq};
use domain::observation::{Observation, Quality};
use domain::record::{Record, Sequenced};
use domain::refusal::{Channel, Reason, Refusal};
use domain::time::UtcMs;
use journal::{Journal, Options, Reader, Recovery};

/// 2026-06-11T03:05:00+08:00.
pub(crate) const START: i64 = 1_781_118_300_000;

/// The `i`-th observation of a made-up feed of 200 stations.
pub(crate) fn observation(i: u64) -> Record {
    let t = UtcMs(START + i as i64 * 50);
    Record::Observation {
        received: UtcMs(t.0 + 700),
        channel: Channel::Mqtt,
        observation: Observation {
            datastream: DatastreamIx((i % 200) as u32),
            t,
            result_time: t,
            value: (i % 977) as f64 * 0.1,
            quality: Quality::default(),
            backlog: false,
        },
    }
}

/// A tick.
pub(crate) fn tick(i: u64) -> Record {
    Record::Tick { now: UtcMs(START + i as i64 * 1000) }
}

/// A refusal with `bytes` of raw content that do not compress.
pub(crate) fn refusal(agency: &str, reason: Reason, bytes: usize) -> Record {
    let mut x = 0x9E37_79B9_7F4A_7C15_u64;
    let raw = std::iter::repeat_with(|| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x as u8
    });
    Record::Refused(Refusal {
        agency: AgencyId::new(agency).unwrap(),
        channel: Channel::Mqtt,
        source: format!("fh/v1/{agency}/obs"),
        received: UtcMs(START),
        reason,
        detail: "in a test".into(),
        raw: raw.take(bytes).collect(),
        quarantined: false,
    })
}

/// A directory in memory where there is one: for situations in which no sync is at stake, on a
/// disk that others keep busy.
pub(crate) fn quick_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn open(dir: &std::path::Path) -> (Journal, Recovery) {
    Journal::open(dir, Options::live()).unwrap()
}

/// Reads everything there is.
pub(crate) fn everything(dir: &std::path::Path) -> Vec<Sequenced> {
    let mut reader = Reader::open(dir).unwrap();
    let mut all: Vec<Sequenced> = Vec::new();
    loop {
        let next = Seq(all.len() as u64 + 1);
        let more = reader.read_from(next, 1_000).unwrap();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// That the records are `expected`, numbered from 1.
pub(crate) fn assert_is(found: &[Sequenced], expected: &[Record]) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.seq, Seq(i as u64 + 1));
        assert_eq!(&found.record, expected, "record {}", i + 1);
    }
}
