//! Stores that are away: InfluxDB, and the files the platform keeps beside its journal.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use system_tests::platform::eventually;

use crate::scene::{CALM, RED, SOON, Scene, Watcher, gauge, long, now_ms, quantile};

/// How long a store is away: the promise is ten minutes, shown as such in the long tier; the shorter
/// time is longer than every timeout on its way (five seconds of a busy file, ten of an archive).
fn away() -> Duration {
    Duration::from_secs(if long() { 600 } else { 12 })
}

fn levels(turn: usize) -> (f64, &'static str) {
    if turn.is_multiple_of(2) { (RED, "red") } else { (100.0, "yellow") }
}

/// One call a turn at one gauge, up and down: how long each took to a console.
fn turns(scene: &Scene, watcher: &Watcher, lasting: Duration) -> Vec<Duration> {
    let (began, mut times) = (Instant::now(), Vec::new());
    let mut turn = 0;
    while began.elapsed() < lasting || turn < 6 {
        let (v, level) = levels(turn);
        let sent = Instant::now();
        assert_eq!(scene.send(turn / 2 % 4, now_ms(), v)["accepted"], 1);
        times.push(watcher.alert(&gauge(turn / 2 % 4), level, SOON) - sent);
        turn += 1;
        std::thread::park_timeout(lasting / 40);
    }
    times
}

fn history(
    scene: &Scene,
    officer: &system_tests::http::Client,
) -> BTreeMap<String, Vec<(i64, f64)>> {
    let series = |number: usize| {
        let (from, to) = (now_ms() - 3_600_000, now_ms() + 60_000);
        let path = format!(
            "/v1/stations/{}/series?property=discharge&from={from}&to={to}&points=5000",
            gauge(number)
        );
        let answer = officer.get(&path).json();
        let points = answer["points"].as_array().cloned().unwrap_or_default();
        let of =
            |p: &serde_json::Value| (p[0].as_f64().expect("t") as i64, p[1].as_f64().expect("v"));
        (gauge(number), points.iter().map(of).collect())
    };
    assert!(scene.data.exists());
    (0..4).map(series).collect()
}

/// Points that the history has.
fn points(scene: &Scene, officer: &system_tests::http::Client) -> usize {
    history(scene, officer).values().map(Vec::len).sum()
}

#[test]
fn while_another_program_holds_a_file_ingest_and_alerts_go_on_and_each_row_comes_once() {
    let scene = Scene::start(4, 60, &[]);
    let officer = scene.officer();
    let watcher = Watcher::open(&scene.platform.http, &officer);
    let mut sent = turns(&scene, &watcher, Duration::ZERO).len();
    let hold = |file: &str| {
        let holder = Connection::open(scene.data.join(file)).expect("the file");
        holder.busy_timeout(Duration::from_secs(30)).expect("set");
        holder.execute_batch("BEGIN IMMEDIATE").expect("held");
        holder
    };
    let held = ["history.sqlite", "decisions.sqlite", "snapshots.sqlite"].map(hold);
    let mut times = turns(&scene, &watcher, away());
    sent += times.len();
    let p99 = quantile(&mut times, 0.99);
    println!("three files held {:?}: {} calls, alerts p99 {p99:?}", away(), times.len());
    assert!(p99 < Duration::from_secs(5), "{p99:?}");
    held.iter().for_each(|holder| holder.execute_batch("ROLLBACK").expect("given free"));
    eventually("every row is there", SOON, || (points(&scene, &officer) == sent).then_some(()));
    let scene = scene.restart(|_| {});
    let officer = scene.officer();
    eventually("and after a restart", SOON, || (points(&scene, &officer) == sent).then_some(()));
}

