//! The command line.

mod day;
mod drill;
mod load;
mod record;
mod replay;
mod rtu;
mod stage;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use domain::ids::AgencyId;
use simulators::credentials::Credentials;

/// Pretends to be a city: its stations, its units, its night.
#[derive(Debug, Parser)]
#[command(name = "fenghuo-sim", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a scenario over a city: stations, offices and units.
    Drill(drill::Arguments),
    /// Sends a recorded table (CSV) as observations.
    Replay(replay::Arguments),
    /// Sends made-up observations as fast as asked, and measures.
    Load(load::Arguments),
    /// Sends a real city's day by every door, two in a hundred of it wrong, and gives an account
    Day(day::Arguments),
    /// Reports as a hydrological telemetry station by SL 651-2014.
    Rtu(rtu::Arguments),
    /// Writes a scenario's observations to a file, in the order of their arrival.
    Record(record::Arguments),
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Drill(arguments) => drill::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Load(arguments) => load::run(arguments).await,
        Command::Day(arguments) => day::run_day(arguments).await,
        Command::Rtu(arguments) => rtu::run(arguments).await,
        Command::Record(arguments) => record::run(&arguments),
    }
}

/// The token of an agency, as written on the command line or from a file of credentials.
fn token(agency: &AgencyId, token: &Option<String>, file: &Option<PathBuf>) -> Result<String> {
    if let Some(token) = token {
        return Ok(token.clone());
    }
    let file = file.as_ref().context("a token or a file of credentials is needed")?;
    Ok(Credentials::read(file)?.agency(agency.as_str())?.to_owned())
}
