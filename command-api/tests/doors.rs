//! Every endpoint by every role; what comes from elsewhere; what is no request at all. Whatever is
//! sent, the platform lives and says why not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use command_api::access::doors::{ROLES, may_enter};
use command_api::desk::decide::role_word;
use common::{Client, PASSWORD, Running, people, town};
use contract::openapi::{Entry, ROUTES, Route};
use serde_json::json;

/// An address for a route, with ids that are nobody's.
fn address(path: &str) -> String {
    let path = path.replace("{entity}/{*rest}", "Things('A')/name").replace("{entity}", "Things");
    let path = path.replace("/alerts/{id}", "/alerts/discharge@A@1").replace("{file}", "none");
    let path = path.replace("/stations/{id}/series", "/stations/A/series?property=discharge");
    // Its own agency's, so that its door and not whose it is decides.
    let path = path.replace("/agencies/{id}", "/agencies/hydro").replace("{credential}", "none");
    let path = path.replace("/trace/{id}", "/trace/T-99").replace("{id}", "none");
    if path.ends_with("series.csv") { path + "?station=A&property=discharge" } else { path }
}

async fn ask(client: &Client, method: &str, path: &str) -> common::Answer {
    let mut client = client.with("Content-Type", "application/json");
    if path == "/v1/live" {
        // The live socket is for pages, and a page names its origin.
        client = client.with("Origin", &format!("http://{}", client.at));
    }
    client.request(&method.to_uppercase(), &address(path), "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_lets_in_whom_its_door_says_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let mut tried = 0;
    for role in ROLES {
        let name = role_word(*role);
        let client = platform.signed_in(name).await;
        let closed = |r: &&Route| matches!(r.entry, Entry::Session | Entry::SessionOrToken);
        for route in ROUTES.iter().filter(closed).filter(|r| r.method != "delete") {
            let answer = ask(&client, route.method, route.path).await;
            let said = format!(
                "{name} {} {}: {} {}",
                route.method,
                route.path,
                answer.status,
                answer.text()
            );
            if may_enter(route, *role) {
                assert!(![401, 403].contains(&answer.status) && answer.status < 500, "{said}");
            } else {
                assert_eq!(answer.status, 403, "{said}");
                assert_eq!(answer.json()["reason"], "forbidden", "{said}");
            }
            tried += 1;
        }
    }
    assert!(tried > 150);
    let nobody = platform.client();
    for route in ROUTES.iter().filter(|r| r.entry != Entry::Open) {
        let answer = ask(&nobody, route.method, route.path).await;
        assert_eq!(answer.status, 401, "{} {}: {}", route.method, route.path, answer.text());
    }
    // Every refusal left its line.
    let auditor = platform.signed_in("auditor").await;
    let denied = auditor.get("/metrics").await.text();
    let denied =
        denied.lines().find(|l| l.starts_with("fenghuo_denied_total ")).unwrap().to_owned();
    let denied: u32 = denied.split(' ').nth(1).unwrap().parse().unwrap();
    platform.stop().await.unwrap();
    let data = folder.path().join("data/access.sqlite");
    let file = command_api::access::store::Store::open(&data).unwrap();
    let lines = file.audit_lines(100_000).unwrap();
    let lines = lines.iter().filter(|l| l.2 == "denied").count();
    assert!(lines > 50 && lines == denied as usize, "{lines} of {denied}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_and_the_probes_are_open_and_true() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let client = platform.client();
    let document = client.get("/openapi.json").await.json();
    for route in ROUTES {
        assert!(
            document["paths"][route.documented_path()][route.method].is_object(),
            "{}",
            route.path
        );
    }
    assert_eq!(client.get("/healthz").await.status, 200);
    assert_eq!(client.get("/readyz").await.status, 200);
    let page = client.get("/metrics").await.text();
    for name in
        ["fenghuo_consoles", "fenghuo_journal_records", "fenghuo_understood_seq", "fenghuo_heard"]
    {
        assert!(page.contains(name), "{name} in {page}");
    }
    assert!(page.trim_end().ends_with("# EOF"));
    let missing = client.get("/v1/nothing").await;
    assert_eq!((missing.status, missing.json()["reason"].as_str()), (404, Some("not_found")));
    let wrong = client.request("PUT", "/v1/alerts", "").await;
    assert_eq!(wrong.status, 405, "{}", wrong.text());
    for (name, part) in [
        ("content-security-policy", "frame-ancestors 'none'"),
        ("content-security-policy", "default-src 'self'"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert!(
            missing.header(name).unwrap_or_default().contains(part),
            "{name}: {}",
            missing.head
        );
    }
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_from_another_site_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let wang = platform.signed_in("officer").await;
    let host = platform.http;
    let command = json!({ "id": "x", "command": { "do": "unshelve", "alert": "a@b@1" } });
    for (name, value) in [
        ("Origin", "http://elsewhere.example".to_owned()),
        ("Origin", format!("https://{host}")),
        ("Origin", "null".to_owned()),
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Sec-Fetch-Site", "same-site".to_owned()),
    ] {
        let answer = wang.with(name, &value).post("/v1/commands", &command).await;
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    let own_page = wang.with("Origin", &format!("http://{host}"));
    for client in [own_page.with("Sec-Fetch-Site", "same-origin"), own_page] {
        let own = client.post("/v1/commands", &command).await;
        assert_eq!((own.status, own.json()["reason"].as_str()), (404, Some("unknown_alert")));
    }
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_signs_in_and_commands_without_naming_an_origin() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let host = platform.http;
    let post = |path: &str, more: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{more}Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let nobody = platform.client();
    let sign_in = json!({ "user": "officer", "password": PASSWORD }).to_string();
    let answer = nobody.raw(&post("/v1/session", "", &sign_in)).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let command = json!({ "id": "x", "command": { "do": "unshelve", "alert": "a@b@1" } });
    let answer = nobody.raw(&post("/v1/commands", &cookie, &command.to_string())).await.unwrap();
    let said = answer.json();
    assert_eq!((answer.status, said["reason"].as_str()), (404, Some("unknown_alert")), "{said}");
    // The live socket is for pages: what names no origin does not come in, whatever else it has.
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let live = |more: &str| {
        format!("GET /v1/live HTTP/1.1\r\nHost: {host}\r\n{cookie}{upgrade}{more}\r\n")
    };
    for origin in ["", "Origin: http://elsewhere.example\r\n", "Sec-Fetch-Site: same-origin\r\n"] {
        assert_eq!(nobody.raw(&live(origin)).await.unwrap().status, 403, "{origin:?}");
    }
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_is_slowed_down_and_tells_nothing() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let client = platform.client();
    let wrong = |user: &str| json!({ "user": user, "password": "not the password" });
    let known = client.post("/v1/session", &wrong("officer")).await;
    let unknown = client.post("/v1/session", &wrong("nobody")).await;
    assert_eq!((known.status, known.body.clone()), (401, unknown.body.clone()));
    let mut waited = None;
    for _ in 0..6 {
        let answer = client.post("/v1/session", &wrong("officer")).await;
        if answer.status == 429 {
            waited = answer.header("retry-after");
            assert_eq!(answer.json()["reason"], "rate_limited");
            break;
        }
    }
    assert!(waited.is_some(), "it was never slowed down");
    // A code is not overlooked: there is no second factor that it could be of.
    let coded = json!({ "user": "officer", "password": PASSWORD, "code": "123456" });
    let answer = client.post("/v1/session", &coded).await;
    assert_eq!((answer.status, answer.json()["reason"].as_str()), (400, Some("no_second_factor")));
    // An unknown field is no sign-in.
    let more = json!({ "user": "officer", "password": PASSWORD, "role": "administrator" });
    assert_eq!(client.post("/v1/session", &more).await.status, 400);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_administrator_is_made_once_with_the_printed_link() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let platform = Running::start(folder.path()).await;
    let line = platform.said.iter().find(|l| l.starts_with("set-up")).expect("a link").clone();
    let code = line.split("code=").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let client = platform.client();
    let with =
        |code: &str, password: &str| json!({ "code": code, "user": "root", "password": password });
    assert_eq!(client.post("/v1/setup", &with("0000", PASSWORD)).await.status, 403);
    assert_eq!(client.post("/v1/setup", &with(&code, "short")).await.status, 400);
    let made = client.post("/v1/setup", &with(&code, PASSWORD)).await;
    assert_eq!((made.status, made.json()["role"].as_str()), (200, Some("administrator")));
    let cookie = made.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(client.post("/v1/setup", &with(&code, PASSWORD)).await.status, 403, "once");
    platform.stop().await.unwrap();
    let platform = Running::start(folder.path()).await;
    assert!(!platform.said.iter().any(|l| l.starts_with("set-up")), "{:?}", platform.said);
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let wang = platform.signed_in("officer").await;
    let (host, cookie) = (platform.http, wang.headers[0].1.clone());
    let own = format!(
        "Host: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\nConnection: close\r\n"
    );
    let post = format!("POST /v1/commands HTTP/1.1\r\n{own}");
    let kind = "Content-Type: application/json\r\n";
    let long = "x".repeat(100 * 1024);
    let many: String = (0..1_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let deep = "[".repeat(200);
    let cases: Vec<(&str, String, &[u16])> = vec![
        ("a head of 100 KB", format!("GET /v1/alerts HTTP/1.1\r\n{own}X: {long}\r\n\r\n"), &[431]),
        ("1,000 headers", format!("GET /v1/alerts HTTP/1.1\r\n{own}{many}\r\n"), &[431]),
        ("a body over the limit", format!("{post}{kind}Content-Length: 65537\r\n\r\n"), &[413]),
        (
            "another media type",
            format!("{post}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}"),
            &[415],
        ),
        ("deep JSON", format!("{post}{kind}Content-Length: {}\r\n\r\n{deep}", deep.len()), &[400]),
        ("no HTTP", "\u{16}\u{3}\u{1}hello\r\n\r\n".to_owned(), &[400]),
        (
            "a way out of the folder",
            format!("GET /../../etc/passwd HTTP/1.1\r\n{own}\r\n"),
            &[400, 404],
        ),
        (
            "trailing data",
            body(
                &post,
                kind,
                "{\"id\":\"a\",\"command\":{\"do\":\"unshelve\",\"alert\":\"a@b@1\"}} x",
            ),
            &[400],
        ),
        (
            "an unknown field",
            body(
                &post,
                kind,
                "{\"id\":\"a\",\"as\":\"root\",\"command\":{\"do\":\"unshelve\",\"alert\":\"a@b@1\"}}",
            ),
            &[400],
        ),
        (
            "an unknown command",
            body(&post, kind, "{\"id\":\"a\",\"command\":{\"do\":\"launch\"}}"),
            &[400],
        ),
        (
            "an unknown field of a command",
            body(
                &post,
                kind,
                "{\"id\":\"a\",\"command\":{\"do\":\"unshelve\",\"alert\":\"a@b@1\",\"x\":1}}",
            ),
            &[400],
        ),
        (
            "a field twice",
            body(
                &post,
                kind,
                "{\"id\":\"a\",\"id\":\"b\",\"command\":{\"do\":\"unshelve\",\"alert\":\"a@b@1\"}}",
            ),
            &[400],
        ),
    ];
    for (what, bytes, wanted) in cases {
        let answer = wang.raw(&bytes).await.unwrap_or_else(|| panic!("{what}: no answer"));
        assert!(wanted.contains(&answer.status), "{what}: {}", answer.head);
        assert_eq!(wang.get("/v1/alerts").await.status, 200, "after {what}");
    }
    let nul = wang.command("n", json!({ "do": "acknowledge", "alert": "a\u{0}@b@1" })).await;
    assert!([400, 404].contains(&nul.status), "{}", nul.text());
    for path in
        ["/v1/zones?at=yesterday", "/v1/zones?at=2026-06-11T03:10:00", "/v1/stations/A/series"]
    {
        assert_eq!(wang.get(path).await.status, 400, "{path}");
    }
    platform.stop().await.unwrap();
}

fn body(post: &str, kind: &str, body: &str) -> String {
    format!("{post}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_whose_length_is_stated_in_two_ways_is_taken_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let (host, cookie) = (platform.http, officer.headers[0].1.clone());
    let chunked = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    // Bodies that are taken with one length: what is refused is the second.
    let taken = json!([{ "station": "A", "property": "discharge", "t": common::now_ms(), "v": 1 }]);
    let command = json!({ "id": "x", "command": { "do": "unshelve", "alert": "a@b@1" } });
    for (path, who, body, alone) in [
        ("/v1/observations", format!("Authorization: Bearer {token}"), taken.to_string(), 200),
        ("/v1/commands", format!("Cookie: {cookie}"), command.to_string(), 404),
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{who}\r\n");
        let head = head + "Content-Type: application/json\r\nConnection: close\r\n";
        let (long, parts) = (format!("Content-Length: {}\r\n", body.len()), chunked(&body));
        let twice = format!("{head}{long}Transfer-Encoding: chunked\r\n\r\n{parts}");
        let answer = officer.raw(&twice).await.unwrap();
        assert_eq!(answer.status, 400, "{path}: {}", answer.head);
        assert!(answer.text().contains("Content-Length with Transfer-Encoding"), "{path}");
        for one in [
            format!("{head}{long}\r\n{body}"),
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{parts}"),
        ] {
            let answer = officer.raw(&one).await.unwrap();
            assert_eq!(answer.status, alone, "{path}: {}", answer.head);
        }
    }
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_or_body_that_does_not_come_is_told_so_in_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let client = platform.client();
    let body = "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    let slow = ["GET /healthz HTTP/1.1\r\nHost: x\r\n", body];
    let slow = slow.map(|bytes| {
        let client = client.clone();
        tokio::spawn(async move {
            let began = Instant::now();
            (client.raw(bytes).await, began.elapsed())
        })
    });
    for (what, asked) in ["head", "body"].into_iter().zip(slow) {
        let (answer, waited) = asked.await.unwrap();
        let answer = answer.unwrap_or_else(|| panic!("the slow {what} was told nothing"));
        assert_eq!(answer.status, 408, "{what}: {}", answer.head);
        assert!(waited < Duration::from_secs(13), "{what}: {waited:?}");
    }
    // Who says nothing at all is let go in silence.
    let began = Instant::now();
    assert!(client.raw("").await.is_none(), "a connection that rests was told something");
    assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_title_that_a_spreadsheet_would_compute_is_exported_as_text() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    common::observe(&platform, &token, "A", 310.0).await;
    let raised = |alerts: &serde_json::Value| {
        alerts.as_array()?.iter().find_map(|a| a["id"].as_str().map(str::to_owned))
    };
    let alert: String = officer.until("/v1/alerts", raised).await;
    let title = "=HYPERLINK(\"http://elsewhere.example\")";
    let open = json!({ "do": "open_incident", "alert": alert, "title": title });
    assert_eq!(officer.command("i", open).await.status, 200);
    let in_log = |log: &serde_json::Value| log.to_string().contains("HYPERLINK").then_some(());
    officer.until("/v1/log", in_log).await;
    let table = officer.get("/v1/export/log.csv").await.text();
    let cell = ",\"'=HYPERLINK(\"\"http://elsewhere.example\"\")";
    assert!(table.contains(cell), "{table}");
    platform.stop().await.unwrap();
}
