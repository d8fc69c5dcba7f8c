//! One observation through the nine stops. Read this first.
//!
//! A gauge at a river sends a packet. At the end a boat has been where it was needed, and one id
//! leads from the one to the other. Everything here is the real thing: the built platform, a socket,
//! a disk; what a stop did is read where a user would look for it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use domain::ids::Seq;
use domain::record::Record;
use serde_json::{Value, json};
use system_tests::console::Console;
use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::publisher::Publisher;
use system_tests::town::Town;

/// How soon the next stop must have been reached; far more than it takes.
const SOON: Duration = Duration::from_secs(10);

/// The packet's body, as the gauge sends it: 3.95 m, and the warning stage is 3.80 m.
const BODY: &str = r#"{"station":"BRIDGE","property":"water_level","t":1781118300000,"v":3.95}"#;

/// A town with one gauge, one rule with its source, one boat, one plan.
fn town(folder: &Path) -> std::path::PathBuf {
    Town::new()
        .station("BRIDGE", &[("water_level", 300)])
        .file(
            "hazards/river_stage.toml",
            "hazard = \"river_stage\"\nsource = \"the office's list of warning stages\"\n\
             [[threshold]]\nlevel = \"yellow\"\nat_least = 3.80\nstation = \"BRIDGE\"\nmark = \"warning\"\ndatum = \"local\"\n",
        )
        .file("units.csv", "id,name,name_en,kind,agency,lon,lat,people\nBOAT-1,一号艇,Boat 1,boat,hydro,112.6,22.2,4\n")
        .file(
            "plans/flood.toml",
            "id = \"flood\"\ntitle = \"防汛\"\nhazards = [\"river_stage\"]\nsource = \"the town's plan\"\n\
             [[measure]]\nclause = \"§3\"\nfrom_level = \"yellow\"\ntext = \"巡堤查险\"\nunit_kind = \"boat\"\nlimit_min = 60\n",
        )
        .write(folder)
}

