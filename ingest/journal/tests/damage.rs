//! The record in bad days: torn, flipped, cut, full. What is lost is named, the rest is read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod situation;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::Seq;
use domain::record::Record;
use domain::refusal::Reason;
use journal::{
    AppendError, JOURNAL_FILE, Journal, OpenError, Options, Phase, PhaseHook, ReadError, Reader,
    verify_blocks,
};
use proptest::prelude::*;
use situation::{assert_is, everything, observation, open, quick_dir, refusal};

/// Writes a journal of `commits` commits of 40 observations and copies its files as they are while
/// the writer lives: what a killed process leaves. Gives the copy and the records.
fn killed(commits: u64, rotated: bool) -> (tempfile::TempDir, Vec<Record>) {
    let dir = quick_dir();
    let (journal, _) = open(dir.path());
    let mut records = Vec::new();
    let mut write = |journal: &Journal, commits: u64| {
        for _ in 0..commits {
            let first = records.len() as u64;
            let batch: Vec<Record> = (first..first + 40).map(observation).collect();
            journal.appender().append(&batch).wait().unwrap();
            records.extend(batch);
        }
    };
    if rotated {
        write(&journal, commits);
        drop(journal);
        return (dir, records);
    }
    write(&journal, commits);
    let copy = quick_dir();
    for name in [JOURNAL_FILE.to_owned(), format!("{JOURNAL_FILE}-wal")] {
        fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
    }
    (copy, records)
}

fn log_of(dir: &Path) -> PathBuf {
    dir.join(format!("{JOURNAL_FILE}-wal"))
}

fn lay(from: &Path) -> tempfile::TempDir {
    let dir = quick_dir();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    dir
}

fn flip(path: &Path, at: usize, with: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= with;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_killed_writer_s_journal_opens_with_everything_that_was_acknowledged() {
    let (dir, records) = killed(30, false);
    let mut reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.read_from(Seq(1), 10_000).unwrap().len(), 1_200, "before any writer opens");
    drop(reader);
    let (journal, recovery) = open(dir.path());
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_eq!(recovery.durable, Seq(1_200));
    drop(journal);
    assert_is(&everything(dir.path()), &records);
}

#[test]
fn a_log_cut_anywhere_loses_its_torn_commit_and_none_before_it() {
    let (killed, records) = killed(12, false);
    let length = fs::metadata(log_of(killed.path())).unwrap().len();
    // Every class of offset: in the header, at and around frame boundaries, within pages.
    let frame = 4096 + 24;
    let mut cuts: Vec<u64> = vec![0, 1, 31];
    for start in (32..length).step_by(frame) {
        cuts.extend([0, 1, 8, 16, 23, 24, 25, 2_000, 4_119].map(|more| start + more));
    }
    cuts.push(length);
    let mut before = 0;
    for cut in cuts.into_iter().filter(|cut| *cut <= length) {
        let dir = lay(killed.path());
        let log = fs::OpenOptions::new().write(true).open(log_of(dir.path())).unwrap();
        log.set_len(cut).unwrap();
        let (journal, recovery) = open(dir.path());
        assert_eq!(recovery.damaged, [], "cut at {cut}");
        let whole = recovery.durable.0;
        assert!(whole % 40 == 0 && whole >= before, "cut at {cut}: {whole} after {before}");
        before = whole;
        let next = journal.appender().append_one(&observation(9)).wait().unwrap();
        assert_eq!(next.first, Seq(whole + 1), "cut at {cut}: numbers go on");
        drop(journal);
        let mut found = everything(dir.path());
        assert_eq!(found.pop().unwrap().record, observation(9));
        assert_is(&found, &records[..whole as usize]);
        assert!(verify_blocks(dir.path()).unwrap().is_whole(), "cut at {cut}");
    }
    assert_eq!(before, 480, "the whole log has everything");
}

#[test]
fn a_torn_tail_is_told() {
    let (dir, _) = killed(5, false);
    let log = log_of(dir.path());
    let length = fs::metadata(&log).unwrap().len();
    fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length - 700).unwrap();
    let (_journal, recovery) = open(dir.path());
    assert!(recovery.torn_bytes > 0 && !recovery.is_clean(), "{recovery:?}");
    assert_eq!(recovery.durable, Seq(160));
}

