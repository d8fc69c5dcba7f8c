//! Opens a file. Everything that can be tried is tried before anything of it is taken: the signature,
//! the receiver, the world, the time, the hash and the number of its lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::path::Path;

use domain::city::Exchange;
use domain::city::exchange::Peer;
use domain::exchange::{ExchangeFault, NotTaken};
use domain::status::{Status, WireStatus};
use domain::time::UtcMs;
use sha2::{Digest, Sha256};

use super::manifest::{Encoding, Manifest, digest, hex};
use super::name::Parts;
use super::{LINE_MAX_BYTES, MADE_AHEAD_MAX_MS, MANIFEST_MAX_BYTES, sign};

/// The largest signature, bytes.
const SIGNATURE_MAX_BYTES: u64 = 1024;

/// A file of the world `S` whose signature is its sender's and whose lines are what was signed. A file
/// of the other world is of another type: there is no way to have one here.
#[derive(Debug)]
pub struct Opened<S: Status> {
    manifest: Manifest,
    digest: String,
    parts: Parts,
    world: PhantomData<S>,
}

/// A manifest whose signature was tried, and who it is of.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What it says.
    pub manifest: Manifest,
    /// The hash of its bytes.
    pub digest: String,
    /// Who made it.
    pub peer: Peer,
}

fn gone(path: &Path, error: &io::Error) -> NotTaken {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    NotTaken::new(ExchangeFault::Form, format!("{name} could not be read: {error}"))
}

/// The bytes of a small file.
///
/// # Errors
/// [`ExchangeFault::Form`]: it is missing, or larger than `most`.
pub fn small(path: &Path, most: u64) -> Result<Vec<u8>, NotTaken> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| gone(path, &e))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| gone(path, &e))?;
    if bytes.len() as u64 > most {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let said = format!("{name} has more than {most} bytes");
        return Err(NotTaken::new(ExchangeFault::Form, said));
    }
    Ok(bytes)
}

/// Tries a file's manifest: its form, its signature, for whom it is, and when it was made.
///
/// # Errors
/// [`NotTaken`].
pub fn signed(parts: &Parts, exchange: &Exchange, now: UtcMs) -> Result<Signed, NotTaken> {
    let bytes = small(&parts.manifest, MANIFEST_MAX_BYTES)?;
    let manifest = Manifest::read(&bytes)?;
    let signature = small(&parts.signature, SIGNATURE_MAX_BYTES)?;
    let signature = String::from_utf8_lossy(&signature);
    let from = &manifest.from;
    let Some(peer) = exchange.peer(from.as_str()) else {
        let said = format!("{from} is no peer of exchange.toml");
        return Err(NotTaken::new(ExchangeFault::Peer, said));
    };
    let Some(key) = &peer.public_key else {
        let said = format!("exchange.toml has no public_key of {from}");
        return Err(NotTaken::new(ExchangeFault::Peer, said));
    };
    sign::verify(key, &manifest.key, &bytes, &signature)?;
    if exchange.own.as_ref() != Some(&manifest.to) {
        let own = exchange.own.as_ref().map_or("nobody", |own| own.as_str());
        let said = format!("it is for {}; this platform is {own}", manifest.to);
        return Err(NotTaken::new(ExchangeFault::Receiver, said));
    }
    if manifest.made_ms.0 > now.0.saturating_add(MADE_AHEAD_MAX_MS) {
        let (made, now) = (manifest.made_ms, now);
        let said = format!("it says that it was made at {made}; here it is {now}");
        return Err(NotTaken::new(ExchangeFault::Future, said));
    }
    Ok(Signed { digest: digest(&bytes), peer: peer.clone(), manifest })
}

