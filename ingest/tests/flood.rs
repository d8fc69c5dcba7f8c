//! One agency sends a hundred times its quota and more, well and badly formed, by MQTT and HTTP: each
//! thing it sent is accounted for, little of it is kept, and nobody else waits for it.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::record::Record;
use domain::refusal::Reason;
use ingest::hearing::Mqtt;
use support::{Client, NOW, Town, agency, read_answer, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CALM: Duration = Duration::from_secs(2);
const FLOOD: Duration = Duration::from_secs(5);
/// What others may wait longer in the flood than half as long again, on a machine that runs tests
/// beside it, unoptimised; the benchmark `flood` measures the ratio itself.
const SLACK: Duration = Duration::from_millis(50);

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length % 128).unwrap();
        length /= 128;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// A connection as `slow`, let in; `None` where it was not.
async fn connected(port: u16, id: &str) -> Option<TcpStream> {
    let mut body = [text("MQTT"), vec![4, 0b1100_0010, 0, 60]].concat();
    body.extend([text(id), text("slow"), text("slow-secret")].concat());
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    socket.write_all(&packet(0x10, &body)).await.ok()?;
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).await.ok()?;
    (answer[3] == 0).then_some(socket)
}

fn publish(id: u16, body: &[u8]) -> Vec<u8> {
    let mut whole = text("fh/v1/slow/obs");
    whole.extend(id.to_be_bytes());
    whole.extend(body);
    packet(0x32, &whole)
}