#[test]
fn one_wrong_byte_anywhere_in_the_log_before_its_last_commit_loses_nothing() {
    let (killed, records) = killed(12, false);
    let length = fs::metadata(log_of(killed.path())).unwrap().len() as usize;
    proptest!(ProptestConfig::with_cases(40), |(place: prop::sample::Index, with in 1_u8..)| {
        let dir = lay(killed.path());
        // The last commit has at most three frames here.
        let at = 32 + place.index(length - 32 - 3 * 4_120);
        flip(&log_of(dir.path()), at, with);
        let (journal, recovery) = open(dir.path());
        prop_assert!(!recovery.is_clean(), "byte {at}: {recovery:?}");
        prop_assert_eq!(&recovery.damaged, &[], "byte {}", at);
        prop_assert_eq!(recovery.durable, Seq(480));
        drop(journal);
        assert_is(&everything(dir.path()), &records);
    });
}

#[test]
fn one_wrong_byte_anywhere_in_the_file_costs_at_most_a_page_and_is_told() {
    let (killed, records) = killed(60, true);
    let file = killed.path().join(JOURNAL_FILE);
    let length = fs::metadata(&file).unwrap().len() as usize;
    // From the third page on: the first is SQLite's own, the second the description.
    proptest!(ProptestConfig::with_cases(60), |(place: prop::sample::Index, with in 1_u8..)| {
        let at = 2 * 4_096 + place.index(length - 2 * 4_096);
        let dir = lay(killed.path());
        flip(&dir.path().join(JOURNAL_FILE), at, with);
        check_damaged(dir.path(), &records, at)?;
    });
}

