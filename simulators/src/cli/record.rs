//! `fenghuo-sim record`: a scenario's observations as a file, for `fenghuo backtest`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use domain::time::{MINUTE_MS, UtcMs};
use simulators::feed::WireObservation;
use simulators::stations::hours_after;

use super::stage::{Stage, StageArguments};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stage: StageArguments,
    /// The file to write, NDJSON in the order of arrival.
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let stage = Stage::set(&arguments.stage)?;
    let landfall = UtcMs::parse(&stage.scenario.landfall)?;
    let (from_h, to_h) = (stage.scenario.from_h, stage.scenario.to_h);
    let mut sampler = stage.sampler(landfall, from_h);
    let file = std::fs::File::create(&arguments.out).context("the output file")?;
    let mut file = std::io::BufWriter::new(file);
    let end = hours_after(landfall, to_h);
    let mut now = sampler.instant();
    let mut written = 0u64;
    while now < end {
        now = now.plus_ms(MINUTE_MS);
        for frame in sampler.until(now) {
            let Some(stream) = sampler.streams().get(frame.stream) else { continue };
            let (station, property) = (stream.station.as_str(), stream.property.as_str());
            let line = WireObservation { station, property, t: frame.t.0, v: frame.value }.json();
            if let Some(line) = line {
                writeln!(file, "{line}")?;
                written += 1;
            }
        }
    }
    file.flush()?;
    println!("seed={} written={written} {:?}", stage.seed, sampler.counts());
    Ok(())
}
