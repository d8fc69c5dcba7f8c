//! What the engine decided, as it was decided: `decisions.sqlite`.
//!
//! A line is kept once: nothing at or below the position is taken again, so that an engine that
//! starts from an older snapshot repeats its decisions without repeating what was published.

use std::path::Path;
use std::time::Duration;

use domain::decision::{Decision, DecisionKind};
use domain::ids::Seq;
use domain::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::derived::{DerivedError, Kind};

/// The file's name.
pub const DECISIONS_FILE: &str = "decisions.sqlite";

const KIND: Kind = Kind {
    file: DECISIONS_FILE,
    application_id: 0x4648_4431,
    version: 2,
    schema: "
CREATE TABLE decision(
  seq INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  alert TEXT,
  told INTEGER,
  json BLOB NOT NULL,
  PRIMARY KEY(seq, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_alert ON decision(alert, seq, ordinal) WHERE alert IS NOT NULL;
CREATE INDEX decision_told ON decision(seq, ordinal) WHERE told IS NOT NULL;
CREATE INDEX decision_told_at ON decision(told, seq, ordinal) WHERE told IS NOT NULL;",
};

/// One line of the decision log at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionLine {
    /// The journal number whose record brought it about.
    pub seq: Seq,
    /// Its place among the decisions of that number, from 0.
    pub ordinal: u32,
    /// The alert it is about, as text.
    pub alert: Option<String>,
    /// Its event time, where it is a line of the duty log: of an alert or a silence.
    pub told: Option<UtcMs>,
    /// The line, JSON.
    pub json: Vec<u8>,
}

impl DecisionLine {
    /// The line of a decision.
    ///
    /// # Errors
    /// What JSON cannot say; a value that is not finite becomes `null` and is none.
    pub fn of(seq: Seq, ordinal: u32, decision: &Decision) -> Result<Self, serde_json::Error> {
        use DecisionKind::{FeedReturned, FeedSilent};
        let alert = decision.alert.as_ref().map(ToString::to_string);
        let is_told =
            decision.kind.is_alert() || matches!(decision.kind, FeedSilent | FeedReturned);
        let told = is_told.then(|| UtcMs::parse(&decision.t).ok()).flatten();
        Ok(Self { seq, ordinal, alert, told, json: serde_json::to_vec(decision)? })
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: Seq(row.get::<_, i64>(0)? as u64),
            ordinal: row.get(1)?,
            alert: row.get(2)?,
            told: row.get::<_, Option<i64>>(4)?.map(UtcMs),
            json: row.get(3)?,
        })
    }
}

/// What an append came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Lines written.
    pub written: usize,
    /// Lines at or below the position, which were there already.
    pub skipped: usize,
    /// The position now.
    pub position: Seq,
}

/// Reads the decisions. Any number of them, beside the writer or without one.
#[derive(Debug)]
pub struct DecisionReader {
    connection: Connection,
}

/// Writes the decisions; the engine's one.
#[derive(Debug)]
pub struct DecisionStore {
    reader: DecisionReader,
}

