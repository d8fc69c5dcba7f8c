//! Pictures and texts of stations, kept beside the journal under the hash of their bytes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// The folder in the data directory.
pub const FOLDER: &str = "attachments";
/// The largest picture or text, bytes.
pub const ATTACHMENT_MAX_BYTES: usize = 2 << 20;
/// The most that all of them take, bytes.
pub const ATTACHMENTS_MAX_BYTES: u64 = 4 << 30;

/// Why one is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It is too large by itself.
    #[error("{0} bytes; a picture or text has at most {ATTACHMENT_MAX_BYTES}")]
    TooLarge(usize),
    /// There is no room for more.
    #[error("the room for attachments is full ({ATTACHMENTS_MAX_BYTES} bytes)")]
    Full,
    /// It cannot be written.
    #[error("it cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// The folder. A handle; clones are the same.
#[derive(Debug, Clone)]
pub struct Attachments {
    folder: Arc<Path>,
    bytes: Arc<AtomicU64>,
}

impl Attachments {
    /// Opens (makes) the folder in a data directory.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        fs::create_dir_all(&folder)?;
        let mut bytes = 0;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            // What was being written when the process ended.
            if entry.file_name().to_string_lossy().ends_with(".part") {
                fs::remove_file(entry.path())?;
                continue;
            }
            bytes += entry.metadata()?.len();
        }
        Ok(Self { folder: folder.into(), bytes: Arc::new(AtomicU64::new(bytes)) })
    }

    /// Keeps bytes durably; gives their hash. Writes to disk: not for a thread that may not wait.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn keep(&self, bytes: &[u8]) -> Result<String, KeepError> {
        if bytes.len() > ATTACHMENT_MAX_BYTES {
            return Err(KeepError::TooLarge(bytes.len()));
        }
        let name: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        let path = self.folder.join(&name);
        if path.exists() {
            return Ok(name);
        }
        let length = bytes.len() as u64;
        let before = self.bytes.fetch_add(length, Ordering::Relaxed);
        let written = match before + length <= ATTACHMENTS_MAX_BYTES {
            true => write(&self.folder, &path, bytes).map_err(KeepError::Write),
            false => Err(KeepError::Full),
        };
        if written.is_err() {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
        }
        written.map(|()| name)
    }
}

/// Under another name first, so that a name stands for the whole.
fn write(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let part = folder.join(format!("{}.part", NEXT.fetch_add(1, Ordering::Relaxed)));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}

/// The attachment of a hash, with its media type; `None` where there is none, or the text is no
/// hash. Reads from disk.
///
/// # Errors
/// It is there and cannot be read.
pub fn read(data: &Path, sha256: &str) -> io::Result<Option<(Vec<u8>, &'static str)>> {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if sha256.len() != 64 || !sha256.bytes().all(is_digit) {
        return Ok(None);
    }
    let path: PathBuf = data.join(FOLDER).join(sha256);
    match fs::read(path) {
        Ok(bytes) => {
            let media_type = media_type(&bytes);
            Ok(Some((bytes, media_type)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What bytes are, by how they begin. Nothing that a browser runs is among them.
pub fn media_type(bytes: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 4] = [
        (&[0xFF, 0xD8, 0xFF], "image/jpeg"),
        (&[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        (b"GIF8", "image/gif"),
        (b"BM", "image/bmp"),
    ];
    if let Some((_, known)) = KNOWN.iter().find(|(begins, _)| bytes.starts_with(begins)) {
        return known;
    }
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(plain) => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_once_under_their_hash_and_nothing_else_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Attachments::open(dir.path()).unwrap();
        let jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3];
        let name = kept.keep(&jpeg).unwrap();
        assert_eq!(kept.keep(&jpeg).unwrap(), name);
        assert_eq!(kept.bytes.load(Ordering::Relaxed), 7);
        assert_eq!(read(dir.path(), &name).unwrap(), Some((jpeg.to_vec(), "image/jpeg")));
        fs::write(dir.path().join("secret"), "x").unwrap();
        for none in ["../secret", &"A".repeat(64), &"a".repeat(64), "", &name[1..]] {
            assert_eq!(read(dir.path(), none).unwrap(), None, "{none}");
        }
        let many = vec![0; ATTACHMENT_MAX_BYTES + 1];
        assert!(matches!(kept.keep(&many), Err(KeepError::TooLarge(_))));
        fs::write(dir.path().join(FOLDER).join("9.part"), "half").unwrap();
        assert_eq!(Attachments::open(dir.path()).unwrap().bytes.load(Ordering::Relaxed), 7);
    }
}
