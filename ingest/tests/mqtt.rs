//! The embedded endpoint and admission together: acknowledged means durable, refusals are told, an
//! agency speaks for itself only, and tasks reach their units.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use domain::record::Record;
use domain::refusal::Channel;
use domain::report::Report;
use ingest::hearing::Mqtt;
use ingest::seams::TaskDown;
use proptest::prelude::*;
use rumqttc::{Incoming, SubscribeReasonCode};
use support::{Client, NOW, Town, until};

fn embedded() -> Mqtt {
    Mqtt::Embedded("127.0.0.1:0".parse().unwrap(), Box::default())
}

fn rain(station: &str, step: i64, v: f64) -> String {
    let t = NOW.0 - step * 300_000;
    format!(r#"{{"station":"{station}","property":"rainfall","t":{t},"v":{v}}}"#)
}

async fn town() -> (tempfile::TempDir, Town, u16) {
    let dir = tempfile::tempdir().unwrap();
    let town = Town::start(dir.path(), embedded()).await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    (dir, town, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_packet_is_in_the_journal() {
    let (_dir, town, port) = town().await;
    let mut hydro = Client::connect(port, "hydro").await;
    hydro.publish_acked("fh/v1/hydro/obs", &rain("R-1", 0, 1.0)).await;
    assert_eq!(town.observations().len(), 1);
    let array = format!("[{},{}]", rain("R-2", 0, 1.0), rain("R-3", 0, 1.0));
    hydro.publish_acked("fh/v1/hydro/obs", &array).await;
    let lines = format!("{}\n{}\n", rain("R-4", 0, 1.0), rain("R-5", 0, 1.0));
    hydro.publish_acked("fh/v1/hydro/obs", &lines).await;
    hydro.publish_acked("fh/v1/hydro/R-6/rainfall", "0.5").await;
    let dated = format!(r#"{{"t":{},"v":1.5}}"#, NOW.0 - 300_000);
    hydro.publish_acked("fh/v1/hydro/R-6/rainfall", &dated).await;
    let seen = town.observations();
    assert_eq!(seen.len(), 7);
    assert_eq!(seen[5], ("R-6".to_owned(), NOW.0, 0.5));
    assert_eq!(seen[6], ("R-6".to_owned(), NOW.0 - 300_000, 1.5));
    assert!(
        town.records().iter().all(
            |r| !matches!(r, Record::Observation { channel, .. } if *channel != Channel::Mqtt)
        )
    );
    drop(hydro);
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_acknowledged_kept_and_told() {
    let (_dir, town, port) = town().await;
    let mut hydro = Client::connect(port, "hydro").await;
    assert_eq!(
        hydro.subscribe("fh/v1/hydro/rejected").await,
        [SubscribeReasonCode::Success(rumqttc::QoS::AtLeastOnce)]
    );
    let body = format!("[{},{}]", rain("R-1", 0, 1.0), rain("R-1", 1, 999.0));
    hydro.publish("fh/v1/hydro/obs", &body).await;
    let (topic, note) = hydro.message().await;
    assert_eq!(topic, "fh/v1/hydro/rejected");
    assert_eq!(
        (&note["index"], &note["reason"], &note["source"]),
        (&1.into(), &"out_of_range".into(), &"fh/v1/hydro/obs".into())
    );
    assert!(note["detail"].as_str().unwrap().contains("999"));
    assert!(!note["what_to_do"].as_str().unwrap().is_empty());
    assert!(note["received"].as_str().unwrap().starts_with("2026-06-10T19:05:00"));
    // A topic that carries nothing, a body that is nothing, and one item of very many.
    for (topic, body, reason) in [
        ("fh/v1/hydro/what", "1", "unknown_channel"),
        ("fh/v1/hydro/obs", "{", "syntax"),
        ("fh/v1/hydro/R-1/rainfall", "wet", "syntax"),
        ("fh/v1/hydro/R-1/snow_depth", "1", "unknown_property"),
    ] {
        hydro.publish(topic, body).await;
        assert_eq!(hydro.message().await.1["reason"], reason, "{topic} {body}");
    }
    hydro.publish("fh/v1/hydro/obs", &"x\n".repeat(100)).await;
    let told = hydro.message().await.1;
    let told = told.as_array().expect("one note for all of them");
    assert_eq!(told.len(), 32);
    let indices: Vec<_> = told.iter().map(|item| item["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, (0..32).collect::<Vec<_>>());
    assert!(told.iter().all(|item| item["reason"] == "syntax" && !item["detail"].is_null()));
    assert!(told[..31].iter().all(|item| item.get("more").is_none()));
    assert_eq!(told[31]["more"], 68, "the last says how many more there were");
    // Single notes for all of these would be more than its queue has places: every packet is told.
    let body = "x\n".repeat(100);
    for _ in 0..20 {
        hydro.publish("fh/v1/hydro/obs", &body).await;
    }
    for _ in 0..20 {
        assert_eq!(hydro.message().await.1[31]["more"], 68);
    }
    let kept = town.records().iter().filter(|r| matches!(r, Record::Refused(_))).count();
    assert_eq!(kept, 105 + 20 * 100);
    drop(hydro);
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_30_an_agency_speaks_and_listens_for_itself_only() {
    let (_dir, town, port) = town().await;
    let mut hydro = Client::connect(port, "hydro").await;
    for filter in [
        "#",
        "fh/#",
        "fh/v1/#",
        "fh/v1/+/rejected",
        "fh/v1/weather/rejected",
        "$share/x/#",
        "fh/v1/units/boat-01/tasks",
    ] {
        assert_eq!(hydro.subscribe(filter).await, [SubscribeReasonCode::Failure], "{filter}");
    }
    assert_ne!(hydro.subscribe("fh/v1/hydro/#").await, [SubscribeReasonCode::Failure]);
    for topic in [
        "fh/v1/weather/obs",
        "fh/v1/hydro/rejected",
        "fh/v1/hydro/signals",
        "fh/v1/units/boat-01/report",
        "fh/v2/hydro/obs",
        "x",
    ] {
        // v3.1.1 has no negative acknowledgement: the connection is closed, and made again.
        let mut client = Client::connect_as(port, "hydro", "other", true).await;
        client.publish(topic, &rain("R-1", 0, 1.0)).await;
        client
            .wait("to be closed and come back", |i| matches!(i, Incoming::ConnAck(_)).then_some(()))
            .await;
    }
    assert_eq!(town.observations(), []);
    hydro.publish_acked("fh/v1/hydro/obs", &rain("R-1", 0, 1.0)).await;
    drop(hydro);
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_32_what_is_sent_again_is_one() {
    let (_dir, town, port) = town().await;
    let mut hydro = Client::connect(port, "hydro").await;
    for _ in 0..20 {
        hydro.publish("fh/v1/hydro/obs", &rain("R-1", 0, 1.0)).await;
    }
    hydro.acked(20).await;
    assert_eq!(town.observations().len(), 1);
    let feeds = town.hearing.feeds();
    assert_eq!(
        (feeds[0].1.accepted, feeds[0].1.duplicate, feeds[0].1.frontier),
        (1, 19, Some(NOW))
    );
    drop(hydro);
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_reaches_its_unit_and_the_report_comes_back() {
    let (_dir, town, port) = town().await;
    let task = |key: u64| TaskDown { key, body: format!(r#"{{"task":"T-{key}"}}"#).into() };
    town.board.0.lock().unwrap().push(("boat-01".into(), task(1)));
    let mut boat = Client::connect(port, "boat-01").await;
    boat.subscribe("fh/v1/units/boat-01/tasks").await;
    assert_eq!(boat.message().await.1["task"], "T-1", "it waited for the unit");
    until("the desk knows of the delivery", || town.board.0.lock().unwrap().is_empty()).await;
    town.board.0.lock().unwrap().push(("boat-01".into(), task(2)));
    let unit = domain::ids::UnitId::new("boat-01").unwrap();
    assert!(town.hearing.send_task(&unit, &task(2)));
    assert_eq!(boat.message().await.1["task"], "T-2", "at once");
    let report = |task: u64| {
        format!(r#"{{"unit":"boat-01","t":{},"task":"T-{task}","report":"accept"}}"#, NOW.0)
    };
    boat.publish_acked("fh/v1/units/boat-01/report", &report(2)).await;
    boat.publish_acked("fh/v1/units/boat-01/report", &report(2)).await;
    boat.subscribe("fh/v1/units/boat-01/rejected").await;
    boat.publish_acked("fh/v1/units/boat-01/report", &report(999)).await;
    let (topic, note) = boat.message().await;
    assert_eq!(
        (topic.as_str(), &note["reason"]),
        ("fh/v1/units/boat-01/rejected", &"impossible_report".into()),
        "by MQTT 3.1.1 an acknowledgement says no more than that it came"
    );
    let other = report(2).replace("boat-01", "boat-02");
    boat.publish_acked("fh/v1/units/boat-01/report", &other).await;
    assert_eq!(boat.message().await.1["reason"], "foreign_station");
    let reports = town
        .records()
        .into_iter()
        .filter(|r| matches!(r, Record::Report { report: Report::Unit(_), .. }));
    assert_eq!(reports.count(), 1);
    let by_reason = town.hearing.telemetry().by_reason();
    assert_eq!((by_reason["impossible_report"], by_reason["foreign_station"]), (1, 1));
    drop(boat);
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_or_a_name_outside_the_city_is_not_let_in() {
    let (_dir, town, port) = town().await;
    for (user, secret, code) in [
        ("hydro", "wrong", rumqttc::ConnectReturnCode::BadUserNamePassword),
        ("stranger", "stranger-secret", rumqttc::ConnectReturnCode::NotAuthorized),
        ("boat-99", "boat-99-secret", rumqttc::ConnectReturnCode::NotAuthorized),
    ] {
        let mut options = rumqttc::MqttOptions::new("c", "127.0.0.1", port);
        options.set_credentials(user, secret);
        let (_client, mut eventloop) = rumqttc::AsyncClient::new(options, 10);
        match eventloop.poll().await {
            Err(rumqttc::ConnectionError::ConnectionRefused(said)) => {
                assert_eq!(said, code, "{user}")
            }
            other => panic!("{user}: {other:?}"),
        }
    }
    town.end().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    /// Proptest prints the seed of a failing mix.
    #[test]
    fn what_is_sent_over_mqtt_is_accepted_or_known_or_refused(
        mix in proptest::collection::vec((0u8..6, 1u8..21, 0i64..40), 50..400),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let (_dir, town, port) = town().await;
            let mut hydro = Client::connect(port, "hydro").await;
            for (kind, station, step) in &mix {
                let body = match kind {
                    0 => "{".to_owned(),
                    1 => rain("nobody", *step, 1.0),
                    2 => rain("R-1", -100_000, 1.0),
                    _ => rain(&format!("R-{station}"), *step, 1.0),
                };
                hydro.publish("fh/v1/hydro/obs", &body).await;
            }
            hydro.acked(mix.len()).await;
            let feed = town.hearing.feeds()[0].1.clone();
            assert_eq!(feed.sent(), mix.len() as u64);
            let records = town.records();
            let count = |f: fn(&Record) -> bool| records.iter().filter(|r| f(r)).count() as u64;
            assert_eq!(count(|r| matches!(r, Record::Observation { .. })), feed.accepted);
            let refused = feed.refused + feed.quarantined;
            assert_eq!(count(|r| matches!(r, Record::Refused(_))), refused);
            drop(hydro);
            town.end().await;
        });
    }
}
