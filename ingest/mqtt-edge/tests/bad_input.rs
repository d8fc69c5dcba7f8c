//! The bad-input matrix of MQTT, row by row, sent as raw bytes. In every row: the edge lives, it
//! answers as stated, counts by reason, and a healthy client notices nothing.

// Lints know only `#[test]` functions as tests, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use CloseReason::*;
use mqtt_edge::{CloseReason, EdgeConfig};
use support::{
    Connect, DEADLINE, Desk, Edge, connect, edge, edge_with, packet, publish, publish_flags,
    subscribe, text,
};
use tokio::time::Instant;

const TOPIC: &str = "fh/v1/hydro/obs";

/// What the edge is to do.
enum Expect {
    /// Close for this reason, without a word.
    Closed(CloseReason),
    /// Close for this reason, after a packet that begins so (body's first bytes).
    Told(CloseReason, u8, &'static [u8]),
    /// Answer with a packet that begins so, and go on.
    Answered(u8, &'static [u8]),
    /// Go on without an answer.
    PassedOver,
}
use Expect::{Answered, Closed, PassedOver, Told};

struct Case {
    row: &'static str,
    /// 0: sent instead of a CONNECT; else after the CONNACK of this protocol level.
    level: u8,
    bytes: Vec<u8>,
    expect: Expect,
}

fn case(row: &'static str, level: u8, bytes: Vec<u8>, expect: Expect) -> Case {
    Case { row, level, bytes, expect }
}

/// The same for both levels: v3.1.1 closes without a word, v5 says the reason's code.
fn both(row: &'static str, bytes: impl Fn(u8) -> Vec<u8>, reason: CloseReason) -> [Case; 2] {
    let told: &'static [u8] = match reason {
        Malformed => &[0x81],
        Protocol => &[0x82],
        Topic => &[0x90],
        PacketTooLarge => &[0x95],
        FilterQuota => &[0x97],
        other => panic!("{other:?}"),
    };
    [case(row, 4, bytes(4), Closed(reason)), case(row, 5, bytes(5), Told(reason, 0xE0, told))]
}

/// First bytes that are no CONNECT, or none that is read.
fn before_connect() -> Vec<Case> {
    let with = |c: Connect<'_>| c.bytes();
    let tls = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3][..], &[7; 500]].concat();
    vec![
        case("1 PUBLISH first", 0, publish(4, TOPIC, b"1", 1, 1), Closed(NotConnect)),
        case("1 PUBACK first", 0, packet(0x40, &[0, 1]), Closed(NotConnect)),
        case("2 CONNACK first", 0, packet(0x20, &[0, 0]), Closed(NotConnect)),
        case("5 type 0 first", 0, vec![0, 0], Closed(NotConnect)),
        case("5 type 15 first", 0, vec![0xF0, 0], Closed(NotConnect)),
        case("6 length of 5 bytes", 0, vec![0x10, 255, 255, 255, 255, 1], Closed(Malformed)),
        case("7 longest length", 0, vec![0x10, 255, 255, 255, 0x7F], Closed(PacketTooLarge)),
        case("33 TLS hello", 0, tls, Closed(NotConnect)),
        case("33 HTTP GET", 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), Closed(NotConnect)),
        case(
            "v5 receive maximum 0",
            0,
            with(Connect { level: 5, properties: &[0x21, 0, 0], ..Connect::default() }),
            Closed(Malformed),
        ),
        case(
            "v5 the same property twice",
            0,
            with(Connect { level: 5, properties: &[0x21, 0, 9, 0x21, 0, 9], ..Connect::default() }),
            Closed(Malformed),
        ),
        case(
            "v5 authentication method",
            0,
            with(Connect { level: 5, properties: &[0x15, 0, 1, b'K'], ..Connect::default() }),
            Told(NotAuthorized, 0x20, &[0, 0x8C]),
        ),
    ]
}

