//! Durable ingest over HTTP: clients post batches one after another, each on a connection of its own;
//! an observation counts once its batch is answered, and it is answered once it is on the disk. Beside
//! it, in the same run: the bare parse of the same bytes, and the same bytes written to a file and
//! synced by as many. Beside batches: one observation a request, from one client and from thirty-two,
//! who share a commit; and units' positions, one a request.
//!
//! What is written for one of them is counted by the kernel (`write_bytes` of the process): pages of
//! the journal and of its log, again where a page is filled by several commits. What is kept is the
//! files' growth.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use system_tests::platform::{Platform, scratch};
use system_tests::town::Town;

use crate::consoles::now_ms;
use crate::figures::{Figure, cpu_s, figure};
use crate::floor::Floor;

const CLIENTS: usize = 8;
/// Clients that post one observation a request.
const SINGLY: [usize; 2] = [1, 32];
/// How long a credential's requests take to be given back.
const REFILLED: Duration = Duration::from_secs(2);
/// Units whose positions are posted.
const UNITS: usize = 200;
const STATIONS: usize = 500;
const BATCHES: [usize; 3] = [1, 100, 1_000];

/// A form of a body.
#[derive(Debug, Clone, Copy)]
struct Form {
    name: &'static str,
    media: &'static str,
    floor: Floor,
}

const FORMS: [Form; 3] = [
    Form { name: "NDJSON", media: "application/x-ndjson", floor: Floor::JsonLines },
    Form { name: "JSON array", media: "application/json", floor: Floor::Json },
    Form { name: "CSV", media: "text/csv", floor: Floor::Csv },
];

impl Form {
    /// A body of the observations from number `from` on: every station's next minute.
    fn body(self, from: u64, count: usize, begin: i64) -> Vec<u8> {
        let row = |n: u64| {
            let station = n % STATIONS as u64;
            let t = begin + i64::try_from(n / STATIONS as u64).expect("small") * 1_000;
            (station, t, n % 7)
        };
        let json = |n: u64| {
            let (station, t, v) = row(n);
            format!(r#"{{"station":"S{station:03}","property":"discharge","t":{t},"v":{v}.5}}"#)
        };
        let all = from..from + count as u64;
        let text = match self.floor {
            Floor::Csv => {
                let cell = |n| {
                    let (station, t, v) = row(n);
                    format!("S{station:03},discharge,{t},{v}.5\n")
                };
                format!("station,property,t,v\n{}", all.map(cell).collect::<String>())
            }
            Floor::JsonLines => all.map(|n| json(n) + "\n").collect(),
            _ => format!("[{}]", all.map(json).collect::<Vec<_>>().join(",")),
        };
        text.into_bytes()
    }
}

struct Client {
    socket: TcpStream,
    head: String,
    answer: Vec<u8>,
}

impl Client {
    fn new(at: &str, token: &str, path: &str, media: &str) -> Self {
        let socket = TcpStream::connect(at).expect("connects");
        socket.set_nodelay(true).expect("a socket");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {media}\r\nContent-Length: "
        );
        Self { socket, head, answer: Vec::new() }
    }

    /// Posts a body; how many were accepted.
    fn post(&mut self, body: &[u8]) -> u64 {
        let mut request = format!("{}{}\r\n\r\n", self.head, body.len()).into_bytes();
        request.extend_from_slice(body);
        self.socket.write_all(&request).expect("sent");
        self.answer.clear();
        let mut room = [0; 16_384];
        loop {
            let read = self.socket.read(&mut room).expect("an answer");
            assert!(read > 0, "closed amid an answer");
            self.answer.extend_from_slice(&room[..read]);
            let text = String::from_utf8_lossy(&self.answer);
            let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|l| {
                let (name, value) = l.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if rest.len() < length.unwrap_or(0usize) {
                continue;
            }
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            let after = rest.split("\"accepted\":").nth(1).expect("a count");
            let count: String = after.chars().take_while(char::is_ascii_digit).collect();
            return count.parse().expect("a number");
        }
    }
}

struct Measured {
    per_s: f64,
    cpu_us: f64,
    /// Bytes that the platform has written to the disk, each.
    written: Option<f64>,
    bodies: Vec<Vec<u8>>,
}

/// Bytes that a process has sent to the disk.
fn written_by(pid: u32) -> Option<f64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.trim().parse().ok()
}

