//! What opening a journal finds and puts right, and says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use domain::ids::Seq;
use domain::status::WireStatus;
use rusqlite::Connection;

use crate::block::StoredBlock;
use crate::store::{self, JOURNAL_FILE, OpenError, corrupt, is_corrupt, is_full, sqlite};
use crate::walk::{next_readable, walk};
use crate::{checkpoint, salvage, wal};

/// At an opening the newest blocks are checked, up to this many bytes of them: about a second's
/// reading. [`crate::verify_blocks`] checks all, and every reader what it reads.
pub const OPEN_CHECK_BYTES: u64 = 512 * 1024 * 1024;

/// A stretch of the journal that cannot be read. It keeps its numbers: nothing else gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The first record lost.
    pub first: Seq,
    /// The last record lost.
    pub last: Seq,
    /// What is wrong.
    pub why: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "records {} to {} cannot be read: {}", self.first, self.last, self.why)
    }
}

/// What an opening found. Whatever is in it was logged too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// The last durable record; 0 in an empty journal.
    pub durable: Seq,
    /// From which record on the blocks were checked.
    pub checked_from: Seq,
    /// Bytes of a commit that was not finished, cut from the end of the log. Nobody was told that
    /// its records were taken.
    pub torn_bytes: u64,
    /// Damaged places in the log before its end that were put right or passed over; the log as it
    /// was is kept beside it.
    pub log_damage: u64,
    /// First records of blocks in which one byte was wrong and was put right.
    pub mended: Vec<Seq>,
    /// What cannot be read. The rest can.
    pub damaged: Vec<Damage>,
    /// Where the damaged file is kept, if a new one had to be made from what could be read.
    pub salvaged_from: Option<PathBuf>,
}

impl Recovery {
    /// Whether everything was as it was left.
    pub fn is_clean(&self) -> bool {
        self.torn_bytes == 0
            && self.log_damage == 0
            && self.mended.is_empty()
            && self.damaged.is_empty()
            && self.salvaged_from.is_none()
    }
}

/// What the writer begins with.
pub(crate) struct Start {
    pub(crate) connection: Connection,
    pub(crate) next: Seq,
    pub(crate) observations: u64,
    pub(crate) recovery: Recovery,
}

/// Makes the directory and sees that its name is on the disk.
pub(crate) fn make_directory(dir: &Path) -> Result<(), OpenError> {
    let wrong = |source| OpenError::Directory { path: dir.to_owned(), source };
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).map_err(wrong)?;
    let parent = dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for made in [dir, parent] {
        File::open(made).and_then(|d| d.sync_all()).map_err(wrong)?;
    }
    Ok(())
}

/// Puts the log right, opens the file, checks its newest blocks. The lock is held by the caller.
pub(crate) fn recover(
    dir: &Path,
    status: WireStatus,
    synchronous: bool,
) -> Result<Start, OpenError> {
    let mut recovery = Recovery::default();
    // A newer program's file is refused before anything of it is touched.
    if dir.join(JOURNAL_FILE).is_file() {
        salvage::check_header(&dir.join(JOURNAL_FILE))?;
    }
    recover_log(dir, &mut recovery)?;
    let (connection, (next, observations)) =
        match connect_and_check(dir, status, synchronous, &mut recovery) {
            Err(OpenError::Sqlite { source, attempt }) if is_corrupt(&source) => {
                tracing::error!(%attempt, error = %source, "the journal's file is damaged");
                recovery.salvaged_from = Some(salvage::salvage(dir, status)?);
                connect_and_check(dir, status, synchronous, &mut recovery)?
            }
            done => done?,
        };
    recovery.durable = Seq(next.0 - 1);
    tell(&recovery);
    Ok(Start { connection, next, observations, recovery })
}

fn connect_and_check(
    dir: &Path,
    status: WireStatus,
    synchronous: bool,
    recovery: &mut Recovery,
) -> Result<(Connection, (Seq, u64)), OpenError> {
    let connection = store::connect_writer(dir, status, synchronous)?;
    take_log_over(&connection)?;
    let end = check_blocks(dir, &connection, recovery)?;
    Ok((connection, end))
}

