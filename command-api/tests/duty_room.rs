//! The duty room, over real sockets: an alert comes, one seat acts, every seat sees it; the platform
//! ends and starts, and everything is as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::socket::{Console, open, refused};
use common::{Running, WITHIN, now_ms, observe, people, town};
use serde_json::{Value, json};

fn alert(change: &Value) -> Option<Value> {
    (change["kind"] == "alert").then(|| change["row"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_comes_is_acknowledged_and_every_seat_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let (wang, zhang) = (platform.signed_in("officer").await, platform.signed_in("zhang").await);
    let started = now_ms();
    let (mut here, mut there) = (Console::open(&wang).await, Console::open(&zhang).await);
    assert_eq!(here.picture["alerts"].as_array().map(Vec::len), Some(0));

    observe(&platform, &agency, "A", 310.0).await;
    let raised = here.until(alert).await;
    assert_eq!(raised["level"], "red");
    assert_eq!(raised["place_name"], "甲站");
    assert_eq!(
        (raised["property"].as_str(), raised["threshold"].as_f64()),
        (Some("discharge"), Some(300.0))
    );
    let id = raised["id"].as_str().unwrap().to_owned();

    let began = Instant::now();
    let done = wang.command("c1", json!({ "do": "acknowledge", "alert": id })).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let by = there.until(|c| alert(c)?["acknowledged_by"].as_str().map(str::to_owned)).await;
    assert_eq!(by, "officer");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());

    // The same click again has the same answer and no second effect; another's is told who was first.
    let again = wang.command("c1", json!({ "do": "acknowledge", "alert": id })).await;
    assert_eq!(again.json(), done.json());
    let second = zhang.command("z1", json!({ "do": "acknowledge", "alert": id })).await;
    assert_eq!(
        (second.status, second.json()["reason"].as_str()),
        (409, Some("already_acknowledged"))
    );
    assert!(second.json()["detail"].as_str().unwrap().contains("officer"));

    // Why, and where it came from.
    let why = wang.get(&format!("/v1/alerts/{id}/explanation")).await.json();
    assert_eq!(why["observations"][0]["v"], 310.0, "{why}");
    assert_eq!(why["recomputed"]["agrees"], true, "{why}");
    // The rule in its parts, so that it can be worded in any language.
    assert_eq!(
        why["rule"],
        json!({ "hazard": "discharge", "number": 2, "statistic": "latest", "property": "discharge",
            "comparison": "at_least", "threshold": 300.0, "unit": "m3/s", "level": "red",
            "source": "city policy" })
    );
    let seen = why["observations"][0]["id"].as_str().unwrap();
    let trace = wang.get(&format!("/v1/trace/{seen}")).await.json();
    let stops: Vec<u64> =
        trace["stops"].as_array().unwrap().iter().map(|s| s["stop"].as_u64().unwrap()).collect();
    assert_eq!(stops, [1, 2, 3, 4, 5, 6, 7, 8, 9], "{trace}");
    let of_alert = wang.get(&format!("/v1/trace/{id}")).await.json();
    assert_eq!(of_alert["stops"], trace["stops"]);
    // By the platform's clock: none before the one that led to it, and shown only once decided.
    let at = |stop: u64| trace["stops"][stop as usize - 1]["at_ms"].as_i64().unwrap();
    assert!((1..9).all(|stop| at(stop) <= at(stop + 1)), "{trace}");
    assert!(at(1) >= started && at(9) <= now_ms(), "{trace}");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_after_a_restart_is_the_state_before() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, _) = people(&folder.path().join("data"));
    // Ticks and observations are in order of the clock to within a tick: this is before all of them.
    let calm = now_ms();
    let platform = Running::start(folder.path()).await;
    let commander = platform.signed_in("commander").await;
    observe(&platform, &agency, "A", 310.0).await;
    observe(&platform, &agency, "B", 31.0).await;
    let risk = |zones: &Value| Some((zones[0]["risk"].as_f64()?, zones[0].clone()));
    let zone =
        commander.until("/v1/zones", |zones| risk(zones).filter(|r| r.0 < 0.5).map(|r| r.1)).await;
    // A: score 1 × 0.5, 1000 people; B: yellow of four levels 0.5 × 0.4, 500 people.
    assert!((zone["risk"].as_f64().unwrap() - 0.4).abs() < 1e-12, "{zone}");
    assert_eq!((zone["covered"].as_f64(), zone["people"].as_f64()), (Some(0.75), Some(1500.0)));
    assert_eq!(zone["terms"][0]["because"].as_array().map(Vec::len), Some(2), "{zone}");
    let then = commander.get(&format!("/v1/zones?at={calm}")).await.json();
    assert_eq!((&then[0]["risk"], &then[0]["level"]), (&Value::Null, &json!("nodata")), "{then}");
    let now = commander.get(&format!("/v1/zones?at={}", now_ms())).await.json();
    assert_eq!(now[0], zone);
    let ids: Vec<String> = commander
        .until("/v1/alerts", |alerts| {
            let rows: Vec<&Value> =
                alerts.as_array()?.iter().filter(|a| a["hazard"] == "discharge").collect();
            (rows.len() == 2)
                .then(|| rows.iter().map(|a| a["id"].as_str().unwrap().into()).collect())
        })
        .await;
    let red = ids.iter().find(|i| i.contains("@A@")).unwrap();
    let due = now_ms() + 3_600_000;
    for (n, command) in [
        json!({ "do": "acknowledge", "alert": red, "note": "已看" }),
        json!({ "do": "shelve", "alert": ids.iter().find(|i| *i != red).unwrap(), "until": due, "reason": "施工" }),
        json!({ "do": "open_incident", "alert": red, "title": "流量超红" }),
        json!({ "do": "start_plan", "incident": "I-1", "plan": "P-FLOOD" }),
        json!({ "do": "dispatch", "incident": "I-1", "task": "T-1", "text": "巡查", "unit": "boat-1", "due": due }),
        json!({ "do": "note_incident", "incident": "I-1", "note": "口头报告" }),
    ]
    .into_iter()
    .enumerate()
    {
        let done = commander.command(&format!("c{n}"), command).await;
        assert_eq!(done.status, 200, "{}", done.text());
    }
    let paths = [
        "/v1/alerts",
        "/v1/incidents",
        "/v1/tasks",
        "/v1/units",
        "/v1/zones",
        "/v1/signals",
        "/v1/log",
    ];
    let mut before = Vec::new();
    lines_known(&commander).await;
    for path in paths {
        before.push(commander.get(path).await.json());
    }
    platform.stop().await.unwrap();

    let platform = Running::start(folder.path()).await;
    lines_known(&commander_of(&platform, &commander)).await;
    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(&commander_of(&platform, &commander).get(path).await.json(), before, "{path}");
    }
    // And without its snapshot, from the record alone.
    platform.stop().await.unwrap();
    std::fs::remove_dir_all(folder.path().join("data/desk")).unwrap();
    let platform = Running::start(folder.path()).await;
    lines_known(&commander_of(&platform, &commander)).await;
    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(&commander_of(&platform, &commander).get(path).await.json(), before, "{path}");
    }
    platform.stop().await.unwrap();
}

