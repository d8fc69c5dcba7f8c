//! The way down: tasks kept until acknowledged, bounded queues, standing state, wills.

// Lints know only `#[test]` functions as tests, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use bytes::Bytes;
use domain::ids::{AgencyId, UnitId};
use mqtt_edge::{CloseReason, Downlink, EdgeConfig, RESUME_BATCH, Who};
use support::{Connect, Desk, Edge, Raw, edge, edge_with, packet, publish, subscribe, text};

const TASKS: &str = "fh/v1/units/boat-1/tasks";

fn task(key: u64) -> Downlink {
    let body = Bytes::from(format!("task {key}"));
    Downlink { topic: TASKS.into(), body, key, retain: false, kept: true }
}

/// As a dispatcher does it: into the outbox first, then to whoever is there.
fn dispatch(edge: &Edge, downlink: Downlink) -> usize {
    edge.tray.held.lock().unwrap().insert(downlink.key, downlink.clone());
    edge.handle.publish(downlink)
}

async fn boat(edge: &Edge, level: u8, filters: &[&str], qos: u8) -> Raw {
    let mut boat = edge.client_as(level, "boat-1", "boat-1").await;
    boat.send(&subscribe(level, 1, filters, qos)).await;
    assert_eq!(boat.packet().await.unwrap().first, 0x90);
    boat
}

/// A PUBLISH as received: flags, identifier, payload.
fn told(seen: &support::Seen, level: u8) -> (u8, u16, String) {
    assert_eq!(seen.first & 0xF0, 0x30, "{seen:?}");
    let body = &seen.body;
    let mut at = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
    let mut id = 0;
    if seen.first & 6 != 0 {
        id = u16::from_be_bytes([body[at], body[at + 1]]);
        at += 2;
    }
    at += usize::from(level == 5);
    (seen.first & 15, id, String::from_utf8_lossy(&body[at..]).into_owned())
}

#[tokio::test]
async fn a_task_is_kept_and_told_again_until_it_is_acknowledged() {
    let edge = edge().await;
    for level in [4, 5] {
        assert_eq!(dispatch(&edge, task(7)), 0, "nobody is there yet");
        for _ in 0..3 {
            let mut boat = boat(&edge, level, &[TASKS], 1).await;
            let seen = boat.packet().await.unwrap();
            assert_eq!(told(&seen, level), (2, 1, "task 7".into()));
            drop(boat);
            edge.until("gone", |s| s.open == 0).await;
            assert!(edge.tray.held.lock().unwrap().contains_key(&7));
        }
        let mut boat = boat(&edge, level, &[TASKS], 2).await;
        let (_, id, _) = told(&boat.packet().await.unwrap(), level);
        boat.send(&packet(0x40, &id.to_be_bytes())).await;
        assert!(boat.ping().await);
        assert!(edge.tray.held.lock().unwrap().is_empty());
        assert_eq!(dispatch(&edge, task(8)), 1, "told live");
        let seen = boat.packet().await.unwrap();
        let (_, id, body) = told(&seen, level);
        assert_eq!(body, "task 8");
        boat.send(&packet(0x40, &id.to_be_bytes())).await;
        assert!(boat.ping().await);
        assert!(edge.tray.held.lock().unwrap().is_empty());
        drop(boat);
        edge.until("gone", |s| s.open == 0).await;
    }
    assert_eq!(edge.stats().downlinks_delivered, 4);
}

/// A v5 PUBACK that says no leaves the task where it is.
#[tokio::test]
async fn a_negative_puback_is_no_delivery() {
    let edge = edge().await;
    dispatch(&edge, task(1));
    let mut boat = boat(&edge, 5, &[TASKS], 1).await;
    let (_, id, _) = told(&boat.packet().await.unwrap(), 5);
    let [high, low] = id.to_be_bytes();
    boat.send(&packet(0x40, &[high, low, 0x83])).await;
    assert!(boat.ping().await);
    assert!(edge.tray.held.lock().unwrap().contains_key(&1));
}

