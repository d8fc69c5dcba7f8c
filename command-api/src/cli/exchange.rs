//! `fenghuo exchange` and `fenghuo export`: files for other platforms across a gap between networks, and
//! theirs. They are written and brought by whoever has the data folder; a platform that runs writes
//! the log into its record and takes files in.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use command_api::configurations;
use command_api::exchange::Folder;
use command_api::exchange::export::Export;
use command_api::exchange::inbox::{Job, Outcome};
use command_api::serve::WallClock;
use domain::ids::{AgencyId, ZoneId};
use domain::status::Live;
use domain::time::{Clock, UtcMs};
use indicatif::{ProgressBar, ProgressStyle};
use ingest::exchange::Opened;
use ingest::exchange::name::Parts;
use ingest::exchange::read::signed;
use journal::Reader;

use super::complain;
use super::people::{Where, data};

/// How often it is looked whether the platform has taken a file in.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Files across a gap between networks.
#[derive(Subcommand)]
pub(crate) enum Exchange {
    /// Make the key that files are signed by, and print its public half for the peers' exchange.toml
    Key {
        /// Make another in its place; the peers need its public half before they take a file
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        at: Where,
    },
    /// Write a signed file for a peer
    Export(Wanted),
    /// Bring a peer's file: the running platform tries it and takes it in
    Import(Import),
    /// Try a peer's file and take nothing in
    Check {
        /// The file's manifest (.json)
        file: PathBuf,
        #[command(flatten)]
        at: Where,
    },
}

/// What to write for whom.
#[derive(Args)]
pub(crate) struct Wanted {
    /// The peer's id in exchange.toml
    #[arg(long)]
    to: String,
    /// The folder that the file goes into
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// What is this agency's alone (again for another) [default: all that the peer is given]
    #[arg(long = "agency")]
    agencies: Vec<AgencyId>,
    /// Of this kind alone: observation, hospital, unit, signal, warning, situation, earthquake, track, cases
    #[arg(long = "kind")]
    kinds: Vec<String>,
    /// Of this area alone, by code
    #[arg(long = "area")]
    areas: Vec<ZoneId>,
    /// Heard at this time or later, RFC 3339 [default: since the last export to the peer]
    #[arg(long, value_parser = instant)]
    since: Option<UtcMs>,
    /// Heard before this time
    #[arg(long, value_parser = instant)]
    until: Option<UtcMs>,
    /// Records from this number on
    #[arg(long)]
    from_seq: Option<u64>,
    /// Records up to this number
    #[arg(long)]
    to_seq: Option<u64>,
    /// Say that it is old news: it amends there, and alarms nobody
    #[arg(long, conflicts_with = "fresh")]
    backlog: bool,
    /// Say that it is fresh: it alarms there as if it had come at once
    #[arg(long)]
    fresh: bool,
    /// Pack the lines (Zstandard)
    #[arg(long)]
    zstd: bool,
    #[command(flatten)]
    at: Where,
}

/// What to bring.
#[derive(Args)]
pub(crate) struct Import {
    /// The file's manifest (.json); its .sig and .ndjson lie beside it
    file: PathBuf,
    /// Take it though files before it are missing
    #[arg(long)]
    accept_gap: bool,
    /// How many seconds to wait for the platform; 0: leave it in the inbox
    #[arg(long, default_value_t = 3_600)]
    wait: u64,
    #[command(flatten)]
    at: Where,
}

fn instant(text: &str) -> Result<UtcMs, String> {
    UtcMs::parse(text).map_err(|error| error.to_string())
}

/// Does it.
pub(crate) fn exchange(what: &Exchange) -> Result<ExitCode> {
    match what {
        Exchange::Key { replace, at } => {
            let key = Folder::of(&data(at)?).make_key(*replace)?;
            println!("{}", key.public_hex());
            complain("the public key: public_key of this platform in the peers' exchange.toml");
            Ok(ExitCode::SUCCESS)
        }
        Exchange::Export(options) => export(options),
        Exchange::Import(options) => import(options),
        Exchange::Check { file, at } => check(file, at),
    }
}

