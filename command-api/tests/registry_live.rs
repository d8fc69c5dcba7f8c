//! The registry changed while the platform runs: journaled with who and what, in force at once for
//! admission, silence, thresholds and completeness, and the same when the record is read again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::Path;

use command_api::configurations;
use command_api::registry::change::{NotChanged, Request, Spool};
use common::{Answer, Client, Running, now_ms, people, town};
use domain::record::Record;
use domain::registry::{RegistryAct, RegistryWay};
use journal::Reader;
use serde_json::{Value, json};

async fn send(platform: &Running, token: &str, station: &str, v: f64) -> Value {
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    let one = json!([{ "station": station, "property": "discharge", "t": now_ms(), "v": v }]);
    let answer = client.post("/v1/observations", &one).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn reason(answer: &Value) -> &str {
    answer["rejected"][0]["reason"].as_str().unwrap_or("none")
}

fn text(city: &Path, file: &str) -> String {
    fs::read_to_string(city.join(file)).unwrap()
}

async fn change(client: &Client, files: Value, dry_run: bool) -> Answer {
    client.post("/v1/registry", &json!({ "files": files, "dry_run": dry_run })).await
}

fn acts(data: &Path) -> Vec<RegistryAct> {
    let read = Reader::open(data).unwrap().read_from(domain::ids::Seq(1), 100_000).unwrap();
    let acts = read.into_iter().filter_map(|row| match row.record {
        Record::Registry(act) => Some(act),
        _ => None,
    });
    acts.collect()
}

fn epochs(data: &Path) -> usize {
    configurations::all(&mut Reader::open(data).unwrap()).unwrap().len()
}

/// Every decision of the record is made again.
fn verified(data: &Path) {
    let report = command_api::verify::verify(data, 1).unwrap();
    assert!(report.is_good(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_journaled_and_in_force_at_once_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (city, data) = (town(folder.path()), folder.path().join("data"));
    let (hydro, _) = people(&data);
    let platform = Running::start(folder.path()).await;
    let chief = platform.signed_in("administrator").await;
    let officer = platform.signed_in("officer").await;
    assert_eq!(reason(&send(&platform, &hydro, "C", 1.0).await), "unknown_station");
    assert_eq!(send(&platform, &hydro, "B", 25.0).await["accepted"], 1);

    let stations = text(&city, "stations.csv").replace("B,乙站,B,hydro", "B,乙站,B,rescue")
        + "C,丙站,C,hydro,112.80,22.30,,,\n";
    let streams = text(&city, "datastreams.csv")
        .replace("A,discharge,60,,,", "A,discharge,60,,50,")
        + "C,discharge,1,,,,,\n";
    let rules = text(&city, "hazards/discharge.toml").replace("30.0", "20.0");
    let files = json!({
        "stations.csv": stations, "datastreams.csv": streams, "hazards/discharge.toml": rules,
    });
    // A slip is refused with its place, and nothing of the rest is taken.
    let mut broken = files.clone();
    broken["stations.csv"] = json!(stations.replace("112.80", "x"));
    let refused = change(&chief, broken, false).await;
    assert_eq!(refused.status, 422);
    let said = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("stations.csv:4:5: lon \"x\" is not a number"), "{said}");
    assert_eq!(change(&officer, files.clone(), false).await.status, 403);
    let foreign = change(&chief, json!({ "../access.sqlite": "x" }), false).await;
    assert_eq!(foreign.status, 422, "{}", foreign.text());
    assert_eq!(reason(&send(&platform, &hydro, "C", 1.0).await), "unknown_station");
    let tried = change(&chief, files.clone(), true).await.json();
    assert_eq!((&tried["seq"], &tried["in_force"]), (&json!(null), &json!(false)));
    assert_eq!((epochs(&data), tried["total"].as_u64()), (1, Some(5)), "{tried}");
    assert!(!text(&city, "stations.csv").contains("丙站"), "a dry run writes nothing");

    let before = now_ms();
    let done = change(&chief, files.clone(), false).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let done = done.json();
    assert_eq!(done["in_force"], true, "{done}");
    assert!(done["holds_from_ms"].as_i64().unwrap() >= before - 1_000);
    assert!(done["from_next_start"].as_str().unwrap().contains("from the next start on"));
    let said: Vec<&str> =
        done["changes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(said.contains(&"~ stations.csv B: agency=hydro -> agency=rescue"), "{said:?}");
    assert!(said.contains(&"~ datastreams.csv A discharge: max=- -> max=50"), "{said:?}");

    // Admission: the new station, the new owner, the new limit. The engine: the new threshold. The
    // picture: the new station at a number of its own, those before it at theirs.
    assert_eq!(send(&platform, &hydro, "C", 25.0).await["accepted"], 1);
    assert_eq!(reason(&send(&platform, &hydro, "B", 25.0).await), "foreign_station");
    assert_eq!(reason(&send(&platform, &hydro, "A", 51.0).await), "out_of_range");
    let alerts = |hazard: &'static str, place: &'static str| {
        let officer = officer.clone();
        async move {
            let found = move |all: &Value| {
                let is = |a: &&Value| a["hazard"] == hazard && a["place"] == place;
                all.as_array().unwrap().iter().find(is).cloned()
            };
            officer.until("/v1/alerts", found).await
        }
    };
    assert_eq!(alerts("discharge", "C").await["level"], "yellow");
    // B said 25 before the change, when that was nothing: what was said then is not judged anew.
    let all = officer.get("/v1/alerts").await.json();
    assert!(all.as_array().unwrap().iter().all(|a| a["place"] != "B"), "{all}");
    let listed = officer.get("/v1/city").await.json()["stations"].clone();
    let ids: Vec<&str> =
        listed.as_array().unwrap().iter().filter_map(|s| s["id"].as_str()).collect();
    assert_eq!((ids, &listed[1]["agency"]), (vec!["A", "B", "C"], &json!("rescue")));
    // Its row comes with the picture's next step.
    officer.until("/v1/stations/C", |s| s["ix"].as_u64()).await;
    // Silence: C is expected every second, and is not heard any more.
    alerts("feed", "C").await;
    let log = officer.get("/v1/log").await.json();
    let line = log.as_array().unwrap().iter().find(|l| l["what"] == "registry.changed").unwrap();
    assert_eq!((&line["by"], &line["about"]), (&json!("administrator"), &json!("http")), "{line}");

    // The same again is nothing new.
    let again = change(&chief, files, false).await.json();
    assert_eq!((&again["seq"], &again["total"]), (&json!(null), &json!(0)), "{again}");
    platform.stop().await.unwrap();
    let kept = acts(&data);
    assert_eq!((kept.len(), epochs(&data)), (1, 2));
    assert_eq!(
        (kept[0].by.as_str(), kept[0].way, kept[0].total),
        ("administrator", RegistryWay::Http, 5)
    );
    verified(&data);

    // The folder is what is in force: a start has nothing to journal, and goes on by it.
    assert!(text(&city, "stations.csv").contains("丙站"));
    let platform = Running::start(folder.path()).await;
    assert_eq!(send(&platform, &hydro, "C", 26.0).await["accepted"], 1);
    platform.stop().await.unwrap();
    assert_eq!(epochs(&data), 2);
    verified(&data);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_folder_is_read_again_when_asked_and_stands_against_http_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let (city, data) = (town(folder.path()), folder.path().join("data"));
    let (hydro, _) = people(&data);
    let platform = Running::start(folder.path()).await;
    let spool = Spool::of(&data);
    let ask = async |id: &str| {
        spool.ask(id, &Request { by: "li".into(), way: RegistryWay::Command }).unwrap();
        let began = std::time::Instant::now();
        loop {
            if let Some(answer) = spool.answered(id).unwrap() {
                return answer;
            }
            assert!(began.elapsed() < common::WITHIN, "no answer");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let good = text(&city, "stations.csv");
    fs::write(city.join("stations.csv"), good.replace("hydro,112.70", "nobody,112.70")).unwrap();
    let Err(NotChanged::Files(errors)) = ask("1").await else { panic!("it is broken") };
    assert!(errors[0].starts_with("stations.csv:3"), "{errors:?}");
    assert_eq!(send(&platform, &hydro, "B", 1.0).await["accepted"], 1);
    let chief = platform.signed_in("administrator").await;
    let other =
        change(&chief, json!({ "datastreams.csv": text(&city, "datastreams.csv") }), false).await;
    assert_eq!((other.status, &other.json()["reason"]), (409, &json!("folder_edited")));

    fs::write(city.join("stations.csv"), good.replace("B,乙站,B,hydro", "B,乙站,B,rescue"))
        .unwrap();
    let done = ask("2").await.unwrap();
    assert_eq!((done.total, done.in_force), (1, true), "{done:?}");
    assert_eq!(reason(&send(&platform, &hydro, "B", 2.0).await), "foreign_station");
    // A station that no file names any more is unknown, and its number is nobody else's.
    let without: String =
        good.lines().filter(|l| !l.starts_with("A,")).map(|l| format!("{l}\n")).collect();
    fs::write(city.join("stations.csv"), without).unwrap();
    let streams = text(&city, "datastreams.csv").replace("A,discharge,60,,,,,\n", "");
    fs::write(city.join("datastreams.csv"), streams).unwrap();
    assert!(ask("3").await.unwrap().in_force);
    assert_eq!(reason(&send(&platform, &hydro, "A", 2.0).await), "unknown_station");
    let officer = platform.signed_in("officer").await;
    let listed = officer.get("/v1/city").await.json()["stations"].clone();
    assert_eq!(
        (&listed[1]["id"], &listed[0]["datastreams"]),
        (&json!("B"), &json!([])),
        "{listed}"
    );
    platform.stop().await.unwrap();
    assert_eq!(acts(&data).iter().map(|act| act.by.as_str()).collect::<Vec<_>>(), ["li", "li"]);
    verified(&data);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_before_a_change_are_counted_by_what_held_then_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (city, data) = (town(folder.path()), folder.path().join("data"));
    people(&data);
    let platform = Running::start(folder.path()).await;
    let chief = platform.signed_in("administrator").await;
    let hours = async |client: &Client| {
        let health = client
            .until("/v1/feeds/health?agency=hydro", |all| {
                let of = all[0]["hours"].as_array().filter(|hours| !hours.is_empty())?;
                Some(of.iter().map(|h| h["expected"].as_u64().unwrap()).collect::<Vec<_>>())
            })
            .await;
        health[..22].to_vec()
    };
    assert_eq!(hours(&chief).await, [120; 22]);
    let streams = text(&city, "datastreams.csv").replace("discharge,60", "discharge,600");
    let done = change(&chief, json!({ "datastreams.csv": streams }), false).await;
    assert_eq!(done.json()["in_force"], true, "{}", done.text());
    assert_eq!(hours(&chief).await, [120; 22], "what was, was expected every minute");
    platform.stop().await.unwrap();
    let platform = Running::start(folder.path()).await;
    let chief = platform.signed_in("administrator").await;
    assert_eq!(hours(&chief).await, [120; 22], "after a restart too");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_moves_and_is_handed_over_when_its_row_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    let (hydro, _) = people(&folder.path().join("data"));
    // Written beforehand: it begins some seconds from now.
    let begins = now_ms() + 12_000;
    let row = format!(
        "B,乙站,B,rescue,113.30,22.80,,,{}\n",
        domain::time::UtcMs(begins).rfc3339(8 * 3600)
    );
    std::fs::write(city.join("stations.csv"), text(&city, "stations.csv") + &row).unwrap();
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let stands = |all: &Value| {
        let b = all["stations"].as_array().unwrap().iter().find(|s| s["id"] == "B").cloned();
        b.map(|b| (b["lon"].as_f64().unwrap(), b["agency"].as_str().unwrap().to_owned()))
    };
    let at_first = stands(&officer.get("/v1/city").await.json()).unwrap();
    assert!(now_ms() < begins, "the machine is too slow for this test to say anything");
    assert_eq!(at_first, (112.70, "hydro".to_owned()), "not before its time");
    assert_eq!(send(&platform, &hydro, "B", 25.0).await["accepted"], 1);
    let moved = |all: &Value| stands(all).filter(|(lon, _)| *lon == 113.30);
    let (_, agency) = officer.until("/v1/city", moved).await;
    assert!(now_ms() >= begins);
    assert_eq!(agency, "rescue");
    assert_eq!(reason(&send(&platform, &hydro, "B", 26.0).await), "foreign_station");
    platform.stop().await.unwrap();
}
