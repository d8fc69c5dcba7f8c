//! Whole sessions with bytes changed, cut, doubled and moved, sent in pieces of any size. Nothing
//! panics, nothing is left behind, and a healthy client is served all the while.
//!
//! `MQTT_FUZZ_SECONDS` (3 unless told) says for how long, `MQTT_FUZZ_SEED` repeats a run.

// Lints know only `#[test]` functions as tests, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mqtt_edge::{Downlink, EdgeConfig};
use support::{Connect, DEADLINE, Desk, connect, edge_with, packet, publish, subscribe, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// Clients at a time.
const SIDE_BY_SIDE: u64 = 8;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// The packets of a session that is all right.
fn session(dice: &mut Dice) -> Vec<Vec<u8>> {
    let level = if dice.below(2) == 0 { 4 } else { 5 };
    let obs = "fh/v1/hydro/obs";
    let properties: &[u8] =
        [&[][..], &[0x22, 0, 0], &[0x21, 0, 9, 0x11, 0, 0, 0, 9]][dice.below(3)];
    let will: Option<(&[u8], &[u8])> = (dice.below(3) == 0).then_some((obs.as_bytes(), b"gone"));
    let id = format!("f-{}", dice.below(40));
    let hello = match dice.below(4) {
        0 => connect(level, &id, "boat-1"),
        _ => Connect { level, properties, will, id: id.as_bytes(), ..Connect::default() }.bytes(),
    };
    let mut packets = vec![hello];
    for _ in 0..dice.below(8) {
        let number = dice.below(4) as u16 + 1;
        packets.push(match dice.below(11) {
            0..=2 => publish(level, obs, b"{\"v\":1}", dice.below(3) as u8, number),
            3 => subscribe(level, number, &["fh/v1/hydro/#", "fh/v1/units/boat-1/+"], 1),
            4 => packet(0x62, &number.to_be_bytes()),
            5 => packet(0x40, &number.to_be_bytes()),
            6 => vec![0xC0, 0],
            7 => {
                let alias = [&text(obs.as_bytes())[..], &[0, 1, 3, 0x23, 0, 2, b'x']].concat();
                packet(0x32, &alias)
            }
            8 => {
                let user = [&[0x26][..], &text(b"k"), &text(b"v")].concat();
                let body = [&text(obs.as_bytes())[..], &[0, 2, user.len() as u8], &user].concat();
                packet(0x34, &body)
            }
            9 => packet(
                0xA2,
                &[&[0, 3][..], &[0; 1][..usize::from(level == 5)], &text(b"a")].concat(),
            ),
            _ => vec![0xE0, 0],
        });
    }
    packets
}

/// Half of the sessions keep their CONNECT as it is, so that the rest is read as well.
fn mutate(dice: &mut Dice, mut packets: Vec<Vec<u8>>) -> Vec<u8> {
    if dice.below(2) == 0 && packets.len() > 1 {
        let mut bytes = packets.remove(0);
        bytes.extend(mutate_any(dice, packets));
        return bytes;
    }
    mutate_any(dice, packets)
}

fn mutate_any(dice: &mut Dice, mut packets: Vec<Vec<u8>>) -> Vec<u8> {
    for _ in 0..dice.below(3) {
        let (from, to) = (dice.below(packets.len()), dice.below(packets.len()));
        match dice.below(3) {
            0 => packets.swap(from, to),
            1 => packets.insert(to, packets[from].clone()),
            _ if packets.len() > 1 => drop(packets.remove(from)),
            _ => {}
        }
    }
    let mut bytes = packets.concat();
    for _ in 0..dice.below(5) {
        if bytes.is_empty() {
            break;
        }
        let at = dice.below(bytes.len());
        match dice.below(7) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, b'#', b'$'][dice.below(7)],
            2 => bytes.insert(at, dice.next() as u8),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 => {
                let end = bytes.len().min(at + 1 + dice.below(16));
                let piece = bytes[at..end].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes[at] = dice.next() as u8,
        }
    }
    bytes
}

/// Sends one session and reads what comes, to its end.
async fn play(port: u16, seed: u64) {
    let mut dice = Dice(seed);
    let session = session(&mut dice);
    let bytes = mutate(&mut dice, session);
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + dice.below(rest.len()));
        if write.write_all(piece).await.is_err() {
            break;
        }
        rest = after;
        tokio::task::yield_now().await;
    }
    let _ = write.shutdown().await;
    let mut end = Vec::new();
    let told = timeout(DEADLINE, read.read_to_end(&mut end)).await;
    assert!(told.is_ok(), "left hanging: session seed {seed}, bytes {bytes:02x?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stream_of_bytes_is_a_fault() {
    let told = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seed = told("MQTT_FUZZ_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let seconds = told("MQTT_FUZZ_SECONDS").unwrap_or(3);
    println!("MQTT_FUZZ_SEED={seed} MQTT_FUZZ_SECONDS={seconds}");
    let config = EdgeConfig { subscriptions_max: 3, ..EdgeConfig::default() };
    let edge = edge_with(config, Desk::new(true)).await;
    let mut healthy = edge.client(4, "healthy").await;
    let (port, next) = (edge.port, Arc::new(AtomicU64::new(0)));
    let end = Instant::now() + Duration::from_secs(seconds);
    let players: Vec<_> = (0..SIDE_BY_SIDE)
        .map(|_| {
            let next = next.clone();
            tokio::spawn(async move {
                while Instant::now() < end {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    play(port, seed.wrapping_add(number)).await;
                }
            })
        })
        .collect();
    let task = |key| Downlink {
        topic: "fh/v1/units/boat-1/tasks".into(),
        body: Bytes::from_static(b"task"),
        key,
        retain: key % 5 == 0,
        kept: true,
    };
    for key in 0..200 {
        edge.tray.held.lock().unwrap().insert(key, task(key));
    }
    let mut key = 200;
    while Instant::now() < end {
        key += 1;
        edge.handle.publish(task(key));
        let answer = healthy.publish_acked(4, "fh/v1/hydro/obs", b"1").await;
        assert_eq!(answer, Some(0), "seed {seed}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for player in players {
        player.await.unwrap();
    }
    edge.until("all gone but one", |s| s.open == 1 && s.inflight_bytes == 0).await;
    let stats = edge.stats();
    println!("{} sessions; {stats:?}", next.load(Ordering::Relaxed));
    assert_eq!(stats.panics, 0, "seed {seed}");
    assert!(
        stats.publishes_qos1 > 100 && stats.downlinks_sent > 100,
        "the streams reach past the handshake: {stats:?}"
    );
    assert_eq!(stats.accepted, stats.closed_total() + 1);
}
