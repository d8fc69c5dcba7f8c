//! A warning of another office, from its CAP message to the consoles' picture and back to its bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Answer, Running, now_ms, people, town};
use domain::time::UtcMs;

fn message(id: &str, act: &str, about: &str, status: &str) -> String {
    let sent = UtcMs(now_ms() - 60_000).rfc3339(8 * 3600);
    let sent = &sent[..19];
    let ends = UtcMs(now_ms() + 3_600_000).rfc3339(8 * 3600);
    let ends = &ends[..19];
    let references =
        if about.is_empty() { String::new() } else { format!("<references>{about}</references>") };
    format!(
        "<?xml-stylesheet href=\"x.xsl\"?><alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{id}</identifier>\
         <sender>qx@example.cn</sender><sent>{sent}+08:00</sent><status>{status}</status><msgType>{act}</msgType><scope>Public</scope>{references}\
         <info><language>zh-CN</language><category>Met</category><event>台风</event><urgency>Immediate</urgency><severity>Extreme</severity><certainty>Likely</certainty>\
         <expires>{ends}+08:00</expires><headline>&lt;b&gt;台风红色预警(虚构)&lt;/b&gt;</headline>\
         <area><areaDesc>全市</areaDesc><polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6</polygon><circle>22.2,112.7 5</circle></area></info></alert>"
    )
}

async fn send(platform: &Running, token: &str, body: &str) -> Answer {
    let address = platform.client();
    let request = format!(
        "POST /v1/warnings HTTP/1.1\r\nHost: town\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/cap+xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    address.raw(&request).await.unwrap()
}

/// `sender,identifier,sent` of a message.
fn triple(body: &str) -> String {
    let of = |tag: &str| body.split(&format!("<{tag}>")).nth(1).unwrap().split('<').next().unwrap();
    format!("{},{},{}", of("sender"), of("identifier"), of("sent"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_comes_onto_the_picture_is_updated_and_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let city = town(folder.path());
    let agencies = city.join("agencies.toml");
    let text = std::fs::read_to_string(&agencies).unwrap();
    std::fs::write(&agencies, text.replacen("id = ", "official_signals = true\nid = ", 1)).unwrap();
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;

    let drill = message("D1", "Alert", "", "Exercise");
    let answer = send(&platform, &token, &drill).await;
    assert_eq!(
        (answer.status, answer.json()["status"].as_str()),
        (200, Some("exercise")),
        "{}",
        answer.text()
    );
    let one = message("M1", "Alert", "", "Actual");
    let answer = send(&platform, &token, &one).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());

    let first = officer.until("/v1/warnings", |all| all.as_array()?.first().cloned()).await;
    assert_eq!(
        (first["state"].as_str(), first["identifier"].as_str()),
        (Some("in_force"), Some("M1"))
    );
    let info = &first["infos"][0];
    assert_eq!(
        (info["color"].as_str(), info["headline"].as_str()),
        (Some("red"), Some("<b>台风红色预警(虚构)</b>"))
    );
    assert_eq!(info["areas"][0]["polygons"][0][1], serde_json::json!([112.9, 22.1]));
    let id = first["id"].as_str().unwrap().to_owned();
    let original = officer.get(&format!("/v1/warnings/{id}.xml")).await;
    assert_eq!((original.status, original.text()), (200, one.clone()));
    assert_eq!(original.header("content-disposition").as_deref(), Some("attachment"));

    let two = message("M2", "Update", &triple(&one), "Actual");
    send(&platform, &token, &two).await;
    let replaced = |row: &serde_json::Value| {
        (row["state"] == "superseded").then(|| row["replaced_by"].clone())
    };
    let by = officer.until(&format!("/v1/warnings/{id}"), replaced).await;
    let cited = format!("{} {}", triple(&one), triple(&two));
    send(&platform, &token, &message("M3", "Cancel", &cited, "Actual")).await;
    let by = by.as_str().unwrap();
    officer
        .until(&format!("/v1/warnings/{by}"), |row| (row["state"] == "cancelled").then_some(()))
        .await;
    assert_eq!(
        officer.get("/v1/warnings").await.json(),
        serde_json::json!([]),
        "none on the live picture"
    );
    let apart = officer.get("/v1/warnings?state=apart").await.json();
    assert_eq!(
        (apart.as_array().map(Vec::len), apart[0]["identifier"].as_str()),
        (Some(1), Some("D1"))
    );
    let log = officer.get("/v1/log").await.text();
    for line in ["warning.issue", "warning.update", "warning.cancel", "warning.exercise"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    platform.stop().await.unwrap();

    // After a start they are known as before: a replay of the first is a duplicate.
    let platform = Running::start(folder.path()).await;
    assert_eq!(send(&platform, &token, &one).await.json()["duplicate"], 1);
    platform.stop().await.unwrap();
}
