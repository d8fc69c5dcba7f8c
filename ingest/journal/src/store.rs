//! The file `journal.sqlite`: its marks, its tables, its connections.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::ids::Seq;
use domain::record::RECORD_VERSION;
use domain::status::WireStatus;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};

use crate::block::StoredBlock;
use crate::lock::LockError;

/// The record's file within its directory.
pub const JOURNAL_FILE: &str = "journal.sqlite";
/// SQLite's `application_id` of a journal: `FHJ1`.
pub const APPLICATION_ID: i32 = 0x4648_4A31;
/// SQLite's `user_version`: the version of the tables. The encoding has its own,
/// [`RECORD_VERSION`], in the table `meta` and in every block.
pub const STORE_VERSION: i32 = 1;
/// How long a statement waits for a lock that a backup or another tool holds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE block(
  first_seq INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  bytes_raw INTEGER NOT NULL,
  observations INTEGER NOT NULL,
  crc32 INTEGER NOT NULL,
  crc32_raw INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;";

pub(crate) const BLOCK_COLUMNS: &str =
    "first_seq, count, bytes_raw, observations, crc32, crc32_raw, body";

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made, read or synced.
    #[error("the directory {path} cannot be used: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no journal to read.
    #[error("there is no journal in {0}")]
    Missing(PathBuf),
    /// Another writer has it, or the lock cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// SQLite refuses.
    #[error("cannot {attempt}: {source}")]
    Sqlite {
        /// What was tried.
        attempt: &'static str,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The file is some other SQLite database.
    #[error("{path} is no journal (application id {application_id:#x})")]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// Its mark.
        application_id: i32,
    },
    /// It was written by a newer program.
    #[error(
        "the journal is of a newer version ({what} {found}; this program knows up to {known}): \
         take the newer program, or restore a copy"
    )]
    Newer {
        /// What is newer: `store` or `record`.
        what: &'static str,
        /// Its version.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// A live journal was asked for and this is an exercise's, or the other way round.
    #[error("this is the journal of {found} and not of {asked}")]
    OtherStatus {
        /// What the journal says: `live` or `exercise`.
        found: String,
        /// What was asked for.
        asked: &'static str,
    },
    /// The write-ahead log or a damaged file cannot be read, cut or moved aside.
    #[error("cannot {attempt}: {source}")]
    File {
        /// What was tried.
        attempt: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is damaged so that nothing of it can be read. It is left as it is.
    #[error("{path} is damaged and nothing of it can be read ({why}): restore a copy of it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was tried last, and why it failed.
        why: String,
    },
    /// A thread cannot be started.
    #[error("cannot start the journal's thread: {0}")]
    Thread(std::io::Error),
}

/// The word in the file for a status.
pub(crate) fn status_word(status: WireStatus) -> &'static str {
    match status {
        WireStatus::Actual => "live",
        WireStatus::Exercise => "exercise",
    }
}

pub(crate) fn sqlite(attempt: &'static str) -> impl FnOnce(rusqlite::Error) -> OpenError {
    move |source| OpenError::Sqlite { attempt, source }
}

/// Opens the file for the writer; makes it when there is none. Does not look at the blocks.
pub(crate) fn connect_writer(
    dir: &Path,
    status: WireStatus,
    synchronous: bool,
) -> Result<Connection, OpenError> {
    let path = dir.join(JOURNAL_FILE);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(&path, flags).map_err(sqlite("open the journal"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite("set a timeout"))?;
    // A file that is refused is left exactly as it is.
    check_marks(&connection, &path, true)?;
    let level = if synchronous { "FULL" } else { "OFF" };
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous={level}; PRAGMA wal_autocheckpoint=0;
             PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;"
        ))
        .map_err(sqlite("set the journal's mode"))?;
    let fresh = mark(&connection, "application_id")? == 0;
    if fresh {
        let make = format!(
            "BEGIN IMMEDIATE; PRAGMA application_id={APPLICATION_ID};
             PRAGMA user_version={STORE_VERSION}; {SCHEMA}
             INSERT INTO meta VALUES('record_version','{RECORD_VERSION}');
             INSERT INTO meta VALUES('status','{}'); COMMIT;",
            status_word(status)
        );
        connection.execute_batch(&make).map_err(sqlite("make the journal's tables"))?;
    }
    check_meta(&connection, Some(status))?;
    Ok(connection)
}