/// More than a batch waits, and filters overlap: each task comes once, in order, and no more are
/// under way than the client takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_backlog_comes_once_and_in_order() {
    let edge = edge().await;
    let many = 3 * RESUME_BATCH as u64 + 5;
    for key in 1..=many {
        dispatch(&edge, task(key));
    }
    let mut boat = edge.raw().await;
    let properties: &[u8] = &[0x21, 0, 4];
    let mut hello = Connect { level: 5, properties, id: b"b", ..Connect::default() };
    hello.user = Some("boat-1");
    boat.send(&hello.bytes()).await;
    boat.packet().await.unwrap();
    boat.send(&subscribe(5, 1, &[TASKS, "fh/v1/units/boat-1/#"], 1)).await;
    assert_eq!(boat.packet().await.unwrap().body, [0, 1, 0, 1, 1]);
    let mut window = Vec::new();
    for key in 1..=many {
        let (_, id, body) = told(&boat.packet().await.unwrap(), 5);
        assert_eq!(body, format!("task {key}"));
        window.push(id);
        if window.len() == 4 {
            assert!(boat.ping().await, "a fifth one came before the first was acknowledged");
            for id in window.drain(..) {
                boat.send(&packet(0x40, &id.to_be_bytes())).await;
            }
        }
    }
    for id in window {
        boat.send(&packet(0x40, &id.to_be_bytes())).await;
    }
    assert!(boat.ping().await, "nothing comes twice");
    assert!(edge.tray.held.lock().unwrap().is_empty());
}

#[tokio::test]
async fn standing_state_comes_with_a_subscription_and_carries_the_flag() {
    let edge = edge().await;
    let state = Downlink { retain: true, ..task(3) };
    dispatch(&edge, state.clone());
    let mut boat = boat(&edge, 5, &[TASKS], 0).await;
    let seen = boat.packet().await.unwrap();
    assert_eq!(told(&seen, 5), (1, 0, "task 3".into()));
    assert!(edge.tray.held.lock().unwrap().contains_key(&3), "it stands");
    dispatch(&edge, Downlink { key: 4, ..state });
    assert_eq!(told(&boat.packet().await.unwrap(), 5).0, 0, "live, the flag is off");
    // Retain handling 2: only what is not standing state.
    let entry = [&[0, 2, 0][..], &text(TASKS.as_bytes()), &[0x20]].concat();
    boat.send(&packet(0x82, &entry)).await;
    assert_eq!(boat.packet().await.unwrap().first, 0x90);
    assert!(boat.ping().await);
}

#[tokio::test]
async fn after_unsubscribing_nothing_more_is_told() {
    let edge = edge().await;
    let mut boat = boat(&edge, 5, &[TASKS], 1).await;
    let filters = [&[0, 9, 0][..], &text(TASKS.as_bytes()), &text(b"fh/v1/x")].concat();
    boat.send(&packet(0xA2, &filters)).await;
    assert_eq!(boat.packet().await.unwrap().body, [0, 9, 0, 0, 0x11]);
    assert_eq!(dispatch(&edge, task(1)), 0);
    assert!(boat.ping().await);
}

/// What one agency publishes goes to no other client, whatever it is subscribed to.
#[tokio::test]
async fn the_edge_is_no_broker() {
    let edge = edge().await;
    let mut listener = edge.client(4, "listener").await;
    listener.send(&subscribe(4, 1, &["fh/v1/hydro/#"], 1)).await;
    assert_eq!(listener.packet().await.unwrap().body, [0, 1, 1]);
    let mut station = edge.client(4, "station").await;
    assert_eq!(station.publish_acked(4, "fh/v1/hydro/obs", b"1").await, Some(0));
    assert!(listener.ping().await, "nothing before the PINGRESP");
}

