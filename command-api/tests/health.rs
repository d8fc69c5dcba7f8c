//! Hospitals and counts of cases on a whole platform: what a hospital's desk, an exchange and a
//! disease control centre send over HTTP and MQTT, and what the desk shows of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;
use std::sync::Arc;

use command_api::access::Access;
use command_api::serve::WallClock;
use common::mqtt::Mqtt;
use common::{Client, Running, now_ms, people, town};
use domain::time::UtcMs;
use serde_json::{Value, json};

/// The town with two hospitals, a centre for disease control, and a code of its own.
fn with_hospitals(folder: &Path) -> (String, String) {
    let city = town(folder);
    let put = |path: &str, text: &str| std::fs::write(city.join(path), text).unwrap();
    let agencies = std::fs::read_to_string(city.join("agencies.toml")).unwrap();
    put(
        "agencies.toml",
        &format!(
            "{agencies}[[agency]]\nid = \"health\"\nname = \"卫健\"\n[[agency]]\nid = \"cdc\"\nname = \"疾控\"\n"
        ),
    );
    put(
        "hospitals.csv",
        "id,name,name_en,agency,lon,lat,beds,icu_beds\nH-1,甲医院,Hospital A,health,112.8,22.4,400,20\nH-2,乙医院,Hospital B,health,112.9,22.4,200,10\n",
    );
    let with = |file: &str, more: &str| {
        let had = std::fs::read_to_string(city.join(file)).unwrap();
        put(file, &format!("{had}{more}"));
    };
    with("stations.csv", "H-1,甲医院,Hospital A,health,112.8,22.4,,,\n");
    with(
        "datastreams.csv",
        "H-1,bed_occupancy,3600,,,,,\nH-1,emergency_waiting,3600,,,,,\nH-1,emergency_traffic,3600,,,,,\n",
    );
    put(
        "diseases.csv",
        "code,name,name_en,kind,legal_class,report_limit_h\nbox_jelly,箱水母蜇伤,Box jellyfish sting,syndrome,,\n",
    );
    people(&folder.join("data"));
    let access = Access::open(&folder.join("data/access.sqlite"), Arc::new(WallClock)).unwrap();
    (access.give_token("agency", "health").unwrap(), access.give_token("agency", "cdc").unwrap())
}

fn feed(platform: &Running, token: &str, media: &str) -> Client {
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    client.with("Content-Type", media)
}

fn time(t: i64) -> String {
    UtcMs(t).rfc3339(8 * 3600)
}

fn figure<'v>(hospital: &'v Value, name: &str) -> Option<&'v Value> {
    hospital["figures"].as_array()?.iter().find(|f| f["figure"] == name)
}

