//! The room under a storm: who acts is not behind what comes in, and the disk is not asked for more
//! than it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::decision::{AlertId, Decision, DecisionKind};
use domain::desk::{Command, Role};
use domain::ids::Seq;
use domain::record::Record;
use domain::time::{Clock, HOUR_MS, UtcMs};
use journal::{Journal, Options};

use super::ledger::{Ledger, WRITTEN_AFTER_READING, WRITTEN_EVERY, WRITTEN_EVERY_ROWS};
use super::seat::{DELIVERY, HATCH};
use super::tests::city;
use super::{Asked, Happening, Picture, Room, evolve};
use crate::board::Board;
use crate::live::{Live, Pace};
use crate::outlets::NoUnits;

const T0: UtcMs = UtcMs(1_781_118_300_000);
/// Far more than a command takes on a busy machine.
const SOON: Duration = Duration::from_secs(20);

struct Still;
impl Clock for Still {
    fn now(&self) -> UtcMs {
        T0
    }
}

fn decision(seq: u64, kind: DecisionKind, alert: Option<AlertId>) -> Decision {
    Decision {
        seq: Some(Seq(seq)),
        t: T0.plus_ms(seq as i64 * 1_000).rfc3339(28_800),
        kind,
        hazard: "rainfall".into(),
        place: "A".into(),
        level: "yellow".into(),
        was: "none".into(),
        value: Some(60.0),
        because: vec![format!("A:rainfall:{}:00000000", T0.0)],
        rule: "rainfall 3600s >= 50".into(),
        alert,
        trust: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_does_not_wait_behind_a_storm_of_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path(), Options::live()).unwrap();
    let live = Arc::new(Live::new(
        Board::new(Arc::new(city())),
        "e".into(),
        Pace { word: "live", speed: 1.0 },
    ));
    let (seat, openings) = Room::door();
    let id = AlertId { hazard: "rainfall".into(), place: "A".into(), raised: T0 };
    live.change(|board| {
        let raised = decision(1, DecisionKind::AlertRaised, Some(id.clone()));
        (Vec::new(), evolve(&mut board.picture, Happening::Decided(&raised)))
    });
    let room = Room::new(
        Arc::clone(&live),
        journal.appender(),
        Arc::new(Still),
        Arc::new(NoUnits),
        Ledger::none(),
    );
    let room = tokio::spawn(room.run(openings));
    // A storm: far more than may wait at the hatch, from a thread as the engine's is.
    const DELIVERIES: usize = 150;
    let brought = Arc::new(AtomicUsize::new(0));
    let (counted, engine) = (Arc::clone(&brought), seat.clone());
    let storm = std::thread::spawn(move || {
        for delivery in 0..DELIVERIES {
            let first = 2 + (delivery * DELIVERY) as u64;
            let rows = (first..first + DELIVERY as u64)
                .map(|seq| decision(seq, DecisionKind::Assessment, None));
            assert!(engine.decided(rows.collect()));
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let began = std::time::Instant::now();
    while brought.load(Ordering::Relaxed) <= HATCH {
        assert!(began.elapsed() < SOON, "the storm has begun");
        std::thread::yield_now();
    }
    let asked = Asked {
        id: "c1".into(),
        command: Command::Acknowledge { alert: id.clone(), note: None },
        who: "wang".parse().unwrap(),
        role: Role::Officer,
    };
    let done = tokio::time::timeout(SOON, seat.ask(asked)).await.expect("in time").unwrap();
    let then = brought.load(Ordering::Relaxed);
    assert_eq!(done[0].what, "acknowledged");
    assert!(then < DELIVERIES / 2, "answered after {then} of {DELIVERIES} deliveries");
    // Closing takes what waits at the hatch, and loses none.
    storm.join().unwrap();
    tokio::time::timeout(SOON, seat.close()).await.expect("closes in time");
    let newest = live.board().picture.believed.values().map(|b| b.seq).max();
    assert_eq!(newest, Some(1 + (DELIVERIES * DELIVERY) as u64));
    room.await.unwrap().unwrap();
    drop(journal.close());
}

#[tokio::test]
async fn a_start_that_has_read_much_writes_the_picture_down_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path(), Options::live()).unwrap();
    drop(journal::decisions::DecisionStore::open(folder.path()).unwrap());
    let decisions = journal::decisions::DecisionReader::open(folder.path()).unwrap();
    let levels = city().city().about.levels.clone();
    let ticks: Vec<Record> =
        (0..WRITTEN_AFTER_READING).map(|n| Record::Tick { now: T0.plus_ms(n as i64) }).collect();
    journal.appender().append(&ticks[1..]).wait().unwrap();
    let opened = |reader: &mut journal::Reader| {
        Ledger::open(folder.path(), &levels, reader, &decisions).unwrap()
    };
    let mut reader = journal.reader().unwrap();
    assert!(!opened(&mut reader).0.is_due(), "one less is little");
    journal.appender().append(&ticks[..1]).wait().unwrap();
    let (mut ledger, picture) = opened(&mut reader);
    assert!(ledger.is_due());
    ledger.write(picture).await;
    ledger.written_down().await;
    drop(ledger);
    assert!(!opened(&mut reader).0.is_due(), "the next reads nothing");
}

#[tokio::test]
async fn a_year_of_replayed_time_within_a_moment_is_no_reason_to_write_the_picture_down() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path(), Options::live()).unwrap();
    drop(journal::decisions::DecisionStore::open(folder.path()).unwrap());
    let decisions = journal::decisions::DecisionReader::open(folder.path()).unwrap();
    let levels = city().city().about.levels.clone();
    let mut reader = journal.reader().unwrap();
    let (mut ledger, mut picture) =
        Ledger::open(folder.path(), &levels, &mut reader, &decisions).unwrap();
    evolve(&mut picture, Happening::Tick(T0.plus_ms(366 * 24 * HOUR_MS)));
    ledger.heard(Seq(WRITTEN_EVERY_ROWS - 1));
    assert!(!ledger.is_due(), "the platform's clock has run for a year, the machine's has not");
    // By the machine's own time it is, once; and never while it is being written.
    ledger.backdate(WRITTEN_EVERY);
    assert!(ledger.is_due());
    ledger.write(picture.clone()).await;
    assert!(!ledger.is_due());
    ledger.written_down().await;
    // By how much has come, whatever the time.
    ledger.heard(Seq(2 * WRITTEN_EVERY_ROWS));
    assert!(ledger.is_due());
    // What was written is what is read back, as far as the journal goes.
    let kept = journal::snapshots::SnapshotStore::open(
        folder.path().join(super::ledger::DESK_FOLDER),
        journal::PhaseHook::default(),
    );
    let kept = kept.unwrap().latest_valid(Seq(u64::MAX)).unwrap().unwrap();
    assert_eq!(kept.seq, Seq(WRITTEN_EVERY_ROWS - 1));
    let (_, read): ((u64, u32), Picture) = rmp_serde::from_slice(&kept.rows[0].bytes).unwrap();
    assert_eq!(read, picture);
}