impl DecisionReader {
    /// Opens the decisions in `dir` for reading.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DerivedError> {
        Ok(Self { connection: KIND.open_reader(dir.as_ref())? })
    }

    /// Up to which record of the journal everything is decided; 0 before the first.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn position(&self) -> Result<Seq, DerivedError> {
        KIND.position(&self.connection)
    }

    /// The lines of records `first` to `last`, in order, at most `limit`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn between(
        &self,
        first: Seq,
        last: Seq,
        limit: usize,
    ) -> Result<Vec<DecisionLine>, DerivedError> {
        let end = clamp(last);
        self.lines(
            "SELECT seq, ordinal, alert, json, told FROM decision WHERE seq >= ?1 AND seq <= ?2
             ORDER BY seq, ordinal LIMIT ?3",
            params![clamp(first), end, rows(limit)],
        )
    }

    /// The lines after `(seq, ordinal)`, in order, at most `limit`: one page after the other.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn after(
        &self,
        place: (Seq, u32),
        limit: usize,
    ) -> Result<Vec<DecisionLine>, DerivedError> {
        self.lines(
            "SELECT seq, ordinal, alert, json, told FROM decision WHERE (seq, ordinal) > (?1, ?2)
             ORDER BY seq, ordinal LIMIT ?3",
            params![clamp(place.0), place.1, rows(limit)],
        )
    }

    /// The newest lines, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn newest(&self, limit: usize) -> Result<Vec<DecisionLine>, DerivedError> {
        self.lines(
            "SELECT seq, ordinal, alert, json, told FROM decision
             ORDER BY seq DESC, ordinal DESC LIMIT ?1",
            params![rows(limit)],
        )
    }

    /// The lines of the duty log before the record `before`, newest first, at most `limit` and then
    /// whatever else is of the last one's record: a page ends between two records.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn told_before(
        &self,
        before: Seq,
        limit: usize,
    ) -> Result<Vec<DecisionLine>, DerivedError> {
        self.lines(
            "SELECT seq, ordinal, alert, json, told FROM decision
             WHERE told IS NOT NULL AND seq < ?1 AND seq >= coalesce(
               (SELECT min(seq) FROM (SELECT seq FROM decision WHERE told IS NOT NULL AND seq < ?1
                ORDER BY seq DESC, ordinal DESC LIMIT ?2)), 0)
             ORDER BY seq DESC, ordinal DESC",
            params![clamp(before), rows(limit)],
        )
    }

    /// The lines of the duty log from `from` to `to`, both included, event time, in order of it, at
    /// most `limit`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn told_between(
        &self,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<DecisionLine>, DerivedError> {
        self.lines(
            "SELECT seq, ordinal, alert, json, told FROM decision
             WHERE told IS NOT NULL AND told >= ?1 AND told <= ?2 ORDER BY told, seq, ordinal LIMIT ?3",
            params![from.0, to.0, rows(limit)],
        )
    }

    /// The newest alert of a hazard at a place, as text.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn newest_alert(&self, hazard: &str, place: &str) -> Result<Option<String>, DerivedError> {
        // Instants have as many digits one as the other until the year 2286; `:` follows on `9`.
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT alert FROM decision WHERE alert >= ?1 AND alert < ?2
                 ORDER BY alert DESC LIMIT 1",
            )?;
            let range = (format!("{hazard}@{place}@"), format!("{hazard}@{place}@:"));
            statement.query_row(params![range.0, range.1], |row| row.get(0)).optional()
        };
        read().map_err(KIND.wrong("read the alerts"))
    }

    /// All lines about one alert, in order.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn of_alert(&self, alert: &str) -> Result<Vec<DecisionLine>, DerivedError> {
        self.lines(
            "SELECT seq, ordinal, alert, json, told FROM decision WHERE alert = ?1
             ORDER BY seq, ordinal",
            params![alert],
        )
    }

    /// How many lines there are. Counts them: not for every request.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn count(&self) -> Result<u64, DerivedError> {
        let count: i64 = self
            .connection
            .query_row("SELECT count(*) FROM decision", [], |row| row.get(0))
            .map_err(KIND.wrong("count the decisions"))?;
        Ok(count as u64)
    }

    fn lines(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<DecisionLine>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<DecisionLine>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(params, DecisionLine::read)?.collect()
        };
        read().map_err(KIND.wrong("read the decisions"))
    }
}

fn clamp(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl DecisionStore {
    /// Opens the decisions in `dir` for writing; makes the file when there is none, and anew when
    /// it is damaged.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DerivedError> {
        Ok(Self { reader: DecisionReader { connection: KIND.open(dir.as_ref())? } })
    }

    /// How long a file that another program holds is waited for from now on.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn set_patience(&self, patience: Duration) -> Result<(), DerivedError> {
        self.reader.connection.busy_timeout(patience).map_err(KIND.wrong("set a timeout"))
    }

    /// To read with the same connection.
    pub fn read(&self) -> &DecisionReader {
        &self.reader
    }

    /// See [`DecisionReader::position`].
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn position(&self) -> Result<Seq, DerivedError> {
        self.reader.position()
    }

    /// Keeps lines and moves the position to `upto`, in one transaction. Lines at or below the
    /// position are there already and are skipped; a position that lies behind stays.
    ///
    /// # Errors
    /// [`DerivedError::Beyond`] for a line after `upto`; nothing is kept then.
    pub fn append(&mut self, lines: &[DecisionLine], upto: Seq) -> Result<Appended, DerivedError> {
        if let Some(line) = lines.iter().find(|line| line.seq > upto) {
            return Err(DerivedError::Beyond { file: KIND.file, row: line.seq, upto });
        }
        let position = self.position()?;
        let new = lines.iter().filter(|line| line.seq > position);
        let connection = &mut self.reader.connection;
        let write = || -> rusqlite::Result<usize> {
            let transaction = connection.transaction()?;
            let mut written = 0;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO decision(seq, ordinal, alert, json, told)
                     VALUES(?1,?2,?3,?4,?5)",
                )?;
                for line in new {
                    insert.execute(params![
                        clamp(line.seq),
                        line.ordinal,
                        line.alert,
                        line.json,
                        line.told.map(|t| t.0)
                    ])?;
                    written += 1;
                }
            }
            KIND.set_position(&transaction, position.max(upto))?;
            transaction.commit()?;
            Ok(written)
        };
        let written = write().map_err(KIND.wrong("keep the decisions"))?;
        Ok(Appended { written, skipped: lines.len() - written, position: position.max(upto) })
    }

    /// Takes back every line after `durable`, for a journal whose end was lost with its disk.
    /// Gives how many.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn rewind(&mut self, durable: Seq) -> Result<usize, DerivedError> {
        if self.position()? <= durable {
            return Ok(0);
        }
        let connection = &mut self.reader.connection;
        let mut write = || -> rusqlite::Result<usize> {
            let transaction = connection.transaction()?;
            let sql = "DELETE FROM decision WHERE seq > ?1";
            let gone = transaction.execute(sql, [clamp(durable)])?;
            KIND.set_position(&transaction, durable)?;
            transaction.commit()?;
            Ok(gone)
        };
        let gone = write().map_err(KIND.wrong("take decisions back"))?;
        tracing::warn!(%durable, gone, "decisions lay beyond the journal's end; taken back");
        Ok(gone)
    }
}
