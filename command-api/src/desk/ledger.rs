//! The ledger: the picture written down at a place of the record, so that a start reads the
//! snapshot and the tail, and not the whole journal. It is derived: lost, it is made anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::decision::Decision;
use domain::ids::Seq;
use domain::level::Levels;
use domain::record::{Record, Sequenced};
use domain::report::Report;
use journal::decisions::DecisionReader;
use journal::snapshots::{SnapshotStore, StateRow};
use journal::{DerivedError, PhaseHook, ReadError, Reader};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::evolve::{Happening, evolve};
use super::picture::Picture;

/// The picture's folder within the data directory.
pub const DESK_FOLDER: &str = "desk";
/// How often the picture is written down, by the machine's own time: a replay's clock runs as fast
/// as its frames, and would have it written with every batch.
pub const WRITTEN_EVERY: Duration = Duration::from_secs(60);
/// It is written before that where so many records or decisions have come since: what a start reads
/// beyond it stays within bounds. Never while it is still being written.
pub const WRITTEN_EVERY_ROWS: u64 = 500_000;
/// A start that has read so many is followed by a writing: the next start, perhaps after another
/// crash, does not read them once more.
pub const WRITTEN_AFTER_READING: u64 = 20_000;
/// The version of the written picture.
const PICTURE_VERSION: u32 = 3;
/// Records and decisions that are read at one time.
const PAGE: usize = 4_096;

/// Why the picture cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The folder cannot be made.
    #[error("the desk's folder {0} cannot be made: {1}")]
    Folder(PathBuf, std::io::Error),
    /// The snapshots or the decisions.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// The journal.
    #[error("the journal cannot be read: {0}")]
    Journal(#[from] ReadError),
}

/// See the module.
#[derive(Debug)]
pub struct Ledger {
    /// Absent while the picture is being written, and where none is kept.
    store: Option<SnapshotStore>,
    writing: Option<JoinHandle<SnapshotStore>>,
    records: Seq,
    decisions: (Seq, u32),
    /// When the picture was last written down, and how much has come since.
    written: Instant,
    since: u64,
    /// Units' reports on tasks that the record has and the desk has perhaps not dealt with.
    unsettled: Vec<Sequenced>,
}

/// The picture's bytes with the decisions' place.
type Written = ((u64, u32), Picture);
/// A picture that was written down: upto which record, upto which decision.
type Kept = (Seq, (Seq, u32), Picture);

impl Ledger {
    /// A ledger that writes nothing, for pictures that do not outlive their process.
    pub fn none() -> Self {
        Self {
            store: None,
            writing: None,
            records: Seq(0),
            decisions: (Seq(0), 0),
            written: Instant::now(),
            since: 0,
            unsettled: Vec::new(),
        }
    }