/// Opens the file for reading, beside the writer or without one.
pub(crate) fn connect_reader(dir: &Path) -> Result<Connection, OpenError> {
    let path = dir.join(JOURNAL_FILE);
    if !path.is_file() {
        return Err(OpenError::Missing(dir.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(&path, flags).map_err(sqlite("open the journal"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite("set a timeout"))?;
    check_marks(&connection, &path, false)?;
    check_meta(&connection, None)?;
    Ok(connection)
}

fn mark(connection: &Connection, name: &'static str) -> Result<i32, OpenError> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(sqlite("read a mark"))
}

fn check_marks(connection: &Connection, path: &Path, may_be_new: bool) -> Result<(), OpenError> {
    let application_id = mark(connection, "application_id")?;
    let version = mark(connection, "user_version")?;
    if application_id == 0 && may_be_new {
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(sqlite("read the journal's tables"))?;
        if tables == 0 {
            return Ok(());
        }
    }
    if application_id != APPLICATION_ID {
        return Err(OpenError::NotAJournal { path: path.to_owned(), application_id });
    }
    if version > STORE_VERSION {
        let (found, known) = (i64::from(version), i64::from(STORE_VERSION));
        return Err(OpenError::Newer { what: "store", found, known });
    }
    Ok(())
}

fn meta(connection: &Connection, key: &str) -> Result<String, OpenError> {
    let found: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key=?1", [key], |row| row.get(0))
        .optional()
        .map_err(sqlite("read the journal's description"))?;
    Ok(found.unwrap_or_default())
}

fn check_meta(connection: &Connection, status: Option<WireStatus>) -> Result<(), OpenError> {
    let found = meta(connection, "record_version")?.parse().unwrap_or(0);
    let known = i64::from(RECORD_VERSION);
    if found > known {
        return Err(OpenError::Newer { what: "record", found, known });
    }
    let word = meta(connection, "status")?;
    match status.map(status_word) {
        Some(asked) if asked != word => Err(OpenError::OtherStatus { found: word, asked }),
        _ => Ok(()),
    }
}

/// The status of an open journal; `None` where the word is unknown.
pub(crate) fn read_status(connection: &Connection) -> Result<Option<WireStatus>, OpenError> {
    let word = meta(connection, "status")?;
    Ok([WireStatus::Actual, WireStatus::Exercise].into_iter().find(|s| status_word(*s) == word))
}

/// One row of `SELECT` [`BLOCK_COLUMNS`].
pub(crate) fn block_of(row: &Row<'_>) -> rusqlite::Result<StoredBlock> {
    // A number outside its range, or a column that is none, can only be damage: the checksum, which
    // covers all of them, will say so.
    let integer = |column| row.get_ref(column).map(|value| value.as_i64().unwrap_or(-1));
    let narrow = |column| integer(column).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    Ok(StoredBlock {
        first: Seq(row.get::<_, i64>(0)? as u64),
        count: narrow(1)?,
        bytes_raw: narrow(2)?,
        observations: integer(3)? as u64,
        crc32: narrow(4)?,
        crc32_raw: narrow(5)?,
        body: row.get_ref(6)?.as_blob().unwrap_or_default().to_vec(),
    })
}

/// Adds a block inside the transaction that is open.
pub(crate) fn insert(connection: &Connection, block: &StoredBlock) -> rusqlite::Result<()> {
    put(connection, "INSERT", block)
}

/// Adds a block, in the place of one that has its number.
pub(crate) fn replace(connection: &Connection, block: &StoredBlock) -> rusqlite::Result<()> {
    put(connection, "INSERT OR REPLACE", block)
}

fn put(connection: &Connection, how: &str, block: &StoredBlock) -> rusqlite::Result<()> {
    let sql = format!("{how} INTO block({BLOCK_COLUMNS}) VALUES(?1,?2,?3,?4,?5,?6,?7)");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.execute(params![
        block.first.0 as i64,
        block.count,
        block.bytes_raw,
        block.observations as i64,
        block.crc32,
        block.crc32_raw,
        block.body,
    ])?;
    Ok(())
}

/// Writes a body that was put right in the place of the damaged one.
pub(crate) fn replace_body(connection: &Connection, block: &StoredBlock) -> rusqlite::Result<()> {
    let place = block.first.0 as i64;
    connection
        .execute("UPDATE block SET body=?2 WHERE first_seq=?1", params![place, block.body])
        .map(|_| ())
}

/// Whether another program holds the file: nothing of the commit was written, and it passes.
pub(crate) fn is_held(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(e, _) if e.code == ErrorCode::DatabaseBusy)
}

/// Whether the disk was full, which passes; everything else that fails a commit, but [`is_held`], does not.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(e, _) => {
            // Growing the shared index of the write-ahead log needs room as well.
            e.code == ErrorCode::DiskFull || e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
        }
        _ => false,
    }
}

/// The error for damage that SQLite itself does not notice.
pub(crate) fn corrupt(what: &str) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, Some(format!("{what} cannot be read")))
}

/// Whether the file's structure is damaged.
pub(crate) fn is_corrupt(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
