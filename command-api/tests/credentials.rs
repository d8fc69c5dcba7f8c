//! An agency's credentials from issue to revocation, on a running platform: over HTTP as its people
//! do it, on the command line as operators do, and what becomes of who came in by them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::mqtt::Mqtt;
use common::{Client, Running, now_ms, people, town};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How soon who came in by a credential that has ended is shown out: a look a second, and some.
const SHOWN_OUT_WITHIN: Duration = Duration::from_secs(5);
const HYDRO: &str = "/v1/agencies/hydro/credentials";

async fn town_with_people(folder: &Path) -> (Running, String) {
    town(folder);
    let (token, _) = people(&folder.join("data"));
    (Running::start(folder).await, token)
}

async fn issued(by: &Client, body: Value) -> (String, String) {
    let answer = by.post(HYDRO, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let said = answer.json();
    assert_eq!(said["user"], "hydro");
    let id = said["credential"]["id"].as_str().unwrap().to_owned();
    (id, said["secret"].as_str().unwrap().to_owned())
}

async fn sends(platform: &Running, token: &str) -> u16 {
    let value = json!([{ "station": "A", "property": "discharge", "t": now_ms(), "v": 1 }]);
    let feed = platform.client().with("Authorization", &format!("Bearer {token}"));
    feed.post("/v1/observations", &value).await.status
}

async fn listed(by: &Client, id: &str) -> Value {
    let all = by.get(HYDRO).await.json();
    all.as_array().unwrap().iter().find(|c| c["id"] == id).expect("listed").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agencys_person_issues_rotates_with_overlap_and_revokes() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, first) = town_with_people(folder.path()).await;
    let person = platform.signed_in("agency").await;

    let (id, secret) = issued(&person, json!({ "label": "gateway 7" })).await;
    assert_eq!(secret.len(), 64);
    let seen = listed(&person, &id).await;
    assert_eq!(
        (seen["state"].as_str(), seen["label"].as_str()),
        (Some("active"), Some("gateway 7"))
    );
    assert_eq!((seen["by"].as_str(), seen["used_ms"].as_i64()), (Some("agency"), None));
    assert!(!person.get(HYDRO).await.text().contains(&secret), "a secret is shown once");
    assert_eq!(sends(&platform, &secret).await, 200);
    let mut gateway = Mqtt::connect_as("gateway-7", platform.mqtt, "hydro", &secret).await.unwrap();
    let mut office = Mqtt::connect_as("office", platform.mqtt, "hydro", &first).await.unwrap();
    assert!(now_ms() - listed(&person, &id).await["used_ms"].as_i64().unwrap() < 60_000);

    // The new one is good at once, the old one until the named time; then its connection ends.
    let until = now_ms() + 3_000;
    let rotate = format!("{HYDRO}/{id}/rotate");
    let answer = person.post(&rotate, &json!({ "until_ms": until })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let fresh = answer.json();
    let (next, newer) = (fresh["credential"]["id"].as_str().unwrap(), fresh["secret"].as_str());
    let newer = newer.unwrap();
    assert_eq!(listed(&person, &id).await["replaced_by"], next);
    assert_eq!((sends(&platform, &secret).await, sends(&platform, newer).await), (200, 200));
    gateway.publish("fh/v1/hydro/obs", &json!([])).await;
    let mut moved = Mqtt::connect_as("gateway-8", platform.mqtt, "hydro", newer).await.unwrap();
    assert!(now_ms() < until, "the machine was too slow for this test");
    assert!(gateway.ended(Duration::from_secs(3) + SHOWN_OUT_WITHIN).await, "still heard");
    assert!(now_ms() >= until, "closed before its time");
    assert_eq!(sends(&platform, &secret).await, 401);
    assert_eq!(Mqtt::connect(platform.mqtt, "hydro", &secret).await.err(), Some(4));
    assert_eq!(listed(&person, &id).await["state"], "expired");
    assert_eq!(person.post(&rotate, &json!({})).await.json()["reason"], "credential_ended");

    // One is revoked: its connection ends, the other's does not.
    let answer = person.request("DELETE", &format!("{HYDRO}/{next}"), "").await;
    assert_eq!((answer.status, answer.json()["state"].as_str()), (200, Some("revoked")));
    assert_eq!(sends(&platform, newer).await, 401, "at once");
    let began = Instant::now();
    while began.elapsed() < SHOWN_OUT_WITHIN && moved.still_heard("fh/v1/hydro/obs").await {}
    assert!(began.elapsed() < SHOWN_OUT_WITHIN, "the revoked one is still heard");
    office.publish("fh/v1/hydro/obs", &json!([])).await;
    assert_eq!(sends(&platform, &first).await, 200);

    // Every act is in the audit, and no secret.
    sleep(Duration::from_millis(1_500)).await;
    let file = rusqlite::Connection::open(folder.path().join("data/access.sqlite")).unwrap();
    let mut query = file.prepare("SELECT who, what, detail FROM audit ORDER BY n").unwrap();
    let lines: Vec<(String, String, String)> = query
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for what in ["credential_issued", "credential_rotated", "credential_revoked"] {
        let found = lines
            .iter()
            .any(|(who, said, detail)| who == "agency" && said == what && detail.contains("hydro"));
        assert!(found, "{what} in {lines:?}");
    }
    assert!(!format!("{lines:?}").contains(&secret));
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_opens_what_it_is_for_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, _) = town_with_people(folder.path()).await;
    let administrator = platform.signed_in("administrator").await;
    let (_, http) = issued(&administrator, json!({ "opens": "http" })).await;
    let (_, mqtt) = issued(&administrator, json!({ "opens": "mqtt" })).await;
    assert_eq!((sends(&platform, &http).await, sends(&platform, &mqtt).await), (200, 401));
    assert_eq!(Mqtt::connect(platform.mqtt, "hydro", &http).await.err(), Some(4));
    Mqtt::connect(platform.mqtt, "hydro", &mqtt).await.unwrap();

    let until = now_ms() + 2_500;
    let (id, short) = issued(&administrator, json!({ "expires_ms": until })).await;
    let client = Mqtt::connect(platform.mqtt, "hydro", &short).await.unwrap();
    assert!(client.ended(Duration::from_secs(3) + SHOWN_OUT_WITHIN).await, "it has expired");
    assert!(now_ms() >= until);
    assert_eq!(sends(&platform, &short).await, 401);
    assert_eq!(listed(&administrator, &id).await["state"], "expired");

    for (body, reason) in [
        (json!({ "expires_ms": now_ms() - 1 }), "invalid"),
        (json!({ "opens": "certificate" }), "certificate"),
        (json!({ "opens": "everything" }), "invalid"),
        (json!({ "label": "x".repeat(81) }), "invalid"),
        (json!({ "label": "a\u{7}b" }), "invalid"),
        (json!({ "unit": "boat-1" }), "not_found"),
        (json!({ "role": "administrator" }), "invalid"),
    ] {
        let answer = administrator.post(HYDRO, &body).await;
        assert_eq!(answer.json()["reason"], reason, "{body}: {}", answer.text());
    }
    // A bound: a script that issues for ever is stopped.
    let refused = async {
        for _ in 0..100 {
            let answer = administrator.post(HYDRO, &json!({})).await;
            if answer.status != 200 {
                return answer.json();
            }
        }
        panic!("a hundred credentials were given out");
    };
    assert_eq!(refused.await["reason"], "too_many_credentials");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_out_what_is_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, token) = town_with_people(folder.path()).await;
    let rescue = "/v1/agencies/rescue/credentials";
    let person = platform.signed_in("agency").await;
    let administrator = platform.signed_in("administrator").await;
    let unit = administrator.post(rescue, &json!({ "unit": "boat-2", "label": "tablet" })).await;
    assert_eq!(unit.json()["credential"]["unit"], "boat-2", "{}", unit.text());
    let theirs = unit.json()["credential"]["id"].as_str().unwrap().to_owned();
    let secret = unit.json()["secret"].as_str().unwrap().to_owned();
    Mqtt::connect(platform.mqtt, "boat-2", &secret).await.unwrap();

    assert_eq!(person.get(rescue).await.status, 403);
    assert_eq!(person.post(rescue, &json!({})).await.status, 403);
    assert_eq!(person.request("DELETE", &format!("{rescue}/{theirs}"), "").await.status, 403);
    // Another's credential under one's own name is none.
    assert_eq!(person.request("DELETE", &format!("{HYDRO}/{theirs}"), "").await.status, 404);
    let rotate = format!("{HYDRO}/{theirs}/rotate");
    assert_eq!(person.post(&rotate, &json!({})).await.status, 404);
    assert_eq!(administrator.get("/v1/agencies/nobody/credentials").await.status, 404);

    for (user, sees) in [("auditor", 200), ("officer", 403), ("commander", 403), ("planner", 403)] {
        let client = platform.signed_in(user).await;
        assert_eq!(client.get(HYDRO).await.status, sees, "{user}");
        assert_eq!(client.post(HYDRO, &json!({})).await.status, 403, "{user}");
    }
    // A token is no person: it gives no credentials out.
    let feed = platform.client().with("Authorization", &format!("Bearer {token}"));
    assert_eq!(feed.post(HYDRO, &json!({})).await.status, 401);
    let foreign = administrator.with("Origin", "http://elsewhere.example");
    assert_eq!(foreign.post(HYDRO, &json!({})).await.status, 403, "not from another site's page");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_does_it_on_the_command_line_while_the_platform_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, _) = town_with_people(folder.path()).await;
    let data = folder.path().join("data");
    let fenghuo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
        command.arg("agency").args(arguments).args(["--data", data.to_str().unwrap()]);
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        (done.status.success(), text(&done.stdout), text(&done.stderr))
    };
    let token = ["token", "rescue", "--label", "van", "--expires", "90d", "--opens", "mqtt"];
    let (good, secret, said) = fenghuo(&token);
    assert!(good && secret.len() == 64, "{said}");
    let id = said.split(' ').next().unwrap().to_owned();
    let began = Instant::now();
    let van = loop {
        match Mqtt::connect(platform.mqtt, "rescue", &secret).await {
            Ok(van) => break van,
            Err(_) => assert!(began.elapsed() < SHOWN_OUT_WITHIN, "it is not let in"),
        }
    };
    let (_, list, _) = fenghuo(&["list", "rescue"]);
    assert!(list.contains(&format!("{id} active opens=mqtt")) && list.ends_with("van"), "{list}");
    let (good, _, why) = fenghuo(&["rotate", "nobody"]);
    assert!(!good && why.contains("no credential nobody"), "{why}");
    let (good, newer, why) = fenghuo(&["rotate", "rescue", "--until", "0s"]);
    assert!(good && newer.len() == 64 && newer != secret, "{why}");
    assert!(van.ended(SHOWN_OUT_WITHIN).await, "the old one ended at once");
    let van = Mqtt::connect(platform.mqtt, "rescue", &newer).await.unwrap();
    let (_, list, _) = fenghuo(&["list", "rescue"]);
    let active = list.lines().find(|l| l.contains(" active ")).expect("one is active");
    let (good, said, why) = fenghuo(&["revoke", active.split(' ').next().unwrap()]);
    assert!(good && said.ends_with("of rescue is revoked"), "{said}{why}");
    assert!(van.ended(SHOWN_OUT_WITHIN).await, "the revoked one is still heard");
    let (good, said, _) = fenghuo(&["withdraw", "hydro"]);
    assert_eq!((good, said.as_str()), (true, "1 credential(s) revoked"));
    for wrong in [["token", "rescue", "--expires", "soon"], ["token", "rescue", "--opens", "all"]] {
        assert!(!fenghuo(&wrong).0, "{wrong:?}");
    }
    platform.stop().await.unwrap();
}
