//! What was refused, so that it can be read, mended and sent again.

use domain::ids::{AgencyId, Seq};
use domain::refusal::{Channel, Reason, Refusal};
use domain::time::UtcMs;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

const CHANNELS: [Channel; 4] = [Channel::Mqtt, Channel::MqttBridge, Channel::Http, Channel::File];

/// A refusal at its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRefusal {
    /// The place.
    pub seq: Seq,
    /// The refusal.
    pub refusal: Refusal,
}

/// Which refusals are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalFilter {
    /// Only this agency's.
    pub agency: Option<AgencyId>,
    /// Only for this reason.
    pub reason: Option<Reason>,
    /// Only those before this place: the last one of the page before.
    pub before: Option<Seq>,
}

impl HistoryReader {
    /// Refusals, newest first, at most `limit`; the next page is before the last one's place.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn refusals(
        &self,
        filter: &RefusalFilter,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, DerivedError> {
        let mut sql =
            "SELECT seq, agency, channel, source, received, reason, detail, raw, quarantined
             FROM refusal WHERE seq < ?1"
                .to_owned();
        if filter.agency.is_some() {
            sql.push_str(" AND agency = ?2");
        }
        if filter.reason.is_some() {
            sql.push_str(" AND reason = ?3");
        }
        sql.push_str(" ORDER BY seq DESC LIMIT ?4");
        let before = filter.before.and_then(|s| i64::try_from(s.0).ok()).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<KeptRefusal>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.raw_bind_parameter(1, before)?;
            if let Some(agency) = &filter.agency {
                statement.raw_bind_parameter(2, agency.as_str())?;
            }
            if let Some(reason) = filter.reason {
                statement.raw_bind_parameter(3, reason.wire())?;
            }
            statement.raw_bind_parameter(4, limit)?;
            let mut rows = statement.raw_query();
            let mut kept = Vec::new();
            while let Some(row) = rows.next()? {
                kept.push(refusal_of(row)?);
            }
            Ok(kept)
        };
        read().map_err(KIND.wrong("read the refusals"))
    }

    /// How many refusals there are of each agency and reason, in order of both.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn refusal_counts(&self) -> Result<Vec<(AgencyId, Reason, u64)>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<(AgencyId, Reason, u64)>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT agency, reason, count(*) FROM refusal GROUP BY agency, reason
                 ORDER BY agency, reason",
            )?;
            let rows = statement.query_map([], |row| {
                Ok((agency_of(row, 0)?, reason_of(row, 1)?, row.get::<_, i64>(2)? as u64))
            })?;
            rows.collect()
        };
        read().map_err(KIND.wrong("count the refusals"))
    }
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    refusals: &[(Seq, &Refusal)],
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO refusal(seq, agency, channel, source, received, reason, detail,
         raw, quarantined) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    )?;
    for (seq, refusal) in refusals {
        insert.execute(params![
            seq.0 as i64,
            refusal.agency.as_str(),
            refusal.channel.wire(),
            refusal.source,
            refusal.received.0,
            refusal.reason.wire(),
            refusal.detail,
            refusal.raw,
            refusal.quarantined,
        ])?;
    }
    Ok(())
}

fn unknown(column: usize, word: &str) -> rusqlite::Error {
    let why = format!("{word:?} is not known here");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}

fn agency_of(row: &Row<'_>, column: usize) -> rusqlite::Result<AgencyId> {
    let word: String = row.get(column)?;
    AgencyId::new(&word).map_err(|_| unknown(column, &word))
}

fn reason_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Reason> {
    let word: String = row.get(column)?;
    let known = Reason::ALL.iter().copied().find(|r| r.wire() == word);
    known.ok_or_else(|| unknown(column, &word))
}

fn refusal_of(row: &Row<'_>) -> rusqlite::Result<KeptRefusal> {
    let word: String = row.get(2)?;
    let channel = CHANNELS.into_iter().find(|c| c.wire() == word);
    let refusal = Refusal {
        agency: agency_of(row, 1)?,
        channel: channel.ok_or_else(|| unknown(2, &word))?,
        source: row.get(3)?,
        received: UtcMs(row.get(4)?),
        reason: reason_of(row, 5)?,
        detail: row.get(6)?,
        raw: row.get(7)?,
        quarantined: row.get(8)?,
    };
    Ok(KeptRefusal { seq: Seq(row.get::<_, i64>(0)? as u64), refusal })
}
