//! Killed at any moment under load: nothing acknowledged is lost, every alert that is due is in the
//! picture, none is told twice. The long tier kills a hundred times; CI ten.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::ids::Seq;
use domain::record::Record;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::publisher::Publisher;
use system_tests::town::Town;

const STATIONS: usize = 12;
const YELLOW: f64 = 30.0;
const RED: f64 = 300.0;
/// Kills at a chosen place in the code, each a `--die-at` of the platform.
const PHASES: [&str; 6] = [
    "before-commit",
    "after-commit",
    "checkpoint-begin",
    "snapshot-begin",
    "snapshot-committed",
    "before-acknowledge",
];

/// What one sender knows: the observations that were acknowledged, as (station, t).
type Acknowledged = BTreeSet<(usize, i64)>;

fn kills() -> usize {
    match std::env::var("FENGHUO_TIER").as_deref() {
        Ok("long") => 100,
        _ => 12,
    }
}

fn town(folder: &Path) -> std::path::PathBuf {
    let mut town = Town::new().hazard("discharge", &[("yellow", YELLOW, None), ("red", RED, None)]);
    for number in 0..STATIONS {
        town = town.station(&format!("D{number:02}"), &[("discharge", 60)]);
    }
    town.write(folder)
}

fn token(data: &Path) -> String {
    let text = std::fs::read_to_string(data.join("credentials.toml")).expect("credentials");
    text.split("[agency]").nth(1).and_then(|t| t.split('"').nth(3)).expect("a token").to_owned()
}

/// Event times are handed out by one counter, so that no two observations share (station, t).
struct Load<'a> {
    time: &'a AtomicI64,
    end: &'a AtomicBool,
    platform: &'a str,
    token: &'a str,
    seed: u64,
}

impl Load<'_> {
    fn value(random: &mut StdRng) -> f64 {
        [5.0, 10.0, 40.0, 90.0, 350.0, 500.0][random.random_range(0..6usize)]
    }

    /// MQTT QoS 1 with 50 in flight, until told to end or the platform is gone.
    fn mqtt(&self) -> Acknowledged {
        let mut random = StdRng::seed_from_u64(self.seed);
        let Ok(mut publisher) = Publisher::connect(self.platform, "hydro", self.token, 50) else {
            return Acknowledged::new();
        };
        let mut sent: BTreeMap<u64, (usize, i64)> = BTreeMap::new();
        for number in 0u64.. {
            if self.end.load(Ordering::Relaxed) {
                break;
            }
            let station = random.random_range(0..STATIONS / 2);
            let t = self.time.fetch_add(1, Ordering::Relaxed);
            let topic = format!("fh/v1/hydro/D{station:02}/discharge");
            let body = format!(r#"{{"t":{t},"v":{:?}}}"#, Self::value(&mut random));
            sent.insert(number, (station, t));
            if publisher.publish(number, &topic, body.as_bytes()).is_err() {
                break;
            }
        }
        publisher.settle(Duration::from_secs(5));
        publisher.acknowledged().iter().map(|number| sent[number]).collect()
    }

    /// HTTP, batches of 20, until told to end or the platform is gone.
    fn http(&self, base: &str) -> Acknowledged {
        let mut random = StdRng::seed_from_u64(self.seed ^ 0xA5A5);
        let client = Client::new(base).with_token(self.token);
        let mut acknowledged = Acknowledged::new();
        while !self.end.load(Ordering::Relaxed) {
            let batch: Vec<(usize, i64, f64)> = (0..20)
                .map(|_| {
                    let station = random.random_range(STATIONS / 2..STATIONS);
                    let t = self.time.fetch_add(1, Ordering::Relaxed);
                    (station, t, Self::value(&mut random))
                })
                .collect();
            let rows: Vec<String> = batch
                .iter()
                .map(|(s, t, v)| {
                    format!(r#"{{"station":"D{s:02}","property":"discharge","t":{t},"v":{v:?}}}"#)
                })
                .collect();
            let body = format!("[{}]", rows.join(","));
            let kind = [("Content-Type", "application/json")];
            match client.try_request("POST", "/v1/observations", &kind, body.as_bytes()) {
                Ok(answer) if answer.status == 200 => {
                    assert_eq!(answer.json()["accepted"], 20, "{:?}", answer.json());
                    acknowledged.extend(batch.iter().map(|(s, t, _)| (*s, *t)));
                }
                Ok(answer) => assert!(answer.status >= 500, "answered {}", answer.status),
                Err(_) => break,
            }
        }
        acknowledged
    }
}

/// Every observation of the journal, in its order: station number, t, value.
fn journaled(data: &Path) -> Vec<(usize, i64, f64)> {
    let mut reader = journal::Reader::open(data).expect("the journal opens");
    let (mut found, mut names, mut from) = (Vec::new(), Vec::new(), Seq(1));
    loop {
        let batch = reader.read_from(from, 10_000).expect("the journal reads");
        let Some(last) = batch.last() else { return found };
        from = Seq(last.seq.0 + 1);
        for record in batch {
            match record.record {
                Record::Configuration { datastreams, .. } => names = datastreams,
                Record::Observation { observation: o, .. } => {
                    let (station, _) = &names[usize::try_from(o.datastream.0).unwrap()];
                    found.push((station[1..].parse().unwrap(), o.t.0, o.value));
                }
                _ => {}
            }
        }
    }
}

/// The alerts that are due, by a rule of three lines: the newest value of a station in journal order
/// decides (no hysteresis, no holds).
fn due(journal: &[(usize, i64, f64)]) -> BTreeMap<String, &'static str> {
    let mut newest: BTreeMap<usize, (i64, f64)> = BTreeMap::new();
    for (station, t, value) in journal {
        let entry = newest.entry(*station).or_insert((*t, *value));
        if *t >= entry.0 {
            *entry = (*t, *value);
        }
    }
    let level = |v: f64| if v >= RED { Some("red") } else { (v >= YELLOW).then_some("yellow") };
    let rows = newest.iter().filter_map(|(s, (_, v))| level(*v).map(|l| (format!("D{s:02}"), l)));
    rows.collect()
}

