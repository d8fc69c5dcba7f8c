//! The town that suffers: gauges that each raise an alert of their own, and who watches it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::console::Console;
use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::publisher::Publisher;
use system_tests::town::Town;

/// How long a thing that should be quick may take on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// Water that is no danger, and water that is.
pub(crate) const CALM: f64 = 5.0;
pub(crate) const RED: f64 = 400.0;

/// Whether the slow tier runs: what is promised in minutes is shown in minutes.
pub(crate) fn long() -> bool {
    std::env::var("FENGHUO_TIER").as_deref() == Ok("long")
}

/// The run's seed, printed.
pub(crate) fn seed() -> u64 {
    let said = std::env::var("FENGHUO_SEED").ok().and_then(|s| s.parse().ok());
    let seed = said.unwrap_or(20_260_611);
    println!("seed {seed} (FENGHUO_SEED sets it)");
    seed
}

/// Milliseconds since 1970.
#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test is a world of its own"
)]
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_millis()).expect("not that far")
}

/// The name of a gauge.
pub(crate) fn gauge(number: usize) -> String {
    format!("G{number:03}")
}

/// A body of one observation.
pub(crate) fn body(number: usize, t: i64, v: f64) -> String {
    json!({ "station": gauge(number), "property": "discharge", "t": t, "v": v }).to_string()
}

/// A platform over a town.
pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) city: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) platform: Platform,
    more: Vec<String>,
}

impl Scene {
    /// So many gauges that report every `interval_s`; further arguments of the platform.
    pub(crate) fn start(gauges: usize, interval_s: u32, more: &[&str]) -> Self {
        let folder = scratch();
        let mut town =
            Town::new().hazard("discharge", &[("yellow", 30.0, None), ("red", 300.0, None)]);
        for number in 0..gauges {
            town = town.station(&gauge(number), &[("discharge", interval_s)]);
        }
        let city = town.write(folder.path());
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).expect("a folder");
        let mut all = vec!["--demo"];
        all.extend(more);
        let platform = Platform::start(&city, &data, &all);
        let more = all.into_iter().map(str::to_owned).collect();
        Self { folder, city, data, platform, more }
    }

    /// Ends it, does something to its files, and starts it again.
    pub(crate) fn restart(self, meanwhile: impl FnOnce(&std::path::Path)) -> Self {
        let Self { folder, city, data, platform, more } = self;
        assert_eq!(platform.stop().code(), Some(0));
        meanwhile(&data);
        let arguments: Vec<&str> = more.iter().map(String::as_str).collect();
        let platform = Platform::start(&city, &data, &arguments);
        Self { folder, city, data, platform, more }
    }

    /// The duty officer, signed in.
    pub(crate) fn officer(&self) -> Client {
        self.platform.sign_in("demo")
    }

    /// A client with the agency's token.
    pub(crate) fn sender(&self) -> Client {
        Client::new(&self.platform.http).with_token(&self.platform.token("hydro"))
    }

    /// The agency's MQTT connection, at an address.
    pub(crate) fn publisher(&self, address: &str) -> Publisher {
        let token = self.platform.token("hydro");
        Publisher::connect(address, "hydro", &token, 100).expect("connects")
    }

    /// Sends one observation over HTTP; whether it was accepted.
    pub(crate) fn send(&self, number: usize, t: i64, v: f64) -> Value {
        let rows = format!("[{}]", body(number, t, v));
        let answer = self.sender().post("/v1/observations", "application/json", rows.as_bytes());
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// A figure of the metrics page; labels as they are written there.
    pub(crate) fn figure(&self, line: &str) -> Option<f64> {
        let page = Client::new(&self.platform.http).get("/metrics").body;
        let page = String::from_utf8_lossy(&page).into_owned();
        page.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
    }

    /// Resident memory, KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.platform.pid()));
        let status = status.expect("it lives");
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
    }

    /// The places of which a red alert stands.
    pub(crate) fn red(&self, officer: &Client) -> Vec<String> {
        places(officer, |a| a["hazard"] == "discharge" && a["level"] == "red")
    }

    /// The places that are told to be silent.
    pub(crate) fn silent(&self, officer: &Client) -> Vec<String> {
        places(officer, |a| a["hazard"] == "feed")
    }
}

fn places(officer: &Client, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    let alerts = officer.get("/v1/alerts").json();
    let alerts = alerts.as_array().expect("alerts").iter().filter(|a| wanted(a));
    let mut places: Vec<String> =
        alerts.map(|a| a["place"].as_str().expect("a place").to_owned()).collect();
    places.sort();
    places
}

/// What a console has been told of alerts: the level and when it came, by place.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) alerts: BTreeMap<String, (String, Instant)>,
    pub(crate) snapshots: usize,
    pub(crate) beats: usize,
    pub(crate) ended: bool,
}

/// A console that reads in a thread of its own.
pub(crate) struct Watcher {
    told: Arc<Mutex<Told>>,
    end: Arc<AtomicBool>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}

impl Watcher {
    /// Opens the live line at an address.
    pub(crate) fn open(base: &str, officer: &Client) -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let end = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (Arc::clone(&told), Arc::clone(&end));
        let mut console = Console::connect(base, officer, None);
        std::thread::spawn(move || {
            let mut seq = console.seq;
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                let Some(message) = console.next(Duration::from_millis(500)) else {
                    if began.elapsed() < Duration::from_millis(100) {
                        seen.lock().expect("told").ended = true;
                        return;
                    }
                    continue;
                };
                take(&mut seen.lock().expect("told"), &mut seq, &message);
            }
        });
        Self { told, end }
    }

    /// What it has been told, once `wanted` is satisfied.
    pub(crate) fn until<T>(
        &self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Told) -> Option<T>,
    ) -> T {
        eventually(what, within, || wanted(&self.told.lock().expect("told")))
    }

    /// When a place's alert came at a level.
    pub(crate) fn alert(&self, place: &str, level: &str, within: Duration) -> Instant {
        self.until(&format!("{level} at {place}"), within, |told| {
            told.alerts.get(place).filter(|(l, _)| l == level).map(|(_, at)| *at)
        })
    }
}

fn take(told: &mut Told, seq: &mut u64, message: &Value) {
    let now = Instant::now();
    let mut keep = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        if row["hazard"] == "discharge" {
            let entry = told.alerts.entry(text("place")).or_insert((text("level"), now));
            if entry.0 != text("level") {
                *entry = (text("level"), now);
            }
        }
    };
    match message["type"].as_str() {
        Some("delta") => {
            let number = message["seq"].as_u64().expect("a number");
            assert_eq!(number, *seq + 1, "a hole in what a console is told");
            *seq = number;
            let changes = message["changes"].as_array().expect("changes");
            changes.iter().filter(|c| c["kind"] == "alert").for_each(|c| keep(&c["row"]));
        }
        Some("snapshot") => {
            *seq = message["seq"].as_u64().expect("a number");
            message["picture"]["alerts"].as_array().expect("alerts").iter().for_each(&mut keep);
            told.snapshots += 1;
        }
        Some("beat") => told.beats += 1,
        _ => {}
    }
}

/// The part `q` of sorted durations.
pub(crate) fn quantile(times: &mut [Duration], q: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * q) as usize]
}
