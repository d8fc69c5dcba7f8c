//! A recorded series of a river, replayed over both protocols at full speed into a running platform:
//! what was sent is accounted for, and the alerts are those of an independent script. The series is
//! made here (with single gaps, and two holes), so that nothing but the repository is needed.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use system_tests::http::Client;
use system_tests::platform::{Platform, binary, scratch};
use system_tests::town::Town;

/// 2021-01-01T00:00:00Z.
const BEGIN_MS: i64 = 1_609_459_200_000;
const HOURS: usize = 24 * 200;
/// Rows without data: a hole of two days, and one of a month.
const HOLES: [std::ops::Range<usize>; 2] = [1_000..1_048, 3_000..3_720];

/// A year of rain and a river that answers it, hourly, with `NA` where the gauge was silent.
fn series(seed: u64) -> String {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut store, mut storm) = (20.0f64, 0usize);
    let mut text = String::from("when,rain_mm,flow_l_s,battery_v\n");
    for hour in 0..HOURS {
        if storm == 0 && random.random_bool(0.012) {
            storm = random.random_range(4..30);
        }
        let rain = if storm > 0 {
            storm -= 1;
            f64::from(random.random_range(0..220u32)) / 10.0
        } else {
            0.0
        };
        store = store * 0.97 + rain * 0.9;
        let flow = (store * store * 35.0).round() + f64::from(random.random_range(0..9u32));
        let t = domain::time::UtcMs(BEGIN_MS + i64::try_from(hour).expect("small") * 3_600_000);
        let when = t.rfc3339(0)[..16].replace('T', " ");
        let hole = HOLES.iter().any(|r| r.contains(&hour));
        let gap = |random: &mut StdRng| hole || random.random_bool(0.03);
        let cell = |gone: bool, value: f64| if gone { "NA".into() } else { format!("{value}") };
        let (no_rain, no_flow) = (gap(&mut random), gap(&mut random));
        // The station house answers throughout: the gauges are silent, not their agency.
        text += &format!("{when},{},{},12.5\n", cell(no_rain, rain), cell(no_flow, flow));
    }
    text
}

const MAPPING: &str = r#"
agency = "hydro"

[time]
column = "when"
format = "%Y-%m-%d %H:%M"
zone = "UTC"

[[stream]]
column = "rain_mm"
station = "RAIN"
property = "rainfall"
missing = "NA"

[[stream]]
column = "flow_l_s"
station = "FLOW"
property = "discharge"
scale = 0.001
missing = "NA"

[[stream]]
column = "battery_v"
station = "HOUSE"
property = "battery"

[[stream]]
column = "ghost"
station = "GHOST"
property = "battery"
missing = "NA"
"#;

/// What a line sends beside the series: every so many rows one comes again, at once and later, and
/// a station that nobody knows speaks.
const AGAIN_EVERY: usize = 40;
const GHOST_EVERY: usize = 25;

/// The series as it is sent, how many of its values are sent twice, and how many cannot be taken.
fn as_sent(series: &str) -> (String, usize, usize) {
    let mut lines = series.lines();
    let mut text = format!("{},ghost\n", lines.next().expect("a header"));
    let (mut again, mut ghosts) = (0, 0);
    let mut late = None;
    for (number, line) in lines.enumerate() {
        let ghost = number % GHOST_EVERY == 7;
        ghosts += usize::from(ghost);
        text += &format!("{line},{}\n", if ghost { "1" } else { "NA" });
        if number % AGAIN_EVERY == 3 {
            let values = line.split(',').skip(1).filter(|cell| *cell != "NA").count();
            again += 2 * values;
            text += &format!("{line},NA\n");
            late = Some((number + 11, line));
        }
        if let Some((_, line)) = late.filter(|(at, _)| *at == number) {
            text += &format!("{line},NA\n");
            late = None;
        }
    }
    (text, again, ghosts)
}

/// What the platform itself has counted of a channel: accepted, duplicate, refused.
fn counted(platform: &Platform, channel: &str) -> [usize; 3] {
    let page = Client::new(&platform.http).get("/metrics").body;
    let page = String::from_utf8(page).expect("text");
    ["accepted", "duplicate", "refused"].map(|outcome| {
        let of = |l: &&str| {
            l.starts_with("fenghuo_heard_total{")
                && [("agency", "hydro"), ("channel", channel), ("outcome", outcome)]
                    .iter()
                    .all(|(name, value)| l.contains(&format!("{name}=\"{value}\"")))
        };
        let line = page.lines().find(of).unwrap_or_else(|| panic!("no {outcome} in {page}"));
        line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
    })
}

