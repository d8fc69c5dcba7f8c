//! What is shown beside what is judged: units in distress, earthquakes, storms, cameras — from the
//! sender's socket to the duty room's answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::SocketAddr;
use std::path::Path;

use common::{Client, Running, now_ms, observe, people, town};
use domain::ids::AgencyId;
use domain::time::UtcMs;
use ingest::cot::listen::CotConfig;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The town, its hydrology office one that publishes bulletins, its boats with CoT devices.
fn coast(folder: &Path) -> (String, String) {
    let city = town(folder);
    let agencies = "[[agency]]\nid = \"hydro\"\nname = \"水文\"\nofficial_signals = true\n\
                    [[agency]]\nid = \"rescue\"\nname = \"救援\"\n";
    let units = "id,name,name_en,kind,agency,lon,lat,people,cot_uid\n\
                 boat-1,一艇,Boat 1,boat,rescue,112.61,22.11,6,ANDROID-1\n";
    let cameras = "id,name,name_en,lon,lat,agency,kind,hls,whep,snapshot,rtsp,gb28181,direction,zone\n\
        far,远(虚构),Far,113.40,22.90,hydro,river,https://c.example.org/far.m3u8,,,,,,\n\
        near,近(虚构),Near,112.601,22.101,hydro,river,https://c.example.org/near.m3u8,,,,44070000001320000001,90,\n\
        next,次(虚构),Next,112.62,22.10,hydro,road,,,,rtsp://c.example.org/next,,,\n";
    for (file, text) in
        [("agencies.toml", agencies), ("units.csv", units), ("cameras.csv", cameras)]
    {
        std::fs::write(city.join(file), text).unwrap();
    }
    people(&folder.join("data"))
}

async fn start(folder: &Path) -> (Running, SocketAddr) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let agency = AgencyId::new("rescue").unwrap();
    let platform =
        Running::start_with(folder, |o| o.cot = Some(CotConfig { address: any, agency })).await;
    let ready = platform.said.iter().find(|line| line.starts_with("ready ")).unwrap();
    let cot = ready.split_whitespace().find_map(|part| part.strip_prefix("cot=tcp://"));
    let cot = cot.expect("the ready line names the port").parse().unwrap();
    (platform, cot)
}

fn event(uid: &str, kind: &str, lon: f64, detail: &str) -> String {
    let (now, stale) = (UtcMs(now_ms()), UtcMs(now_ms() + 60_000));
    format!(
        "<event version='2.0' uid='{uid}' type='{kind}' how='m-g' time='{now}' start='{now}' \
         stale='{stale}'><point lat='22.4' lon='{lon}' hae='1' ce='5' le='5'/>\
         <detail>{detail}</detail></event>"
    )
}

