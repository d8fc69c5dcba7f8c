//! Bad input over HTTP against the real server loop: in each case the process lives, the answer is
//! as promised, it is counted by reason and kept, and a healthy client is not affected. The numbers
//! are the rows of the bad-input matrix.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use domain::record::Record;
use ingest::http::body::{BODY_MAX_BYTES, BODY_TIMEOUT, UNPACKED_MAX_BYTES};
use ingest::http::server::Bounds;
use support::{Answer, House, NOW, Served, read_answer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn rain(station: &str, step: i64, v: f64) -> String {
    format!(
        r#"{{"station":"{station}","property":"rainfall","t":{},"v":{v}}}"#,
        NOW.0 - step * 300_000
    )
}

async fn town() -> (tempfile::TempDir, House, Served) {
    town_with(Bounds::default()).await
}

async fn town_with(bounds: Bounds) -> (tempfile::TempDir, House, Served) {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let served = Served::start(&house, dir.path(), bounds).await;
    (dir, house, served)
}

fn kept(house: &House) -> Vec<(String, Vec<u8>)> {
    let refused = house.records().into_iter().filter_map(|record| match record {
        Record::Refused(refusal) => Some((refusal.reason.wire().to_owned(), refusal.raw)),
        _ => None,
    });
    refused.collect()
}

/// A healthy client is answered as ever.
async fn healthy(served: &Served, station: &str, step: i64) {
    let answer = served.observations(&format!("[{}]", rain(station, step, 1.0))).await;
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &1.into()), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promised_answers() {
    let (_dir, house, served) = town().await;
    let body =
        format!("[{},{},{}]", rain("R-1", 0, 2.5), rain("R-99", 0, 1.0), rain("R-1", 0, 2.5));
    let answer = served.observations(&body).await;
    assert_eq!(answer.status, 200);
    let expected = r#"{"accepted":1,"duplicate":1,"rejected":[{"index":1,"reason":"unknown_station","detail":"no station R-99"}]}"#;
    assert_eq!(answer.body, expected);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    let lines = format!("{}\n{{\n{}\n", rain("R-2", 0, 1.0), rain("R-3", 0, 1.0));
    let kind = [("Content-Type", "application/x-ndjson; charset=utf-8")];
    let answer = served.post("/v1/observations", "hydro-secret", &kind, lines.as_bytes()).await;
    assert_eq!(answer.json()["accepted"], 2);
    assert_eq!(answer.json()["rejected"][0]["index"], 1);
    let table = format!("station,property,t,v\nR-4,rainfall,{},1\nR-4,rainfall,soon,1\n", NOW.0);
    let kind = [("Content-Type", "text/csv")];
    let answer = served.post("/v1/observations", "hydro-secret", &kind, table.as_bytes()).await;
    assert_eq!(
        (&answer.json()["accepted"], &answer.json()["rejected"][0]["reason"]),
        (&1.into(), &"time".into())
    );
    for (packing, bytes) in
        [("gzip", gzip(body.as_bytes())), ("zstd", zstd::encode_all(body.as_bytes(), 3).unwrap())]
    {
        let headers = [JSON, ("Content-Encoding", packing)];
        let answer = served.post("/v1/observations", "hydro-secret", &headers, &bytes).await;
        assert_eq!(answer.json()["duplicate"], 2, "{packing}: {answer:?}");
    }
    // Durable when answered.
    let observations =
        house.records().iter().filter(|r| matches!(r, Record::Observation { .. })).count();
    assert_eq!(observations, 4);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_have_resources_of_their_own() {
    let (_dir, house, served) = town().await;
    let hospital = format!(
        r#"{{"hospital":"H-1","t":{},"beds":400,"beds_occupied":100,"traffic":"normal"}}"#,
        NOW.0
    );
    let unit = format!(r#"{{"unit":"boat-01","t":{},"lon":112.9,"lat":22.3}}"#, NOW.0);
    let signal = format!(
        r#"{{"id":"s-1","issuer":"气象台","act":"issue","kind":"暴雨","color":"red","areas":["440700"],"t":{}}}"#,
        NOW.0
    );
    let table = [
        ("/v1/reports/hospital", "health-secret", &hospital, 200),
        ("/v1/reports/units", "boat-01-secret", &unit, 200),
        ("/v1/reports/units", "hydro-secret", &unit, 200),
        ("/v1/warnings", "weather-secret", &signal, 200),
        ("/v1/warnings", "hydro-secret", &signal, 403),
        ("/v1/warnings", "boat-01-secret", &signal, 403),
        ("/v1/reports/hospital", "boat-01-secret", &hospital, 403),
        ("/v1/observations", "boat-01-secret", &unit, 403),
        ("/v1/reports/hospital", "health-secret", &unit, 400),
    ];
    for (path, token, body, status) in table {
        let answer = served.post(path, token, &[JSON], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{path} {token}: {answer:?}");
    }
    let task = unit.replace("\"lon\"", "\"task\":\"T-9\",\"report\":\"accept\",\"lon\"");
    let answer = served.post("/v1/reports/units", "boat-01-secret", &[JSON], task.as_bytes()).await;
    assert_eq!(answer.json()["rejected"][0]["reason"], "impossible_report");
    let reports = house.records().iter().filter(|r| matches!(r, Record::Report { .. })).count();
    assert_eq!(reports, 3);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_35_no_wrong_or_foreign_token() {
    let (_dir, house, served) = town().await;
    let body = format!("[{}]", rain("R-1", 0, 1.0));
    let mut bodies = Vec::new();
    for (token, status) in
        [("", 401), ("nonsense", 401), ("nobody-secret", 403), ("boat-01-secret", 403)]
    {
        let answer = served.post("/v1/observations", token, &[JSON], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{token}");
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    let basic = [JSON, ("Authorization", "Basic aHlkcm86eA==")];
    assert_eq!(served.post("/v1/observations", "", &basic, body.as_bytes()).await.status, 401);
    // Another agency's station is a refused item.
    let answer = served.post("/v1/observations", "weather-secret", &[JSON], body.as_bytes()).await;
    assert_eq!(answer.json()["rejected"][0]["reason"], "foreign_station");
    // The unit has a name and is counted by it; the other two are nobody's.
    let mut reasons: Vec<String> = kept(&house).into_iter().map(|(reason, _)| reason).collect();
    reasons.sort();
    assert_eq!(reasons, ["forbidden", "foreign_station"]);
    healthy(&served, "R-1", 0).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_36_and_39_too_large_and_bombs() {
    let (_dir, _house, served) = town().await;
    // Refused by its stated length, before a byte of it.
    let head = format!(
        "POST /v1/observations HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer hydro-secret\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        BODY_MAX_BYTES + 1
    );
    let begun = Instant::now();
    let answer = served.raw(head.as_bytes()).await;
    assert_eq!((answer.status, answer.reason().as_str()), (413, "too_large"));
    assert!(begun.elapsed() < BODY_TIMEOUT, "it waited for the body");
    // Without a stated length, by count.
    let mut socket = TcpStream::connect(served.address).await.unwrap();
    let head = "POST /v1/observations HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer hydro-secret\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let piece = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    for _ in 0..=BODY_MAX_BYTES >> 20 {
        // It may close while we still write.
        if socket.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    assert_eq!(read_answer(&mut socket).await.status, 413);
    // 1 : 1000.
    let bomb = vec![b' '; UNPACKED_MAX_BYTES + 1];
    for (packing, bytes) in
        [("gzip", gzip(&bomb)), ("zstd", zstd::encode_all(&bomb[..], 3).unwrap())]
    {
        assert!(bytes.len() < 100_000);
        let headers = [JSON, ("Content-Encoding", packing)];
        let answer = served.post("/v1/observations", "hydro-secret", &headers, &bytes).await;
        assert_eq!(answer.status, 413, "{packing}");
    }
    let headers = [JSON, ("Content-Encoding", "gzip")];
    assert_eq!(
        served.post("/v1/observations", "hydro-secret", &headers, b"no gzip").await.status,
        400
    );
    let headers = [JSON, ("Content-Encoding", "br")];
    assert_eq!(served.post("/v1/observations", "hydro-secret", &headers, b"x").await.status, 415);
    healthy(&served, "R-1", 0).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_37_two_lengths() {
    let (_dir, house, served) = town().await;
    let body = format!("[{}]", rain("R-1", 0, 1.0));
    for order in [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
    ] {
        let request = format!(
            "POST /v1/observations HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer hydro-secret\r\nContent-Type: application/json\r\n{}\r\n{}\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            order[0],
            order[1],
            body.len()
        );
        assert_eq!(served.raw(request.as_bytes()).await.status, 400, "{order:?}");
    }
    assert_eq!(house.telemetry.feeds(), []);
    healthy(&served, "R-1", 0).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_38_a_slow_head_and_a_slow_body() {
    let bounds = Bounds { head_timeout: Duration::from_millis(300), ..Bounds::default() };
    let (_dir, _house, served) = town_with(bounds).await;
    let mut head = TcpStream::connect(served.address).await.unwrap();
    head.write_all(b"POST /v1/observations HTTP/1.1\r\nHost").await.unwrap();
    let answer = read_answer(&mut head).await;
    assert_eq!((answer.status, answer.reason().as_str()), (408, "too_slow"));
    assert_eq!(Bounds::default().head_timeout, Duration::from_secs(10));
    let mut body = TcpStream::connect(served.address).await.unwrap();
    let request = "POST /v1/observations HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer hydro-secret\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[";
    body.write_all(request.as_bytes()).await.unwrap();
    let begun = Instant::now();
    // Others go on meanwhile.
    healthy(&served, "R-1", 0).await;
    assert_eq!(read_answer(&mut body).await.status, 408);
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(9) && took < Duration::from_secs(13), "{took:?}");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_40_to_46_what_is_no_array_of_observations() {
    let (_dir, house, served) = town().await;
    let good = rain("R-1", 0, 1.0);
    let whole: Vec<(String, u16, &str)> = vec![
        (good.clone(), 400, "syntax"),
        ("{}".into(), 400, "syntax"),
        (String::new(), 400, "syntax"),
        (format!("{}{}", "[".repeat(128), "]".repeat(128)), 400, "syntax"),
        (format!("[{}]", good.replace("1}", "1e400}")), 400, "not_finite"),
        (format!("[{}]", good.replace("1}", "NaN}")), 400, "syntax"),
        (format!("\u{feff}[{good}]"), 400, "syntax"),
        (format!("[{good}] x"), 400, "syntax"),
        (format!("[{good},"), 400, "syntax"),
    ];
    for (body, status, reason) in &whole {
        let answer = served.observations(body).await;
        assert_eq!((answer.status, answer.reason().as_str()), (*status, *reason), "{body}");
    }
    let invalid = [b"[\"", &b"\xff\xfe"[..], b"\"]"].concat();
    let answer = served.post("/v1/observations", "hydro-secret", &[JSON], &invalid).await;
    assert_eq!((answer.status, answer.reason().as_str()), (400, "syntax"));
    assert_eq!(kept(&house).len(), whole.len() + 1, "each is kept, nothing of it is taken");
    assert_eq!(kept(&house)[0].1, good.as_bytes());
    let kinds = [
        None,
        Some("text/plain"),
        Some("application/json; charset=gbk"),
        Some("multipart/form-data"),
    ];
    for kind in kinds {
        let headers: Vec<(&str, &str)> = kind.map(|k| ("Content-Type", k)).into_iter().collect();
        let answer = served.post("/v1/observations", "hydro-secret", &headers, b"[]").await;
        assert_eq!(answer.status, 415, "{kind:?}");
    }
    // Also what was turned away by its head is counted and kept by the time its sender is told.
    let refused = whole.len() + 1 + kinds.len();
    assert_eq!(kept(&house).len(), refused);
    assert_eq!(house.telemetry.by_reason().values().sum::<u64>(), refused as u64);
    healthy(&served, "R-1", 0).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_42_to_51_items_that_are_refused_one_by_one() {
    let (_dir, house, served) = town().await;
    let rain = |v: &str| rain("R-1", 0, 1.0).replace("\"v\":1", &format!("\"v\":{v}"));
    let t = |text: &str| rain("1").replace(&NOW.0.to_string(), text);
    let station = |text: &str| rain("1").replace("R-1", text);
    let ahead = NOW.0 + 3_600_000;
    let items: Vec<(String, &str)> = vec![
        (rain("-1e308"), "out_of_range"),
        (rain("1,\"v\":2"), "field_form"),
        (rain("1,\"colour\":\"red\""), "unknown_field"),
        (rain("1,\"id\":\"a\\u0000b\""), "identifier"),
        (t("\"0000-01-01T00:00:00Z\""), "time"),
        (t("\"9999-01-01T00:00:00Z\""), "time"),
        (t("\"1970-01-01T00:00:00Z\""), "time"),
        (t("\"2026-06-11T03:05:00\""), "time"),
        (t(&ahead.to_string()), "future_dated"),
        (station("../../x"), "identifier"),
        (station(&"x".repeat(10_240)), "identifier"),
        (station("a\u{202e}b"), "identifier"),
        (rain("2500"), "out_of_range"),
        (station("R-1\\nfenghuo,x=1 v=1"), "identifier"),
        (rain("1,\"unit\":\"m') DROP TABLE observation;--\""), "unit"),
        (rain("1,\"unit\":\"=cmd|' /C calc'!A0\""), "unit"),
    ];
    let mut body = items.iter().map(|(item, _)| item.clone()).collect::<Vec<_>>();
    body.push(rain("-0.0"));
    let answer = served.observations(&format!("[{}]", body.join(","))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let said = answer.json();
    assert_eq!(said["accepted"], 1, "-0.0 is nought");
    let rejected = said["rejected"].as_array().unwrap();
    let reasons: Vec<&str> = rejected.iter().map(|r| r["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, items.iter().map(|(_, reason)| *reason).collect::<Vec<_>>());
    for (n, refused) in rejected.iter().enumerate() {
        assert_eq!(refused["index"], n);
        let detail = refused["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && detail.len() < 500 && !detail.contains('\n'), "{detail}");
    }
    assert_eq!(kept(&house).len(), items.len());
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_51_ten_thousand_with_one_bad() {
    let (_dir, _house, served) = town().await;
    let mut items: Vec<String> =
        (0..10_000).map(|n| rain(&format!("R-{}", n % 20 + 1), n / 20, (n % 7) as f64)).collect();
    items[7_777] = items[7_777].replace("rainfall", "rainfal");
    let answer = served.observations(&format!("[{}]", items.join(","))).await;
    let said = answer.json();
    assert_eq!((&said["accepted"], &said["duplicate"]), (&9_999.into(), &0.into()), "{answer:?}");
    assert_eq!(said["rejected"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&said["rejected"][0]["index"], &said["rejected"][0]["reason"]),
        (&7_777.into(), &"unknown_property".into())
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_52_a_key_is_remembered_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let body = format!("[{}]", rain("R-1", 0, 1.0));
    let other = format!("[{}]", rain("R-1", 1, 1.0));
    let mut first: Option<Answer> = None;
    for start in 0..2 {
        let house = House::open(dir.path(), true);
        let served = Served::start(&house, dir.path(), Bounds::default()).await;
        let headers = [JSON, ("Idempotency-Key", "batch-17")];
        let send = async |token: &'static str, body: &str| {
            served.post("/v1/observations", token, &headers, body.as_bytes()).await
        };
        for _ in 0..2 {
            let answer = send("hydro-secret", &body).await;
            let first = first.get_or_insert_with(|| answer.clone());
            assert_eq!((answer.status, &answer.body), (200, &first.body), "start {start}");
        }
        assert!(first.as_ref().unwrap().body.contains("\"accepted\":1"));
        let conflict = send("hydro-secret", &other).await;
        assert_eq!((conflict.status, conflict.reason().as_str()), (409, "conflict"));
        // Another agency's key of the same name is another key.
        assert_eq!(send("weather-secret", &other).await.status, 200);
        let (a, b) = (send("hydro-secret", &body), send("hydro-secret", &body));
        let (a, b) = futures_util::future::join(a, b).await;
        assert_eq!(a.body, b.body, "two at once");
        let bad = [JSON, ("Idempotency-Key", "")];
        assert_eq!(served.post("/v1/observations", "hydro-secret", &bad, b"[]").await.status, 400);
        served.end().await;
        house.close();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_53_large_heads() {
    let (_dir, _house, served) = town().await;
    let long = format!(
        "POST /v1/observations HTTP/1.1\r\nHost: t\r\nX-A: {}\r\n\r\n",
        "a".repeat(100_000)
    );
    assert_eq!(served.raw(long.as_bytes()).await.status, 431);
    let many: String = (0..1_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("POST /v1/observations HTTP/1.1\r\nHost: t\r\n{many}\r\n");
    assert_eq!(served.raw(many.as_bytes()).await.status, 431);
    healthy(&served, "R-1", 0).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_54_one_client_too_fast() {
    let (_dir, house, served) = town().await;
    // An agency of five observations a second, by the town's register.
    let body = format!("[{}]", rain("R-1", 0, 1.0));
    let mut limited = Vec::new();
    for _ in 0..60 {
        let answer = served.post("/v1/observations", "slow-secret", &[JSON], body.as_bytes()).await;
        if answer.status == 429 {
            limited.push(answer);
        }
    }
    assert!(limited.len() > 30, "{}", limited.len());
    assert!(
        limited
            .iter()
            .all(|a| a.header("retry-after").is_some_and(|s| s.parse::<u32>().unwrap() >= 1))
    );
    healthy(&served, "R-1", 0).await;
    let counted = house.telemetry.by_reason()["rate_limited"];
    assert_eq!(counted, limited.len() as u64);
    let kept = kept(&house).iter().filter(|(reason, _)| reason == "rate_limited").count() as u64;
    assert!(kept >= 1 && kept < counted, "kept once a second: {kept} of {counted}");
    served.end().await;
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_bytes_is_the_citys_and_of_its_agency_alone() {
    let (_dir, house, served) = town().await;
    let mut files = support::files();
    let text = String::from_utf8(files["agencies.toml"].clone()).unwrap();
    let text = text.replace("rate_per_s = 5\n", "rate_per_s = 100000\nbytes_per_s = 2000\n");
    files.insert("agencies.toml".into(), text.into_bytes());
    let city = domain::city::City::read(&files).unwrap();
    let register = ingest::register::Register::of(&city, &city.registry(&[]));
    house.admission.configure(std::sync::Arc::new(register));
    // One observation in four kilobytes, forty times: as items they are few.
    let wide = rain("S-1", 0, 1.0).replacen('{', &format!("{{{}", " ".repeat(4_000)), 1);
    let body = format!("[{wide}]");
    let mut answers = std::collections::BTreeMap::<u16, u32>::new();
    for who in ["slow-secret", "hydro-secret"] {
        for _ in 0..40 {
            let answer = served.post("/v1/observations", who, &[JSON], body.as_bytes()).await;
            *answers.entry(answer.status).or_default() += 1;
        }
        let limited = answers.remove(&429).unwrap_or_default();
        assert_eq!(limited > 20, who == "slow-secret", "{who}: {limited} {answers:?}");
        answers.clear();
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_sender_calls_a_backlog_is_kept_as_one_by_row_and_by_request() {
    let (_dir, house, served) = town().await;
    let kind = [("Content-Type", "text/csv")];
    let rows = format!(
        "station,property,t,v,backlog\nR-1,rainfall,{0},1,true\nR-2,rainfall,{0},2,false\nR-3,rainfall,{0},3,\n",
        NOW.0
    );
    let answer = served.post("/v1/observations", "hydro-secret", &kind, rows.as_bytes()).await;
    assert_eq!(answer.json()["accepted"], 3, "{}", answer.body);
    let body = format!("[{}]", rain("R-4", 0, 4.0));
    let path = "/v1/observations?backlog=true";
    let answer = served.post(path, "hydro-secret", &[JSON], body.as_bytes()).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    let mut kept: Vec<(f64, bool)> = house
        .records()
        .into_iter()
        .filter_map(|record| match record {
            Record::Observation { observation, .. } => {
                Some((observation.value, observation.backlog))
            }
            _ => None,
        })
        .collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(kept, [(1.0, true), (2.0, false), (3.0, false), (4.0, true)]);
    served.end().await;
}
