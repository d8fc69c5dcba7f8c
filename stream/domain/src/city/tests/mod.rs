//! A city as a user writes it: the example reads clean, every slip is found where it was made.

mod addresses;
mod questions;
mod slips;
mod telemetry;
mod whole;

use super::{City, CityFiles};

/// The example with one piece of one file replaced; the piece must stand there once.
fn with(file: &str, piece: &str, by: &str) -> CityFiles {
    let mut files = City::scaffold();
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert_eq!(text.matches(piece).count(), 1, "{piece:?} in {file}");
    files.insert(file.to_owned(), text.replace(piece, by).into_bytes());
    files
}

/// The errors of files that must have some, one a line.
fn errors(files: &CityFiles) -> Vec<String> {
    match City::read(files) {
        Ok(_) => Vec::new(),
        Err(list) => list.iter().map(ToString::to_string).collect(),
    }
}