#[test]
fn one_observation_walks_the_nine_stops_from_a_gauge_to_a_closed_task() {
    let folder = scratch();
    let city = town(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    // `--clock replay`: the platform's now follows the newest frame, so this day is any day.
    let platform = Platform::start(&city, &data, &["--demo", "--clock", "replay"]);
    let officer = sign_in(&platform, "demo");
    let leader = sign_in(&platform, "demo-commander");
    let mut console = Console::connect(&platform.http, &officer, None);
    let token = |who: &str| token(&data, who);

    // ── 1. Heard ── The packet arrives over MQTT at QoS 1. No acknowledgement yet.
    let mut gauge =
        Publisher::connect(&platform.mqtt, "hydro", &token("agency"), 10).expect("connects");
    gauge.publish(1, "fh/v1/hydro/obs", BODY.as_bytes()).expect("sent");

    // ── 2. Decoded ── Bytes become an observation or a typed error; nothing else happens here, so
    // the same function can be asked directly.
    let decoded = ingest::json::decode::decode_line(BODY.as_bytes()).expect("an observation");
    assert_eq!((&*decoded.station, &*decoded.property, decoded.v), ("BRIDGE", "water_level", 3.95));

    // ── 3. Admitted ── Known station, metres, within range, not seen before: it is written down,
    // and only then acknowledged. Once the PUBACK is here, the journal has it.
    assert!(gauge.settle(SOON), "acknowledged");
    let (seq, observation) = in_the_journal(&data);
    assert_eq!(observation.value, 3.95);
    let id = format!("BRIDGE:water_level:1781118300000:{:08x}", observation.content_crc());

    // ── 4. Ordered, 5. Understood, 6. Raised ── The engine reads the journal in order, judges the
    // stage against the warning stage *as of the observation's own time*, and raises an alert that
    // names the observation it was made from.
    let alert = console.change("the alert", SOON, |c| c["kind"] == "alert");
    assert_eq!((&alert["hazard"], &alert["place"]), (&json!("river_stage"), &json!("BRIDGE")));
    assert_eq!((&alert["level"], &alert["value"]), (&json!("yellow"), &json!(3.95)));
    let alert_id = text(&alert["id"]);
    let why = officer.get(&format!("/v1/alerts/{alert_id}/explanation")).json();
    let raised = why["decisions"].as_array().expect("decisions");
    let raised = raised.iter().find(|d| d["kind"] == "alert.raised").expect("raised");
    assert_eq!(raised["because"], json!([id]));
    assert_eq!(raised["seq"], json!(seq.0));
    // Recomputing from those observations gives the decision again.
    assert_eq!(why["recomputed"]["agrees"], json!(true), "{why}");

    // ── 7. Decided ── It has joined the picture: an officer acknowledges it (签收), opens an
    // incident, starts the plan; the plan proposes a task and the nearest boat.
    let done = officer.command("c1", &json!({ "do": "acknowledge", "alert": alert_id }));
    assert_eq!(done.status, 200, "{}", String::from_utf8_lossy(&done.body));
    // ── 8. Shown ── Every console sees who did it, as a numbered change.
    let shown = console.change("the acknowledgement", SOON, |c| {
        c["kind"] == "alert" && !c["row"]["acknowledged_by"].is_null()
    });
    assert_eq!(shown["id"], json!(alert_id));
    let open = json!({ "do": "open_incident", "alert": alert_id, "title": "桥下水位超警" });
    assert_eq!(officer.command("c2", &open).status, 200);
    let incident = console.change("the incident", SOON, |c| c["kind"] == "incident");
    let incident = text(&incident["id"]);
    let start = json!({ "do": "start_plan", "incident": incident, "plan": "flood" });
    // Starting a plan is the leader's to decide.
    assert_eq!(officer.command("c3", &start).status, 403);
    let started = leader.command("c3b", &start);
    assert_eq!(started.status, 200, "{}", String::from_utf8_lossy(&started.body));
    let task = console.change("the proposed task", SOON, |c| c["kind"] == "task");
    assert_eq!((&task["state"], &task["unit"]), (&json!("proposed"), &json!("BOAT-1")));
    let task = text(&task["id"]);

    // ── 9. Answered ── The order goes to the boat over MQTT; its reports come in at stop 1 again.
    let mut boat =
        Publisher::connect(&platform.mqtt, "BOAT-1", &token("unit"), 10).expect("connects");
    boat.subscribe("fh/v1/units/BOAT-1/tasks").expect("subscribed");
    let dispatch = json!({ "do": "dispatch", "incident": incident, "task": task,
        "text": "巡堤查险", "unit": "BOAT-1", "due": 1_781_118_300_000i64 + 3_600_000 });
    let sent = officer.command("c4", &dispatch);
    assert_eq!(sent.status, 200, "{}", String::from_utf8_lossy(&sent.body));
    let order = eventually("the order reaches the boat", SOON, || boat.received().first().cloned());
    assert_eq!(order.0, "fh/v1/units/BOAT-1/tasks");
    let order: Value = serde_json::from_slice(&order.1).expect("JSON");
    assert_eq!(order["task"], json!(task));
    for (n, report) in ["accept", "en_route", "on_scene", "done"].iter().enumerate() {
        let t = 1_781_118_400_000i64 + i64::try_from(n).expect("small") * 60_000;
        let body = json!({ "unit": "BOAT-1", "t": t, "task": task, "report": report });
        let body = body.to_string();
        boat.publish(n as u64, "fh/v1/units/BOAT-1/report", body.as_bytes()).expect("sent");
    }
    assert!(boat.settle(SOON), "the reports are acknowledged");
    console
        .change("the task is done", SOON, |c| c["kind"] == "task" && c["row"]["state"] == "done");

    // One id leads from the packet to the closed task: the observation's, the alert's or the task's.
    for id in [&id, &alert_id, &task] {
        let trace = officer.get(&format!("/v1/trace/{id}")).json();
        let stops = trace["stops"].as_array().expect("stops");
        let numbers: Vec<u64> = stops.iter().filter_map(|s| s["stop"].as_u64()).collect();
        assert!((1..=9).all(|n| numbers.contains(&n)), "the stops of the trace: {trace}");
        assert!(trace.to_string().contains(&task) || *id == task, "it leads to the task: {trace}");
        let times: Vec<i64> = stops.iter().map(|s| s["at_ms"].as_i64().expect("a time")).collect();
        assert!(times.is_sorted(), "each stop after the one that led to it: {trace}");
    }
    assert_eq!(platform.stop().code(), Some(0));
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn sign_in(platform: &Platform, user: &str) -> Client {
    let line = platform.said.iter().find(|l| l.starts_with("sign-in")).expect("a sign-in line");
    let field = |name| line.split_whitespace().find_map(|p| p.strip_prefix(name)).unwrap_or("");
    Client::new(&platform.http).sign_in(user, field("password="))
}

fn token(data: &Path, who: &str) -> String {
    let text = std::fs::read_to_string(data.join("credentials.toml")).expect("credentials");
    let table = text.split(&format!("[{who}]")).nth(1).expect("the table");
    table.split('"').nth(3).expect("a token").to_owned()
}

/// The journal, read beside the platform: where the observation stands, and what it is.
fn in_the_journal(data: &Path) -> (Seq, domain::observation::Observation) {
    let mut reader = journal::Reader::open(data).expect("a reader beside the writer");
    let records = reader.read_from(Seq(1), 1000).expect("records");
    let found = records.into_iter().find_map(|r| match r.record {
        Record::Observation { observation, .. } => Some((r.seq, observation)),
        _ => None,
    });
    found.expect("acknowledged means journaled")
}
