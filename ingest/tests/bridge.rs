//! A city's own broker: a real mosquitto, ended and started again while stations publish.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use domain::record::Record;
use domain::refusal::Channel;
use ingest::bridge::BridgeConfig;
use ingest::hearing::Mqtt;
use ingest::seams::TaskDown;
use support::{Client, NOW, Program, Town, free_port, listening, until};

/// A broker that keeps sessions over an ordered restart.
async fn broker(dir: &Path, port: u16) -> Program {
    let config = dir.join("mosquitto.conf");
    let text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {}/\n\
         max_inflight_messages 100\nmax_queued_messages 100000\nuser root\n",
        dir.display()
    );
    std::fs::write(&config, text).unwrap();
    let name =
        if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    let program = Program::start(name, &["-c", config.to_str().unwrap()]);
    listening(port).await;
    program
}

fn bridge(port: u16) -> Mqtt {
    let url = format!("mqtt://127.0.0.1:{port}");
    Mqtt::Bridge(BridgeConfig::parse(&url, "fenghuo-test").unwrap())
}

fn rain(station: u32, step: i64) -> String {
    let t = NOW.0 - step * 1_000;
    format!(r#"{{"station":"R-{station}","property":"rainfall","t":{t},"v":1.5}}"#)
}

async fn connected(town: &Town, times: u64) {
    until("the bridge is connected", || {
        town.hearing.bridge_state().is_some_and(|s| s.connected && s.connects >= times)
    })
    .await;
}

fn seen(town: &Town) -> BTreeSet<(String, i64)> {
    town.observations().into_iter().map(|(station, t, _)| (station, t)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_a_restart_of_the_broker_or_of_the_platform() {
    let (data, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = free_port();
    let mosquitto = broker(kept.path(), port).await;
    let town = Town::start(data.path(), bridge(port)).await;
    connected(&town, 1).await;
    let mut expected = BTreeSet::new();
    let mut send = |client: &Client, from: i64, to: i64| {
        let lines: Vec<(u32, i64)> = (from..to).map(|n| ((n % 20) as u32 + 1, n)).collect();
        expected.extend(lines.iter().map(|(s, n)| (format!("R-{s}"), NOW.0 - n * 1_000)));
        let client = client.client.clone();
        async move {
            for (station, step) in lines {
                let qos = rumqttc::QoS::AtLeastOnce;
                client.publish("fh/v1/hydro/obs", qos, false, rain(station, step)).await.unwrap();
            }
        }
    };
    let mut station = Client::connect_as(port, "hydro", "station", false).await;
    send(&station, 0, 500).await;
    station.acked(500).await;
    // The broker goes, with some of it perhaps not yet handed over, and comes back.
    mosquitto.stop();
    let mosquitto = broker(kept.path(), port).await;
    connected(&town, 2).await;
    assert!(town.hearing.bridge_state().unwrap().session_present, "it kept our session");
    drop(station);
    let mut station = Client::connect_as(port, "hydro", "station-2", true).await;
    send(&station, 500, 1_000).await;
    station.acked(500).await;
    until("everything is in the journal", || seen(&town).len() >= 1_000).await;
    // The platform goes; the broker keeps what comes meanwhile.
    town.end().await;
    send(&station, 1_000, 1_300).await;
    station.acked(300).await;
    let town = Town::start(data.path(), bridge(port)).await;
    until("everything is in the journal", || seen(&town).len() >= 1_300).await;
    let missing: Vec<_> = expected.difference(&seen(&town)).cloned().collect();
    assert_eq!(missing, []);
    assert_eq!(town.observations().len(), 1_300, "each once");
    let by_bridge =
        |r: &Record| matches!(r, Record::Observation { channel: Channel::MqttBridge, .. });
    assert_eq!(town.records().iter().filter(|r| by_bridge(r)).count(), 1_300);
    until("everything is acknowledged to the broker", || {
        let state = town.hearing.bridge_state().unwrap();
        state.acknowledged == state.packets
    })
    .await;
    drop(station);
    town.end().await;
    mosquitto.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_and_tasks_sent_through_the_broker() {
    let (data, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = free_port();
    let mosquitto = broker(kept.path(), port).await;
    let town = Town::start(data.path(), bridge(port)).await;
    connected(&town, 1).await;
    let mut hydro = Client::connect(port, "hydro").await;
    hydro.subscribe("fh/v1/hydro/rejected").await;
    hydro.publish("fh/v1/hydro/R-1/rainfall", "999").await;
    let (topic, note) = hydro.message().await;
    assert_eq!((topic.as_str(), &note["reason"]), ("fh/v1/hydro/rejected", &"out_of_range".into()));
    // Larger than a client library's default, and of nobody in the city: neither stops the rest.
    let large = format!("[{}]", (0..2_000).map(|n| rain(1, n)).collect::<Vec<_>>().join(","));
    assert!(large.len() > 100_000);
    hydro.publish("fh/v1/hydro/obs", &large).await;
    hydro.publish("fh/v1/units/boat-99/report", "{}").await;
    hydro.publish("fh/v1/hydro/obs", &rain(2, 0)).await;
    until("both are in the journal", || seen(&town).len() == 2_001).await;
    let mut boat = Client::connect(port, "boat-01").await;
    boat.subscribe("fh/v1/units/boat-01/tasks").await;
    let task = TaskDown { key: 7, body: r#"{"task":"T-7"}"#.into() };
    town.board.0.lock().unwrap().push(("boat-01".into(), task.clone()));
    let unit = domain::ids::UnitId::new("boat-01").unwrap();
    assert!(town.hearing.send_task(&unit, &task));
    assert_eq!(boat.message().await.1["task"], "T-7");
    until("the desk knows of it", || town.board.0.lock().unwrap().is_empty()).await;
    let report = format!(r#"{{"unit":"boat-01","t":{},"task":"T-7","report":"accept"}}"#, NOW.0);
    boat.publish("fh/v1/units/boat-01/report", &report).await;
    until("the report is in the journal", || {
        town.records().iter().any(|r| matches!(r, Record::Report { .. }))
    })
    .await;
    drop((hydro, boat));
    town.end().await;
    mosquitto.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_waited_for() {
    let (data, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = free_port();
    let town = Town::start(data.path(), bridge(port)).await;
    until("it has tried", || town.hearing.bridge_state().is_some_and(|s| s.last_error.is_some()))
        .await;
    let mosquitto = broker(kept.path(), port).await;
    connected(&town, 1).await;
    town.end().await;
    mosquitto.stop();
}
