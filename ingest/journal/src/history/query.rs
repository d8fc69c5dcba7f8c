//! Questions about a datastream's past.

use domain::ids::DatastreamIx;
use domain::observation::Instant;
use domain::time::UtcMs;
use rusqlite::params;

use super::{HistoryReader, KIND, Sample, sample_of};
use crate::derived::DerivedError;

/// Everything of a datastream between two instants, in order.
const SERIES: &str = "SELECT t, result_time, seq, value, origin, trust FROM observation
     WHERE datastream=?1 AND t >= ?2 AND t <= ?3 ORDER BY t, result_time, seq";

impl HistoryReader {
    /// The values of a datastream from `from` to `to`, both included, in order of time, at most
    /// `limit`. Of several values for one instant the one that holds ([`Instant`]).
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn series(
        &self,
        datastream: DatastreamIx,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<Sample>, DerivedError> {
        self.holding(datastream, SERIES, from, to, limit)
    }

    /// The newest `n` values of a datastream, in order of time.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn newest(&self, datastream: DatastreamIx, n: usize) -> Result<Vec<Sample>, DerivedError> {
        self.newest_before(datastream, UtcMs(i64::MAX), n)
    }

    /// The newest `n` values of a datastream up to `to`, included, in order of time.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn newest_before(
        &self,
        datastream: DatastreamIx,
        to: UtcMs,
        n: usize,
    ) -> Result<Vec<Sample>, DerivedError> {
        let sql = "SELECT t, result_time, seq, value, origin, trust FROM observation
                   WHERE datastream=?1 AND t >= ?2 AND t <= ?3
                   ORDER BY t DESC, result_time DESC, seq DESC";
        let mut samples = self.holding(datastream, sql, UtcMs(i64::MIN), to, n)?;
        samples.reverse();
        Ok(samples)
    }

    /// Every value that was admitted for one instant of a datastream, the one that holds last.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn at(&self, datastream: DatastreamIx, t: UtcMs) -> Result<Vec<Sample>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<Sample>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT t, result_time, seq, value, origin, trust FROM observation
                 WHERE datastream=?1 AND t=?2",
            )?;
            let rows = statement
                .query_map([i64::from(datastream.0), t.0], |r| sample_of(datastream, r))?;
            rows.collect()
        };
        let mut samples = read().map_err(KIND.wrong("read an instant"))?;
        samples.sort_by_key(Sample::rank);
        let mut told = Instant::default();
        for sample in &samples {
            told.take(&sample.observation);
        }
        let holds = told.holds();
        samples.sort_by_key(|sample| Some(sample.observation) == holds);
        Ok(samples)
    }

    /// Every value that was admitted for the instants from `from` to `to`, both included, in order
    /// of time; of at most `limit` instants.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn told(
        &self,
        datastream: DatastreamIx,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<Sample>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<Sample>> {
            let mut statement = self.connection.prepare_cached(SERIES)?;
            let mut rows = statement.query(params![datastream.0, from.0, to.0])?;
            let (mut samples, mut instants): (Vec<Sample>, usize) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let sample = sample_of(datastream, row)?;
                let last = samples.last().map(|last| last.observation.t);
                instants += usize::from(last != Some(sample.observation.t));
                if instants > limit {
                    break;
                }
                samples.push(sample);
            }
            Ok(samples)
        };
        read().map_err(KIND.wrong("read what was told"))
    }

    /// The observation with this content (the last part of its id), where there is one.
    ///
    /// # Errors
    /// [`DerivedError::Sqlite`].
    pub fn find(
        &self,
        datastream: DatastreamIx,
        t: UtcMs,
        content_crc: u32,
    ) -> Result<Option<Sample>, DerivedError> {
        let samples = self.at(datastream, t)?;
        Ok(samples.into_iter().find(|s| s.observation.content_crc() == content_crc))
    }

    /// Runs a query ordered by time and keeps of each instant the value that holds.
    fn holding(
        &self,
        datastream: DatastreamIx,
        sql: &str,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<Sample>, DerivedError> {
        let read = || -> rusqlite::Result<Vec<Sample>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![datastream.0, from.0, to.0])?;
            let mut samples: Vec<Sample> = Vec::new();
            let mut told = Instant::default();
            while let Some(row) = rows.next()? {
                let sample = sample_of(datastream, row)?;
                let same = samples.last_mut().filter(|s| s.observation.t == sample.observation.t);
                match same {
                    Some(last) => {
                        told.take(&sample.observation);
                        if told.holds() == Some(sample.observation) {
                            *last = sample;
                        }
                    }
                    None => {
                        if samples.len() == limit {
                            break;
                        }
                        told = Instant::default();
                        told.take(&sample.observation);
                        samples.push(sample);
                    }
                }
            }
            Ok(samples)
        };
        read().map_err(KIND.wrong("read a series"))
    }
}
