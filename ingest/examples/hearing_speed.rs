//! How many messages a second the endpoint takes durably: 50 publishers, 100 in flight each, QoS 1,
//! one observation of about 100 bytes a message. `cargo run --release -p ingest --example
//! hearing_speed [seconds] [data folder]`. The messages come from this process too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use support::{NOW, Town};

const PUBLISHERS: u64 = 50;
const IN_FLIGHT: u64 = 100;

fn connect(port: u16, n: u64) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (id, user, secret) = (format!("p{n}"), "hydro", "hydro-secret");
    let mut rest = b"\x00\x04MQTT\x04\xc2\x00\x3c".to_vec();
    for text in [&id, user, secret] {
        rest.extend((text.len() as u16).to_be_bytes());
        rest.extend(text.as_bytes());
    }
    let mut packet = vec![0x10, rest.len() as u8];
    packet.extend(rest);
    socket.write_all(&packet).unwrap();
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    socket
}

fn publisher(port: u16, n: u64, stop: &AtomicBool, acked: &AtomicU64) {
    let mut socket = connect(port, n);
    let (mut sent, mut done, mut buffer) = (0u64, 0u64, vec![0; 65_536]);
    let (mut out, mut rest) = (Vec::new(), 0usize);
    while !stop.load(Ordering::Relaxed) {
        out.clear();
        while sent - done < IN_FLIGHT {
            sent += 1;
            let t = NOW.0 - 1_000_000_000 + (sent * PUBLISHERS + n) as i64;
            let body = format!(
                r#"{{"station":"R-{}","property":"{}","t":{t},"v":{}.5}}"#,
                n % 20 + 1,
                if n < 20 { "rainfall" } else { "discharge" },
                sent % 70
            );
            let topic = b"fh/v1/hydro/obs";
            let length = 2 + topic.len() + 2 + body.len();
            out.extend([0x32, (length % 128) as u8 | if length > 127 { 0x80 } else { 0 }]);
            if length > 127 {
                out.push((length / 128) as u8);
            }
            out.extend((topic.len() as u16).to_be_bytes());
            out.extend(topic);
            out.extend((((sent % 60_000) + 1) as u16).to_be_bytes());
            out.extend(body.as_bytes());
        }
        socket.write_all(&out).unwrap();
        let read = socket.read(&mut buffer).unwrap();
        assert!(read > 0, "closed");
        // Only PUBACKs come: four bytes each.
        let whole = (rest + read) / 4;
        rest = (rest + read) % 4;
        done += whole as u64;
        acked.fetch_add(whole as u64, Ordering::Relaxed);
    }
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds: u64 = arguments.get(1).map_or(5, |s| s.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let dir = arguments.get(2).map_or(scratch.path().to_owned(), Into::into);
    let mqtt = ingest::hearing::Mqtt::Embedded("127.0.0.1:0".parse().unwrap(), Box::default());
    let town = Town::start(&dir, mqtt).await;
    let port = town.hearing.mqtt_addr().unwrap().port();
    let (stop, acked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let threads: Vec<_> = (0..PUBLISHERS)
        .map(|n| {
            let (stop, acked) = (stop.clone(), acked.clone());
            std::thread::spawn(move || publisher(port, n, &stop, &acked))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (begun, cpu_before, from) = (Instant::now(), cpu(), acked.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (count, took) = (acked.load(Ordering::Relaxed) - from, begun.elapsed().as_secs_f64());
    let spent = cpu() - cpu_before;
    println!(
        "{:.0} messages/s acknowledged, {:.1} us CPU a message (publishers included), {} commits",
        count as f64 / took,
        spent * 1e6 / count as f64,
        town.journal.figures().commits
    );
    let feed = &town.hearing.feeds()[0].1;
    println!("{} accepted, {} duplicate, {} refused", feed.accepted, feed.duplicate, feed.refused);
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
    }
    town.end().await;
}
