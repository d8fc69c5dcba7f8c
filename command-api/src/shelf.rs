//! The shelf: what is kept on disk, read for a question. Each question opens its own readers on a
//! thread that may wait; how many at one time is bounded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::decision::Decision;
use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::time::UtcMs;
use journal::decisions::DecisionReader;
use journal::history::HistoryReader;
use journal::{DerivedError, OpenError, ReadError, Reader};
use tokio::sync::Semaphore;

/// Questions that are answered from disk at one time.
pub const QUESTIONS_MAX: usize = 8;
/// Questions that may wait for that.
pub const QUESTIONS_WAITING_MAX: usize = 256;
/// Decisions that are read at one time.
const PAGE: usize = 4_096;

/// Why the shelf has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// A file beside the record.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A derived file.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Too many questions at once.
    #[error("too many questions to the record at this moment")]
    Busy,
    /// The question broke off.
    #[error("a question to the record broke off")]
    Broken,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Shelf {
    data: PathBuf,
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// The readers of one question.
#[derive(Debug)]
pub struct Hand {
    data: PathBuf,
}

impl Shelf {
    /// The shelf of a data directory.
    pub fn new(data: PathBuf) -> Self {
        let (turns, waiting) =
            (Semaphore::new(QUESTIONS_MAX), Semaphore::new(QUESTIONS_WAITING_MAX));
        Self { data, turns: Arc::new(turns), waiting: Arc::new(waiting) }
    }

    /// Answers a question on a thread that may wait for the disk.
    ///
    /// # Errors
    /// [`ShelfError`].
    pub async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&Hand) -> Result<R, ShelfError> + Send + 'static,
    ) -> Result<R, ShelfError> {
        let _place = self.waiting.try_acquire().map_err(|_| ShelfError::Busy)?;
        let _turn = self.turns.acquire().await.map_err(|_| ShelfError::Busy)?;
        let hand = Hand { data: self.data.clone() };
        let answered = tokio::task::spawn_blocking(move || question(&hand));
        answered.await.map_err(|_| ShelfError::Broken)?
    }
}

impl Hand {
    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.data
    }

    /// The history.
    ///
    /// # Errors
    /// [`ShelfError::Derived`].
    pub fn history(&self) -> Result<HistoryReader, ShelfError> {
        Ok(HistoryReader::open(&self.data)?)
    }

    /// The decisions.
    ///
    /// # Errors
    /// [`ShelfError::Derived`].
    pub fn decisions(&self) -> Result<DecisionReader, ShelfError> {
        Ok(DecisionReader::open(&self.data)?)
    }

    /// The journal.
    ///
    /// # Errors
    /// [`ShelfError::Open`].
    pub fn journal(&self) -> Result<Reader, ShelfError> {
        Ok(Reader::open(&self.data)?)
    }

    /// One record.
    ///
    /// # Errors
    /// [`ShelfError`].
    pub fn record(&self, seq: Seq) -> Result<Option<Record>, ShelfError> {
        let read = self.journal()?.read_from(seq, 1)?;
        Ok(read.into_iter().find(|r| r.seq == seq).map(|r| r.record))
    }

    /// Every decision about an alert, oldest first.
    ///
    /// # Errors
    /// [`ShelfError`].
    pub fn decisions_of(&self, alert: &str) -> Result<Vec<Decision>, ShelfError> {
        let lines = self.decisions()?.of_alert(alert)?;
        Ok(lines.iter().filter_map(|l| serde_json::from_slice(&l.json).ok()).collect())
    }

    /// The last record that had come by an instant of the platform's clock; 0 where none had.
    /// Ticks come every second, so the record is in order of that clock to within one.
    ///
    /// # Errors
    /// [`ShelfError`].
    pub fn seq_at(&self, at: UtcMs) -> Result<Seq, ShelfError> {
        let mut reader = self.journal()?;
        let (mut low, mut high) = (0u64, reader.last()?.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match time_from(&mut reader, Seq(middle), Seq(high))? {
                Some((_, t)) if t <= at => low = middle,
                Some(_) | None => high = middle - 1,
            }
        }
        Ok(Seq(low))
    }

    /// Walks every decision up to a journal number, in order.
    ///
    /// # Errors
    /// [`ShelfError`].
    pub fn each_decision(
        &self,
        upto: Seq,
        mut take: impl FnMut(&Decision),
    ) -> Result<(), ShelfError> {
        let reader = self.decisions()?;
        let mut place = (Seq(0), 0);
        loop {
            let lines = reader.after(place, PAGE)?;
            let Some(last) = lines.last() else { return Ok(()) };
            place = (last.seq, last.ordinal);
            for line in lines.iter().filter(|l| l.seq <= upto) {
                match serde_json::from_slice(&line.json) {
                    Ok(decision) => take(&decision),
                    Err(error) => tracing::error!(seq = %line.seq, %error, "a decision is no line"),
                }
            }
            if place.0 > upto {
                return Ok(());
            }
        }
    }
}

/// The first record at or after `from`, up to `to`, that says when it came.
fn time_from(reader: &mut Reader, from: Seq, to: Seq) -> Result<Option<(Seq, UtcMs)>, ShelfError> {
    let mut at = from;
    while at <= to {
        let read = reader.read_on(at, 64)?.records;
        let Some(last) = read.last() else { return Ok(None) };
        at = Seq(last.seq.0 + 1);
        if let Some(found) = read.iter().find_map(|r| came(r).map(|t| (r.seq, t))) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// When a record came, by the platform's clock.
pub fn came(row: &Sequenced) -> Option<UtcMs> {
    match &row.record {
        Record::Observation { received, .. } | Record::Report { received, .. } => Some(*received),
        Record::Tick { now } => Some(*now),
        Record::Refused(refusal) => Some(refusal.received),
        Record::Desk(event) => Some(event.at),
        Record::Letter(act) => Some(act.at),
        Record::Exchange(act) => Some(act.at),
        Record::Registry(act) => Some(act.at),
        Record::Configuration { .. } => None,
    }
}