/// CONNECTs that break the form.
fn form_rows() -> Vec<Case> {
    let with = |c: Connect<'_>| c.bytes();
    let mut overrun = Connect::default().bytes();
    overrun[12] = 0xFF;
    let mut overrun5 = connect(5, "probe", "hydro");
    overrun5[13] = 0xFF;
    vec![
        case(
            "8 protocol name",
            0,
            with(Connect { name: b"MQXX", ..Connect::default() }),
            Told(UnsupportedProtocol, 0x20, &[0, 1]),
        ),
        case(
            "8 MQTT 3.1",
            0,
            with(Connect { name: b"MQIsdp", level: 3, ..Connect::default() }),
            Told(UnsupportedProtocol, 0x20, &[0, 1]),
        ),
        case(
            "8 level 99",
            0,
            with(Connect { level: 99, ..Connect::default() }),
            Told(UnsupportedProtocol, 0x20, &[0, 0x84]),
        ),
        case(
            "9 reserved flag",
            0,
            with(Connect { flags: 3, ..Connect::default() }),
            Closed(Malformed),
        ),
        case(
            "9 reserved flag",
            0,
            with(Connect { flags: 3, level: 5, ..Connect::default() }),
            Closed(Malformed),
        ),
        case(
            "9 will flags without a will",
            0,
            with(Connect { flags: 0x2A, ..Connect::default() }),
            Closed(Malformed),
        ),
        case(
            "12 will QoS 3",
            0,
            with(Connect { flags: 0x1A, will: Some((b"t", b"x")), ..Connect::default() }),
            Closed(Malformed),
        ),
        case("10 client id overruns", 0, overrun, Closed(Malformed)),
        case("10 client id overruns", 0, overrun5, Closed(Malformed)),
        case(
            "11 client id no UTF-8",
            0,
            with(Connect { id: b"a\xFF", ..Connect::default() }),
            Closed(Malformed),
        ),
    ]
}

/// CONNECTs in good form from who may not come, or not so.
fn rights_rows() -> Vec<Case> {
    let with = |c: Connect<'_>| c.bytes();
    vec![
        case(
            "11 client id with NUL",
            0,
            with(Connect { id: b"a\0b", ..Connect::default() }),
            Told(ClientId, 0x20, &[0, 2]),
        ),
        case(
            "11 client id of 1,000 bytes",
            0,
            with(Connect { id: &[b'x'; 1000], level: 5, ..Connect::default() }),
            Told(ClientId, 0x20, &[0, 0x85]),
        ),
        case(
            "11 no client id for a kept session",
            0,
            with(Connect { id: b"", flags: 0, ..Connect::default() }),
            Told(ClientId, 0x20, &[0, 2]),
        ),
        case(
            "29 will to another agency",
            0,
            with(Connect { will: Some((b"fh/v1/metro/obs", b"x")), ..Connect::default() }),
            Told(NotAuthorized, 0x20, &[0, 5]),
        ),
        case(
            "29 will to another agency",
            0,
            with(Connect {
                level: 5,
                will: Some((b"fh/v1/metro/obs", b"x")),
                ..Connect::default()
            }),
            Told(NotAuthorized, 0x20, &[0, 0x87]),
        ),
        case(
            "29 will to a wildcard",
            0,
            with(Connect { level: 5, will: Some((b"fh/v1/hydro/#", b"x")), ..Connect::default() }),
            Told(Topic, 0x20, &[0, 0x90]),
        ),
        case(
            "34 another agency's identifier",
            0,
            with(Connect { id: b"metro-7", ..Connect::default() }),
            Told(NotAuthorized, 0x20, &[0, 5]),
        ),
        case(
            "34 no credentials",
            0,
            with(Connect { user: None, ..Connect::default() }),
            Told(BadCredentials, 0x20, &[0, 4]),
        ),
        case(
            "34 nobody to ask",
            0,
            connect(5, "probe", "outage"),
            Told(AuthUnavailable, 0x20, &[0, 0x88]),
        ),
    ]
}

