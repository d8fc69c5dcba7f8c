//! `fenghuo registry`: the registry as files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Subcommand;
use command_api::registry::change::{NotChanged, Request, Spool};
use command_api::registry::export::Export;
use command_api::registry::import::{Report, into_folder, into_record};
use command_api::serve::WallClock;
use contract::views::RegistryChanged;
use domain::registry::RegistryWay;
use domain::time::{Clock, UtcMs};

use super::exchange::account;
use super::people::{Where, data};

/// The registry: stations, datums, thresholds, intervals, owners, with their epochs.
#[derive(Subcommand)]
pub(crate) enum Registry {
    /// Write it as files; beside a running platform or without one
    Export {
        /// A folder that does not exist, or is empty
        to: PathBuf,
        /// As it was at this time, RFC 3339 [default: as it is, with every epoch]
        #[arg(long)]
        at: Option<String>,
        #[command(flatten)]
        from: Where,
    },
    /// Take exported files in, edited or not: into a city's folder (in force at once where a platform
    /// serves it on --data, else from the next start on), or with every epoch into the record of a data
    /// folder that is not served
    Import {
        /// The folder that was exported
        from: PathBuf,
        /// The city's folder to bring `city/` into
        #[arg(long, required_unless_present = "into_record")]
        city: Option<PathBuf>,
        /// The data folder to bring every epoch into; no platform may be running on it
        #[arg(long, conflicts_with = "city")]
        into_record: Option<PathBuf>,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The data folder of the running platform that is to take it up at once
        #[arg(long, conflicts_with = "into_record")]
        data: Option<PathBuf>,
    },
    /// Have a running platform read its city's folder again (as SIGHUP does), and say what changed
    Reload {
        #[command(flatten)]
        of: Where,
    },
}

/// Does it.
pub(crate) fn registry(what: &Registry) -> Result<ExitCode> {
    match what {
        Registry::Export { to, at, from } => {
            let at = at.as_deref().map(UtcMs::parse).transpose()?;
            let written = Export { data: data(from)?, to: to.clone(), at }.run()?;
            println!(
                "{}: {} epoch(s), sha256={}",
                to.display(),
                written.epochs.len(),
                written.sha256
            );
            Ok(ExitCode::SUCCESS)
        }
        Registry::Reload { of } => Ok(told(reload(&data(of)?)?)),
        Registry::Import { from, city: Some(city), dry_run, data, .. } => {
            match into_folder(from, city, *dry_run)? {
                Report::Errors(errors) => {
                    for error in &errors {
                        println!("{error}");
                    }
                    println!("{} error(s); nothing was changed", errors.len());
                    Ok(ExitCode::FAILURE)
                }
                Report::Differences(changes) => {
                    for change in &changes {
                        println!("{change}");
                    }
                    let count = changes.len();
                    if *dry_run {
                        println!("{count} difference(s); nothing was changed");
                        return Ok(ExitCode::SUCCESS);
                    }
                    println!("{count} difference(s) taken over into {}", city.display());
                    let Some(data) = data else {
                        println!(
                            "served from the next start on; at once with --data DIR, by `fenghuo \
                             registry reload` or SIGHUP"
                        );
                        return Ok(ExitCode::SUCCESS);
                    };
                    let answer = reload(data)?;
                    let is_same = matches!(&answer, Some(Ok(changed)) if changed.seq.is_none());
                    let code = told(answer);
                    if is_same && count > 0 {
                        println!(
                            "{} holds what was in force already, or is another folder than the \
                             platform on {} serves",
                            city.display(),
                            data.display()
                        );
                    }
                    Ok(code)
                }
            }
        }
        Registry::Import { from, into_record: Some(data), dry_run, .. } => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let count = runtime.block_on(into_record(from, data, *dry_run))?;
            let would = if *dry_run { "would be" } else { "were" };
            println!("{count} epoch(s) {would} appended to the record");
            Ok(ExitCode::SUCCESS)
        }
        Registry::Import { .. } => bail!("name --city or --into-record"),
    }
}

/// How long a running platform has to take the request up; it looks twice a second.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);
/// How long it has to answer then.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked for the answer.
const LOOK_EVERY: Duration = Duration::from_millis(50);

type Answer = Option<Result<RegistryChanged, NotChanged>>;

/// Asks the platform on a data folder to read its city's folder again; nothing where none answers.
fn reload(data: &Path) -> Result<Answer> {
    let (spool, by) = (Spool::of(data), account());
    let id = format!("{}-{}", WallClock.now().0, std::process::id());
    spool.ask(&id, &Request { by, way: RegistryWay::Command })?;
    let began = Instant::now();
    loop {
        if let Some(answer) = spool.answered(&id)? {
            return Ok(Some(answer));
        }
        if began.elapsed() > TAKEN_WITHIN && spool.take_back(&id) {
            return Ok(None);
        }
        if began.elapsed() > ANSWER_WITHIN {
            bail!("the platform has taken the request up and does not answer: see its log");
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn told(answer: Answer) -> ExitCode {
    match answer {
        Some(Ok(changed)) => {
            for change in &changed.changes {
                println!("{change}");
            }
            match changed.seq {
                Some(seq) if changed.in_force => println!("in force since record {seq}"),
                Some(seq) => {
                    println!("journaled as record {seq}; the platform is behind, and comes to it")
                }
                None => println!("nothing has changed"),
            }
            println!("{}", changed.from_next_start);
            ExitCode::SUCCESS
        }
        Some(Err(why)) => {
            println!("{why}");
            ExitCode::FAILURE
        }
        None => {
            println!("no platform answered: served from the next start on");
            ExitCode::SUCCESS
        }
    }
}
