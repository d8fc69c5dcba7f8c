//! `fenghuo-sim drill`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use domain::time::UtcMs;
use simulators::credentials::Credentials;
use simulators::drill::{self, Feeds, News, Offices, Timeline, Wards};
use simulators::feed::{
    Feed, HttpAddress, HttpFeed, MqttAddress, MqttFeed, MqttOptions, PlatformClock, PlatformTime,
};
use simulators::stations::hours_after;
use simulators::{units, wall};

use super::stage::{Stage, StageArguments};

/// Messages of an agency sent and not acknowledged, at most.
const AGENCY_IN_FLIGHT: u16 = 20;
/// Messages of a unit.
const UNIT_IN_FLIGHT: u16 = 4;
/// The seven hours of the longest rain window and a little, sent as history before the start.
const HISTORY_H: f64 = 3.0;

/// How far the platform's time may be from the scenario's own at the start, ms.
const OWN_DATES_OFF_MAX_MS: u64 = 3_600_000;

/// What happens after the scenario's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Then {
    /// Stations and units go on at the end state.
    Stay,
    /// The drill ends.
    End,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stage: StageArguments,
    /// The MQTT endpoint: mqtt://host:port.
    #[arg(long, default_value = "127.0.0.1:1883")]
    mqtt: MqttAddress,
    /// The HTTP API: some agencies send by it, and it tells the platform's time.
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: HttpAddress,
    /// Tokens of agencies and units (TOML) [default: credentials.toml in FENGHUO_DATA or ./data]
    #[arg(long)]
    credentials: Option<PathBuf>,
    /// Scenario seconds a second, for a platform that follows the frames (`--clock replay`). Any
    /// other platform sets the pace: start it with `--clock scaled:now@60`.
    #[arg(long)]
    speed: Option<f64>,
    /// The scenario's hour at the start, like -3h or -3.
    #[arg(long, default_value = "-3h", allow_hyphen_values = true, value_parser = hours)]
    start: f64,
    /// Hours before the start that are sent at once, as history.
    #[arg(long, default_value_t = HISTORY_H)]
    history: f64,
    /// Keep the scenario's own dates; without it landfall is put where the start is now.
    #[arg(long)]
    own_dates: bool,
    /// Do not tell the counts every ten seconds; injects and refusals are told all the same.
    #[arg(long)]
    quiet: bool,
    /// What happens after the scenario's end.
    #[arg(long, value_enum, default_value = "stay")]
    then: Then,
}

fn hours(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('h').parse::<f64>().ok().filter(|h| h.is_finite());
    number.ok_or_else(|| format!("{text:?} is no hour of the scenario; write -3h"))
}

pub(crate) async fn run(mut arguments: Arguments) -> Result<()> {
    let mut stage = Stage::set(&arguments.stage)?;
    let credentials = Credentials::find(arguments.credentials.as_deref())?;
    let clock = PlatformClock::new(arguments.http.clone());
    let said = clock.ask_patiently().await.context("the platform's time")?;
    let speed = pace(&said, arguments.speed)?;
    if said.follows_frames {
        leave_clocks_alone(&mut stage);
    }
    let (from_h, to_h) = (stage.scenario.from_h, stage.scenario.to_h);
    arguments.start = arguments.start.clamp(from_h, to_h);
    let timeline = timeline(&arguments, &stage, &said, speed)?;
    println!(
        "scenario={} seed={} speed={speed} start={} mqtt={} http={}",
        stage.scenario.id,
        stage.seed,
        timeline.told(timeline.now()),
        arguments.mqtt,
        arguments.http,
    );
    let feeds = agencies(&stage, &arguments, &credentials).await?;
    field(&stage, &arguments.mqtt, &credentials, &timeline)?;
    if !said.follows_frames {
        tokio::spawn(drill::follow(clock, timeline.clone()));
    }
    let cases = drill::publish_counts(&stage.scenario, &feeds, &timeline).await?;
    println!("{} counts={cases} of the days before", timeline.told(timeline.now()));
    let history = (arguments.start - arguments.history.max(0.0)).max(from_h);
    let sampler = stage.sampler(timeline.landfall(), history);
    let offices = Offices::new(stage.scenario.clone());
    let wards = Wards::new(stage.scenario.clone(), &stage.city);
    let news = News::new(stage.scenario.clone(), !arguments.quiet);
    let end = arguments.then == Then::End;
    drill::play(sampler, offices, wards, &feeds, &timeline, news, end).await?;
    for (agency, feed) in &feeds {
        println!("{agency} {}", feed.finish().await?.line());
    }
    Ok(())
}

