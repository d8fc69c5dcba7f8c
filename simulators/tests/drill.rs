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

/// A drill that ends with the test.
struct Drill(Child);

impl Drop for Drill {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn drill(broker: &Broker, folder: &std::path::Path) -> Drill {
    let credentials = folder.join("credentials.toml");
    std::fs::write(&credentials, "[agency]\n\"*\" = \"demo\"\n[unit]\n\"*\" = \"demo\"\n").unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo-sim"));
    command.arg("drill").arg("--scenario").arg(format!("{root}/scenarios/typhoon-ronglan.toml"));
    command.arg("--city").arg(format!("{root}/cities/jiangmen"));
    command.arg("--mqtt").arg(broker.address.to_string()).arg("--credentials").arg(credentials);
    command.args(["--speed", "600", "--start", "-3h", "--history", "0.5"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
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
    let _drill = drill(&broker, folder.path());

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
        let own =
            |t: &str| t.strip_suffix("/obs").or(t.strip_suffix("/hospital")).map(str::to_owned);
        messages.iter().filter_map(|(t, _)| own(t)).collect()
    };
    until("six agencies send", || agencies().len() >= 6).await;
    let wanted = ["drainage", "health", "hydrology", "sea", "water", "weather"];
    assert!(agencies().into_iter().eq(wanted.map(|a| format!("fh/v1/{a}"))));
    let messages = broker.messages();
    for (topic, payload) in messages.iter().filter(|(t, _)| t.ends_with("/hospital")) {
        let status: domain::report::HospitalStatus = serde_json::from_str(payload).unwrap();
        assert!(topic == "fh/v1/health/hospital" && status.beds > 0 && status.beds_occupied > 0);
    }
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
    let mut drill = drill(&broker, folder.path());
    until("it ends by itself", || drill.0.try_wait().unwrap().is_some()).await;
    assert_eq!(drill.0.wait().unwrap().code(), Some(1));
    assert!(broker.messages().is_empty());
}
