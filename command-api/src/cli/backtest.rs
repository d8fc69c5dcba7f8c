//! `fenghuo backtest`: the very engine over a file of observations. No server, no journal.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use command_api::city_folder;
use command_api::observation_file::{Accounts, ObservationFile};
use domain::decision::DecisionKind;
use stream::backtest::{Backtest, Projection};

/// What to run over what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The city's folder
    #[arg(long)]
    city: PathBuf,
    /// Observations, one JSON object a line; .gz and .zst are read as they are
    #[arg(long)]
    input: PathBuf,
    /// Where the decision log goes
    #[arg(long)]
    out: PathBuf,
    /// Workers of the engine
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Kinds of decision to write; alerts and finals where not said
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<String>,
    /// Another form of output: `zone-level` writes W,zone,level where a zone's final level changes
    #[arg(long)]
    project: Option<String>,
}

/// Runs it, writes the log, prints figures and the log's hash.
pub(crate) fn backtest(options: &Options) -> Result<ExitCode> {
    let read = city_folder::read(&options.city)?;
    let city_folder::ReadCity { city, files, .. } = read;
    let registry = city.registry(&[]);
    let mut backtest = Backtest::new(files, &registry);
    backtest.workers = options.workers;
    backtest.projection = projection(options)?;
    let file = ObservationFile::open(&options.input, &city, &registry)?;
    drop((city, registry));
    let accounts = file.accounts();
    // With one worker everything is done by one thread; with more, reading has one of its own.
    let batches = if options.workers > 1 { file.on_a_thread_of_its_own() } else { Box::new(file) };
    let out = File::create(&options.out)
        .with_context(|| format!("{} could not be written", options.out.display()))?;
    let began = Instant::now();
    let outcome = backtest.run(batches, BufWriter::new(out))?;
    let took = began.elapsed().as_secs_f64();
    let accounts = accounts.lock().map_err(|_| anyhow::anyhow!("the file's reader failed"))?;
    report(&accounts, took, outcome.lines, &outcome.sha256);
    match &accounts.broken {
        Some(why) => bail!("{} could not be read to its end: {why}", options.input.display()),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn projection(options: &Options) -> Result<Projection> {
    match options.project.as_deref() {
        Some("zone-level") => return Ok(Projection::ZoneLevel),
        Some(other) => bail!("--project {other:?}: zone-level is the only one there is"),
        None => {}
    }
    if options.kinds.is_empty() {
        return Ok(Projection::default());
    }
    let find = |word: &String| {
        let known = || {
            let all: Vec<&str> = DecisionKind::ALL.iter().map(|k| k.wire()).collect();
            format!("--kinds {word:?} is none of {}", all.join(" "))
        };
        DecisionKind::ALL.iter().copied().find(|k| k.wire() == word).with_context(known)
    };
    options.kinds.iter().map(find).collect::<Result<_>>().map(Projection::Decisions)
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn report(accounts: &Accounts, took: f64, lines: u64, sha256: &str) {
    println!(
        "sent={} accepted={} duplicate={} refused={}",
        accounts.sent, accounts.accepted, accounts.duplicate, accounts.refused
    );
    for (line, why) in &accounts.first_refusals {
        println!("refused line {line}: {} {}", why.reason.wire(), why.detail);
    }
    let rate = accounts.sent as f64 / took.max(1e-9);
    println!("{rate:.0} observations/s over {took:.2} s, {lines} lines");
    println!("decisions sha256={sha256}");
}
