//! What the parts of a file are called: `<from>-<to>-000007.json` (the manifest), `.sig`, and
//! `.ndjson` or `.ndjson.zst`.

use std::path::{Path, PathBuf};

use domain::ids::PeerId;

use super::manifest::Encoding;

/// The common name of a file's parts.
pub fn stem(from: &PeerId, to: &PeerId, number: u64) -> String {
    format!("{from}-{to}-{number:06}")
}

/// The parts of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The manifest.
    pub manifest: PathBuf,
    /// Its signature.
    pub signature: PathBuf,
    /// The lines, plain.
    pub plain: PathBuf,
    /// The lines, packed.
    pub packed: PathBuf,
}

impl Parts {
    /// Of a name within a folder.
    pub fn within(folder: &Path, stem: &str) -> Self {
        let part = |end: &str| folder.join(format!("{stem}.{end}"));
        Self {
            manifest: part("json"),
            signature: part("sig"),
            plain: part("ndjson"),
            packed: part("ndjson.zst"),
        }
    }

    /// Of the manifest's path; nothing where it does not end in `.json`.
    pub fn of(manifest: &Path) -> Option<Self> {
        let stem = manifest.file_name()?.to_str()?.strip_suffix(".json")?;
        Some(Self::within(manifest.parent().unwrap_or(Path::new("")), stem))
    }

    /// The lines, as the manifest says that they are stored.
    pub fn data(&self, encoding: Encoding) -> &Path {
        match encoding {
            Encoding::Identity => &self.plain,
            Encoding::Zstd => &self.packed,
        }
    }
}
