//! What was done about refusals: the acts, by the refusal they are about.

use domain::ids::Seq;
use domain::letter::LetterAct;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

/// An act at its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAct {
    /// The place.
    pub seq: Seq,
    /// The act.
    pub act: LetterAct,
}

impl HistoryReader {
    /// What was done about one refusal, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn acts_about(&self, refusal: Seq, limit: usize) -> Result<Vec<KeptAct>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<KeptAct>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq, act FROM letter WHERE refusal = ?1 ORDER BY seq LIMIT ?2",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement
                .query_map(params![whole(refusal), limit], |row| act_of(row.get(0)?, 1, row))?;
            rows.collect()
        };
        read().map_err(KIND.wrong("read what was done about a refusal"))
    }
}

fn whole(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// Reads the act of a column; its place is known.
pub(super) fn act_of(seq: i64, column: usize, row: &Row<'_>) -> rusqlite::Result<KeptAct> {
    let bytes: Vec<u8> = row.get(column)?;
    let act = rmp_serde::from_slice(&bytes).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
    })?;
    Ok(KeptAct { seq: Seq(seq as u64), act })
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    acts: &[(Seq, &LetterAct)],
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO letter(seq, refusal, at, state, act) VALUES(?1,?2,?3,?4,?5)",
    )?;
    for (seq, act) in acts {
        let bytes = rmp_serde::to_vec_named(act)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let state = act.what.state().wire();
        insert.execute(params![whole(*seq), whole(act.letter), act.at.0, state, bytes])?;
    }
    Ok(())
}
