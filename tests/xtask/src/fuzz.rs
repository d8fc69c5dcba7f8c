//! `cargo xtask fuzz`: every decoder of the platform by libFuzzer, guided by the coverage of the whole
//! program, parsers of others included. It stands apart from the workspace (`tests/fuzz`) and needs
//! the stable toolchain alone: the counters are LLVM's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{cargo, heading, root, run_with};

/// The target that it is built for: named, so that build scripts are spared the counters.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Counters on every edge, and the operands of comparisons.
const COUNTERS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
/// The longest input, bytes; the longest that one may take, seconds; the most memory, MB.
const BOUNDS: [&str; 3] = ["-max_len=16384", "-timeout=10", "-rss_limit_mb=2048"];

/// What to try, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seconds for each decoder
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Only the decoders whose names contain this
    #[arg(long)]
    only: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: 600, only: None }
    }
}

fn named(program: &Path, decoder: &str) -> Command {
    let mut command = Command::new(program);
    command.env("FENGHUO_DECODER", decoder).stdin(Stdio::null());
    command
}

/// What is kept of a decoder between runs: inputs that reach something new, and what ended it.
fn folder_of(base: &Path, decoder: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    base.join(decoder.chars().map(plain).collect::<String>().trim_matches('-'))
}

/// Builds it and tries one decoder after another; the first finding ends it.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    let build = ["build", "--release", "--manifest-path", "tests/fuzz/Cargo.toml"];
    let to = ["--target", TARGET, "--target-dir", "target/fuzz"];
    run_with(".", &cargo(), &[build, to].concat(), &[("RUSTFLAGS", COUNTERS)])?;
    let program = root().join("target/fuzz").join(TARGET).join("release/decode");
    let listed = named(&program, "").env("FENGHUO_LIST", "1").output().context("the fuzzer")?;
    let list = String::from_utf8(listed.stdout).context("names")?;
    let wanted = |name: &&str| options.only.as_ref().is_none_or(|part| name.contains(part));
    let names: Vec<&str> = list.lines().filter(wanted).collect();
    ensure!(!names.is_empty(), "no decoder has {:?} in its name", options.only);
    for name in &names {
        one(&program, name, options.seconds)?;
    }
    heading(&format!("{} decoders, {} s each, nothing found", names.len(), options.seconds));
    Ok(())
}

fn one(program: &Path, name: &str, seconds: u32) -> Result<()> {
    let base = root().join("target/fuzz/kept");
    let (corpus, found) = (folder_of(&base, name), base.join("found"));
    for folder in [&corpus, &found] {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let seeded = named(program, name).env("FENGHUO_SEEDS", &corpus).status()?;
    ensure!(seeded.success(), "the good bytes of {name} cannot be written");
    heading(&format!("{name}, {seconds} s"));
    let log = corpus.with_extension("log");
    let status = named(program, name)
        .arg(&corpus)
        .args(BOUNDS)
        .arg(format!("-dict={}", corpus.with_extension("words").display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}-", folder_of(&found, name).display()))
        .arg("-print_final_stats=1")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log)?)
        .status()?;
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    for line in said.lines().filter(|l| l.contains("DONE") || l.contains("executed_units")) {
        println!("   {line}");
    }
    if !status.success() {
        bail!("{name} ends on some bytes: see {} and {}", found.display(), log.display());
    }
    Ok(())
}