/// What a flood is made of, one after the other: good, no JSON, out of range, unknown, half a frame.
fn bodies(n: u64) -> Vec<u8> {
    let t = NOW.0 - i64::try_from(n).unwrap();
    let one = |station: &str, v: f64| {
        format!(r#"{{"station":"{station}","property":"rainfall","t":{t},"v":{v}}}"#).into_bytes()
    };
    match n % 5 {
        0 => one("S-1", 1.5),
        1 => vec![b'{'; 20_000],
        2 => one("S-1", 9_999.0),
        3 => one("S-99", 1.0),
        _ => one("S-1", 2.5)[..20].to_vec(),
    }
}

/// Floods by one MQTT connection as fast as it is read, until told to end; says how many packets it
/// sent, all of which were acknowledged.
async fn mqtt_flood(port: u16, which: usize, stop: Arc<AtomicBool>) -> u64 {
    let socket = connected(port, &format!("flood-{which}")).await.expect("let in");
    let (mut read, mut write) = socket.into_split();
    let acked = Arc::new(AtomicU64::new(0));
    let counted = acked.clone();
    let reading = tokio::spawn(async move {
        let mut answers = Vec::new();
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = read.read(&mut buffer).await {
            answers.extend_from_slice(&buffer[..count]);
            while answers.len() >= 4 {
                assert_eq!(answers[0], 0x40, "an acknowledgement");
                answers.drain(..4);
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let mut sent = 0u64;
    while !stop.load(Ordering::Relaxed) {
        let id = u16::try_from(sent % 60_000).unwrap() + 1;
        let body = bodies(sent * 16 + which as u64);
        let written = tokio::time::timeout(Duration::from_secs(10), async {
            write.write_all(&publish(id, &body)).await.expect("taken");
        });
        written.await.expect("it is left unread for ever");
        sent += 1;
    }
    until("every packet is acknowledged", || acked.load(Ordering::Relaxed) == sent).await;
    reading.abort();
    sent
}

/// Sends packets that are too large, each on a connection of its own, which it costs.
async fn oversized(port: u16, stop: Arc<AtomicBool>) -> u64 {
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        let Some(mut socket) = connected(port, "oversized").await else { continue };
        let mut head = vec![0x32];
        head.extend([0xFF, 0xFF, 0x7F]);
        // It may be closed before everything is sent.
        let _ = socket.write_all(&head).await;
        let _ = socket.write_all(&[b'x'; 60_000]).await;
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
        sent += 1;
    }
    sent
}

/// Posts one request after the other; says how many were answered, by status.
async fn http_flood(
    at: std::net::SocketAddr,
    stop: Arc<AtomicBool>,
) -> std::collections::BTreeMap<u16, u64> {
    let mut answers = std::collections::BTreeMap::new();
    let mut n = 0u64;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let good = bodies(n * 7 + 1_000_003);
        let (kind, body, length) = match n % 4 {
            0 => ("application/json", [b"[".as_slice(), &good, b"]"].concat(), None),
            1 => ("application/json", vec![b'['; 5_000], None),
            2 => ("image/png", vec![0; 10], None),
            _ => ("application/json", Vec::new(), Some(64 << 20)),
        };
        let head = format!(
            "POST /v1/observations HTTP/1.1\r\nHost: town\r\nConnection: close\r\n\
             Authorization: Bearer slow-secret\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            length.unwrap_or(body.len())
        );
        let mut socket = TcpStream::connect(at).await.unwrap();
        let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
        *answers.entry(read_answer(&mut socket).await.status).or_default() += 1;
    }
    answers
}

/// How long a well-behaved agency waits for each acknowledgement.
async fn quiet(port: u16, who: &str, station: &str, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut client = Client::connect(port, who).await;
    let mut waits = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        client.publish_acked(&format!("fh/v1/{who}/{station}"), "1.5").await;
        waits.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    waits
}

fn p99(waits: &mut [Duration]) -> Duration {
    waits.sort_unstable();
    waits[waits.len() * 99 / 100]
}

async fn quiet_for(port: u16, long: Duration) -> Vec<Duration> {
    let stop = Arc::new(AtomicBool::new(false));
    let hydro = tokio::spawn(quiet(port, "hydro", "R-1/discharge", stop.clone()));
    let weather = tokio::spawn(quiet(port, "weather", "W-1/wind_speed", stop.clone()));
    tokio::time::sleep(long).await;
    stop.store(true, Ordering::Relaxed);
    [hydro.await.unwrap(), weather.await.unwrap()].concat()
}

/// What the record has of refusals.
#[derive(Debug, Default)]
struct Kept {
    whole: u64,
    bytes: usize,
    told: u64,
}

impl Kept {
    fn of(records: &[Record]) -> Self {
        let mut kept = Self::default();
        for record in records {
            let Record::Refused(refusal) = record else { continue };
            match refusal.detail.split_once(" more were refused and not kept") {
                Some((count, _)) => kept.told += count.parse::<u64>().unwrap(),
                None => {
                    kept.whole += 1;
                    kept.bytes += refusal.raw.len();
                }
            }
        }
        kept
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_accounted_for_and_costs_nobody_else_anything() {
    let dir = tempfile::tempdir().unwrap();
    let town =
        Town::start(dir.path(), Mqtt::Embedded("127.0.0.1:0".parse().unwrap(), Box::default()))
            .await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = listener.local_addr().unwrap();
    let (over, ended) = tokio::sync::oneshot::channel::<()>();
    let app = town.hearing.router();
    let server =
        tokio::spawn(ingest::http::server::serve(listener, app, Default::default(), async move {
            drop(ended.await)
        }));
    // The platform's clock goes on: with each second what was not kept is told.
    let (clock, begun) = (town.clock.clone(), Instant::now());
    let ticking = tokio::spawn(async move {
        loop {
            let passed = i64::try_from(begun.elapsed().as_millis()).unwrap();
            clock.set(NOW.plus_ms(passed));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut calm = quiet_for(port, CALM).await;

    let stop = Arc::new(AtomicBool::new(false));
    let floods: Vec<_> = (0..8).map(|n| tokio::spawn(mqtt_flood(port, n, stop.clone()))).collect();
    let large = tokio::spawn(oversized(port, stop.clone()));
    let posts: Vec<_> = (0..4).map(|_| tokio::spawn(http_flood(http, stop.clone()))).collect();
    let mut busy = quiet_for(port, FLOOD).await;
    stop.store(true, Ordering::Relaxed);
    let mut sent = large.await.unwrap();
    for flood in floods {
        sent += flood.await.unwrap();
    }
    // Who took the quota of the flood's seconds is chance; after it there is room for good ones again.
    let of = |channel: &str| {
        let feeds = town.hearing.feeds();
        let name = (agency("slow"), channel);
        feeds.into_iter().find(|((a, c), _)| *a == name.0 && *c == name.1).unwrap().1
    };
    let (mut after, before) = (Client::connect(port, "slow").await, of("mqtt").accepted);
    for n in 1.. {
        let good = format!(r#"{{"t":{},"v":1.5}}"#, NOW.0 + n);
        after.publish_acked("fh/v1/slow/S-1/rainfall", &good).await;
        sent += 1;
        if of("mqtt").accepted > before {
            break;
        }
        assert!(n < 100, "the flood is over, and its agency is still refused");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut asked, mut limited) = (0, 0);
    for post in posts {
        let answers = post.await.unwrap();
        asked += answers.values().sum::<u64>();
        limited += answers.get(&429).copied().unwrap_or_default();
    }
    let quota = 5.0 * (FLOOD.as_secs_f64() + 2.0);
    assert!(sent as f64 > 20.0 * quota && limited > 0, "{sent} and {limited} are no flood");

    // Sent is accepted, duplicate, refused and quarantined, exactly, by each door.
    until("everything is counted", || of("mqtt").sent() >= sent && of("http").sent() >= asked)
        .await;
    assert_eq!((of("mqtt").sent(), of("http").sent()), (sent, asked));
    let taken = of("mqtt").accepted + of("http").accepted;
    assert!(taken > 0 && taken as f64 <= 3.0 * quota, "{taken} of a quota of {quota}");

    // What is kept of it is little; what is not kept is in the record as a number.
    let refused = of("mqtt").refused + of("http").refused;
    let mut kept = Kept::default();
    until("the rest is told", || {
        kept = Kept::of(&town.records());
        kept.whole + kept.told == refused
    })
    .await;
    assert!(kept.whole < 2_000 && kept.bytes < 4 << 20, "{kept:?} of {refused}");

    let (calm, busy, count) = (p99(&mut calm), p99(&mut busy), busy.len());
    println!("{sent} packets, {asked} requests; others' p99 {calm:?} calm, {busy:?} in the flood");
    assert!(busy <= calm.mul_f64(1.5) + SLACK, "{busy:?} after {calm:?} ({count} waits)");
    ticking.abort();
    let _ = over.send(());
    server.await.unwrap();
    town.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_has_so_many_datastreams_and_connections_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let town =
        Town::start(dir.path(), Mqtt::Embedded("127.0.0.1:0".parse().unwrap(), Box::default()))
            .await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    let mut slow = Client::connect(port, "slow").await;
    for (property, v) in [("rainfall", "1"), ("discharge", "2"), ("inflow", "3")] {
        slow.publish_acked(&format!("fh/v1/slow/S-1/{property}"), v).await;
    }
    slow.publish_acked("fh/v1/slow/S-1/rainfall", r#"{"t":1781118000000,"v":1}"#).await;
    let over: Vec<String> = town
        .records()
        .into_iter()
        .filter_map(|record| match record {
            Record::Refused(refusal) if refusal.reason == Reason::Quota => Some(refusal.detail),
            _ => None,
        })
        .collect();
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].starts_with("2 datastreams"), "{over:?}");
    assert_eq!(town.observations().len(), 3, "those that were in use stay so");

    let mut open = Vec::new();
    for n in 0..60 {
        open.extend(connected(port, &format!("slow-{n}")).await);
    }
    assert_eq!(open.len(), 39, "forty with the one that was there");
    // Another agency has a bound of its own.
    Client::connect(port, "hydro").await.publish_acked("fh/v1/hydro/R-1/discharge", "1").await;
    drop(open);
    town.end().await;
}
