//! What the journal and its history remember of before the start.

use std::path::PathBuf;

use domain::ids::{DatastreamIx, Seq};
use domain::observation::Observation;
use domain::time::UtcMs;
use journal::history::{HistoryReader, Sample};
use journal::{ReadError, Reader};

use crate::admit::Admission;
use crate::memory::Past;

/// Records of the journal's end that are always read again at a start: they hold the newest tick
/// and the reports that may be sent again.
pub const TAIL_MIN_RECORDS: u64 = 50_000;
/// The most records read again at a start; a history that lags by more is asked as it stands.
pub const TAIL_MAX_RECORDS: u64 = 2_000_000;
/// Records read at a time.
const STRETCH_RECORDS: usize = 8_192;

/// The history of a journal's directory, opened when it is first asked.
#[derive(Debug)]
pub struct HistoryPast {
    dir: PathBuf,
    reader: Option<HistoryReader>,
}

impl HistoryPast {
    /// Of the journal in `dir`.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), reader: None }
    }

    fn ask<T, E: std::fmt::Display>(
        &mut self,
        question: impl FnOnce(&HistoryReader) -> Result<T, E>,
    ) -> Result<T, String> {
        if self.reader.is_none() {
            self.reader = Some(HistoryReader::open(&self.dir).map_err(|e| e.to_string())?);
        }
        let Some(reader) = &self.reader else { return Err("it is not open".into()) };
        let answer = question(reader).map_err(|e| e.to_string());
        if answer.is_err() {
            // Opened anew next time: it may have been made anew.
            self.reader = None;
        }
        answer
    }

    /// Up to which record it is filled; 0 where it cannot be asked.
    pub fn position(&mut self) -> Seq {
        self.ask(HistoryReader::position).unwrap_or_default()
    }
}

fn observations(samples: Vec<Sample>) -> Vec<Observation> {
    samples.into_iter().map(|sample| sample.observation).collect()
}

impl Past for HistoryPast {
    fn newest(&mut self, ix: DatastreamIx, limit: usize) -> Result<Vec<Observation>, String> {
        self.ask(|history| history.newest(ix, limit)).map(observations)
    }
    fn at(&mut self, ix: DatastreamIx, t: UtcMs) -> Result<Vec<Observation>, String> {
        self.ask(|history| history.at(ix, t)).map(observations)
    }
    fn between(
        &mut self,
        ix: DatastreamIx,
        from: UtcMs,
        to: UtcMs,
        limit: usize,
    ) -> Result<Vec<Observation>, String> {
        self.ask(|history| history.told(ix, from, to, limit)).map(observations)
    }
}

/// Reads the journal's end again into an admission's memory: everything after `history`, and at
/// least [`TAIL_MIN_RECORDS`]. Gives how many records it read.
///
/// # Errors
/// [`ReadError`], where SQLite refuses; damaged records are passed over.
pub fn recall_tail(
    admission: &Admission,
    reader: &mut Reader,
    history: Seq,
) -> Result<u64, ReadError> {
    let last = reader.last()?.0;
    let least = last.saturating_sub(TAIL_MIN_RECORDS);
    let from = history.0.min(least).max(last.saturating_sub(TAIL_MAX_RECORDS));
    let mut at = from + 1;
    while at <= last {
        let stretch = reader.read_on(Seq(at), STRETCH_RECORDS)?;
        let Some(end) = stretch.records.last().map(|r| r.seq.0) else { break };
        for record in &stretch.records {
            admission.recall(&record.record);
        }
        at = end + 1;
    }
    Ok(last - from)
}