fn have(hospitals: &[(&str, &str, i64, u32)]) -> String {
    let one = |(id, name, t, free): &(&str, &str, i64, u32)| {
        let id = if id.is_empty() { String::new() } else { format!(" xnl:ID=\"{id}\"") };
        format!(
            "<Hospital><Organization><OrganizationInformation><xnl:OrganisationName{id}><xnl:NameElement>{name}</xnl:NameElement></xnl:OrganisationName></OrganizationInformation></Organization>\
             <EmergencyDepartmentStatus><EMSTraffic><EMSTrafficStatus>Advisory</EMSTrafficStatus></EMSTraffic></EmergencyDepartmentStatus>\
             <HospitalBedCapacityStatus><BedCapacity><BedType>MedicalSurgical</BedType><Capacity><CapacityStatus>Vacant/Available</CapacityStatus><AvailableCount>{free}</AvailableCount><BaselineCount>200</BaselineCount></Capacity></BedCapacity></HospitalBedCapacityStatus>\
             <LastUpdateTime>{}</LastUpdateTime></Hospital>",
            time(*t)
        )
    };
    let body: String = hospitals.iter().map(one).collect();
    format!(
        "<HospitalStatus xmlns=\"urn:oasis:names:tc:emergency:EDXL:HAVE:1.0\" xmlns:xnl=\"urn:oasis:names:tc:ciq:xnl:3\">{body}</HospitalStatus>"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hospitals_figures_carry_the_time_they_were_last_changed_whatever_form_they_came_in() {
    let folder = tempfile::tempdir().unwrap();
    let (health, _) = with_hospitals(folder.path());
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let began = now_ms() / 1000 * 1000 - 7_200_000;
    let at = |minutes: i64| began + minutes * 60_000;
    let json = feed(&platform, &health, "application/json");
    let small = |t: i64, taken: u32| json!({"hospital":"H-1","t":t,"beds":400,"beds_occupied":taken,"emergency_waiting":31,"traffic":"strained"});
    for (minutes, taken) in [(0, 380), (10, 380), (20, 381)] {
        let answer = json
            .request("POST", "/v1/reports/hospital", &small(at(minutes), taken).to_string())
            .await;
        assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());
    }
    let answer =
        json.request("POST", "/v1/reports/hospital", &small(at(20), 381).to_string()).await;
    assert_eq!(answer.json()["duplicate"], 1, "{}", answer.text());
    let seen = officer
        .until("/v1/hospitals/H-1", |h| (h["beds_occupied"] == 381).then(|| h.clone()))
        .await;
    assert_eq!(figure(&seen, "beds_occupied").unwrap()["changed_ms"], at(20));
    let waiting = figure(&seen, "emergency_waiting").unwrap();
    assert_eq!((&waiting["changed_ms"], &waiting["said_ms"]), (&at(0).into(), &at(20).into()));
    assert_eq!(
        (&seen["waiting_changed_ms"], &seen["beds_changed_ms"]),
        (&at(0).into(), &at(20).into())
    );

    // The whole form, with what only it can say.
    let until = at(600);
    let whole = json!({"hospital":"H-1","t":at(30),"traffic":"closed","traffic_reason":"CT 停机","traffic_until":time(until),
        "traffic_approved_by":"市卫健局","ventilators":{"baseline":20,"available":6},
        "bed_capacity":[{"type":"adult_icu","baseline":20,"available":2,"additional_24h":4}],"staffing":"insufficient"});
    let answer = json.request("POST", "/v1/reports/hospital", &whole.to_string()).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());
    let seen = officer
        .until("/v1/hospitals/H-1", |h| (h["traffic"] == "suspended").then(|| h.clone()))
        .await;
    assert_eq!(seen["traffic_reason"], "CT 停机");
    assert_eq!(
        (&seen["traffic_until_ms"], &seen["traffic_approved_by"]),
        (&until.into(), &"市卫健局".into())
    );
    assert_eq!(figure(&seen, "ventilators.available").unwrap()["count"], 6);
    assert_eq!(figure(&seen, "bed.adult_icu.additional_24h").unwrap()["count"], 4);
    assert_eq!(figure(&seen, "emergency_waiting").unwrap()["said_ms"], at(20), "not said again");
    let list = officer.get("/v1/hospitals").await.json();
    assert!(figure(&list[0], "beds").is_none(), "the list is short");

    // XML over MQTT, with two hospitals, one of them by its name and one that is nobody's.
    let mut mqtt = Mqtt::connect(platform.mqtt, "health", &health).await.unwrap();
    mqtt.subscribe("fh/v1/health/rejected").await;
    let document = have(&[("", "乙医院", at(40), 56), ("H-9", "丙医院", at(40), 1)]);
    mqtt.publish_raw("fh/v1/health/hospital", document.as_bytes()).await;
    let seen = officer
        .until("/v1/hospitals/H-2", |h| (h["traffic"] == "divert_advised").then(|| h.clone()))
        .await;
    assert_eq!((&seen["beds"], &seen["beds_occupied"]), (&200.into(), &144.into()));
    let kept = officer
        .until("/v1/rejections?agency=health", |list| list.as_array()?.first().cloned())
        .await;
    assert_eq!(kept["reason"], "unknown_station");

    // A sheet, as Excel writes it; a row in another encoding is that row only.
    let sheet = feed(&platform, &health, "text/csv");
    let mut table = format!(
        "\u{feff}hospital,t,beds,beds_occupied,bed.adult_icu.available,note\r\nH-2,{},200,150,3,\r\n",
        time(at(50))
    );
    table += &format!("H-2,{},200,150,3,=cmd|' /C calc'!A0\r\n", time(at(51)));
    let answer = sheet.request("POST", "/v1/reports/hospital", &table).await.json();
    assert_eq!(
        (&answer["accepted"], &answer["rejected"][0]["reason"]),
        (&1.into(), &"field_form".into())
    );

    // What cannot be is refused; the derived series have each instant once.
    let wrong = json!({"hospital":"H-1","t":at(60),"ventilators":{"baseline":5,"available":6}});
    let answer = json.request("POST", "/v1/reports/hospital", &wrong.to_string()).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (400, &"inconsistent".into()));
    let series = officer
        .until("/v1/stations/H-1/series?property=bed_occupancy", |s| {
            (s["points"].as_array()?.len() >= 3).then(|| s.clone())
        })
        .await;
    assert_eq!(series["points"].as_array().unwrap().len(), 3, "{series}");
    platform.stop().await.unwrap();

    // After a restart: the same figures, and what comes again is known.
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let seen = officer.get("/v1/hospitals/H-1").await.json();
    assert_eq!(figure(&seen, "beds_occupied").unwrap()["changed_ms"], at(20), "{seen}");
    let json = feed(&platform, &health, "application/json");
    let answer = json.request("POST", "/v1/reports/hospital", &whole.to_string()).await;
    assert_eq!(answer.json()["duplicate"], 1, "{}", answer.text());
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_cases_are_corrected_in_the_open_and_no_person_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (_, cdc) = with_hospitals(folder.path());
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let now = now_ms() / 1000 * 1000;
    let day = &time(now - 86_400_000)[..10];
    let count = |place: &str, age: &str, n: u32, reported: i64| json!({"day":day,"place":place,"syndrome":"ili","age":age,"count":n,"reported":reported});
    let json = feed(&platform, &cdc, "application/json");
    let body = json!([
        count("440700", "all", 12, now - 9_000),
        count("440700", "0-4", 5, now - 9_000),
        count("440700", "all", 12, now - 9_000),
        count("440799", "all", 1, now - 9_000),
    ]);
    let answer = json.request("POST", "/v1/reports/cases", &body.to_string()).await.json();
    assert_eq!((&answer["accepted"], &answer["duplicate"]), (&2.into(), &1.into()), "{answer}");
    assert_eq!(answer["rejected"][0]["reason"], "unknown_station");

    // A correction by MQTT, and one of before it that comes late.
    let mut mqtt = Mqtt::connect(platform.mqtt, "cdc", &cdc).await.unwrap();
    mqtt.publish("fh/v1/cdc/cases", &count("440700", "all", 15, now - 3_000)).await;
    mqtt.publish("fh/v1/cdc/cases", &count("440700", "all", 13, now - 6_000)).await;
    let table = format!(
        "day,place,syndrome,age,sex,count,deaths,reported\n{day},440700,box_jelly,15-24,male,2,0,{}\n",
        time(now - 1_000)
    );
    let answer =
        feed(&platform, &cdc, "text/csv").request("POST", "/v1/reports/cases", &table).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());
    let address = format!("/v1/cases?place=440700&syndrome=ili&from={day}");
    let seen = officer
        .until(&address, |c| {
            let all = c["rows"].as_array()?.iter().find(|r| r["age"] == "all")?.clone();
            (all["history"].as_array().is_some_and(|h| h.len() == 2)).then(|| (c.clone(), all))
        })
        .await;
    let (whole, all) = seen;
    assert_eq!(all["count"], 15);
    let before: Vec<&Value> =
        all["history"].as_array().unwrap().iter().map(|h| &h["count"]).collect();
    assert_eq!(before, [&json!(12), &json!(13)]);
    assert_eq!(whole["days"], json!([{"syndrome":"ili","day":day,"count":15}]), "nothing twice");
    assert_eq!(whole["codes"][0]["name"], "流感样病例");
    let own = officer.get("/v1/cases?syndrome=box_jelly").await.json();
    assert_eq!(
        (&own["codes"][0]["name_en"], &own["rows"][0]["sex"]),
        (&"Box jellyfish sting".into(), &"male".into())
    );

    // Whoever is named is refused, by every way in, and nothing of them stays on the disk.
    let mut named = count("440700", "all", 1, now);
    named["name"] = "王小明测试".into();
    named["phone"] = "13800138000".into();
    let answer =
        json.request("POST", "/v1/reports/cases", &json!([named]).to_string()).await.json();
    assert_eq!(answer["rejected"][0]["reason"], "personal_data", "{answer}");
    mqtt.publish("fh/v1/cdc/cases", &named).await;
    let broken = format!("[{named},");
    let answer = json.request("POST", "/v1/reports/cases", &broken).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let columns = format!(
        "day,place,syndrome,age,count,reported,姓名\n{day},440700,ili,all,1,{now},王小明测试 13800138000\n"
    );
    let answer =
        feed(&platform, &cdc, "text/csv").request("POST", "/v1/reports/cases", &columns).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (400, &"personal_data".into()));
    officer
        .until("/v1/rejections?agency=cdc", |list| (list.as_array()?.len() == 5).then_some(()))
        .await;
    platform.stop().await.unwrap();
    for needle in ["王小明测试", "13800138000"] {
        assert_eq!(
            files_with(&folder.path().join("data"), needle.as_bytes()),
            Vec::<String>::new()
        );
    }

    // After a restart the same again is known, and a contradiction is one still.
    let platform = Running::start(folder.path()).await;
    let json = feed(&platform, &cdc, "application/json");
    let body =
        json!([count("440700", "all", 15, now - 3_000), count("440700", "all", 16, now - 3_000)]);
    let answer = json.request("POST", "/v1/reports/cases", &body.to_string()).await.json();
    assert_eq!(
        (&answer["duplicate"], &answer["rejected"][0]["reason"]),
        (&1.into(), &"inconsistent".into()),
        "{answer}"
    );
    platform.stop().await.unwrap();
}

/// The files below a folder in whose bytes something stands.
fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    let mut read = 0;
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            read += 1;
            let bytes = std::fs::read(&path).unwrap();
            if bytes.windows(needle.len()).any(|w| w == needle) {
                found.push(path.display().to_string());
            }
        }
    }
    assert!(read > 3, "there is something to read");
    found
}