fn protocol_rows() -> Vec<Case> {
    let pubrel_0 = |_| packet(0x62, &[0, 0]);
    let no_filter = |level| subscribe(level, 1, &[], 0);
    let mut wrong_flags = subscribe(4, 1, &[TOPIC], 0);
    wrong_flags[0] = 0x80;
    let many = vec!["fh/v1/hydro/x"; 10_000];
    let mut cases = Vec::new();
    cases.extend(both("3 UNSUBACK", |_| packet(0xB0, &[0, 1]), Protocol));
    cases.extend(both("3 CONNACK", |_| packet(0x20, &[0, 0]), Protocol));
    cases.extend(both("3 SUBACK", |_| packet(0x90, &[0, 1, 0]), Protocol));
    cases.extend(both("3 PINGRESP", |_| packet(0xD0, &[]), Protocol));
    cases.extend(both("4 second CONNECT", |level| connect(level, "x", "hydro"), Protocol));
    cases.extend(both("5 type 0", |_| vec![0, 0], Malformed));
    cases.push(case("5 type 15", 4, vec![0xF0, 0], Closed(Malformed)));
    cases.push(case("5 AUTH nobody asked for", 5, vec![0xF0, 0], Told(Protocol, 0xE0, &[0x82])));
    cases.extend(both("6 length of 5 bytes", |_| vec![0x30, 255, 255, 255, 255, 1], Malformed));
    cases.extend(both("7 longest length", |_| vec![0x30, 255, 255, 255, 0x7F], PacketTooLarge));
    cases.extend(both("13 PUBLISH id 0", |l| publish(l, TOPIC, b"1", 1, 0), Malformed));
    cases.extend(both("13 PUBREL id 0", pubrel_0, Malformed));
    cases.extend(both("13 PUBACK id 0", |_| packet(0x40, &[0, 0]), Malformed));
    cases.extend(both("13 SUBSCRIBE id 0", |l| subscribe(l, 0, &[TOPIC], 0), Malformed));
    cases.extend(both("21 SUBSCRIBE flags 0", |_| wrong_flags.clone(), Malformed));
    cases.extend(both("22 no filters", no_filter, Protocol));
    cases.extend(both("23 10,000 filters", |l| subscribe(l, 1, &many, 0), FilterQuota));
    cases.extend(both(
        "24 over the limit",
        |l| publish(l, TOPIC, &[7; 300_000], 1, 1),
        PacketTooLarge,
    ));
    cases.extend(
        [0x40, 0x50, 0x70].map(|f| case("25 unknown id", 4, packet(f, &[9, 9]), PassedOver)),
    );
    cases.extend(
        [0x40, 0x50, 0x70].map(|f| case("25 unknown id", 5, packet(f, &[9, 9]), PassedOver)),
    );
    cases.push(case("25 unknown PUBREL", 4, packet(0x62, &[9, 9]), Answered(0x70, &[9, 9])));
    cases.push(case("25 unknown PUBREL", 5, packet(0x62, &[9, 9]), Answered(0x70, &[9, 9, 0x92])));
    cases.extend(both("PINGREQ with a body", |_| packet(0xC0, &[1]), Malformed));
    cases.extend(both("PUBLISH with nothing", |_| packet(0x32, &[]), Malformed));
    cases.push(case("v3.1.1 PUBACK with a reason", 4, packet(0x40, &[0, 1, 0]), Closed(Malformed)));
    cases.push(case(
        "v3.1.1 SUBSCRIBE reserved bits",
        4,
        subscribe(4, 1, &[TOPIC], 9),
        Closed(Malformed),
    ));
    cases.push(case(
        "SUBSCRIBE QoS 3",
        5,
        subscribe(5, 1, &[TOPIC], 3),
        Told(Malformed, 0xE0, &[0x81]),
    ));
    cases
}

