//! The command line. Each subcommand is a file; this one names them and prints their failures.

mod account;
mod agency;
mod backtest;
mod check;
mod exchange;
mod import;
mod init;
mod people;
mod registry;
mod replay;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "fenghuo", version, about = "Real-time emergency command and early warning")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The platform: takes in, judges, shows, until it is told to end (SIGTERM)
    Serve(Box<serve::Options>),
    /// Write a commented example of a city's folder, which runs as it is
    Init(init::Options),
    /// Check a city's folder: every error with file, place and reason
    Check(check::Options),
    /// The very engine over a file of observations, without a server
    Backtest(backtest::Options),
    /// Bring a file of observations to a running platform, as a backlog; can be broken off and resumed
    Import(import::Options),
    /// Write a signed file for another platform: the same as `exchange export`
    Export(Box<exchange::Wanted>),
    /// Files for other platforms across a gap between networks, and theirs
    #[command(subcommand)]
    Exchange(Box<exchange::Exchange>),
    /// The registry as files: stations, datums, thresholds, intervals, owners, with their epochs
    #[command(subcommand)]
    Registry(registry::Registry),
    /// Read a journal back and write its decision log
    Replay(replay::Options),
    /// Recompute a journal's decisions and compare them with what was recorded
    Verify(verify::Options),
    /// Count what a journal holds of each feed: taken, refused by reason, kept aside
    Account(account::Options),
    /// People who sign in
    #[command(subcommand)]
    User(people::User),
    /// Credentials of agencies and units
    #[command(subcommand)]
    Agency(agency::Agency),
    /// The roles, and the routes each may enter
    Role,
}

/// Runs what was asked for. A failure is told on standard error, and the exit code is 1.
pub(crate) fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Serve(options) => serve::serve(&options),
        What::Init(options) => init::init(&options),
        What::Check(options) => check::check(&options),
        What::Backtest(options) => backtest::backtest(&options),
        What::Import(options) => import::import(&options),
        What::Export(options) => exchange::export(&options),
        What::Exchange(what) => exchange::exchange(&what),
        What::Registry(what) => registry::registry(&what),
        What::Replay(options) => replay::replay(&options),
        What::Verify(options) => verify::run(&options),
        What::Account(options) => account::run(&options),
        What::User(what) => people::user(&what),
        What::Agency(what) => agency::agency(&what),
        What::Role => Ok(people::roles()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let mut told = String::new();
            for (at, cause) in error.chain().enumerate() {
                told += &if at == 0 { format!("fenghuo: {cause}") } else { format!(": {cause}") };
            }
            complain(&told);
            ExitCode::FAILURE
        }
    }
}

/// A line on standard error, where people look for what went wrong.
#[allow(clippy::print_stderr, reason = "the command line's own voice")]
fn complain(line: &str) {
    eprintln!("{line}");
}
