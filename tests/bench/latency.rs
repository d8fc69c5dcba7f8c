//! From a sensor's PUBLISH to the message on a console, with 1,000 and 10,000 observations a second
//! passing through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use system_tests::http::Client;
use system_tests::platform::{Platform, eventually, scratch};
use system_tests::publisher::Publisher;

use crate::consoles::{Shared, console, now_ms, quantile};
use crate::fanout::sign_in;
use crate::figures::{Figure, figure, goal};
use crate::mqtt::{agency_token, town};

/// Probes a second: observations that each step an alert.
const PROBES_PER_S: u32 = 20;

/// Sends `per_s` observations a second that step nothing, until told to end.
fn background(address: &str, token: &str, per_s: u32, end: &AtomicBool) {
    let mut publisher = Publisher::connect(address, "hydro", token, 20_000).expect("connects");
    let began = Instant::now();
    let mut sent = 0u32;
    while !end.load(Ordering::Relaxed) {
        let due = u32::try_from(began.elapsed().as_millis()).expect("short") * (per_s / 100) / 10;
        while sent < due {
            let station = 1 + sent % 49;
            let body = format!(
                r#"{{"station":"P{station:03}","property":"discharge","t":{},"v":{}.5}}"#,
                now_ms() - i64::from(sent / 49 % 2),
                sent % 20
            );
            publisher.publish(u64::from(sent), "fh/v1/hydro/obs", body.as_bytes()).expect("sent");
            sent += 1;
        }
        publisher.flush().expect("sent");
        std::thread::park_timeout(Duration::from_millis(2));
    }
    publisher.settle(Duration::from_secs(30));
}

fn measure(platform: &Platform, token: &str, cookie: &str, per_s: u32, seconds: u64) -> Vec<i64> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let seen = Shared::default();
    let address = platform.http.trim_start_matches("http://").to_owned();
    runtime.spawn(console(address, cookie.to_owned(), Arc::clone(&seen)));
    eventually("the console has its picture", Duration::from_secs(10), || {
        (seen.lock().expect("seen").ready == 1).then_some(())
    });
    let end = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let (address, end) = (platform.mqtt.as_str(), &end);
        scope.spawn(move || background(address, token, per_s, end));
        let mut probe = Publisher::connect(&platform.mqtt, "hydro", token, 100).expect("connects");
        let began = Instant::now();
        let mut sent = 0u32;
        while began.elapsed().as_secs() < seconds {
            let v = if sent.is_multiple_of(2) { 400.0 } else { 100.0 };
            let body =
                format!(r#"{{"station":"P000","property":"discharge","t":{},"v":{v}}}"#, now_ms());
            probe.publish(u64::from(sent), "fh/v1/hydro/obs", body.as_bytes()).expect("sent");
            probe.flush().expect("sent");
            sent += 1;
            let due = Duration::from_secs(1) / PROBES_PER_S * sent;
            std::thread::park_timeout(due.saturating_sub(began.elapsed()));
        }
        end.store(true, Ordering::Relaxed);
        sent
    });
    let want = usize::try_from(sent).expect("small") * 95 / 100;
    eventually("the probes have come", Duration::from_secs(20), || {
        (seen.lock().expect("seen").latencies.len() >= want).then_some(())
    });
    let latencies = seen.lock().expect("seen").latencies.clone();
    runtime.shutdown_background();
    latencies
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let seconds = if quick { 5 } else { 20 };
    let folder = scratch();
    let city = town().write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let platform = Platform::start(&city, &data, &["--demo"]);
    let (user, password) = sign_in(&platform.said);
    let client = Client::new(&platform.http).sign_in(&user, &password);
    let cookie = client.cookie().expect("a cookie").to_owned();
    let token = agency_token(&data);
    let mut found = Vec::new();
    for per_s in [1_000, 10_000] {
        let mut all = measure(&platform, &token, &cookie, per_s, seconds);
        let (p50, p99) = (quantile(&mut all, 0.5), quantile(&mut all, 0.99));
        found.push(figure(&format!("PUBLISH to console at {per_s}/s, p50"), p50, "ms"));
        let name = format!("PUBLISH to console at {per_s}/s, p99");
        if per_s == 1_000 {
            found.push(goal(&name, p99, "ms", "at most 50", p99 <= 50.0));
        } else {
            found.push(figure(&name, p99, "ms"));
        }
    }
    found
}
