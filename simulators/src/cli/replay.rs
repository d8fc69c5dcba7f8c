//! `fenghuo-sim replay`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use domain::ids::AgencyId;
use simulators::credentials::Credentials;
use simulators::feed::{Feed, HttpAddress, HttpFeed, MqttAddress, MqttFeed, MqttOptions};
use simulators::replay::{self, Plan, Speed, Table};
use simulators::wall;

/// Observations in one HTTP request, where nothing is said.
const HTTP_BATCH: usize = 500;
/// The port that the platform's own endpoint has, where nothing is said.
const MQTT_PORT: u16 = 1883;

/// Whose clock the platform runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlatformClock {
    /// The machine's: frames must not be dated ahead of it.
    #[value(alias = "live")]
    Wall,
    /// It follows the newest frame (`serve --clock replay`).
    Replay,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The table, first line names the columns.
    #[arg(long)]
    csv: PathBuf,
    /// The mapping (TOML).
    #[arg(long)]
    map: PathBuf,
    /// Seconds of recorded time a second; 0 or max: as fast as acknowledged.
    #[arg(long, default_value = "1")]
    speed: Speed,
    /// The MQTT endpoint: mqtt://host:port [default: 127.0.0.1:1883, unless --http is given].
    #[arg(long, conflicts_with = "http")]
    mqtt: Option<MqttAddress>,
    /// The HTTP API: http://host:port.
    #[arg(long)]
    http: Option<HttpAddress>,
    /// The agency that sends [default: the mapping's, or the only one of the credentials].
    #[arg(long)]
    agency: Option<AgencyId>,
    /// Its token.
    #[arg(long, conflicts_with = "credentials")]
    token: Option<String>,
    /// A file of credentials that has it (TOML: `[agency] name = "token"`) [default:
    /// credentials.toml in FENGHUO_DATA or ./data].
    #[arg(long)]
    credentials: Option<PathBuf>,
    /// Observations in one message or request; MQTT 1, HTTP 500 unless said.
    #[arg(long)]
    batch: Option<usize>,
    /// MQTT messages sent and not acknowledged, at most.
    #[arg(long, default_value_t = 100)]
    in_flight: u16,
    /// Whose clock the platform runs on; matters for `shift_to_now` at a speed above 1.
    #[arg(long, value_enum, default_value = "wall")]
    clock: PlatformClock,
    /// Only read and check, send nothing.
    #[arg(long)]
    check: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let table = Table::read(&arguments.csv, &arguments.map)?;
    let survey = table.survey;
    if let Some((from, to)) = survey.span {
        let (rows, values, missing) = (survey.rows, survey.values, survey.missing);
        println!("table rows={rows} values={values} missing={missing} from={from} to={to}");
    }
    if arguments.check {
        return Ok(());
    }
    let (agency, token) = sender(&arguments, table.agency())?;
    let run = format!("replay-{agency}-{}", wall::now().0);
    let (feed, batch) = open(&arguments, &agency, &token, &run);
    if let Feed::Mqtt(feed) = &feed {
        feed.connected().await?;
    }
    let plan = Plan {
        csv: arguments.csv,
        map: arguments.map,
        speed: arguments.speed,
        batch: arguments.batch.unwrap_or(batch).max(1),
        platform_follows: arguments.clock == PlatformClock::Replay,
    };
    let begun = std::time::Instant::now();
    let tally = replay::run(&table, &plan, &feed).await?;
    println!("{} seconds={:.3}", tally.line(), begun.elapsed().as_secs_f64());
    for (reason, count) in &tally.reasons {
        println!("refused reason={reason} count={count}");
    }
    for example in &tally.examples {
        println!("refused example: {example}");
    }
    Ok(())
}

/// Who sends, and by which token.
fn sender(arguments: &Arguments, mapped: Option<&str>) -> Result<(String, String)> {
    let named = arguments.agency.as_ref().map(AgencyId::as_str).or(mapped);
    if let Some(token) = &arguments.token {
        let agency = named.context("--token needs --agency, or `agency` in the mapping")?;
        return Ok((agency.to_owned(), token.clone()));
    }
    let credentials = Credentials::find(arguments.credentials.as_deref())?;
    let agency = named.map_or_else(|| credentials.only_agency(), Ok)?;
    Ok((agency.to_owned(), credentials.agency(agency)?.to_owned()))
}

fn open(arguments: &Arguments, agency: &str, token: &str, run: &str) -> (Feed, usize) {
    let Some(address) = &arguments.http else {
        let feed = MqttFeed::open(MqttOptions {
            address: arguments.mqtt.clone().unwrap_or_else(|| MqttAddress::loopback(MQTT_PORT)),
            user: agency.to_owned(),
            password: token.to_owned(),
            client_id: run.to_owned(),
            subscribe: vec![format!("fh/v1/{agency}/rejected")],
            keep_session: false,
            in_flight: arguments.in_flight,
        });
        return (Feed::Mqtt(feed), 1);
    };
    (Feed::Http(HttpFeed::open(address.clone(), token, run)), HTTP_BATCH)
}
