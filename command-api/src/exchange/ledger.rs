//! Where the sequences of files stand: the last one written for each peer, and the last taken from it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::exchange::{ExchangeFault, NotTaken};
use domain::ids::PeerId;
use ingest::exchange::Manifest;
use ingest::exchange::write::put;
use serde::{Deserialize, Serialize};

use super::Folder;

/// The last file of a sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// Its number; 0 before the first.
    pub number: u64,
    /// The hash of its manifest.
    pub digest: String,
    /// Written: up to which record of ours the peer has been given what it is given.
    pub to_seq: u64,
}

/// Which way a sequence goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Written for the peer.
    Exported,
    /// Taken from it.
    Imported,
}

impl Folder {
    fn ledger(&self, way: Way, peer: &PeerId) -> Result<PathBuf> {
        let folder = self.within(match way {
            Way::Exported => "exported",
            Way::Imported => "imported",
        })?;
        Ok(folder.join(format!("{peer}.json")))
    }

    /// Where a sequence stands.
    ///
    /// # Errors
    /// A ledger that cannot be read: a sequence is not begun anew by itself.
    pub fn last(&self, way: Way, peer: &PeerId) -> Result<Last> {
        let path = self.ledger(way, peer)?;
        read(&path).with_context(|| format!("{} could not be read", path.display()))
    }

    /// Notes where it stands.
    ///
    /// # Errors
    /// What the file system says.
    pub fn set_last(&self, way: Way, peer: &PeerId, last: &Last) -> Result<()> {
        let path = self.ledger(way, peer)?;
        put(&path, &serde_json::to_vec_pretty(last)?)
            .with_context(|| format!("{} could not be written", path.display()))
    }
}

fn read(path: &Path) -> Result<Last> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Last::default()),
        Err(error) => Err(error.into()),
    }
}

impl Last {
    /// Whether a file may follow this one; how many are missing between them, where that is known and
    /// accepted.
    ///
    /// # Errors
    /// [`ExchangeFault::Repeated`], [`ExchangeFault::Gap`], [`ExchangeFault::Chain`].
    pub fn followed_by(&self, manifest: &Manifest, accept_gap: bool) -> Result<u64, NotTaken> {
        let (number, last) = (manifest.number, self.number);
        if number <= last {
            let (from, to) = (manifest.span.from_seq, manifest.span.to_seq);
            let said = format!(
                "file {number} of {} does not come after {last}, the last that was taken; where it was \
                 passed over by --accept-gap, have its records exported again (--from-seq {from} \
                 --to-seq {to})",
                manifest.from
            );
            return Err(NotTaken::new(ExchangeFault::Repeated, said));
        }
        let missing = number - last - 1;
        if missing > 0 && !accept_gap {
            let said = format!(
                "file {number} of {} after {last}: {missing} missing (bring them first; \
                 --accept-gap takes it without them)",
                manifest.from
            );
            return Err(NotTaken::new(ExchangeFault::Gap, said));
        }
        if missing == 0 && last > 0 && manifest.previous.as_deref() != Some(&self.digest) {
            let said = format!(
                "file {number} of {} does not follow the file {last} that was taken: its sender has \
                 made two of that number (--accept-gap takes it)",
                manifest.from
            );
            if !accept_gap {
                return Err(NotTaken::new(ExchangeFault::Chain, said));
            }
        }
        Ok(missing)
    }
}