/// Posts for a while from so many clients; bodies are made beforehand.
fn posts(
    platform: &Platform,
    token: &str,
    form: Form,
    (clients, batch): (usize, usize),
    next: &mut u64,
) -> Measured {
    let each = (100_000 / batch).clamp(40, 1_600 / clients);
    let begin = now_ms() - 4_000_000_000;
    let mut body = || {
        *next += batch as u64;
        form.body(*next - batch as u64, batch, begin)
    };
    let bodies = (0..clients).map(|_| (0..each).map(|_| body()).collect()).collect();
    measured(platform, token, ("/v1/observations", form.media), bodies, batch)
}

/// Positions of units, one a request, each a hundred metres from the last: a unit that stands still
/// is known already.
fn positions(platform: &Platform, token: &str, clients: usize, next: &mut u64) -> Measured {
    let begin = now_ms() - 4_000_000_000;
    let mut body = || {
        *next += 1;
        let (unit, n) = (*next as usize % UNITS, *next / UNITS as u64);
        let t = begin + i64::try_from(n).expect("small") * 5_000;
        let (lon, lat) = (112.6 + unit as f64 * 0.001, 22.2 + n as f64 * 0.001);
        format!(r#"{{"unit":"U{unit:03}","t":{t},"lon":{lon:.4},"lat":{lat:.4}}}"#).into_bytes()
    };
    let bodies = (0..clients).map(|_| (0..1_600 / clients).map(|_| body()).collect());
    let bodies = bodies.collect();
    measured(platform, token, ("/v1/reports/units", "application/json"), bodies, 1)
}

/// Posts the bodies of each client one after another, all clients at once.
fn measured(
    platform: &Platform,
    token: &str,
    (path, media): (&str, &str),
    bodies: Vec<Vec<Vec<u8>>>,
    batch: usize,
) -> Measured {
    // One credential has 2,000 requests a second: what the measurement before took is given back.
    std::thread::sleep(REFILLED);
    let at = platform.http.trim_start_matches("http://").to_owned();
    let accepted = AtomicU64::new(0);
    let (cpu, written) = (cpu_s(platform.pid()).unwrap_or_default(), written_by(platform.pid()));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for bodies in &bodies {
            let (at, accepted) = (at.as_str(), &accepted);
            scope.spawn(move || {
                let mut client = Client::new(at, token, path, media);
                for body in bodies {
                    accepted.fetch_add(client.post(body), Ordering::Relaxed);
                }
            });
        }
    });
    let (took, count) = (began.elapsed().as_secs_f64(), accepted.load(Ordering::Relaxed));
    let bodies: Vec<Vec<u8>> = bodies.into_iter().flatten().collect();
    assert_eq!(count, (bodies.len() * batch) as u64, "each was new and good");
    let cpu = cpu_s(platform.pid()).unwrap_or_default() - cpu;
    let written = written_by(platform.pid()).zip(written).map(|(after, before)| after - before);
    Measured {
        per_s: count as f64 / took,
        cpu_us: cpu * 1e6 / count as f64,
        written: written.map(|bytes| bytes / count as f64),
        bodies,
    }
}

/// What is told of every way of posting.
fn told(name: &str, of: &Measured, each: &'static str) -> Vec<Figure> {
    let unit = if each == "a position" { "pos/s" } else { "obs/s" };
    let mut found = vec![
        figure(&format!("{name}: durable"), of.per_s, unit),
        figure(&format!("    CPU of the platform, {each}"), of.cpu_us, "us"),
    ];
    // No figure where the kernel does not count.
    if let Some(written) = of.written.filter(|bytes| *bytes > 0.0) {
        found.push(figure(&format!("    written to the disk, {each}"), written, "bytes"));
    }
    found
}