fn topic_rows() -> Vec<Case> {
    let at = |topic: &'static [u8], flags| move |l| publish_flags(l, topic, b"1", flags, 1);
    let long = vec![b'x'; 65_535];
    let deep = "a/".repeat(18_000);
    let long = |level| publish_flags(level, &long, b"1", 2, 1);
    let deep = |level| publish(level, &deep, b"1", 1, 1);
    let level_17 = |level| publish(level, "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", b"1", 1, 1);
    let foreign = |level| publish(level, "fh/v1/metro/obs", b"1", 1, 1);
    let sys = |level| publish(level, "$SYS/broker", b"1", 1, 1);
    let mut cases = Vec::new();
    cases.extend(both("11 topic no UTF-8", at(b"fh/\xFF", 2), Malformed));
    cases.extend(both("12 QoS 3", at(b"fh/v1/hydro/obs", 6), Malformed));
    cases.extend(both("14 topic with #", at(b"fh/v1/hydro/#", 2), Topic));
    cases.extend(both("14 topic with +", at(b"fh/v1/+/obs", 0), Topic));
    cases.extend(both("15 empty topic", at(b"", 2), Topic));
    cases.extend(both("16 topic with NUL", at(b"fh/v1/hydro/\0", 2), Topic));
    cases.push(case("17 $SYS", 4, sys(4), Closed(NotAuthorized)));
    cases.push(case("17 $SYS", 5, sys(5), Answered(0x40, &[0, 1, 0x87])));
    cases.push(case("18 topic of 65,535 bytes", 4, long(4), Closed(Topic)));
    cases.push(case("18 topic of 65,535 bytes", 5, long(5), Answered(0x40, &[0, 1, 0x90])));
    cases.push(case("19 18,000 levels", 4, deep(4), Closed(Topic)));
    cases.push(case("19 18,000 levels", 5, deep(5), Answered(0x40, &[0, 1, 0x90])));
    cases.push(case("19 17 levels", 4, level_17(4), Closed(Topic)));
    cases.push(case("19 17 levels", 5, level_17(5), Answered(0x40, &[0, 1, 0x90])));
    let filters = |level| subscribe(level, 1, &["fh/v1/hydro/#/b", "fh/v1/hydro/a+", ""], 1);
    cases.push(case("20 bad filters", 4, filters(4), Answered(0x90, &[0, 1, 0x80, 0x80, 0x80])));
    cases.push(case("20 bad filters", 5, filters(5), Answered(0x90, &[0, 1, 0, 0x8F, 0x8F, 0x8F])));
    cases.push(case("30 foreign topic", 4, foreign(4), Closed(NotAuthorized)));
    cases.push(case("30 foreign topic", 5, foreign(5), Answered(0x40, &[0, 1, 0x87])));
    let filters = |level| subscribe(level, 1, &["fh/v1/metro/#", "#", "$share/x/#"], 1);
    cases.push(case(
        "30 foreign filters",
        4,
        filters(4),
        Answered(0x90, &[0, 1, 0x80, 0x80, 0x80]),
    ));
    cases.push(case(
        "30 foreign filters",
        5,
        filters(5),
        Answered(0x90, &[0, 1, 0, 0x87, 0x87, 0x9E]),
    ));
    let dup = publish_flags(4, TOPIC.as_bytes(), b"again", 0x0A, 3);
    cases.push(case("32 DUP", 4, dup, Answered(0x40, &[0, 3])));
    let alias = |number: u8| packet(0x32, &[&text(b"")[..], &[0, 1, 3, 0x23, 0, number]].concat());
    cases.push(case("v5 alias 0", 5, alias(0), Told(Protocol, 0xE0, &[0x82])));
    cases.push(case("v5 alias 17", 5, alias(17), Told(TopicAlias, 0xE0, &[0x94])));
    cases.push(case("v5 alias unknown", 5, alias(3), Told(Protocol, 0xE0, &[0x82])));
    let identified =
        packet(0x82, &[&[0, 1, 2, 0x0B, 7][..], &text(b"fh/v1/hydro/x"), &[0]].concat());
    cases.push(case("v5 identifier", 5, identified, Told(SubscriptionIdentifier, 0xE0, &[0xA1])));
    cases
}

