use std::path::PathBuf;

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;

/// A database of `commits` commits, all of them in its log, and where it lies.
struct Logged {
    dir: tempfile::TempDir,
    file: Vec<u8>,
    log: Vec<u8>,
    /// Where each commit ends in the log, and how many there are up to there.
    ends: Vec<usize>,
}

const TORN: usize = 4096 + 24;

fn logged(commits: usize) -> Logged {
    // In memory where that can be: no sync is at stake here.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = dir.path().join("journal.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)")
        .unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let log = dir.path().join("journal.sqlite-wal");
    let mut ends = Vec::new();
    for i in 0..commits {
        // Some commits have one frame, some three.
        let text = "x".repeat(if i % 3 == 2 { 9_000 } else { 50 });
        connection.execute("INSERT INTO t VALUES(?1)", [text]).unwrap();
        ends.push(fs::metadata(&log).unwrap().len() as usize);
    }
    let (file, log) = (fs::read(&path).unwrap(), fs::read(&log).unwrap());
    drop(connection);
    Logged { dir, file, log, ends }
}

impl Logged {
    /// Lays the database down anew with this log; gives where the log is.
    fn lay(&self, log: &[u8]) -> PathBuf {
        let path = self.dir.path().join("journal.sqlite");
        let _ = fs::remove_file(self.dir.path().join("journal.sqlite-shm"));
        fs::write(&path, &self.file).unwrap();
        let log_path = self.dir.path().join("journal.sqlite-wal");
        fs::write(&log_path, log).unwrap();
        log_path
    }

    /// How many commits SQLite itself sees.
    fn seen(&self) -> usize {
        let connection = Connection::open(self.dir.path().join("journal.sqlite")).unwrap();
        let seen: i64 =
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        seen as usize
    }

    fn commits_up_to(&self, length: usize) -> usize {
        self.ends.iter().filter(|end| **end <= length).count()
    }
}

#[test]
fn a_log_cut_anywhere_is_torn_by_what_is_after_its_last_commit() {
    let logged = logged(6);
    let mut lengths: Vec<usize> = (0..logged.log.len()).step_by(509).collect();
    for end in &logged.ends {
        lengths.extend([end - 1, *end, end + 1, end + 8, end + 15, end + 16, end + 23, end + 24]);
        lengths.extend([end + 25, end + TORN - 1, end + TORN]);
    }
    for length in lengths.into_iter().filter(|l| *l <= logged.log.len()) {
        let path = logged.lay(&logged.log[..length]);
        let look = look(&path).unwrap();
        let commits = logged.commits_up_to(length);
        assert_eq!(look.damaged_frames, 0, "cut at {length}");
        let last = commits.checked_sub(1).map_or(HEADER_BYTES, |i| logged.ends[i]);
        // Up to 15 bytes of a frame do not show yet whose they are.
        let over = length.saturating_sub(last) as u64;
        assert!(look.torn_bytes <= over.max(length.min(31) as u64), "cut at {length}: {look:?}");
        if over >= 16 || (1..HEADER_BYTES).contains(&length) {
            assert!(look.torn_bytes > 0, "cut at {length}: {look:?}");
        }
        assert_eq!(logged.seen(), commits, "cut at {length}: SQLite agrees");
    }
}

#[test]
fn what_an_earlier_turn_left_behind_is_no_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    let connection = Connection::open(&path).unwrap();
    let setup = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x);";
    connection.execute_batch(setup).unwrap();
    for i in 0..20 {
        connection.execute("INSERT INTO t VALUES(?1)", [i]).unwrap();
    }
    connection.execute_batch("PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES(99)").unwrap();
    let log = dir.path().join("journal.sqlite-wal");
    let look = look(&log).unwrap();
    assert_eq!((look.torn_bytes, look.damaged_frames, look.frames), (0, 0, 1), "{look:?}");
    assert!(fs::metadata(&log).unwrap().len() > 10 * TORN as u64, "there are old frames");
}

#[test]
fn a_damaged_last_commit_is_a_torn_tail_and_not_put_right() {
    let logged = logged(5);
    let mut log = logged.log.clone();
    let at = logged.ends[3] + 24 + 2_000;
    log[at] ^= 0x40;
    let look = look(&logged.lay(&log)).unwrap();
    assert_eq!((look.damaged_frames, look.torn_bytes > 0), (0, true), "{look:?}");
    assert_eq!(logged.seen(), 4);
}

#[test]
fn one_wrong_byte_before_the_last_commit_loses_nothing() {
    let logged = logged(8);
    let changed = |mended: &[u8], at: usize| {
        let (_, old) = logged.log.split_at(HEADER_BYTES);
        let (_, new) = mended.split_at(HEADER_BYTES);
        // All but the checksums must be as it was; the byte itself may stay as it is where the
        // checksum allows more than one place for it.
        old.iter().zip(new).enumerate().any(|(i, (old, new))| {
            old != new && i + HEADER_BYTES != at && !(16..24).contains(&(i % TORN))
        })
    };
    proptest!(ProptestConfig::with_cases(200), |(place: prop::sample::Index, flip in 1_u8..)| {
        let mut log = logged.log.clone();
        // Between the log's header and the last commit.
        let at = HEADER_BYTES + place.index(logged.ends[6] - HEADER_BYTES);
        log[at] ^= flip;
        let path = logged.lay(&log);
        let look = look(&path).unwrap();
        prop_assert!(look.damaged_frames > 0, "byte {at}: {look:?}");
        mend(&path, &look).unwrap();
        let mended = fs::read(&path).unwrap();
        prop_assert_eq!(mended.len(), logged.log.len());
        prop_assert!(!changed(&mended, at), "byte {at}: another one was changed");
        if flip < 32 && mended == logged.log {
            prop_assert_eq!(logged.seen(), 8);
        }
    });
}

#[test]
fn a_stretch_of_wrong_bytes_costs_its_own_page_and_not_the_commits_after_it() {
    let logged = logged(8);
    proptest!(ProptestConfig::with_cases(50), |(
        commit in 0_usize..6, offset in 100_usize..3_000, noise: [u8; 16],
    )| {
        let mut log = logged.log.clone();
        let start = if commit == 0 { HEADER_BYTES } else { logged.ends[commit - 1] };
        let at = start + FRAME_HEADER_BYTES + offset;
        log[at..at + 16].copy_from_slice(&noise);
        prop_assume!(log != logged.log);
        let path = logged.lay(&log);
        let found = look(&path).unwrap();
        prop_assert!(found.damaged_frames > 0, "{found:?}");
        mend(&path, &found).unwrap();
        let again = look(&path).unwrap();
        prop_assert_eq!((again.damaged_frames, again.frames), (0, found.frames));
    });
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..9_000)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.sqlite-wal");
        fs::write(&path, &bytes).unwrap();
        let found = look(&path).unwrap();
        prop_assert_eq!(found.frames, 0);
    }
}
