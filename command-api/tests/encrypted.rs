//! The platform over TLS: console, feeds by password and by certificate, and a certificate that is
//! replaced while everything goes on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use command_api::serve::TlsOptions;
use common::tls::{Authority, connect, mqtt, publish_packet, published, put};
use common::{Client, PASSWORD, Running, WITHIN, now_ms, people, town};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const HERE: &[&str] = &["localhost", "127.0.0.1"];

struct Encrypted {
    platform: Running,
    authority: Authority,
    token: String,
}

/// A platform with a certificate that is good for so many days, and clients' of the same authority.
async fn encrypted(folder: &Path, days: i64) -> Encrypted {
    town(folder);
    let (token, _) = people(&folder.join("data"));
    let authority = Authority::new("Testtown authority");
    let files = put(folder, &authority.sign("platform", HERE, days), Some(&authority));
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let tls = Some(TlsOptions { files, mqtt: Some(any), sl651: None, cot: None });
    let platform = Running::start_with(folder, move |options| options.tls = tls).await;
    Encrypted { platform, authority, token }
}

impl Encrypted {
    fn mqtts(&self) -> std::net::SocketAddr {
        let ready = self.platform.said.iter().find(|l| l.starts_with("ready ")).unwrap();
        let at = ready.split_whitespace().find_map(|p| p.strip_prefix("mqtts=mqtts://"));
        at.expect("it says where").parse().unwrap()
    }

    fn client(&self) -> Client {
        self.platform.client().over(self.authority.connector(None))
    }
}

