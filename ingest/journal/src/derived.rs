//! Files that are derived from the journal: decisions, snapshots, history.
//!
//! Each has the position up to which it was derived, in the same transaction as what was derived.
//! They are written without a sync for each commit: what a power cut takes, the position goes
//! back with it, and it is derived again. A damaged one is set aside and made anew.

use std::fs;
use std::path::{Path, PathBuf};

use domain::ids::Seq;
use rusqlite::{Connection, OpenFlags};

use crate::store::{BUSY_TIMEOUT, is_corrupt};

/// How many damaged files of one name are told apart.
const SET_ASIDE_MAX: u32 = 1_000;
/// The log of a derived file is taken over every so many pages of 4 KiB: the only time it syncs.
const CHECKPOINT_PAGES: u32 = 8_192;
/// SQLite's page cache for a derived file, in KiB.
const CACHE_KIB: u32 = 64 * 1024;

/// Why a derived file does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DerivedError {
    /// SQLite refuses.
    #[error("{file}: cannot {attempt}: {source}")]
    Sqlite {
        /// The file's name.
        file: &'static str,
        /// What was tried.
        attempt: &'static str,
        /// Why not.
        source: rusqlite::Error,
    },
    /// It was written by a newer program.
    #[error("{file} is of a newer version ({found}; this program knows up to {known})")]
    Newer {
        /// The file's name.
        file: &'static str,
        /// Its version.
        found: i32,
        /// The newest known here.
        known: i32,
    },
    /// It was written by an older program: opening it for writing makes it anew.
    #[error(
        "{file} is of an older version ({found}; this program writes {known}); it is made anew"
    )]
    Older {
        /// The file's name.
        file: &'static str,
        /// Its version.
        found: i32,
        /// The one written here.
        known: i32,
    },
    /// It is some other SQLite database.
    #[error("{file} is something else (application id {application_id:#x})")]
    Foreign {
        /// The file's name.
        file: &'static str,
        /// Its mark.
        application_id: i32,
    },
    /// There is none to read.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// A damaged one cannot be moved aside.
    #[error("{file} is damaged and cannot be set aside: {source}")]
    SetAside {
        /// The file's name.
        file: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A row lies beyond the position that is to be committed with it.
    #[error("{file}: a row at {row} lies beyond the position {upto}")]
    Beyond {
        /// The file's name.
        file: &'static str,
        /// The row's place.
        row: Seq,
        /// The position.
        upto: Seq,
    },
}

impl DerivedError {
    /// Whether it may pass by itself: a full disk, or a lock that another tool holds.
    pub fn may_pass(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
        let DerivedError::Sqlite { source, .. } = self else { return false };
        matches!(source.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked | DiskFull))
    }

    /// Whether the file is damaged: opening it again sets it aside and begins anew.
    pub fn is_damage(&self) -> bool {
        matches!(self, DerivedError::Sqlite { source, .. } if is_corrupt(source))
    }
}

/// What makes a derived file the one it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) file: &'static str,
    pub(crate) application_id: i32,
    pub(crate) version: i32,
    pub(crate) schema: &'static str,
}

impl Kind {
    pub(crate) fn wrong(
        self,
        attempt: &'static str,
    ) -> impl FnOnce(rusqlite::Error) -> DerivedError {
        move |source| DerivedError::Sqlite { file: self.file, attempt, source }
    }

    /// Opens the file for writing, makes it when there is none, sets a damaged one aside.
    pub(crate) fn open(self, dir: &Path) -> Result<Connection, DerivedError> {
        match self.connect(dir) {
            Err(error) if error.is_damage() || matches!(error, DerivedError::Older { .. }) => {
                let kept = self.set_aside(dir)?;
                tracing::error!(
                    file = self.file, %error, kept = %kept.display(),
                    "a derived file is of no use; it is made anew from the journal"
                );
                self.connect(dir)
            }
            done => done,
        }
    }

    /// Opens the file for reading only.
    pub(crate) fn open_reader(self, dir: &Path) -> Result<Connection, DerivedError> {
        let path = dir.join(self.file);
        if !path.is_file() {
            return Err(DerivedError::Missing(self.file));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(self.wrong("open the file"))?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(self.wrong("set a timeout"))?;
        self.check(&connection)?;
        Ok(connection)
    }

    fn connect(self, dir: &Path) -> Result<Connection, DerivedError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(dir.join(self.file), flags)
            .map_err(self.wrong("open the file"))?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(self.wrong("set a timeout"))?;
        let fresh = self.check(&connection)?;
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
                 PRAGMA cache_size=-{CACHE_KIB}; PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES};
                 PRAGMA trusted_schema=OFF;"
            ))
            .map_err(self.wrong("set the file's mode"))?;
        if fresh {
            let make = format!(
                "BEGIN IMMEDIATE; PRAGMA application_id={}; PRAGMA user_version={};
                 CREATE TABLE IF NOT EXISTS position(
                   one INTEGER PRIMARY KEY CHECK(one=1), seq INTEGER NOT NULL) STRICT;
                 INSERT OR IGNORE INTO position VALUES(1, 0); {} COMMIT;",
                self.application_id, self.version, self.schema
            );
            connection.execute_batch(&make).map_err(self.wrong("make the tables"))?;
        }
        Ok(connection)
    }

    /// Checks the marks; `true` for a file that is yet to be made.
    fn check(self, connection: &Connection) -> Result<bool, DerivedError> {
        let mark = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let application_id: i32 =
            mark("application_id").map_err(self.wrong("read the file's mark"))?;
        let found: i32 = mark("user_version").map_err(self.wrong("read the file's version"))?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(self.wrong("read the tables"))?;
        if application_id == 0 && tables == 0 {
            return Ok(true);
        }
        if application_id != self.application_id {
            return Err(DerivedError::Foreign { file: self.file, application_id });
        }
        if found > self.version {
            return Err(DerivedError::Newer { file: self.file, found, known: self.version });
        }
        if found < self.version {
            return Err(DerivedError::Older { file: self.file, found, known: self.version });
        }
        Ok(false)
    }

    fn set_aside(self, dir: &Path) -> Result<PathBuf, DerivedError> {
        let wrong = |source| DerivedError::SetAside { file: self.file, source };
        let mut tries = 1..SET_ASIDE_MAX;
        let kept = tries
            .by_ref()
            .map(|n| dir.join(format!("{}.damaged-{n}", self.file)))
            .find(|kept| !kept.exists())
            .ok_or_else(|| wrong(std::io::ErrorKind::AlreadyExists.into()))?;
        for tail in ["-wal", "-shm"] {
            let _ = fs::remove_file(dir.join(format!("{}{tail}", self.file)));
        }
        fs::rename(dir.join(self.file), &kept).map_err(wrong)?;
        Ok(kept)
    }

    pub(crate) fn position(self, connection: &Connection) -> Result<Seq, DerivedError> {
        let sql = "SELECT seq FROM position WHERE one=1";
        let seq: i64 = connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(self.wrong("read the position"))?;
        Ok(Seq(seq as u64))
    }

    pub(crate) fn set_position(self, connection: &Connection, seq: Seq) -> rusqlite::Result<()> {
        let sql = "UPDATE position SET seq=?1 WHERE one=1";
        connection.prepare_cached(sql)?.execute([seq.0 as i64]).map(|_| ())
    }
}
