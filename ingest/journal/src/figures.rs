//! The disk in figures: what the record takes, how fast it grows, how long there is room.

use std::path::Path;

use crate::store::JOURNAL_FILE;

const DAY_S: f64 = 86_400.0;
/// Below this many records the share of the file's own pages makes a figure by record meaningless.
const RECORDS_FOR_A_FIGURE: u64 = 1_000;

/// The record and its disk in figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Records, damaged ones included.
    pub records: u64,
    /// Observations among them.
    pub observations: u64,
    /// Bytes of the journal's file and its log.
    pub journal_bytes: u64,
    /// Bytes of everything in the directory: journal, decisions, snapshots, history.
    pub directory_bytes: u64,
    /// Bytes of the journal for each observation; absent in a young journal.
    pub bytes_per_observation: Option<f64>,
    /// Records a second over the last minutes.
    pub append_rate_per_s: f64,
    /// Bytes free for this process in the file system; absent where it does not say.
    pub free_bytes: Option<u64>,
    /// Bytes of the file system.
    pub total_bytes: Option<u64>,
    /// Days until the file system is full if the directory grows as in the last minutes; absent
    /// where nothing was appended.
    pub days_until_full: Option<f64>,
    /// Commits since the start.
    pub commits: u64,
    /// Records that wait for the disk.
    pub queue_records: usize,
    /// Their bytes.
    pub queue_bytes: usize,
    /// Whether the last commit was refused because the disk is full.
    pub full: bool,
}

/// Bytes of the regular files in a directory (not below it).
fn directory_bytes(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let files = entries.flatten().filter_map(|entry| entry.metadata().ok());
    files.filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
}

fn journal_bytes(dir: &Path) -> u64 {
    let length = |name: String| std::fs::metadata(dir.join(name)).map_or(0, |m| m.len());
    length(JOURNAL_FILE.to_owned()) + length(format!("{JOURNAL_FILE}-wal"))
}

/// Free and total bytes of the file system that a path is on.
pub fn file_system_bytes(path: &Path) -> Option<(u64, u64)> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some((stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize)))
}

impl Figures {
    /// Fills in what the disk says and what follows from it.
    pub(crate) fn with_disk(mut self, dir: &Path) -> Self {
        self.journal_bytes = journal_bytes(dir);
        self.directory_bytes = directory_bytes(dir);
        if self.records >= RECORDS_FOR_A_FIGURE {
            let (bytes, observations) = (self.journal_bytes as f64, self.observations as f64);
            self.bytes_per_observation = (self.observations > 0).then_some(bytes / observations);
        }
        if let Some((free, total)) = file_system_bytes(dir) {
            (self.free_bytes, self.total_bytes) = (Some(free), Some(total));
            let each = self.directory_bytes as f64 / self.records.max(1) as f64;
            let growth_per_day = each * self.append_rate_per_s * DAY_S;
            if growth_per_day > 0.0 && self.records >= RECORDS_FOR_A_FIGURE {
                self.days_until_full = Some(free as f64 / growth_per_day);
            }
        }
        self
    }
}
