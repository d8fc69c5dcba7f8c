//! `fenghuo registry`: the registry as files.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use command_api::registry::export::Export;
use command_api::registry::import::{Report, into_folder, into_record};
use domain::time::UtcMs;

use super::people::{Where, data};

/// The registry: stations, datums, thresholds, intervals, owners, with their epochs.
#[derive(Subcommand)]
pub(crate) enum Registry {
    /// Write it as files; beside a running platform or without one
    Export {
        /// A folder that does not exist, or is empty
        to: PathBuf,
        /// As it was at this time, RFC 3339 [default: as it is, with every epoch]
        #[arg(long)]
        at: Option<String>,
        #[command(flatten)]
        from: Where,
    },
    /// Take exported files in, edited or not: into a city's folder (served from the next start on), or
    /// with every epoch into the record of a data folder that is not served
    Import {
        /// The folder that was exported
        from: PathBuf,
        /// The city's folder to bring `city/` into
        #[arg(long, required_unless_present = "into_record")]
        city: Option<PathBuf>,
        /// The data folder to bring every epoch into; no platform may be running on it
        #[arg(long, conflicts_with = "city")]
        into_record: Option<PathBuf>,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Does it.
pub(crate) fn registry(what: &Registry) -> Result<ExitCode> {
    match what {
        Registry::Export { to, at, from } => {
            let at = at.as_deref().map(UtcMs::parse).transpose()?;
            let written = Export { data: data(from)?, to: to.clone(), at }.run()?;
            println!(
                "{}: {} epoch(s), sha256={}",
                to.display(),
                written.epochs.len(),
                written.sha256
            );
            Ok(ExitCode::SUCCESS)
        }
        Registry::Import { from, city: Some(city), dry_run, .. } => {
            match into_folder(from, city, *dry_run)? {
                Report::Errors(errors) => {
                    for error in &errors {
                        println!("{error}");
                    }
                    println!("{} error(s); nothing was changed", errors.len());
                    Ok(ExitCode::FAILURE)
                }
                Report::Differences(changes) => {
                    for change in &changes {
                        println!("{change}");
                    }
                    let count = changes.len();
                    if *dry_run {
                        println!("{count} difference(s); nothing was changed");
                    } else {
                        println!("{count} difference(s) taken over: served from the next start on");
                    }
                    Ok(ExitCode::SUCCESS)
                }
            }
        }
        Registry::Import { from, into_record: Some(data), dry_run, .. } => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let count = runtime.block_on(into_record(from, data, *dry_run))?;
            let would = if *dry_run { "would be" } else { "were" };
            println!("{count} epoch(s) {would} appended to the record");
            Ok(ExitCode::SUCCESS)
        }
        Registry::Import { .. } => bail!("name --city or --into-record"),
    }
}