/// A client that reads nothing is closed at its bound; the others and the outbox keep theirs.
#[tokio::test]
async fn a_client_that_does_not_read_is_closed_at_its_bound() {
    let config = EdgeConfig { downlink_queue: 16, downlink_window: 4, ..EdgeConfig::default() };
    let edge = edge_with(config, Desk::new(false)).await;
    let mut deaf = boat(&edge, 5, &[TASKS], 1).await;
    let mut healthy = edge.client(4, "healthy").await;
    for key in 1..=200 {
        dispatch(&edge, task(key));
        tokio::task::yield_now().await;
    }
    edge.until("closed", |s| s.closed(CloseReason::DownlinkOverflow) == 1).await;
    let rest = deaf.rest().await;
    assert_eq!(rest.len(), 5, "a window of 4, and the reason: {rest:?}");
    assert_eq!((rest[4].first, rest[4].body[0]), (0xE0, 0x97));
    assert_eq!(edge.tray.held.lock().unwrap().len(), 200);
    assert!(healthy.ping().await);
}

/// A note that nobody keeps does not cost its reader the connection.
#[tokio::test]
async fn a_note_that_finds_no_room_is_left_out_and_counted() {
    let config = EdgeConfig { downlink_queue: 16, downlink_window: 4, ..EdgeConfig::default() };
    let edge = edge_with(config, Desk::new(false)).await;
    let mut busy = boat(&edge, 5, &[TASKS], 1).await;
    for key in 1..=200 {
        edge.handle.publish(Downlink { kept: false, ..task(key) });
        tokio::task::yield_now().await;
    }
    edge.until("left out", |s| s.downlinks_left_out > 100).await;
    assert_eq!(edge.stats().closed_total(), 0, "it was shown out");
    assert_eq!(told(&busy.packet().await.unwrap(), 5).2, "task 1");
}

#[tokio::test]
async fn a_message_larger_than_the_client_takes_is_not_sent() {
    let edge = edge().await;
    let mut small = edge.raw().await;
    let properties: &[u8] = &[0x27, 0, 0, 0, 60];
    let mut hello = Connect { level: 5, properties, id: b"b", ..Connect::default() };
    hello.user = Some("boat-1");
    small.send(&hello.bytes()).await;
    assert_eq!(small.packet().await.unwrap().body[1], 0);
    small.send(&subscribe(5, 1, &[TASKS], 1)).await;
    small.packet().await.unwrap();
    dispatch(&edge, Downlink { body: Bytes::from(vec![b'x'; 100]), ..task(1) });
    dispatch(&edge, task(2));
    assert_eq!(told(&small.packet().await.unwrap(), 5).2, "task 2");
    assert_eq!(edge.stats().downlinks_too_large, 1);
}

#[tokio::test]
async fn a_will_is_handed_over_when_the_client_vanishes_and_only_then() {
    let edge = edge().await;
    let hello = |level, id: &'static [u8]| Connect {
        level,
        id,
        will: Some((b"fh/v1/hydro/obs", b"gone")),
        flags: 2 | 8,
        ..Connect::default()
    };
    let wills = |edge: &Edge| {
        let packets = edge.desk.packets.lock().unwrap();
        packets.iter().filter(|p| p.will).map(|p| p.who.client_id.clone()).collect::<Vec<_>>()
    };
    for level in [4, 5] {
        let mut polite = edge.raw().await;
        polite.send(&hello(level, b"polite").bytes()).await;
        polite.packet().await.unwrap();
        polite.send(&[0xE0, 0]).await;
        assert_eq!(polite.rest().await, []);
        let mut broken = edge.raw().await;
        broken.send(&hello(level, b"broken").bytes()).await;
        broken.packet().await.unwrap();
        drop(broken);
        edge.until("gone", |s| s.open == 0).await;
    }
    // v5: a DISCONNECT that asks for the will; and one with will properties, taken over.
    let mut asking = edge.raw().await;
    asking.send(&hello(5, b"asking").bytes()).await;
    asking.packet().await.unwrap();
    asking.send(&[0xE0, 1, 4]).await;
    assert_eq!(asking.rest().await, []);
    edge.until("three wills", |s| s.wills == 3 && s.open == 0).await;
    assert_eq!(wills(&edge), ["broken", "broken", "asking"]);
    let packets = edge.desk.packets.lock().unwrap();
    assert!(packets.iter().all(|p| &p.body[..] == b"gone" && p.qos == mqtt_edge::Qos::AtLeastOnce));
}

