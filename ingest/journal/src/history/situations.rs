//! Where reports of situations and what was done about them stand in the record, by whose they are: so
//! that one that has left the picture is found without walking the journal. The records stay there.

use domain::desk::DeskFact;
use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::report::Report;
use domain::situation::{Key, Kind};
use rusqlite::{Transaction, params};

use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

/// Which reports a record is about.
pub(super) fn of(row: &Sequenced) -> Vec<Key> {
    match &row.record {
        Record::Report { agency, report: Report::Situation(said), .. } => vec![said.key(agency)],
        Record::Desk(event) => match &event.what {
            DeskFact::SituationVerified { situation, .. }
            | DeskFact::SituationAssigned { situation, .. }
            | DeskFact::SituationConcluded { situation, .. }
            | DeskFact::SituationFedBack { situation, .. } => vec![situation.clone()],
            DeskFact::SituationsMerged { situation, into: other, .. }
            | DeskFact::SituationsKeptApart { situation, from: other, .. }
            | DeskFact::SituationSplit { situation, from: other, .. } => {
                vec![situation.clone(), other.clone()]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

impl HistoryReader {
    /// Where a report stands in the record and what was done about it: the newest `most` places, in
    /// order.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn situation(&self, key: &Key, most: usize) -> Result<Vec<Seq>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<Seq>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq FROM situation WHERE kind = ?1 AND id = ?2 AND agency = ?3
                 ORDER BY seq DESC LIMIT ?4",
            )?;
            let (agency, id) = (key.agency.as_str(), key.id.as_str());
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![key.kind.wire(), id, agency, most], |row| {
                Ok(Seq(row.get::<_, i64>(0)? as u64))
            })?;
            rows.collect()
        };
        let mut places = read().map_err(KIND.wrong("read where a report stands"))?;
        places.reverse();
        Ok(places)
    }

    /// Who sent a report of this kind and id; the first by name where several did.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn situation_sender(&self, kind: Kind, id: &str) -> Result<Option<String>, DerivedError> {
        let read = || -> rusqlite::Result<Option<String>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT agency FROM situation WHERE kind = ?1 AND id = ?2 ORDER BY agency LIMIT 1",
            )?;
            let mut rows = statement.query_map(params![kind.wire(), id], |row| row.get(0))?;
            rows.next().transpose()
        };
        read().map_err(KIND.wrong("read who sent a report"))
    }
}

pub(super) fn insert(transaction: &Transaction<'_>, rows: &[(Seq, Key)]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO situation(kind, id, agency, seq) VALUES(?1,?2,?3,?4)",
    )?;
    for (seq, key) in rows {
        let (agency, id) = (key.agency.as_str(), key.id.as_str());
        insert.execute(params![key.kind.wire(), id, agency, seq.0 as i64])?;
    }
    Ok(())
}