/// Whoever runs the command, for the log.
pub(super) fn account() -> String {
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let plain: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    if plain.is_empty() { "command line".to_owned() } else { plain }
}

/// Writes a file.
pub(crate) fn export(options: &Wanted) -> Result<ExitCode> {
    let export = Export {
        data: data(&options.at)?,
        peer: options.to.clone(),
        out: options.out.clone(),
        agencies: options.agencies.clone(),
        kinds: options.kinds.clone(),
        areas: options.areas.clone(),
        since: options.since,
        until: options.until,
        from_seq: options.from_seq,
        to_seq: options.to_seq,
        backlog: (options.backlog || options.fresh).then_some(options.backlog),
        packed: options.zstd,
        by: account(),
        now: WallClock.now(),
    };
    let bar = ProgressBar::new(0);
    let style = "{elapsed_precise} {wide_bar} {percent}% (left {eta})";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let written = export.run(|at, last| {
        bar.set_length(last);
        bar.set_position(at);
    })?;
    bar.finish_and_clear();
    let manifest = &written.manifest;
    let parts = &written.parts;
    println!("{}", parts.manifest.display());
    println!("{}", parts.signature.display());
    println!("{}", parts.data(manifest.data.encoding).display());
    let kinds: Vec<String> = manifest.kinds.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    complain(&format!(
        "file {} for {}: {} item(s) ({}), {} left out, records {} to {}, {}",
        manifest.number,
        manifest.to,
        manifest.items,
        kinds.join(", "),
        manifest.left_out,
        manifest.span.from_seq,
        manifest.span.to_seq,
        if manifest.backlog { "a backlog" } else { "fresh" },
    ));
    Ok(ExitCode::SUCCESS)
}

fn import(options: &Import) -> Result<ExitCode> {
    let folder = Folder::of(&data(&options.at)?);
    let name = options.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let job = Job { name, by: account(), accept_gap: options.accept_gap };
    let id = format!("{}-{}", WallClock.now().0, std::process::id());
    folder.bring(&options.file, &job, &id)?;
    let began = Instant::now();
    loop {
        if let Some(outcome) = folder.outcome(&id)? {
            return Ok(tell(&outcome));
        }
        if began.elapsed() >= Duration::from_secs(options.wait) {
            complain("it lies in the inbox: the platform takes it in when it runs");
            return Ok(ExitCode::from(3));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn tell(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome::Imported { number, from, counts, backlog, missing } => {
            println!(
                "file {number} of {from}: {} items, {} accepted, {} duplicate, {} refused, \
                 {} quarantined{}",
                counts.items(),
                counts.accepted,
                counts.duplicate,
                counts.refused,
                counts.quarantined,
                if *backlog { " (a backlog)" } else { "" },
            );
            if *missing > 0 {
                println!("{missing} file(s) before it are missing");
            }
            let all_taken = counts.refused == 0 && counts.quarantined == 0;
            if all_taken { ExitCode::SUCCESS } else { ExitCode::from(2) }
        }
        Outcome::Refused { fault, detail } => {
            complain(&format!("refused ({fault}): {detail}"));
            ExitCode::FAILURE
        }
    }
}

fn check(file: &std::path::Path, at: &Where) -> Result<ExitCode> {
    let data = data(at)?;
    let mut reader = Reader::open(&data)?;
    let city = configurations::newest(&data, &mut reader)?.city()?;
    let Some(parts) = Parts::of(file) else {
        bail!("{} is no manifest: name the .json of the file", file.display());
    };
    let tried = signed(&parts, &city.exchange, WallClock.now())
        .and_then(|signed| Opened::<Live>::open(&signed, parts).map(|_| signed));
    let signed = tried.context("the file would be refused")?;
    let manifest = &signed.manifest;
    println!(
        "file {} of {}: {} items, made {}, {}; signed by its key, whole",
        manifest.number,
        manifest.from,
        manifest.items,
        manifest.made_ms,
        if manifest.backlog { "a backlog" } else { "fresh" },
    );
    Ok(ExitCode::SUCCESS)
}