impl<S: Status> Opened<S> {
    /// Opens a file whose manifest was tried: of this world only, and its lines as they were signed.
    /// Reads all of them once, a line at a time.
    ///
    /// # Errors
    /// [`ExchangeFault::Exercise`], [`ExchangeFault::Altered`], [`ExchangeFault::Form`].
    pub fn open(signed: &Signed, parts: Parts) -> Result<Self, NotTaken> {
        let manifest = signed.manifest.clone();
        if manifest.status != S::WIRE {
            let of = |status| match status {
                WireStatus::Actual => "the real world",
                WireStatus::Exercise => "an exercise",
            };
            let said = format!("it is of {}, this is {}", of(manifest.status), of(S::WIRE));
            return Err(NotTaken::new(ExchangeFault::Exercise, said));
        }
        let path = parts.data(manifest.data.encoding).to_owned();
        as_signed(&path, &manifest)?;
        count(&path, &manifest)?;
        let digest = signed.digest.clone();
        Ok(Self { manifest, digest, parts, world: PhantomData })
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The hash of its manifest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its lines, one after the other.
    ///
    /// # Errors
    /// [`ExchangeFault::Form`].
    pub fn lines(&self) -> Result<Lines, NotTaken> {
        Lines::open(self.parts.data(self.manifest.data.encoding), self.manifest.data.encoding)
    }
}

/// The stored bytes are those of the manifest.
fn as_signed(path: &Path, manifest: &Manifest) -> Result<(), NotTaken> {
    let mut file = File::open(path).map_err(|e| gone(path, &e))?;
    let (mut sum, mut bytes, mut page) = (Sha256::new(), 0u64, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut page).map_err(|e| gone(path, &e))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        if bytes > manifest.data.bytes {
            break;
        }
        sum.update(page.get(..read).unwrap_or_default());
    }
    if bytes != manifest.data.bytes || hex(&sum.finalize()) != manifest.data.sha256 {
        let said = format!(
            "the lines are not those that were signed ({} bytes of {})",
            bytes, manifest.data.bytes
        );
        return Err(NotTaken::new(ExchangeFault::Altered, said));
    }
    Ok(())
}

/// There are as many lines as the manifest says, none too long.
fn count(path: &Path, manifest: &Manifest) -> Result<(), NotTaken> {
    let mut lines = Lines::open(path, manifest.data.encoding)?;
    let mut found = 0u64;
    while lines.next_line()?.is_some() {
        found += 1;
        if found > manifest.items {
            break;
        }
    }
    if found != manifest.items {
        let more = if found > manifest.items { "more than " } else { "" };
        let found = found.min(manifest.items);
        let said = format!("{more}{found} lines; the manifest says {}", manifest.items);
        return Err(NotTaken::new(ExchangeFault::Form, said));
    }
    Ok(())
}

/// The lines of a file, read one at a time.
pub struct Lines(Box<dyn BufRead + Send>);

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl Lines {
    fn open(path: &Path, encoding: Encoding) -> Result<Self, NotTaken> {
        let file = File::open(path).map_err(|e| gone(path, &e))?;
        Ok(Self(match encoding {
            Encoding::Identity => Box::new(BufReader::new(file)),
            Encoding::Zstd => {
                let unpacked =
                    zstd::stream::read::Decoder::new(file).map_err(|e| gone(path, &e))?;
                Box::new(BufReader::new(unpacked))
            }
        }))
    }

    /// The next line without its end; nothing after the last.
    ///
    /// # Errors
    /// [`ExchangeFault::Form`]: it is longer than [`LINE_MAX_BYTES`], or cannot be read.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, NotTaken> {
        let mut line = Vec::new();
        let most = LINE_MAX_BYTES as u64 + 1;
        let read = self.0.by_ref().take(most).read_until(b'\n', &mut line);
        let read = read.map_err(|error| {
            NotTaken::new(ExchangeFault::Form, format!("a line could not be read: {error}"))
        })?;
        if read == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if read as u64 == most {
            let said = format!("a line is longer than {LINE_MAX_BYTES} bytes");
            return Err(NotTaken::new(ExchangeFault::Form, said));
        }
        Ok(Some(line))
    }
}
