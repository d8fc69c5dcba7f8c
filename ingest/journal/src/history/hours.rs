//! How much of a datastream came of each hour.

use domain::ids::{DatastreamIx, Seq};
use domain::time::{HOUR_MS, UtcMs};
use rusqlite::params;

use super::{HistoryReader, KIND};
use crate::derived::DerivedError;

/// Instants of one hour of event time: those of `(hour, hour + 1]` hours, since a value belongs to
/// what ends at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourCount {
    /// Hours since 1970.
    pub hour: i64,
    /// Instants, each counted once however often it was corrected.
    pub instants: u32,
}

impl HourCount {
    /// The hour an instant belongs to.
    pub fn hour_of(t: UtcMs) -> i64 {
        (t.0 - 1).div_euclid(HOUR_MS)
    }
}

impl HistoryReader {
    /// The instants of a datastream by hour, from the hour `from` on, of records up to `upto`. A
    /// correction of an instant, and what was filled in, is not another one.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn instants_by_hour(
        &self,
        datastream: DatastreamIx,
        from: i64,
        upto: Seq,
    ) -> Result<Vec<HourCount>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<HourCount>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT (t - 1) / 3600000 AS hour, count(DISTINCT t) FROM observation
                 WHERE datastream = ?1 AND t > ?2 AND seq <= ?3 AND origin = 0 GROUP BY hour",
            )?;
            let upto = i64::try_from(upto.0).unwrap_or(i64::MAX);
            let after = from.saturating_mul(HOUR_MS);
            let rows = statement.query_map(params![datastream.0, after, upto], |row| {
                let instants = u32::try_from(row.get::<_, i64>(1)?).unwrap_or(u32::MAX);
                Ok(HourCount { hour: row.get(0)?, instants })
            })?;
            rows.collect()
        };
        read().map_err(KIND.wrong("count a datastream's instants"))
    }
}
