//! What opening a journal finds and puts right, and says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use domain::ids::Seq;
use domain::status::WireStatus;
use rusqlite::Connection;

use crate::block::{BLOCK_RECORDS_MAX, StoredBlock};
use crate::reader::whole;
use crate::store::{self, BLOCK_COLUMNS, JOURNAL_FILE, OpenError, block_of, sqlite};
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
    if let Some(kept) = salvage::if_damaged(dir, status)? {
        recovery.salvaged_from = Some(kept);
    }
    let connection = store::connect_writer(dir, status, synchronous)?;
    take_log_over(&connection)?;
    let (next, observations) = check_blocks(&connection, &mut recovery)?;
    recovery.durable = Seq(next.0 - 1);
    tell(&recovery);
    Ok(Start { connection, next, observations, recovery })
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

/// Checks the newest blocks from the end backwards; gives the next place and the observations.
fn check_blocks(connection: &Connection, recovery: &mut Recovery) -> Result<(Seq, u64), OpenError> {
    let newest = format!("SELECT {BLOCK_COLUMNS} FROM block ORDER BY first_seq DESC");
    let mut statement = connection.prepare(&newest).map_err(sqlite("read the blocks"))?;
    let mut rows = statement.query([]).map_err(sqlite("read the blocks"))?;
    let (mut bytes, mut observations) = (0, None);
    let mut mended = Vec::new();
    // The place that the block read next must end before.
    let mut expected: Option<Seq> = None;
    let mut next = Seq(1);
    while let Some(row) = rows.next().map_err(sqlite("read the blocks"))? {
        let block = block_of(row).map_err(sqlite("read a block"))?;
        bytes += block.body.len() as u64;
        let was_whole = block.check().is_ok();
        let (block, is_whole) = match whole(block) {
            Ok(block) => {
                if !was_whole {
                    recovery.mended.push(block.first);
                    mended.push(block.clone());
                }
                (block, true)
            }
            Err((block, error)) => {
                let last = believable_last(&block, expected);
                let why = error.to_string();
                recovery.damaged.push(Damage { first: block.first, last, why });
                (block, false)
            }
        };
        let last = if is_whole { block.last() } else { believable_last(&block, expected) };
        match expected {
            None => next = Seq(last.0 + 1),
            Some(after) if after.0 > last.0 + 1 => recovery.damaged.push(Damage {
                first: Seq(last.0 + 1),
                last: Seq(after.0 - 1),
                why: "the blocks are missing".into(),
            }),
            Some(_) => {}
        }
        if is_whole {
            observations.get_or_insert(block.observations);
        }
        expected = Some(block.first);
        if bytes > OPEN_CHECK_BYTES {
            break;
        }
    }
    drop(rows);
    recovery.checked_from = expected.unwrap_or(Seq(1));
    recovery.damaged.reverse();
    recovery.mended.reverse();
    for block in &mended {
        store::replace_body(connection, block).map_err(sqlite("put a block right"))?;
    }
    Ok((next, observations.unwrap_or(0)))
}

/// The last place of a block whose header cannot be trusted: it ends before the next one begins,
/// and no block is longer than the longest.
pub(crate) fn believable_last(block: &StoredBlock, next: Option<Seq>) -> Seq {
    let most = match next {
        Some(next) => next.0.saturating_sub(block.first.0),
        None if block.count > BLOCK_RECORDS_MAX => u64::from(BLOCK_RECORDS_MAX),
        None => u64::from(block.count),
    };
    Seq(block.first.0 + most.max(1) - 1)
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
