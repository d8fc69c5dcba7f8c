//! Up to where the archive has been filled: a small file of its own beside the journal.

use std::path::Path;
use std::time::Duration;

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension};

use super::ArchiveError;

/// The file within the data directory.
const FILE: &str = "archive.sqlite";

pub(super) struct PositionStore {
    connection: Connection,
    archive: String,
}

fn wrong(error: rusqlite::Error) -> ArchiveError {
    ArchiveError::Position(error.to_string())
}

impl PositionStore {
    pub(super) fn open(dir: &Path, archive: &str) -> Result<Self, ArchiveError> {
        let connection = Connection::open(dir.join(FILE)).map_err(wrong)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(wrong)?;
        // A position that is lost in a power cut only has points written once more.
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
                 CREATE TABLE IF NOT EXISTS position(
                   archive TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
            )
            .map_err(wrong)?;
        Ok(Self { connection, archive: archive.to_owned() })
    }

    pub(super) fn get(&self) -> Result<Seq, ArchiveError> {
        let sql = "SELECT seq FROM position WHERE archive=?1";
        let row = self.connection.query_row(sql, [&self.archive], |row| row.get::<_, i64>(0));
        let found = row.optional().map_err(wrong)?.unwrap_or(0);
        Ok(Seq(u64::try_from(found).unwrap_or(0)))
    }

    pub(super) fn put(&mut self, position: Seq) -> Result<(), ArchiveError> {
        let seq = i64::try_from(position.0).unwrap_or(i64::MAX);
        let sql = "INSERT INTO position(archive, seq) VALUES(?1,?2)
                   ON CONFLICT(archive) DO UPDATE SET seq=excluded.seq";
        self.connection.execute(sql, (&self.archive, seq)).map(|_| ()).map_err(wrong)
    }
}