/// Every byte but those of the bodies: the keys and pointers of the tree, the heads of the cells.
/// (The bodies are most of the file, and the same everywhere.)
#[test]
fn one_wrong_byte_in_the_tree_is_survived_wherever_it_is() {
    let (killed, records) = killed(60, true);
    let bytes = fs::read(killed.path().join(JOURNAL_FILE)).unwrap();
    let file = rusqlite::Connection::open(killed.path().join(JOURNAL_FILE)).unwrap();
    let bodies: Vec<Vec<u8>> = {
        let mut rows = file.prepare("SELECT body FROM block").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    drop(file);
    let mut in_body = vec![false; bytes.len()];
    for body in bodies {
        // A body that goes over into other pages is found by its beginning only.
        let begin = &body[..body.len().min(64)];
        let at = bytes.windows(begin.len()).position(|w| w == begin).unwrap();
        in_body[at..(at + body.len()).min(at / 4_096 * 4_096 + 4_096)].fill(true);
    }
    // All of them in the long tier; here every so many, so that all kinds of fields come up.
    let step = if std::env::var("FENGHUO_TIER").as_deref() == Ok("long") { 1 } else { 23 };
    let tree = (2 * 4_096..bytes.len()).filter(|at| !in_body[*at] && bytes[*at] != 0);
    let mut tried = 0;
    for at in tree.step_by(step) {
        for with in [0x01, 0x10, 0x80, 0xFF] {
            let dir = lay(killed.path());
            flip(&dir.path().join(JOURNAL_FILE), at, with);
            if let Err(wrong) = check_damaged(dir.path(), &records, at) {
                panic!("byte {at} with {with:#04x}: {wrong}");
            }
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

/// The page of the description: what it says wrongly is refused with a reason, or it is written
/// anew; nothing is lost by it.
#[test]
fn one_wrong_byte_in_the_description_costs_nothing() {
    let (killed, records) = killed(3, true);
    for at in (4_096..4_120).chain(8_130..8_192) {
        let dir = lay(killed.path());
        let file = dir.path().join(JOURNAL_FILE);
        flip(&file, at, 0x08);
        let before = fs::read(&file).unwrap();
        match Journal::open(dir.path(), Options::live()) {
            Ok((journal, _)) => {
                drop(journal);
                assert_is(&everything(dir.path()), &records);
            }
            Err(refused) => {
                assert!(!refused.to_string().is_empty());
                assert_eq!(fs::read(&file).unwrap(), before, "byte {at}: {refused}");
            }
        }
    }
}

/// Whatever was flipped: it opens, what is damaged is named, every other record is there.
fn check_damaged(dir: &Path, records: &[Record], at: usize) -> Result<(), TestCaseError> {
    let report = verify_blocks(dir).unwrap();
    let (journal, recovery) = open(dir);
    let next = journal.appender().append_one(&observation(7)).wait().unwrap();
    drop(journal);
    let mut reader = Reader::open(dir).unwrap();
    let (mut from, mut found, mut lost) = (Seq(1), Vec::new(), 0);
    loop {
        let stretch = reader.read_on(from, 500).unwrap();
        lost += stretch.damaged.iter().map(|d| d.last.0 - d.first.0 + 1).sum::<u64>();
        let Some(last) = stretch.records.last() else { break };
        from = Seq(last.seq.0 + 1);
        found.extend(stretch.records);
    }
    prop_assert_eq!(found.pop().map(|r| (r.seq, r.record)), Some((next.first, observation(7))));
    for record in &found {
        prop_assert_eq!(&record.record, &records[record.seq.0 as usize - 1], "byte {}", at);
    }
    let missing = records.len() - found.len();
    prop_assert!(missing <= 4_096 / 24, "byte {at}: {missing} records lost: more than a page's");
    if missing > 0 {
        // What is lost is named, by whoever looks; only a cut end cannot be counted.
        let named = lost as usize == missing || recovery.salvaged_from.is_some();
        prop_assert!(named, "byte {at}: {missing} lost, {lost} named, {recovery:?}");
        prop_assert!(!report.is_whole(), "byte {at}: {report:?}");
    }
    Ok(())
}

#[test]
fn a_damaged_block_in_the_middle_is_named_and_the_rest_is_read() {
    let (dir, records) = killed(20, true);
    let file = rusqlite::Connection::open(dir.path().join(JOURNAL_FILE)).unwrap();
    let sql = "UPDATE block SET body = CAST(X'00' || body AS BLOB) WHERE first_seq = 401";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    drop(file);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.durable, Seq(800));
    let [damage] = &recovery.damaged[..] else { panic!("{recovery:?}") };
    assert_eq!((damage.first, damage.last), (Seq(401), Seq(440)));
    assert!(damage.to_string().contains("checksum"), "{damage}");
    let mut reader = journal.reader().unwrap();
    let before = reader.read_from(Seq(1), 10_000).unwrap();
    assert_is(&before, &records[..400]);
    let ReadError::Damaged(told) = reader.read_from(Seq(401), 10).unwrap_err() else { panic!() };
    assert_eq!((told.first, told.last), (Seq(401), Seq(440)));
    let stretch = reader.read_on(Seq(401), 10_000).unwrap();
    assert_eq!(stretch.damaged.len(), 1);
    assert_eq!(stretch.records.first().unwrap().seq, Seq(441));
    assert_eq!(stretch.records.len(), 360);
    let report = verify_blocks(dir.path()).unwrap();
    assert_eq!((report.damaged.len(), report.records, report.last), (1, 760, Seq(800)));
}

#[test]
fn a_damaged_last_block_keeps_its_numbers_so_that_nothing_else_gets_them() {
    let (dir, _) = killed(3, true);
    let file = rusqlite::Connection::open(dir.path().join(JOURNAL_FILE)).unwrap();
    let sql = "UPDATE block SET body = X'010000' WHERE first_seq = 81";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    drop(file);
    let (journal, recovery) = open(dir.path());
    assert_eq!((recovery.durable, recovery.damaged.len()), (Seq(120), 1));
    let range = journal.appender().append_one(&observation(1)).wait().unwrap();
    assert_eq!(range.first, Seq(121));
    let mut reader = journal.reader().unwrap();
    let stretch = reader.read_on(Seq(81), 10).unwrap();
    assert_eq!((stretch.damaged.len(), stretch.records.len()), (1, 1));
}

#[test]
fn missing_blocks_are_a_hole_that_is_named() {
    let (dir, _) = killed(5, true);
    let file = rusqlite::Connection::open(dir.path().join(JOURNAL_FILE)).unwrap();
    assert_eq!(file.execute("DELETE FROM block WHERE first_seq IN (1, 81)", []).unwrap(), 2);
    drop(file);
    let (_journal, recovery) = open(dir.path());
    let ranges = |damaged: &[journal::Damage]| -> Vec<(u64, u64)> {
        damaged.iter().map(|d| (d.first.0, d.last.0)).collect()
    };
    assert_eq!(ranges(&recovery.damaged), [(1, 40), (81, 120)]);
    assert_eq!(ranges(&verify_blocks(dir.path()).unwrap().damaged), [(1, 40), (81, 120)]);
    let mut reader = Reader::open(dir.path()).unwrap();
    assert_eq!(ranges(&reader.read_on(Seq(1), 10).unwrap().damaged), [(1, 40)]);
}

#[test]
fn a_file_cut_short_is_salvaged_and_kept() {
    let (dir, records) = killed(200, true);
    let file = dir.path().join(JOURNAL_FILE);
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length - 9_000).unwrap();
    let (journal, recovery) = open(dir.path());
    let kept = recovery.salvaged_from.clone().unwrap();
    assert_eq!(fs::metadata(&kept).unwrap().len(), length - 9_000, "{}", kept.display());
    let whole = recovery.durable.0 as usize;
    assert!(whole > records.len() * 9 / 10 && whole < records.len(), "{recovery:?}");
    let last = journal.appender().append_one(&observation(3)).wait().unwrap();
    assert_eq!(last.first.0 as usize, whole + 1);
    drop(journal);
    // Pages lie in the file in the order of their making, so the cut may go through several blocks.
    let named: u64 = recovery.damaged.iter().map(|d| d.last.0 - d.first.0 + 1).sum();
    let mut reader = Reader::open(dir.path()).unwrap();
    let (mut from, mut found) = (Seq(1), Vec::new());
    while let Some(seq) = {
        let stretch = reader.read_on(from, 1_000).unwrap();
        found.extend(stretch.records);
        found.last().map(|r: &domain::record::Sequenced| r.seq).filter(|seq| *seq >= from)
    } {
        from = Seq(seq.0 + 1);
    }
    assert_eq!(found.pop().unwrap().record, observation(3));
    assert_eq!(found.len() as u64 + named, whole as u64, "{recovery:?}");
    for record in &found {
        assert_eq!(record.record, records[record.seq.0 as usize - 1]);
    }
    let (_journal, recovery) = open(dir.path());
    assert_eq!((recovery.salvaged_from, recovery.durable), (None, last.first));
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_refused_and_left_as_it_is() {
    let (dir, _) = killed(5, true);
    let file = dir.path().join(JOURNAL_FILE);
    fs::write(&file, vec![0xA5; 20_000]).unwrap();
    let refused = Journal::open(dir.path(), Options::live()).unwrap_err();
    assert!(matches!(refused, OpenError::Unreadable { .. }), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), vec![0xA5; 20_000]);
}

#[test]
fn a_full_disk_refuses_and_recovers_when_there_is_room_again() {
    let dir = quick_dir();
    let options = Options { max_pages: Some(200), ..Options::live() };
    let (journal, _) = Journal::open(dir.path(), options).unwrap();
    let appender = journal.appender();
    let item = refusal("hydro", Reason::Syntax, 50_000);
    let mut taken = 0_u64;
    let refused = loop {
        match appender.append_one(&item).wait() {
            Ok(range) => {
                taken += 1;
                assert_eq!(range.first, Seq(taken));
                assert!(taken < 100, "the bound was never met");
            }
            Err(error) => break error,
        }
    };
    assert_eq!(refused, AppendError::Full);
    assert!(journal.is_full() && journal.figures().full && journal.failed().is_none());
    for _ in 0..3 {
        assert_eq!(appender.append_one(&item).wait(), Err(AppendError::Full));
    }
    assert_eq!(everything(dir.path()).len() as u64, taken, "readers stay up");
    drop(journal);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.durable, Seq(taken));
    let range = journal.appender().append_one(&item).wait().unwrap();
    assert_eq!(range.first, Seq(taken + 1), "the refused ones took no number");
    assert!(!journal.is_full());
}

#[test]
fn a_failed_commit_stops_the_journal_and_everybody_is_told() {
    let dir = quick_dir();
    let broken = Arc::new(AtomicBool::new(false));
    let (saw, file) = (broken.clone(), dir.path().join(JOURNAL_FILE));
    // Another program takes the table away between two commits: every later commit fails.
    let hook = PhaseHook::new(move |phase| {
        if phase == Phase::BeforeAcknowledge && !saw.swap(true, Ordering::SeqCst) {
            let other = rusqlite::Connection::open(&file).unwrap();
            other.execute_batch("ALTER TABLE block RENAME TO gone").unwrap();
        }
    });
    let options = Options { phase_hook: hook, ..Options::live() };
    let (journal, _) = Journal::open(dir.path(), options).unwrap();
    let appender = journal.appender();
    assert_eq!(appender.append_one(&observation(1)).wait().unwrap().first, Seq(1));
    let waiting: Vec<_> = (0..100).map(|i| appender.append_one(&observation(i))).collect();
    for receipt in waiting {
        assert!(matches!(receipt.wait(), Err(AppendError::Stopped(_))));
    }
    assert!(journal.wait_failed(std::time::Duration::from_secs(10)).is_some());
    assert!(matches!(appender.append_one(&observation(1)).wait(), Err(AppendError::Stopped(_))));
    let why = journal.close().unwrap_err();
    assert!(why.contains("commit failed"), "{why}");
}