fn town(folder: &Path) -> PathBuf {
    Town::new()
        .station("RAIN", &[("rainfall", 3600)])
        .station("FLOW", &[("discharge", 3600)])
        .station("HOUSE", &[("battery", 3600)])
        .hazard(
            "discharge",
            &[("yellow", 30.55, None), ("orange", 76.89, None), ("red", 310.0, None)],
        )
        .hazard(
            "rainfall",
            &[
                ("blue", 50.0, Some(12)),
                ("yellow", 50.0, Some(6)),
                ("orange", 50.0, Some(3)),
                ("red", 100.0, Some(3)),
            ],
        )
        .write(folder)
}

fn rules() -> Value {
    let hours = |h: u32| h * 3600;
    json!({
        "levels": ["blue", "yellow", "orange", "red"],
        "silent_after": 3,
        "intervals": { "RAIN/rainfall": 3600, "FLOW/discharge": 3600, "HOUSE/battery": 3600 },
        "hazards": [
            { "name": "rainfall", "property": "rainfall", "thresholds": [
                { "level": "blue", "at_least": 50, "window_s": hours(12) },
                { "level": "yellow", "at_least": 50, "window_s": hours(6) },
                { "level": "orange", "at_least": 50, "window_s": hours(3) },
                { "level": "red", "at_least": 100, "window_s": hours(3) } ] },
            { "name": "discharge", "property": "discharge", "thresholds": [
                { "level": "yellow", "at_least": 30.55 },
                { "level": "orange", "at_least": 76.89 },
                { "level": "red", "at_least": 310.0 } ] },
        ],
    })
}

/// The observations of the series as a file of the platform's own form.
fn as_ndjson(series: &str) -> String {
    let mut text = String::new();
    for line in series.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let t = format!("{}:00+00:00", cells[0].replace(' ', "T"));
        for (station, property, cell, scale) in [
            ("RAIN", "rainfall", cells[1], 1.0),
            ("FLOW", "discharge", cells[2], 0.001),
            ("HOUSE", "battery", cells[3], 1.0),
        ] {
            if let Ok(v) = cell.parse::<f64>() {
                let v = v * scale;
                let row = json!({ "station": station, "property": property, "t": t, "v": v });
                text += &format!("{row}\n");
            }
        }
    }
    text
}

/// One decision in the terms both sides share.
type Due = (i64, String, String, String, String, Option<String>);

fn key(row: &Value, t: i64) -> Due {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let value = row["value"].as_f64().map(|v| format!("{v:.6}"));
    let kind = text("kind");
    let silence = kind.starts_with("feed.");
    let level = if silence { String::new() } else { text("level") };
    // Where no threshold is met, which rule's value stands there is nobody's promise.
    let value = if silence || kind == "alert.cleared" { None } else { value };
    (t, kind, text("hazard"), text("place"), level, value)
}

/// Alerts and silences of a decision log.
fn decided(log: &str) -> Vec<Due> {
    let mut rows: Vec<Due> = log
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("a decision"))
        .filter(|d| {
            let kind = d["kind"].as_str().unwrap_or_default();
            kind.starts_with("alert.") || kind.starts_with("feed.")
        })
        .map(|d| {
            let t = domain::time::UtcMs::parse(d["t"].as_str().expect("t")).expect("a time");
            key(&d, t.0)
        })
        .collect();
    rows.sort();
    rows
}

/// The same from the independent script.
fn oracle(folder: &Path, ndjson: &Path) -> Vec<Due> {
    let rules_file = folder.join("rules.json");
    std::fs::write(&rules_file, rules().to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/alerts.py");
    let out = Command::new("python3").arg(script).arg(&rules_file).arg(ndjson).output();
    let out = out.expect("python3 is installed");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let mut rows: Vec<Due> = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|d| key(&d, d["t"].as_i64().expect("t")))
        .collect();
    rows.sort();
    rows
}

fn fenghuo(arguments: &[&std::ffi::OsStr]) -> String {
    let out = Command::new(binary("fenghuo")).args(arguments).output().expect("it runs");
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(out.stdout).expect("text")
}

