//! A file of observations (one JSON object a line, plain, gzip or zstd), read by the same decoder and
//! judged by the same judge as a live feed: what a feed would be refused for, a file is.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use domain::city::{City, Registry};
use domain::observation::Observation;
use ingest::json::decode::decode_line;
use ingest::judge::{Judge, Judged, Why};
use ingest::memory::{Memory, Ticket};
use ingest::register::Register;

/// Observations in a batch.
const BATCH: usize = 16_384;
/// Batches that wait between a reading thread and the engine.
const BATCHES_WAITING: usize = 8;
/// Lines that are decoded before the first of them is judged.
const GROUP: usize = 64;
/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;
/// The longest line; a longer one is refused whole.
const LINE_MAX_BYTES: usize = 1 << 20;
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
    reader: BufReader<Box<dyn Read + Send>>,
    judge: Judge,
    /// Lines of a group, one after the other, and where each ends.
    lines: Vec<u8>,
    ends: Vec<(usize, u64)>,
    line_number: u64,
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
            reader: BufReader::with_capacity(READ_BYTES, reader),
            judge: Judge::new(register, Memory::of_a_file()),
            lines: Vec::new(),
            ends: Vec::with_capacity(GROUP),
            line_number: 0,
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

    /// Reads a group of lines that are not blank, without their ends; false at the end of the file.
    fn next_group(&mut self) -> bool {
        self.lines.clear();
        self.ends.clear();
        while self.ends.len() < GROUP {
            let begin = self.lines.len();
            let limit = LINE_MAX_BYTES as u64 + 1;
            match self.reader.by_ref().take(limit).read_until(b'\n', &mut self.lines) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    self.accounts.lock().unwrap_or_else(PoisonError::into_inner).broken =
                        Some(error.to_string());
                    break;
                }
            }
            self.line_number += 1;
            while self.lines.len() > begin && self.lines.last().is_some_and(u8::is_ascii_whitespace)
            {
                self.lines.pop();
            }
            if self.lines.len() > begin {
                self.ends.push((self.lines.len(), self.line_number));
            }
        }
        !self.ends.is_empty()
    }

    /// Judges a group of lines.
    fn weigh(&mut self, counts: &mut Counts, batch: &mut Vec<Observation>) {
        let mut begin = 0;
        let mut decoded = Vec::with_capacity(GROUP);
        for (end, number) in &self.ends {
            let line = self.lines.get(begin..*end).unwrap_or_default();
            begin = *end;
            match decode_line(line) {
                Ok(raw) => decoded.push((*number, raw)),
                Err(e) => counts
                    .refused
                    .push((*number, Why { reason: e.reason(), detail: e.to_string() })),
            }
        }
        counts.sent += self.ends.len() as u64;
        self.judge.look_ahead(decoded.iter().map(|(_, raw)| raw));
        for (number, raw) in &decoded {
            match self.judge.judge(raw, None, None, Ticket::default()) {
                Ok(Judged::New(observation)) => batch.push(observation),
                Ok(Judged::Duplicate(_)) => counts.duplicate += 1,
                Err(why) => counts.refused.push((*number, why)),
            }
        }
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
