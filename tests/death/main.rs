//! Killed at any moment, under load, while an alert waits for its hold, while an agency is silent and
//! when nothing happens: nothing acknowledged is lost, every alert that is due is in the picture, none
//! is told twice. The long tier kills a hundred times; CI twelve.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod judge;
mod load;
mod story;
mod town;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use system_tests::platform::{Platform, scratch};

use load::Load;
use story::Story;
use town::{STREETS, town};

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
