//! `fenghuo verify`: recomputes a journal's decisions and compares them with what was recorded.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use command_api::verify::{Finding, verify};

/// What to verify.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The data folder; a running platform may go on writing to it
    #[arg(long)]
    data: PathBuf,
    /// Workers of the engine
    #[arg(long, default_value_t = 1)]
    workers: usize,
}

/// Prints what it found; exit code 1 where something differs or is damaged.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let report = verify(&options.data, options.workers)?;
    println!(
        "journal: {} records in {} blocks, {} damaged",
        report.records,
        report.blocks,
        report.damage.len()
    );
    report.damage.iter().for_each(|d| println!("  damaged: {d}"));
    println!(
        "decisions: {} recorded up to record {}, {} recomputed alike, {} not recomputable, {} differ",
        report.recorded, report.upto, report.alike, report.not_recomputable, report.differing
    );
    for finding in &report.first_findings {
        match finding {
            Finding::Recorded(line) => println!("  recorded only:   {line}"),
            Finding::Recomputed(line) => println!("  recomputed only: {line}"),
        }
    }
    println!("decisions sha256={}", report.sha256);
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
