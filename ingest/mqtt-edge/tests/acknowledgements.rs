//! When and in what order packets are acknowledged.

// Lints know only `#[test]` functions as tests, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use mqtt_edge::{CloseReason, EdgeConfig};
use support::{Desk, edge, edge_with, publish, publish_flags};
use tokio::time::Instant;

const TOPIC: &str = "fh/v1/hydro/obs";

/// 100 packets in flight whose verdicts come in the reverse order: the acknowledgements leave in
/// the order of the packets, and after the longest wait, not after the sum of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_in_flight_are_answered_in_order_and_side_by_side() {
    let edge = edge().await;
    for (level, qos, ack) in [(4, 1, 0x40), (5, 1, 0x40), (4, 2, 0x50), (5, 2, 0x50)] {
        let mut client = edge.client(level, "gateway").await;
        let began = Instant::now();
        let mut burst = Vec::new();
        for i in 1..=100_u16 {
            let body = format!("delay:{}", 300 - 2 * i);
            burst.extend(publish(level, TOPIC, body.as_bytes(), qos, i));
        }
        client.send(&burst).await;
        for i in 1..=100_u16 {
            let seen = client.packet().await.unwrap();
            assert_eq!((seen.first, seen.body), (ack, i.to_be_bytes().to_vec()));
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(290), "before its verdict: {took:?}");
        assert!(took < Duration::from_millis(1_500), "one after the other: {took:?}");
    }
    assert_eq!(edge.stats().acks, 400);
}

#[tokio::test]
async fn nothing_is_acknowledged_before_its_verdict() {
    let edge = edge().await;
    edge.desk.gate.send_replace(false);
    let mut client = edge.client(4, "station").await;
    client.send(&publish(4, TOPIC, b"1.5", 1, 9)).await;
    edge.until("handed over", |s| s.inflight_messages == 1).await;
    // A PINGRESP overtakes: if the PUBACK had been written, it would come first.
    assert!(client.ping().await);
    edge.desk.gate.send_replace(true);
    assert_eq!(client.packet().await.unwrap().body, [0, 9]);
    edge.until("settled", |s| s.inflight_messages == 0 && s.inflight_bytes == 0).await;
}

#[tokio::test]
async fn a_refusal_for_content_is_acknowledged() {
    let edge = edge().await;
    let mut old = edge.client(4, "old").await;
    assert_eq!(old.publish_acked(4, TOPIC, b"refuse").await, Some(0));
    let mut new = edge.client(5, "new").await;
    new.send(&publish(5, TOPIC, b"refuse", 1, 7)).await;
    let ack = new.packet().await.unwrap();
    assert_eq!((ack.first, ack.body[2]), (0x40, 0x99));
    let words = String::from_utf8_lossy(&ack.body);
    assert!(words.contains("syntax: no JSON"), "{words}");
    new.send(&publish(5, TOPIC, b"refuse", 2, 8)).await;
    let rec = new.packet().await.unwrap();
    assert_eq!((rec.first, rec.body[2]), (0x50, 0x99));
    assert!(old.ping().await && new.ping().await);
    assert_eq!(edge.stats().refused, 3);
}

#[tokio::test]
async fn a_refusal_for_access_is_told_or_closes() {
    let edge = edge().await;
    for topic in ["fh/v1/metro/obs", "fh/v1/hydro/access"] {
        let mut new = edge.client(5, "new").await;
        assert_eq!(new.publish_acked(5, topic, b"access").await, Some(0x87));
        assert!(new.ping().await);
        let mut old = edge.client(4, "old").await;
        old.send(&publish(4, topic, b"access", 1, 7)).await;
        assert_eq!(old.rest().await, []);
    }
    edge.until("counted", |s| s.closed(CloseReason::NotAuthorized) == 2).await;
    assert_eq!(edge.stats().access_refused, 3);
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_not_acknowledged_and_ends_the_connection() {
    let edge = edge().await;
    let mut client = edge.client(4, "station").await;
    let burst = [
        publish(4, TOPIC, b"1", 1, 1),
        publish(4, TOPIC, b"down", 1, 2),
        publish(4, TOPIC, b"3", 1, 3),
    ];
    client.send(&burst.concat()).await;
    let rest = client.rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].body, [0, 1]);
    let mut client = edge.client(5, "station").await;
    client.send(&publish(5, TOPIC, b"down", 1, 2)).await;
    let rest = client.rest().await;
    assert_eq!((rest[0].first, rest[0].body[0]), (0xE0, 0x89));
    edge.until("counted", |s| s.closed(CloseReason::Unavailable) == 2).await;
}

/// QoS 2: taken once per handshake, whatever is sent again within it.
#[tokio::test]
async fn qos_2_takes_once_per_handshake() {
    let edge = edge().await;
    for level in [4, 5] {
        let before = edge.desk.packets.lock().unwrap().len();
        let mut client = edge.client(level, "exact").await;
        client.send(&publish(level, TOPIC, b"7.1", 2, 5)).await;
        assert_eq!(client.packet().await.unwrap().first, 0x50);
        client.send(&publish_flags(level, TOPIC.as_bytes(), b"7.1", 0x0C, 5)).await;
        let again = client.packet().await.unwrap();
        assert_eq!((again.first, again.body), (0x50, vec![0, 5]));
        client.send(&[0x62, 2, 0, 5]).await;
        assert_eq!(client.packet().await.unwrap().body, [0, 5]);
        assert_eq!(edge.desk.packets.lock().unwrap().len(), before + 1);
        // Released: the identifier is free, and the same bytes are a new message.
        client.send(&publish(level, TOPIC, b"7.1", 2, 5)).await;
        assert_eq!(client.packet().await.unwrap().first, 0x50);
        assert_eq!(edge.desk.packets.lock().unwrap().len(), before + 2);
    }
    assert_eq!((edge.stats().qos2_repeats, edge.stats().publishes_qos2), (2, 4));
    assert_eq!(edge.stats().publishes_dup, 2);
}

