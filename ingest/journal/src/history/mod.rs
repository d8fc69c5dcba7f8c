//! History by datastream, and the refusals: `history.sqlite`, filled from the journal by a
//! follower of its own.
//!
//! An outage here delays history, never an alert, and loses nothing: the position is committed
//! with the rows, and the follower goes on from there.

mod desk;
mod exchange;
mod follow;
mod hours;
mod letters;
mod query;
mod refusals;
mod situations;

use std::path::Path;

use domain::exchange::ExchangeAct;
use domain::ids::{DatastreamIx, Seq};
use domain::letter::LetterAct;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::record::{Record, Sequenced};
use domain::refusal::Refusal;
use domain::situation::Key;
use domain::time::UtcMs;
use rusqlite::{Connection, Transaction, params};

use crate::derived::{DerivedError, Kind};

pub use exchange::KeptExchange;
pub use follow::{FOLLOW_RECORDS, FollowEnd, FollowError, Followed, Shutdown, follow, spawn};
pub use hours::HourCount;
pub use letters::KeptAct;
pub use refusals::{KeptRefusal, RefusalFilter};

/// The file's name.
pub const HISTORY_FILE: &str = "history.sqlite";

pub(crate) const KIND: Kind = Kind {
    file: HISTORY_FILE,
    application_id: 0x4648_4831,
    version: 5,
    schema: "
CREATE TABLE observation(
  datastream INTEGER NOT NULL,
  t INTEGER NOT NULL,
  result_time INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  value REAL NOT NULL,
  origin INTEGER NOT NULL,
  trust INTEGER NOT NULL,
  PRIMARY KEY(datastream, t, result_time, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE desk(
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  record BLOB NOT NULL
) STRICT;
CREATE INDEX desk_at ON desk(at, seq);
CREATE TABLE refusal(
  seq INTEGER PRIMARY KEY,
  agency TEXT NOT NULL,
  channel TEXT NOT NULL,
  source TEXT NOT NULL,
  received INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  raw BLOB NOT NULL,
  quarantined INTEGER NOT NULL
) STRICT;
CREATE INDEX refusal_agency ON refusal(agency, seq);
CREATE TABLE letter(
  seq INTEGER PRIMARY KEY,
  refusal INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  act BLOB NOT NULL
) STRICT;
CREATE INDEX letter_refusal ON letter(refusal, seq);
CREATE TABLE exchange(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  peer TEXT,
  what TEXT NOT NULL,
  act BLOB NOT NULL
) STRICT;
CREATE TABLE situation(
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  agency TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY(kind, id, agency, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchange_peer ON exchange(peer, what, seq);
CREATE INDEX refusal_reason ON refusal(reason, seq);",
};

/// One value of a datastream, as it was admitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The observation.
    pub observation: Observation,
    /// Its place in the journal.
    pub seq: Seq,
}

impl Sample {
    /// What decides between two values for one instant: the later result, then the larger id.
    fn rank(&self) -> (UtcMs, u32) {
        (self.observation.result_time, self.observation.content_crc())
    }
}

/// Reads the history. Any number of them, beside the follower or without one.
#[derive(Debug)]
pub struct HistoryReader {
    pub(crate) connection: Connection,
}

/// Writes the history; the follower's one.
#[derive(Debug)]
pub struct HistoryStore {
    reader: HistoryReader,
}

impl HistoryReader {
    /// Opens the history in `dir` for reading.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DerivedError> {
        Ok(Self { connection: KIND.open_reader(dir.as_ref())? })
    }

    /// Up to which record of the journal it is filled; 0 before the first.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn position(&self) -> Result<Seq, DerivedError> {
        KIND.position(&self.connection)
    }
}

impl HistoryStore {
    /// Opens the history in `dir` for writing; makes the file when there is none, and anew when it
    /// is damaged.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DerivedError> {
        Ok(Self { reader: HistoryReader { connection: KIND.open(dir.as_ref())? } })
    }

    /// To read with the same connection.
    pub fn read(&self) -> &HistoryReader {
        &self.reader
    }

    /// See [`HistoryReader::position`].
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn position(&self) -> Result<Seq, DerivedError> {
        self.reader.position()
    }

    /// Takes over records of the journal and moves the position to `upto`, in one transaction.
    /// Records at or below the position are there already.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`]; the position is as it was then.
    pub fn append(&mut self, records: &[Sequenced], upto: Seq) -> Result<(), DerivedError> {
        let position = self.position()?;
        let mut rows: Vec<Sample> = Vec::with_capacity(records.len());
        let mut refusals: Vec<(Seq, &Refusal)> = Vec::new();
        let mut letters: Vec<(Seq, &LetterAct)> = Vec::new();
        let mut acts: Vec<desk::Act<'_>> = Vec::new();
        let mut exchanged: Vec<(Seq, &ExchangeAct)> = Vec::new();
        let mut about: Vec<(Seq, Key)> = Vec::new();
        for row in records.iter().filter(|r| r.seq > position) {
            let Sequenced { seq, record } = row;
            acts.extend(desk::act(row));
            about.extend(situations::of(row).into_iter().map(|key| (*seq, key)));
            match record {
                Record::Observation { observation, .. } if observation.value.is_finite() => {
                    rows.push(Sample { observation: *observation, seq: *seq });
                }
                Record::Refused(refusal) => refusals.push((*seq, refusal)),
                Record::Letter(act) => letters.push((*seq, act)),
                Record::Exchange(act) => exchanged.push((*seq, act)),
                _ => {}
            }
        }
        // In the order of the key: neighbouring rows go into one page.
        let key = |s: &Sample| {
            let o = &s.observation;
            (o.datastream, o.t, o.result_time, s.seq)
        };
        rows.sort_unstable_by_key(key);
        let connection = &mut self.reader.connection;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            insert_observations(&transaction, &rows)?;
            refusals::insert(&transaction, &refusals)?;
            letters::insert(&transaction, &letters)?;
            exchange::insert(&transaction, &exchanged)?;
            desk::insert(&transaction, &acts)?;
            situations::insert(&transaction, &about)?;
            KIND.set_position(&transaction, position.max(upto))?;
            transaction.commit()
        };
        write().map_err(KIND.wrong("fill the history"))
    }

    /// Takes back everything after `durable`, for a journal whose end was lost with its disk.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn rewind(&mut self, durable: Seq) -> Result<(), DerivedError> {
        if self.position()? <= durable {
            return Ok(());
        }
        tracing::warn!(%durable, "the history lay beyond the journal's end; taken back");
        let connection = &mut self.reader.connection;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            for table in ["observation", "refusal", "letter", "desk", "exchange", "situation"] {
                let sql = format!("DELETE FROM {table} WHERE seq > ?1");
                transaction.execute(&sql, [durable.0 as i64])?;
            }
            KIND.set_position(&transaction, durable)?;
            transaction.commit()
        };
        write().map_err(KIND.wrong("take history back"))
    }
}

