//! A city's folder from disk, as [`domain::city::City::read`] wants it.

use std::io;
use std::path::Path;

use domain::city::CityFiles;

/// Folders of a city that hold nothing the platform reads.
const SKIPPED: [&str; 1] = ["make"];
/// The deepest folder that is looked into.
const DEPTH_MAX: usize = 4;

/// Reads every file of a city's folder, by its path within it.
///
/// # Errors
/// What the file system says.
pub fn files(folder: &Path) -> io::Result<CityFiles> {
    let mut found = CityFiles::new();
    collect(folder, "", &mut found, DEPTH_MAX)?;
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, found: &mut CityFiles, depth: usize) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if depth > 0 && !(prefix.is_empty() && SKIPPED.contains(&name.as_str())) {
                collect(&entry.path(), &format!("{path}/"), found, depth - 1)?;
            }
        } else {
            found.insert(path, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}