/// The bare parse of the bodies: observations a second on one core.
fn parsed(bodies: &[Vec<u8>], floor: Floor, batch: usize) -> f64 {
    let began = Instant::now();
    let mut rounds = 0;
    while began.elapsed() < Duration::from_millis(300) {
        for body in bodies {
            std::hint::black_box(floor.parse(std::hint::black_box(body)));
        }
        rounds += 1;
    }
    (rounds * bodies.len() * batch) as f64 / began.elapsed().as_secs_f64()
}

/// The bodies written one after another and synced as often as clients wait at once.
fn written(folder: &Path, bodies: &[Vec<u8>], batch: usize) -> f64 {
    let path = folder.join("bare");
    let mut file = std::fs::File::create(&path).expect("a file");
    let began = Instant::now();
    for group in bodies.chunks(CLIENTS) {
        for body in group {
            file.write_all(body).expect("written");
        }
        file.sync_data().expect("synced");
    }
    let per_s = (bodies.len() * batch) as f64 / began.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(path);
    per_s
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let folder = scratch();
    let mut town = Town::new().rate(1_000_000);
    for station in 0..STATIONS {
        town = town.station(&format!("S{station:03}"), &[("discharge", 1)]);
    }
    let units: String =
        (0..UNITS).map(|n| format!("U{n:03},一号艇,Boat,boat,hydro,112.6,22.2,4\n")).collect();
    town = town.file("units.csv", &format!("id,name,name_en,kind,agency,lon,lat,people\n{units}"));
    let city = town.write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo"]);
    let token = platform.token("hydro");
    let (mut found, mut next) = (Vec::new(), 0);
    // First: what batches leave to be carried to the history would be counted with them.
    for clients in SINGLY {
        let measured = posts(&platform, &token, FORMS[1], (clients, 1), &mut next);
        let name = format!("HTTP, one observation a request, {clients} clients");
        found.extend(told(&name, &measured, "an observation"));
    }
    let mut positions_sent = 0;
    for clients in SINGLY {
        let measured = positions(&platform, &token, clients, &mut positions_sent);
        let name = format!("HTTP, one position a request, {clients} clients");
        found.extend(told(&name, &measured, "a position"));
    }
    let (before, singly) = (kept_bytes(&data), next);
    posts(&platform, &token, FORMS[0], (CLIENTS, 100), &mut next);
    for form in FORMS {
        for batch in BATCHES {
            if quick && batch == 1 {
                continue;
            }
            let measured = posts(&platform, &token, form, (CLIENTS, batch), &mut next);
            let name = format!("HTTP, {} of {batch}, {CLIENTS} clients", form.name);
            let floor = parsed(&measured.bodies, form.floor, batch);
            let disk = written(folder.path(), &measured.bodies, batch);
            found.extend(told(&name, &measured, "an observation"));
            found.push(figure("    bare parse, one core", floor, "obs/s"));
            found.push(figure("    the same bytes written and synced", disk, "obs/s"));
            found.push(figure("    parse / durable", floor / measured.per_s, ""));
            found.push(figure("    synced / durable", disk / measured.per_s, ""));
        }
    }
    let kept = kept_bytes(&data) - before;
    found.push(figure("kept, an observation", kept / (next - singly) as f64, "bytes"));
    found
}

/// Bytes of the journal and the history, logs included.
fn kept_bytes(data: &Path) -> f64 {
    let record = std::fs::read_dir(data).into_iter().flatten().flatten().filter(|file| {
        let name = file.file_name();
        ["journal.sqlite", "history.sqlite"].iter().any(|of| name.to_string_lossy().starts_with(of))
    });
    record.filter_map(|f| f.metadata().ok()).map(|m| m.len() as f64).sum()
}
