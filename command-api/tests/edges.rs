//! Feeds at the platform's edges: who comes in by which token and for how long, what a feed is told,
//! what is counted of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::mqtt::Mqtt;
use common::socket::Console;
use common::{Running, people, town};
use futures_util::StreamExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

/// What `fenghuo user` and `fenghuo agency` do, beside the running platform.
fn beside(folder: &std::path::Path) -> command_api::access::Access {
    let clock = Arc::new(command_api::serve::WallClock);
    command_api::access::Access::open(&folder.join("data/access.sqlite"), clock).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_came_in_by_a_withdrawn_token_is_shown_out() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, unit) = people(&folder.path().join("data"));
    let rescue = beside(folder.path()).give_token("agency", "rescue").unwrap();
    let platform = Running::start(folder.path()).await;
    let connect = |user: &'static str, token: &str| {
        let token = token.to_owned();
        async move { Mqtt::connect(platform.mqtt, user, &token).await }
    };
    let mut hydro = connect("hydro", &token).await.unwrap();
    let mut other = connect("rescue", &rescue).await.unwrap();
    let mut boat = connect("boat-1", &unit).await.unwrap();
    let value = json!({ "station": "A", "property": "discharge", "t": common::now_ms(), "v": 1 });
    hydro.publish("fh/v1/hydro/obs", &value).await;
    assert_eq!(beside(folder.path()).revoke_all("test", "agency", "hydro").unwrap(), 1);
    assert!(hydro.ended(Duration::from_secs(5)).await, "the withdrawn token is still heard");
    assert_eq!(connect("hydro", &token).await.err(), Some(4));
    // The others were not disturbed.
    other.publish("fh/v1/rescue/obs", &json!([])).await;
    boat.subscribe("fh/v1/units/boat-1/tasks").await;
    assert_eq!(beside(folder.path()).revoke_all("test", "unit", "boat-1").unwrap(), 1);
    assert!(boat.ended(Duration::from_secs(5)).await, "the unit is still there");
    other.publish("fh/v1/rescue/obs", &json!([])).await;
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_disabled_is_signed_out_with_their_open_console() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    let zhang = platform.signed_in("zhang").await;
    let mut console = Console::open(&officer).await;
    beside(folder.path()).disable_person("officer").unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            match console.ws.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|f| u16::from(f.code)),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return None,
            }
        }
    });
    assert_eq!(closed.await.expect("the console is still open"), Some(4401));
    assert_eq!(officer.get("/v1/alerts").await.status, 401);
    assert_eq!(zhang.get("/v1/alerts").await.status, 200);
    platform.stop().await.unwrap();
}

