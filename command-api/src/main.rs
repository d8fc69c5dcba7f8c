//! `fenghuo`: the platform and its tools. `fenghuo help` lists them.

mod cli;

/// The backtest takes a fifth less time with it than with the system's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
