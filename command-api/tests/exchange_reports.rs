//! Reports of every kind across the gap: a hospital's beds, a closed road, an official signal, a CAP
//! message, a boat's place, counts of cases, an earthquake; and who sees what in the catalogue.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;

use command_api::exchange::export::Export;
use common::houses::{House, houses, imported};
use common::{Answer, now_ms};
use domain::time::UtcMs;
use serde_json::{Value, json};

/// The town with a hospital, an office that publishes signals, and two districts.
fn larger(city: &Path) {
    let put = |path: &str, text: &str| std::fs::write(city.join(path), text).unwrap();
    put(
        "agencies.toml",
        "[[agency]]\nid = \"hydro\"\nname = \"水文\"\nofficial_signals = true\ncontact = \"水文值班\"\n\
         [[agency]]\nid = \"rescue\"\nname = \"救援\"\ncontact = \"救援值班\"\n",
    );
    put(
        "hospitals.csv",
        "id,name,name_en,agency,lon,lat,beds\nH-1,一院,H1,hydro,112.62,22.12,300\n",
    );
    let stations = std::fs::read_to_string(city.join("stations.csv")).unwrap();
    put("stations.csv", &format!("{stations}H-1,一院,H1,hydro,112.62,22.12,,,\n"));
    let streams = std::fs::read_to_string(city.join("datastreams.csv")).unwrap();
    put(
        "datastreams.csv",
        &format!("{streams}H-1,bed_occupancy,3600,,,,,\nH-1,emergency_waiting,3600,,,,,\n"),
    );
    let square = |id: &str, kind: &str, west: f64, east: f64, parent: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"{id}","name":"{id}","kind":"{kind}"{parent}}},"geometry":{{"type":"Polygon","coordinates":[[[{west},22.0],[{east},22.0],[{east},23.0],[{west},23.0],[{west},22.0]]]}}}}"#
        )
    };
    let parent = r#","parent":"440700""#;
    let zones = [
        square("440700", "city", 112.5, 113.5, ""),
        square("440703", "district", 112.5, 112.65, parent),
        square("440704", "district", 112.65, 113.5, parent),
    ];
    put(
        "zones.geojson",
        &format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, zones.join(",")),
    );
}

async fn post(house: &House, path: &str, kind: &str, body: &str) -> Answer {
    let client = house.running().client();
    let client = client.with("Authorization", &format!("Bearer {}", house.token));
    let answer = client.with("Content-Type", kind).request("POST", path, body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.json()["accepted"], 1, "{path}: {}", answer.text());
    answer
}

