//! The record in its ordinary days: what goes in comes out, in order, from any place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod situation;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ids::Seq;
use domain::record::Record;
use domain::refusal::{Channel, Reason};
use domain::status::WireStatus;
use journal::{
    AppendError, Journal, LockError, OpenError, Options, Phase, PhaseHook, Progress, Reader,
    verify_blocks,
};
use situation::{assert_is, everything, observation, open, refusal, tick};

const LONG: Duration = Duration::from_secs(30);

#[test]
fn what_goes_in_comes_out_after_a_restart_and_numbers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected: Vec<Record> = Vec::new();
    for round in 0..3_u64 {
        let (journal, recovery) = open(dir.path());
        assert!(recovery.is_clean(), "{recovery:?}");
        assert_eq!(recovery.durable, Seq(expected.len() as u64));
        let appender = journal.appender();
        let batch: Vec<Record> = (0..5_000).map(|i| observation(round * 5_000 + i)).collect();
        let range = appender.append(&batch).wait().unwrap();
        assert_eq!(range.first, Seq(expected.len() as u64 + 1));
        assert_eq!(range.count, 5_000);
        let one = appender.append_one(&tick(round)).wait().unwrap();
        assert_eq!(one.first, Seq(range.last().0 + 1));
        expected.extend(batch);
        expected.push(tick(round));
        expected.push(refusal("hydro", Reason::Syntax, 3_000));
        appender.append(&expected[expected.len() - 1..]).wait().unwrap();
        assert_eq!(journal.durable(), Seq(expected.len() as u64));
        assert_eq!(journal.close(), Ok(Seq(expected.len() as u64)));
    }
    assert_is(&everything(dir.path()), &expected);
    let report = verify_blocks(dir.path()).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.records, report.observations), (15_006, 15_000));
    let mut reader = Reader::open(dir.path()).unwrap();
    let some = reader.read_from(Seq(7_777), 3).unwrap();
    let seqs: Vec<u64> = some.iter().map(|r| r.seq.0).collect();
    assert_eq!(seqs, [7_777, 7_778, 7_779]);
    assert_eq!(some[0].record, expected[7_776]);
    assert_eq!(reader.read_from(Seq(20_000), 10).unwrap(), []);
    assert_eq!(reader.last().unwrap(), Seq(15_006));
    assert_eq!(reader.status().unwrap(), Some(WireStatus::Actual));
}

#[test]
fn each_thread_s_records_keep_their_order_and_no_number_is_given_twice() {
    const THREADS: u64 = 8;
    const EACH: u64 = 3_000;
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let appender = journal.appender();
            scope.spawn(move || {
                let receipts: Vec<_> = (0..EACH)
                    .map(|i| appender.append_one(&observation(thread * EACH + i)))
                    .collect();
                let mut before = Seq(0);
                for receipt in receipts {
                    let range = receipt.wait().unwrap();
                    assert!(range.first > before, "the order of calls is the journal's");
                    before = range.first;
                }
            });
        }
    });
    let commits = journal.figures().commits;
    drop(journal);
    let all = everything(dir.path());
    assert_eq!(all.len() as u64, THREADS * EACH);
    for thread in 0..THREADS {
        let mine = (0..EACH).map(|i| observation(thread * EACH + i));
        let mut rest = all.iter();
        for wanted in mine {
            assert!(rest.any(|r| r.record == wanted), "in order, none lost");
        }
    }
    assert!(commits < THREADS * EACH / 4, "{commits} commits: syncs are shared");
}

