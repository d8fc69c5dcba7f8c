//! A city's folder, read from disk: the one place that turns a path into [`CityFiles`].

use std::fmt;
use std::path::{Path, PathBuf};

use domain::city::{City, CityError, CityFiles, hash, is_city_file};

/// A city as its folder holds it.
#[derive(Debug)]
pub struct ReadCity {
    /// The checked city.
    pub city: City,
    /// The files it was read from.
    pub files: CityFiles,
    /// SHA-256 over them, hex.
    pub hash: String,
}

/// Why a folder is no city.
#[derive(Debug)]
pub enum FolderError {
    /// A file or folder could not be read.
    Read(PathBuf, std::io::Error),
    /// The files have errors.
    City(Vec<CityError>),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FolderError::Read(path, error) => {
                write!(f, "the city's {} could not be read: {error}", path.display())
            }
            FolderError::City(errors) => {
                write!(f, "the city has {} error(s):", errors.len())?;
                errors.iter().try_for_each(|e| write!(f, "\n  {e}"))
            }
        }
    }
}

impl std::error::Error for FolderError {}

/// Reads and checks a city's folder.
///
/// # Errors
/// A file that could not be read, or every error of the city's files.
pub fn read(folder: &Path) -> Result<ReadCity, FolderError> {
    let files = files(folder)?;
    let city = City::read(&files).map_err(FolderError::City)?;
    let hash = hash(&files);
    Ok(ReadCity { city, files, hash })
}

/// The files of a folder that make a city: those at its top and one folder down.
fn files(folder: &Path) -> Result<CityFiles, FolderError> {
    let mut found = CityFiles::new();
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            for (inner, path) in entries(&path)? {
                take(&mut found, format!("{name}/{inner}"), &path)?;
            }
        } else {
            take(&mut found, name, &path)?;
        }
    }
    Ok(found)
}

fn take(found: &mut CityFiles, name: String, path: &Path) -> Result<(), FolderError> {
    if is_city_file(&name) && path.is_file() {
        let bytes = std::fs::read(path).map_err(|e| FolderError::Read(path.into(), e))?;
        found.insert(name, bytes);
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, FolderError> {
    let read = std::fs::read_dir(folder).map_err(|e| FolderError::Read(folder.into(), e))?;
    let mut list = Vec::new();
    for entry in read {
        let entry = entry.map_err(|e| FolderError::Read(folder.into(), e))?;
        if let Some(name) = entry.file_name().to_str() {
            list.push((name.to_owned(), entry.path()));
        }
    }
    list.sort();
    Ok(list)
}
