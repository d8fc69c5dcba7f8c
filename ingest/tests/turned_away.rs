//! Whatever is turned away of a sender that has a name is counted by it: before a body is looked at,
//! by a key that came before, by a topic that is not the sender's.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use domain::refusal::{Channel, Reason};
use ingest::hearing::Mqtt;
use ingest::http::server::Bounds;
use ingest::telemetry::{FeedState, Telemetry};
use support::{Client, House, NOW, Served, Town, agency, until};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn state(telemetry: &Telemetry, channel: Channel) -> FeedState {
    let name = (agency("hydro"), channel.wire());
    let feeds = telemetry.feeds();
    feeds.into_iter().find(|(of, _)| *of == name).map(|(_, state)| state).unwrap_or_default()
}

fn rain(v: f64) -> String {
    format!(r#"[{{"station":"R-1","property":"rainfall","t":{},"v":{v}}}]"#, NOW.0)
}

async fn refused(house: &House, count: u64, reason: Reason) {
    // Nobody waits for it: it is looked at with a tick, once it is durable.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while state(house.admission.telemetry(), Channel::Http).refused != count {
        assert!(std::time::Instant::now() < end, "not counted in time: {reason:?}");
        house.admission.tick().await.unwrap();
        tokio::task::yield_now().await;
    }
    let by_reason = house.admission.telemetry().by_reason();
    assert!(by_reason.contains_key(reason.wire()), "{reason:?} is not in {by_reason:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_known_sender_is_counted_whyever_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let served = Served::start(&house, dir.path(), Bounds::default()).await;
    let token = "hydro-secret";
    let long = "k".repeat(300);
    let key = ("Idempotency-Key", long.as_str());
    let rows = [
        ("/v1/observations?backlog=perhaps", &[JSON][..], 400, Reason::FieldForm),
        ("/v1/observations", &[JSON, key][..], 400, Reason::Identifier),
        ("/v1.1/Observations", &[("Content-Type", "text/plain")][..], 415, Reason::Syntax),
        ("/v1.1/Things", &[JSON][..], 405, Reason::UnknownChannel),
    ];
    let mut count = 0;
    for (path, headers, status, reason) in rows {
        let answer = served.post(path, token, headers, rain(1.0).as_bytes()).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        count += 1;
        refused(&house, count, reason).await;
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_under_its_key_is_known_and_another_body_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let served = Served::start(&house, dir.path(), Bounds::default()).await;
    let headers = [JSON, ("Idempotency-Key", "one")];
    let post = |body: String| {
        let served = &served;
        async move { served.post("/v1/observations", "hydro-secret", &headers, body.as_bytes()).await }
    };
    let first = post(rain(1.0)).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None));
    let again = post(rain(1.0)).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    let counted = state(house.admission.telemetry(), Channel::Http);
    assert_eq!((counted.accepted, counted.duplicate), (1, 1));
    let other = post(rain(2.0)).await;
    assert_eq!((other.status, other.reason()), (409, "conflict".to_owned()));
    refused(&house, 1, Reason::Conflict).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_the_senders_is_counted_though_its_connection_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mqtt = Mqtt::Embedded("127.0.0.1:0".parse().unwrap(), Box::default());
    let town = Town::start(dir.path(), mqtt).await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    let hydro = Client::connect(port, "hydro").await;
    hydro.publish("fh/v1/weather/obs", &rain(1.0)).await;
    let telemetry = town.hearing.telemetry().clone();
    until("it is counted", || state(&telemetry, Channel::Mqtt).refused == 1).await;
    let by_reason = telemetry.by_reason();
    assert!(by_reason.contains_key("forbidden"), "{by_reason:?}");
    drop(hydro);
    town.end().await;
}
