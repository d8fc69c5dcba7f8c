//! Reports of situations on a whole platform: over HTTP and MQTT in, located, merged, dealt with, told
//! back to the sender; and after a restart as before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::mqtt::Mqtt;
use common::{Answer, Running, now_ms, people, town};
use serde_json::{Value, json};

const GAZETTEER: &str = "name,kind,lon,lat,zone,aliases\n白沙镇,township,112.62,22.12,440700001,\n羊桥村委会,village,112.621,22.121,440700001201,\n";

async fn send(platform: &Running, token: &str, path: &str, kind: &str, body: &str) -> Answer {
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    client.with("Content-Type", kind).request("POST", path, body).await
}

fn call(id: &str, minutes_ago: i64, text: &str) -> Value {
    let t = now_ms() - minutes_ago * 60_000;
    json!({ "id": id, "t": t, "text": text, "class": "内涝积水", "address": "白沙镇羊桥村" })
}

fn counts(answer: &Answer) -> (i64, i64, usize) {
    let said = answer.json();
    let number = |name: &str| said[name].as_i64().unwrap();
    (number("accepted"), number("duplicate"), said["rejected"].as_array().unwrap().len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hotline_report_is_located_merged_dealt_with_and_told_back() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    std::fs::write(city.join("gazetteer.csv"), GAZETTEER).unwrap();
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let mut listening = Mqtt::connect_as("listens", platform.mqtt, "hydro", &token).await.unwrap();
    listening.subscribe("fh/v1/hydro/feedback").await;

    // Three over HTTP, one of them with a caller's number in a field that does not exist; the good
    // two once more: sent = accepted + duplicate + refused, each time.
    let first = call("A1", 10, "羊桥村口积水很深,车子熄火了,请打13800138000");
    let second = call("A2", 4, "羊桥村口积水很深 车熄火走不了");
    let mut third = call("A3", 3, "x");
    third["phone"] = json!("13800138000");
    let body = json!([first, second, third]).to_string();
    let hotline = "/v1/reports/hotline";
    let answer = send(&platform, &token, hotline, "application/json", &body).await;
    assert_eq!(counts(&answer), (2, 0, 1), "{}", answer.text());
    assert_eq!(answer.json()["rejected"][0]["reason"], "unknown_field");
    let again = send(&platform, &token, hotline, "application/json", &body).await;
    assert_eq!(counts(&again), (0, 2, 1), "{}", again.text());
    // One over MQTT, as a spreadsheet's row none.
    let mut publisher = Mqtt::connect_as("sends", platform.mqtt, "hydro", &token).await.unwrap();
    publisher
        .publish(
            "fh/v1/hydro/calls",
            &json!({ "id": "C1", "t": now_ms(), "service": "119", "lon": 112.7, "lat": 22.2 }),
        )
        .await;
    let sheet = format!("id,t,road,extent,cause\nR1,{},G325,full,水浸\n", now_ms());
    let closed = send(&platform, &token, "/v1/reports/closures", "text/csv", &sheet).await;
    assert_eq!(counts(&closed), (1, 0, 0), "{}", closed.text());

    let officer = platform.signed_in("officer").await;
    let all = officer
        .until("/v1/situations", |all| {
            let all = all.as_array().unwrap().clone();
            (all.len() == 4).then_some(all)
        })
        .await;
    let of = |id: &str| all.iter().find(|s| s["sender_id"] == id).unwrap();
    let (a1, a2) = (of("A1"), of("A2"));
    assert!(!a1["text"].as_str().unwrap().contains("138"), "{a1}");
    assert_eq!((&a1["precision"], &a1["located_by"]), (&json!("village"), &json!("address")));
    assert_eq!((&a1["lon"], &a1["zone"]), (&json!(112.621), &json!("440700")));
    assert_eq!(a2["likely"]["with"], a1["id"], "proposed, and not merged: {a2}");
    assert_eq!(of("C1")["precision"], "point");
    let of_kind = officer.get("/v1/situations?kind=closure").await.json();
    assert_eq!(of_kind.as_array().unwrap().len(), 1);
    assert_eq!(officer.get("/v1/situations?kind=flood").await.status, 400);

    // Merged, assigned, concluded, fed back: each step is told to the sender of both.
    let (head, member) = (a1["id"].clone(), a2["id"].clone());
    let merge = json!({ "do": "merge", "situation": member, "into": head });
    assert_eq!(officer.command("c1", merge).await.status, 200);
    let early = json!({ "do": "conclude", "situation": head, "text": "x" });
    let refused = officer.command("c2", early).await;
    assert_eq!((refused.status, &refused.json()["reason"]), (409, &json!("situation_state")));
    for (id, command) in [
        (
            "c3",
            json!({ "do": "assign", "situation": head, "department": "rescue", "text": "派泵车" }),
        ),
        ("c4", json!({ "do": "conclude", "situation": head, "text": "已抽干" })),
        ("c5", json!({ "do": "feed_back", "situation": head, "text": "积水已退" })),
    ] {
        let done = officer.command(id, command).await;
        assert_eq!(done.status, 200, "{}", done.text());
        let (topic, one) = listening.message(false).await;
        let (_, other) = listening.message(false).await;
        assert_eq!(topic, "fh/v1/hydro/feedback");
        assert_eq!((&one["id"], &other["id"]), (&json!("A1"), &json!("A2")), "{one} {other}");
    }
    let asks = platform.client().with("Authorization", &format!("Bearer {token}"));
    let status = asks.get("/v1/reports/hotline/A2").await.json();
    assert_eq!((&status["stage"], &status["reports"]), (&json!("fed_back"), &json!(2)), "{status}");
    assert_eq!(status["steps"][2]["text"], "积水已退");
    assert!(!status.to_string().contains("officer"), "no officer is named to the sender");
    assert_eq!(asks.get("/v1/reports/hotline/Z9").await.status, 404);
    assert_eq!(asks.get("/v1/situations").await.status, 401, "the list is the duty room's");
    let letters = officer.get("/v1/rejections").await.text();
    let raws: Vec<Value> = serde_json::from_str(&letters).unwrap();
    assert_eq!(raws.len(), 2, "{letters}");

    // The same after a restart.
    drop((listening, publisher));
    platform.stop().await.unwrap();
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let path = format!("/v1/situations/{}", head.as_str().unwrap());
    let detail = officer.until(&path, |d| Some(d.clone())).await;
    assert_eq!(detail["situation"]["stage"], "fed_back", "{detail}");
    assert_eq!(detail["sources"].as_array().unwrap().len(), 1);
    let words: Vec<&str> =
        detail["steps"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap()).collect();
    assert_eq!(words, ["took", "assigned", "concluded", "fed_back"]);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_report_takes_the_earlier_ones_place_and_a_forecast_is_an_offices() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let outage = |minutes_ago: i64, households: u32, state: &str| {
        let t = now_ms() - minutes_ago * 60_000;
        json!({ "id": "P1", "t": t, "households": households, "state": state, "zones": ["440700"] })
            .to_string()
    };
    for (minutes, households, state) in [(30, 100, "open"), (10, 31_000, "open"), (20, 900, "open")]
    {
        let body = outage(minutes, households, state);
        let answer =
            send(&platform, &token, "/v1/reports/outages", "application/json", &body).await;
        assert_eq!(counts(&answer), (1, 0, 0));
    }
    let officer = platform.signed_in("officer").await;
    let detail = officer
        .until("/v1/situations/outage@hydro@P1", |d| {
            (d["history"].as_array().unwrap().len() == 3).then(|| d.clone())
        })
        .await;
    assert_eq!(detail["situation"]["facts"][0]["value"], "31000", "the newest by its own time");
    assert_eq!(detail["situation"]["precision"], "unknown", "the whole city is no place");
    assert!(detail["situation"]["lon"].is_null());
    let elsewhere = outage(1, 5, "open").replace("440700", "110101");
    let answer =
        send(&platform, &token, "/v1/reports/outages", "application/json", &elsewhere).await;
    assert_eq!(answer.json()["rejected"][0]["reason"], "field_form");
    let forecast = json!({ "id": "F1", "t": now_ms(), "station": "A", "property": "discharge", "unit": "m3/s",
        "values": [{ "t": now_ms() + 3_600_000, "v": 300.0 }] });
    let path = "/v1/reports/forecasts";
    let refused = send(&platform, &token, path, "application/json", &forecast.to_string()).await;
    assert_eq!(refused.status, 403, "hydro is not an office of this town");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_has_left_the_picture_is_read_from_the_record_with_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    std::fs::write(city.join("gazetteer.csv"), GAZETTEER).unwrap();
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let hotline = "/v1/reports/hotline";
    let old = call("OLD", 300, "羊桥村口积水很深,车子熄火了");
    let mut later = old.clone();
    later["t"] = json!(now_ms() - 290 * 60_000);
    later["text"] = json!("羊桥村口积水更深,已到膝盖");
    let twin = call("TWIN", 295, "羊桥村口积水很深 车熄火走不了");
    for one in [&old, &later, &twin] {
        let body = json!([one]).to_string();
        let answer = send(&platform, &token, hotline, "application/json", &body).await;
        assert_eq!(counts(&answer), (1, 0, 0), "{}", answer.text());
    }
    let officer = platform.signed_in("officer").await;
    let path = "/v1/situations/hotline@hydro@OLD";
    officer.until(path, |s| (s["history"].as_array()?.len() == 2).then_some(())).await;
    officer.until("/v1/situations/hotline@hydro@TWIN", |_| Some(())).await;
    let head = "hotline@hydro@OLD";
    let commands = [
        json!({ "do": "merge", "situation": "hotline@hydro@TWIN", "into": head }),
        json!({ "do": "verify", "situation": head, "verdict": "confirmed", "reason": "到场" }),
        json!({ "do": "assign", "situation": head, "department": "rescue", "text": "请排水" }),
        json!({ "do": "conclude", "situation": head, "text": "已排干" }),
        json!({ "do": "feed_back", "situation": head, "text": "已处理" }),
    ];
    for (n, command) in commands.into_iter().enumerate() {
        let done = officer.command(&format!("past-{n}"), command).await;
        assert_eq!(done.status, 200, "{}", done.text());
    }
    let steps = |s: &Value| (s["steps"].as_array()?.len() == 5).then(|| s.clone());
    let wanted = officer.until(path, steps).await;
    let of_sender = async |platform: &Running| {
        let client = platform.client().with("Authorization", &format!("Bearer {token}"));
        client.get("/v1/reports/hotline/OLD").await.json()
    };
    let told = of_sender(&platform).await;

    // More of the same kind than the picture has room for.
    let many = command_api::desk::situations::KEPT_PER_KIND + 20;
    let elsewhere = |n: usize| {
        let t = now_ms() - 10_000 * i64::try_from(many - n).unwrap();
        let lon = 112.5 + 0.000_9 * f64::from(u16::try_from(n).unwrap());
        json!({ "id": format!("N{n}"), "t": t, "text": format!("{n}号杆倒伏"), "class": "倒伏",
            "lon": lon, "lat": 22.5 })
    };
    let all: Vec<Value> = (0..many).map(elsewhere).collect();
    for part in all.chunks(250) {
        let body = json!(part).to_string();
        let answer = send(&platform, &token, hotline, "application/json", &body).await;
        assert_eq!(counts(&answer).0 as usize, part.len(), "{}", answer.text());
    }
    let last = format!("/v1/situations?kind=hotline&since={}", now_ms() - 60_000);
    let is_there = |all: &Value| {
        let newest = format!("N{}", many - 1);
        all.as_array()?.iter().any(|s| s["sender_id"] == newest.as_str()).then_some(())
    };
    officer.until(&last, is_there).await;
    let standing = officer.get("/v1/situations?kind=hotline").await.json();
    let standing = standing.as_array().unwrap();
    assert_eq!(standing.len(), command_api::desk::situations::KEPT_PER_KIND);
    assert!(standing.iter().all(|s| s["sender_id"] != "OLD" && s["sender_id"] != "TWIN"));
    let now = officer.get(path).await;
    assert_eq!(now.status, 200, "{}", now.text());
    assert_eq!(now.json(), wanted, "as it stood on the picture");
    assert_eq!(of_sender(&platform).await, told);
    assert_eq!(officer.get("/v1/situations/hotline@hydro@NEVER").await.status, 404);
    assert_eq!(officer.get("/v1/reports/hotline/NEVER").await.status, 404);
    platform.stop().await.unwrap();

    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    assert_eq!(officer.get(path).await.json(), wanted, "after a restart too");
    let by_id = officer.get("/v1/reports/hotline/OLD").await;
    assert_eq!((by_id.status, by_id.json()), (200, told));
    platform.stop().await.unwrap();
}
