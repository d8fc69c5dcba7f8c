//! A journal whose file itself is damaged (cut short, pages overwritten): what can be read is
//! copied into a new file, the damaged one is kept.
//!
//! The blocks are taken by the tree and then page by page, so that a damaged tree loses none.
//! Blocks that cannot be read leave a gap in the numbers, which readers and
//! [`crate::verify_blocks`] name; nothing is renumbered.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use domain::ids::Seq;
use domain::status::WireStatus;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::block::{BLOCK_RECORDS_MAX, StoredBlock};
use crate::store::{self, APPLICATION_ID, JOURNAL_FILE, OpenError, STORE_VERSION, sqlite};
use crate::walk::walk;
use crate::{checkpoint, pages};

/// Where the marks stand in an SQLite file ("Database File Format", section 1.3).
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;
const HEADER_BYTES: usize = 100;
/// How many damaged files are told apart by their names.
const KEPT_MAX: u32 = 1_000;

fn file(attempt: &'static str) -> impl FnOnce(std::io::Error) -> OpenError {
    move |source| OpenError::File { attempt, source }
}

/// Refuses a newer program's file by its first bytes, without opening it as a database.
pub(crate) fn check_header(path: &Path) -> Result<(), OpenError> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    let opened = File::open(path).map_err(file("read the journal"))?;
    opened.take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(file("read the journal"))?;
    if header.len() < HEADER_BYTES {
        return Ok(());
    }
    let number = |at: usize| {
        i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (version, id) = (number(USER_VERSION_AT), number(APPLICATION_ID_AT));
    if id == APPLICATION_ID && version > STORE_VERSION {
        let (found, known) = (i64::from(version), i64::from(STORE_VERSION));
        return Err(OpenError::Newer { what: "store", found, known });
    }
    Ok(())
}

/// Copies what can be read of the damaged file into a new one; gives where the old one is kept.
pub(crate) fn salvage(dir: &Path, status: WireStatus) -> Result<PathBuf, OpenError> {
    let path = dir.join(JOURNAL_FILE);
    let room = dir.join("journal.salvage");
    let _ = fs::remove_dir_all(&room);
    fs::create_dir_all(&room).map_err(file("make room for the salvage"))?;
    let copied = copy_readable(&path, &room, status)
        .map_err(|why| OpenError::Unreadable { path: path.clone(), why: why.to_string() })?;
    let kept = keep(&path)?;
    // The old log was taken over, or cannot be read; it must not be read into the new file.
    for tail in ["-wal", "-shm"] {
        let _ = fs::remove_file(dir.join(format!("{JOURNAL_FILE}{tail}")));
    }
    fs::rename(room.join(JOURNAL_FILE), &path).map_err(file("put the salvage in place"))?;
    File::open(dir).and_then(|d| d.sync_all()).map_err(file("sync the directory"))?;
    let _ = fs::remove_dir_all(&room);
    tracing::error!(blocks = copied, kept = %kept.display(), "the journal was salvaged");
    Ok(kept)
}

fn copy_readable(from: &Path, to: &Path, status: WireStatus) -> Result<u64, OpenError> {
    let damaged = Connection::open_with_flags(
        from,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(sqlite("open the damaged file"))?;
    // With a writable schema SQLite reads a file that is shorter than it says it is.
    damaged.execute_batch("PRAGMA writable_schema=ON;").map_err(sqlite("open the damaged file"))?;
    let _ = checkpoint::run(&damaged, "TRUNCATE");
    let fresh = store::connect_writer(to, status, true)?;
    let copied = copy_blocks(&damaged, from, &fresh).map_err(sqlite("copy the blocks"))?;
    checkpoint::run(&fresh, "TRUNCATE").map_err(sqlite("write the salvage"))?;
    Ok(copied)
}

/// One transaction: a salvage that breaks off is begun again.
fn copy_blocks(damaged: &Connection, from: &Path, fresh: &Connection) -> rusqlite::Result<u64> {
    fresh.execute_batch("BEGIN IMMEDIATE")?;
    let mut lost = Vec::new();
    let walked = walk(damaged, Seq(1), |block, whole| {
        if whole {
            store::replace(fresh, block)?;
        } else {
            lost.push((block.first, block.count));
        }
        Ok(())
    });
    // The tree may have lost blocks that are still in the file.
    pages::each_whole_block(from, |block| store::replace(fresh, block).map_err(Stopped::Copy))
        .or_else(|stopped| match stopped {
            Stopped::Copy(error) => Err(error),
            Stopped::Read(error) => {
                tracing::error!(%error, "the pages of the damaged file cannot all be read");
                Ok(())
            }
        })?;
    // The number of a block that is lost stays taken, unless it was found after all.
    for (first, count) in lost {
        if !is_taken(fresh, first)? {
            let count = count.min(BLOCK_RECORDS_MAX);
            let none =
                StoredBlock { first, count, crc32: 1, ..StoredBlock::seal(first, 1, 0, &[]) };
            store::insert(fresh, &none)?;
        }
    }
    let copied: i64 = fresh.query_row("SELECT count(*) FROM block", [], |row| row.get(0))?;
    match walked {
        Err(error) if copied == 0 => return Err(error),
        Err(error) => tracing::error!(%error, "the damaged file's tree cannot be walked"),
        Ok(_) => {}
    }
    fresh.execute_batch("COMMIT")?;
    Ok(copied as u64)
}

/// Whether a block has this number among its records.
fn is_taken(connection: &Connection, seq: Seq) -> rusqlite::Result<bool> {
    let sql = "SELECT first_seq + count > ?1 FROM block WHERE first_seq <= ?1
               ORDER BY first_seq DESC LIMIT 1";
    let taken = connection.prepare_cached(sql)?.query_row([seq.0 as i64], |row| row.get(0));
    Ok(taken.optional()?.unwrap_or(false))
}

/// What ends the look through the pages early.
enum Stopped {
    Read(std::io::Error),
    Copy(rusqlite::Error),
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

/// Gives the damaged file a second name, so that putting the new one in its place loses nothing.
fn keep(path: &Path) -> Result<PathBuf, OpenError> {
    for n in 1..KEPT_MAX {
        let kept = path.with_extension(format!("sqlite.damaged-{n}"));
        match fs::hard_link(path, &kept) {
            Ok(()) => return Ok(kept),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(file("keep the damaged file")(error)),
        }
    }
    Err(file("keep the damaged file")(std::io::ErrorKind::AlreadyExists.into()))
}
