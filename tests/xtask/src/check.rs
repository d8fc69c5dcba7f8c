//! `cargo xtask test`: every check and test that CI runs, in the order in which they fail soonest.

use anyhow::Result;

use crate::run::{cargo, heading, run, run_with};
use crate::{codegen, fuzz, setup};

/// How much to test.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The slow tier too: hundreds of kills, long fuzzing, soak
    #[arg(long)]
    long: bool,
}

/// Runs all of it; the first failure ends it.
pub(crate) fn test(options: &Options) -> Result<()> {
    let cargo = cargo();
    setup::system_packages()?;
    run(".", &cargo, &["fmt", "--all", "--check"])?;
    setup::console()?;
    run(".", &cargo, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    codegen::codegen(true)?;
    // The system's tests start the built binaries, so these are built first.
    run(".", &cargo, &["build", "--workspace", "--bins"])?;
    let tier = if options.long { [("FENGHUO_TIER", "long")] } else { [("FENGHUO_TIER", "ci")] };
    run_with(".", &cargo, &["test", "--workspace"], &tier)?;
    if options.long {
        fuzz::fuzz(&fuzz::Options::default())?;
    }
    run_with("dashboards", "npm", &["test", "--silent"], &tier)?;
    // The console on the real platform and a running drill.
    run_with("dashboards", "npm", &["run", "--silent", "test:demo"], &tier)?;
    heading("everything passed");
    Ok(())
}

/// Runs the fault scripts alone.
pub(crate) fn chaos() -> Result<()> {
    let cargo = cargo();
    setup::system_packages()?;
    run(".", &cargo, &["build", "--workspace", "--bins"])?;
    let tier = [("FENGHUO_TIER", "long")];
    let system = ["test", "-p", "system-tests", "--test", "death", "--test", "faults"];
    run_with(".", &cargo, &system, &tier)?;
    run_with(".", &cargo, &["test", "-p", "journal"], &tier)
}
