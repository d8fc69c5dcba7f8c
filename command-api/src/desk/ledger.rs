//! The ledger: the picture written down at a place of the record, so that a start reads the
//! snapshot and the tail, and not the whole journal. It is derived: lost, it is made anew.

use std::path::{Path, PathBuf};

use domain::decision::Decision;
use domain::ids::Seq;
use domain::level::Levels;
use domain::record::{Record, Sequenced};
use domain::report::Report;
use domain::time::{MINUTE_MS, UtcMs};
use journal::decisions::DecisionReader;
use journal::snapshots::{SnapshotStore, StateRow};
use journal::{DerivedError, PhaseHook, ReadError, Reader};

use super::evolve::{Happening, evolve};
use super::picture::Picture;

/// The picture's folder within the data directory.
pub const DESK_FOLDER: &str = "desk";
/// How often the picture is written down, by the platform's clock.
pub const WRITTEN_EVERY_MS: i64 = MINUTE_MS;
/// The version of the written picture.
const PICTURE_VERSION: u32 = 2;
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
    store: Option<SnapshotStore>,
    records: Seq,
    decisions: (Seq, u32),
    written: UtcMs,
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
            records: Seq(0),
            decisions: (Seq(0), 0),
            written: UtcMs(0),
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
            ledger.written = picture.now;
        }
        picture.levels = levels.clone();
        ledger.read_decisions(&mut picture, decisions)?;
        ledger.read_records(&mut picture, reader)?;
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
            for row in &read {
                let happening = match &row.record {
                    Record::Tick { now } => Happening::Tick(*now),
                    Record::Report { received, report, .. } => {
                        if matches!(report, Report::Unit(said) if said.task.is_some()) {
                            self.unsettled.push(row.clone());
                        }
                        Happening::Reported(row.seq, *received, report)
                    }
                    Record::Desk(event) => Happening::Desk(row.seq, event),
                    _ => continue,
                };
                drop(evolve(picture, happening));
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
        self.records = self.records.max(upto);
    }

    /// These decisions are on the picture.
    pub fn decided(&mut self, decisions: &[Decision]) {
        for seq in decisions.iter().filter_map(|d| d.seq) {
            let (newest, ordinal) = self.decisions;
            self.decisions = if seq == newest { (seq, ordinal + 1) } else { (seq.max(newest), 0) };
        }
    }

    /// Whether it is time to write the picture down.
    pub fn is_due(&self, now: UtcMs) -> bool {
        self.store.is_some() && now.0 - self.written.0 >= WRITTEN_EVERY_MS
    }

    /// Writes the picture down. Failing to is no reason to stop: the record has everything.
    pub fn write(&mut self, picture: &Picture) {
        let Some(store) = &mut self.store else { return };
        self.written = picture.now;
        let place = (self.decisions.0.0, self.decisions.1);
        let bytes = match rmp_serde::to_vec_named(&(place, picture)) {
            Ok(bytes) => bytes,
            Err(error) => return tracing::error!(%error, "the picture has no form"),
        };
        let row = StateRow {
            operator: "desk".into(),
            key: b"picture".to_vec(),
            version: PICTURE_VERSION,
            bytes,
        };
        if let Err(error) = store.write(self.records, picture.now, vec![row]) {
            tracing::warn!(%error, "the picture could not be written down");
        }
    }
}
