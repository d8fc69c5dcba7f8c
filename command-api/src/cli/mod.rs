//! The command line. Each subcommand is a file; this one names them and prints their failures.

mod check;

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
    /// Check a city's folder: every error with file, place and reason
    Check(check::Options),
}

/// Runs what was asked for. A failure is told on standard error, and the exit code is 1.
pub(crate) fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Check(options) => check::check(&options),
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
