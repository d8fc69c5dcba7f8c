//! `fenghuo`: the platform and its tools. `fenghuo help` lists them.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
