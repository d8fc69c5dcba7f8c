//! The others: well-behaved agencies that wait for each acknowledgement, by each door.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use domain::time::{MINUTE_MS, UtcMs};
use simulators::rtu::frame::{Element, Rtu};

use super::{Doors, QUIET_STATION, loud, observation};
use crate::consoles::now_ms;

/// Probes a second by MQTT, each agency; by HTTP; by SL 651.
const MQTT_PER_S: u32 = 100;
const HTTP_PER_S: u32 = 50;
const SL651_PER_S: u32 = 50;
/// Minutes back from now over which a telemetry station's reports are spread: it dates to the minute.
const MINUTES: i64 = 1_400;

/// Sends what `ask` sends, so many times a second, and notes how long each answer took, µs.
fn paced(per_s: u32, seconds: u64, mut ask: impl FnMut(u32)) -> Vec<i64> {
    let (began, mut waits) = (Instant::now(), Vec::new());
    for n in 0u32.. {
        let due = Duration::from_secs(1) / per_s * n;
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        if began.elapsed().as_secs() >= seconds {
            break;
        }
        let sent = Instant::now();
        ask(n);
        waits.push(i64::try_from(sent.elapsed().as_micros()).expect("short"));
    }
    waits
}

fn by_mqtt(doors: &Doors, agency: &str, seconds: u64) -> Vec<i64> {
    let token = doors.token(agency);
    let mut socket = loud::let_in(doors.mqtt, agency, agency, &token).expect("let in");
    paced(MQTT_PER_S, seconds, |n| {
        let id = u16::try_from(n % 60_000).expect("small") + 1;
        let body = observation(agency, n.into());
        socket.write_all(&loud::publish(agency, id, &body)).expect("sent");
        socket.read_exact(&mut [0; 4]).expect("acknowledged");
    })
}

/// One observation a request, on one connection.
fn by_http(doors: &Doors, agency: &str, seconds: u64) -> Vec<i64> {
    let token = doors.token(agency);
    let mut socket = TcpStream::connect(doors.http).expect("a connection");
    socket.set_nodelay(true).expect("a socket");
    let mut answer = vec![0; 16_384];
    paced(HTTP_PER_S, seconds, |n| {
        let body = [b"[".as_slice(), &observation(agency, n.into()), b"]"].concat();
        let head = format!(
            "POST /v1/observations HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            doors.http,
            body.len()
        );
        socket.write_all(&[head.as_bytes(), &body].concat()).expect("sent");
        let read = socket.read(&mut answer).expect("answered");
        assert!(answer[..read].starts_with(b"HTTP/1.1 2"), "an answer that is no success");
    })
}

/// A telemetry station that reports its flow and waits for the centre's answer.
fn by_sl651(doors: &Doors, seconds: u64) -> Vec<i64> {
    let address = QUIET_STATION.parse().expect("an address");
    let rtu = Rtu { centre: 1, address, password: 0, class: b'H' };
    let mut socket = TcpStream::connect(doors.sl651).expect("a connection");
    socket.set_nodelay(true).expect("a socket");
    let mut heard = Vec::new();
    paced(SL651_PER_S, seconds, |n| {
        let now = UtcMs(now_ms());
        let flow = Element { lead: 0x27, bytes: 4, decimals: 3, value: Some(f64::from(n % 20)) };
        let serial = u16::try_from(n % 60_000).expect("small") + 1;
        let observed = now.plus_ms(-MINUTE_MS * (i64::from(n) % MINUTES));
        socket.write_all(&rtu.report(0x32, serial, now, observed, &[flow])).expect("sent");
        let mut bytes = [0; 1_024];
        loop {
            if let Some((answer, length)) = rtu.answer(&heard) {
                heard.drain(..length);
                assert_ne!(answer.end, 0x15, "not understood");
                return;
            }
            let read = socket.read(&mut bytes).expect("answered");
            assert!(read > 0, "the line is closed");
            heard.extend(&bytes[..read]);
        }
    })
}

/// What the others wait, µs, by door.
pub(super) fn waits(doors: &Doors, seconds: u64) -> Vec<(&'static str, Vec<i64>)> {
    std::thread::scope(|scope| {
        let hydro = scope.spawn(|| by_mqtt(doors, "hydro", seconds));
        let weather = scope.spawn(|| by_mqtt(doors, "weather", seconds));
        let http = scope.spawn(|| by_http(doors, "works", seconds));
        let station = scope.spawn(|| by_sl651(doors, seconds));
        let [hydro, weather, http, station] =
            [hydro, weather, http, station].map(|probe| probe.join().expect("a probe"));
        vec![("MQTT", [hydro, weather].concat()), ("HTTP", http), ("SL 651", station)]
    })
}