async fn posted(client: &Client, path: &str, media: &str, body: &str) -> Value {
    let answer = client.with("Content-Type", media).request("POST", path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cry_for_help_is_written_down_once_and_stands_until_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    coast(folder.path());
    let (platform, cot) = start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let mut device = TcpStream::connect(cot).await.unwrap();
    let cry = "<emergency type='911 Alert'>1</emergency><remarks>sinking</remarks>";
    device.write_all(event("ANDROID-1-9-1-1", "b-a-o-tbl", 112.9, cry).as_bytes()).await.unwrap();
    let distress = |unit: &Value| unit["distress_ms"].as_i64();
    let since = officer.until("/v1/units/boat-1", distress).await;
    // Positions go on; the distress stands, and the log does not fill.
    let track = "<track speed='3' course='45'/><status battery='40'/>";
    device.write_all(event("ANDROID-1", "a-f-G-U-C", 112.95, track).as_bytes()).await.unwrap();
    let moved = |unit: &Value| (unit["lon"] == 112.95).then(|| unit.clone());
    let unit = officer.until("/v1/units/boat-1", moved).await;
    assert_eq!((distress(&unit), unit["status"].as_str()), (Some(since), Some("distress")));
    assert_eq!(
        (unit["battery_percent"].as_u64(), unit["course_deg"].as_f64()),
        (Some(40), Some(45.0))
    );
    let lines = |what: &'static str| {
        move |log: &Value| {
            let of = |line: &&Value| line["what"] == what && line["about"] == "boat-1";
            let found: Vec<Value> = log.as_array()?.iter().filter(of).cloned().collect();
            (!found.is_empty()).then_some(found)
        }
    };
    let log = officer.until("/v1/log", lines("unit_distressed")).await;
    assert_eq!((log.len(), log[0]["detail"].as_str()), (1, Some("sinking")));

    // It outlives the platform.
    platform.stop().await.unwrap();
    let (platform, cot) = start(folder.path()).await;
    let officer = Client { at: platform.http, headers: officer.headers.clone(), tls: None };
    assert_eq!(officer.until("/v1/units/boat-1", distress).await, since);
    let mut device = TcpStream::connect(cot).await.unwrap();
    let over = event("ANDROID-1-9-1-1", "b-a-o-can", 112.95, "<emergency cancel='true'/>");
    device.write_all(over.as_bytes()).await.unwrap();
    let safe = |unit: &Value| unit["distress_ms"].is_null().then_some(());
    officer.until("/v1/units/boat-1", safe).await;
    assert_eq!(officer.until("/v1/log", lines("unit_safe")).await.len(), 1);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earthquake_is_replaced_by_its_later_versions_and_leaves_when_it_is_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    let (agency, unit) = coast(folder.path());
    let (platform, _) = start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let office = platform.client().with("Authorization", &format!("Bearer {agency}"));
    let path = "/v1/reports/earthquakes";
    let (now, t) = (now_ms(), now_ms() - 60_000);
    let quake = |updated: i64, magnitude: f64, status: &str| {
        json!({ "id": "gd-1", "t": t, "updated": updated, "lon": 112.9, "lat": 21.6,
            "depth_km": 10, "magnitude": magnitude, "magnitude_kind": "Ms", "status": status })
        .to_string()
    };
    let first = quake(now - 3_000, 4.6, "automatic");
    let taken = posted(&office, path, "application/json", &first).await;
    assert_eq!((taken["accepted"].as_u64(), taken["duplicate"].as_u64()), (Some(1), Some(0)));
    let again = posted(&office, path, "application/json", &first).await;
    assert_eq!((again["accepted"].as_u64(), again["duplicate"].as_u64()), (Some(0), Some(1)));
    posted(&office, path, "application/json", &quake(now - 1_000, 4.3, "reviewed")).await;
    // A late one is history, and does not replace.
    posted(&office, path, "application/json", &quake(now - 2_000, 4.5, "automatic")).await;
    let stands = |list: &Value| {
        let quake = list.as_array()?.first()?.clone();
        (quake["earlier"].as_array()?.len() == 2).then_some(quake)
    };
    let shown = officer.until("/v1/earthquakes", stands).await;
    assert_eq!(
        (shown["magnitude"].as_f64(), shown["state"].as_str()),
        (Some(4.3), Some("reviewed"))
    );
    let earlier: Vec<f64> = shown["earlier"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["magnitude"].as_f64().unwrap())
        .collect();
    assert_eq!(earlier, [4.6, 4.5]);
    assert!((80.0..120.0).contains(&shown["distance_km"].as_f64().unwrap()), "{shown}");
    let (at, made) = (UtcMs(t), UtcMs(now));
    let xml = format!(
        "<q:quakeml xmlns:q='http://quakeml.org/xmlns/quakeml/1.2' xmlns='http://quakeml.org/xmlns/bed/1.2'>\
         <eventParameters publicID='smi:x/p'><event publicID='gd-1'><type>not existing</type>\
         <creationInfo><creationTime>{made}</creationTime></creationInfo><origin publicID='smi:x/o'>\
         <time><value>{at}</value></time><latitude><value>21.6</value></latitude>\
         <longitude><value>112.9</value></longitude></origin></event></eventParameters></q:quakeml>"
    );
    posted(&office, path, "application/xml", &xml).await;
    let none = |list: &Value| list.as_array()?.is_empty().then_some(());
    officer.until("/v1/earthquakes", none).await;
    // Who is no office may not say that the earth shook.
    let boat = platform.client().with("Authorization", &format!("Bearer {unit}"));
    let answer = boat.with("Content-Type", "application/json").request("POST", path, &first).await;
    assert_eq!(answer.status, 403);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_is_shown_with_its_forecast_and_by_the_columns_of_its_office() {
    let folder = tempfile::tempdir().unwrap();
    let (agency, _) = coast(folder.path());
    let (platform, _) = start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let office = platform.client().with("Authorization", &format!("Bearer {agency}"));
    let now = now_ms();
    let track = json!({ "id": "202613", "name": "榕兰(虚构)", "issued": now, "wind_unit": "m/s",
        "averaging_min": 2, "points": [{ "t": now - 3_600_000, "lat": 20.9, "lon": 114.6, "wind": 42 }],
        "forecast": [{ "t": now + 6 * 3_600_000, "lat": 22.0, "lon": 112.8, "wind": 38 }] });
    posted(&office, "/v1/reports/tracks", "application/json", &track.to_string()).await;
    let columns = "66666 1714  001 0020 1714 0 6               PAKHAR              20171011        \n\
                   17082700 002 4 217 1130  980     055     30060 0040 90180 0120                  \n";
    posted(&office, "/v1/reports/tracks", "text/plain", columns).await;
    let both = |list: &Value| (list.as_array()?.len() == 2).then(|| list.clone());
    let shown = officer.until("/v1/tracks", both).await;
    assert_eq!(
        (shown[0]["id"].as_str(), shown[0]["averaging_s"].as_u64()),
        (Some("202613"), Some(120))
    );
    assert_eq!(shown[0]["forecast"][0]["wind_mps"].as_f64(), Some(38.0));
    assert_eq!(
        (shown[1]["name"].as_str(), shown[1]["averaging_s"].as_u64()),
        (Some("PAKHAR"), Some(600))
    );
    assert_eq!(shown[1]["points"][0]["radii"][0]["toward_deg"].as_f64(), Some(135.0));
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nearest_cameras_of_an_alert_come_first_and_the_far_ones_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (agency, _) = coast(folder.path());
    let (platform, _) = start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    assert_eq!(officer.get("/v1/cameras").await.json().as_array().unwrap().len(), 3);
    observe(&platform, &agency, "A", 310.0).await;
    let raised = |alerts: &Value| alerts[0]["id"].as_str().map(str::to_owned);
    let id = officer.until("/v1/alerts", raised).await;
    let near = officer.get(&format!("/v1/alerts/{id}/cameras")).await.json();
    let ids: Vec<&str> =
        near.as_array().unwrap().iter().map(|n| n["camera"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["near", "next"], "the far one is 120 km away");
    assert!((100.0..200.0).contains(&near[0]["distance_m"].as_f64().unwrap()), "{near}");
    assert_eq!(near[1]["camera"]["streams"], json!({ "rtsp": "rtsp://c.example.org/next" }));
    assert_eq!(officer.get("/v1/alerts/nonsense/cameras").await.status, 404);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_is_changed_lifted_and_withdrawn_by_the_office_that_issued_it_and_by_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (hydro, _) = coast(folder.path());
    let agencies = folder.path().join("city/agencies.toml");
    let text = std::fs::read_to_string(&agencies).unwrap();
    std::fs::write(
        &agencies,
        text.replace("id = \"rescue\"", "official_signals = true\nid = \"rescue\""),
    )
    .unwrap();
    let rescue = {
        let clock = std::sync::Arc::new(command_api::serve::WallClock);
        let file = folder.path().join("data/access.sqlite");
        command_api::access::Access::open(&file, clock)
            .unwrap()
            .give_token("agency", "rescue")
            .unwrap()
    };
    let (platform, _) = start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let of = |token: &str| platform.client().with("Authorization", &format!("Bearer {token}"));
    let (hydro, rescue) = (of(&hydro), of(&rescue));
    let t = now_ms() - 60_000;
    let body = |act: &str, color: &str, after: i64| {
        json!({ "id": "S-1", "issuer": "甲台(虚构)", "act": act, "kind": "暴雨", "color": color,
            "areas": ["440700"], "t": t + after })
        .to_string()
    };
    let say = async |who: &Client, act: &str, color: &str, after: i64| {
        posted(who, "/v1/warnings", "application/json", &body(act, color, after)).await
    };
    let shown = |wanted: Vec<(&str, &str)>| {
        let wanted: Vec<(String, String)> =
            wanted.into_iter().map(|(id, color)| (id.into(), color.into())).collect();
        let officer = &officer;
        async move {
            let found = |list: &Value| {
                let rows = list.as_array()?.iter();
                let mut rows: Vec<(String, String)> = rows
                    .map(|s| {
                        (s["id"].as_str().unwrap().into(), s["color"].as_str().unwrap().into())
                    })
                    .collect();
                rows.sort();
                (rows == wanted).then_some(())
            };
            officer.until("/v1/signals", found).await;
        }
    };
    say(&hydro, "issue", "yellow", 0).await;
    shown(vec![("S-1", "yellow")]).await;
    // Another office's signal of the same id is another signal; its lift ends its own.
    say(&rescue, "issue", "red", 1).await;
    shown(vec![("S-1", "yellow"), ("rescue/S-1", "red")]).await;
    say(&rescue, "lift", "red", 2).await;
    shown(vec![("S-1", "yellow")]).await;
    say(&hydro, "change", "orange", 3).await;
    shown(vec![("S-1", "orange")]).await;
    say(&hydro, "withdraw", "orange", 4).await;
    shown(vec![]).await;
    // An issue from before the withdrawal revives nothing. In the log a withdrawal is no lift.
    say(&hydro, "change", "blue", 3).await;
    let log = officer
        .until("/v1/log", |log| {
            let rows = log.as_array()?;
            rows.iter().any(|l| l["what"] == "signal.withdraw").then(|| log.to_string())
        })
        .await;
    assert!(log.contains("signal.lift"), "{log}");
    shown(vec![]).await;
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_units_position_and_status_come_to_the_list_of_units() {
    let folder = tempfile::tempdir().unwrap();
    coast(folder.path());
    let unit = {
        let clock = std::sync::Arc::new(command_api::serve::WallClock);
        let file = folder.path().join("data/access.sqlite");
        command_api::access::Access::open(&file, clock)
            .unwrap()
            .give_token("unit", "boat-1")
            .unwrap()
    };
    let (platform, _) = start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let own = platform.client().with("Authorization", &format!("Bearer {unit}"));
    let t = now_ms() - 1_000;
    for (after, status) in [(0, "busy"), (1, "available")] {
        let said = json!({ "unit": "boat-1", "t": t + after, "lon": 112.7, "lat": 22.3, "status": status,
            "speed_mps": 4.5, "course_deg": 270.0 });
        let answer = posted(&own, "/v1/reports/units", "application/json", &said.to_string()).await;
        assert_eq!(answer["accepted"], 1, "{answer}");
        let shown = officer
            .until("/v1/units", |units| {
                let unit = units.as_array()?.iter().find(|u| u["id"] == "boat-1")?.clone();
                (unit["status"] == status).then_some(unit)
            })
            .await;
        assert_eq!((&shown["lon"], &shown["lat"]), (&json!(112.7), &json!(22.3)), "{shown}");
        assert_eq!((&shown["speed_mps"], &shown["course_deg"]), (&json!(4.5), &json!(270.0)));
        assert_eq!(shown["at_ms"], t + after, "{shown}");
    }
    platform.stop().await.unwrap();
}
