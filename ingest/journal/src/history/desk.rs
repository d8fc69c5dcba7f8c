//! What was done at the desk, what was signalled officially, and changes of the registry: the records that the duty log is
//! made of beside decisions, at their places, so that nobody walks the journal for them.

use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::report::Report;
use domain::time::UtcMs;
use rusqlite::{Row, Transaction, params};

use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

/// A record to be kept: its place, its time, itself.
pub(super) type Act<'r> = (UtcMs, &'r Sequenced);

/// A record that is a line of the duty log.
pub(super) fn act(row: &Sequenced) -> Option<Act<'_>> {
    match &row.record {
        Record::Desk(event) => Some((event.at, row)),
        Record::Registry(act) => Some((act.at, row)),
        Record::Report { received, report: Report::Signal(_) | Report::Warning(_), .. } => {
            Some((*received, row))
        }
        _ => None,
    }
}

impl HistoryReader {
    /// The records before `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn acts_before(&self, before: Seq, limit: usize) -> Result<Vec<Sequenced>, DerivedError> {
        self.acts(
            "SELECT seq, record FROM desk WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
            params![whole(before.0), whole(limit as u64)],
        )
    }

    /// The records after `after`, in order, at most `limit`: one page after the other.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn acts_after(&self, after: Seq, limit: usize) -> Result<Vec<Sequenced>, DerivedError> {
        self.acts(
            "SELECT seq, record FROM desk WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            params![whole(after.0), whole(limit as u64)],
        )
    }

    /// The records from `from` to `to`, both included, by the platform's clock, in order of it, at
    /// most `limit`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn acts_between(
        &self,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<Sequenced>, DerivedError> {
        self.acts(
            "SELECT seq, record FROM desk WHERE at >= ?1 AND at <= ?2 ORDER BY at, seq LIMIT ?3",
            params![from.0, to.0, whole(limit as u64)],
        )
    }

    fn acts(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Sequenced>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<Sequenced>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(params, sequenced)?.collect()
        };
        read().map_err(KIND.wrong("read the desk's records"))
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn sequenced(row: &Row<'_>) -> rusqlite::Result<Sequenced> {
    let bytes: Vec<u8> = row.get(1)?;
    let wrong = |error: rmp_serde::decode::Error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, Box::new(error))
    };
    let record = rmp_serde::from_slice(&bytes).map_err(wrong)?;
    Ok(Sequenced { seq: Seq(row.get::<_, i64>(0)? as u64), record })
}

pub(super) fn insert(transaction: &Transaction<'_>, acts: &[Act<'_>]) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO desk(seq, at, record) VALUES(?1,?2,?3)";
    let mut insert = transaction.prepare_cached(sql)?;
    for (at, row) in acts {
        let bytes = rmp_serde::to_vec_named(&row.record)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        insert.execute(params![whole(row.seq.0), at.0, bytes])?;
    }
    Ok(())
}
