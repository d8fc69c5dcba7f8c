//! `fenghuo check --city DIR`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use command_api::city_folder::{self, FolderError};

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The city's folder
    #[arg(long)]
    city: PathBuf,
}

/// Prints what the city holds, or every error of it; exit code 1 with errors.
pub(crate) fn check(options: &Options) -> Result<ExitCode> {
    match city_folder::read(&options.city) {
        Ok(read) => {
            let city = &read.city;
            println!(
                "{} ({}): {} zones, {} stations, {} datastreams, {} hazards, {} plans, {} units, {} hospitals",
                city.about.name,
                city.about.name_en,
                city.zones.len(),
                city.stations.len(),
                city.datastreams.len(),
                city.hazards.len(),
                city.plans.len(),
                city.units.len(),
                city.hospitals.len(),
            );
            println!("sha256={}", read.hash);
            Ok(ExitCode::SUCCESS)
        }
        Err(FolderError::City(errors)) => {
            for error in &errors {
                println!("{error}");
            }
            println!("{} error(s)", errors.len());
            Ok(ExitCode::FAILURE)
        }
        Err(other) => Err(other.into()),
    }
}
