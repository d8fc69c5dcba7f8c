//! What was refused, so that it can be read, mended and sent again.

use domain::ids::{AgencyId, Seq};
use domain::letter::LetterState;
use domain::refusal::{Channel, Reason, Refusal};
use domain::time::UtcMs;
use rusqlite::types::{Type, Value};
use rusqlite::{Row, Transaction, params, params_from_iter};

use super::letters::{self, KeptAct};
use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

/// A refusal at its place in the journal, and what was done about it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRefusal {
    /// The place.
    pub seq: Seq,
    /// The refusal.
    pub refusal: Refusal,
    /// The last act about it, where there is one.
    pub last: Option<KeptAct>,
}

impl KeptRefusal {
    /// The state it is in.
    pub fn state(&self) -> LetterState {
        self.last.as_ref().map_or(LetterState::Open, |kept| kept.act.what.state())
    }
}

/// Which refusals are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalFilter {
    /// Only this agency's.
    pub agency: Option<AgencyId>,
    /// Only by this channel.
    pub channel: Option<Channel>,
    /// Only for this reason.
    pub reason: Option<Reason>,
    /// Only where the topic or resource contains this, whatever its case (of ASCII letters).
    pub source: Option<String>,
    /// Only quarantined ones, or only the others.
    pub quarantined: Option<bool>,
    /// Only in this state.
    pub state: Option<LetterState>,
    /// Only those that came at or after this.
    pub since: Option<UtcMs>,
    /// Only those that came before this.
    pub until: Option<UtcMs>,
    /// Only those before this place: the last one of the page before.
    pub before: Option<Seq>,
    /// Only those after this place.
    pub after: Option<Seq>,
}

const COLUMNS: &str = "SELECT refusal.seq, agency, channel, source, received, reason, detail, raw,
    quarantined, newest.seq, newest.act";
/// Every refusal beside the newest act about it.
const TABLES: &str = " FROM refusal LEFT JOIN letter AS newest ON newest.seq =
    (SELECT max(seq) FROM letter WHERE letter.refusal = refusal.seq)";

impl RefusalFilter {
    /// The conditions and what they are bound to, in order.
    fn conditions(&self) -> (String, Vec<Value>) {
        let whole = |seq: Seq| Value::Integer(i64::try_from(seq.0).unwrap_or(i64::MAX));
        let text = |word: &str| Value::Text(word.to_owned());
        let each = [
            (" AND agency = ?", self.agency.as_ref().map(|a| text(a.as_str()))),
            (" AND channel = ?", self.channel.map(|c| text(c.wire()))),
            (" AND reason = ?", self.reason.map(|r| text(r.wire()))),
            (
                " AND instr(lower(source), ?) > 0",
                self.source.as_ref().map(|s| Value::Text(s.to_ascii_lowercase())),
            ),
            (" AND quarantined = ?", self.quarantined.map(|q| Value::Integer(i64::from(q)))),
            (" AND coalesce(newest.state, 'open') = ?", self.state.map(|s| text(s.wire()))),
            (" AND received >= ?", self.since.map(|t| Value::Integer(t.0))),
            (" AND received < ?", self.until.map(|t| Value::Integer(t.0))),
            (" AND refusal.seq < ?", self.before.map(whole)),
            (" AND refusal.seq > ?", self.after.map(whole)),
        ];
        let (mut sql, mut values) = (" WHERE 1".to_owned(), Vec::new());
        for (condition, value) in each {
            if let Some(value) = value {
                sql.push_str(condition);
                values.push(value);
            }
        }
        (sql, values)
    }
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
        let (conditions, mut values) = filter.conditions();
        let sql = format!("{COLUMNS}{TABLES}{conditions} ORDER BY refusal.seq DESC LIMIT ?");
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let read = || -> rusqlite::Result<Vec<KeptRefusal>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_map(params_from_iter(&values), refusal_of)?.collect()
        };
        read().map_err(KIND.wrong("read the refusals"))
    }

    /// The places of refusals, oldest first, at most `limit`: to replay them in their order.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn refusal_places(
        &self,
        filter: &RefusalFilter,
        limit: usize,
    ) -> Result<Vec<Seq>, DerivedError> {
        let (conditions, mut values) = filter.conditions();
        let sql = format!("SELECT refusal.seq{TABLES}{conditions} ORDER BY refusal.seq LIMIT ?");
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let read = || -> rusqlite::Result<Vec<Seq>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(&values), |row| {
                Ok(Seq(row.get::<_, i64>(0)? as u64))
            })?;
            rows.collect()
        };
        read().map_err(KIND.wrong("read the refusals' places"))
    }

    /// How many refusals a filter finds, counted up to `most`.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn refusal_count(&self, filter: &RefusalFilter, most: usize) -> Result<u64, DerivedError> {
        let (conditions, mut values) = filter.conditions();
        let sql = format!("SELECT count(*) FROM (SELECT 1{TABLES}{conditions} LIMIT ?)");
        values.push(Value::Integer(i64::try_from(most).unwrap_or(i64::MAX)));
        let read = || -> rusqlite::Result<u64> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_row(params_from_iter(&values), |row| Ok(row.get::<_, i64>(0)? as u64))
        };
        read().map_err(KIND.wrong("count refusals"))
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
    let channel = Channel::of(&word);
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
    let last =
        row.get::<_, Option<i64>>(9)?.map(|seq| letters::act_of(seq, 10, row)).transpose()?;
    Ok(KeptRefusal { seq: Seq(row.get::<_, i64>(0)? as u64), refusal, last })
}