/// Row 28: a v5 will with properties, while clients of the other revision listen.
#[tokio::test]
async fn a_will_with_properties_harms_nobody() {
    let edge = edge().await;
    let mut old = edge.client(4, "old").await;
    old.send(&subscribe(4, 1, &["fh/v1/hydro/#"], 1)).await;
    old.packet().await.unwrap();
    let mut body = [&text(b"MQTT")[..], &[5, 0xC6, 0, 60, 0], &text(b"new")].concat();
    let properties = [&[0x18, 0, 0, 0, 5, 0x01, 1, 0x26][..], &text(b"k"), &text(b"v")].concat();
    body.push(properties.len() as u8);
    body.extend(properties);
    for part in ["fh/v1/hydro/obs", "gone", "hydro", "hydro-secret"] {
        body.extend(text(part.as_bytes()));
    }
    let mut new = edge.raw().await;
    new.send(&packet(0x10, &body)).await;
    assert_eq!(new.packet().await.unwrap().body[1], 0);
    drop(new);
    edge.until("its will", |s| s.wills == 1 && s.open == 1).await;
    assert!(old.ping().await);
}

/// A client that vanished and is back under its name within its will's delay has not gone.
#[tokio::test]
async fn a_delayed_will_is_spared_by_coming_back() {
    let edge = edge().await;
    for (delay, wills) in [(5, 0), (0, 1)] {
        let mut body = [&text(b"MQTT")[..], &[5, 0xC6, 0, 60, 0], &text(b"same")].concat();
        body.extend([5, 0x18, 0, 0, 0, delay]);
        for part in ["fh/v1/hydro/obs", "gone", "hydro", "hydro-secret"] {
            body.extend(text(part.as_bytes()));
        }
        let mut first = edge.raw().await;
        first.send(&packet(0x10, &body)).await;
        assert_eq!(first.packet().await.unwrap().body[1], 0);
        let mut second = edge.client(5, "same").await;
        assert_eq!(first.rest().await[0].body[0], 0x8E);
        edge.until("the first is out", |s| s.open == 1).await;
        assert_eq!(edge.stats().wills, wills, "delay {delay}");
        second.send(&[0xE0, 0]).await;
        assert_eq!(second.rest().await, []);
    }
}

#[tokio::test]
async fn a_withdrawn_credential_ends_its_connections() {
    let edge = edge().await;
    let mut hydro = (edge.client(5, "a").await, edge.client(4, "b").await);
    let mut metro = edge.client_as(4, "a", "metro").await;
    assert_eq!(edge.handle.expel(&Who::Agency(AgencyId::new("hydro").unwrap())), 2);
    assert_eq!(edge.handle.expel(&Who::Unit(UnitId::new("boat-1").unwrap())), 0);
    let rest = hydro.0.rest().await;
    assert_eq!((rest[0].first, rest[0].body[0]), (0xE0, 0x98));
    assert_eq!(hydro.1.rest().await, []);
    assert!(metro.ping().await);
}

/// A client that is sent acknowledgements and never reads one is left unread, then closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flooder_that_reads_no_answers_is_closed() {
    let config = EdgeConfig {
        write_stall_timeout: std::time::Duration::from_millis(500),
        ..EdgeConfig::default()
    };
    let edge = edge_with(config, Desk::new(true)).await;
    let mut healthy = edge.client(4, "healthy").await;
    // A small receive buffer, so that it does not take megabytes of acknowledgements first.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(([127, 0, 0, 1], edge.port).into()).await.unwrap();
    let mut flooder = Raw { stream };
    flooder.send(&support::connect(4, "flooder", "hydro")).await;
    assert_eq!(flooder.packet().await.unwrap().body, [0, 0]);
    let burst = publish(4, "fh/v1/hydro/obs", b"", 1, 1).repeat(4_000);
    let flood = tokio::spawn(async move {
        while tokio::io::AsyncWriteExt::write_all(&mut flooder.stream, &burst).await.is_ok() {}
        flooder
    });
    edge.until("closed", |s| s.closed(CloseReason::SlowReader) == 1).await;
    let _flooder = flood.await.unwrap();
    assert!(healthy.ping().await);
}
