//! `fenghuo-sim load`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::city::City;
use domain::ids::AgencyId;
use simulators::feed::{Feed, HttpAddress, HttpFeed, MqttAddress, MqttFeed, MqttOptions};
use simulators::load::{Latencies, Measured, Weight, cpu_seconds, publish};
use simulators::{city, wall};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The MQTT endpoint: mqtt://host:port.
    #[arg(long, required_unless_present = "http", conflicts_with = "http")]
    mqtt: Option<MqttAddress>,
    /// The HTTP API: http://host:port.
    #[arg(long)]
    http: Option<HttpAddress>,
    /// The agency that sends.
    #[arg(long)]
    agency: AgencyId,
    /// Its token.
    #[arg(long, required_unless_present = "credentials", conflicts_with = "credentials")]
    token: Option<String>,
    /// A file of credentials that has it.
    #[arg(long)]
    credentials: Option<PathBuf>,
    /// Observations a second over all publishers; 0: as fast as acknowledged.
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// Connections.
    #[arg(long, default_value_t = 50)]
    publishers: usize,
    /// MQTT messages of one connection sent and not acknowledged, at most.
    #[arg(long, default_value_t = 100)]
    in_flight: u16,
    /// For how long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Observations in one message; MQTT 1, HTTP 100 unless said.
    #[arg(long)]
    batch: Option<usize>,
    /// A city: the datastreams of the agency are taken from it.
    #[arg(long, required_unless_present = "stream")]
    city: Option<PathBuf>,
    /// A datastream, `station/property`; may stand several times.
    #[arg(long)]
    stream: Vec<String>,
    /// Also tell the processor time of this process (the server's).
    #[arg(long)]
    pid: Option<u32>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let token = super::token(&arguments.agency, &arguments.token, &arguments.credentials)?;
    let streams = Arc::new(streams(&arguments)?);
    let over_mqtt = arguments.mqtt.is_some();
    let weight = Weight {
        rate: (arguments.rate > 0.0).then_some(arguments.rate),
        seconds: arguments.seconds,
        batch: arguments.batch.unwrap_or(if over_mqtt { 1 } else { 100 }),
        streams,
    };
    let feeds = open(&arguments, &token).await?;
    let server = arguments.pid.map(|p| p.to_string());
    let cpu = || (cpu_seconds("self"), server.as_deref().and_then(cpu_seconds));
    let (own, theirs) = cpu();
    let measured = measure(feeds, weight).await?;
    let (own_end, theirs_end) = cpu();
    print(&measured, own.zip(own_end), theirs.zip(theirs_end));
    Ok(())
}

fn streams(arguments: &Arguments) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for stream in &arguments.stream {
        let (station, property) = stream
            .split_once('/')
            .with_context(|| format!("{stream:?} is not station/property"))?;
        found.push((station.to_owned(), property.to_owned()));
    }
    if let Some(folder) = &arguments.city {
        let city = City::read(&city::files(folder)?)
            .map_err(|errors| anyhow::anyhow!("{}: {} errors", folder.display(), errors.len()))?;
        for stream in &city.datastreams {
            let own = city
                .stations
                .iter()
                .any(|s| s.id == stream.station && s.agency == arguments.agency);
            if own && stream.min.unwrap_or(0.0) <= 0.0 && stream.max.unwrap_or(100.0) >= 100.0 {
                found.push((stream.station.to_string(), stream.property.clone()));
            }
        }
    }
    if found.is_empty() {
        bail!("{} has no datastream that takes values from 0 to 100", arguments.agency);
    }
    Ok(found)
}

async fn open(arguments: &Arguments, token: &str) -> Result<Vec<Feed>> {
    let agency = arguments.agency.as_str();
    let run = wall::now().0;
    let mut feeds = Vec::new();
    for number in 0..arguments.publishers.max(1) {
        let client_id = format!("load-{agency}-{run}-{number}");
        if let Some(address) = &arguments.mqtt {
            let feed = MqttFeed::open(MqttOptions {
                address: address.clone(),
                user: agency.to_owned(),
                password: token.to_owned(),
                client_id,
                // One connection hears the refusals of all.
                subscribe: (number == 0)
                    .then(|| format!("fh/v1/{agency}/rejected"))
                    .into_iter()
                    .collect(),
                keep_session: false,
                in_flight: arguments.in_flight,
            });
            feed.connected().await?;
            feeds.push(Feed::Mqtt(feed));
        } else if let Some(address) = &arguments.http {
            feeds.push(Feed::Http(HttpFeed::open(address.clone(), token, &client_id)));
        }
    }
    Ok(feeds)
}

async fn measure(feeds: Vec<Feed>, weight: Weight) -> Result<Measured> {
    let publishers = feeds.len();
    let total = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for (number, feed) in feeds.into_iter().enumerate() {
        let (weight, total) = (weight.clone(), total.clone());
        tasks.push(tokio::spawn(async move {
            publish(&feed, &weight, number, publishers, total).await?;
            let within = acknowledged(&feed);
            let tally = feed.finish().await?;
            Ok::<_, simulators::feed::FeedError>((tally, within, latencies(&feed)))
        }));
    }
    let mut measured = Measured { seconds: weight.seconds, ..Measured::default() };
    for task in tasks {
        let (tally, within, latencies) = task.await.context("a publisher died")??;
        measured.tally.add(&tally);
        measured.within += within;
        measured.latencies.merge(&latencies);
    }
    tracing::debug!(seconds = begun.elapsed().as_secs_f64(), "all answered");
    Ok(measured)
}

fn acknowledged(feed: &Feed) -> u64 {
    match feed {
        Feed::Mqtt(feed) => feed.acknowledged(),
        Feed::Http(feed) => feed.tally().sent,
    }
}

fn latencies(feed: &Feed) -> Latencies {
    match feed {
        Feed::Mqtt(feed) => feed.latencies(),
        Feed::Http(feed) => feed.latencies(),
    }
}

fn print(measured: &Measured, own: Option<(f64, f64)>, theirs: Option<(f64, f64)>) {
    let Measured { tally, within, seconds, latencies } = measured;
    println!("{}", tally.line());
    println!("acknowledged_per_s={:.0} seconds={seconds:.1}", *within as f64 / seconds);
    println!(
        "latency_ms p50={:.2} p99={:.2} max={:.2} messages={}",
        latencies.quantile_ms(0.50),
        latencies.quantile_ms(0.99),
        latencies.longest_ms(),
        latencies.count()
    );
    for (name, used) in [("simulator", own), ("server", theirs)] {
        if let Some((from, to)) = used {
            let each = (to - from) * 1e6 / (tally.sent.max(1)) as f64;
            println!("cpu {name} seconds={:.2} us_per_observation={each:.1}", to - from);
        }
    }
    for (reason, count) in &tally.reasons {
        println!("refused reason={reason} count={count}");
    }
}
