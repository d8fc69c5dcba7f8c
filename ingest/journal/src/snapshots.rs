//! Snapshots of the engine's state: `snapshots.sqlite`.
//!
//! A snapshot is a set of keyed rows at a closed place of the journal. The last two are kept; one
//! whose checksum fails is passed over for the one before, and the journal is read on from there.

use std::path::Path;

use domain::ids::Seq;
use domain::time::UtcMs;
use rusqlite::{Connection, params};

use crate::derived::{DerivedError, Kind};
use crate::phase::{Phase, PhaseHook};

/// The file's name.
pub const SNAPSHOTS_FILE: &str = "snapshots.sqlite";
/// How many snapshots are kept.
pub const SNAPSHOTS_KEPT: i64 = 2;

const KIND: Kind = Kind {
    file: SNAPSHOTS_FILE,
    application_id: 0x4648_5331,
    version: 1,
    schema: "
CREATE TABLE snapshot(
  id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  created INTEGER NOT NULL,
  count INTEGER NOT NULL,
  crc32 INTEGER NOT NULL,
  complete INTEGER NOT NULL
) STRICT;
CREATE TABLE state(
  snapshot INTEGER NOT NULL,
  operator TEXT NOT NULL,
  key BLOB NOT NULL,
  version INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY(snapshot, operator, key)
) STRICT, WITHOUT ROWID;",
};

/// One entry of one operator's state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateRow {
    /// The operator.
    pub operator: String,
    /// The key within it.
    pub key: Vec<u8>,
    /// The version of the bytes' form.
    pub version: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

/// A snapshot that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Everything up to this record is in it.
    pub seq: Seq,
    /// When it was made, by the platform's clock.
    pub created: UtcMs,
    /// The rows, ordered by operator and key.
    pub rows: Vec<StateRow>,
    /// Newer snapshots that were damaged or too far ahead.
    pub passed_over: Vec<Seq>,
}

/// Writes and reads snapshots.
#[derive(Debug)]
pub struct SnapshotStore {
    connection: Connection,
    hook: PhaseHook,
}

/// The checksum of a snapshot: its place and every row, each part with its length before it.
struct Sum(crc32fast::Hasher);

impl Sum {
    fn of(seq: Seq) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&seq.0.to_le_bytes());
        Self(hasher)
    }

    fn add(&mut self, row: &StateRow) {
        for part in [row.operator.as_bytes(), &row.key, &row.version.to_le_bytes(), &row.bytes] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }
}

impl SnapshotStore {
    /// Opens the snapshots in `dir`; makes the file when there is none, and anew when it is
    /// damaged beyond reading.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn open(dir: impl AsRef<Path>, hook: PhaseHook) -> Result<Self, DerivedError> {
        Ok(Self { connection: KIND.open(dir.as_ref())?, hook })
    }

    /// Writes a snapshot at `seq` in one transaction and drops all but the last
    /// [`SNAPSHOTS_KEPT`]. Gives how many rows it has. Rows come in any order, each key once.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`]; the older snapshots are as they were then.
    pub fn write(
        &mut self,
        seq: Seq,
        created: UtcMs,
        mut rows: Vec<StateRow>,
    ) -> Result<usize, DerivedError> {
        rows.sort_unstable();
        let hook = self.hook.clone();
        let connection = &mut self.connection;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO snapshot(seq, created, count, crc32, complete) VALUES(?1,?2,?3,0,0)",
                params![seq.0 as i64, created.0, rows.len() as i64],
            )?;
            let id = transaction.last_insert_rowid();
            hook.at(Phase::SnapshotBegin);
            let mut sum = Sum::of(seq);
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO state(snapshot, operator, key, version, bytes)
                     VALUES(?1,?2,?3,?4,?5)",
                )?;
                for row in &rows {
                    sum.add(row);
                    insert.execute(params![id, row.operator, row.key, row.version, row.bytes])?;
                }
            }
            let sql = "UPDATE snapshot SET crc32=?2, complete=1 WHERE id=?1";
            transaction.execute(sql, params![id, sum.0.finalize()])?;
            let keep = "SELECT id FROM snapshot ORDER BY id DESC LIMIT ?1";
            for table in ["state WHERE snapshot", "snapshot WHERE id"] {
                let sql = format!("DELETE FROM {table} NOT IN ({keep})");
                transaction.execute(&sql, [SNAPSHOTS_KEPT])?;
            }
            transaction.commit()
        };
        write().map_err(KIND.wrong("write a snapshot"))?;
        self.hook.at(Phase::SnapshotCommitted);
        Ok(rows.len())
    }

    /// The newest snapshot that is whole and not after `not_after`: the lesser of the journal's
    /// durable mark and the position of what was published from it. Files are not synced together:
    /// after a power cut a snapshot may be there while decisions before it are not, and an engine
    /// that began from it would never make them again.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`] when the list itself cannot be read.
    pub fn latest_valid(&self, not_after: Seq) -> Result<Option<Snapshot>, DerivedError> {
        let mut passed_over = Vec::new();
        for entry in self.entries().map_err(KIND.wrong("list the snapshots"))? {
            if entry.seq > not_after {
                tracing::info!(seq = %entry.seq, %not_after, "a snapshot lies too far ahead");
                passed_over.push(entry.seq);
                continue;
            }
            let why = match self.read(&entry) {
                _ if !entry.complete => "it was not finished".to_owned(),
                Ok((_, crc)) if crc != entry.crc32 => "its checksum is wrong".to_owned(),
                Ok((rows, _)) => {
                    let (seq, created) = (entry.seq, entry.created);
                    return Ok(Some(Snapshot { seq, created, rows, passed_over }));
                }
                Err(error) => error.to_string(),
            };
            tracing::error!(seq = %entry.seq, %why, "a damaged snapshot is passed over");
            passed_over.push(entry.seq);
        }
        Ok(None)
    }

    fn entries(&self) -> rusqlite::Result<Vec<Entry>> {
        let sql = "SELECT id, seq, created, crc32, complete FROM snapshot ORDER BY id DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement.query_map([], |row| {
            Ok(Entry {
                id: row.get(0)?,
                seq: Seq(row.get::<_, i64>(1)? as u64),
                created: UtcMs(row.get(2)?),
                crc32: row.get(3)?,
                complete: row.get(4)?,
            })
        })?;
        entries.collect()
    }

    fn read(&self, entry: &Entry) -> rusqlite::Result<(Vec<StateRow>, u32)> {
        let mut statement = self.connection.prepare_cached(
            "SELECT operator, key, version, bytes FROM state WHERE snapshot=?1
             ORDER BY operator, key",
        )?;
        let rows = statement.query_map([entry.id], |row| {
            Ok(StateRow {
                operator: row.get(0)?,
                key: row.get(1)?,
                version: row.get(2)?,
                bytes: row.get(3)?,
            })
        })?;
        let rows: Vec<StateRow> = rows.collect::<Result<_, _>>()?;
        let mut sum = Sum::of(entry.seq);
        rows.iter().for_each(|row| sum.add(row));
        Ok((rows, sum.0.finalize()))
    }
}

/// One line of the list of snapshots.
struct Entry {
    id: i64,
    seq: Seq,
    created: UtcMs,
    crc32: u32,
    complete: bool,
}
