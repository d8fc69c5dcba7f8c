//! The registry as files: where stations stand, to which datum their stages refer, whose they are, how
//! often and within which limits their datastreams send, by which thresholds they are judged; as it is,
//! as it was at a time, or with every epoch that the record has.
//!
//! The folder: `registry.json` says what it is; `city/` has the files of one configuration, as they are
//! written and as they are served; `epochs/0001/`, … those of each configuration, oldest first;
//! `as-of.csv` (with a time) one row for each datastream as it was then.

pub mod change;
pub mod differences;
pub mod export;
pub mod import;

use std::path::Path;

use anyhow::{Context, Result, bail};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

/// What `registry.json` says that it is.
pub const FORMAT: &str = "fenghuo-registry";
/// The version that is written, and the only one that is read.
pub const VERSION: u32 = 1;
/// The file that says what the folder is.
pub const MANIFEST: &str = "registry.json";
/// The folder of the configuration itself.
pub const CITY: &str = "city";
/// The folder of the epochs.
pub const EPOCHS: &str = "epochs";
/// The table of datastreams at a time.
pub const AS_OF: &str = "as-of.csv";

/// One configuration of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRow {
    /// Its folder under `epochs/`.
    pub folder: String,
    /// From when it holds, event time.
    pub holds_from_ms: UtcMs,
    /// SHA-256 of its files.
    pub sha256: String,
    /// Which number is which datastream: station and property, by position.
    pub datastreams: Vec<(String, String)>,
}

/// `registry.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The city's name.
    pub city: String,
    /// The time it is of, where one was asked for.
    pub at_ms: Option<UtcMs>,
    /// SHA-256 of the files in `city/` as they were exported.
    pub sha256: String,
    /// Every configuration, oldest first; none where a time was asked for.
    pub epochs: Vec<EpochRow>,
}

/// Reads `registry.json` of a folder.
///
/// # Errors
/// It is missing, no such file, or of another version.
pub fn manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join(MANIFEST);
    let shown = path.display();
    let bytes = std::fs::read(&path).with_context(|| format!("{shown} could not be read"))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).with_context(|| format!("{shown} is no registry's"))?;
    if manifest.format != FORMAT || manifest.version != VERSION {
        let (format, version) = (&manifest.format, manifest.version);
        bail!("{shown} is of {format} {version}; {FORMAT} {VERSION} is read here");
    }
    Ok(manifest)
}
