//! `fenghuo serve`: the platform, until it is told to end.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use command_api::registry::change::{Request, Spool};
use command_api::serve::{
    CREDENTIALS_FILE, ClockKind, Mqtt, SNAPSHOT_EVERY, ServeOptions, TlsOptions, WallClock, run,
};
use domain::city::{About, Cot};
use domain::registry::RegistryWay;
use domain::time::Clock;
use ingest::archive::ArchiveConfig;
use ingest::bridge::BridgeConfig;
use ingest::cot::listen::CotConfig;
use ingest::sl651::listen::ListenConfig;
use journal::{Phase, PhaseHook};
use tls::TlsFiles;

/// Ports where neither the command line nor the city says one.
const HTTP_PORT: u16 = 8080;
const MQTT_PORT: u16 = 1883;
/// How often a sign of life is sent.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(30);
/// Where the archive's token is looked for: an argument is seen by everyone on the machine.
const INFLUX_TOKEN: &str = "INFLUX_TOKEN";
/// Where the telemetry stations' password is looked for.
const SL651_PASSWORD: &str = "SL651_PASSWORD";

/// How to serve.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The city's folder
    #[arg(long)]
    city: PathBuf,
    /// Where everything is kept
    #[arg(long)]
    data: PathBuf,
    /// Console and API; port 0 takes a free one [default: 127.0.0.1:8080, or the city's port]
    #[arg(long)]
    http: Option<SocketAddr>,
    /// The embedded MQTT endpoint; port 0 takes a free one [default: 127.0.0.1:1883, or the city's]
    #[arg(long, conflicts_with = "mqtt_broker")]
    mqtt: Option<SocketAddr>,
    /// A city's own broker instead: mqtt://[user[:password]@]host[:port]
    #[arg(long)]
    mqtt_broker: Option<String>,
    /// A port for SL 651-2014 telemetry; port 0 takes a free one. With SL651_PASSWORD (four
    /// hexadecimal digits) every frame must carry it [default: the city's port, else none]
    #[arg(long)]
    sl651: Option<SocketAddr>,
    /// Speak HTTPS at the address of --http with this certificate (PEM, with what leads to its
    /// authority); read again when it changes
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key (PEM); a file that everybody can read is refused
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The authority of clients' certificates (PEM): at --mqtt-tls a feed may then show one that names
    /// its agency or unit instead of a password; --sl651-tls and --cot-tls want one
    #[arg(long, requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// MQTT over TLS at this address too (8883 by custom); port 0 takes a free one
    #[arg(long, requires = "tls_cert", conflicts_with = "mqtt_broker")]
    mqtt_tls: Option<SocketAddr>,
    /// SL 651-2014 telemetry over TLS at this address; port 0 takes a free one. Each client shows a
    /// certificate of --tls-client-ca that names its agency, and speaks for that one's stations alone
    #[arg(long, requires = "tls_client_ca")]
    sl651_tls: Option<SocketAddr>,
    /// Cursor-on-Target over TLS at this address; port 0 takes a free one. Each client shows a
    /// certificate of --tls-client-ca that names its agency or its unit
    #[arg(long, requires = "tls_client_ca")]
    cot_tls: Option<SocketAddr>,
    /// A port for units by Cursor-on-Target; port 0 takes a free one. Whose units they are is
    /// `[cot] agency` of city.toml: the protocol has no credential.
    #[arg(long, value_name = "ADDR")]
    cot: Option<SocketAddr>,
    /// An InfluxDB 2 archive: http://host[:port][?org=NAME&bucket=NAME]; its token in INFLUX_TOKEN
    #[arg(long)]
    influx: Option<String>,
    /// Whose time the ticks follow: wall, replay (the newest frame's), or for demonstrations
    /// scaled:START@SPEED (START an RFC 3339 time or now; a restart goes on from the last tick)
    #[arg(long, default_value = "wall")]
    clock: ClockKind,
    /// Workers of the engine
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// A URL that is asked (GET) twice a minute while all is well, so that silence is noticed
    #[arg(long)]
    heartbeat: Option<hyper::Uri>,
    /// The console's built files [default: dashboards/dist beside the program or its workspace]
    #[arg(long)]
    console: Option<PathBuf>,
    /// https://… where people reach it through a reverse proxy
    #[arg(long)]
    public_url: Option<String>,
    /// Makes people and tokens for itself and prints them; on loopback only
    #[arg(long)]
    demo: bool,
    /// Records between two snapshots of the engine's state
    #[arg(long, default_value_t = SNAPSHOT_EVERY, hide = true)]
    snapshot_every: u64,
    /// Bytes of the record's log before it is taken over into its file: for tests of what is kept
    #[arg(long, hide = true)]
    checkpoint_bytes: Option<u64>,
    /// PHASE:N ends the process at once, the Nth time it comes to PHASE: for tests of what is kept
    #[arg(long, hide = true)]
    die_at: Option<String>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve(options: &Options) -> Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let serve = served(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut int = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        tokio::spawn(read_again(options.data.clone()));
        let told = async move {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        };
        run(serve, told).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// SIGHUP: the city's folder is read again; what is wrong with it is in the log, and changes nothing.
async fn read_again(data: PathBuf) {
    let Ok(mut hup) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else {
        tracing::error!("SIGHUP cannot be listened for");
        return;
    };
    while hup.recv().await.is_some() {
        let id = format!("{}-signal", WallClock.now().0);
        let request = Request { by: "platform".to_owned(), way: RegistryWay::Signal };
        if let Err(error) = Spool::of(&data).ask(&id, &request) {
            tracing::error!(%error, "the city's folder is not read again");
        }
    }
}

fn served(options: &Options) -> Result<ServeOptions> {
    let about = about(&options.city)?;
    let ports = &about.ports;
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let http = options.http.unwrap_or_else(|| loopback(ports.http.unwrap_or(HTTP_PORT)));
    let listen = options.mqtt.unwrap_or_else(|| loopback(ports.mqtt.unwrap_or(MQTT_PORT)));
    let city = ports.sl651.map(loopback);
    let sl651 = options.sl651.or(city).map(sl651).transpose()?;
    let cot = options.cot.or(ports.cot.map(loopback));
    let cot = cot.map(|address| cot_port(address, &about.cot)).transpose()?;
    let tls_here = options.mqtt_tls.is_none_or(|address| address.ip().is_loopback());
    if options.demo && !(http.ip().is_loopback() && listen.ip().is_loopback() && tls_here) {
        bail!("--demo makes well-known people and tokens: it serves on loopback addresses only");
    }
    private(&options.data.join(CREDENTIALS_FILE))?;
    let mqtt = match &options.mqtt_broker {
        Some(url) => Mqtt::Broker(Box::new(BridgeConfig::parse(url, "fenghuo")?)),
        None => Mqtt::Listen(listen),
    };
    let token = std::env::var(INFLUX_TOKEN).unwrap_or_default();
    let archive = options.influx.as_deref().map(|url| ArchiveConfig::parse(url, &token));
    Ok(ServeOptions {
        sl651,
        cot,
        city_dir: options.city.clone(),
        data_dir: options.data.clone(),
        http,
        mqtt,
        tls: tls(options)?,
        archive: archive.transpose()?,
        clock: options.clock,
        workers: options.workers,
        heartbeat: options.heartbeat.clone().map(|uri| (uri, HEARTBEAT_EVERY)),
        console_dir: options.console.clone().or_else(console_dir),
        public_url: options.public_url.clone(),
        demo: options.demo,
        snapshot_every: options.snapshot_every,
        checkpoint_bytes: options.checkpoint_bytes,
        phase_hook: options.die_at.as_deref().map_or(Ok(PhaseHook::default()), die_at)?,
        say: Arc::new(|line: &str| {
            let mut out = std::io::stdout().lock();
            // Whoever started it may have gone; the platform goes on.
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        }),
    })
}

fn tls(options: &Options) -> Result<Option<TlsOptions>> {
    let (Some(cert), Some(key)) = (options.tls_cert.clone(), options.tls_key.clone()) else {
        return Ok(None);
    };
    let files = TlsFiles { cert, key, client_ca: options.tls_client_ca.clone() };
    let sl651 = options.sl651_tls.map(sl651).transpose()?;
    Ok(Some(TlsOptions { files, mqtt: options.mqtt_tls, sl651, cot: options.cot_tls }))
}

/// The city's own ports. Its errors are told by the start itself.
fn about(city: &Path) -> Result<About> {
    Ok(command_api::city_folder::read(city)?.city.about)
}

/// The port for units by Cursor-on-Target, which is an agency's.
fn cot_port(address: SocketAddr, cot: &Cot) -> Result<CotConfig> {
    let agency = cot.agency.clone().context(
        "--cot needs [cot] agency in city.toml: whose units are heard (CoT has no credential)",
    )?;
    Ok(CotConfig { address, agency })
}

/// The telemetry port, with the password where one is set.
fn sl651(address: SocketAddr) -> Result<ListenConfig> {
    let password = match std::env::var(SL651_PASSWORD) {
        Ok(digits) => {
            let read = u16::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
            Some(read.with_context(|| format!("{SL651_PASSWORD} is four hexadecimal digits"))?)
        }
        Err(_) => None,
    };
    Ok(ListenConfig { address, password })
}

/// A file of secrets that others can read is refused.
fn private(file: &Path) -> Result<()> {
    let Ok(about) = std::fs::metadata(file) else { return Ok(()) };
    if about.permissions().mode() & 0o077 != 0 {
        let file = file.display();
        bail!("{file} can be read by others: run `chmod 600 {file}`");
    }
    Ok(())
}

/// `dashboards/dist` in the folder of the program or one above it.
fn console_dir() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let built = |folder: &Path| folder.join("dashboards/dist");
    program.ancestors().map(built).find(|dir| dir.join("index.html").is_file())
}

fn die_at(text: &str) -> Result<PhaseHook> {
    let (word, count) = text.split_once(':').context("--die-at is PHASE:N")?;
    let count: u32 = count.parse().context("--die-at is PHASE:N")?;
    let phase = match word {
        "before-commit" => Phase::BeforeCommit,
        "after-commit" => Phase::AfterCommit,
        "before-acknowledge" => Phase::BeforeAcknowledge,
        "checkpoint-begin" => Phase::CheckpointBegin,
        "checkpoint-done" => Phase::CheckpointDone,
        "snapshot-begin" => Phase::SnapshotBegin,
        "snapshot-committed" => Phase::SnapshotCommitted,
        other => bail!("--die-at: there is no phase {other:?}"),
    };
    let seen = AtomicU32::new(0);
    Ok(PhaseHook::new(move |at| {
        if at == phase && seen.fetch_add(1, Ordering::Relaxed) + 1 == count {
            std::process::abort();
        }
    }))
}
