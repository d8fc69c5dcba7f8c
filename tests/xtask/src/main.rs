//! The one tool of the workspace: `cargo xtask demo | test | bench | chaos | fuzz | codegen`.

mod bench;
mod check;
mod codegen;
mod demo;
mod fuzz;
mod run;
mod setup;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set up, try, test and measure Fenghuo")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set everything up, start the platform over Jiangmen with a running scenario, print where to look
    Demo(demo::Options),
    /// Every check and test that CI runs (with --long, the slow tier too)
    Test(check::Options),
    /// The fault scripts: kills, power cuts, torn and full disks
    Chaos,
    /// The benchmarks, as a table
    Bench(bench::Options),
    /// Every decoder with bytes that coverage leads to, ten minutes each
    Fuzz(fuzz::Options),
    /// Write again what is generated from the code
    Codegen {
        /// Write nothing; fail if something generated is not fresh
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Demo(options) => demo::demo(&options),
        Task::Test(options) => check::test(&options),
        Task::Chaos => check::chaos(),
        Task::Bench(options) => bench::bench(&options),
        Task::Fuzz(options) => fuzz::fuzz(&options),
        Task::Codegen { check } => codegen::codegen(check),
    }
}
