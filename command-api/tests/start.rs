//! Getting started: what an agency's page is filled with, what a test would come to, and what is drawn
//! of lines, areas and forecasts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::SocketAddr;

use common::{Answer, Running, now_ms, people, town};
use ingest::sl651::listen::ListenConfig;
use serde_json::{Value, json};

async fn send(platform: &Running, token: &str, path: &str, kind: &str, body: &str) -> Answer {
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    client.with("Content-Type", kind).request("POST", path, body).await
}

fn office(city: &std::path::Path) {
    let agencies = "[[agency]]\nid = \"hydro\"\nname = \"水文\"\nofficial_signals = true\n\
        [[agency]]\nid = \"rescue\"\nname = \"救援\"\ncoordinates = \"gcj02\"\n";
    std::fs::write(city.join("agencies.toml"), agencies).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_filled_with_the_agencys_own_names_and_the_doors_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    office(&city);
    let stations = "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from,sl651\n\
        A,甲站,A,hydro,112.60,22.10,,,,0044070301\nB,乙站,B,hydro,112.70,22.20,,,,\n";
    std::fs::write(city.join("stations.csv"), stations).unwrap();
    people(&folder.path().join("data"));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let platform = Running::start_with(folder.path(), |options| {
        options.sl651 = Some(ListenConfig { address: any, password: Some(0x1234) });
    })
    .await;
    let own = platform.signed_in("agency").await;
    let start = own.get("/v1/feeds/start").await.json();
    assert_eq!((&start["agency"], &start["official_signals"]), (&json!("hydro"), &json!(true)));
    assert_eq!(start["telemetry"][0]["address"], "0044070301");
    assert_eq!(start["telemetry"][0]["properties"], json!(["discharge"]));
    assert_eq!(start["sl651_password"], true);
    assert_eq!(start["zone"]["id"], "440700");
    let doors = start["doors"].as_array().unwrap();
    let door = |word: &str| doors.iter().find(|d| d["protocol"] == word).map(|d| &d["address"]);
    assert_eq!(door("http"), Some(&json!(format!("http://{}", platform.http))));
    assert_eq!(door("mqtt"), Some(&json!(format!("mqtt://{}", platform.mqtt))));
    assert!(door("sl651").unwrap().as_str().unwrap().starts_with("tcp://127.0.0.1:"));
    assert_eq!((door("mqtts"), door("cot")), (None, None), "what is not open is not shown");
    // Another agency's is not its own.
    assert_eq!(own.get("/v1/feeds/start?agency=rescue").await.status, 403);
    let administrator = platform.signed_in("administrator").await;
    let rescue = administrator.get("/v1/feeds/start?agency=rescue").await.json();
    assert_eq!(rescue["coordinates"], "gcj02");
    assert_eq!(rescue["units"][0]["id"], "boat-1");
    assert_eq!(administrator.get("/v1/feeds/start?agency=nobody").await.status, 404);
    platform.stop().await.unwrap();
}

