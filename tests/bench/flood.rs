//! One agency at a hundred times its quota, with broken and oversized frames, by MQTT and HTTP: how
//! long the others wait for their acknowledgements, beside how long they wait in calm.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use system_tests::platform::{Platform, scratch};
use system_tests::publisher::{connect_packet, packet};
use system_tests::town::Town;

use crate::consoles::now_ms;
use crate::figures::{Figure, cpu_s, figure, goal};

/// What the flooding agency may send, observations a second.
const QUOTA_PER_S: u32 = 100;
/// Its connections, and those by which it posts.
const FLOODS: usize = 8;
const POSTS: usize = 2;
/// The others' probes a second, each.
const PROBES_PER_S: u32 = 100;
/// The others.
const QUIET: [&str; 2] = ["hydro", "weather"];

fn town() -> Town {
    let agencies = format!(
        "[[agency]]\nid = \"flood\"\nname = \"flood\"\nrate_per_s = {QUOTA_PER_S}\n\
         [[agency]]\nid = \"hydro\"\nname = \"hydro\"\n[[agency]]\nid = \"weather\"\nname = \"weather\"\n"
    );
    let mut town = Town::new().file("agencies.toml", &agencies);
    for agency in ["flood", "hydro", "weather"] {
        town = town.station_of(agency, &format!("S-{agency}"), &[("discharge", 60)]);
    }
    town
}

/// The demo's token of an agency.
fn token(data: &std::path::Path, agency: &str) -> String {
    let text = std::fs::read_to_string(data.join("credentials.toml")).expect("credentials");
    let line = text.lines().find(|l| l.starts_with(&format!("\"{agency}\""))).expect("a line");
    line.split('"').nth(3).expect("a token").to_owned()
}

fn let_in(at: &str, id: &str, agency: &str, token: &str) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(at).ok()?;
    socket.set_nodelay(true).ok()?;
    socket.write_all(&connect_packet(id, agency, token, true)).ok()?;
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).ok()?;
    (answer[3] == 0).then_some(socket)
}

fn publish(agency: &str, id: u16, body: &[u8]) -> Vec<u8> {
    let topic = format!("fh/v1/{agency}/obs");
    let mut whole = u16::try_from(topic.len()).expect("short").to_be_bytes().to_vec();
    whole.extend(topic.as_bytes());
    whole.extend(id.to_be_bytes());
    whole.extend(body);
    packet(0x32, &whole)
}

fn observation(agency: &str, n: u64) -> Vec<u8> {
    let t = now_ms() - i64::try_from(n % 1_000).expect("small");
    format!(r#"{{"station":"S-{agency}","property":"discharge","t":{t},"v":{}.5}}"#, n % 20)
        .into_bytes()
}

/// The waits of a quiet agency for its acknowledgements, microseconds.
fn probe(at: &str, agency: &str, token: &str, seconds: u64) -> Vec<f64> {
    let mut socket = let_in(at, agency, agency, token).expect("let in");
    let (began, mut waits) = (Instant::now(), Vec::new());
    for n in 0u32.. {
        let due = Duration::from_secs(1) / PROBES_PER_S * n;
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        if began.elapsed().as_secs() >= seconds {
            break;
        }
        let id = u16::try_from(n % 60_000).expect("small") + 1;
        let body = observation(agency, n.into());
        let sent = Instant::now();
        socket.write_all(&publish(agency, id, &body)).expect("sent");
        let mut answer = [0; 4];
        socket.read_exact(&mut answer).expect("acknowledged");
        waits.push(sent.elapsed().as_secs_f64() * 1e6);
    }
    waits
}

fn p99_of_quiet(at: &str, data: &std::path::Path, seconds: u64) -> f64 {
    let mut all: Vec<f64> = std::thread::scope(|scope| {
        let probes = QUIET.map(|agency| {
            let token = token(data, agency);
            scope.spawn(move || probe(at, agency, &token, seconds))
        });
        probes.into_iter().flat_map(|p| p.join().expect("a probe")).collect()
    });
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() * 99 / 100]
}

/// Well and badly formed packets at a hundred times the quota, shared by the flood's connections.
fn flood(at: &str, which: usize, token: &str, end: &AtomicBool, sent: &AtomicU64) {
    let Some(mut socket) = let_in(at, &format!("flood-{which}"), "flood", token) else { return };
    let mut reader = socket.try_clone().expect("a second handle");
    std::thread::spawn(move || {
        let mut bytes = [0; 16_384];
        while reader.read(&mut bytes).is_ok_and(|n| n > 0) {}
    });
    let each_s = u64::from(QUOTA_PER_S) * 100 / FLOODS as u64;
    let (began, mut n) = (Instant::now(), 0u64);
    while !end.load(Ordering::Relaxed) {
        let due = u64::try_from(began.elapsed().as_millis()).expect("short") * each_s / 1_000;
        if n >= due {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let body = match n % 4 {
            0 => observation("flood", n),
            1 => vec![b'{'; 8_000],
            2 => observation("flood", n)[..30].to_vec(),
            _ => vec![b'['; 200_000],
        };
        let id = u16::try_from(n % 60_000).expect("small") + 1;
        if socket.write_all(&publish("flood", id, &body)).is_err() {
            return;
        }
        n += 1;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    let _ = socket.shutdown(std::net::Shutdown::Both);
}

/// Packets beyond the largest, a connection each.
fn oversized(at: &str, token: &str, end: &AtomicBool, sent: &AtomicU64) {
    while !end.load(Ordering::Relaxed) {
        let Some(mut socket) = let_in(at, "oversized", "flood", token) else { continue };
        let _ = socket.write_all(&[0x32, 0xFF, 0xFF, 0xFF, 0x7F]);
        let _ = socket.write_all(&[0; 60_000]);
        let _ = socket.read_to_end(&mut Vec::new());
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Posts that are good, broken and too large.
fn posts(at: &str, token: &str, end: &AtomicBool, sent: &AtomicU64) {
    for n in 0u64.. {
        if end.load(Ordering::Relaxed) {
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
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let seconds = if quick { 8 } else { 30 };
    let folder = scratch();
    let city = town().write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo"]);
    let (mqtt, http) = (platform.mqtt.as_str(), platform.http.trim_start_matches("http://"));
    let key = token(&data, "flood");
    p99_of_quiet(mqtt, &data, 2);
    let calm = p99_of_quiet(mqtt, &data, seconds);
    let (end, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let before = cpu_s(platform.pid()).unwrap_or_default();
    let busy = std::thread::scope(|scope| {
        let (end, sent, key) = (&end, &sent, key.as_str());
        for which in 0..FLOODS {
            scope.spawn(move || flood(mqtt, which, key, end, sent));
        }
        scope.spawn(move || oversized(mqtt, key, end, sent));
        for _ in 0..POSTS {
            scope.spawn(move || posts(http, key, end, sent));
        }
        let busy = p99_of_quiet(mqtt, &data, seconds);
        end.store(true, Ordering::Relaxed);
        busy
    });
    let cpu = (cpu_s(platform.pid()).unwrap_or_default() - before) / seconds as f64;
    let taken = sent.load(Ordering::Relaxed) as f64 / seconds as f64;
    let ratio = busy / calm;
    vec![
        figure("flood: taken off one agency that offers 10,000/s", taken, "frames/s"),
        figure("flood: CPU of the platform", cpu, "cores"),
        figure("flood: others' publish to acknowledged, p99, calm", calm / 1e3, "ms"),
        figure("flood: the same in the flood", busy / 1e3, "ms"),
        goal("flood: flood / calm", ratio, "", "at most 1.5", ratio <= 1.5),
    ]
}
