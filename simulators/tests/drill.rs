//! A drill against a broker: stations, offices and units on their own topics, by their own names.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod listeners;

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use listeners::broker::{Broker, Manners};
use listeners::web::{BEGIN_MS, Web};

/// A drill that ends with the test.
struct Drill(Child);

impl Drop for Drill {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn drill(broker: &Broker, web: &Web, folder: &std::path::Path) -> Drill {
    let credentials = folder.join("credentials.toml");
    std::fs::write(&credentials, "[agency]\n\"*\" = \"demo\"\n[unit]\n\"*\" = \"demo\"\n").unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo-sim"));
    command.arg("drill").arg("--scenario").arg(format!("{root}/scenarios/typhoon-ronglan.toml"));
    command.arg("--city").arg(format!("{root}/cities/jiangmen"));
    command.arg("--mqtt").arg(broker.address.to_string()).arg("--credentials").arg(credentials);
    command.arg("--http").arg(format!("http://{}", web.address));
    command.args(["--start", "-3h", "--history", "0.5", "--own-dates", "--quiet"]);
    let said = std::fs::File::create(folder.join("said")).unwrap();
    command.stdout(Stdio::from(said)).stderr(Stdio::null());
    Drill(command.spawn().unwrap())
}

/// Waits until a condition holds, two minutes at most.
async fn until(what: &str, mut met: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !met() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn stations_offices_and_units_speak_on_their_own_topics() {
    let folder = tempfile::tempdir().unwrap();
    let password = Some("demo".to_owned());
    let broker = Broker::start(Manners { password, ..Manners::default() }).await;
    let web = Web::start(0).await;
    let _drill = drill(&broker, &web, folder.path());

    let mut told = false;
    let begun = Instant::now();
    while !told {
        assert!(begun.elapsed() < Duration::from_secs(120), "the unit never subscribed");
        told = broker.tell("fh/v1/units/pump-02/tasks", r#"{"task":"T-1","text":"强排"}"#).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let words = || -> Vec<String> {
        let report = |(topic, payload): &(String, String)| {
            let value: serde_json::Value = serde_json::from_str(payload).unwrap();
            (topic == "fh/v1/units/pump-02/report" && value["task"] == "T-1")
                .then(|| value["report"].as_str().unwrap().to_owned())
        };
        broker.messages().iter().filter_map(report).collect()
    };
    until("the task is closed", || words().iter().any(|w| w == "done" || w == "refuse")).await;
    assert!(
        words() == ["accept", "en_route", "on_scene", "done"] || words() == ["refuse"],
        "{:?}",
        words()
    );

    let agencies = || -> BTreeSet<String> {
        let messages = broker.messages();
        let own = |t: &str| t.strip_suffix("/obs").map(str::to_owned);
        messages.iter().filter_map(|(t, _)| own(t)).collect()
    };
    until("four agencies send by MQTT", || agencies().len() >= 4).await;
    let wanted = ["hydrology", "sea", "water", "weather"];
    assert!(agencies().into_iter().eq(wanted.map(|a| format!("fh/v1/{a}"))));
    // Hospitals and the drainage centre send by HTTP, as the scenario says.
    until("hospitals and streets send by HTTP", || {
        let taken = web.taken.lock().unwrap();
        taken.reports.len() >= 40 && taken.items.iter().any(|i| i["property"] == "ponding_depth")
    })
    .await;
    for status in &web.taken.lock().unwrap().reports {
        assert!(status["beds"].as_u64() > Some(0) && status["beds_occupied"].as_u64() > Some(0));
        // With the beds by type, as a bed desk reports them.
        let types = status["bed_capacity"].as_array().unwrap();
        assert_eq!(types.len(), 2, "{status}");
        for of in types {
            assert!(of["available"].as_u64() <= of["baseline"].as_u64(), "{status}");
        }
        assert!(status["offload_minutes"].as_u64() >= Some(5), "{status}");
    }
    // What was counted on the days before, each a day's count of one kind at one place.
    let counts: Vec<serde_json::Value> = web.taken.lock().unwrap().counts.clone();
    assert_eq!(counts.len(), 9 * 14);
    assert!(counts.iter().all(|c| c["count"].is_u64() && c["reported"].is_string()));
    // The clock that is a day ahead stays in the drill at this speed too, and is told.
    let ahead = || {
        let day = BEGIN_MS + 20 * 3_600_000;
        let is_ahead = |row: &serde_json::Value| row["t"].as_i64().is_some_and(|t| t > day);
        broker.messages().iter().any(|(topic, payload)| {
            topic == "fh/v1/weather/obs"
                && match serde_json::from_str(payload).unwrap() {
                    serde_json::Value::Array(rows) => rows.iter().any(is_ahead),
                    row => is_ahead(&row),
                }
        })
    };
    until("a frame of tomorrow", ahead).await;
    let said = std::fs::read_to_string(folder.path().join("said")).unwrap();
    assert!(said.contains(" inject I4 ") && said.contains(" signal "), "{said}");
    assert!(!said.contains("sent="), "it was told to be quiet: {said}");
    let messages = broker.messages();
    let signals: Vec<_> = messages.iter().filter(|(t, _)| t.ends_with("/signals")).collect();
    assert!(signals.len() >= 9, "{} signals are in force at -3 h", signals.len());
    for (topic, payload) in &signals {
        let signal: domain::report::OfficialSignal = serde_json::from_str(payload).unwrap();
        assert!(signal.text.contains("虚构"));
        assert!(topic == "fh/v1/weather/signals" || topic == "fh/v1/sea/signals");
    }
}

#[tokio::test]
async fn a_wrong_secret_ends_the_drill() {
    let folder = tempfile::tempdir().unwrap();
    let password = Some("another".to_owned());
    let broker = Broker::start(Manners { password, ..Manners::default() }).await;
    let web = Web::start(0).await;
    let mut drill = drill(&broker, &web, folder.path());
    until("it ends by itself", || drill.0.try_wait().unwrap().is_some()).await;
    assert_eq!(drill.0.wait().unwrap().code(), Some(1));
    assert!(broker.messages().is_empty());
}
