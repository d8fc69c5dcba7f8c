//! `fenghuo-sim day`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use clap::Args;
use simulators::credentials::Credentials;
use simulators::day::ledger::Ledger;
use simulators::day::lines::Doors;
use simulators::day::{Day, run, town};
use tokio::sync::watch;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Write the city's folder here, and end: `fenghuo serve --city` takes it
    #[arg(long, conflicts_with_all = ["http", "mqtt", "sl651", "cot"])]
    write_city: Option<PathBuf>,
    /// The HTTP door: host:port
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: String,
    /// The MQTT door: host:port
    #[arg(long, default_value = "127.0.0.1:1883")]
    mqtt: String,
    /// The SL 651 door: host:port
    #[arg(long, required_unless_present = "write_city", default_value = "")]
    sl651: String,
    /// The door of Cursor-on-Target: host:port
    #[arg(long, required_unless_present = "write_city", default_value = "")]
    cot: String,
    /// A file of credentials [default: of FENGHUO_DATA or ./data]
    #[arg(long)]
    credentials: Option<PathBuf>,
    /// How large the city is, in tenths: 10 are 10,000 datastreams, 40 hospitals, 200 units
    #[arg(long, default_value_t = town::WHOLE)]
    tenths: usize,
    /// Minutes of the day
    #[arg(long, default_value_t = 1440.0)]
    minutes: f64,
    /// So many times as fast
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// How much of it is wrong
    #[arg(long, default_value_t = 0.02)]
    wrong: f64,
    /// What chance is made of [default: another each time, printed]
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) async fn run_day(arguments: Arguments) -> Result<()> {
    let size = arguments.tenths;
    ensure!((1..=town::WHOLE).contains(&size), "--tenths is 1 to {}", town::WHOLE);
    ensure!(arguments.speed > 0.0 && arguments.minutes > 0.0, "a day goes on");
    ensure!((0.0..0.5).contains(&arguments.wrong), "--wrong is below a half");
    if let Some(folder) = &arguments.write_city {
        return town::write(folder, size).with_context(|| folder.display().to_string());
    }
    let credentials = Credentials::find(arguments.credentials.as_deref())?;
    let seed = arguments.seed.unwrap_or_else(|| simulators::wall::now().0.unsigned_abs());
    println!("seed {seed}");
    let keys = Arc::new(credentials);
    let Arguments { http, mqtt, sl651, cot, minutes, speed, wrong, .. } = arguments;
    let (_place, platforms) = watch::channel(Some((1, Doors { http, mqtt, sl651, cot, keys })));
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let day = Day { seed, size, minutes, speed, wrong };
    run(day, platforms, ledger.clone()).await?;
    let ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    for (agency, doors) in ledger.whole() {
        for (door, e) in doors {
            println!(
                "{agency} {door} sent={} accepted={} duplicate={} refused={} quarantined={} again={}",
                e.sent, e.accepted, e.duplicate, e.refused, e.quarantined, e.again
            );
            e.reasons.iter().for_each(|(reason, count)| println!("  {reason} {count}"));
        }
    }
    for (door, lags) in &ledger.lags {
        let (p50, p99) = (lags.quantile_ms(0.5), lags.quantile_ms(0.99));
        println!("{door} answered_ms p50={p50:.2} p99={p99:.2}");
    }
    ledger.surprises.iter().for_each(|said| println!("not as it must be: {said}"));
    ensure!(ledger.surprises.is_empty(), "{} not as they must be", ledger.surprises.len());
    Ok(())
}
