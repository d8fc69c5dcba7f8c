//! Clocks that are wrong: the platform's own, set while it runs, and a sensor's of next year.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use system_tests::http::Client;
use system_tests::platform::{Platform, eventually};
use system_tests::town::Town;

use crate::scene::{CALM, RED, SOON, Scene, body, gauge, now_ms};

const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

fn now(platform: &Platform) -> i64 {
    Client::new(&platform.http).get("/v1/clock").json()["now_ms"].as_i64().expect("a time")
}

fn reports(client: &Client, gauges: std::ops::Range<usize>, v: f64) {
    let rows: Vec<String> = gauges.map(|n| body(n, now_ms(), v)).collect();
    let rows = format!("[{}]", rows.join(","));
    let answer = client.post("/v1/observations", "application/json", rows.as_bytes());
    assert_eq!(answer.status, 200);
}

#[test]
fn a_clock_that_is_set_by_an_hour_either_way_makes_nobody_silent_and_stops_no_alert() {
    let folder = system_tests::platform::scratch();
    let mut town = Town::new().hazard("discharge", &[("red", 300.0, None)]);
    for number in 0..6 {
        // Silent after six seconds.
        town = town.station(&gauge(number), &[("discharge", 2)]);
    }
    let (city, data) = (town.write(folder.path()), folder.path().join("data"));
    std::fs::create_dir_all(&data).expect("a folder");
    let set_by = folder.path().join("set-by");
    let set = |ms: i64| std::fs::write(&set_by, ms.to_string()).expect("set");
    set(0);
    let name = "FENGHUO_CLOCK_SET_BY";
    let set_file = set_by.to_str().expect("a path");
    let platform = Platform::start_in(&city, &data, &["--demo"], &[(name, set_file)]);
    let signed_in = std::cell::RefCell::new(platform.sign_in("demo"));
    let sender = Client::new(&platform.http).with_token(&platform.token("hydro"));
    let alerts = |hazard: &str| {
        let mut answer = signed_in.borrow().get("/v1/alerts");
        if answer.status == 401 {
            // A year on, a session is over.
            signed_in.replace(platform.sign_in("demo"));
            answer = signed_in.borrow().get("/v1/alerts");
        }
        let all = answer.json().as_array().expect("alerts").clone();
        all.into_iter().filter(|a| a["hazard"] == hazard).collect::<Vec<_>>()
    };
    // A leap second either way, an hour forward, an hour back, a year forward and back: after each,
    // all gauges go on (their own clocks are right), and one of them calls out.
    let steps = [1_000, 0, HOUR_MS, 0, YEAR_MS, 0];
    for (turn, step) in steps.into_iter().enumerate() {
        let before = now(&platform);
        set(step);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            reports(&sender, 0..6, CALM);
            std::thread::park_timeout(Duration::from_millis(400));
        }
        reports(&sender, turn..turn + 1, RED);
        eventually("the flood is told", SOON, || {
            let found = alerts("discharge").iter().any(|a| a["place"] == gauge(turn));
            reports(&sender, (turn + 1)..6, CALM);
            reports(&sender, 0..turn, RED);
            found.then_some(())
        });
        let after = now(&platform);
        assert!(after > before, "now goes on: {before}, {after} (set by {step} ms)");
        assert_eq!(alerts("feed"), Vec::<serde_json::Value>::new(), "set by {step} ms");
    }
    // Now is still far ahead; who falls silent is told all the same, and a hold comes to its end.
    eventually("the silence is told", SOON, || (!alerts("feed").is_empty()).then_some(()));
    assert_eq!(alerts("feed").len(), 1, "one alarm for the agency: {:?}", alerts("feed"));
    let page = String::from_utf8(Client::new(&platform.http).get("/metrics").body).expect("text");
    let back = page.lines().find_map(|l| l.strip_prefix("fenghuo_clock_steps_back_total "));
    assert!(back.and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > 0), "it is counted");
    assert!(Path::new(&data).exists());
}

#[test]
fn a_sensor_of_next_year_moves_nobodys_time_and_the_others_are_judged() {
    let scene = Scene::start(5, 60, &[]);
    let officer = scene.officer();
    for number in 0..5 {
        scene.send(number, now_ms(), CALM);
    }
    let answer = scene.send(0, now_ms() + YEAR_MS, RED);
    assert_eq!(answer["rejected"][0]["reason"], "future_dated", "{answer}");
    assert_eq!(answer["accepted"], 0);
    let kept = eventually("it is kept aside", SOON, || {
        let kept = officer.get("/v1/rejections?reason=future_dated").json();
        kept.as_array().and_then(|k| k.first().cloned())
    });
    assert_eq!(kept["quarantined"], json!(true));
    assert!((now(&scene.platform) - now_ms()).abs() < 60_000, "nobody's time has moved");
    // Later data of all of them count, the wrong one's too once its clock is right.
    for number in 0..5 {
        assert_eq!(scene.send(number, now_ms() + 1, RED)["accepted"], 1);
    }
    eventually("all five are red", SOON, || (scene.red(&officer).len() == 5).then_some(()));
    // And its sender's health says that its clock is wrong.
    let health = officer.get("/v1/feeds/health?agency=hydro").json();
    let skew = health[0]["feeds"][0]["skew_ms"].as_i64().expect("a skew");
    assert!(skew.abs() > YEAR_MS / 2, "{health}");
}

#[test]
fn a_sensor_set_back_by_a_day_is_called_a_wrong_clock_and_not_silence_alone() {
    let scene = Scene::start(2, 2, &[]);
    let officer = scene.officer();
    scene.send(0, now_ms(), CALM);
    // From now on the first is a day behind; the other is right.
    let state = |client: &Client, which: usize| {
        let all = client.get("/v1/feeds/datastreams?agency=hydro").json();
        let found =
            all.as_array().and_then(|all| all.iter().find(|s| s["station"] == gauge(which)));
        found.cloned().unwrap_or_default()
    };
    let mut beats = 0.0;
    let told = eventually("its clock is called wrong", SOON, || {
        beats += 1.0;
        scene.send(0, now_ms() - 24 * HOUR_MS, CALM + beats);
        scene.send(1, now_ms(), CALM);
        std::thread::park_timeout(Duration::from_millis(500));
        let told = state(&officer, 0);
        (told["data"] == "clock").then_some(told)
    });
    let behind = told["clock_ms"].as_i64().expect("by how much");
    assert!((behind + 24 * HOUR_MS).abs() < 60_000, "{told}");
    assert_eq!(state(&officer, 1)["data"], "live");
    // The station says so, and so does the count of its agency's datastreams.
    eventually("the station says so", SOON, || {
        scene.send(0, now_ms() - 24 * HOUR_MS, CALM - 1.0);
        let now = officer.get(&format!("/v1/stations/{}", gauge(0))).json();
        (now["data"] == "clock" && now["datastreams"][0]["data"] == "clock").then_some(())
    });
    let health = officer.get("/v1/feeds/health?agency=hydro").json();
    assert_eq!(health[0]["streams"]["clock"], 1, "{health}");
    // What it says raises nothing and lowers nothing; set right again, it counts at once.
    assert!(scene.red(&officer).is_empty());
    eventually("the clock is right again", SOON, || {
        scene.send(0, now_ms(), RED);
        (state(&officer, 0)["data"] == "live").then_some(())
    });
    eventually("it is judged again", SOON, || (scene.red(&officer).len() == 1).then_some(()));
}
