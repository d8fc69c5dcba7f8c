//! `fenghuo replay`: reads a journal back through the engine and writes the decision log.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use command_api::reread::reread;
use domain::decision::Decision;
use domain::time::UtcMs;
use stream::log::DecisionLog;

/// What to read back.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The data folder; a running platform may go on writing to it
    #[arg(long)]
    data: PathBuf,
    /// Only decisions about this instant or later, RFC 3339
    #[arg(long)]
    from: Option<String>,
    /// Only decisions about this instant or earlier, RFC 3339
    #[arg(long)]
    to: Option<String>,
    /// Workers of the engine
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Where the log goes; standard output where not said
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Reads it back; prints the log's hash.
pub(crate) fn replay(options: &Options) -> Result<ExitCode> {
    let instant = |text: &Option<String>| -> Result<Option<UtcMs>> {
        text.as_deref().map(|t| UtcMs::parse(t).with_context(|| t.to_owned())).transpose()
    };
    let (from, to) = (instant(&options.from)?, instant(&options.to)?);
    let wanted = |d: &Decision| {
        let t = UtcMs::parse(&d.t).unwrap_or_default();
        from.is_none_or(|from| t >= from) && to.is_none_or(|to| t <= to)
    };
    let out: Box<dyn Write> = match &options.out {
        Some(path) => {
            let made = File::create(path);
            Box::new(made.with_context(|| format!("{} could not be written", path.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut log = DecisionLog::new(BufWriter::new(out));
    reread(&options.data, None, options.workers, |_, decisions| {
        decisions.iter().filter(|d| wanted(d)).try_for_each(|d| log.write(d))?;
        Ok(true)
    })?;
    let lines = log.lines();
    let hash = log.finish()?;
    // The log itself may be on standard output; what is said about it goes beside it then.
    let said = format!("{lines} decisions\ndecisions sha256={hash}");
    if options.out.is_some() {
        println!("{said}")
    } else {
        super::complain(&said)
    }
    Ok(ExitCode::SUCCESS)
}