#[test]
fn appends_made_during_a_commit_share_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let (hold, held) = std::sync::mpsc::sync_channel::<()>(1);
    let (enter, entered) = std::sync::mpsc::sync_channel::<()>(64);
    let commits = Arc::new(AtomicU64::new(0));
    let held = std::sync::Mutex::new(held);
    let counted = commits.clone();
    let hook = PhaseHook::new(move |phase| {
        if phase == Phase::BeforeCommit && counted.fetch_add(1, Ordering::SeqCst) == 0 {
            enter.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
        }
    });
    let options = Options { phase_hook: hook, ..Options::live() };
    let (journal, _) = Journal::open(dir.path(), options).unwrap();
    let appender = journal.appender();
    let first = appender.append_one(&observation(0));
    entered.recv_timeout(LONG).unwrap();
    let waiting: Vec<_> = (1..=1_000).map(|i| appender.append_one(&observation(i))).collect();
    assert_eq!(journal.durable(), Seq(0), "nothing is durable before its commit");
    assert_eq!(first.wait_for(Duration::ZERO), None, "nor acknowledged");
    assert_eq!(journal.reader().unwrap().last().unwrap(), Seq(0), "nor read");
    hold.send(()).unwrap();
    assert_eq!(first.wait().unwrap().first, Seq(1));
    for (i, receipt) in waiting.into_iter().enumerate() {
        assert_eq!(receipt.wait().unwrap().first, Seq(i as u64 + 2));
    }
    assert_eq!(commits.load(Ordering::SeqCst), 2, "a thousand appends, one commit");
}

#[test]
fn a_second_writer_is_refused_by_name_and_a_reader_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    journal.appender().append_one(&tick(1)).wait().unwrap();
    let refused = Journal::open(dir.path(), Options::live()).unwrap_err();
    let OpenError::Lock(LockError::Held { pid }) = &refused else { panic!("{refused}") };
    assert_eq!(pid, &std::process::id().to_string());
    assert!(refused.to_string().contains(pid), "{refused}");
    assert_eq!(everything(dir.path()).len(), 1);
    drop(journal);
    let (_journal, recovery) = open(dir.path());
    assert_eq!(recovery.durable, Seq(1));
}

#[test]
fn a_journal_of_the_other_world_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Journal::open(dir.path(), Options::exercise()).unwrap());
    let refused = Journal::open(dir.path(), Options::live()).unwrap_err();
    assert!(matches!(&refused, OpenError::OtherStatus { found, .. } if found == "exercise"));
    assert!(Journal::open(dir.path(), Options::exercise()).is_ok());
}

#[test]
fn a_journal_of_a_newer_program_is_refused_and_left_as_it_is() {
    for sql in ["PRAGMA user_version=99", "UPDATE meta SET value='99' WHERE key='record_version'"] {
        let dir = tempfile::tempdir().unwrap();
        let (journal, _) = open(dir.path());
        journal.appender().append_one(&tick(1)).wait().unwrap();
        drop(journal);
        let file = dir.path().join(journal::JOURNAL_FILE);
        let newer = rusqlite::Connection::open(&file).unwrap();
        newer.execute_batch(sql).unwrap();
        drop(newer);
        let before = std::fs::read(&file).unwrap();
        for refused in [
            Journal::open(dir.path(), Options::live()).map(|_| ()).unwrap_err(),
            Reader::open(dir.path()).map(|_| ()).unwrap_err(),
        ] {
            assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
            assert!(refused.to_string().contains("newer version"), "{refused}");
        }
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[test]
fn some_other_database_is_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(dir.path().join(journal::JOURNAL_FILE)).unwrap();
    other.execute_batch("CREATE TABLE people(name TEXT)").unwrap();
    drop(other);
    let refused = Journal::open(dir.path(), Options::live()).unwrap_err();
    assert!(matches!(refused, OpenError::NotAJournal { application_id: 0, .. }), "{refused}");
    let missing = Reader::open(dir.path().join("nowhere")).unwrap_err();
    assert!(matches!(missing, OpenError::Missing(_)), "{missing}");
}

#[test]
fn refusals_of_an_append_are_told_by_its_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let appender = journal.appender();
    assert_eq!(appender.append(&[]).wait(), Err(AppendError::Nothing));
    let large = Record::Configuration {
        holds_from: domain::time::UtcMs(0),
        hash: String::new(),
        files: vec![("map".into(), vec![7; journal::block::RECORD_BYTES_MAX + 1])],
        datastreams: vec![],
    };
    assert!(matches!(appender.append_one(&large).wait(), Err(AppendError::TooLarge(_))));
    let range = appender.append_one(&tick(1)).wait().unwrap();
    assert_eq!(range.first, Seq(1), "a refusal takes no number");
    drop(journal);
    assert_eq!(appender.append_one(&tick(2)).wait(), Err(AppendError::Closed));
}

