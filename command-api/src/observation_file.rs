//! A file of observations (one JSON object a line, plain, gzip or zstd), read by the same decoder and
//! judged by the same judge as a live feed: what a feed would be refused for, a file is.

mod lines;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use domain::city::{City, Registry};
use domain::observation::Observation;
use domain::refusal::Reason;
use ingest::json::decode::decode_line_onto;
use ingest::judge::{Judge, Judged, Why};
use ingest::memory::{Memory, Ticket};
use ingest::register::Register;
use lines::{LINE_MAX_BYTES, Line, Lines};

/// Observations in a batch.
const BATCH: usize = 1_024;
/// Batches that wait between a reading thread and the engine: more than the engine takes at once, so
/// that neither waits for the other.
const BATCHES_WAITING: usize = 192;
/// Lines that are decoded before the first of them is judged.
const GROUP: usize = 32;
/// Refusals that are kept to be shown.
const REFUSALS_SHOWN: usize = 10;

/// What became of the lines: `sent = accepted + duplicate + refused`.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Lines that are not blank.
    pub sent: u64,
    /// New.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Refused.
    pub refused: u64,
    /// The first of them: line number from 1, reason.
    pub first_refusals: Vec<(u64, Why)>,
    /// Why the file could not be read to its end.
    pub broken: Option<String>,
}

/// See the module. An iterator of batches.
pub struct ObservationFile {
    lines: Lines,
    judge: Judge,
    group: Vec<Line>,
    accounts: Arc<Mutex<Accounts>>,
    ended: bool,
}

impl ObservationFile {
    /// Opens a file; `.gz` and `.zst` are unpacked as they are read.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn open(path: &Path, city: &City, registry: &Registry) -> Result<Self> {
        let file =
            File::open(path).with_context(|| format!("{} could not be opened", path.display()))?;
        let reader: Box<dyn Read + Send> = match path.extension().and_then(|e| e.to_str()) {
            Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
            Some("zst") => Box::new(zstd::Decoder::new(file)?),
            _ => Box::new(file),
        };
        let register = Arc::new(Register::of(city, registry));
        Ok(Self {
            lines: Lines::new(reader),
            judge: Judge::new(register, Memory::of_a_file()),
            group: Vec::with_capacity(GROUP),
            accounts: Arc::default(),
            ended: false,
        })
    }

    /// The accounts, complete once the last batch has been taken.
    pub fn accounts(&self) -> Arc<Mutex<Accounts>> {
        Arc::clone(&self.accounts)
    }

    /// The same batches, read on a thread of their own.
    pub fn on_a_thread_of_its_own(self) -> Box<dyn Iterator<Item = Vec<Observation>> + Send> {
        let (put, take): (_, Receiver<Vec<Observation>>) = sync_channel(BATCHES_WAITING);
        std::thread::spawn(move || {
            for batch in self {
                // The engine has ended: nobody wants the rest.
                if put.send(batch).is_err() {
                    return;
                }
            }
        });
        Box::new(take.into_iter())
    }

    /// Reads a group of lines; false at the end of the file.
    fn next_group(&mut self) -> bool {
        if let Err(error) = self.lines.next_group(GROUP, &mut self.group) {
            let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            accounts.broken = Some(error.to_string());
        }
        !self.group.is_empty()
    }

    /// Judges a group of lines.
    fn weigh(&mut self, counts: &mut Counts, batch: &mut Vec<Observation>) {
        let mut numbers = [0u64; GROUP];
        let mut decoded = Vec::with_capacity(GROUP);
        for (number, at) in &self.group {
            let next = decoded.len();
            match at.as_ref().map(|at| decode_line_onto(self.lines.text(at), &mut decoded)) {
                Some(Ok(())) => {
                    if let Some(slot) = numbers.get_mut(next) {
                        *slot = *number;
                    }
                }
                Some(Err(e)) => counts
                    .refused
                    .push((*number, Why { reason: e.reason(), detail: e.to_string() })),
                None => {
                    let detail = format!("a line has at most {LINE_MAX_BYTES} bytes");
                    counts.refused.push((*number, Why { reason: Reason::TooLarge, detail }));
                }
            }
        }
        counts.sent += self.group.len() as u64;
        self.judge.judge_group(
            &decoded,
            None,
            None,
            Ticket::default(),
            |at, judged| match judged {
                Ok(Judged::New(observation)) => batch.push(observation),
                Ok(Judged::Duplicate(..)) => counts.duplicate += 1,
                Err(why) => counts.refused.push((numbers.get(at).copied().unwrap_or(0), why)),
            },
        );
    }
}

/// What came of the lines of a batch.
#[derive(Default)]
struct Counts {
    sent: u64,
    duplicate: u64,
    refused: Vec<(u64, Why)>,
}

impl Iterator for ObservationFile {
    type Item = Vec<Observation>;

    fn next(&mut self) -> Option<Vec<Observation>> {
        if self.ended {
            return None;
        }
        let mut batch = Vec::with_capacity(BATCH + GROUP);
        let mut counts = Counts::default();
        while batch.len() < BATCH {
            if !self.next_group() {
                self.ended = true;
                break;
            }
            self.weigh(&mut counts, &mut batch);
        }
        counts.refused.sort_by_key(|(number, _)| *number);
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.sent += counts.sent;
        accounts.accepted += batch.len() as u64;
        accounts.duplicate += counts.duplicate;
        accounts.refused += counts.refused.len() as u64;
        let room = REFUSALS_SHOWN.saturating_sub(accounts.first_refusals.len());
        accounts.first_refusals.extend(counts.refused.into_iter().take(room));
        (!batch.is_empty() || !self.ended).then_some(batch)
    }
}
