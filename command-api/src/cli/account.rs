//! `fenghuo account`: what a journal holds of each feed.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use command_api::account::account;

/// Which journal.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The data folder; a running platform may go on writing to it
    #[arg(long)]
    data: PathBuf,
    /// As JSON: agency → channel → counts
    #[arg(long)]
    json: bool,
}

/// Prints a line for each feed, and one for each reason of its refusals.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let account = account(&options.data)?;
    if options.json {
        println!("{}", serde_json::to_string(&account)?);
        return Ok(ExitCode::SUCCESS);
    }
    for (agency, feeds) in &account {
        for (channel, feed) in feeds {
            println!(
                "{agency} {channel} accepted={} refused={} quarantined={}",
                feed.accepted, feed.refused, feed.quarantined
            );
            for (reason, count) in &feed.reasons {
                println!("  {reason} {count}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