/// The open alerts of the picture: place → level.
fn shown(client: &Client) -> BTreeMap<String, String> {
    let alerts = client.get("/v1/alerts").json();
    let open = alerts.as_array().expect("a list").iter().filter(|a| a["cleared_ms"].is_null());
    let discharge = open.filter(|a| a["hazard"] == "discharge");
    discharge.map(|a| (text(&a["place"]), text(&a["level"]))).collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn sign_in(platform: &Platform, said: &[String]) -> Client {
    let line = said.iter().find(|l| l.starts_with("sign-in")).expect("a sign-in line");
    let field = |name| line.split_whitespace().find_map(|p| p.strip_prefix(name)).unwrap_or("");
    Client::new(&platform.http).sign_in(field("user="), field("password="))
}

#[test]
fn killed_under_load_nothing_acknowledged_is_lost_and_no_alert_is_missing() {
    let seed: u64 = std::env::var("FENGHUO_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(7);
    println!("seed {seed} (FENGHUO_SEED sets it)");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = scratch();
    let city = town(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let time = AtomicI64::new(1_780_000_000_000);
    let mut acknowledged = Acknowledged::new();
    let mut ready = Vec::new();
    for cycle in 0..kills() {
        // Every other kill is at a chosen place in the code, the rest at a random moment.
        let phase = PHASES[(cycle / 2) % PHASES.len()];
        let at = format!("{phase}:{}", random.random_range(1..40u32));
        let chosen = cycle % 2 == 1;
        let mut more = vec!["--demo", "--clock", "replay", "--snapshot-every", "2000"];
        if chosen {
            more.extend(["--die-at", at.as_str()]);
        }
        let mut platform = match Platform::try_start(&city, &data, &more) {
            Ok(platform) => platform,
            // A chosen death may come while it starts: that too is a kill.
            Err(said) => {
                println!("cycle {cycle}: died at {at} while starting\n{said}");
                continue;
            }
        };
        ready.push(platform.time_to_ready);
        let end = AtomicBool::new(false);
        let token = token(&data);
        let delay = Duration::from_millis(random.random_range(50..900));
        let load = Load {
            time: &time,
            end: &end,
            platform: &platform.mqtt,
            token: &token,
            seed: seed + cycle as u64,
        };
        let http = platform.http.clone();
        let (by_mqtt, by_http) = std::thread::scope(|scope| {
            let mqtt = scope.spawn(|| {
                let found = load.mqtt();
                end.store(true, Ordering::Relaxed);
                found
            });
            let over_http = scope.spawn(|| load.http(&http));
            let gone = &end;
            let killer = scope.spawn(move || {
                let began = Instant::now();
                let limit = if chosen { Duration::from_secs(3) } else { delay };
                while began.elapsed() < limit && !gone.load(Ordering::Relaxed) {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
            });
            killer.join().unwrap();
            system_tests::platform::kill_now(platform.pid());
            end.store(true, Ordering::Relaxed);
            (mqtt.join().unwrap(), over_http.join().unwrap())
        });
        platform.wait(Duration::from_secs(10)).expect("it is dead");
        let place = if chosen { at } else { format!("{delay:?}") };
        println!(
            "cycle {cycle}: killed at {place}; acknowledged mqtt {} http {}",
            by_mqtt.len(),
            by_http.len()
        );
        acknowledged.extend(by_mqtt);
        acknowledged.extend(by_http);
    }
    assert!(acknowledged.len() > kills() * 20, "the load was no load: {}", acknowledged.len());
    ready.sort();
    println!(
        "time to ready: median {:?}, worst {:?}",
        ready[ready.len() / 2],
        ready.last().unwrap()
    );

    let platform = Platform::start(&city, &data, &["--demo", "--clock", "replay"]);
    let journal = journaled(&data);
    let there: Acknowledged = journal.iter().map(|(s, t, _)| (*s, *t)).collect();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "seed {seed}: acknowledged and lost: {lost:?}");
    println!("acknowledged {}, journaled {}, lost 0", acknowledged.len(), journal.len());

    let client = sign_in(&platform, &platform.said);
    let due = due(&journal);
    let expected: BTreeMap<String, String> =
        due.iter().map(|(place, level)| (place.clone(), (*level).to_owned())).collect();
    eventually("the picture shows the alerts that are due", Duration::from_secs(10), || {
        (shown(&client) == expected).then_some(())
    });
    assert_eq!(platform.stop().code(), Some(0));
    told_once(&data);
}

/// No decision is told twice, and the record equals what an uninterrupted reading gives.
fn told_once(data: &Path) {
    let out = std::process::Command::new(system_tests::platform::binary("fenghuo"))
        .args(["verify", "--data"])
        .arg(data)
        .output()
        .expect("verify runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "verify: {said}{}", String::from_utf8_lossy(&out.stderr));
    println!("{said}");
}