fn warning() -> String {
    let at = |ms: i64| UtcMs(ms / 1_000 * 1_000).rfc3339(8 * 3_600);
    let (sent, ends) = (at(now_ms() - 60_000), at(now_ms() + 3_600_000));
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>W1</identifier>\
         <sender>qx@example.cn</sender><sent>{sent}</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\
         <info><language>zh-CN</language><category>Met</category><event>台风</event><urgency>Immediate</urgency><severity>Extreme</severity><certainty>Likely</certainty>\
         <expires>{ends}</expires><headline>台风红色预警(虚构)</headline>\
         <area><areaDesc>全市</areaDesc><polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6</polygon></area></info></alert>"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_of_every_kind_are_admitted_on_the_other_side_as_by_their_own_doors() {
    let (city, province) = houses(larger).await;
    let t = now_ms() - 300_000;
    let json = "application/json";
    let beds = json!({ "hospital": "H-1", "t": t, "beds": 300, "beds_occupied": 270, "emergency_waiting": 12, "traffic": "normal" });
    post(&city, "/v1/reports/hospital", json, &beds.to_string()).await;
    let closed = json!({ "id": "R-1", "t": t, "road": "迎宾大道", "cause": "积水", "lon": 112.61, "lat": 22.11 });
    post(&city, "/v1/reports/closures", json, &closed.to_string()).await;
    let signal = json!({ "id": "s-1", "issuer": "气象台(虚构)", "act": "issue", "kind": "台风", "color": "red", "areas": ["440703"], "t": t });
    post(&city, "/v1/warnings", json, &signal.to_string()).await;
    post(&city, "/v1/warnings", "application/cap+xml", &warning()).await;
    let quake = json!({ "id": "q-1", "version": 1, "t": t, "origin": t, "lon": 112.9, "lat": 22.5, "magnitude": 4.5, "depth_km": 10.0 });
    let answer = {
        let client = city.running().client();
        let client = client.with("Authorization", &format!("Bearer {}", city.token));
        client.post("/v1/reports/earthquakes", &quake).await
    };
    let shook = u64::from(answer.status == 200 && answer.json()["accepted"] == 1);

    let stick = tempfile::tempdir().unwrap();
    let file = city.export(stick.path(), |_| ());
    let kinds = file.manifest.kinds.clone();
    let of = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
    assert_eq!((of("hospital"), of("situation"), of("signal"), of("warning")), (1, 1, 1, 1));
    assert_eq!((of("observation"), of("earthquake")), (2, shook), "{}", answer.text());
    let (_, counts, _) = imported(province.bring(&file.parts.manifest, false).await);
    // A hospital's load is made of its report there; that it comes in the file too is known.
    let wanted = (file.manifest.items - 2, 2, 0, 0);
    assert_eq!((counts.accepted, counts.duplicate, counts.refused, counts.quarantined), wanted);

    // Both pictures say the same.
    let (here, there) = (city.officer().await, province.officer().await);
    let fields: [(&str, &[&str]); 4] = [
        ("/v1/situations", &["id", "kind", "text"]),
        ("/v1/signals", &["id", "issuer", "color"]),
        ("/v1/warnings", &["identifier", "sender", "state", "infos"]),
        ("/v1/hospitals", &["id", "beds", "beds_occupied"]),
    ];
    for (path, names) in fields {
        let said = |all: &Value| {
            let rows = all.as_array()?;
            let row = |r: &Value| names.iter().map(|n| r[*n].to_string()).collect::<Vec<_>>();
            (!rows.is_empty()).then(|| rows.iter().map(row).collect::<Vec<_>>())
        };
        let wanted = here.until(path, said).await;
        there.until(path, |all| (said(all)? == wanted).then_some(())).await;
    }

    // Narrowed to a district: what lies in it, and what is of no district.
    let west = city.export(stick.path(), |export| {
        export.areas = vec!["440704".parse().unwrap()];
        export.kinds = ["situation", "signal", "warning"].map(str::to_owned).to_vec();
    });
    assert_eq!(west.manifest.kinds.keys().map(String::as_str).collect::<Vec<_>>(), ["warning"]);
    let (_, again, _) = imported(province.bring(&west.parts.manifest, false).await);
    assert_eq!((again.accepted, again.duplicate), (0, 1));
    // What the peer is not given cannot be asked for.
    let foreign = |export: &mut Export| export.agencies = vec!["rescue".parse().unwrap()];
    let why = city.try_export(stick.path(), foreign).unwrap_err().to_string();
    assert!(why.contains("rescue"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_who_shares_what_and_an_agency_the_detail_of_its_own() {
    let (city, _province) = houses(larger).await;
    city.send(&json!([{ "station": "A", "property": "discharge", "t": now_ms(), "v": 1 }])).await;
    let officer = city.officer().await;
    let whole = officer
        .until("/v1/catalogue", |all| {
            let hydro = all.as_array()?.iter().find(|a| a["agency"] == "hydro")?;
            (hydro["shares"][1]["streams"]["live"] == 1).then(|| all.clone())
        })
        .await;
    let (hydro, rescue) = (&whole[0], &whole[1]);
    let share = &hydro["shares"][1];
    assert_eq!(
        (&share["property"], &share["count"], &share["interval_s"]),
        (&json!("discharge"), &json!(2), &json!(60))
    );
    // One is live, one was never heard: the whole is between.
    assert_eq!((&share["data"], &hydro["data"]), (&json!("late"), &json!("late")));
    assert!(share["newest_ms"].is_i64());
    assert_eq!(hydro["channels"], json!(["http"]));
    assert_eq!(
        (&hydro["detail"]["contact"], &hydro["detail"]["given_to"]),
        (&json!("水文值班"), &json!(["province"]))
    );
    let kinds = |agency: &Value| -> Vec<String> {
        agency["shares"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(
        kinds(hydro).contains(&"hospital".to_owned())
            && kinds(hydro).contains(&"signal".to_owned())
    );
    assert_eq!((kinds(rescue), &rescue["data"]), (vec!["unit".to_owned()], &json!("never")));
    assert_eq!(rescue["detail"]["given_to"], json!([]));

    // What is reported and not expected is shared too, with how much of it stands and since when; its
    // sender is heard, and nobody says that it is live.
    let administrator = city.running().signed_in("administrator").await;
    let label = json!({ "label": "119" });
    let issued = administrator.post("/v1/agencies/rescue/credentials", &label).await.json();
    let token = issued["secret"].as_str().unwrap();
    let calls = json!([
        { "id": "C-1", "t": now_ms() - 5_000, "service": "119", "class": "fire", "text": "起火", "lon": 112.61, "lat": 22.11 },
        { "id": "C-2", "t": now_ms() - 4_000, "service": "122", "class": "traffic", "text": "追尾", "lon": 112.71, "lat": 22.21 }
    ]);
    let client = city.running().client().with("Authorization", &format!("Bearer {token}"));
    let answer = client.post("/v1/reports/calls", &calls).await;
    assert_eq!(answer.json()["accepted"], 2, "{}", answer.text());
    let rescue = officer
        .until("/v1/catalogue", |all| {
            let rescue = all.as_array()?.iter().find(|a| a["agency"] == "rescue")?;
            let mut shares = rescue["shares"].as_array()?.iter();
            let both = shares.any(|share| share["kind"] == "call" && share["count"] == 2);
            (rescue["data"] == "heard" && both).then(|| rescue.clone())
        })
        .await;
    let call = rescue["shares"].as_array().unwrap().iter().find(|s| s["kind"] == "call").unwrap();
    assert_eq!((&call["count"], &call["data"]), (&json!(2), &Value::Null), "{rescue}");
    assert!(call["newest_ms"].is_i64(), "{rescue}");
    let health = officer.get("/v1/feeds/health").await.json();
    let row = health.as_array().unwrap().iter().find(|a| a["agency"] == "rescue").unwrap();
    assert_eq!(row["feeds"][0]["data"], "heard", "{row}");

    // The agency's own person: the same rows, the detail of its own, and no log of exchange.
    let own = city.running().signed_in("agency").await;
    let seen = own.get("/v1/catalogue").await.json();
    assert_eq!(seen[0]["detail"]["contact"], "水文值班");
    assert_eq!((&seen[1]["agency"], &seen[1]["detail"]), (&json!("rescue"), &Value::Null));
    assert_eq!(kinds(&seen[1]), ["unit", "call"]);
    assert_eq!(
        (&seen[1]["shares"][1]["count"], &seen[1]["shares"][1]["newest_ms"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(own.get("/v1/exchange").await.status, 403);
    assert_eq!(city.running().client().get("/v1/catalogue").await.status, 401);
}
