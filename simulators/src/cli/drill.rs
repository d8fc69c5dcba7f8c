//! `fenghuo-sim drill`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use domain::time::UtcMs;
use simulators::credentials::Credentials;
use simulators::drill::{self, Feeds, Offices, Timeline, Wards};
use simulators::feed::{HttpAddress, MqttAddress, MqttFeed, MqttOptions};
use simulators::{units, wall};

use super::stage::{Stage, StageArguments};

/// Messages of an agency sent and not acknowledged, at most.
const AGENCY_IN_FLIGHT: u16 = 20;
/// Messages of a unit.
const UNIT_IN_FLIGHT: u16 = 4;
/// The seven hours of the longest rain window and a little, sent as history before the start.
const HISTORY_H: f64 = 3.0;

/// What happens after the scenario's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Then {
    /// Stations and units go on at the end state, at the pace of the clock.
    Stay,
    /// The drill ends.
    End,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stage: StageArguments,
    /// The MQTT endpoint: mqtt://host:port.
    #[arg(long)]
    mqtt: MqttAddress,
    /// The HTTP API, told in the first line only.
    #[arg(long)]
    http: Option<HttpAddress>,
    /// Tokens of agencies and units (TOML).
    #[arg(long)]
    credentials: PathBuf,
    /// Scenario seconds a second. Above 1 the platform must follow the frames: `--clock replay`.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// The scenario's hour at the start, like -3h or -3.
    #[arg(long, default_value = "-3h", allow_hyphen_values = true, value_parser = hours)]
    start: f64,
    /// Hours before the start that are sent at once, as history.
    #[arg(long, default_value_t = HISTORY_H)]
    history: f64,
    /// Keep the scenario's own dates; without it landfall is put where the start is now.
    #[arg(long)]
    own_dates: bool,
    /// Keep injects that put a clock ahead even where the platform follows the frames and would
    /// be led ahead by them.
    #[arg(long)]
    keep_clock_injects: bool,
    /// What happens after the scenario's end.
    #[arg(long, value_enum, default_value = "stay")]
    then: Then,
}

fn hours(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('h').parse::<f64>().ok().filter(|h| h.is_finite());
    number.ok_or_else(|| format!("{text:?} is no hour of the scenario; write -3h"))
}

pub(crate) async fn run(mut arguments: Arguments) -> Result<()> {
    if !(arguments.speed.is_finite() && arguments.speed > 0.0) {
        bail!("a speed is a positive number");
    }
    let mut stage = Stage::set(&arguments.stage)?;
    if arguments.speed > 1.0 && !arguments.keep_clock_injects {
        leave_clocks_alone(&mut stage);
    }
    let (from_h, to_h) = (stage.scenario.from_h, stage.scenario.to_h);
    arguments.start = arguments.start.clamp(from_h, to_h);
    let credentials = Credentials::read(&arguments.credentials)?;
    let timeline = timeline(&arguments, &stage)?;
    println!(
        "scenario={} seed={} speed={} start={} mqtt={} http={}",
        stage.scenario.id,
        stage.seed,
        arguments.speed,
        timeline.told(timeline.after(0.0)),
        arguments.mqtt,
        arguments.http.as_ref().map_or_else(|| "-".into(), ToString::to_string),
    );
    let feeds = agencies(&stage, &arguments.mqtt, &credentials).await?;
    field(&stage, &arguments.mqtt, &credentials, &timeline)?;
    let history = (arguments.start - arguments.history.max(0.0)).max(from_h);
    let sampler = stage.sampler(timeline.landfall(), history);
    let offices = Offices::new(stage.scenario.clone());
    let wards = Wards::new(stage.scenario.clone(), &stage.city);
    let end = arguments.then == Then::End;
    drill::play(sampler, offices, wards, &feeds, &timeline, end).await?;
    for (agency, feed) in &feeds {
        println!("{agency} {}", feed.finish().await?.line());
    }
    Ok(())
}

fn timeline(arguments: &Arguments, stage: &Stage) -> Result<Timeline> {
    let (start, end, speed) = (arguments.start, stage.scenario.to_h, arguments.speed);
    let offset = stage.city.about.offset_s;
    if arguments.own_dates {
        let landfall = UtcMs::parse(&stage.scenario.landfall)?;
        return Ok(Timeline::from_landfall(landfall, start, end, speed, offset));
    }
    Ok(Timeline::start(wall::now(), start, end, speed, offset))
}

/// A platform that follows the newest frame would be led a day ahead by a clock that is.
fn leave_clocks_alone(stage: &mut Stage) {
    use simulators::scenario::InjectKind;
    let mut scenario = (*stage.scenario).clone();
    let is_clock = |kind: &InjectKind| matches!(kind, InjectKind::ClockAhead { .. });
    for inject in scenario.injects.iter().filter(|i| is_clock(&i.what)) {
        println!("inject {} is left out at this speed: {}", inject.id, inject.note);
    }
    scenario.injects.retain(|i| !is_clock(&i.what));
    stage.scenario = Arc::new(scenario);
}

async fn agencies(stage: &Stage, at: &MqttAddress, secrets: &Credentials) -> Result<Feeds> {
    let stations = stage.city.stations.iter().map(|s| s.agency.to_string());
    let signals = stage.scenario.signals.iter().map(|s| s.agency.to_string());
    let names: BTreeSet<String> = stations.chain(signals).collect();
    let run = wall::now().0;
    let mut feeds = Feeds::new();
    for name in names {
        let feed = MqttFeed::open(MqttOptions {
            address: at.clone(),
            user: name.clone(),
            password: secrets.agency(&name)?.to_owned(),
            client_id: format!("drill-{name}-{run}"),
            subscribe: vec![format!("fh/v1/{name}/rejected")],
            keep_session: false,
            in_flight: AGENCY_IN_FLIGHT,
        });
        feeds.insert(name, feed);
    }
    for (name, feed) in &feeds {
        feed.connected().await.with_context(|| name.clone())?;
    }
    Ok(feeds)
}

/// Sends the units into the field, each on its own connection.
fn field(
    stage: &Stage,
    at: &MqttAddress,
    secrets: &Credentials,
    timeline: &Timeline,
) -> Result<()> {
    let (scenario, seed) = (stage.scenario.clone(), stage.seed);
    let field = Arc::new(units::Field { scenario, timeline: timeline.clone(), seed });
    for unit in stage.city.units.clone() {
        let feed = MqttFeed::open(MqttOptions {
            address: at.clone(),
            user: unit.id.to_string(),
            password: secrets.unit(unit.id.as_str())?.to_owned(),
            client_id: format!("unit-{}", unit.id),
            subscribe: vec![format!("fh/v1/units/{}/tasks", unit.id)],
            keep_session: true,
            in_flight: UNIT_IN_FLIGHT,
        });
        let (field, id) = (field.clone(), unit.id.clone());
        tokio::spawn(async move {
            if let Err(error) = units::run(unit, feed, field).await {
                tracing::error!(unit = %id, %error, "off the air");
            }
        });
    }
    Ok(())
}