fn observation(value: f64) -> Value {
    json!([{ "station": "A", "property": "discharge", "t": now_ms(), "v": value }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_feeds_come_in_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let town = encrypted(folder.path(), 365).await;
    assert!(town.platform.said.iter().any(|l| l.contains("http=https://")), "it says so");
    let said = json!({ "user": "officer", "password": PASSWORD });
    let answer = town.client().post("/v1/session", &said).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("; Secure"), "{cookie}");
    let origin = format!("https://{}", town.platform.http);
    let officer = town.client().with("Cookie", cookie.split(';').next().unwrap());
    assert_eq!(officer.with("Origin", &origin).get("/v1/session").await.status, 200);
    let plain = origin.replace("https", "http");
    let foreign = officer.with("Origin", &plain).request("DELETE", "/v1/session", "").await;
    assert_eq!(foreign.status, 403, "a page that came without TLS is another origin");

    // The live socket: a snapshot, and deltas behind it.
    let stream = connect(&town.authority.connector(None), town.platform.http).await.unwrap();
    let mut request = format!("wss://{}/v1/live?epoch=none&since=0", town.platform.http)
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("Origin", origin.parse().unwrap());
    headers.insert("Cookie", cookie.split(';').next().unwrap().parse().unwrap());
    let (mut console, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let mut kinds = Vec::new();
    while !kinds.iter().any(|k| k == "delta") || !kinds.iter().any(|k| k == "snapshot") {
        let message = timeout(WITHIN, console.next()).await.unwrap().unwrap().unwrap();
        let Ok(text) = message.into_text() else { continue };
        let message: Value = serde_json::from_str(&text).unwrap_or_default();
        kinds.push(message["type"].as_str().unwrap_or_default().to_owned());
        if kinds.len() == 1 {
            let feed = town.client().with("Authorization", &format!("Bearer {}", town.token));
            let sent = feed.post("/v1/observations", &observation(55.0)).await;
            assert_eq!(sent.status, 200, "{}", sent.text());
        }
    }

    // MQTT by user name and password.
    let by = town.authority.connector(None);
    let (mut feed, code) = mqtt(&by, town.mqtts(), Some("hydro"), Some(&town.token)).await.unwrap();
    assert_eq!(code, 0);
    let body = observation(1.0).to_string();
    assert!(published(&mut feed, "fh/v1/hydro/obs", &body, 1).await);
    assert_eq!(mqtt(&by, town.mqtts(), Some("hydro"), Some("wrong")).await.unwrap().1, 4);
    assert_eq!(mqtt(&by, town.mqtts(), Some("hydro"), None).await.unwrap().1, 4);

    // Who speaks no TLS to a port that does, and who does to one that does not.
    let mut plain = TcpStream::connect(town.platform.http).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut got = Vec::new();
    let _ = timeout(WITHIN, plain.read_to_end(&mut got)).await.expect("closed");
    assert!(!got.starts_with(b"HTTP"), "answered in the clear: {got:?}");
    let hello = timeout(Duration::from_secs(2), connect(&by, town.platform.mqtt)).await;
    assert!(hello.expect("closed at once").is_err(), "a TLS hello to the plain port");
    let stranger = Authority::new("another").connector(None);
    assert!(connect(&stranger, town.platform.http).await.is_err(), "not the platform's authority");
    town.platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_names_its_agency_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let town = encrypted(folder.path(), 365).await;
    let at = town.mqtts();
    let own = |name: &str, others: &[&str]| {
        town.authority.connector(Some(&town.authority.sign(name, others, 30)))
    };
    let hydro = own("hydro", &[]);
    let (mut feed, code) = mqtt(&hydro, at, None, None).await.unwrap();
    assert_eq!(code, 0, "the name is the certificate's");
    let body = observation(2.0).to_string();
    assert!(published(&mut feed, "fh/v1/hydro/obs", &body, 1).await);
    assert_eq!(mqtt(&hydro, at, Some("hydro"), None).await.unwrap().1, 0);
    // The certificate of one agency with the name of another, its password right or not.
    assert_eq!(mqtt(&hydro, at, Some("rescue"), None).await.unwrap().1, 5);
    let rescue = common_token(folder.path(), "rescue");
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(mqtt(&hydro, at, Some("rescue"), Some(&rescue)).await.unwrap().1, 5);
    // Under its own name it writes only its own.
    let (mut other, _) = mqtt(&hydro, at, Some("hydro"), None).await.unwrap();
    other.write_all(&publish_packet("fh/v1/rescue/obs", "[]", 9)).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(WITHIN, other.read_to_end(&mut rest)).await.expect("closed");
    assert!(rest.is_empty(), "acknowledged: {rest:?}");

    // A gateway's names several: the user name says which. A unit's names a unit.
    let gateway = own("gateway-1", &["hydro", "rescue"]);
    for (user, code) in [(Some("hydro"), 0), (Some("rescue"), 0), (None, 5), (Some("boat-1"), 5)] {
        assert_eq!(mqtt(&gateway, at, user, None).await.unwrap().1, code, "{user:?}");
    }
    assert_eq!(mqtt(&own("boat-1", &[]), at, None, None).await.unwrap().1, 0);
    assert_eq!(mqtt(&own("nobody", &[]), at, None, None).await.unwrap().1, 5);
    // One that another authority signed, and one that has expired.
    let forged = Authority::new("Testtown authority").sign("hydro", &[], 30);
    assert!(mqtt(&town.authority.connector(Some(&forged)), at, None, None).await.is_none());
    let expired = town.authority.sign("hydro", &[], -1);
    assert!(mqtt(&town.authority.connector(Some(&expired)), at, None, None).await.is_none());

    // It is listed as a credential, and revoked as one: its connection ends, and it stays out.
    let administrator = town.client().sign_in("administrator", PASSWORD).await;
    let all = administrator.get("/v1/agencies/hydro/credentials").await.json();
    let shown = all.as_array().unwrap().iter().find(|c| c["label"] == "hydro").unwrap().clone();
    assert_eq!(shown["opens"], "certificate");
    assert!(shown["expires_ms"].as_i64().unwrap() > now_ms());
    let (mut feed, code) = mqtt(&hydro, at, None, None).await.unwrap();
    assert_eq!(code, 0);
    let path = format!("/v1/agencies/hydro/credentials/{}", shown["id"].as_str().unwrap());
    assert_eq!(administrator.request("DELETE", &path, "").await.status, 200);
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(5), feed.read_to_end(&mut rest)).await.expect("shown out");
    assert_eq!(mqtt(&hydro, at, None, None).await.unwrap().1, 4);
    assert_eq!(mqtt(&own("hydro", &[]), at, None, None).await.unwrap().1, 0, "another one is good");
    // An agency that is withdrawn is so with every certificate that was made before, seen or not.
    let spare = own("hydro", &[]);
    let access = command_api::access::Access::open(
        &folder.path().join("data/access.sqlite"),
        Arc::new(command_api::serve::WallClock),
    )
    .unwrap();
    assert!(access.revoke_all("test", "agency", "hydro").unwrap() > 0);
    access.close().unwrap();
    let began = tokio::time::Instant::now();
    while mqtt(&spare, at, None, None).await.unwrap().1 == 0 {
        assert!(began.elapsed() < Duration::from_secs(5), "still let in");
    }
    let (from, end) = (now_ms() + 1_000, now_ms() + 86_400_000);
    let later = town.authority.sign_from("hydro", &[], (from, end));
    let later = town.authority.connector(Some(&later));
    let began = tokio::time::Instant::now();
    // Not before its time, and then it is.
    while mqtt(&later, at, None, None).await.is_none_or(|(_, code)| code != 0) {
        assert!(began.elapsed() < Duration::from_secs(5), "not let in");
    }
    let all = administrator.get("/v1/agencies/hydro/credentials").await.json();
    let mut rows = all.as_array().unwrap().iter();
    assert!(rows.all(|c| !c["id"].as_str().unwrap().starts_with("w-")), "{all}");
    town.platform.stop().await.unwrap();
    // After a restart too.
    let kept = command_api::access::store::Store::open(&folder.path().join("data/access.sqlite"));
    let kept = kept.unwrap().credentials().unwrap();
    assert!(kept.iter().any(|c| c.id == shown["id"].as_str().unwrap() && c.revoked.is_some()));
}

fn common_token(folder: &Path, agency: &str) -> String {
    let clock = Arc::new(command_api::serve::WallClock);
    let file = folder.join("data/access.sqlite");
    command_api::access::Access::open(&file, clock).unwrap().give_token("agency", agency).unwrap()
}

/// Whether the metrics page has this line.
async fn figure(client: &Client, name: &str) -> f64 {
    let page = client.get("/metrics").await.text();
    let line = page.lines().find(|l| l.starts_with(&format!("{name} "))).map(str::to_owned);
    line.and_then(|l| l.split(' ').nth(1)?.parse().ok()).unwrap_or(f64::NAN)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_while_everything_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let town = encrypted(folder.path(), 20).await;
    let (at, http) = (town.mqtts(), town.platform.http);
    let client = town.client().sign_in("officer", PASSWORD).await;
    // It ends in twenty days: that is told.
    notice(&client, "certificate_expiring", true, http, &town.authority.connector(None)).await;
    let by = town.authority.connector(None);
    let (mut open, code) = mqtt(&by, at, Some("hydro"), Some(&town.token)).await.unwrap();
    assert_eq!(code, 0);

    // New connections all the while.
    let rescue = common_token(folder.path(), "rescue");
    let began = Instant::now();
    while mqtt(&by, at, Some("rescue"), Some(&rescue)).await.is_none_or(|(_, code)| code != 0) {
        assert!(began.elapsed() < WITHIN, "the new token is not let in");
    }
    let (stop, drops) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let made = Arc::new(AtomicU32::new(0));
    let busy = tokio::spawn({
        let (stop, drops, made) = (stop.clone(), drops.clone(), made.clone());
        let (by, token) = (town.authority.connector(None), rescue);
        async move {
            while !stop.load(Ordering::Relaxed) {
                let good = mqtt(&by, at, Some("rescue"), Some(&token)).await;
                drops.fetch_add(
                    u32::from(good.is_none_or(|(_, code)| code != 0)),
                    Ordering::Relaxed,
                );
                made.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    for round in 1..=3u16 {
        let pair = town.authority.sign("platform", HERE, 400);
        put(folder.path(), &pair, None);
        let began = Instant::now();
        while figure(&client, "fenghuo_tls_certificates_taken").await < f64::from(round) {
            assert!(began.elapsed() < WITHIN, "not taken over");
            sleep(Duration::from_millis(100)).await;
        }
        // Both doors show the new one.
        for door in [at, http] {
            assert_eq!(common::tls::shown(&by, door).await, common::tls::der(&pair), "{door}");
        }
        // The open connection did not notice.
        let body = observation(f64::from(round)).to_string();
        assert!(published(&mut open, "fh/v1/hydro/obs", &body, round).await, "round {round}");
    }
    // Files that cannot be used: the old ones hold, and it is said.
    std::fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    notice(&client, "certificate_refused", true, http, &by).await;
    assert_eq!(figure(&client, "fenghuo_tls_certificate_refused").await, 1.0);
    assert!(published(&mut open, "fh/v1/hydro/obs", "[]", 9).await);
    put(folder.path(), &town.authority.sign("platform", HERE, 400), None);
    notice(&client, "certificate_refused", false, http, &by).await;
    notice(&client, "certificate_expiring", false, http, &by).await;
    let left = figure(&client, "fenghuo_tls_certificate_seconds_left").await;
    assert!((399.0 * 86_400.0..=400.0 * 86_400.0).contains(&left), "{left}");
    stop.store(true, Ordering::Relaxed);
    busy.await.unwrap();
    let (made, drops) = (made.load(Ordering::Relaxed), drops.load(Ordering::Relaxed));
    assert!(made > 50 && drops == 0, "{drops} of {made} connections were dropped");
    town.platform.stop().await.unwrap();
}

/// Waits until a notice stands, or no longer does: in a fresh snapshot of the live picture each time.
async fn notice(
    client: &Client,
    id: &str,
    stands: bool,
    http: std::net::SocketAddr,
    by: &TlsConnector,
) {
    let began = Instant::now();
    loop {
        let stream = connect(by, http).await.unwrap();
        let mut request =
            format!("wss://{http}/v1/live?epoch=none&since=0").into_client_request().unwrap();
        request.headers_mut().insert("Origin", format!("https://{http}").parse().unwrap());
        for (name, value) in &client.headers {
            let name: hyper::header::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (mut console, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let picture = loop {
            let message = timeout(WITHIN, console.next()).await.unwrap().unwrap().unwrap();
            let text = message.into_text().unwrap_or_default();
            if text.contains("\"snapshot\"") {
                break text;
            }
        };
        if picture.contains(id) == stands {
            return;
        }
        assert!(began.elapsed() < WITHIN, "{id}: {stands} never came");
        sleep(Duration::from_millis(200)).await;
    }
}
