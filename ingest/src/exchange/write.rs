//! Writes a file: lines as they come, then the manifest and its signature. Until it is whole it has
//! other names, so that nobody carries a part of one away.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use domain::ids::{AgencyId, PeerId};
use domain::status::{Status, WireStatus};
use domain::time::UtcMs;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::line;
use super::manifest::{Data, Encoding, Manifest, Selection, Span, digest, hex};
use super::name::{Parts, stem};
use super::sign::SigningKey;
use super::{FORMAT, VERSION};

/// What a file is, before anything is in it.
#[derive(Debug, Clone)]
pub struct Cover {
    /// Who makes it.
    pub from: PeerId,
    /// For whom.
    pub to: PeerId,
    /// Its number.
    pub number: u64,
    /// The hash of the manifest before it.
    pub previous: Option<String>,
    /// When it is made.
    pub made: UtcMs,
    /// Whether it is old news.
    pub backlog: bool,
    /// What was chosen.
    pub selection: Selection,
}

/// Counts and hashes what is written through it.
struct Hashed<W> {
    inner: W,
    sum: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

type Stored = Hashed<BufWriter<File>>;

enum Lines {
    Plain(Stored),
    Packed(zstd::stream::write::Encoder<'static, Stored>),
}

/// A file in the making. What is dropped unfinished leaves a `.part` behind, which is written over.
pub struct Writer {
    folder: PathBuf,
    cover: Cover,
    status: WireStatus,
    lines: Lines,
    items: u64,
    kinds: BTreeMap<String, u64>,
    left_out: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("cover", &self.cover).finish_non_exhaustive()
    }
}

/// A file that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its parts.
    pub parts: Parts,
    /// Its manifest.
    pub manifest: Manifest,
    /// The hash of the manifest: what names the file.
    pub digest: String,
}

impl Writer {
    /// Begins one of the world `S` in a folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn begin<S: Status>(folder: &Path, cover: Cover, encoding: Encoding) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let parts = Parts::within(folder, &stem(&cover.from, &cover.to, cover.number));
        let file = File::create(part(parts.data(encoding)))?;
        let stored = Hashed { inner: BufWriter::new(file), sum: Sha256::new(), bytes: 0 };
        let lines = match encoding {
            Encoding::Identity => Lines::Plain(stored),
            Encoding::Zstd => Lines::Packed(zstd::stream::write::Encoder::new(stored, 0)?),
        };
        let (folder, kinds) = (folder.to_owned(), BTreeMap::new());
        Ok(Self { folder, cover, status: S::WIRE, lines, items: 0, kinds, left_out: 0 })
    }

    /// Writes an item.
    ///
    /// # Errors
    /// What the file system says.
    pub fn item(
        &mut self,
        agency: &AgencyId,
        kind: &str,
        heard: UtcMs,
        item: &Value,
    ) -> io::Result<()> {
        let bytes = line::write(agency, kind, heard, item);
        if bytes.len() > super::LINE_MAX_BYTES {
            self.left_out += 1;
            return Ok(());
        }
        match &mut self.lines {
            Lines::Plain(out) => out.write_all(&bytes)?,
            Lines::Packed(out) => out.write_all(&bytes)?,
        }
        self.items += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Notes an item that the format cannot carry.
    pub fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Items so far.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Ends it: the lines durable, then the manifest signed; only then it has its names.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(self, key: &SigningKey, span: Span) -> io::Result<Written> {
        let (stored, encoding) = match self.lines {
            Lines::Plain(stored) => (stored, Encoding::Identity),
            Lines::Packed(packed) => (packed.finish()?, Encoding::Zstd),
        };
        let Hashed { inner, sum, bytes } = stored;
        inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let cover = self.cover;
        let parts = Parts::within(&self.folder, &stem(&cover.from, &cover.to, cover.number));
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            from: cover.from,
            to: cover.to,
            number: cover.number,
            previous: cover.previous,
            key: key.id(),
            made_ms: cover.made,
            status: self.status,
            backlog: cover.backlog,
            items: self.items,
            kinds: self.kinds,
            left_out: self.left_out,
            selection: cover.selection,
            span,
            data: Data { encoding, bytes, sha256: hex(&sum.finalize()) },
        };
        let said = manifest.bytes();
        put(&parts.signature, key.sign(&said).as_bytes())?;
        std::fs::rename(part(parts.data(encoding)), parts.data(encoding))?;
        // The manifest last: with it the file is whole.
        put(&parts.manifest, &said)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Written { digest: digest(&said), parts, manifest })
    }
}

fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Writes a file whole, or not at all.
///
/// # Errors
/// What the file system says.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part(path);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(part, path)
}