    /// Reads the picture back: the newest snapshot, then what the record and the decisions have
    /// beyond it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(
        data: &Path,
        levels: &Levels,
        reader: &mut Reader,
        decisions: &DecisionReader,
    ) -> Result<(Self, Picture), LedgerError> {
        let folder = data.join(DESK_FOLDER);
        std::fs::create_dir_all(&folder).map_err(|e| LedgerError::Folder(folder.clone(), e))?;
        let store = SnapshotStore::open(&folder, PhaseHook::default())?;
        let durable = reader.last()?;
        let mut ledger = Self { store: Some(store), ..Self::none() };
        let mut picture = Picture::new(levels.clone());
        // After a power cut decisions that are in the picture may be gone; they are made again.
        let published = decisions.position()?;
        let newest = ledger.newest(durable)?.filter(|(_, place, _)| place.0 <= published);
        if let Some((at, place, kept)) = newest {
            (ledger.records, ledger.decisions, picture) = (at, place, kept);
        }
        picture.levels = levels.clone();
        ledger.read_decisions(&mut picture, decisions)?;
        ledger.read_records(&mut picture, reader)?;
        if ledger.since >= WRITTEN_AFTER_READING {
            ledger.since = WRITTEN_EVERY_ROWS;
        }
        let done = picture.report_done;
        ledger.unsettled.retain(|row| row.seq.0 > done);
        Ok((ledger, picture))
    }

    fn newest(&self, durable: Seq) -> Result<Option<Kept>, LedgerError> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(snapshot) = store.latest_valid(durable)? else { return Ok(None) };
        let row = snapshot.rows.iter().find(|r| r.version == PICTURE_VERSION);
        let read = row.and_then(|r| rmp_serde::from_slice::<Written>(&r.bytes).ok());
        if read.is_none() {
            tracing::warn!(seq = %snapshot.seq, "the written picture is of another version; the record is read");
        }
        Ok(read.map(|((seq, n), picture)| (snapshot.seq, (Seq(seq), n), picture)))
    }

    fn read_decisions(
        &mut self,
        picture: &mut Picture,
        decisions: &DecisionReader,
    ) -> Result<(), LedgerError> {
        loop {
            let lines = decisions.after(self.decisions, PAGE)?;
            let Some(last) = lines.last() else { return Ok(()) };
            self.decisions = (last.seq, last.ordinal);
            self.since += lines.len() as u64;
            for line in &lines {
                match serde_json::from_slice::<Decision>(&line.json) {
                    Ok(decision) => drop(evolve(picture, Happening::Decided(&decision))),
                    Err(error) => tracing::error!(seq = %line.seq, %error, "a decision is no line"),
                }
            }
        }
    }

    fn read_records(
        &mut self,
        picture: &mut Picture,
        reader: &mut Reader,
    ) -> Result<(), LedgerError> {
        loop {
            let read = reader.read_on(Seq(self.records.0 + 1), PAGE)?.records;
            let Some(last) = read.last() else { return Ok(()) };
            self.records = last.seq;
            self.since += read.len() as u64;
            for row in &read {
                if let Record::Report { report: Report::Unit(said), .. } = &row.record
                    && super::field::asks_desk(picture, said, true)
                {
                    self.unsettled.push(row.clone());
                }
                if let Some(happening) = Happening::of(row) {
                    drop(evolve(picture, happening));
                }
            }
        }
    }

    /// Units' reports that a crash may have kept the desk from dealing with.
    pub fn take_unsettled(&mut self) -> Vec<Sequenced> {
        std::mem::take(&mut self.unsettled)
    }

    /// Up to which record the picture has heard.
    pub fn records_upto(&self) -> Seq {
        self.records
    }

    /// The records up to here are on the picture.
    pub fn heard(&mut self, upto: Seq) {
        self.since += upto.0.saturating_sub(self.records.0);
        self.records = self.records.max(upto);
    }

    /// These decisions are on the picture.
    pub fn decided(&mut self, decisions: &[Decision]) {
        self.since += decisions.len() as u64;
        for seq in decisions.iter().filter_map(|d| d.seq) {
            let (newest, ordinal) = self.decisions;
            self.decisions = if seq == newest { (seq, ordinal + 1) } else { (seq.max(newest), 0) };
        }
    }

    /// Whether it is time to write the picture down, and the last time is over.
    pub fn is_due(&self) -> bool {
        let idle = self.writing.as_ref().map_or(self.store.is_some(), JoinHandle::is_finished);
        idle && (self.since >= WRITTEN_EVERY_ROWS || self.written.elapsed() >= WRITTEN_EVERY)
    }

    /// As if it had last been written so much earlier.
    #[cfg(test)]
    pub(super) fn backdate(&mut self, by: Duration) {
        self.written = self.written.checked_sub(by).unwrap_or(self.written);
    }

    /// Waits until the picture that is being written is down.
    pub async fn written_down(&mut self) {
        let Some(writing) = self.writing.take() else { return };
        match writing.await {
            Ok(store) => self.store = Some(store),
            Err(error) => tracing::error!(%error, "writing the picture down broke off"),
        }
    }

    /// Begins to write the picture down, on a thread that may wait for the disk. Failing to is no
    /// reason to stop: the record has everything.
    pub async fn write(&mut self, picture: Picture) {
        self.written_down().await;
        let Some(store) = self.store.take() else { return };
        (self.written, self.since) = (Instant::now(), 0);
        let (records, decisions) = (self.records, (self.decisions.0.0, self.decisions.1));
        let down = move || write_down(store, records, decisions, &picture);
        self.writing = Some(tokio::task::spawn_blocking(down));
    }
}

fn write_down(
    mut store: SnapshotStore,
    records: Seq,
    decisions: (u64, u32),
    picture: &Picture,
) -> SnapshotStore {
    let bytes = match rmp_serde::to_vec_named(&(decisions, picture)) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, "the picture has no form");
            return store;
        }
    };
    let row = StateRow {
        operator: "desk".into(),
        key: b"picture".to_vec(),
        version: PICTURE_VERSION,
        bytes,
    };
    if let Err(error) = store.write(records, picture.now, vec![row]) {
        tracing::warn!(%error, "the picture could not be written down");
    }
    store
}
