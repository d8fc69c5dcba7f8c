//! Killed at any moment, under load, while an alert waits for its hold, while an agency is silent and
//! when nothing happens: nothing acknowledged is lost, every alert that is due is in the picture, none
//! is told twice. The long tier kills a hundred times; CI twelve.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::ids::Seq;
use domain::record::Record;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use system_tests::http::Client;
use system_tests::platform::{Platform, binary, eventually, scratch};
use system_tests::publisher::Publisher;
use system_tests::town::Town;

/// Gauges under load; their alerts have no holds.
const STATIONS: usize = 12;
const YELLOW: f64 = 30.0;
const RED: f64 = 300.0;
/// Streets whose alerts are raised and cleared only after five minutes.
const STREETS: usize = 4;
const FLOODED_CM: f64 = 40.0;
/// Stations of the agency that falls silent, each heard once a minute.
const METRO: usize = 8;
const MINUTE_MS: i64 = 60_000;
/// A step of the story: longer than the holds, and than the three intervals of a silence.
const STEP_MINUTES: usize = 9;
/// Longer than all of a run: who is not part of the story is not silent.
const DAY_S: u32 = 86_400;

/// Kills at a chosen place in the code, each a `--die-at` of the platform.
const PHASES: [&str; 7] = [
    "before-commit",
    "after-commit",
    "before-acknowledge",
    "checkpoint-begin",
    "checkpoint-done",
    "snapshot-begin",
    "snapshot-committed",
];
/// The first of them come with every append, the others with a full log only.
const PHASES_OF_AN_APPEND: usize = 3;
/// How long a death at a chosen place is waited for.
const CHOSEN_WITHIN: Duration = Duration::from_secs(2);

/// What happens while the platform is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scene {
    /// MQTT QoS 1 with 50 in flight, and HTTP.
    Load,
    /// A street is flooded, or falls dry, and its alert waits for the hold.
    Hold,
    /// An agency is silent, or comes back; its stations are inhibited.
    Inhibition,
    /// Nobody says anything.
    Idle,
}

const SCENES: [Scene; 5] = [Scene::Load, Scene::Hold, Scene::Load, Scene::Inhibition, Scene::Idle];

/// What was acknowledged, as (station, t).
type Acknowledged = BTreeSet<(String, i64)>;

fn kills() -> usize {
    match std::env::var("FENGHUO_TIER").as_deref() {
        Ok("long") => 100,
        _ => 12,
    }
}

fn gauge(number: usize) -> String {
    format!("D{number:02}")
}

fn town(folder: &Path) -> PathBuf {
    let mut town = Town::new()
        .hazard("discharge", &[("yellow", YELLOW, None), ("red", RED, None)])
        .file(
            "hazards/ponding.toml",
            "hazard = \"ponding\"\nsource = \"city policy\"\nraise_hold_s = 300\n\
             clear_hold_s = 300\n[[threshold]]\nlevel = \"orange\"\nat_least = 30.0\n",
        )
        .file(
            "agencies.toml",
            "[[agency]]\nid = \"hydro\"\nname = \"水文(虚构)\"\n\
             [[agency]]\nid = \"metro\"\nname = \"地铁(虚构)\"\n",
        )
        .station("K0", &[("battery", DAY_S)]);
    for number in 0..STATIONS {
        town = town.station(&gauge(number), &[("discharge", DAY_S)]);
    }
    for number in 0..STREETS {
        town = town.station(&format!("P{number}"), &[("ponding_depth", DAY_S)]);
    }
    for number in 0..METRO {
        town = town.station_of("metro", &format!("M{number}"), &[("battery", 60)]);
    }
    town.write(folder)
}

/// One request of the story.
struct Line {
    agency: &'static str,
    rows: Vec<Value>,
}

/// What is told minute by minute over HTTP: streets that are flooded and dry, an agency that is
/// heard and silent. What a kill leaves unanswered is sent again first.
struct Story {
    open: VecDeque<Line>,
    flooded: [bool; STREETS],
    /// How often each street was flooded, and fell dry again.
    turns: [(usize, usize); STREETS],
    metro: bool,
}

impl Story {
    fn new() -> Self {
        let (open, turns) = (VecDeque::new(), [(0, 0); STREETS]);
        Self { open, flooded: [false; STREETS], turns, metro: true }
    }

