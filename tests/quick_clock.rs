//! A demonstration's clock: so many times as fast as the machine's, and otherwise a clock like any
//! other. Frames dated ahead are kept aside, and a restart goes on from where it was.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, Instant};

use domain::time::{HOUR_MS, SECOND_MS, UtcMs};
use serde_json::{Value, json};
use system_tests::console::Console;
use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::town::Town;

const SPEED: f64 = 120.0;
const START: &str = "2026-09-11T18:00:00+08:00";
const SOON: Duration = Duration::from_secs(10);

fn start(city: &Path, data: &Path) -> Platform {
    let clock = format!("scaled:{START}@{SPEED}");
    Platform::start(city, data, &["--demo", "--clock", &clock])
}

fn clock(platform: &Platform) -> Value {
    Client::new(&platform.http).get("/v1/clock").json()
}

fn now(platform: &Platform) -> i64 {
    clock(platform)["now_ms"].as_i64().expect("a time")
}

fn send(client: &Client, t: i64, v: f64) -> Value {
    let body = json!([{ "station": "G1", "property": "discharge", "t": t, "v": v }]).to_string();
    client.post("/v1/observations", "application/json", body.as_bytes()).json()
}

#[test]
fn a_quickened_platform_is_live_keeps_frames_of_tomorrow_aside_and_goes_on_after_a_restart() {
    let folder = scratch();
    let city = Town::new()
        .station("G1", &[("discharge", 600)])
        .hazard("discharge", &[("yellow", 30.0, None), ("red", 300.0, None)])
        .write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = start(&city, &data);
    let begin = UtcMs::parse(START).expect("a time").0;

    // It goes by itself, so many times as fast, and consoles are told so.
    assert_eq!(
        (&clock(&platform)["clock"], &clock(&platform)["speed"]),
        (&json!("live"), &json!(SPEED))
    );
    let (first, began) = (now(&platform), Instant::now());
    assert!((begin..begin + HOUR_MS).contains(&first), "{first} is not just after {begin}");
    eventually("a quarter of an hour passes", SOON, || {
        (now(&platform) - first > 15 * 60 * SECOND_MS).then_some(())
    });
    let passed = began.elapsed().as_secs_f64() * SPEED * SECOND_MS as f64;
    assert!((now(&platform) - first) as f64 <= passed + 2.0 * SPEED * SECOND_MS as f64);
    let officer = platform.sign_in("demo-commander");
    let console = Console::connect(&platform.http, &officer, None);
    assert_eq!((console.clock.as_str(), console.speed), ("live", SPEED));

    // Tomorrow's frame is refused and shown, and moves nobody's time; today's raises its alert.
    let sender = Client::new(&platform.http).with_token(&platform.token("hydro"));
    let tomorrow = now(&platform) + 24 * HOUR_MS;
    let answer = send(&sender, tomorrow, 500.0);
    assert_eq!(answer["rejected"][0]["reason"], "future_dated", "{answer}");
    assert!(now(&platform) < tomorrow - 12 * HOUR_MS, "the platform followed it");
    eventually("the refusal is shown", SOON, || {
        let shown = officer.get("/v1/rejections").json();
        shown.as_array()?.iter().any(|r| r["reason"] == "future_dated").then_some(())
    });
    let answer = send(&sender, now(&platform), 400.0);
    assert_eq!(answer["accepted"], 1, "{answer}");
    eventually("the alert of today's frame", SOON, || {
        let alerts = officer.get("/v1/alerts").json();
        alerts.as_array()?.iter().any(|a| a["place"] == "G1" && a["level"] == "red").then_some(())
    });
    // Ticks are real: the gauge falls silent, half an hour of the clock later.
    eventually("the gauge falls silent", Duration::from_secs(60), || {
        let alerts = officer.get("/v1/alerts").json();
        alerts.as_array()?.iter().any(|a| a["hazard"] == "feed").then_some(())
    });

    // A restart goes on from the last tick.
    let before = now(&platform);
    platform.kill();
    let platform = start(&city, &data);
    let after = now(&platform);
    let ticked = before - 5 * 60 * SECOND_MS;
    assert!((ticked..before + HOUR_MS).contains(&after), "{before}, then {after}");
    assert_eq!(platform.stop().code(), Some(0));
}