/// Waits until it is known which units are connected: not in the first moment after a start.
async fn lines_known(commander: &common::Client) {
    let known = |units: &Value| {
        let mut units = units.as_array()?.iter();
        units.all(|unit| unit["connected"].is_boolean()).then_some(())
    };
    commander.until("/v1/units", known).await;
}

/// The session outlives the platform's process; only its address is new.
fn commander_of(platform: &Running, before: &common::Client) -> common::Client {
    common::Client { at: platform.http, headers: before.headers.clone(), tls: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_was_away_resumes_without_holes() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let wang = platform.signed_in("officer").await;
    let mut console = Console::open(&wang).await;
    let (epoch, last) = (console.epoch.clone(), console.last);
    drop(console);
    observe(&platform, &agency, "A", 310.0).await;
    wang.until("/v1/alerts", |a| (a.as_array()?.iter().any(|a| a["place"] == "A")).then_some(()))
        .await;

    let path = format!("/v1/live?epoch={epoch}&since={last}");
    let ws = open(&wang, &path, None).await.unwrap();
    console = Console { ws, epoch, last, picture: Value::Null, changes: Vec::new() };
    let first = loop {
        let said = console.step().await;
        if !said.is_null() {
            break said;
        }
    };
    assert_eq!(first["type"], "resumed");
    assert!(first["missed"].as_u64().unwrap() > 0);
    assert_eq!(console.until(alert).await["level"], "red");
    // A ring that is not this one's gives a snapshot.
    console.hello(Some("another"), 0).await;
    let began = Instant::now();
    while console.picture.is_null() {
        assert!(began.elapsed() < WITHIN);
        let said = tokio::time::timeout(WITHIN, console.step()).await.unwrap();
        assert_ne!(said["type"], "resumed");
    }
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_is_for_who_is_signed_in_and_only_as_long_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let wang = platform.signed_in("officer").await;
    assert_eq!(refused(&platform.client(), "/v1/live", None).await, 401);
    assert_eq!(refused(&wang, "/v1/live", Some("http://elsewhere.example")).await, 403);
    assert_eq!(refused(&wang, "/v1/live", Some("")).await, 403, "no origin at all");
    let agency = platform.signed_in("agency").await;
    assert_eq!(refused(&agency, "/v1/live", None).await, 403, "an agency sees its feeds only");
    // A ticket opens once.
    let ticket = wang.post("/v1/live/ticket", &json!({})).await.json();
    let path = format!("/v1/live?ticket={}", ticket["ticket"].as_str().unwrap());
    assert!(open(&platform.client(), &path, None).await.is_ok());
    assert_eq!(refused(&platform.client(), &path, None).await, 401);
    // Signed out elsewhere: this socket closes too, and says why.
    let mut console = Console::open(&wang).await;
    assert_eq!(wang.request("DELETE", "/v1/session", "").await.status, 204);
    assert_eq!(console.closed(Duration::from_secs(5)).await, 4401);
    assert_eq!(wang.get("/v1/alerts").await.status, 401);
    // A restart is said.
    let zhang = platform.signed_in("zhang").await;
    let mut console = Console::open(&zhang).await;
    let (ended, code) = tokio::join!(platform.stop(), console.closed(Duration::from_secs(5)));
    ended.unwrap();
    assert_eq!(code, 1012);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_are_complete_up_to_the_gauge_that_is_behind() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    std::fs::write(
        city.join("datastreams.csv"),
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\nA,discharge,60,,,,,\nB,discharge,600,,,,,\n",
    )
    .unwrap();
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    // A is up to date, B five minutes behind.
    let now = now_ms();
    let behind = now - 5 * 60_000;
    let feed = platform.client().with("Authorization", &format!("Bearer {agency}"));
    let rows = json!([
        { "station": "A", "property": "discharge", "t": now, "v": 1.0 },
        { "station": "B", "property": "discharge", "t": behind, "v": 1.0 },
    ]);
    assert_eq!(feed.post("/v1/observations", &rows).await.json()["accepted"], 2);
    let complete = officer
        .until("/v1/feeds", |feeds| {
            let hydro = feeds.as_array()?.iter().find(|f| f["id"] == "hydro/http")?;
            hydro["complete_ms"].as_i64()
        })
        .await;
    assert_eq!(complete, behind, "not {now}, the newest that came");

    // How long there is room is known at all times, not only when there is little.
    let record = officer.until("/v1/record", |r| r["free_bytes"].as_u64().map(|_| r.clone())).await;
    assert_eq!((&record["observations"], &record["full"]), (&json!(2), &json!(false)), "{record}");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_gauge_takes_its_alert_back_in_the_open() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    let sheet = "station,property,interval_s,min,max\nA,discharge,60,0,50000\nB,discharge,60,,\n";
    std::fs::write(city.join("datastreams.csv"), sheet).unwrap();
    let (agency, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let wang = platform.signed_in("officer").await;
    let mut seat = Console::open(&wang).await;
    observe(&platform, &agency, "A", 310.0).await;
    let raised = seat.until(alert).await;
    assert_eq!(raised["level"], "red");

    let from = now_ms() - 600_000;
    let ask = |property: &str, until: Option<i64>| {
        json!({ "do": "correct", "station": "A", "property": property, "act": "unreliable",
            "from": from, "until": until, "reason": "the gauge is fouled" })
    };
    let open = wang.command("k1", ask("discharge", None)).await;
    assert_eq!((open.status, open.json()["reason"].as_str()), (400, Some("invalid")));
    let unknown = wang.command("k2", ask("rainfall", Some(now_ms() + 600_000))).await;
    assert_eq!(unknown.json()["reason"], "unknown_datastream", "{}", unknown.text());
    // A slip of the hand is no reading: neither a value nor an offset that the gauge cannot have.
    for (id, act, until) in [
        ("k4", json!({ "value": 400_000.0 }), None),
        ("k5", json!({ "offset": 1e9 }), Some(now_ms() + 600_000)),
    ] {
        let mut slip = ask("discharge", until);
        slip["act"] = act;
        let refused = wang.command(id, slip).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains("registered range"), "{}", refused.text());
    }
    let done = wang.command("k3", ask("discharge", Some(now_ms() + 600_000))).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["events"][0]["what"], "corrected");

    // What followed is recomputed: the alert is amended and cleared, and says so.
    let cleared = seat.until(|c| alert(c).filter(|row| row["cleared_ms"].is_i64())).await;
    assert!(cleared["amended"].is_string(), "{cleared}");
    // What the gauge sends while the correction holds is kept and not used.
    observe(&platform, &agency, "A", 320.0).await;
    let listed = wang.get("/v1/corrections").await.json();
    assert_eq!(listed[0]["holds"], true, "{listed}");
    assert_eq!(listed[0]["by"], "officer");
    let id = listed[0]["id"].as_u64().unwrap();
    let end = json!({ "do": "end_correction", "correction": id, "reason": "cleaned" });
    assert_eq!(wang.command("k4", end.clone()).await.status, 200);
    let twice = wang.command("k5", end).await;
    assert_eq!(twice.json()["reason"], "unknown_correction", "{}", twice.text());
    let after = wang.get("/v1/alerts").await.json();
    let open = after.as_array().unwrap().iter().filter(|a| a["cleared_ms"].is_null());
    assert_eq!(open.count(), 0, "{after}");

    // What it changed stays, as it is only ended. It was a mistake: what was sent is given back, and
    // the alert stands again, in the open.
    let back =
        json!({ "do": "withdraw_correction", "correction": id, "reason": "the wrong gauge" });
    let done = wang.command("k6", back.clone()).await;
    assert_eq!(done.json()["events"][0]["what"], "correction_withdrawn", "{}", done.text());
    let again = seat.until(|c| alert(c).filter(|row| row["cleared_ms"].is_null())).await;
    assert_eq!((&again["level"], &again["value"]), (&json!("red"), &json!(310.0)), "{again}");
    // The newest value is what was sent while the correction held, and may be used.
    let newest = |now: &Value| {
        let mut rows = now["values"].as_array()?.iter();
        rows.find(|v| v["v"] == 320.0 && v["trust"] == "reliable").map(|_| ())
    };
    wang.until("/v1/stations/A", newest).await;
    let twice = wang.command("k7", back).await;
    assert_eq!(twice.json()["reason"], "unknown_correction", "{}", twice.text());
    let listed = wang.get("/v1/corrections").await.json();
    assert!(listed[0]["withdrawn_ms"].is_i64() && listed[0]["holds"] == false, "{listed}");
}
