//! Durable ingest over HTTP: clients post batches one after another, each on a connection of its own;
//! an observation counts once its batch is answered, and it is answered once it is on the disk. Beside
//! it, in the same run: the bare parse of the same bytes, and the same bytes written to a file and
//! synced by as many.

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
    fn new(at: &str, token: &str, media: &str) -> Self {
        let socket = TcpStream::connect(at).expect("connects");
        socket.set_nodelay(true).expect("a socket");
        let head = format!(
            "POST /v1/observations HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {token}\r\n\
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
    bodies: Vec<Vec<u8>>,
}

/// Posts for a while from all clients; bodies are made beforehand.
fn posts(platform: &Platform, token: &str, form: Form, batch: usize, next: &mut u64) -> Measured {
    let at = platform.http.trim_start_matches("http://").to_owned();
    let each = (100_000 / batch).clamp(40, 1_500);
    let begin = now_ms() - 4_000_000_000;
    let bodies: Vec<Vec<Vec<u8>>> = (0..CLIENTS)
        .map(|_| {
            let made = (0..each).map(|_| {
                *next += batch as u64;
                form.body(*next - batch as u64, batch, begin)
            });
            made.collect()
        })
        .collect();
    let accepted = AtomicU64::new(0);
    let (began, before) = (Instant::now(), cpu_s(platform.pid()).unwrap_or_default());
    std::thread::scope(|scope| {
        for bodies in &bodies {
            let (at, accepted) = (at.as_str(), &accepted);
            scope.spawn(move || {
                let mut client = Client::new(at, token, form.media);
                for body in bodies {
                    accepted.fetch_add(client.post(body), Ordering::Relaxed);
                }
            });
        }
    });
    let (took, count) = (began.elapsed().as_secs_f64(), accepted.load(Ordering::Relaxed));
    assert_eq!(count, (CLIENTS * each * batch) as u64, "every observation was new and good");
    let cpu = cpu_s(platform.pid()).unwrap_or_default() - before;
    let bodies = bodies.into_iter().flatten().collect();
    Measured { per_s: count as f64 / took, cpu_us: cpu * 1e6 / count as f64, bodies }
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
    let city = town.write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo"]);
    let token = platform.token("hydro");
    let (mut found, mut next) = (Vec::new(), 0);
    posts(&platform, &token, FORMS[0], 100, &mut next);
    for form in FORMS {
        for batch in BATCHES {
            if quick && batch == 1 {
                continue;
            }
            let measured = posts(&platform, &token, form, batch, &mut next);
            let name = format!("HTTP, {} of {batch}, {CLIENTS} clients", form.name);
            let floor = parsed(&measured.bodies, form.floor, batch);
            let disk = written(folder.path(), &measured.bodies, batch);
            found.push(figure(&format!("{name}: durable"), measured.per_s, "obs/s"));
            found.push(figure("    CPU of the platform", measured.cpu_us, "us/obs"));
            found.push(figure("    bare parse, one core", floor, "obs/s"));
            found.push(figure("    the same bytes written and synced", disk, "obs/s"));
            found.push(figure("    parse / durable", floor / measured.per_s, ""));
            found.push(figure("    synced / durable", disk / measured.per_s, ""));
        }
    }
    let record = std::fs::read_dir(data).into_iter().flatten().flatten().filter(|file| {
        let name = file.file_name();
        ["journal.sqlite", "history.sqlite"].iter().any(|of| name.to_string_lossy().starts_with(of))
    });
    let bytes: u64 = record.filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum();
    let kept = bytes as f64 / next as f64;
    found.push(figure("journal and history, bytes an observation", kept, "bytes"));
    found
}
