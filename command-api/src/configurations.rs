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
/// Configurations that are followed back from the newest.
const FOLLOWED_BACK: usize = 32;
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
    last(data, reader)?.context("the record has no city yet: serve it once")
}

/// The same; nothing where the record has none.
///
/// # Errors
/// A record that cannot be read.
pub fn last(data: &Path, reader: &mut Reader) -> Result<Option<Epoch>> {
    let remembered = std::fs::read_to_string(pointer(data)).ok();
    if let Some(seq) = remembered.and_then(|text| text.trim().parse().ok()).map(Seq)
        && let Some(epoch) = at(reader, seq)
    {
        return Ok(Some(epoch));
    }
    Ok(all(reader)?.pop())
}

fn at(reader: &mut Reader, seq: Seq) -> Option<Epoch> {
    let read = reader.read_from(seq, 1).unwrap_or_default();
    read.into_iter().find(|row| row.seq == seq).and_then(of)
}

/// The configurations that held at or after `since`, up to `newest`, oldest first: each change says
/// which one it follows, so that nobody walks the record. A record of before has no such word; there
/// the newest is all.
pub fn since(reader: &mut Reader, newest: Epoch, since: UtcMs) -> Vec<Epoch> {
    let mut found = vec![newest];
    while found.len() < FOLLOWED_BACK {
        let Some(oldest) = found.last().filter(|epoch| epoch.holds_from > since) else { break };
        let act = Seq(oldest.seq.0 + 1);
        let read = reader.read_from(act, 1).unwrap_or_default();
        let before = read.into_iter().find(|row| row.seq == act).and_then(|row| match row.record {
            Record::Registry(act) => Some(act.before),
            _ => None,
        });
        let Some(epoch) = before.filter(|seq| *seq < oldest.seq).and_then(|seq| at(reader, seq))
        else {
            break;
        };
        found.push(epoch);
    }
    found.reverse();
    found
}