    fn minute(&mut self, time: &AtomicI64, station: &str, property: &str, v: f64) {
        let t = time.fetch_add(MINUTE_MS, Ordering::Relaxed) + MINUTE_MS;
        let row = |station: &str, property: &str, v: f64| json!({ "station": station, "property": property, "t": t, "v": v });
        if self.metro {
            let rows = (0..METRO).map(|n| row(&format!("M{n}"), "battery", 12.0)).collect();
            self.open.push_back(Line { agency: "metro", rows });
        }
        self.open.push_back(Line { agency: "hydro", rows: vec![row(station, property, v)] });
    }

    /// A street turns: flooded, or dry.
    fn hold(&mut self, time: &AtomicI64, street: usize) {
        let flooded = !self.flooded[street];
        self.flooded[street] = flooded;
        let turns = &mut self.turns[street];
        *(if flooded { &mut turns.0 } else { &mut turns.1 }) += 1;
        for _ in 0..STEP_MINUTES {
            let v = if flooded { FLOODED_CM } else { 1.0 };
            self.minute(time, &format!("P{street}"), "ponding_depth", v);
        }
    }

    /// The agency turns: silent, or heard again.
    fn inhibition(&mut self, time: &AtomicI64) {
        self.metro = !self.metro;
        for _ in 0..STEP_MINUTES {
            self.minute(time, "K0", "battery", 12.5);
        }
    }

    /// Sends what is open; false where the platform is gone before all of it is answered.
    fn send(&mut self, platform: &Platform, acknowledged: &mut Acknowledged) -> bool {
        while let Some(line) = self.open.front() {
            let client = Client::new(&platform.http).with_token(&platform.token(line.agency));
            let body = Value::from(line.rows.clone()).to_string();
            let kind = [("Content-Type", "application/json")];
            let answer = client.try_request("POST", "/v1/observations", &kind, body.as_bytes());
            let Ok(answer) = answer else { return false };
            if answer.status != 200 {
                assert!(answer.status >= 500, "answered {}", answer.status);
                return false;
            }
            let said = answer.json();
            let taken = said["accepted"].as_u64().unwrap() + said["duplicate"].as_u64().unwrap();
            assert_eq!(taken, line.rows.len() as u64, "{said}");
            for row in self.open.pop_front().expect("the front").rows {
                acknowledged.insert((text(&row["station"]), row["t"].as_i64().unwrap()));
            }
        }
        true
    }
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
        let mut sent: BTreeMap<u64, (String, i64)> = BTreeMap::new();
        for number in 0u64.. {
            if self.end.load(Ordering::Relaxed) {
                break;
            }
            let station = random.random_range(0..STATIONS / 2);
            let t = self.time.fetch_add(1, Ordering::Relaxed);
            let topic = format!("fh/v1/hydro/D{station:02}/discharge");
            let body = format!(r#"{{"t":{t},"v":{:?}}}"#, Self::value(&mut random));
            sent.insert(number, (gauge(station), t));
            if publisher.publish(number, &topic, body.as_bytes()).is_err() {
                break;
            }
        }
        publisher.settle(Duration::from_secs(5));
        publisher.acknowledged().iter().map(|number| sent[number].clone()).collect()
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
                    acknowledged.extend(batch.iter().map(|(s, t, _)| (gauge(*s), *t)));
                }
                Ok(answer) => assert!(answer.status >= 500, "answered {}", answer.status),
                Err(_) => break,
            }
        }
        acknowledged
    }
}

/// Every observation of the journal, in its order: station, t, value.
fn journaled(data: &Path) -> Vec<(String, i64, f64)> {
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
                    found.push((station.clone(), o.t.0, o.value));
                }
                _ => {}
            }
        }
    }
}

/// The alerts of gauges that are due, by a rule of three lines: the newest value of a station in
/// journal order decides (no hysteresis, no holds).
fn due(journal: &[(String, i64, f64)]) -> BTreeMap<String, String> {
    let mut newest: BTreeMap<&str, (i64, f64)> = BTreeMap::new();
    for (station, t, value) in journal.iter().filter(|(s, ..)| s.starts_with('D')) {
        let entry = newest.entry(station).or_insert((*t, *value));
        if *t >= entry.0 {
            *entry = (*t, *value);
        }
    }
    let level = |v: f64| if v >= RED { Some("red") } else { (v >= YELLOW).then_some("yellow") };
    let rows =
        newest.iter().filter_map(|(s, (_, v))| level(*v).map(|l| ((*s).into(), l.to_owned())));
    rows.collect()
}

