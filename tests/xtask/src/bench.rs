//! `cargo xtask bench`: the benchmarks, side by side with their peers in one run.

use anyhow::Result;

use crate::run::{cargo, run};
use crate::setup;

/// What to measure and where to write it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write the figures as JSON too
    #[arg(long)]
    json: Option<String>,
    /// Only these, by name: engine, decode, http, mqtt, latency, fanout, flood, city, restart
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A tenth of the size, for a quick look
    #[arg(long)]
    quick: bool,
}

/// Builds everything in release and runs the benchmarks of `tests/bench`.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let cargo = cargo();
    setup::system_packages()?;
    run(".", &cargo, &["build", "--release", "--workspace", "--bins"])?;
    let mut arguments =
        vec!["run", "--release", "--quiet", "-p", "system-tests", "--bin", "bench", "--"];
    let only = options.only.join(",");
    if !only.is_empty() {
        arguments.extend(["--only", &only]);
    }
    if options.quick {
        arguments.push("--quick");
    }
    if let Some(file) = &options.json {
        arguments.extend(["--json", file]);
    }
    run(".", &cargo, &arguments)
}