fn recover_log(dir: &Path, recovery: &mut Recovery) -> Result<(), OpenError> {
    let path = dir.join(format!("{JOURNAL_FILE}-wal"));
    let wrong = |attempt| move |source| OpenError::File { attempt, source };
    let look = wal::look(&path).map_err(wrong("read the write-ahead log"))?;
    recovery.torn_bytes = look.torn_bytes;
    recovery.log_damage = look.damaged_frames;
    if look.damaged_frames > 0 {
        let kept = wal::mend(&path, &look).map_err(wrong("write the log anew"))?;
        tracing::error!(
            frames = look.damaged_frames, kept = %kept.display(),
            "the write-ahead log was damaged before its end; it was written anew"
        );
    }
    Ok(())
}

/// What the log held is synced into the file before anybody is told that it is durable: a commit
/// may have been written by a process that was killed before it could sync. Cuts the torn tail.
fn take_log_over(connection: &Connection) -> Result<(), OpenError> {
    let taken = checkpoint::run(connection, "TRUNCATE").map_err(sqlite("take the log over"))?;
    if !taken.is_all() {
        tracing::warn!(
            frames = taken.frames,
            taken = taken.taken,
            "a reader holds an old part of the log; it is taken over later"
        );
    }
    Ok(())
}

/// Checks the newest blocks, up to [`OPEN_CHECK_BYTES`] of them; gives the next place and the
/// observations.
fn check_blocks(
    dir: &Path,
    connection: &Connection,
    recovery: &mut Recovery,
) -> Result<(Seq, u64), OpenError> {
    let from = check_from(dir, connection).map_err(sqlite("find the newest blocks"))?;
    let walked = walk(connection, from, |_, _| Ok(())).map_err(sqlite("check the blocks"))?;
    recovery.checked_from = from;
    // A wrong byte in a page's head may be seen by nobody until a write destroys what is there.
    if walked.disordered || is_small(dir) && !is_sound(connection) {
        return Err(sqlite("check the blocks' order")(corrupt("the order of the blocks")));
    }
    for block in &walked.mended {
        store::replace_body(connection, block).map_err(sqlite("put a block right"))?;
        recovery.mended.push(block.first);
    }
    recovery.damaged = walked.damaged;
    let next = Seq(walked.last.0 + 1);
    // Whether the end can be written to: a damaged page there would stop the writer later.
    let end = StoredBlock::seal(next, 1, 0, &[]);
    let tried = connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
        let tried = store::insert(connection, &end);
        connection.execute_batch("ROLLBACK").and(tried)
    });
    match tried {
        Err(error) if !is_full(&error) => {
            tracing::error!(%error, "the end of the journal cannot be written to");
            Err(sqlite("write at the end")(corrupt("the last pages")))
        }
        _ if walked.broken_end => Err(sqlite("read the end")(corrupt("the last pages"))),
        _ => Ok((next, walked.observations)),
    }
}

/// Whether SQLite finds nothing wrong with the file's structure.
pub(crate) fn is_sound(connection: &Connection) -> bool {
    let said = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    said.is_ok_and(|said| said == "ok")
}

fn file_bytes(dir: &Path) -> u64 {
    fs::metadata(dir.join(JOURNAL_FILE)).map_or(0, |m| m.len())
}

fn is_small(dir: &Path) -> bool {
    file_bytes(dir) <= OPEN_CHECK_BYTES
}

/// From which block on the checks of an opening begin.
fn check_from(dir: &Path, connection: &Connection) -> rusqlite::Result<Seq> {
    if is_small(dir) {
        return Ok(Seq(1));
    }
    let bytes = file_bytes(dir);
    let newest: i64 = connection.query_row("SELECT max(first_seq) FROM block", [], |r| r.get(0))?;
    let unchecked = 1.0 - OPEN_CHECK_BYTES as f64 / bytes as f64;
    let about = Seq((newest as f64 * unchecked) as u64);
    Ok(next_readable(connection, about)?.unwrap_or(Seq(1)))
}

fn tell(recovery: &Recovery) {
    if recovery.torn_bytes > 0 {
        tracing::warn!(
            bytes = recovery.torn_bytes, durable = %recovery.durable,
            "a torn tail was cut from the journal: a commit that was never acknowledged"
        );
    }
    for damage in &recovery.damaged {
        tracing::error!(
            first = %damage.first, last = %damage.last, why = %damage.why,
            "records of the journal are damaged and kept apart; the rest is read on"
        );
    }
}
