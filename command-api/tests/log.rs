//! The duty log and the past picture reach back to the first record, however much came since.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use command_api::serve::ClockKind;
use common::{Client, Running, WITHIN, people, town};
use serde_json::{Value, json};

/// 2024-01-01T00:00:00Z.
const BEGIN_MS: i64 = 1_704_067_200_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

async fn feed(platform: &Running, token: &str, rows: &[(&str, i64, f64)]) {
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    for some in rows.chunks(500) {
        let body: Vec<Value> = some
            .iter()
            .map(|(station, t, v)| json!({ "station": station, "property": "discharge", "t": t, "v": v }))
            .collect();
        let answer = client.post("/v1/observations", &json!(body)).await;
        assert_eq!(answer.json()["accepted"], some.len(), "{}", answer.text());
    }
}

/// Waits until everything durable is understood, and what was decided is on the picture.
async fn settled(platform: &Running, client: &Client, newest: i64) {
    let began = std::time::Instant::now();
    loop {
        let page = platform.client().get("/metrics").await.text();
        let figure = |name: &str| {
            let line = page.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap().parse::<f64>().unwrap()
        };
        let understood = figure("fenghuo_understood_seq") == figure("fenghuo_journal_durable_seq");
        let lines = client.get("/v1/log?limit=1").await.json();
        if understood && lines[0]["at_ms"].as_i64() >= Some(newest) {
            return;
        }
        assert!(began.elapsed() < WITHIN, "{page}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn replayed(folder: &std::path::Path) -> (Running, String) {
    town(folder);
    let (agency, _) = people(&folder.join("data"));
    let platform = Running::start_with(folder, |o| o.clock = ClockKind::Replay).await;
    (platform, agency)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_the_log_is_paged_and_exported_back_to_the_first_record() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, agency) = replayed(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    // The first line of all is an officer's: a note, hundreds of alerts before the newest.
    feed(&platform, &agency, &[("A", BEGIN_MS, 310.0)]).await;
    let id: String =
        officer.until("/v1/alerts", |all| all[0]["id"].as_str().map(str::to_owned)).await;
    let done = officer.command("c1", json!({ "do": "acknowledge", "alert": id })).await;
    assert_eq!(done.status, 200, "{}", done.text());
    // A river that rises and falls by the hour: raised, cleared, silent, back again.
    let hours = 1..=900i64;
    let level = |hour: i64| if hour % 2 == 0 { 310.0 } else { 1.0 };
    let rows: Vec<_> = hours.map(|h| ("A", BEGIN_MS + h * HOUR_MS, level(h))).collect();
    feed(&platform, &agency, &rows).await;
    settled(&platform, &officer, BEGIN_MS + 900 * HOUR_MS).await;

    let span = format!("from={BEGIN_MS}&to={}", BEGIN_MS + 901 * HOUR_MS);
    let exported = officer.get(&format!("/v1/export/log.csv?{span}")).await.text();
    let exported: Vec<String> = exported
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(1).chain(line.split(',').skip(3).take(2)).collect())
        .collect();
    assert!(exported.len() >= 1_500, "{} lines", exported.len());
    assert!(exported.iter().any(|line| line.contains("acknowledged")), "the officer's line");

    let (mut paged, mut before) = (Vec::new(), String::new());
    loop {
        let page = officer.get(&format!("/v1/log?limit=300{before}")).await.json();
        let Some(last) = page.as_array().unwrap().last() else { break };
        before = format!("&before={}", last["seq"]);
        let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        let lines = page.as_array().unwrap().iter();
        paged.extend(lines.map(|l| format!("{}{}{}", l["seq"], word(l, "what"), word(l, "about"))));
    }
    paged.reverse();
    assert_eq!(paged.len(), exported.len());
    assert_eq!(paged, exported);

    // Every alert of the span, those that the picture has let go long since too.
    let alerts = officer.get(&format!("/v1/export/alerts.csv?{span}")).await.text();
    assert_eq!(alerts.lines().skip(1).count(), 451, "the first, and one every other hour");
    assert!(alerts.lines().nth(1).unwrap().contains(",officer,"), "who took the first");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_did_is_still_known_after_two_thousand_renewed_beliefs() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, agency) = replayed(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    feed(&platform, &agency, &[("A", BEGIN_MS, 310.0), ("B", BEGIN_MS, 1.0)]).await;
    let id: String =
        officer.until("/v1/alerts", |all| all[0]["id"].as_str().map(str::to_owned)).await;
    let done = officer.command("c1", json!({ "do": "acknowledge", "alert": id })).await;
    assert_eq!(done.status, 200, "{}", done.text());
    // The alert goes on, up and down; what is believed of both places is renewed by the minute.
    let rows: Vec<_> = (1..=1_000i64)
        .flat_map(|n| {
            let t = BEGIN_MS + n * MINUTE_MS;
            let (a, b) = if n % 2 == 0 { (310.0, 31.0) } else { (31.0, 1.0) };
            [("A", t, a), ("B", t, b)]
        })
        .collect();
    feed(&platform, &agency, &rows).await;
    let end = BEGIN_MS + 1_000 * MINUTE_MS;
    settled(&platform, &officer, end).await;
    for at in [BEGIN_MS + MINUTE_MS, end] {
        let then = officer.get(&format!("/v1/alerts?at={at}")).await.json();
        let then = then.as_array().unwrap().iter().find(|a| a["id"] == id.as_str());
        let by = then.map(|a| a["acknowledged_by"].clone());
        assert_eq!(by, Some(json!("officer")), "at {at}: {then:?}");
    }
    platform.stop().await.unwrap();
}
