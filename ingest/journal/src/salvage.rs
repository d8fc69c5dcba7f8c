//! A journal whose file itself is damaged (cut short, pages overwritten): what can be read is
//! copied into a new file, the damaged one is kept.
//!
//! Blocks that cannot be read leave a gap in the numbers, which readers and
//! [`crate::verify_blocks`] name; nothing is renumbered.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use domain::ids::Seq;
use domain::status::WireStatus;
use rusqlite::{Connection, OpenFlags};

use crate::checkpoint;
use crate::store::{self, APPLICATION_ID, JOURNAL_FILE, OpenError, STORE_VERSION, sqlite};
use crate::walk::walk;

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
    let copied = copy_blocks(&damaged, &fresh).map_err(sqlite("copy the blocks"))?;
    checkpoint::run(&fresh, "TRUNCATE").map_err(sqlite("write the salvage"))?;
    Ok(copied)
}

/// One transaction: a salvage that breaks off is begun again.
fn copy_blocks(damaged: &Connection, fresh: &Connection) -> rusqlite::Result<u64> {
    fresh.execute_batch("BEGIN IMMEDIATE")?;
    let mut copied = 0;
    // Damaged blocks come along: their numbers stay taken.
    walk(damaged, Seq(1), |block, _| {
        copied += 1;
        store::insert(fresh, block)
    })?;
    fresh.execute_batch("COMMIT")?;
    Ok(copied)
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