/// The drill's pace: the platform's own, or where it follows the frames, what was asked for.
fn pace(said: &PlatformTime, asked: Option<f64>) -> Result<f64> {
    let asked = match asked {
        Some(speed) if !(speed.is_finite() && speed > 0.0) => bail!("a speed is a positive number"),
        asked => asked,
    };
    match asked {
        asked if said.follows_frames => Ok(asked.unwrap_or(1.0)),
        Some(asked) if (asked - said.speed).abs() > f64::EPSILON => bail!(
            "the platform's clock goes {} times as fast as the wall's, not {asked} times: leave \
             --speed out, or start the platform with `--clock scaled:now@{asked}`",
            said.speed
        ),
        _ => Ok(said.speed),
    }
}

fn timeline(
    arguments: &Arguments,
    stage: &Stage,
    said: &PlatformTime,
    speed: f64,
) -> Result<Timeline> {
    let (start, end, offset) = (arguments.start, stage.scenario.to_h, stage.city.about.offset_s);
    // A platform that follows the frames has no time of its own before the first.
    let now = if said.follows_frames { wall::now() } else { said.now.0 };
    if !arguments.own_dates {
        return Ok(Timeline::start(now, start, end, speed, offset));
    }
    let landfall = UtcMs::parse(&stage.scenario.landfall)?;
    let first = hours_after(landfall, start);
    let now = if said.follows_frames { first } else { now };
    let timeline = Timeline::with_landfall(landfall, now, end, speed, offset);
    if now.0.abs_diff(first.0) > OWN_DATES_OFF_MAX_MS {
        bail!(
            "with --own-dates it is {} at {start} h, and {} on the platform: start it with \
             `--clock scaled:{}@60`",
            first.rfc3339(offset),
            now.rfc3339(offset),
            first.rfc3339(offset)
        );
    }
    Ok(timeline)
}

/// A platform that follows the newest frame would be led a day ahead by a clock that is.
fn leave_clocks_alone(stage: &mut Stage) {
    use simulators::scenario::InjectKind;
    let mut scenario = (*stage.scenario).clone();
    let is_clock = |kind: &InjectKind| matches!(kind, InjectKind::ClockAhead { .. });
    for inject in scenario.injects.iter().filter(|i| is_clock(&i.what)) {
        let (id, note) = (&inject.id, &inject.note);
        println!("inject {id} is left out: this platform's clock follows the frames: {note}");
    }
    scenario.injects.retain(|i| !is_clock(&i.what));
    stage.scenario = Arc::new(scenario);
}

async fn agencies(stage: &Stage, at: &Arguments, secrets: &Credentials) -> Result<Feeds> {
    let stations = stage.city.stations.iter().map(|s| s.agency.to_string());
    let signals = stage.scenario.signals.iter().map(|s| s.agency.to_string());
    let names: BTreeSet<String> = stations.chain(signals).collect();
    let run = wall::now().0;
    let mut feeds = Feeds::new();
    for name in names {
        let (secret, id) = (secrets.agency(&name)?, format!("drill-{name}-{run}"));
        let feed = if stage.scenario.by_http.iter().any(|agency| agency.as_str() == name) {
            Feed::Http(HttpFeed::open(at.http.clone(), secret, &id))
        } else {
            Feed::Mqtt(MqttFeed::open(MqttOptions {
                address: at.mqtt.clone(),
                user: name.clone(),
                password: secret.to_owned(),
                client_id: id,
                subscribe: vec![format!("fh/v1/{name}/rejected")],
                keep_session: false,
                in_flight: AGENCY_IN_FLIGHT,
            }))
        };
        feeds.insert(name, feed);
    }
    for (name, feed) in &feeds {
        if let Feed::Mqtt(feed) = feed {
            feed.connected().await.with_context(|| name.clone())?;
        }
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
