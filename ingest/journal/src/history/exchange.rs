//! The log of exchange with other platforms, as the record has it.

use domain::exchange::ExchangeAct;
use domain::ids::Seq;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

/// An act at its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptExchange {
    /// The place.
    pub seq: Seq,
    /// The act.
    pub act: ExchangeAct,
}

impl HistoryReader {
    /// The log of exchange before a place of the journal (or up to its end), newest first. That a file
    /// began to be taken in is no line of it.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn exchange_log(
        &self,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<KeptExchange>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<KeptExchange>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq, act FROM exchange WHERE seq < ?1 AND what <> 'taking'
                 ORDER BY seq DESC LIMIT ?2",
            )?;
            let before = before.map_or(i64::MAX, whole);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![before, limit], act_of)?;
            rows.collect()
        };
        read().map_err(KIND.wrong("read the log of exchange"))
    }

    /// The newest act of a kind ([`domain::exchange::ExchangeFact::wire`]) with a peer.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn exchange_newest(
        &self,
        peer: &str,
        what: &str,
    ) -> Result<Option<KeptExchange>, DerivedError> {
        let read = || -> rusqlite::Result<Option<KeptExchange>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq, act FROM exchange WHERE peer = ?1 AND what = ?2
                 ORDER BY seq DESC LIMIT 1",
            )?;
            let mut rows = statement.query_map(params![peer, what], act_of)?;
            rows.next().transpose()
        };
        read().map_err(KIND.wrong("read the log of exchange"))
    }

    /// The file that was being taken in when a record came by the channel `exchange`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn exchange_bringing(&self, record: Seq) -> Result<Option<KeptExchange>, DerivedError> {
        let read = || -> rusqlite::Result<Option<KeptExchange>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq, act FROM exchange WHERE what = 'taking' AND seq < ?1
                 ORDER BY seq DESC LIMIT 1",
            )?;
            let mut rows = statement.query_map([whole(record)], act_of)?;
            rows.next().transpose()
        };
        read().map_err(KIND.wrong("read the log of exchange"))
    }
}

fn whole(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

fn act_of(row: &Row<'_>) -> rusqlite::Result<KeptExchange> {
    let seq: i64 = row.get(0)?;
    let bytes: Vec<u8> = row.get(1)?;
    let act = rmp_serde::from_slice(&bytes).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, Type::Blob, Box::new(error))
    })?;
    Ok(KeptExchange { seq: Seq(seq as u64), act })
}

/// An act that was written twice, after a break-off, stands once.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    acts: &[(Seq, &ExchangeAct)],
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO exchange(seq, id, at, peer, what, act) VALUES(?1,?2,?3,?4,?5,?6)",
    )?;
    for (seq, act) in acts {
        let bytes = rmp_serde::to_vec_named(act)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let peer = act.peer.as_ref().map(|peer| peer.as_str());
        insert.execute(params![whole(*seq), act.id, act.at.0, peer, act.what.wire(), bytes])?;
    }
    Ok(())
}
