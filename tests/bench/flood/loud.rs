//! The flood: well and badly formed packets of one agency, shared by its connections.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Scope;
use std::time::{Duration, Instant};

use domain::time::UtcMs;
use simulators::rtu::frame::{Element, Rtu};
use system_tests::publisher::{connect_packet, packet};

use super::{Doors, LOUD_STATION, QUOTA_PER_S, observation};
use crate::consoles::now_ms;

/// Its connections by MQTT, those by which it posts, and its telemetry lines.
const FLOODS: usize = 8;
const POSTS: usize = 2;
const LINES: usize = 4;

/// A connection by MQTT; `None` where it is not let in.
pub(super) fn let_in(at: &str, id: &str, agency: &str, token: &str) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(at).ok()?;
    socket.set_nodelay(true).ok()?;
    socket.write_all(&connect_packet(id, agency, token, true)).ok()?;
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).ok()?;
    (answer[3] == 0).then_some(socket)
}

/// A message by MQTT that is to be acknowledged.
pub(super) fn publish(agency: &str, id: u16, body: &[u8]) -> Vec<u8> {
    let topic = format!("fh/v1/{agency}/obs");
    let mut whole = u16::try_from(topic.len()).expect("short").to_be_bytes().to_vec();
    whole.extend(topic.as_bytes());
    whole.extend(id.to_be_bytes());
    whole.extend(body);
    packet(0x32, &whole)
}

/// What is common to the flood's senders.
#[derive(Debug, Clone, Copy)]
struct Flood<'a> {
    doors: &'a Doors<'a>,
    end: &'a AtomicBool,
    sent: &'a AtomicU64,
}

impl Flood<'_> {
    fn over(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    /// Writes what `make` makes at a share of a hundred times the quota, and reads what is answered
    /// without looking at it, until the end or until the line is closed.
    fn pour(&self, mut socket: TcpStream, share: usize, make: impl Fn(u64) -> Vec<u8>) {
        let mut reader = socket.try_clone().expect("a second handle");
        std::thread::spawn(move || {
            let mut bytes = [0; 16_384];
            while reader.read(&mut bytes).is_ok_and(|n| n > 0) {}
        });
        let each_s = u64::from(QUOTA_PER_S) * 100 / share as u64;
        let (began, mut n) = (Instant::now(), 0u64);
        while !self.over() {
            let due = u64::try_from(began.elapsed().as_millis()).expect("short") * each_s / 1_000;
            if n >= due {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            if socket.write_all(&make(n)).is_err() {
                return;
            }
            n += 1;
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }

    fn mqtt(&self, which: usize, token: &str) {
        let id = format!("flood-{which}");
        let Some(socket) = let_in(self.doors.mqtt, &id, "flood", token) else { return };
        self.pour(socket, FLOODS, |n| {
            let body = match n % 4 {
                0 => observation("flood", n),
                1 => vec![b'{'; 8_000],
                2 => observation("flood", n)[..30].to_vec(),
                _ => vec![b'['; 200_000],
            };
            publish("flood", u16::try_from(n % 60_000).expect("small") + 1, &body)
        });
    }

    /// Frames that are good, of a station that is not known, with a wrong check, and no frames. A line
    /// that is closed is opened again.
    fn sl651(&self) {
        let station = |text: &str| Rtu {
            centre: 1,
            address: text.parse().expect("an address"),
            password: 0,
            class: b'H',
        };
        let (known, unknown) = (station(LOUD_STATION), station("0099999999"));
        let flow = Element { lead: 0x27, bytes: 4, decimals: 3, value: Some(1.5) };
        while !self.over() {
            let Ok(socket) = TcpStream::connect(self.doors.sl651) else { continue };
            self.pour(socket, LINES, |n| {
                let now = UtcMs(now_ms());
                let serial = u16::try_from(n % 60_000).expect("small") + 1;
                let good = known.report(0x32, serial, now, now, &[flow]);
                match n % 4 {
                    0 => good,
                    1 => unknown.report(0x32, serial, now, now, &[flow]),
                    2 => good[..good.len() - 1].iter().copied().chain([0]).collect(),
                    _ => vec![b'x'; 4_000],
                }
            });
        }
    }

    /// Packets beyond the largest, a connection each.
    fn oversized(&self, token: &str) {
        while !self.over() {
            let Some(mut socket) = let_in(self.doors.mqtt, "oversized", "flood", token) else {
                continue;
            };
            let _ = socket.write_all(&[0x32, 0xFF, 0xFF, 0xFF, 0x7F]);
            let _ = socket.write_all(&[0; 60_000]);
            let _ = socket.read_to_end(&mut Vec::new());
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Posts that are good, broken and too large.
    fn posts(&self, token: &str) {
        let at = self.doors.http;
        for n in 0u64.. {
            if self.over() {
                return;
            }
            let body = match n % 3 {
                0 => [b"[".as_slice(), &observation("flood", n), b"]"].concat(),
                1 => vec![b'['; 50_000],
                _ => Vec::new(),
            };
            let length = if n % 3 == 2 { 64 << 20 } else { body.len() };
            let head = format!(
                "POST /v1/observations HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\
                 Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n"
            );
            let Ok(mut socket) = TcpStream::connect(at) else { continue };
            let _ = socket.write_all(&[head.as_bytes(), &body].concat());
            let _ = socket.read_to_end(&mut Vec::new());
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Begins the flood; it goes on until `end`, and counts what it has sent.
pub(super) fn begin<'scope>(
    scope: &'scope Scope<'scope, '_>,
    doors: &'scope Doors,
    end: &'scope AtomicBool,
    sent: &'scope AtomicU64,
) {
    let flood = Flood { doors, end, sent };
    let token = doors.token("flood");
    let start = |run: Box<dyn FnOnce(&str) + Send + 'scope>| {
        let token = token.clone();
        scope.spawn(move || run(&token));
    };
    for which in 0..FLOODS {
        start(Box::new(move |token| flood.mqtt(which, token)));
    }
    for _ in 0..LINES {
        start(Box::new(move |_| flood.sl651()));
    }
    for _ in 0..POSTS {
        start(Box::new(move |token| flood.posts(token)));
    }
    start(Box::new(move |token| flood.oversized(token)));
}