const WARNING: &str = r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>W1</identifier><sender>a@b</sender><sent>2026-06-01T08:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>E</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty><area><areaDesc>A</areaDesc></area></info></alert>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_of_any_report_says_what_would_become_of_it_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    office(&town(folder.path()));
    let (token, unit) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let t = now_ms() - 1_000;
    let day = jiff::Timestamp::from_millisecond(t).unwrap().to_string()[..10].to_owned();
    let bodies: Vec<(&str, &str, &str, String)> = vec![
        ("/v1/reports/outages", &token, "application/json", json!({ "id": "P1", "t": t, "zones": ["440700"] }).to_string()),
        ("/v1/reports/cases", &token, "application/json", json!([{ "day": day, "place": "440700", "syndrome": "ili", "age": "all", "count": 3, "reported": t }]).to_string()),
        ("/v1/reports/units", &unit, "application/json", json!({ "unit": "boat-1", "t": t, "lon": 112.6, "lat": 22.1 }).to_string()),
        ("/v1/warnings", &token, "application/cap+xml", WARNING.to_owned()),
        ("/v1/reports/tracks", &token, "application/json", json!({ "id": "X", "name": "X", "issued": t, "wind_unit": "m/s", "averaging_min": 2, "points": [{ "t": t, "lat": 20.0, "lon": 113.0 }] }).to_string()),
    ];
    for (path, token, kind, body) in &bodies {
        for _ in 0..2 {
            let asked = send(&platform, token, &format!("{path}?dry_run=true"), kind, body).await;
            let said = asked.json();
            assert_eq!(
                (&said["accepted"], &said["dry_run"]),
                (&json!(1), &json!(true)),
                "{path}: {said}"
            );
        }
    }
    // What would be refused is said with its reason, and is no letter.
    let wrong = json!({ "id": "P1", "t": t, "zones": ["110101"] }).to_string();
    let asked =
        send(&platform, &token, "/v1/reports/outages?dry_run=true", "application/json", &wrong)
            .await;
    assert_eq!(asked.json()["rejected"][0]["reason"], "field_form");
    let officer = platform.signed_in("officer").await;
    assert_eq!(officer.get("/v1/situations").await.json(), json!([]));
    assert_eq!(officer.get("/v1/rejections").await.json(), json!([]));
    let feeds = officer.get("/v1/feeds").await.json();
    let sum = |f: &Value| f["accepted"].as_u64().unwrap() + f["duplicate"].as_u64().unwrap();
    assert_eq!(feeds.as_array().unwrap().iter().map(sum).sum::<u64>(), 0, "{feeds}");
    // Sent in earnest each is new, and its test then says that it is known.
    for (path, token, kind, body) in &bodies {
        let sent = send(&platform, token, path, kind, body).await.json();
        assert_eq!((&sent["accepted"], sent.get("dry_run")), (&json!(1), None), "{path}: {sent}");
        let asked = send(&platform, token, &format!("{path}?dry_run=true"), kind, body).await;
        assert_eq!(asked.json()["duplicate"], 1, "{path}: {}", asked.text());
    }
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_and_areas_are_kept_and_every_issue_of_a_forecast_is_told() {
    let folder = tempfile::tempdir().unwrap();
    office(&town(folder.path()));
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let t = now_ms() - 60_000;
    let road = json!({ "id": "R1", "t": t, "road": "G240", "crs": "gcj02",
        "geometry": { "type": "LineString", "coordinates": [[112.60, 22.10], [112.61, 22.11], [112.62, 22.12]] } });
    let path = "/v1/reports/closures";
    let sent = send(&platform, &token, path, "application/json", &road.to_string()).await.json();
    assert_eq!(sent["accepted"], 1, "{sent}");
    let officer = platform.signed_in("officer").await;
    let shown =
        officer.until("/v1/situations/closure@hydro@R1", |d| Some(d["situation"].clone())).await;
    assert_eq!((&shown["located_by"], &shown["precision"]), (&json!("shape"), &json!("point")));
    let line = shown["shape"]["lines"][0].as_array().unwrap();
    let lon = line[1][0].as_f64().unwrap();
    assert!(line.len() == 3 && lon < 112.609 && lon > 112.60, "converted: {line:?}");
    assert_eq!(shown["lon"], line[1][0], "it stands on its own line");
    // One issue after the other, under the same id, and one of another.
    let forecast = |id: &str, ago: i64, v: f64| {
        json!({ "id": id, "t": t - ago, "station": "A", "property": "discharge", "unit": "m3/s",
            "values": [{ "t": t + 3_600_000, "v": v }, { "t": t + 7_200_000, "v": v + 1.0 }] })
    };
    let all = json!([
        forecast("F1", 7_200_000, 10.0),
        forecast("F1", 3_600_000, 20.0),
        forecast("F2", 0, 30.0)
    ]);
    let path = "/v1/reports/forecasts";
    let sent = send(&platform, &token, path, "application/json", &all.to_string()).await.json();
    assert_eq!(sent["accepted"], 3, "{sent}");
    let issues = officer
        .until("/v1/stations/A/forecasts", |all| {
            (all.as_array().unwrap().len() == 3).then(|| all.clone())
        })
        .await;
    let first: Vec<f64> =
        issues.as_array().unwrap().iter().map(|i| i["values"][0][1].as_f64().unwrap()).collect();
    assert_eq!(first, [30.0, 20.0, 10.0], "newest issue first");
    let withdrawn = json!({ "id": "F2", "t": t + 1_000, "state": "withdrawn", "station": "A", "property": "discharge",
        "unit": "m3/s", "values": [{ "t": t + 3_600_000, "v": 30.0 }] });
    send(&platform, &token, path, "application/json", &withdrawn.to_string()).await;
    officer
        .until("/v1/stations/A/forecasts", |all| (all.as_array().unwrap().len() == 2).then_some(()))
        .await;
    platform.stop().await.unwrap();
}
