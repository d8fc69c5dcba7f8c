//! Load: what is asked is what is sent, and every message is accounted for.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod listeners;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use listeners::broker::{Broker, Manners};
use simulators::feed::{Feed, MqttFeed, MqttOptions};
use simulators::load::{Weight, publish};

#[tokio::test]
async fn a_rate_is_kept_and_no_two_readings_are_alike() {
    let broker = Broker::start(Manners::default()).await;
    let feed = Feed::Mqtt(MqttFeed::open(MqttOptions {
        address: broker.address.to_string().parse().unwrap(),
        user: "hydrology".into(),
        password: "x".into(),
        client_id: "load".into(),
        subscribe: vec![],
        keep_session: false,
        in_flight: 50,
    }));
    let streams = Arc::new(vec![("A".into(), "rainfall".into()), ("B".into(), "rainfall".into())]);
    let weight = Weight { rate: Some(400.0), seconds: 2.0, batch: 1, streams };
    let total = Arc::new(AtomicU64::new(0));
    publish(&feed, &weight, 0, 1, total).await.unwrap();
    let tally = feed.finish().await.unwrap();
    assert_eq!((tally.accepted, tally.refused), (tally.sent, 0));
    // A loaded machine may fall behind; it never gets ahead.
    assert!((200..=800).contains(&tally.sent), "{} for 800", tally.sent);
    let messages = broker.messages();
    let alike: BTreeSet<&String> = messages.iter().map(|(_, p)| p).collect();
    assert_eq!(alike.len() as u64, tally.sent);
    let Feed::Mqtt(feed) = feed else { panic!("it is MQTT") };
    assert_eq!(feed.latencies().count(), tally.sent);
}
