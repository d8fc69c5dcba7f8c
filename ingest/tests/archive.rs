//! The archive against a real server, and against one that lies, hangs, breaks off and refuses.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::DatastreamIx;
use domain::observation::{Observation, Quality};
use domain::time::UtcMs;
use ingest::archive::{ArchiveConfig, Point, line};
use ingest::hearing::Mqtt;
use ingest::json::batch::decode_packet;
use proptest::prelude::*;
use support::{NOW, Program, Town, agency, free_port, listening, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn send(town: &Town, from: i64, to: i64) {
    let lines: Vec<String> = (from..to)
        .map(|n| {
            let t = NOW.0 - n * 1_000;
            format!(
                r#"{{"station":"R-{}","property":"rainfall","t":{t},"v":{}}}"#,
                n % 20 + 1,
                (n % 70) as f64 + 0.25
            )
        })
        .collect();
    let (body, who) = (lines.join("\n"), agency("hydro"));
    let items = decode_packet(body.as_bytes()).unwrap();
    let channel = domain::refusal::Channel::Http;
    let source = ingest::admit::Source { agency: &who, channel, place: "test" };
    town.hearing.admission().admit(source, &items).unwrap().durable().await.unwrap();
}

async fn caught_up(town: &Town) {
    until("the archive has caught up", || town.hearing.archive_state().unwrap().behind == 0).await;
}

fn config(port: u16) -> ArchiveConfig {
    ArchiveConfig::parse(&format!("http://127.0.0.1:{port}"), "token").unwrap()
}

async fn get(port: u16, path: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: t\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_point_is_read_back_from_a_real_server_that_was_away() {
    let (data, stored) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = free_port();
    let (listen, path) = (
        format!("-httpListenAddr=127.0.0.1:{port}"),
        format!("-storageDataPath={}", stored.path().display()),
    );
    let start = || Program::start("victoria-metrics", &["-retentionPeriod=100y", &listen, &path]);
    let town = Town::start_with(data.path(), Mqtt::Off, Some(config(port))).await;
    // It is not there yet: nobody waits for it.
    send(&town, 0, 3_000).await;
    until("it is missed", || town.hearing.archive_state().unwrap().last_error.is_some()).await;
    let server = start();
    listening(port).await;
    caught_up(&town).await;
    // It goes in the middle and comes back; the platform is restarted too.
    server.stop();
    send(&town, 3_000, 5_000).await;
    town.end().await;
    let town = Town::start_with(data.path(), Mqtt::Off, Some(config(port))).await;
    send(&town, 5_000, 6_000).await;
    let server = start();
    listening(port).await;
    caught_up(&town).await;
    assert_eq!(town.hearing.archive_state().unwrap().refused, 0);
    let expected: BTreeSet<(String, i64, u64)> =
        town.observations().into_iter().map(|(s, t, v)| (s, t, v.to_bits())).collect();
    assert_eq!(expected.len(), 6_000);
    let mut found = BTreeSet::new();
    let begun = std::time::Instant::now();
    while found != expected && begun.elapsed() < support::DEADLINE {
        get(port, "/internal/force_flush").await;
        let export = get(port, "/api/v1/export?match[]=rainfall_value").await;
        found.clear();
        for series in export.lines() {
            let series: serde_json::Value = serde_json::from_str(series).unwrap();
            let station = series["metric"]["station"].as_str().unwrap().to_owned();
            let (times, values) =
                (series["timestamps"].as_array().unwrap(), series["values"].as_array().unwrap());
            for (t, v) in times.iter().zip(values) {
                found.insert((station.clone(), t.as_i64().unwrap(), v.as_f64().unwrap().to_bits()));
            }
        }
    }
    let missing = expected.difference(&found).count();
    assert_eq!((missing, found.len()), (0, 6_000));
    town.end().await;
    server.stop();
}

/// A server that answers the way the script says, then well.
struct Liar {
    port: u16,
    /// Lines taken with a good answer.
    taken: Arc<Mutex<Vec<String>>>,
    requests: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Copy)]
enum Says {
    Status(u16),
    Garbage,
    Hang,
    BreakOff,
    HalfAnAnswer,
}

async fn liar(script: Vec<Says>, refuses: &'static str) -> Liar {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, requests) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let task = tokio::spawn({
        let (taken, requests) = (taken.clone(), requests.clone());
        async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (taken, requests, script) = (taken.clone(), requests.clone(), script.clone());
                tokio::spawn(async move {
                    while let Some(lines) = request(&mut socket).await {
                        let n = requests.fetch_add(1, Ordering::SeqCst);
                        let bad = !refuses.is_empty() && lines.iter().any(|l| l.contains(refuses));
                        let says = script.get(n).copied().unwrap_or(Says::Status(if bad {
                            400
                        } else {
                            204
                        }));
                        let answer: Vec<u8> = match says {
                            Says::Status(204) => {
                                taken.lock().unwrap().extend(lines);
                                b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()
                            }
                            Says::Status(code) => {
                                format!("HTTP/1.1 {code} No\r\nContent-Length: 3\r\n\r\nno\n")
                                    .into_bytes()
                            }
                            Says::Garbage => b"\x00\xff\xfe this is no HTTP \r\n\r\n".to_vec(),
                            Says::HalfAnAnswer => {
                                b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\nhalf".to_vec()
                            }
                            Says::BreakOff => return,
                            Says::Hang => {
                                std::future::pending::<()>().await;
                                return;
                            }
                        };
                        let _ = socket.write_all(&answer).await;
                        if !matches!(says, Says::Status(_)) {
                            return;
                        }
                    }
                });
            }
        }
    });
    Liar { port, taken, requests, task }
}