#[tokio::test]
async fn a_repeat_while_the_first_is_under_way_is_answered_once() {
    let edge = edge().await;
    edge.desk.gate.send_replace(false);
    let mut client = edge.client(4, "exact").await;
    client.send(&publish(4, TOPIC, b"7.1", 2, 5)).await;
    client.send(&publish_flags(4, TOPIC.as_bytes(), b"7.1", 0x0C, 5)).await;
    edge.until("both read", |s| s.qos2_repeats == 1).await;
    edge.desk.gate.send_replace(true);
    assert_eq!(client.packet().await.unwrap().first, 0x50);
    assert!(client.ping().await, "one PUBREC, then the PINGRESP");
    assert_eq!(edge.desk.packets.lock().unwrap().len(), 1);
}

/// QoS 0 then DISCONNECT at once: what was read is handed over.
#[tokio::test]
async fn a_goodbye_does_not_cut_off_what_came_before_it() {
    let edge = edge().await;
    let mut client = edge.client(4, "hasty").await;
    let mut bytes = publish(4, TOPIC, b"delay:50", 0, 0);
    bytes.extend(publish(4, TOPIC, b"delay:50", 1, 3));
    bytes.extend([0xE0, 0]);
    client.send(&bytes).await;
    let rest = client.rest().await;
    assert_eq!(rest.len(), 1, "the PUBACK still comes: {rest:?}");
    assert_eq!(edge.desk.packets.lock().unwrap().len(), 2);
    edge.until("counted", |s| s.closed(CloseReason::Disconnected) == 1).await;
}

/// The journal stands still: a connection is left unread at its limit, and goes on afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_in_flight_holds_while_the_journal_stands_still() {
    let config = EdgeConfig {
        inflight_max_bytes: 512 * 1024,
        inflight_total_max_bytes: 1024 * 1024,
        ..EdgeConfig::default()
    };
    let edge = edge_with(config, Desk::new(true)).await;
    edge.desk.gate.send_replace(false);
    const EACH: u16 = 300;
    let flood = |client: u16| {
        let body = vec![b'x'; 60_000];
        (1..=EACH).flat_map(move |i| publish(4, TOPIC, &body, u8::from(client != 0), i)).collect()
    };
    let mut clients = Vec::new();
    for i in 0..4 {
        let (read, mut write) = edge.client(4, &format!("flood-{i}")).await.stream.into_split();
        let bytes: Vec<u8> = flood(i);
        let sent = tokio::spawn(async move {
            tokio::io::AsyncWriteExt::write_all(&mut write, &bytes).await.unwrap();
            write
        });
        clients.push((read, sent));
    }
    edge.until("throttled", |s| s.throttled >= 2 && s.inflight_bytes >= 1_000_000).await;
    let read = edge.stats().bytes_in;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        // A packet may begin below a limit and end above it, once for each connection.
        let bytes = edge.stats().inflight_bytes;
        assert!(bytes <= 1024 * 1024 + 4 * 61_000, "{bytes} in flight");
    }
    let more = edge.stats().bytes_in - read;
    assert!(more < 600_000, "{more} bytes read on");
    assert!(clients.iter().all(|(_, sent)| !sent.is_finished()), "nothing pushed back");
    edge.desk.gate.send_replace(true);
    for (i, (mut read, sent)) in clients.into_iter().enumerate() {
        let _write = sent.await.unwrap();
        if i > 0 {
            let mut acks = vec![0; 4 * usize::from(EACH)];
            tokio::io::AsyncReadExt::read_exact(&mut read, &mut acks).await.unwrap();
            assert_eq!(acks[acks.len() - 2..], EACH.to_be_bytes());
        }
    }
    // Nobody acknowledges QoS 0: what of it is still on the line comes by and by.
    let all = 4 * u64::from(EACH);
    edge.until("all taken", |s| s.publishes_qos0 + s.publishes_qos1 == all).await;
    edge.until("settled", |s| s.inflight_bytes == 0).await;
}

#[tokio::test]
async fn a_fault_in_one_connection_ends_only_that_one() {
    let edge = edge().await;
    let mut healthy = edge.client(4, "healthy").await;
    let mut other = edge.client(4, "other").await;
    other.send(&publish(4, TOPIC, b"panic", 1, 1)).await;
    assert_eq!(other.rest().await, []);
    edge.until("counted", |s| s.panics == 1 && s.closed(CloseReason::Fault) == 1).await;
    assert_eq!(healthy.publish_acked(4, TOPIC, b"2").await, Some(0));
    assert_eq!((edge.stats().open, edge.stats().connected), (1, 1));
    let _again = edge.client(4, "other").await;
}

/// Draining answers what is under way, tells v5 clients why, and ends.
#[tokio::test]
async fn draining_answers_what_is_under_way() {
    let edge = edge().await;
    let mut client = edge.client(5, "station").await;
    let mut idle = edge.client(4, "idle").await;
    client.send(&publish(5, TOPIC, b"delay:200", 1, 4)).await;
    edge.until("handed over", |s| s.inflight_messages == 1).await;
    let began = Instant::now();
    assert_eq!(edge.handle.drain().await, 0);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let rest = client.rest().await;
    assert_eq!((rest[0].first, &rest[0].body[..]), (0x40, &[0, 4][..]));
    assert_eq!((rest[1].first, rest[1].body[0]), (0xE0, 0x8B));
    assert_eq!(idle.rest().await, []);
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", edge.port)).await;
    assert!(refused.is_err(), "it still listens");
}
