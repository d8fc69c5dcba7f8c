//! An order goes out and comes to be done: kept while the unit is away and while the platform is,
//! delivered, answered; what cannot be is refused, kept, and told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::mqtt::Mqtt;
use common::{Client, Running, now_ms, observe, people, town};
use serde_json::{Value, json};

async fn incident(platform: &Running, officer: &Client, agency: &str) {
    observe(platform, agency, "A", 310.0).await;
    let id: String = officer
        .until("/v1/alerts", |alerts| {
            let found = alerts.as_array()?.iter().find(|a| a["hazard"] == "discharge")?;
            found["id"].as_str().map(str::to_owned)
        })
        .await;
    let open = json!({ "do": "open_incident", "alert": id, "title": "流量超红" });
    assert_eq!(officer.command("i", open).await.status, 200);
}

fn dispatch(unit: &str) -> Value {
    let due = now_ms() + 3_600_000;
    json!({ "do": "dispatch", "incident": "I-1", "text": "救援", "unit": unit, "due": due })
}

/// A running platform with an incident, an officer, and the token of `boat-1`.
struct Opened {
    folder: tempfile::TempDir,
    platform: Running,
    officer: Client,
    unit: String,
}

async fn opened() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, unit) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    incident(&platform, &officer, &agency).await;
    Opened { folder, platform, officer, unit }
}

async fn stands(officer: &Client, state: &str) -> Value {
    officer.until("/v1/tasks/T-1", |task| (task["state"] == state).then(|| task.clone())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_waits_for_its_unit_and_comes_to_be_done() {
    let Opened { folder, platform, officer, unit } = opened().await;
    assert_eq!(officer.command("d", dispatch("boat-1")).await.status, 200);
    let busy = officer.command("d2", dispatch("boat-1")).await;
    assert_eq!((busy.status, busy.json()["reason"].as_str()), (409, Some("unit_busy")));
    // What the refusal names can be worded in any language.
    assert_eq!(busy.json()["terms"], json!({ "unit": "boat-1", "task": "T-1" }));
    assert_eq!(stands(&officer, "sent").await["unit"], "boat-1");
    platform.stop().await.unwrap();

    // The unit was away, and so was the platform.
    let platform = Running::start(folder.path()).await;
    let officer = Client { at: platform.http, headers: officer.headers.clone(), tls: None };
    let up = |unit: &Value| unit["connected"].as_bool();
    officer.until("/v1/units/boat-1", |unit| up(unit).filter(|up| !up)).await;
    let mut boat = Mqtt::connect(platform.mqtt, "boat-1", &unit).await.expect("it may come");
    boat.subscribe("fh/v1/units/boat-1/tasks").await;
    // Its session is up before it has said anything of itself; the other boat's is not.
    officer.until("/v1/units/boat-1", |unit| up(unit).filter(|up| *up)).await;
    assert_eq!(up(&officer.get("/v1/units/boat-2").await.json()), Some(false));
    let (topic, order) = boat.message(true).await;
    assert_eq!(topic, "fh/v1/units/boat-1/tasks");
    assert_eq!((order["task"].as_str(), order["status"].as_str()), (Some("T-1"), Some("actual")));
    assert_eq!((order["lon"].as_f64(), order["lat"].as_f64()), (Some(112.6), Some(22.1)));
    stands(&officer, "delivered").await;

    let report =
        |said: &str| json!({ "unit": "boat-1", "t": now_ms(), "task": "T-1", "report": said });
    for (said, state) in [
        ("accept", "accepted"),
        ("en_route", "en_route"),
        ("on_scene", "on_scene"),
        ("done", "done"),
    ] {
        boat.publish("fh/v1/units/boat-1/report", &report(said)).await;
        stands(&officer, state).await;
    }
    let task = stands(&officer, "done").await;
    let states: Vec<&str> =
        task["history"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["sent", "delivered", "accepted", "en_route", "on_scene", "done"]);
    let trace = officer.get("/v1/trace/T-1").await.json();
    let stops = trace["stops"].as_array().unwrap();
    let number = |stop: &Value| stop["stop"].as_u64().unwrap();
    let numbers: Vec<u64> = stops.iter().map(number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9], "{trace}");

    // Nothing follows on done: refused, kept, and told to whose unit it is.
    boat.publish("fh/v1/units/boat-1/report", &report("en_route")).await;
    let refused = officer
        .until("/v1/rejections", |list| {
            let found = list.as_array()?.iter().find(|r| r["reason"] == "impossible_report")?;
            Some(found.clone())
        })
        .await;
    assert_eq!(refused["agency"], "rescue");
    assert_eq!(stands(&officer, "done").await["history"].as_array().map(Vec::len), Some(6));
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_reports_on_its_own_task_only() {
    let Opened { folder: _folder, platform, officer, unit } = opened().await;
    assert_eq!(officer.command("d", dispatch("boat-2")).await.status, 200);
    let client = platform.client().with("Authorization", &format!("Bearer {unit}"));
    let report = json!({ "unit": "boat-1", "t": now_ms(), "task": "T-1", "report": "accept" });
    let answer = client.post("/v1/reports/units", &report).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["rejected"][0]["reason"], "impossible_report", "{}", answer.text());
    let foreign = json!({ "unit": "boat-2", "t": now_ms(), "task": "T-1", "report": "accept" });
    let answer = client.post("/v1/reports/units", &foreign).await;
    let taken = answer.status == 200 && answer.json()["accepted"] == 1;
    assert!(!taken, "another unit's name: {}", answer.text());
    assert_eq!(stands(&officer, "sent").await["history"].as_array().map(Vec::len), Some(1));
    assert!(Mqtt::connect(platform.mqtt, "boat-2", &unit).await.is_err(), "another unit's door");
    platform.stop().await.unwrap();
}
