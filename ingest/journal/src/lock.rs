//! One writer for one directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The file that the writer holds locked; its content is the writer's process id.
pub const LOCK_FILE: &str = "lock";
/// No process id is longer.
const PID_BYTES_MAX: u64 = 32;

/// Why the directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the journal is held by another writer (process {pid}); one server for one directory")]
    Held {
        /// The other's process id, as it wrote it; `unknown` where it has not yet.
        pid: String,
    },
    /// The file cannot be opened, locked or written.
    #[error("cannot {attempt} the lock file: {source}")]
    Io {
        /// What was tried.
        attempt: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}

/// Holds the directory until it is dropped or the process ends, by whatever cause.
#[derive(Debug)]
pub(crate) struct DirectoryLock(#[expect(dead_code, reason = "held for its lock")] File);

impl DirectoryLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, LockError> {
        let io = |attempt| move |source| LockError::Io { attempt, source };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(dir.join(LOCK_FILE))
            .map_err(io("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = Read::take(&file, PID_BYTES_MAX).read_to_string(&mut pid);
                let known = read.is_ok() && !pid.trim().is_empty();
                let pid = if known { pid.trim().to_owned() } else { "unknown".to_owned() };
                return Err(LockError::Held { pid });
            }
            Err(TryLockError::Error(source)) => {
                return Err(LockError::Io { attempt: "lock", source });
            }
        }
        file.set_len(0).map_err(io("write"))?;
        file.seek(SeekFrom::Start(0)).map_err(io("write"))?;
        writeln!(file, "{}", std::process::id()).map_err(io("write"))?;
        Ok(Self(file))
    }
}
