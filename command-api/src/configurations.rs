//! The city as the record has it: each configuration at its place, with the files it was made of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::city::{City, CityFiles};
use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::time::UtcMs;
use journal::Reader;

/// Remembers where the newest configuration stands, so that nobody need walk the record for it.
pub const POINTER_FILE: &str = "configuration.seq";
/// Records that are read at one time.
const PAGE: usize = 8_192;

/// One configuration of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Its place.
    pub seq: Seq,
    /// From when it holds, event time.
    pub holds_from: UtcMs,
    /// SHA-256 of its files.
    pub hash: String,
    /// The files.
    pub files: CityFiles,
    /// Which number is which datastream.
    pub datastreams: Vec<(String, String)>,
}

impl Epoch {
    /// The checked city.
    ///
    /// # Errors
    /// Every error of the files: a record of an older program may hold what is refused now.
    pub fn city(&self) -> Result<City> {
        City::read(&self.files).map_err(|errors| {
            let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the city at record {} cannot be read: {}", self.seq, said.join("; "))
        })
    }
}

fn of(row: Sequenced) -> Option<Epoch> {
    match row.record {
        Record::Configuration { holds_from, hash, files, datastreams } => {
            let files = files.into_iter().collect();
            Some(Epoch { seq: row.seq, holds_from, hash, files, datastreams })
        }
        _ => None,
    }
}

/// Where the place of the newest is remembered.
pub fn pointer(data: &Path) -> PathBuf {
    data.join(POINTER_FILE)
}

/// Every configuration, oldest first; walks the whole record.
///
/// # Errors
/// A record that cannot be read.
pub fn all(reader: &mut Reader) -> Result<Vec<Epoch>> {
    let (mut found, mut at) = (Vec::new(), Seq(1));
    loop {
        let read = reader.read_on(at, PAGE).context("the record could not be read")?.records;
        let Some(last) = read.last() else { return Ok(found) };
        at = Seq(last.seq.0 + 1);
        found.extend(read.into_iter().filter_map(of));
    }
}

/// The newest configuration, at the place remembered, or by walking the record.
///
/// # Errors
/// A record that cannot be read, or has none.
pub fn newest(data: &Path, reader: &mut Reader) -> Result<Epoch> {
    let remembered = std::fs::read_to_string(pointer(data)).ok();
    if let Some(seq) = remembered.and_then(|text| text.trim().parse().ok()).map(Seq) {
        let read = reader.read_from(seq, 1).unwrap_or_default();
        if let Some(epoch) = read.into_iter().find(|row| row.seq == seq).and_then(of) {
            return Ok(epoch);
        }
    }
    all(reader)?.pop().context("the record has no city yet: serve it once")
}
