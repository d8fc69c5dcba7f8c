//! `fenghuo import`: a file of observations to a running platform, as a backlog.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use command_api::import::{BATCH_LINES, Import, Target};
use indicatif::{ProgressBar, ProgressStyle};

/// What to bring where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Observations: NDJSON or CSV with a header; .gz and .zst are read as they are
    file: PathBuf,
    /// The running platform
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    to: Target,
    /// A file with the agency's token; else the variable FENGHUO_TOKEN
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Observations of a batch at most
    #[arg(long, default_value_t = BATCH_LINES, value_parser = clap::value_parser!(u16).range(1..=20_000))]
    batch: u16,
    /// Begin anew, even where it was brought before
    #[arg(long)]
    again: bool,
}

/// Brings it, with a bar on standard error, and prints the account.
pub(crate) fn import(options: &Options) -> Result<ExitCode> {
    let token = match &options.token_file {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("{} could not be read", path.display()))?,
        None => std::env::var("FENGHUO_TOKEN").unwrap_or_default(),
    };
    let token = token.trim().to_owned();
    if token.is_empty() {
        bail!(
            "no token: name a file with --token-file, or set FENGHUO_TOKEN \
             (fenghuo agency token NAME makes one)"
        );
    }
    let (file, target) = (options.file.clone(), options.to.clone());
    let import = Import {
        file,
        target,
        token,
        batch_lines: usize::from(options.batch),
        again: options.again,
    };
    let size = std::fs::metadata(&options.file).map_or(0, |about| about.len());
    let bar = ProgressBar::new(size);
    let style = "{elapsed_precise} {wide_bar} {percent}% {msg} (left {eta})";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let standing = runtime.block_on(import.run(|standing, bytes| {
        bar.set_position(bytes.min(size));
        bar.set_message(format!(
            "{} accepted, {} duplicate, {} rejected",
            standing.accepted, standing.duplicate, standing.rejected
        ));
    }))?;
    bar.finish_and_clear();
    account(options, &standing);
    Ok(if standing.rejected > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

#[allow(clippy::print_stdout, reason = "the command line's own voice")]
fn account(options: &Options, standing: &command_api::import::Standing) {
    let (file, rejected) = (options.file.display(), standing.rejected);
    println!(
        "{file}: {} lines, {} accepted, {} duplicate, {rejected} rejected",
        standing.lines, standing.accepted, standing.duplicate
    );
    if rejected > 0 {
        println!("each rejected line with its reason: {file}.rejected.ndjson");
    }
}