async fn try_case(edge: &Edge, case: &Case, healthy: &mut support::Raw) {
    let row = format!("row {} (level {})", case.row, case.level);
    let before = edge.stats();
    let mut client = match case.level {
        0 => edge.raw().await,
        level => edge.client(level, "probe").await,
    };
    let began = Instant::now();
    client.send(&case.bytes).await;
    let begins = |seen: &support::Seen, first, body: &[u8]| {
        assert!(seen.first == first && seen.body.starts_with(body), "{row}: {seen:?}");
    };
    let closed = match case.expect {
        Closed(reason) => {
            assert_eq!(client.rest().await, [], "{row}");
            Some(reason)
        }
        Told(reason, first, body) => {
            let rest = client.rest().await;
            assert_eq!(rest.len(), 1, "{row}: {rest:?}");
            begins(&rest[0], first, body);
            Some(reason)
        }
        Answered(first, body) => {
            begins(&client.packet().await.expect(&row), first, body);
            assert!(client.ping().await, "{row}: gone after its answer");
            None
        }
        PassedOver => {
            assert!(client.ping().await, "{row}: gone");
            None
        }
    };
    assert!(began.elapsed() < Duration::from_secs(3), "{row}: slow");
    drop(client);
    if let Some(reason) = closed {
        let once = before.closed(reason) + 1;
        edge.until(&row, |s| s.closed(reason) == once && s.open == 1).await;
    } else {
        edge.until(&row, |s| s.open == 1).await;
    }
    assert_eq!(healthy.publish_acked(4, TOPIC, b"2.0").await, Some(0), "{row}: healthy client");
    assert_eq!(edge.stats().panics, 0, "{row}");
}

#[tokio::test]
async fn the_matrix_row_by_row() {
    let edge = edge().await;
    let mut healthy = edge.client(4, "healthy").await;
    let mut cases = before_connect();
    cases.extend(form_rows());
    cases.extend(rights_rows());
    cases.extend(protocol_rows());
    cases.extend(topic_rows());
    assert!(cases.len() > 90, "{} cases", cases.len());
    for case in &cases {
        try_case(&edge, case, &mut healthy).await;
    }
    let dup = edge.desk.packets.lock().unwrap().iter().filter(|p| p.dup).count();
    assert_eq!(dup, 1, "row 32: DUP is handed on, for whoever knows what came before");
}

/// The one CONNECT that panics the library's own state machine: it is legal, and welcome here.
#[tokio::test]
async fn a_v5_topic_alias_maximum_of_0_is_welcome() {
    let edge = edge().await;
    let mut client = edge.raw().await;
    let properties = &[0x22, 0, 0];
    client.send(&Connect { level: 5, properties, ..Connect::default() }.bytes()).await;
    assert_eq!(client.packet().await.unwrap().body[1], 0);
    assert_eq!(client.publish_acked(5, TOPIC, b"1").await, Some(0));
    assert_eq!(edge.stats().panics, 0);
}

/// v5 allows a password alone (a token): it reaches the directory as a claim without a user.
#[tokio::test]
async fn a_v5_password_without_a_user_is_a_claim() {
    let edge = edge().await;
    for will in [false, true] {
        let mut body = [&text(b"MQTT")[..], &[5, 0x42, 0, 60, 0], &text(b"token-only")].concat();
        if will {
            body[7] |= 4;
            body.push(0);
            body.extend(text(TOPIC.as_bytes()));
            body.extend(text(b"gone"));
        }
        body.extend(text(b"hydro-token"));
        let mut client = edge.raw().await;
        client.send(&packet(0x10, &body)).await;
        assert_eq!(client.packet().await.unwrap().body[1], 0, "will: {will}");
        assert_eq!(client.publish_acked(5, TOPIC, b"1").await, Some(0));
    }
    let mut cut = edge.raw().await;
    cut.send(&packet(0x10, &[&text(b"MQTT")[..], &[5, 0x46, 0, 60, 0, 0, 9]].concat())).await;
    assert_eq!(cut.rest().await, []);
}