/// Replays the series into a platform of its own; the decisions of its journal. `wanted` is what is
/// to be accepted, known already, and refused.
fn replayed(folder: &Path, city: &Path, over: &str, wanted: [usize; 3]) -> Vec<Due> {
    let data = folder.join(format!("data-{over}"));
    std::fs::create_dir_all(&data).unwrap();
    let platform = Platform::start(city, &data, &["--demo", "--clock", "replay"]);
    let mut command = Command::new(binary("fenghuo-sim"));
    command.arg("replay").arg("--csv").arg(folder.join("sent.csv"));
    command.arg("--map").arg(folder.join("map.toml")).args(["--speed", "max"]);
    // Who sends, the mapping says; by which token, the platform's own file.
    command.env("FENGHUO_DATA", &data);
    match over {
        "mqtt" => command.args(["--mqtt", &platform.mqtt]),
        "mqtt in batches" => command.args(["--mqtt", &platform.mqtt, "--batch", "7"]),
        _ => command.args(["--http", &platform.http]),
    };
    let out = command.output().expect("fenghuo-sim runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{over}: {said}\n{errors}");
    let line = said.lines().find(|l| l.contains("sent=")).unwrap_or_else(|| panic!("{said}"));
    let count = |name: &str| -> usize {
        let mut parts = line.split_whitespace();
        parts.find_map(|p| p.strip_prefix(name)).expect("a count").parse().expect("a number")
    };
    println!("{over}: {line}");
    let told = [count("accepted="), count("duplicate="), count("refused=")];
    assert_eq!(count("sent="), told.iter().sum::<usize>(), "{over}");
    assert_eq!(told, wanted, "{over}: accepted, duplicate, refused");
    assert!(told.iter().all(|n| *n > 0), "{over}: {told:?} proves nothing");
    assert!(said.contains("reason=unknown_station") || over == "mqtt in batches", "{said}");
    let channel = if over == "http" { "http" } else { "mqtt" };
    assert_eq!(counted(&platform, channel), told, "{over}: the platform counts otherwise");
    assert_eq!(platform.stop().code(), Some(0));
    let log = data.join("log.ndjson");
    fenghuo(&[
        "replay".as_ref(),
        "--data".as_ref(),
        data.as_os_str(),
        "--out".as_ref(),
        log.as_os_str(),
    ]);
    fenghuo(&["verify".as_ref(), "--data".as_ref(), data.as_os_str()]);
    decided(&std::fs::read_to_string(&log).expect("a log"))
}

/// Both lists are equal, or what stands on one side only is shown.
fn same(what: &str, ours: &[Due], due: &[Due]) {
    let only = |a: &[Due], b: &[Due]| -> Vec<Due> {
        a.iter().filter(|d| !b.contains(d)).take(5).cloned().collect()
    };
    let (more, less) = (only(ours, due), only(due, ours));
    assert!(more.is_empty() && less.is_empty(), "{what}: too many {more:?}, too few {less:?}");
    assert_eq!(ours.len(), due.len(), "{what}: something was said twice");
}

#[test]
fn a_recorded_river_gives_the_alerts_that_are_due_by_mqtt_by_http_and_in_a_backtest() {
    let folder = scratch();
    let folder = folder.path();
    let series = series(2021);
    let (sent, again, ghosts) = as_sent(&series);
    std::fs::write(folder.join("sent.csv"), &sent).unwrap();
    std::fs::write(folder.join("map.toml"), MAPPING).unwrap();
    let ndjson = folder.join("series.ndjson");
    let rows = as_ndjson(&series);
    std::fs::write(&ndjson, &rows).unwrap();
    let city = town(folder);

    let due = oracle(folder, &ndjson);
    let alerts = due.iter().filter(|d| d.1.starts_with("alert.")).count();
    let silences = due.iter().filter(|d| d.1 == "feed.silent").count();
    assert!(alerts > 50, "the series is no test: {alerts} alerts");
    assert_eq!(silences, 4, "two holes in two datastreams, and no single gap: {due:?}");

    let log = folder.join("backtest.ndjson");
    for workers in ["1", "2"] {
        fenghuo(&[
            "backtest".as_ref(),
            "--city".as_ref(),
            city.as_os_str(),
            "--input".as_ref(),
            ndjson.as_os_str(),
            "--out".as_ref(),
            log.as_os_str(),
            "--workers".as_ref(),
            workers.as_ref(),
            "--kinds".as_ref(),
            "alert.raised,alert.stepped,alert.cleared,alert.amended,feed.silent,feed.returned"
                .as_ref(),
        ]);
        same(
            &format!("backtest, {workers} worker(s)"),
            &decided(&std::fs::read_to_string(&log).unwrap()),
            &due,
        );
    }
    let wanted = [rows.lines().count(), again, ghosts];
    for over in ["mqtt", "mqtt in batches", "http"] {
        same(over, &replayed(folder, &city, over, wanted), &due);
    }
}