fn insert_observations(transaction: &Transaction<'_>, rows: &[Sample]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO observation(datastream, t, result_time, seq, value, origin, trust)
         VALUES(?1,?2,?3,?4,?5,?6,?7)",
    )?;
    for Sample { observation, seq } in rows {
        insert.execute(params![
            observation.datastream.0,
            observation.t.0,
            observation.result_time.0,
            seq.0 as i64,
            observation.value,
            observation.quality.origin as u8,
            observation.quality.trust as u8,
        ])?;
    }
    Ok(())
}

/// Reads `t, result_time, seq, value, origin, trust`.
fn sample_of(datastream: DatastreamIx, row: &rusqlite::Row<'_>) -> rusqlite::Result<Sample> {
    let origin = match row.get::<_, u8>(4)? {
        0 => OriginFlag::Original,
        1 => OriginFlag::Corrected,
        _ => OriginFlag::Completed,
    };
    let trust = match row.get::<_, u8>(5)? {
        0 => Trust::Reliable,
        1 => Trust::Doubtful,
        _ => Trust::Unreliable,
    };
    let observation = Observation {
        datastream,
        t: UtcMs(row.get(0)?),
        result_time: UtcMs(row.get(1)?),
        value: row.get(3)?,
        quality: Quality { origin, trust },
        backlog: false,
    };
    Ok(Sample { observation, seq: Seq(row.get::<_, i64>(2)? as u64) })
}
