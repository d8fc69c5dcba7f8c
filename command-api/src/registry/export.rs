//! Writes the registry of a record as files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::city::{City, CityFiles};
use domain::time::{EARLIEST, UtcMs};
use journal::Reader;

use super::{AS_OF, CITY, EPOCHS, EpochRow, FORMAT, MANIFEST, Manifest, VERSION};
use crate::configurations::{self, Epoch};

/// What to write.
#[derive(Debug, Clone)]
pub struct Export {
    /// The data folder.
    pub data: PathBuf,
    /// The folder to write; it must not exist, or be empty.
    pub to: PathBuf,
    /// As of a time; all of it where none is named.
    pub at: Option<UtcMs>,
}

impl Export {
    /// Writes it.
    ///
    /// # Errors
    /// A record that cannot be read or has nothing at that time, a folder that is taken or cannot be
    /// written.
    pub fn run(&self) -> Result<Manifest> {
        let taken = self.to.exists() && fs::read_dir(&self.to)?.next().is_some();
        if taken {
            bail!("{} is not empty: name a new folder", self.to.display());
        }
        let mut reader = Reader::open(&self.data)
            .with_context(|| format!("no journal could be opened in {}", self.data.display()))?;
        let epochs = configurations::all(&mut reader)?;
        let then = epochs.iter().rfind(|epoch| self.at.is_none_or(|at| epoch.holds_from <= at));
        let Some(then) = then else { bail!("the record has no registry of that time") };
        let city = then.city()?;
        write(&self.to.join(CITY), &then.files)?;
        let mut rows = Vec::new();
        if let Some(at) = self.at {
            put(&self.to.join(AS_OF), table(&city, at)?.as_bytes())?;
        } else {
            for (n, epoch) in epochs.iter().enumerate() {
                let row = row(n, epoch);
                write(&self.to.join(EPOCHS).join(&row.folder), &epoch.files)?;
                rows.push(row);
            }
        }
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            city: city.about.name.clone(),
            at_ms: self.at,
            sha256: then.hash.clone(),
            epochs: rows,
        };
        let mut bytes = serde_json::to_vec_pretty(&manifest)?;
        bytes.push(b'\n');
        put(&self.to.join(MANIFEST), &bytes)?;
        Ok(manifest)
    }
}

fn row(n: usize, epoch: &Epoch) -> EpochRow {
    EpochRow {
        folder: format!("{:04}", n + 1),
        holds_from_ms: epoch.holds_from,
        sha256: epoch.hash.clone(),
        datastreams: epoch.datastreams.clone(),
    }
}

/// Writes the files of a city.
pub(super) fn write(folder: &Path, files: &CityFiles) -> Result<()> {
    for (path, bytes) in files {
        put(&folder.join(path), bytes)?;
    }
    Ok(())
}

/// Writes a file whole or not at all.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    ingest::exchange::write::put(path, bytes)
        .with_context(|| format!("{shown} could not be written"))
}

/// One row for each datastream as it was at a time: position, datum, owner, interval, limits, and the
/// numbers by which it was judged.
fn table(city: &City, at: UtcMs) -> Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "station",
        "name",
        "agency",
        "lon",
        "lat",
        "datum",
        "datum_offset_m",
        "station_from",
        "property",
        "interval_s",
        "min",
        "max",
        "datastream_from",
        "thresholds",
    ])?;
    let hazards = city.hazards_at(at);
    let from =
        |t: UtcMs| if t == EARLIEST { String::new() } else { t.rfc3339(city.about.offset_s) };
    let number = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
    for id in city.station_ids() {
        let Some(station) = city.station_at(id, at) else { continue };
        for property in city.properties_of(id) {
            let Some(stream) = city.datastream_at(id, property, at) else { continue };
            let marks = hazards.iter().flat_map(|h| h.thresholds.iter().map(move |t| (h, t)));
            let marks = marks.filter(|(_, t)| {
                t.property == property && t.station.as_ref().is_none_or(|s| s.as_str() == id)
            });
            let marks: Vec<String> = marks
                .map(|(h, t)| format!("{} {} {}", h.name, city.levels().id(t.level), t.at_least))
                .collect();
            out.write_record([
                id.to_owned(),
                station.name.clone(),
                station.agency.to_string(),
                station.lon.to_string(),
                station.lat.to_string(),
                station.datum.clone().unwrap_or_default(),
                number(station.datum_offset_m),
                from(station.valid_from),
                property.to_owned(),
                stream.interval_s.to_string(),
                number(stream.min),
                number(stream.max),
                from(stream.valid_from),
                marks.join("; "),
            ])?;
        }
    }
    Ok(String::from_utf8(out.into_inner()?)?)
}
