//! The journal of tests: what stations send to be tested (function 30) is kept here, in two bounded
//! files of the data directory, and never comes into the live journal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

/// The newer of the files.
pub const FILE: &str = "sl651-tests.jsonl";
/// The older one.
pub const OLDER: &str = "sl651-tests.1.jsonl";
/// A file of this size is the older one from then on, bytes.
pub const FILE_MAX_BYTES: u64 = 1 << 20;
/// The most tests that are given at once, newest first.
pub const GIVEN_MAX: usize = 200;
/// The most bytes of a frame that are kept.
const RAW_MAX_BYTES: usize = 4 * 1024;

/// One test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// When it came, by the platform's clock, Unix milliseconds.
    pub received: UtcMs,
    /// Where from.
    pub peer: String,
    /// The station's address.
    pub address: String,
    /// The station that has it, where one has.
    pub station: Option<String>,
    /// The message's serial number.
    pub serial: u16,
    /// When it was sent, by the station's clock, Unix milliseconds.
    pub sent: UtcMs,
    /// What it would have brought: `rainfall 2.5 mm at 2026-06-11T03:05:00+08:00`.
    pub readings: Vec<String>,
    /// What would have been refused of it.
    pub refused: Vec<String>,
    /// The frame, in hexadecimal digits, cut at four kilobytes.
    pub raw: String,
}

impl Trial {
    /// The digits of a frame, cut.
    pub fn digits(raw: &[u8]) -> String {
        raw.iter().take(RAW_MAX_BYTES).map(|byte| format!("{byte:02X}")).collect()
    }
}

/// The journal. A handle; clones are the same.
#[derive(Debug, Clone)]
pub struct Trials {
    dir: Arc<Path>,
    writing: Arc<Mutex<()>>,
}

impl Trials {
    /// The journal of a data directory.
    pub fn in_dir(data: &Path) -> Self {
        Self { dir: data.into(), writing: Arc::default() }
    }

    /// Keeps a test durably. Writes to disk: not for a thread that may not wait.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, trial: &Trial) -> io::Result<()> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.dir.join(FILE);
        if fs::metadata(&path).is_ok_and(|about| about.len() >= FILE_MAX_BYTES) {
            fs::rename(&path, self.dir.join(OLDER))?;
        }
        let mut line = serde_json::to_vec(trial).map_err(io::Error::other)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(&line)?;
        file.sync_data()
    }
}

/// The newest tests of a data directory, newest first. A line that cannot be read (cut off by a
/// power failure) is left out. Reads from disk.
///
/// # Errors
/// A file is there and cannot be read.
pub fn newest(data: &Path) -> io::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for name in [FILE, OLDER] {
        let path: PathBuf = data.join(name);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let lines: Vec<Vec<u8>> = BufReader::new(file).split(b'\n').collect::<io::Result<_>>()?;
        let read = |line: &Vec<u8>| serde_json::from_slice(line).ok();
        trials.extend(lines.iter().rev().filter_map(read));
    }
    trials.truncate(GIVEN_MAX);
    Ok(trials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(serial: u16) -> Trial {
        Trial {
            received: UtcMs(1),
            peer: "127.0.0.1:1".into(),
            address: "0011223344".into(),
            station: None,
            serial,
            sent: UtcMs(2),
            readings: vec![],
            refused: vec![],
            raw: Trial::digits(&[0x7E; 9_000]),
        }
    }

    #[test]
    fn the_journal_of_tests_is_bounded_and_gives_the_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        let trials = Trials::in_dir(dir.path());
        for serial in 0..400 {
            trials.keep(&trial(serial)).unwrap();
        }
        let sizes = [FILE, OLDER].map(|name| fs::metadata(dir.path().join(name)).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= FILE_MAX_BYTES + 10_000), "{sizes:?}");
        OpenOptions::new()
            .append(true)
            .open(dir.path().join(FILE))
            .and_then(|mut file| file.write_all(b"{\"received\":"))
            .unwrap();
        let newest = newest(dir.path()).unwrap();
        let serials: Vec<u16> = newest.iter().map(|trial| trial.serial).collect();
        // Of frames of this size a file holds 120 to 130.
        assert!((120..=GIVEN_MAX).contains(&serials.len()), "{}", serials.len());
        let oldest = 400 - serials.len() as u16;
        assert_eq!(serials, (oldest..400).rev().collect::<Vec<u16>>());
    }
}
