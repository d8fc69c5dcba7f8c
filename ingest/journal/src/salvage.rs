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

use crate::block::StoredBlock;
use crate::checkpoint;
use crate::store::{
    self, APPLICATION_ID, BLOCK_COLUMNS, JOURNAL_FILE, OpenError, STORE_VERSION, block_of,
    is_corrupt, sqlite,
};

/// Where the marks stand in an SQLite file ("Database File Format", section 1.3).
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;
const HEADER_BYTES: usize = 100;
/// How many damaged files are told apart by their names.
const KEPT_MAX: u32 = 1_000;
/// Blocks are copied this many to a transaction.
const COPIED_AT_ONCE: usize = 1_024;

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

/// Copies what can be read of a damaged file into a new one. `None` where nothing is damaged.
pub(crate) fn if_damaged(dir: &Path, status: WireStatus) -> Result<Option<PathBuf>, OpenError> {
    let path = dir.join(JOURNAL_FILE);
    if !path.is_file() || is_readable(dir)? {
        return Ok(None);
    }
    tracing::error!(file = %path.display(), "the journal's file is damaged; salvaging");
    let blocks = dir.join("journal.salvage");
    let _ = fs::remove_dir_all(&blocks);
    fs::create_dir_all(&blocks).map_err(file("make room for the salvage"))?;
    let copied = copy_readable(&path, &blocks, status)?;
    let kept = keep(&path)?;
    // The old log was taken over or is unreadable; it must not be read into the new file.
    for tail in ["-wal", "-shm"] {
        let _ = fs::remove_file(dir.join(format!("{JOURNAL_FILE}{tail}")));
    }
    fs::rename(blocks.join(JOURNAL_FILE), &path).map_err(file("put the salvage in place"))?;
    File::open(dir).and_then(|d| d.sync_all()).map_err(file("sync the directory"))?;
    let _ = fs::remove_dir_all(&blocks);
    tracing::error!(blocks = copied, kept = %kept.display(), "the journal was salvaged");
    Ok(Some(kept))
}

/// Whether all rows of the file can be walked; their content is the blocks' own affair.
fn is_readable(dir: &Path) -> Result<bool, OpenError> {
    let walked = store::connect_reader(dir).and_then(|connection| {
        let sql = "SELECT count(*), max(first_seq), sum(count) FROM block";
        connection.query_row(sql, [], |_| Ok(())).map_err(sqlite("read the blocks"))
    });
    match walked {
        Ok(()) => Ok(true),
        Err(OpenError::Sqlite { source, .. }) if is_corrupt(&source) => Ok(false),
        // An empty file, or one without tables, is one that was never finished being made.
        Err(OpenError::NotAJournal { application_id: 0, .. }) => Ok(true),
        Err(other) => Err(other),
    }
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
    let mut copied = 0;
    let up = copy_run(&damaged, &fresh, Run::Up, Seq(0), &mut copied)?;
    if let Some(broken_after) = up {
        // From the other end, down to where the first run broke off.
        let _ = copy_run(&damaged, &fresh, Run::Down, broken_after, &mut copied)?;
    }
    checkpoint::run(&fresh, "TRUNCATE").map_err(sqlite("write the salvage"))?;
    Ok(copied)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Up,
    Down,
}

/// Copies blocks in one direction until they end or cannot be read; gives the last one copied in
/// the second case.
fn copy_run(
    damaged: &Connection,
    fresh: &Connection,
    run: Run,
    above: Seq,
    copied: &mut u64,
) -> Result<Option<Seq>, OpenError> {
    let order = if run == Run::Up { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT {BLOCK_COLUMNS} FROM block WHERE first_seq > ?1 ORDER BY first_seq {order}"
    );
    let Ok(mut statement) = damaged.prepare(&sql) else { return Ok(None) };
    let Ok(mut rows) = statement.query([above.0 as i64]) else { return Ok(None) };
    let mut last = above;
    let mut waiting: Vec<StoredBlock> = Vec::new();
    let broken = loop {
        match rows.next() {
            Ok(Some(row)) => match block_of(row) {
                Ok(block) => {
                    last = block.first;
                    waiting.push(block);
                }
                Err(_) => break true,
            },
            Ok(None) => break false,
            Err(_) => break true,
        }
        if waiting.len() >= COPIED_AT_ONCE {
            *copied += write_all(fresh, &mut waiting)?;
        }
    };
    *copied += write_all(fresh, &mut waiting)?;
    Ok(broken.then_some(last))
}

fn write_all(fresh: &Connection, blocks: &mut Vec<StoredBlock>) -> Result<u64, OpenError> {
    let write = || -> rusqlite::Result<()> {
        fresh.execute_batch("BEGIN IMMEDIATE")?;
        for block in blocks.iter() {
            store::insert(fresh, block)?;
        }
        fresh.execute_batch("COMMIT")
    };
    write().map_err(sqlite("write the salvage"))?;
    let written = blocks.len() as u64;
    blocks.clear();
    Ok(written)
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
