//! The record read again by the engine: what `replay` prints and `verify` compares.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result};
use domain::decision::Decision;
use domain::ids::Seq;
use domain::status::{Exercise, Live, Status, WireStatus};
use journal::Reader;
use stream::{Decided, Engine, EngineConfig, Heard, InletError, OutletError};

/// Batches of decisions that wait to be taken.
const DECIDED_WAITING: usize = 64;
/// Records read at once, at most.
const RECORDS_AT_ONCE: usize = 32_768;

/// Up to which record the decisions are complete, and the decisions since the last.
type Batch = (Seq, Vec<Decision>);

/// Runs the engine over the journal in `data` up to `last`, and gives every decision to `take`, in
/// the order of the log. `take` gives false to end early.
///
/// # Errors
/// A journal that cannot be read, an engine that fails, and whatever `take` gives.
pub fn reread(
    data: &Path,
    last: Option<Seq>,
    workers: usize,
    mut take: impl FnMut(Seq, Vec<Decision>) -> Result<bool>,
) -> Result<()> {
    let reader = Reader::open(data)
        .with_context(|| format!("no journal could be opened in {}", data.display()))?;
    let last = match last {
        Some(last) => last,
        None => reader.last()?,
    };
    let live = reader.status()?.is_none_or(|status| status == WireStatus::Actual);
    // Which world it is stands in the journal; each has an engine of its own type.
    let (decided, finish) = if live {
        start::<Live>(reader, last, workers)?
    } else {
        start::<Exercise>(reader, last, workers)?
    };
    for (upto, decisions) in decided {
        if !take(upto, decisions)? {
            return Ok(());
        }
    }
    finish()
}

type Finish = Box<dyn FnOnce() -> Result<()>>;

fn start<S: Status>(
    mut reader: Reader,
    last: Seq,
    workers: usize,
) -> Result<(Receiver<Batch>, Finish)> {
    let mut next = Seq(1);
    let inlet = move |max: usize, _wait: Duration| {
        if next > last {
            return Ok(Heard::Closed);
        }
        let left = usize::try_from(last.0 - next.0 + 1).unwrap_or(usize::MAX);
        let wanted = max.min(RECORDS_AT_ONCE).min(left);
        let records =
            reader.read_from(next, wanted).map_err(|error| InletError(error.to_string()))?;
        let Some(newest) = records.last() else { return Ok(Heard::Closed) };
        next = Seq(newest.seq.0 + 1);
        Ok(Heard::Records(records))
    };
    let (put, decided) = sync_channel::<Batch>(DECIDED_WAITING);
    let outlet = move |decided: Decided<S>| {
        put.send((decided.upto, decided.decisions))
            .map_err(|_| OutletError("nobody takes the decisions any more".into()))
    };
    let config = EngineConfig { workers, ..EngineConfig::default() };
    let engine = Engine::<S>::start(config, inlet, outlet)?;
    Ok((decided, Box::new(move || Ok(engine.join().map(|_| ())?))))
}
