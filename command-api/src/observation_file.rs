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
    line: Vec<u8>,
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
            line: Vec::new(),
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

    /// The next line that is not blank, without its end; false at the end of the file.
    fn next_line(&mut self) -> bool {
        loop {
            self.line.clear();
            let limit = LINE_MAX_BYTES as u64 + 1;
            match self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) => {
                    self.accounts.lock().unwrap_or_else(PoisonError::into_inner).broken =
                        Some(error.to_string());
                    return false;
                }
            }
            self.line_number += 1;
            while self.line.last().is_some_and(u8::is_ascii_whitespace) {
                self.line.pop();
            }
            if !self.line.is_empty() {
                return true;
            }
        }
    }

    fn weigh(&mut self) -> Result<Judged, Why> {
        let raw = decode_line(&self.line)
            .map_err(|e| Why { reason: e.reason(), detail: e.to_string() })?;
        self.judge.judge(&raw, None, None, Ticket::default())
    }
}

impl Iterator for ObservationFile {
    type Item = Vec<Observation>;

    fn next(&mut self) -> Option<Vec<Observation>> {
        if self.ended {
            return None;
        }
        let mut batch = Vec::with_capacity(BATCH);
        let (mut sent, mut duplicate, mut refused) = (0, 0, Vec::new());
        while batch.len() < BATCH {
            if !self.next_line() {
                self.ended = true;
                break;
            }
            sent += 1;
            match self.weigh() {
                Ok(Judged::New(observation)) => batch.push(observation),
                Ok(Judged::Duplicate(_)) => duplicate += 1,
                Err(why) => refused.push((self.line_number, why)),
            }
        }
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.sent += sent;
        accounts.accepted += batch.len() as u64;
        accounts.duplicate += duplicate;
        accounts.refused += refused.len() as u64;
        let room = REFUSALS_SHOWN.saturating_sub(accounts.first_refusals.len());
        accounts.first_refusals.extend(refused.into_iter().take(room));
        (!batch.is_empty() || !self.ended).then_some(batch)
    }
}
