//! Takes a registry's files in: into a city's folder, which is served from its next start on and
//! journaled then; or, with every epoch, into the record of a data folder that is not served.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::city::{City, CityError, CityFiles, hash};
use domain::record::Record;
use journal::{Journal, Options};

use super::differences::{Difference, differences};
use super::{CITY, EPOCHS, MANIFEST, export, manifest};
use crate::city_folder::{self, FolderError};
use crate::configurations::{self, pointer};

/// What would happen, or has.
#[derive(Debug)]
pub enum Report {
    /// The files have errors, each with file, line and column. Nothing was written.
    Errors(Vec<CityError>),
    /// What changes.
    Differences(Vec<Difference>),
}

/// Reads `city/` of an exported folder.
fn city_of(folder: &Path) -> Result<std::result::Result<(City, CityFiles), Vec<CityError>>> {
    match city_folder::read(folder) {
        Ok(read) => Ok(Ok((read.city, read.files))),
        Err(FolderError::City(errors)) => Ok(Err(errors)),
        Err(other) => Err(other.into()),
    }
}

/// Brings the files of `from` into a city's folder; with `dry` it only says what would change. Files of
/// the folder that make no city (notices, a base map) stay.
///
/// # Errors
/// A folder that is no registry's, files that cannot be read or written.
pub fn into_folder(from: &Path, city: &Path, dry: bool) -> Result<Report> {
    manifest(from)?;
    let (then, files) = match city_of(&from.join(CITY))? {
        Ok(read) => read,
        Err(errors) => return Ok(Report::Errors(errors)),
    };
    let now = if city.exists() {
        let read = city_of(city)?;
        Some(read.map_err(|errors| {
            let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the city in force has errors:\n  {}", said.join("\n  "))
        })?)
    } else {
        None
    };
    let changes = differences(now.as_ref().map(|(c, f)| (c, f)), (&then, &files));
    if !dry {
        for (path, bytes) in &files {
            let same = now.as_ref().is_some_and(|(_, has)| has.get(path) == Some(bytes));
            if !same {
                export::put(&city.join(path), bytes)?;
            }
        }
        let gone = now.iter().flat_map(|(_, has)| has.keys()).filter(|p| !files.contains_key(*p));
        for path in gone {
            let path: PathBuf = city.join(path);
            std::fs::remove_file(&path)
                .with_context(|| format!("{} could not be removed", path.display()))?;
        }
    }
    Ok(Report::Differences(changes))
}

/// Brings every epoch of `from` into the record of a data folder: those that it has must be the first
/// of them, and the rest are appended. Gives how many were (or, with `dry`, would be).
///
/// # Errors
/// A folder without epochs, an epoch whose files are not those that were exported or are no city, a
/// record that has another past, or is being written to by a platform.
pub async fn into_record(from: &Path, data: &Path, dry: bool) -> Result<usize> {
    let manifest = manifest(from)?;
    if manifest.epochs.is_empty() {
        bail!("{} has no epochs: it is of one time", from.join(MANIFEST).display());
    }
    let mut epochs = Vec::new();
    for row in manifest.epochs {
        let folder = from.join(EPOCHS).join(&row.folder);
        domain::ids::check(&row.folder)?;
        let files = match city_of(&folder)? {
            Ok((_, files)) => files,
            Err(errors) => {
                let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
                bail!("{}:\n  {}", folder.display(), said.join("\n  "));
            }
        };
        if hash(&files) != row.sha256 {
            bail!("{} is not what was exported: the past is not edited", folder.display());
        }
        epochs.push((row, files));
    }
    std::fs::create_dir_all(data)?;
    let (journal, _) = Journal::open(data, Options::live())?;
    let known = configurations::all(&mut journal.reader()?)?;
    if known.len() > epochs.len() {
        bail!("the record has {} epochs, the files {}", known.len(), epochs.len());
    }
    for (n, (has, (row, _))) in known.iter().zip(&epochs).enumerate() {
        let same = has.hash == row.sha256
            && has.holds_from == row.holds_from_ms
            && has.datastreams == row.datastreams;
        if !same {
            bail!("epoch {} of the record is another one: it has its own past", n + 1);
        }
    }
    let new = epochs.split_off(known.len());
    let count = new.len();
    if !dry {
        let appender = journal.appender();
        for (row, files) in new {
            let record = Record::Configuration {
                holds_from: row.holds_from_ms,
                hash: row.sha256,
                files: files.into_iter().collect(),
                datastreams: row.datastreams,
            };
            let placed = appender.append_one(&record).await?;
            std::fs::write(pointer(data), placed.first.to_string())?;
        }
    }
    journal.close().map_err(|why| anyhow::anyhow!("{why}"))?;
    Ok(count)
}
