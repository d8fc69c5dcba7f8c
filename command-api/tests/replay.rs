//! A recorded series at full speed into the platform of the demo's city: it answers throughout, and
//! is done in time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use command_api::access::Access;
use command_api::serve::{ClockKind, WallClock};
use common::{Client, Running, people};
use serde_json::json;

/// 2024-01-01T00:00:00Z.
const BEGIN_MS: i64 = 1_704_067_200_000;
const HOURS: i64 = 3_000;
/// All of it, on a busy machine without optimisation; it takes some five seconds on an idle one.
const DONE_WITHIN: Duration = Duration::from_secs(90);
/// How long the platform may keep anybody waiting meanwhile. On an idle machine it is milliseconds;
/// while the picture was written down with every batch it was up to two seconds.
const ANSWERS_WITHIN: Duration = Duration::from_millis(1_500);

/// Asks again and again until told to end; the longest that anybody waited.
async fn ask(client: Client, path: &'static str, over: Arc<AtomicBool>) -> (Duration, u32) {
    let (mut longest, mut asked) = (Duration::ZERO, 0);
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        longest = longest.max(began.elapsed());
        asked += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (longest, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_hourly_rows_into_the_demos_city_keep_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    people(&data);
    let access = Access::open(&data.join("access.sqlite"), Arc::new(WallClock)).unwrap();
    let token = access.give_token("agency", "hydrology").unwrap();
    drop(access);
    let city = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../simulators/cities/jiangmen");
    let platform = Running::start_with(folder.path(), |options| {
        options.clock = ClockKind::Replay;
        options.city_dir = city;
    })
    .await;
    let officer = platform.signed_in("officer").await;
    let over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = ["/v1/alerts", "/v1/zones", "/healthz"]
        .map(|path| tokio::spawn(ask(officer.clone(), path, Arc::clone(&over))))
        .into();

    let began = Instant::now();
    let feed = platform.client().with("Authorization", &format!("Bearer {token}"));
    let (mut sent, mut accepted) = (0, 0);
    for day in 0..HOURS / 24 {
        let rows: Vec<_> = (day * 24..(day + 1) * 24)
            .flat_map(|hour| {
                let t = BEGIN_MS + hour * 3_600_000;
                let storm = if hour % 97 < 9 { 14.0 } else { 0.0 };
                let flow = 200.0 + 180.0 * ((hour % 211) as f64);
                [("JM-0111", "rainfall", storm), ("JM-0204", "discharge", flow)]
                    .map(|(station, property, v)| json!({ "station": station, "property": property, "t": t, "v": v }))
            })
            .collect();
        sent += rows.len() as u64;
        let answer = feed.post("/v1/observations", &json!(rows)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let taken = answer.json();
        accepted += taken["accepted"].as_u64().unwrap();
        accepted += taken["rejected"].as_array().unwrap().len() as u64;
    }
    assert_eq!(accepted, sent);
    let heard = began.elapsed();
    loop {
        let page = platform.client().get("/metrics").await.text();
        let figure = |name: &str| -> u64 {
            let line = page.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap().parse::<f64>().unwrap() as u64
        };
        if figure("fenghuo_understood_seq") == figure("fenghuo_journal_durable_seq") {
            break;
        }
        assert!(began.elapsed() < DONE_WITHIN, "not understood: {page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let took = began.elapsed();
    over.store(true, Ordering::Relaxed);
    for waited in asking {
        let (longest, asked) = waited.await.unwrap();
        println!("asked {asked} times, the longest took {longest:?}");
        assert!(longest < ANSWERS_WITHIN, "somebody waited {longest:?}");
    }
    println!("{sent} observations: taken in after {heard:?}, understood after {took:?}");
    platform.stop().await.unwrap();
}
