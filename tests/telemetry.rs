//! A hydrological station by SL 651-2014, end to end: the simulated one (which has its own encoder)
//! against the built platform, its values read where a duty officer reads them.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use system_tests::http::Client;
use system_tests::platform::{Platform, binary, eventually, scratch};
use system_tests::town::Town;

const SOON: Duration = Duration::from_secs(10);
const ADDRESS: &str = "0044070301";
/// 03:00 北京时间.
const LAST: &str = "2026-06-11T03:00:00+08:00";
const LAST_MS: i64 = 1_781_118_000_000;

/// The simulated station's lines.
fn rtu(platform: &Platform, more: &[&str]) -> Vec<String> {
    let out = Command::new(binary("fenghuo-sim"))
        .args(["rtu", "--to", &platform.sl651, "--until", LAST])
        .args(more)
        .output()
        .expect("the simulator runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect()
}

fn metric(platform: &Platform, name: &str) -> u64 {
    let page = Client::new(&platform.http).get("/metrics").body;
    let page = String::from_utf8_lossy(&page).to_string();
    let line = page.lines().find(|line| line.starts_with(name));
    line.and_then(|l| l.rsplit(' ').next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn points(officer: &Client, property: &str) -> Vec<(i64, f64)> {
    let (from, to) = (LAST_MS - 3_600_000, LAST_MS + 1);
    let path = format!("/v1/stations/BRIDGE/series?property={property}&from={from}&to={to}");
    let answer = officer.get(&path).json();
    let points = answer["points"].as_array().cloned().unwrap_or_default();
    let number = |point: &Value, at: usize| point[at].as_f64().expect("a number");
    points.iter().map(|point| (number(point, 0) as i64, number(point, 1))).collect()
}

#[test]
fn a_stations_reports_become_series_and_nothing_is_taken_twice() {
    let folder = scratch();
    let town = Town::new()
        .station("BRIDGE", &[("rainfall", 300), ("water_level", 300), ("battery", 300)])
        .telemetry(&[ADDRESS]);
    let city = town.write(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let more = ["--demo", "--clock", "replay", "--sl651", "127.0.0.1:0"];
    let platform = Platform::start(&city, &data, &more);
    let officer = platform.sign_in("demo");

    let said = rtu(&platform, &["--station", ADDRESS, "--damaged", "--resend"]);
    assert_eq!(said.len(), 13, "{said:#?}");
    assert!(said.iter().all(|line| line.ends_with("answered EOT")), "{said:#?}");
    let levels = eventually("the levels", SOON, || {
        let levels = points(&officer, "water_level");
        (levels.len() == 12).then_some(levels)
    });
    // 02:05 to 03:00; the shower is at its height at a quarter past the hour.
    assert_eq!(levels.first(), Some(&(LAST_MS - 55 * 60_000, 3.1)));
    assert_eq!(levels.get(2), Some(&(LAST_MS - 45 * 60_000, 3.2)));
    assert_eq!(levels.last(), Some(&(LAST_MS, 3.0)));
    let rain: f64 = points(&officer, "rainfall").iter().map(|(_, mm)| mm).sum();
    assert!((rain - 15.0).abs() < 0.3, "{rain}");

    let refused = officer.get("/v1/rejections").json();
    assert_eq!(refused.as_array().map(Vec::len), Some(1), "{refused}");
    assert_eq!(
        (&refused[0]["reason"], &refused[0]["channel"]),
        (&"checksum".into(), &"sl651".into())
    );

    // Frames sent: a sign of life, 12 reports, one damaged, one again.
    let frames = |fate: &str| {
        metric(&platform, &format!("fenghuo_sl651_frames_total{{outcome=\"{fate}\"}}"))
    };
    let all = ["keep_alive", "accepted", "refused", "duplicate"].map(frames);
    assert_eq!(all, [1, 12, 1, 1]);

    // A test is shown apart, and a station that nobody registered is shown with its address.
    rtu(&platform, &["--station", ADDRESS, "--test", "--reports", "1", "--level", "77"]);
    rtu(&platform, &["--station", "0099887766", "--reports", "1"]);
    let tests = officer.get("/v1/sl651/tests").json();
    assert_eq!(tests[0]["station"], "BRIDGE");
    assert_eq!(points(&officer, "water_level").len(), 12);
    let unknown = eventually("the unknown station", SOON, || {
        let list = officer.get("/v1/rejections?reason=unknown_station").json();
        list.as_array().and_then(|list| list.first().cloned())
    });
    assert!(unknown["detail"].as_str().is_some_and(|d| d.contains("0099887766")), "{unknown}");
    assert_eq!(officer.get(&format!("/v1/attachments/{}", "0".repeat(64))).status, 404);
    assert_eq!(Client::new(&platform.http).get("/v1/sl651/tests").status, 401);
    assert!(platform.stop().success());
}
