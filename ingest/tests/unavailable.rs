//! A journal that cannot write: nothing is acknowledged, the sender keeps what it has, and it is
//! taken once there is room. A slow journal holds senders up and loses nothing.

// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::refusal::{Channel, Reason};
use ingest::admit::Source;
use ingest::hearing::Mqtt;
use ingest::http::server::Bounds;
use ingest::judge::Why;
use journal::{Options, Phase, PhaseHook};
use rumqttc::Incoming;
use support::{Client, House, NOW, Served, Town, agency, until};

fn rain(n: i64) -> String {
    let t = NOW.0 - n * 1_000;
    format!(r#"{{"station":"R-1","property":"rainfall","t":{t},"v":1.5}}"#)
}

/// Bytes that do not compress.
fn noise() -> Vec<u8> {
    (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn embedded() -> Mqtt {
    Mqtt::Embedded("127.0.0.1:0".parse().unwrap(), Box::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_journal_acknowledges_nothing_over_mqtt() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { max_pages: Some(40), ..Options::live() };
    let town = Town::start_on(dir.path(), embedded(), None, options).await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    let mut hydro = Client::connect(port, "hydro").await;
    hydro.publish_acked("fh/v1/hydro/obs", &rain(0)).await;
    let (who, why) = (agency("hydro"), Why { reason: Reason::Syntax, detail: "noise".into() });
    let source = Source { agency: &who, channel: Channel::Mqtt, place: "test" };
    for _ in 0..60 {
        let _ = town.hearing.admission().refuse(source, why.clone(), &noise()).durable().await;
    }
    let body = (1..4_000).map(rain).collect::<Vec<_>>().join("\n");
    hydro.publish("fh/v1/hydro/obs", &body).await;
    // No acknowledgement: the connection is closed, and the client comes back to send it again.
    let acknowledged = hydro
        .wait("what becomes of it", |incoming| match incoming {
            Incoming::PubAck(_) => Some(true),
            Incoming::ConnAck(_) => Some(false),
            _ => None,
        })
        .await;
    assert!(!acknowledged);
    assert_eq!(town.observations().len(), 1);
    drop(hydro);
    town.hearing.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_journal_is_said_over_http_to_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { max_pages: Some(40), ..Options::live() };
    let house = House::open_with(dir.path(), true, options);
    let served = Served::start(&house, dir.path(), Bounds::default()).await;
    let (who, why) = (agency("hydro"), Why { reason: Reason::Syntax, detail: "noise".into() });
    let source = Source { agency: &who, channel: Channel::Http, place: "test" };
    for _ in 0..60 {
        let _ = house.admission.refuse(source, why.clone(), &noise()).durable().await;
    }
    let body = format!("[{}]", (1..4_000).map(rain).collect::<Vec<_>>().join(","));
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "k")];
    for _ in 0..2 {
        let answer =
            served.post("/v1/observations", "hydro-secret", &headers, body.as_bytes()).await;
        assert_eq!((answer.status, answer.reason().as_str()), (503, "unavailable"), "{answer:?}");
        assert!(answer.header("retry-after").is_some());
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_journal_holds_senders_up_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (stalled, waiting) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(0u32)));
    let hook = PhaseHook::new({
        let (stalled, waiting) = (stalled.clone(), waiting.clone());
        move |phase| {
            if phase == Phase::BeforeCommit && stalled.load(Ordering::SeqCst) {
                *waiting.lock().unwrap() += 1;
                while stalled.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    });
    let options = Options { phase_hook: hook, ..Options::live() };
    let town = Town::start_on(dir.path(), embedded(), None, options).await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    let mut hydro = Client::connect(port, "hydro").await;
    stalled.store(true, Ordering::SeqCst);
    for n in 0..300 {
        hydro.publish("fh/v1/hydro/obs", &rain(n)).await;
    }
    until("the journal stands", || *waiting.lock().unwrap() > 0).await;
    assert_eq!(town.hearing.feeds(), [], "nothing is counted before it is durable");
    stalled.store(false, Ordering::SeqCst);
    hydro.acked(300).await;
    assert_eq!(town.observations().len(), 300);
    drop(hydro);
    town.end().await;
}