/// Rows 7 and 26: silence has an end, also for who asked for none, and in the middle of a packet.
#[tokio::test]
async fn silence_has_an_end() {
    let config = EdgeConfig {
        keep_alive_max: Duration::from_millis(400),
        connect_timeout: Duration::from_millis(700),
        first_byte_timeout: Duration::from_millis(300),
        ..EdgeConfig::default()
    };
    let edge = edge_with(config, Desk::new(false)).await;
    let mut none = edge.raw().await;
    none.send(&Connect { keep_alive: 0, level: 5, ..Connect::default() }.bytes()).await;
    let connack = none.packet().await.unwrap();
    assert!(connack.body.windows(3).any(|w| w == [0x13, 0, 0]), "server keep-alive: {connack:?}");
    let mut half = edge.client(4, "half").await;
    half.send(&[0x30, 0x80, 0x80, 0x08]).await;
    let (mut mute, mut slow) = (edge.raw().await, edge.raw().await);
    let began = Instant::now();
    slow.send(&connect(4, "slow", "hydro")[..5]).await;
    assert_eq!(mute.rest().await, []);
    assert!(began.elapsed() < Duration::from_millis(650), "first byte: {:?}", began.elapsed());
    assert_eq!(slow.rest().await, []);
    assert_eq!(half.rest().await, []);
    let rest = none.rest().await;
    assert_eq!((rest[0].first, rest[0].body[0]), (0xE0, 0x8D));
    edge.until("by reason", |s| s.closed(KeepAlive) == 2 && s.closed(ConnectTimeout) == 2).await;
}

/// Row 27.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_takeovers_leave_one_connection() {
    let edge = edge().await;
    let mut healthy = edge.client(4, "healthy").await;
    let mut last = edge.client(5, "same").await;
    for round in 0..1_000 {
        let next = edge.client(if round % 2 == 0 { 4 } else { 5 }, "same").await;
        let mut old = std::mem::replace(&mut last, next);
        let rest = old.rest().await;
        assert!(rest.iter().all(|p| (p.first, p.body[0]) == (0xE0, 0x8E)), "{rest:?}");
    }
    edge.until("one left", |s| s.open == 2 && s.closed(TakenOver) == 1_000).await;
    assert_eq!(edge.stats().takeovers, 1_000);
    assert!(last.ping().await && healthy.ping().await);
    // The same identifier of another agency is another client.
    let mut metro = edge.client_as(4, "same", "metro").await;
    assert!(metro.ping().await && last.ping().await);
}

/// Row 31: nothing is retained for clients, so there is nothing to fill up; the messages count.
#[tokio::test]
async fn ten_thousand_retained_topics_retain_nothing() {
    let edge = edge_with(EdgeConfig::default(), Desk::new(true)).await;
    let client = edge.client(4, "hoarder").await;
    let (mut read, mut write) = client.stream.into_split();
    let sent = tokio::spawn(async move {
        for i in 0..10_000_u32 {
            let topic = format!("fh/v1/hydro/s-{i}/rainfall");
            let bytes = publish_flags(4, topic.as_bytes(), b"1", 3, (i % 60_000 + 1) as u16);
            tokio::io::AsyncWriteExt::write_all(&mut write, &bytes).await.unwrap();
        }
        write
    });
    let mut acks = vec![0; 40_000];
    let read = tokio::io::AsyncReadExt::read_exact(&mut read, &mut acks);
    tokio::time::timeout(DEADLINE, read).await.unwrap().unwrap();
    let _write = sent.await.unwrap();
    let stats = edge.stats();
    assert_eq!((stats.retain_ignored, stats.publishes_qos1), (10_000, 10_000));
    let mut reader = edge.client(4, "reader").await;
    reader.send(&subscribe(4, 1, &["fh/v1/hydro/#"], 1)).await;
    assert_eq!(reader.packet().await.unwrap().first, 0x90);
    assert!(reader.ping().await, "nothing comes before the PINGRESP");
}

#[tokio::test]
async fn quotas_of_connections_hold() {
    let config = EdgeConfig {
        connections_max: 4,
        connections_per_principal_max: 2,
        ..EdgeConfig::default()
    };
    let edge = edge_with(config, Desk::new(false)).await;
    let _two = (edge.client(4, "a").await, edge.client(4, "b").await);
    let mut third = edge.raw().await;
    third.send(&connect(5, "c", "hydro")).await;
    let rest = third.rest().await;
    assert_eq!((rest[0].first, rest[0].body[1]), (0x20, 0x97));
    edge.until("gone", |s| s.open == 2).await;
    let _others = (edge.client_as(4, "a", "metro").await, edge.client_as(4, "b", "metro").await);
    let mut fifth = edge.raw().await;
    assert_eq!(fifth.rest().await, [], "beyond all connections");
    edge.until("counted", |s| s.closed(ConnectionQuota) == 2).await;
}
