//! 5,000 consoles: an alert that steps ten times a second goes to every one of them, beside a bare
//! server that sends the same bytes over plain sockets.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::publisher::Publisher;
use system_tests::town::Town;

use crate::consoles::{Shared, bare_server, console, now_ms, quantile};
use crate::figures::{Figure, cpu_s, figure, goal, resident_mb};
use crate::mqtt::agency_token;

const SECONDS: u64 = 10;
/// Its name is as long as one may be, so that a change of its alert is a message of about 1 KB.
const GAUGE: &str = "gauge-at-the-lower-bridge-of-the-long-river-below-the-old-town";

/// What a server did for its consoles.
#[derive(Debug, Clone, Copy)]
struct Told {
    p50: f64,
    p99: f64,
    messages: f64,
    cpu_us: f64,
    kb_each: f64,
    bytes: f64,
}

/// If this process was started to be the bare server, is it, and gives true.
pub(crate) fn is_bare_server() -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, flag, clients, bytes] if flag == "--bare-server" => {
            let number = |text: &str| text.parse().expect("a number");
            bare_server(number(clients), number(bytes), SECONDS);
            true
        }
        _ => false,
    }
}

/// Connects consoles (in a runtime of their own) and waits until each has its picture.
fn connect(address: &str, cookie: &str, clients: usize) -> (tokio::runtime::Runtime, Shared) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let seen = Shared::default();
    for _ in 0..clients {
        let (address, cookie) = (address.to_owned(), cookie.to_owned());
        let seen = Arc::clone(&seen);
        runtime.spawn(async move {
            let _ = console(address, cookie, Arc::clone(&seen)).await;
            seen.lock().expect("seen").lost += 1;
        });
    }
    (runtime, seen)
}

#[allow(clippy::cast_precision_loss, reason = "counts")]
fn told(seen: &Shared, cpu: f64, kb_each: f64) -> Told {
    let mut seen = seen.lock().expect("seen");
    let messages = seen.latencies.len() as f64;
    let bytes = seen.bytes as f64 / messages.max(1.0);
    let (p50, p99) = (quantile(&mut seen.latencies, 0.5), quantile(&mut seen.latencies, 0.99));
    Told { p50, p99, messages, cpu_us: cpu / messages.max(1.0) * 1e6, kb_each, bytes }
}

#[allow(clippy::cast_precision_loss, reason = "counts")]
fn ours(clients: usize) -> Told {
    let folder = scratch();
    let city = Town::new()
        .hazard("discharge", &[("yellow", 30.0, None), ("red", 300.0, None)])
        .station(GAUGE, &[("discharge", 60)])
        .write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo"]);
    let (user, password) = sign_in(&platform.said);
    let client = Client::new(&platform.http).sign_in(&user, &password);
    let cookie = client.cookie().expect("a cookie").to_owned();
    let mut publisher =
        Publisher::connect(&platform.mqtt, "hydro", &agency_token(&data), 100).expect("connects");
    let before_mb = resident_mb(platform.pid()).expect("memory");
    let address = platform.http.trim_start_matches("http://").to_owned();
    let (runtime, seen) = connect(&address, &cookie, clients);
    eventually("every console has its picture", Duration::from_secs(60), || {
        (seen.lock().expect("seen").ready == clients).then_some(())
    });
    let cpu = cpu_s(platform.pid()).expect("CPU");
    let began = Instant::now();
    let mut sent = 0u32;
    while began.elapsed().as_secs() < SECONDS {
        let v = if sent.is_multiple_of(2) { 400.0 } else { 100.0 };
        let body =
            format!(r#"{{"station":"{GAUGE}","property":"discharge","t":{},"v":{v}}}"#, now_ms());
        publisher.publish(u64::from(sent), "fh/v1/hydro/obs", body.as_bytes()).expect("sent");
        assert!(publisher.settle(Duration::from_secs(5)), "acknowledged");
        sent += 1;
        std::thread::park_timeout(
            (Duration::from_millis(100) * sent).saturating_sub(began.elapsed()),
        );
    }
    let expected = clients * usize::try_from(sent).expect("small") * 99 / 100;
    eventually("the last alert has come", Duration::from_secs(20), || {
        (seen.lock().expect("seen").latencies.len() >= expected).then_some(())
    });
    let cpu = cpu_s(platform.pid()).expect("CPU") - cpu;
    let after_mb = resident_mb(platform.pid()).expect("memory");
    let told = told(&seen, cpu, (after_mb - before_mb) * 1024.0 / clients as f64);
    assert_eq!(seen.lock().expect("seen").lost, 0, "a console lost its connection");
    runtime.shutdown_background();
    told
}

#[allow(clippy::cast_precision_loss, reason = "counts")]
fn bare(clients: usize, bytes: f64) -> Told {
    let this = std::env::current_exe().expect("this program");
    let bytes = format!("{bytes:.0}");
    let mut child = Command::new(this)
        .args(["--bare-server", &clients.to_string(), &bytes])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut address = String::new();
    out.read_line(&mut address).expect("its port");
    let before_mb = resident_mb(child.id()).expect("memory");
    let (runtime, seen) = connect(address.trim(), "", clients);
    eventually("every client is connected", Duration::from_secs(60), || {
        (seen.lock().expect("seen").ready == clients).then_some(())
    });
    let (mut cpu, mut mb) = (0.0, before_mb);
    let began = cpu_s(child.id()).expect("CPU");
    while child.try_wait().expect("ours").is_none() {
        cpu = cpu_s(child.id()).map_or(cpu, |c| c - began);
        mb = resident_mb(child.id()).unwrap_or(mb);
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let told = told(&seen, cpu, (mb - before_mb) * 1024.0 / clients as f64);
    runtime.shutdown_background();
    told
}

/// User and password from the `sign-in` line of a demo platform.
pub(crate) fn sign_in(said: &[String]) -> (String, String) {
    let line = said.iter().find(|l| l.starts_with("sign-in")).expect("a sign-in line");
    let field = |name: &str| {
        let mut parts = line.split_whitespace();
        parts.find_map(|p| p.strip_prefix(name)).expect("a field").to_owned()
    };
    (field("user="), field("password="))
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let clients = if quick { 500 } else { 5_000 };
    let ours = ours(clients);
    let bare = bare(clients, ours.bytes);
    let (slower, dearer) = (ours.p99 / bare.p99, ours.cpu_us / bare.cpu_us);
    vec![
        figure("message", ours.bytes, "bytes"),
        figure("bare sockets, p50", bare.p50, "ms"),
        figure("bare sockets, p99", bare.p99, "ms"),
        figure("bare sockets, CPU a message", bare.cpu_us, "µs"),
        figure("fenghuo, messages delivered", ours.messages, ""),
        figure("fenghuo, sensor to console p50", ours.p50, "ms"),
        figure("fenghuo, sensor to console p99", ours.p99, "ms"),
        figure("fenghuo, CPU a message", ours.cpu_us, "µs"),
        goal("fenghuo / bare, p99", slower, "", "at most 1.5", slower <= 1.5),
        goal("fenghuo / bare, CPU a message", dearer, "", "at most 2.2", dearer <= 2.2),
        goal("fenghuo, memory a connection", ours.kb_each, "KB", "at most 8", ours.kb_each <= 8.0),
    ]
}