/// The lines of one write, with a stated length or in pieces.
async fn request(socket: &mut TcpStream) -> Option<Vec<String>> {
    let (mut got, mut piece) = (Vec::new(), vec![0; 65_536]);
    loop {
        if let Some(end) = got.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&got[..end]).to_lowercase();
            assert!(
                head.starts_with("post /api/v2/write?bucket=fenghuo&org=fenghuo&precision=ms"),
                "{head}"
            );
            assert!(head.contains("authorization: token token"), "{head}");
            let body = &got[end + 4..];
            let text = if head.contains("chunked") {
                body.ends_with(b"0\r\n\r\n").then(|| unchunked(body))
            } else {
                let length =
                    head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
                (body.len() >= length.unwrap_or(0))
                    .then(|| String::from_utf8_lossy(body).into_owned())
            };
            if let Some(text) = text {
                return Some(text.lines().map(str::to_owned).collect());
            }
        }
        match socket.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => got.extend_from_slice(&piece[..n]),
        }
    }
}

fn unchunked(mut body: &[u8]) -> String {
    let mut text = String::new();
    while let Some(end) = body.windows(2).position(|w| w == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&body[..end]), 16).unwrap();
        let from = end + 2;
        text += &String::from_utf8_lossy(&body[from..from + length]);
        if length == 0 {
            break;
        }
        body = &body[from + length + 2..];
    }
    text
}

async fn misbehaving(script: Vec<Says>) {
    let data = tempfile::tempdir().unwrap();
    let count = script.len();
    let server = liar(script, "").await;
    let town = Town::start_with(data.path(), Mqtt::Off, Some(config(server.port))).await;
    send(&town, 0, 5_000).await;
    caught_up(&town).await;
    assert!(server.requests.load(Ordering::SeqCst) > count);
    assert_eq!(server.taken.lock().unwrap().len(), 5_000, "once each, in spite of all");
    assert_eq!(town.hearing.archive_state().unwrap().last_error, None);
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_sense_delays_history_and_nothing_else() {
    misbehaving(vec![Says::Garbage, Says::BreakOff, Says::HalfAnAnswer]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_no_for_a_while_delays_history_and_nothing_else() {
    misbehaving([500, 503, 401, 404, 429].map(Says::Status).to_vec()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_up_neither_admission_nor_the_end() {
    let data = tempfile::tempdir().unwrap();
    let server = liar(vec![Says::Hang; 100], "").await;
    let town = Town::start_with(data.path(), Mqtt::Off, Some(config(server.port))).await;
    send(&town, 0, 100).await;
    until("it hangs", || server.requests.load(Ordering::SeqCst) > 0).await;
    let begun = std::time::Instant::now();
    for n in 1..20 {
        send(&town, n * 100, n * 100 + 100).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "admission waited for the archive");
    assert!(town.hearing.archive_state().unwrap().behind > 1_900);
    let begun = std::time::Instant::now();
    town.end().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_point_that_is_refused_does_not_hold_up_the_rest() {
    let data = tempfile::tempdir().unwrap();
    let server = liar(Vec::new(), "station=R-7 ").await;
    let town = Town::start_with(data.path(), Mqtt::Off, Some(config(server.port))).await;
    send(&town, 0, 400).await;
    caught_up(&town).await;
    let state = town.hearing.archive_state().unwrap();
    assert_eq!((state.points, state.refused), (380, 20));
    assert_eq!(server.taken.lock().unwrap().len(), 380);
    town.end().await;
}

proptest! {
    #[test]
    fn whatever_a_name_is_it_stays_in_its_line(
        station in any::<String>(), property in any::<String>(), value in proptest::num::f64::NORMAL, t in any::<i64>(),
    ) {
        let observation = Observation {
            datastream: DatastreamIx(0), t: UtcMs(t), result_time: UtcMs(t), value, quality: Quality::default(),
            backlog: false,
        };
        let line = line(&Point { property, station, observation, seq: 1 });
        prop_assert_eq!(line.matches('\n').count(), 1, "{}", line);
        prop_assert!(line.ends_with('\n') && !line.starts_with(['#', ',', ' ']), "{line:?}");
        let unescaped = |wanted: char| {
            let mut before = ' ';
            line.chars().filter(|c| { let hit = *c == wanted && before != '\\'; before = *c; hit }).count()
        };
        // Measurement, tags, fields, time: three parts, one tag, five fields.
        prop_assert_eq!(unescaped(' '), 2, "{}", line);
        prop_assert_eq!(unescaped(','), 5, "{}", line);
        let value_text = format!("value={value}");
        prop_assert!(line.contains(&value_text), "{line}");
    }
}
