//! Where an import stands, written down beside the file: `FILE.import.json`, and what was refused in
//! `FILE.rejected.ndjson`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where an import stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The file's size and time of change, by which it is known again.
    pub size: u64,
    /// Unix milliseconds.
    pub changed_ms: u64,
    /// Lines of the file that have been brought, blank ones and a header not among them.
    pub lines: u64,
    /// New at the platform.
    pub accepted: u64,
    /// Known there already.
    pub duplicate: u64,
    /// Refused.
    pub rejected: u64,
    /// The length of the file of refusals.
    pub rejected_bytes: u64,
    /// Whether the file was brought to its end.
    pub done: bool,
}

/// One refused line, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its number among the lines that are not blank, counted from 1, a header not among them.
    pub line: u64,
    /// The stable reason.
    pub reason: String,
    /// The particulars.
    pub detail: String,
    /// The line.
    pub raw: String,
}

/// See the module.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    rejected_path: PathBuf,
    rejected: File,
    standing: Standing,
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Ledger {
    /// Opens the ledger of a file. One of another file (another size or time of change) is begun
    /// anew; so is this one where `again` says so.
    ///
    /// # Errors
    /// A file that cannot be read, or a ledger that cannot be written.
    pub fn open(file: &Path, again: bool) -> Result<Self> {
        let about = std::fs::metadata(file)
            .with_context(|| format!("{} could not be opened", file.display()))?;
        let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed_ms = u64::try_from(changed.as_millis()).unwrap_or(u64::MAX);
        let fresh = Standing { size: about.len(), changed_ms, ..Standing::default() };
        let path = beside(file, ".import.json");
        let had: Option<Standing> =
            std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let same = |had: &Standing| (had.size, had.changed_ms) == (fresh.size, fresh.changed_ms);
        let standing = had.filter(same).filter(|_| !again).unwrap_or(fresh);
        let rejected_path = beside(file, ".rejected.ndjson");
        let rejected = OpenOptions::new().create(true).append(true).open(&rejected_path);
        let rejected = rejected
            .with_context(|| format!("{} could not be written", rejected_path.display()))?;
        // What was written after the last batch that was written down comes again.
        rejected.set_len(standing.rejected_bytes)?;
        Ok(Self { path, rejected_path, rejected, standing })
    }

    /// Where it stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The Idempotency-Key of the batch that begins where it stands.
    pub fn key(&self, body: &[u8]) -> String {
        let mut sum = Sha256::new();
        for part in [self.standing.size, self.standing.changed_ms, self.standing.lines] {
            sum.update(part.to_be_bytes());
        }
        sum.update(body);
        let hex: String =
            sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("import-{hex}")
    }

    /// A batch was taken.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn taken(
        &mut self,
        lines: u64,
        accepted: u64,
        duplicate: u64,
        refused: &[Refused],
    ) -> Result<()> {
        for one in refused {
            let mut line = serde_json::to_vec(one)?;
            line.push(b'\n');
            self.rejected.write_all(&line)?;
            self.standing.rejected_bytes += line.len() as u64;
        }
        self.standing.lines += lines;
        self.standing.accepted += accepted;
        self.standing.duplicate += duplicate;
        self.standing.rejected += refused.len() as u64;
        self.write()
    }

    /// The file has ended.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn done(&mut self) -> Result<()> {
        self.standing.done = true;
        if self.standing.rejected == 0 {
            // Nothing stands in it; that it stays is no harm.
            let _ = std::fs::remove_file(&self.rejected_path);
        }
        self.write()
    }

    fn write(&self) -> Result<()> {
        let new = self.path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(&self.standing)?;
        std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &self.path)).with_context(
            || format!("where the import stands could not be written to {}", self.path.display()),
        )
    }
}