/// The value of a line of the metrics page.
fn figure(page: &str, line: &str) -> Option<f64> {
    page.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_mqtt_endpoint_counts_is_on_the_metrics_page() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start_with(folder.path(), |options| {
        // Nobody answers there.
        let archive = ingest::archive::ArchiveConfig::parse("http://127.0.0.1:9", "").unwrap();
        options.archive = Some(archive);
    })
    .await;
    let client = platform.client();
    let page = client.get("/metrics").await.text();
    for reason in ingest::hearing::CloseReason::ALL {
        let line = format!("fenghuo_mqtt_closed_total{{reason=\"{}\"}}", reason.word());
        assert_eq!(figure(&page, &line), Some(0.0), "{line} in {page}");
    }
    assert_eq!(figure(&page, "fenghuo_mqtt_open"), Some(0.0), "{page}");
    // One who speaks HTTP to it, one with a wrong password, one who is heard.
    let mut stray = tokio::net::TcpStream::connect(platform.mqtt).await.unwrap();
    stray.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(Mqtt::connect(platform.mqtt, "hydro", "wrong").await.is_err());
    let mut hydro = Mqtt::connect(platform.mqtt, "hydro", &token).await.unwrap();
    let value = json!({ "station": "A", "property": "discharge", "t": common::now_ms(), "v": 1 });
    hydro.publish("fh/v1/hydro/obs", &value).await;
    let wanted = [
        ("fenghuo_mqtt_closed_total{reason=\"not_connect\"}", 1.0),
        ("fenghuo_mqtt_closed_total{reason=\"bad_credentials\"}", 1.0),
        ("fenghuo_mqtt_accepted_total", 3.0),
        ("fenghuo_mqtt_connected", 1.0),
        ("fenghuo_mqtt_publishes_qos1_total", 1.0),
        ("fenghuo_archive_failing", 1.0),
    ];
    let began = Instant::now();
    let page = loop {
        let page = client.get("/metrics").await.text();
        if wanted.iter().all(|(line, value)| figure(&page, line) == Some(*value)) {
            break page;
        }
        assert!(began.elapsed() < common::WITHIN, "{wanted:?} in {page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let (position, durable) = ("fenghuo_archive_position", "fenghuo_journal_durable_seq");
    assert!(figure(&page, position).unwrap() < figure(&page, durable).unwrap(), "{page}");
    assert!(figure(&page, "fenghuo_archive_behind").unwrap() >= 1.0, "{page}");
    assert!(figure(&page, "fenghuo_archive_last_error_age_seconds").unwrap() < 60.0, "{page}");
    assert!(page.trim_end().ends_with("# EOF"));
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridged_broker_is_named_without_its_password_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start_with(folder.path(), |options| {
        let url = "mqtt://fenghuo:secret@127.0.0.1:9";
        let bridge = ingest::bridge::BridgeConfig::parse(url, "fenghuo-test").unwrap();
        options.mqtt = command_api::serve::Mqtt::Broker(Box::new(bridge));
    })
    .await;
    let ready = platform.said.iter().find(|l| l.starts_with("ready ")).unwrap();
    assert!(ready.ends_with(" mqtt=mqtt://fenghuo@127.0.0.1:9"), "{ready}");
    let client = platform.client();
    let began = Instant::now();
    let age = loop {
        let page = client.get("/metrics").await.text();
        assert_eq!(figure(&page, "fenghuo_bridge_connected"), Some(0.0), "{page}");
        if let Some(age) = figure(&page, "fenghuo_bridge_last_error_age_seconds") {
            break age;
        }
        assert!(began.elapsed() < common::WITHIN, "{page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(age < 60.0, "{age}");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_reads_its_own_refusals_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (hydro, unit) = people(&folder.path().join("data"));
    let rescue = beside(folder.path()).give_token("agency", "rescue").unwrap();
    let platform = Running::start(folder.path()).await;
    let by = |token: &str| platform.client().with("Authorization", &format!("Bearer {token}"));
    let (hydro, rescue, unit) = (by(&hydro), by(&rescue), by(&unit));
    let wrong = |station: &str| json!([{ "station": station, "property": "discharge", "t": common::now_ms(), "v": 1 }]);
    assert_eq!(hydro.post("/v1/observations", &wrong("H-1")).await.status, 200);
    assert_eq!(rescue.post("/v1/observations", &wrong("R-1")).await.status, 200);
    let one = |list: &serde_json::Value| {
        let list = list.as_array()?;
        (list.len() == 1).then(|| list[0].clone())
    };
    let own = hydro.until("/v1/rejections", one).await;
    assert_eq!(
        (own["agency"].as_str(), own["reason"].as_str()),
        (Some("hydro"), Some("unknown_station"))
    );
    assert!(own["detail"].as_str().unwrap().contains("H-1"), "{own}");
    let other = rescue.until("/v1/rejections", one).await;
    assert_eq!(other["agency"], "rescue");
    let path = |seen: &serde_json::Value| format!("/v1/rejections/{}", seen["seq"]);
    assert_eq!(hydro.get(&path(&own)).await.json(), own);
    assert_eq!(hydro.get(&path(&other)).await.status, 403);
    assert_eq!(hydro.get("/v1/rejections?agency=rescue").await.status, 403);
    assert_eq!(hydro.get("/v1/rejections?agency=hydro&reason=unit").await.json(), json!([]));
    // A token opens nothing else, a unit's not even this, and a wrong one nothing at all.
    assert_eq!(hydro.get("/v1/alerts").await.status, 401);
    assert_eq!(unit.get("/v1/rejections").await.status, 403);
    assert_eq!(by("wrong").get("/v1/rejections").await.status, 401);
    let auditor = platform.signed_in("auditor").await;
    let both = auditor.get("/v1/rejections").await.json();
    assert_eq!(both.as_array().map(Vec::len), Some(2), "{both}");
    platform.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_can_keep_no_history_ends_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    let (token, _) = people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    // Somebody takes the history's tables away under its hands.
    let file = std::fs::read_dir(folder.path().join("data")).unwrap().map(|e| e.unwrap().path());
    let file = file.into_iter().find(|p| p.ends_with("history.sqlite")).expect("a history");
    let other = rusqlite::Connection::open(file).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("DROP TABLE observation").unwrap();
    common::observe(&platform, &token, "A", 10.0).await;
    let ended = platform.ended().await.expect_err("it ended as if all were well");
    assert!(ended.to_string().starts_with("the history has ended"), "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_of_life_is_sent_while_the_platform_is_well_and_not_otherwise() {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use tokio::io::AsyncReadExt;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target: hyper::Uri =
        format!("http://{}/alive", listener.local_addr().unwrap()).parse().unwrap();
    let (asked, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&told);
    let server = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let read = socket.read(&mut head).await.unwrap();
            assert!(head[..read].starts_with(b"GET /alive HTTP/1.1\r\n"));
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let well = Arc::new(AtomicBool::new(false));
    let (is_well, looked) = (Arc::clone(&well), Arc::clone(&asked));
    let beat = command_api::outlets::heartbeat::run(target, Duration::from_millis(5), move || {
        looked.fetch_add(1, Ordering::SeqCst);
        is_well.load(Ordering::SeqCst)
    });
    let beat = tokio::spawn(beat);
    let until = |count: Arc<AtomicUsize>| async move {
        let began = Instant::now();
        while count.load(Ordering::SeqCst) < 5 {
            assert!(began.elapsed() < common::WITHIN, "it does not beat");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    until(asked).await;
    assert_eq!(told.load(Ordering::SeqCst), 0, "it said that all is well");
    well.store(true, Ordering::SeqCst);
    until(told).await;
    assert!(!server.is_finished(), "something else than a sign of life came");
    beat.abort();
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_misspelt_parameter_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    town(folder.path());
    people(&folder.path().join("data"));
    let platform = Running::start(folder.path()).await;
    let officer = platform.signed_in("officer").await;
    for path in [
        "/v1/rejections?resaon=unit",
        "/v1/warnings?resaon=unit",
        "/v1/situations?resaon=unit",
        "/v1/cases?resaon=unit",
        "/v1/feeds/datastreams?resaon=unit",
        "/v1/feeds/health?resaon=unit",
        "/v1/exchange?resaon=unit",
        "/v1/stations/A/series?property=discharge&resaon=unit",
    ] {
        let answer = officer.get(path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        assert_eq!(answer.json()["reason"], "invalid", "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("resaon"), "{path}: {detail}");
    }
    // One that is known, and not a number.
    let answer = officer.get("/v1/rejections?limit=many").await;
    assert_eq!((answer.status, answer.json()["reason"].clone()), (400, json!("invalid")));
    platform.stop().await.unwrap();
}
