//! The city goes into the record: what the engine knows of it, it knows from there.

use std::path::Path;

use domain::city::Registry;
use domain::ids::Seq;
use domain::record::Record;
use domain::time::{EARLIEST, UtcMs};
use journal::{Journal, Reader};

use super::options::ServeError;
use crate::city_folder::ReadCity;
use crate::configurations::pointer;

/// Records that are read at one time when it has to be walked.
const PAGE: usize = 8_192;

/// The newest configuration of a record.
#[derive(Debug, Clone)]
struct Newest {
    seq: Seq,
    hash: String,
    datastreams: Vec<(String, String)>,
}

fn of(seq: Seq, record: Record) -> Option<Newest> {
    match record {
        Record::Configuration { hash, datastreams, .. } => Some(Newest { seq, hash, datastreams }),
        _ => None,
    }
}

/// Finds it: at the place remembered, or by walking the record. A place that is out of date only
/// makes the same configuration be written again.
fn newest(data: &Path, reader: &mut Reader) -> Result<Option<Newest>, ServeError> {
    let remembered = std::fs::read_to_string(pointer(data)).ok();
    if let Some(seq) = remembered.and_then(|t| t.trim().parse().ok()).map(Seq) {
        let read = reader.read_from(seq, 1).unwrap_or_default();
        let found = read.into_iter().find(|r| r.seq == seq);
        if let Some(found) = found.and_then(|r| of(r.seq, r.record)) {
            return Ok(Some(found));
        }
    }
    let (mut found, mut at) = (None, Seq(1));
    loop {
        let read = reader.read_on(at, PAGE)?.records;
        let Some(last) = read.last() else { return Ok(found) };
        at = Seq(last.seq.0 + 1);
        found = read.into_iter().filter_map(|r| of(r.seq, r.record)).next_back().or(found);
    }
}

/// Writes the city into the journal where it is new or has changed, and gives the registry in
/// force. A first one holds from the earliest instant, so that recorded data of any time is judged;
/// a changed one from `now`.
///
/// # Errors
/// The journal's.
pub(super) async fn journal(
    city: &ReadCity,
    data: &Path,
    journal: &Journal,
    now: impl Fn() -> UtcMs,
) -> Result<Registry, ServeError> {
    let earlier = newest(data, &mut journal.reader()?)?;
    let rows = earlier.as_ref().map(|e| e.datastreams.as_slice()).unwrap_or_default();
    let mut registry = Registry::continued(rows);
    for row in &city.city.datastreams {
        registry.number(row.station.as_str(), &row.property);
    }
    let mut stands = earlier.as_ref().map(|e| e.seq);
    if earlier.as_ref().is_none_or(|e| e.hash != city.hash) {
        let record = Record::Configuration {
            holds_from: if earlier.is_none() { EARLIEST } else { now() },
            hash: city.hash.clone(),
            files: city.files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect(),
            datastreams: registry.rows().to_vec(),
        };
        let placed = journal.appender().append_one(&record).await?;
        tracing::info!(seq = %placed.first, hash = city.hash, "the city's configuration is journaled");
        stands = Some(placed.first);
    }
    if let Some(seq) = stands {
        let written = std::fs::write(pointer(data), seq.to_string());
        if let Err(error) = written {
            tracing::warn!(%error, "the place of the configuration is not remembered");
        }
    }
    Ok(registry)
}