#[test]
fn while_another_program_holds_the_journal_nothing_is_acknowledged_and_then_all_of_it() {
    let scene = Scene::start(4, 60, &[]);
    let officer = scene.officer();
    let holder = Connection::open(scene.data.join("journal.sqlite")).expect("the file");
    holder.busy_timeout(Duration::from_secs(30)).expect("set");
    holder.execute_batch("BEGIN IMMEDIATE").expect("held");
    let (begun, t) = (Instant::now(), now_ms());
    let mut times = 0;
    // Longer than the journal itself waits for the file.
    while begun.elapsed() < away().min(Duration::from_secs(60)) {
        let rows = format!("[{}]", crate::scene::body(0, t, RED));
        let sender = scene.sender();
        let answer = sender.post("/v1/observations", "application/json", rows.as_bytes());
        assert_eq!(answer.status, 503, "what is not durable is not acknowledged");
        assert!(answer.header("retry-after").is_some(), "and it says when to come again");
        times += 1;
    }
    assert!(times > 1, "it went on answering");
    holder.execute_batch("ROLLBACK").expect("given free");
    eventually("it takes again, by itself", SOON, || {
        let rows = format!("[{}]", crate::scene::body(0, t, RED));
        let sender = scene.sender();
        let answer = sender.post("/v1/observations", "application/json", rows.as_bytes());
        (answer.status == 200).then(|| assert_eq!(answer.json()["accepted"], 1, "once"))
    });
    eventually("and the alert is there", SOON, || {
        (scene.red(&officer) == [gauge(0)]).then_some(())
    });
}

#[test]
fn files_that_are_damaged_are_made_anew_from_the_journal() {
    let scene = Scene::start(4, 60, &[]);
    let officer = scene.officer();
    let watcher = Watcher::open(&scene.platform.http, &officer);
    let sent = turns(&scene, &watcher, Duration::ZERO).len();
    eventually("every row is there", SOON, || (points(&scene, &officer) == sent).then_some(()));
    let (before, red) = (history(&scene, &officer), scene.red(&officer));
    drop(watcher);
    let scene = scene.restart(|data| {
        for file in ["history.sqlite", "decisions.sqlite", "snapshots.sqlite"] {
            spoil(&data.join(file));
        }
    });
    let officer = scene.officer();
    eventually("made anew", SOON, || (history(&scene, &officer) == before).then_some(()));
    assert_eq!(scene.red(&officer), red);
    assert_eq!(scene.send(0, now_ms(), CALM)["accepted"], 1);
}

/// A file of which nothing can be read any more.
fn spoil(path: &Path) {
    let length = std::fs::metadata(path).expect("the file").len();
    std::fs::write(path, vec![0xA5; usize::try_from(length).expect("small")]).expect("spoilt");
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
}

/// An archive that accepts connections and never answers, and one that is not there.
#[test]
fn an_archive_that_is_away_or_says_nothing_costs_no_alert_and_no_bounded_room() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hole = silent.local_addr().expect("an address");
    let scene = Scene::start(4, 60, &[]);
    let officer = scene.officer();
    let watcher = Watcher::open(&scene.platform.http, &officer);
    let mut calm = turns(&scene, &watcher, away() / 4);
    drop((watcher, scene));
    let archive = format!("http://{hole}");
    let scene = Scene::start(4, 60, &["--influx", &archive]);
    let officer = scene.officer();
    let watcher = Watcher::open(&scene.platform.http, &officer);
    let before = scene.resident_kib();
    let mut without = turns(&scene, &watcher, away());
    let (calm, away_p50) = (quantile(&mut calm, 0.5), quantile(&mut without, 0.5));
    let behind = scene.figure("fenghuo_archive_behind").expect("it is counted");
    println!("alerts p50 {calm:?} without an archive, {away_p50:?} with one that is a black hole");
    assert!(away_p50 < calm * 2 + Duration::from_millis(20), "{away_p50:?} of {calm:?}");
    assert!(quantile(&mut without, 0.99) < Duration::from_secs(1));
    assert!(behind >= without.len() as f64, "{behind}");
    assert!(
        scene.resident_kib() < before + 32 * 1024,
        "what waits is in the journal, not in memory"
    );
    let told = json!(String::from_utf8(officer.get("/v1/record").body).expect("text"));
    println!("{told}");
}
