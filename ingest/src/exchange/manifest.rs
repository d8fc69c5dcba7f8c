//! The manifest: what a file is, from whom, for whom, which one, and the hash of its lines. It is what
//! is signed.

use std::collections::BTreeMap;

use domain::exchange::{ExchangeFault, NotTaken};
use domain::ids::{AgencyId, PeerId, ZoneId};
use domain::status::WireStatus;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FORMAT, VERSION};

/// How the lines are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As they are.
    #[default]
    Identity,
    /// Packed by Zstandard.
    Zstd,
}

/// The lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// How they are stored.
    pub encoding: Encoding,
    /// Bytes as stored.
    pub bytes: u64,
    /// SHA-256 of them as stored, in hex.
    pub sha256: String,
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Whose items; empty: everybody's.
    pub agencies: Vec<AgencyId>,
    /// Of which kinds; empty: all.
    pub kinds: Vec<String>,
    /// Of which areas, by code; empty: everywhere.
    pub areas: Vec<ZoneId>,
}

/// The stretch of the sender's record that was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first record.
    pub from_seq: u64,
    /// The last one.
    pub to_seq: u64,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Who made it.
    pub from: PeerId,
    /// For whom.
    pub to: PeerId,
    /// Its number in the sequence of files of the one for the other, counted from 1 without a hole.
    pub number: u64,
    /// SHA-256 of the manifest before it in that sequence, in hex; of number 1 nothing.
    pub previous: Option<String>,
    /// By which key it is signed: see [`super::sign::key_id`].
    pub key: String,
    /// When it was made.
    pub made_ms: UtcMs,
    /// The real world, or an exercise.
    pub status: WireStatus,
    /// Whether it is old news, which amends and does not alarm. What it does not say so of alarms as
    /// if it had come at once, however old it is.
    pub backlog: bool,
    /// Lines in it.
    pub items: u64,
    /// Lines by kind.
    pub kinds: BTreeMap<String, u64>,
    /// What would have been given and the format cannot carry.
    pub left_out: u64,
    /// What was chosen.
    pub selection: Selection,
    /// Of which stretch of the sender's record.
    pub span: Span,
    /// The lines.
    pub data: Data,
}

/// As much as tells which format it is, of any version.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl Manifest {
    /// Reads the bytes of a manifest, of this version only.
    ///
    /// # Errors
    /// [`ExchangeFault::Form`], [`ExchangeFault::Version`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotTaken> {
        let form = |error: serde_json::Error| {
            NotTaken::new(ExchangeFault::Form, format!("the manifest cannot be read: {error}"))
        };
        let head: Head = serde_json::from_slice(bytes).map_err(form)?;
        if head.format != FORMAT {
            let said = format!("the manifest is of {:?}, not of {FORMAT:?}", head.format);
            return Err(NotTaken::new(ExchangeFault::Form, said));
        }
        if head.version != VERSION {
            let said = format!("version {}; version {VERSION} is read here", head.version);
            return Err(NotTaken::new(ExchangeFault::Version, said));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(form)?;
        let first = manifest.number == 1;
        if manifest.number == 0 || first != manifest.previous.is_none() {
            let said = "files are numbered from 1, and each but the first names the one before it";
            return Err(NotTaken::new(ExchangeFault::Form, said));
        }
        Ok(manifest)
    }

    /// Its bytes, as they are signed: for people's eyes, a field a line.
    pub fn bytes(&self) -> Vec<u8> {
        // Plain data: writing it out cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
