//! Feeds: their figures, their silence, what they were refused, and what is done about it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Answer, Client, Running, now_ms, people, town};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

/// Observations of the agency's, as they are sent by its token.
async fn send(platform: &Running, token: &str, body: &str) -> Answer {
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    let client = client.with("Content-Type", "application/x-ndjson");
    client.request("POST", "/v1/observations", body).await
}

fn line(station: &str, t_ms: i64, v: f64) -> String {
    json!({ "station": station, "property": "discharge", "t": t_ms, "v": v }).to_string()
}

/// The letters of a question, once there are as many as wanted.
async fn letters(client: &Client, query: &str, wanted: usize) -> Vec<Value> {
    let path = format!("/v1/rejections{query}");
    client
        .until(&path, |all| {
            let all = all.as_array().unwrap();
            (all.len() == wanted).then(|| all.clone())
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_found_mended_and_replayed_once_and_stays_so_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let t = now_ms() - MINUTE_MS;
    let wrong = line("Z", t, 7.0);
    let answer = send(&platform, &token, &wrong).await;
    assert_eq!(answer.json()["rejected"][0]["reason"], "unknown_station");
    let own = platform.signed_in("agency").await;
    let found = letters(&own, "?state=open&reason=unknown_station&channel=http", 1).await;
    let (seq, state) = (found[0]["seq"].as_u64().unwrap(), &found[0]["state"]);
    assert_eq!((state, &found[0]["cut"]), (&json!("open"), &json!(false)));
    let path = format!("/v1/rejections/{seq}/replay");

    // Officers read; they do not send what an agency should have sent.
    let officer = platform.signed_in("officer").await;
    assert_eq!(officer.get(&format!("/v1/rejections/{seq}")).await.status, 200);
    assert_eq!(officer.post(&path, &json!({})).await.status, 403);

    // As it was it is refused again, and stays open.
    let again = own.post(&path, &json!({})).await.json();
    assert_eq!((&again["state"], &again["act"]["refused"]), (&json!("open"), &json!(1)), "{again}");
    assert_eq!(again["act"]["reason"], "unknown_station");
    // Mended it goes through, once, however often it is clicked.
    let mended = json!({ "body": line("A", t, 7.0) });
    let (first, second) = tokio::join!(own.post(&path, &mended), own.post(&path, &mended));
    let (first, second) = (first.json(), second.json());
    for answer in [&first, &second] {
        assert_eq!((&answer["state"], &answer["act"]["accepted"]), (&json!("replayed"), &json!(1)));
    }
    assert_ne!(first["already"], second["already"], "one of them did it");
    let shown = own.get(&format!("/v1/rejections/{seq}")).await.json();
    assert_eq!((&shown["state"], &shown["last"]["by"]), (&json!("replayed"), &json!("agency")));
    assert!(letters(&own, "?state=open", 0).await.is_empty());
    assert_eq!(own.post("/v1/rejections/999999/replay", &json!({})).await.status, 404);
    let both = json!({ "body": "x", "body_base64": "eA==" });
    assert_eq!(own.post(&path, &both).await.status, 400);
    let series = format!("/v1/stations/A/series?property=discharge&from={}&to={}", t - 1, t + 1);
    officer.until(&series, |s| s["points"].as_array().filter(|p| !p.is_empty()).cloned()).await;
    // What is sent again is sent: the counts say so.
    let health = own.get("/v1/feeds/health").await.json();
    let feed = &health[0]["feeds"][0];
    let counts = ["accepted", "duplicate", "refused", "quarantined"].map(|n| feed[n].clone());
    assert_eq!(counts, [json!(1), json!(0), json!(2), json!(0)], "{health}");
    platform.stop().await.unwrap();

    let platform = Running::start(folder.path()).await;
    let own = platform.signed_in("agency").await;
    let shown = own.until(&format!("/v1/rejections/{seq}"), |l| Some(l.clone())).await;
    assert_eq!((&shown["state"], &shown["last"]["mended"]), (&json!("replayed"), &json!(true)));
    let again = own.post(&path, &mended).await.json();
    assert_eq!(again["already"], true, "{again}");
    platform.stop().await.unwrap();
    let file = folder.path().join("data/access.sqlite");
    let file = command_api::access::store::Store::open(&file).unwrap();
    let audited = file.audit_lines(10_000).unwrap();
    let replays = audited.iter().filter(|l| l.1 == "agency" && l.2 == "replayed").count();
    assert_eq!(replays, 2, "{audited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_replayed_by_a_filter_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let t = now_ms() + 20 * MINUTE_MS;
    // Dated ahead: the clock of the gateway was set by hand.
    let ahead: Vec<String> = (0..5).map(|i| line("A", t + i * 1_000, 1.0)).collect();
    send(&platform, &token, &format!("{}\n{{", ahead.join("\n"))).await;
    let own = platform.signed_in("agency").await;
    let kept = letters(&own, "?quarantined=true", 5).await;
    assert!(kept.iter().all(|letter| letter["reason"] == "future_dated"));
    assert_eq!(letters(&own, "?source=OBSERVATIONS&quarantined=false", 1).await.len(), 1);
    assert!(letters(&own, &format!("?since={}", now_ms() + MINUTE_MS), 0).await.is_empty());

    let first =
        own.post("/v1/rejections/replay", &json!({ "quarantined": true, "limit": 2 })).await;
    let first = first.json();
    let states = |answer: &Value| -> Vec<Value> {
        answer["replayed"].as_array().unwrap().iter().map(|r| r["state"].clone()).collect()
    };
    assert_eq!(states(&first), ["open", "open"], "still ahead: {first}");
    assert_eq!(first["remaining"], 3);
    let on = json!({ "quarantined": true, "after": first["next_after"] });
    let second = own.post("/v1/rejections/replay", &on).await.json();
    assert_eq!((states(&second).len(), &second["remaining"]), (3, &json!(0)), "{second}");
    assert!(second["next_after"].is_null());

    let seq = kept[0]["seq"].as_u64().unwrap();
    let path = format!("/v1/rejections/{seq}/dismiss");
    assert_eq!(own.post(&path, &json!({ "note": " " })).await.status, 400);
    let aside = own.post(&path, &json!({ "note": "时钟已校准" })).await.json();
    assert_eq!(
        (&aside["state"], &aside["act"]["detail"]),
        (&json!("dismissed"), &json!("时钟已校准"))
    );
    letters(&own, "?quarantined=true&state=open", 4).await;

    // Another agency's letters are nobody else's business.
    let foreign = own.post("/v1/rejections/replay", &json!({ "agency": "rescue" })).await;
    assert_eq!((foreign.status, foreign.json()["reason"].clone()), (403, json!("forbidden")));
    assert_eq!(own.get("/v1/feeds/health?agency=rescue").await.status, 403);
    let reasons = own.get("/v1/rejections/reasons").await.json();
    let named: Vec<&str> =
        reasons.as_array().unwrap().iter().filter_map(|r| r["reason"].as_str()).collect();
    assert!(named.contains(&"future_dated") && named.len() > 15);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_of_the_sensorthings_door_is_tried_and_then_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let time = |ago: i64| domain::time::UtcMs(now_ms() - ago * MINUTE_MS).rfc3339(8 * 3600);
    let (before, t) = (time(2), time(1));
    let entity = |stream: &str| json!({ "phenomenonTime": t, "result": 7.5, "Datastream": { "@iot.id": stream } });
    let hydro = platform.client().with("Authorization", &format!("Bearer {token}"));
    assert_eq!(hydro.post("/v1.1/Observations", &entity("Z:discharge")).await.status, 400);
    let rows = json!([{ "Datastream": { "@iot.id": "B:discharge" },
        "components": ["phenomenonTime", "result"], "dataArray": [[before, 1.0], [t, "many"]] }]);
    assert_eq!(hydro.post("/v1.1/CreateObservations", &rows).await.json()[1], "error");
    let own = platform.signed_in("agency").await;
    let kept = letters(&own, "?state=open&channel=http", 2).await;
    let of = |source: &str| {
        let one = kept.iter().find(|letter| letter["source"] == source).unwrap();
        one["seq"].as_u64().unwrap()
    };
    for (seq, stream) in
        [(of("/v1.1/Observations"), "A:discharge"), (of("/v1.1/CreateObservations"), "B:discharge")]
    {
        let path = format!("/v1/rejections/{seq}/replay");
        let body = entity(stream).to_string();
        // As it was it would be refused again; mended it would be taken. Neither has happened.
        let tried = own.post(&path, &json!({ "dry_run": true })).await.json();
        assert_eq!((&tried["dry_run"], &tried["act"]["refused"]), (&json!(true), &json!(1)));
        let tried = own.post(&path, &json!({ "dry_run": true, "body": body })).await.json();
        assert_eq!(
            (&tried["state"], &tried["act"]["accepted"], &tried["already"]),
            (&json!("open"), &json!(1), &json!(false)),
            "{tried}"
        );
        let shown = own.get(&format!("/v1/rejections/{seq}")).await.json();
        assert_eq!((&shown["state"], &shown["last"]), (&json!("open"), &Value::Null), "{shown}");
        let done = own.post(&path, &json!({ "body": body })).await.json();
        assert_eq!((&done["state"], done.get("dry_run")), (&json!("replayed"), None), "{done}");
        let tried = own.post(&path, &json!({ "dry_run": true })).await.json();
        assert_eq!((&tried["state"], &tried["already"]), (&json!("replayed"), &json!(true)));
        let read = format!("/v1.1/Datastreams('{stream}')/Observations?$filter=result%20eq%207.5");
        own.until(&read, |page| page["value"].as_array().filter(|v| v.len() == 1).map(|_| ()))
            .await;
    }
    // Sent: three by the agency, and twice again; what was tried is not.
    let health = own.get("/v1/feeds/health").await.json();
    let feed = &health[0]["feeds"][0];
    let counts = ["accepted", "duplicate", "refused", "quarantined"].map(|n| feed[n].clone());
    assert_eq!(counts, [json!(3), json!(0), json!(2), json!(0)], "{health}");
    let page = platform.client().get("/metrics").await.text();
    let skipped = page.lines().find(|line| line.starts_with("fenghuo_news_skipped"));
    assert_eq!(skipped.and_then(|line| line.split(' ').nth(1)), Some("0"), "{page}");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_shown_by_datastream_and_completeness_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let now = now_ms();
    // A to within the minute for an hour and a half; B until three quarters of an hour ago.
    let minutes = |from: i64, to: i64, station: &str| -> Vec<String> {
        (from..to).map(|m| line(station, now - m * MINUTE_MS, 1.0)).collect()
    };
    let body = [minutes(0, 90, "A"), minutes(45, 90, "B")].concat().join("\n");
    assert_eq!(send(&platform, &token, &body).await.json()["accepted"], 135);
    let auditor = platform.signed_in("auditor").await;
    let of_station = async |client: &Client, station: &str, wanted: &str| {
        client
            .until(&format!("/v1/stations/{station}"), |s| {
                (s["datastreams"][0]["data"] == wanted).then(|| s["datastreams"][0].clone())
            })
            .await
    };
    assert_eq!(of_station(&auditor, "A", "live").await["interval_s"], 60);
    of_station(&auditor, "B", "dead").await;
    let worst = auditor.get("/v1/feeds/datastreams?agency=hydro").await.json();
    assert_eq!((&worst[0]["station"], &worst[0]["data"]), (&json!("B"), &json!("dead")));
    let late = auditor.get("/v1/feeds/datastreams?agency=hydro&data=late").await.json();
    assert_eq!(late, json!([]));

    let hours = async |client: &Client| -> Value {
        client
            .until("/v1/feeds/health?agency=hydro", |health| {
                let received: u64 = health[0]["hours"]
                    .as_array()?
                    .iter()
                    .filter_map(|h| h["received"].as_u64())
                    .sum();
                (received >= 130).then(|| health[0]["hours"].clone())
            })
            .await
    };
    let before = hours(&auditor).await;
    let all = before.as_array().unwrap();
    assert_eq!(all.len(), 24);
    assert!(all.iter().all(|h| h["received"].as_u64() <= h["expected"].as_u64()), "{before}");
    let counts = auditor.get("/v1/feeds/health?agency=hydro").await.json()[0]["streams"].clone();
    assert_eq!(counts, json!({ "live": 1, "late": 0, "dead": 1, "never": 0, "clock": 0 }));
    let feed = auditor.get("/v1/feeds/health?agency=hydro").await.json()[0]["feeds"][0].clone();
    assert!(feed["lag_p50_ms"].as_i64().unwrap() > 20 * MINUTE_MS, "{feed}");
    assert!(feed["skew_ms"].as_i64().unwrap().abs() < MINUTE_MS, "{feed}");
    let sent: u64 = feed["per_minute"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(sent, 135);
    platform.stop().await.unwrap();

    let platform = Running::start(folder.path()).await;
    let auditor = platform.signed_in("auditor").await;
    let after = hours(&auditor).await;
    let received = |hours: &Value, at: usize| hours[at]["received"].clone();
    // The hour may have turned meanwhile.
    let shift = usize::from(before[0]["from_ms"] != after[0]["from_ms"]);
    for at in shift..24 {
        let (was, is) = (received(&before, at), received(&after, at - shift));
        assert!(at >= 22 || was == is, "hour {at}: {was} then {is}");
    }
    let doors = auditor.get("/v1/feeds/doors").await.json();
    assert!(doors[0]["address"].as_str().unwrap().ends_with(&platform.http.to_string()));
    assert_eq!(doors[1]["protocol"], "mqtt");
    let session = platform.signed_in("agency").await.get("/v1/session").await.json();
    assert_eq!(session["agency"], "hydro");
    platform.stop().await.unwrap();
}