/// The open alerts of a hazard in the picture: place → level.
fn shown(client: &Client, hazard: &str) -> BTreeMap<String, String> {
    let alerts = client.get("/v1/alerts").json();
    let open = alerts.as_array().expect("a list").iter().filter(|a| a["cleared_ms"].is_null());
    let ours = open.filter(|a| a["hazard"] == hazard);
    ours.map(|a| (text(&a["place"]), text(&a["level"]))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// One run: the town, what is on its way, what was acknowledged, and the kills.
struct Run {
    seed: u64,
    random: StdRng,
    city: PathBuf,
    data: PathBuf,
    time: AtomicI64,
    story: Story,
    acknowledged: Acknowledged,
    ready: Vec<Duration>,
    /// Kills by scene and place.
    killed: BTreeMap<(Scene, String), usize>,
}

impl Run {
    /// Starts it, plays a scene, and kills it in the middle.
    fn cycle(&mut self, cycle: usize) {
        let scene = SCENES[cycle % SCENES.len()];
        let chosen = scene != Scene::Idle && self.random.random_bool(0.6);
        let (phases, most) = match scene {
            Scene::Load => (PHASES.len(), 40),
            _ => (PHASES_OF_AN_APPEND, 14),
        };
        let phase = PHASES[self.random.random_range(0..phases)];
        let most =
            if phase.starts_with("checkpoint") || phase.starts_with("snapshot") { 2 } else { most };
        let at = format!("{phase}:{}", self.random.random_range(1..=most));
        let mut more = vec![
            "--demo",
            "--clock",
            "replay",
            "--snapshot-every",
            "1000",
            "--checkpoint-bytes",
            "200000",
        ];
        if chosen {
            more.extend(["--die-at", at.as_str()]);
        }
        let mut platform = match Platform::try_start(&self.city, &self.data, &more) {
            Ok(platform) => platform,
            // A chosen death may come while it starts: that too is a kill.
            Err(said) => {
                assert!(said.contains("signal: 6"), "cycle {cycle} at {at}: {said}");
                println!("cycle {cycle}: {scene:?}, died at {at} while starting");
                let place = (scene, format!("{phase}, while starting"));
                *self.killed.entry(place).or_default() += 1;
                return;
            }
        };
        self.ready.push(platform.time_to_ready);
        let before = self.acknowledged.len();
        let delay = Duration::from_millis(match scene {
            Scene::Load => self.random.random_range(50..900),
            _ => self.random.random_range(5..250),
        });
        let limit = if chosen { CHOSEN_WITHIN } else { delay };
        self.play(scene, &mut platform, limit, cycle);
        let status = platform.wait(Duration::from_secs(10)).expect("it is dead");
        let place = match status.signal() {
            Some(6) => phase.to_owned(),
            _ => "at a random moment".to_owned(),
        };
        let acknowledged = self.acknowledged.len() - before;
        println!("cycle {cycle}: {scene:?}, killed {place}; acknowledged {acknowledged}");
        *self.killed.entry((scene, place)).or_default() += 1;
    }

    /// Plays a scene until the platform is dead: by itself, or by our hand after `limit`.
    fn play(&mut self, scene: Scene, platform: &mut Platform, limit: Duration, cycle: usize) {
        match scene {
            Scene::Hold => self.story.hold(&self.time, cycle % STREETS),
            Scene::Inhibition => self.story.inhibition(&self.time),
            Scene::Load | Scene::Idle => {}
        }
        let (pid, end) = (platform.pid(), AtomicBool::new(false));
        let (story, acknowledged) = (&mut self.story, &mut self.acknowledged);
        let platform = &*platform;
        let token = platform.token("hydro");
        let seed = self.seed + cycle as u64;
        let load =
            Load { time: &self.time, end: &end, platform: &platform.mqtt, token: &token, seed };
        std::thread::scope(|scope| {
            let killer = scope.spawn(|| {
                let began = Instant::now();
                while began.elapsed() < limit && !end.load(Ordering::Relaxed) {
                    std::thread::park_timeout(Duration::from_millis(2));
                }
                system_tests::platform::kill_now(pid);
                end.store(true, Ordering::Relaxed);
            });
            // When nobody says anything, what is open stays open.
            let whole = scene == Scene::Idle || story.send(platform, acknowledged);
            if whole && scene == Scene::Load {
                let mqtt = scope.spawn(|| {
                    let found = load.mqtt();
                    end.store(true, Ordering::Relaxed);
                    found
                });
                acknowledged.extend(load.http(&platform.http));
                acknowledged.extend(mqtt.join().unwrap());
            } else if !whole {
                end.store(true, Ordering::Relaxed);
            }
            killer.join().unwrap();
        });
    }

    /// How often it was killed where, and how long it took to be ready again.
    fn print(&mut self) {
        println!("{:<12} {:<34} kills", "scene", "place");
        for ((scene, place), count) in &self.killed {
            println!("{:<12} {place:<34} {count}", format!("{scene:?}"));
        }
        self.ready.sort();
        let (median, worst) = (self.ready[self.ready.len() / 2], self.ready.last().unwrap());
        println!(
            "kills {}, time to ready: median {median:?}, worst {worst:?}",
            self.killed.values().sum::<usize>()
        );
    }

    /// Nothing acknowledged is missing, and the picture shows what is due and no more.
    fn judge(&mut self) {
        let platform = Platform::start(&self.city, &self.data, &["--demo", "--clock", "replay"]);
        assert!(self.story.send(&platform, &mut self.acknowledged), "the story's end is sent");
        let journal = journaled(&self.data);
        let there: Acknowledged = journal.iter().map(|(s, t, _)| (s.clone(), *t)).collect();
        let lost: Vec<_> = self.acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "seed {}: acknowledged and lost: {lost:?}", self.seed);
        let (acknowledged, journaled) = (self.acknowledged.len(), journal.len());
        println!("acknowledged {acknowledged}, journaled {journaled}, lost 0");
        let client = platform.sign_in("demo-commander");
        let flooded = (0..STREETS).filter(|n| self.story.flooded[*n]);
        let streets: BTreeMap<String, String> =
            flooded.map(|n| (format!("P{n}"), "orange".to_owned())).collect();
        let gauges = due(&journal);
        let silent = usize::from(!self.story.metro);
        let wait = Duration::from_secs(10);
        eventually("the picture shows the gauges' alerts that are due", wait, || {
            (shown(&client, "discharge") == gauges).then_some(())
        });
        eventually("and the streets'", wait, || {
            (shown(&client, "ponding") == streets).then_some(())
        });
        eventually("and one silence of the agency, none of its stations", wait, || {
            (shown(&client, "feed").len() == silent).then_some(())
        });
        assert_eq!(platform.stop().code(), Some(0));
    }

    /// No decision is told twice, each turn of a street is told once, and the record equals what an
    /// uninterrupted reading gives.
    fn told_once(&self) {
        let fenghuo = |arguments: &[&str]| {
            let mut command = std::process::Command::new(binary("fenghuo"));
            let out = command.args(arguments).arg("--data").arg(&self.data).output().expect("runs");
            let said = String::from_utf8_lossy(&out.stdout).into_owned();
            let errors = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(out.status.success(), "{arguments:?}: {said}{errors}");
            said
        };
        println!("{}", fenghuo(&["verify"]).trim());
        let log = self.data.with_extension("log");
        fenghuo(&["replay", "--out", log.to_str().expect("a path")]);
        let log = std::fs::read_to_string(log).expect("a log");
        let mut lines = BTreeSet::new();
        let (mut raised, mut cleared) = ([0usize; STREETS], [0usize; STREETS]);
        for line in log.lines() {
            assert!(lines.insert(line), "told twice: {line}");
            let row: Value = serde_json::from_str(line).expect("a decision");
            if row["hazard"] != "ponding" || !text(&row["place"]).starts_with('P') {
                continue;
            }
            let street: usize = text(&row["place"])[1..].parse().expect("a street");
            raised[street] += usize::from(row["kind"] == "alert.raised");
            cleared[street] += usize::from(row["kind"] == "alert.cleared");
        }
        for (street, turns) in self.story.turns.iter().enumerate() {
            assert_eq!((raised[street], cleared[street]), *turns, "street {street}");
        }
    }
}

#[test]
fn killed_in_every_scene_nothing_acknowledged_is_lost_and_no_alert_is_missing() {
    let seed: u64 = std::env::var("FENGHUO_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(7);
    println!("seed {seed} (FENGHUO_SEED sets it)");
    let folder = scratch();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let mut run = Run {
        seed,
        random: StdRng::seed_from_u64(seed),
        city: town(folder.path()),
        data,
        time: AtomicI64::new(1_780_000_000_000),
        story: Story::new(),
        acknowledged: Acknowledged::new(),
        ready: Vec::new(),
        killed: BTreeMap::new(),
    };
    for cycle in 0..kills() {
        run.cycle(cycle);
    }
    run.print();
    assert!(run.acknowledged.len() > kills() * 20, "no load: {}", run.acknowledged.len());
    for scene in SCENES {
        assert!(run.killed.keys().any(|(at, _)| *at == scene), "never killed in {scene:?}");
    }
    run.judge();
    run.told_once();
}