#[test]
fn a_graceful_end_writes_what_is_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let appender = journal.appender();
    let receipts: Vec<_> = (0..20_000).map(|i| appender.append_one(&observation(i))).collect();
    assert_eq!(journal.close(), Ok(Seq(20_000)));
    for (i, receipt) in receipts.into_iter().enumerate() {
        assert_eq!(receipt.wait().unwrap().first, Seq(i as u64 + 1));
    }
    let log = dir.path().join("journal.sqlite-wal");
    assert_eq!(std::fs::metadata(log).map_or(0, |m| m.len()), 0, "nothing is left to take over");
}

#[test]
fn waiting_for_progress_ends_by_progress_by_time_or_by_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let mark = journal.watermark();
    assert_eq!(mark.wait_past(Seq(0), Duration::ZERO), Progress::TimedOut(Seq(0)));
    let waits = {
        let mark = mark.clone();
        std::thread::spawn(move || mark.wait_past(Seq(0), LONG))
    };
    journal.appender().append_one(&tick(1)).wait().unwrap();
    assert_eq!(waits.join().unwrap(), Progress::Past(Seq(1)));
    let waits = {
        let mark = mark.clone();
        std::thread::spawn(move || mark.wait_past(Seq(1), LONG))
    };
    drop(journal);
    assert_eq!(waits.join().unwrap(), Progress::Ended(Seq(1)));
    assert_eq!(mark.wait_past(Seq(0), LONG), Progress::Past(Seq(1)), "what is there stays there");
}

#[test]
fn the_disk_is_told_in_figures() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let appender = journal.appender();
    for chunk in 0..20 {
        let batch: Vec<Record> = (0..1_000).map(|i| observation(chunk * 1_000 + i)).collect();
        appender.append(&batch).wait().unwrap();
    }
    let figures = journal.figures();
    assert_eq!((figures.records, figures.observations), (20_000, 20_000));
    assert!(figures.journal_bytes > 100_000 && figures.directory_bytes >= figures.journal_bytes);
    assert!(figures.bytes_per_observation.unwrap() > 1.0);
    assert!(figures.append_rate_per_s > 0.0);
    assert!(figures.free_bytes.unwrap() < figures.total_bytes.unwrap());
    assert!(figures.days_until_full.unwrap() > 0.0);
    assert!(!figures.full);
}

#[test]
fn the_log_is_rotated_while_records_come_and_does_not_grow_without_bound() {
    let dir = tempfile::tempdir().unwrap();
    let rotations = Arc::new(AtomicU64::new(0));
    let counted = rotations.clone();
    let hook = PhaseHook::new(move |phase| {
        if phase == Phase::CheckpointDone {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    /// A quarter of the ordinary bound, to be done sooner.
    const SMALL: u64 = journal::CHECKPOINT_BYTES / 4;
    let options = Options { phase_hook: hook, checkpoint_bytes: SMALL, ..Options::live() };
    let (journal, _) = Journal::open(dir.path(), options).unwrap();
    let appender = journal.appender();
    let item = refusal("hydro", Reason::Syntax, 60_000);
    let rounds = 6 * SMALL / 60_000;
    for _ in 0..rounds {
        appender.append_one(&item).wait().unwrap();
    }
    assert!(rotations.load(Ordering::SeqCst) >= 2, "{rotations:?}");
    let log = std::fs::metadata(dir.path().join("journal.sqlite-wal")).unwrap().len();
    assert!(log < 4 * SMALL, "{log} bytes of log");
    drop(journal);
    assert!(verify_blocks(dir.path()).unwrap().is_whole());
    assert_eq!(everything(dir.path()).len() as u64, rounds);
    let Record::Refused(kept) = &everything(dir.path())[0].record else { panic!() };
    assert_eq!(kept.channel, Channel::Mqtt);
}
