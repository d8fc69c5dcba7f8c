//! The command line.

mod replay;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Pretends to be a city: its stations, its units, its night.
#[derive(Debug, Parser)]
#[command(name = "fenghuo-sim", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends a recorded table (CSV) as observations.
    Replay(replay::Arguments),
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Replay(arguments) => replay::run(arguments).await,
    }
}
