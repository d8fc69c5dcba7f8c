//! An HTTP server that answers `POST /v1/observations` as INTERFACES promise, by content, takes
//! hospitals' reports, and tells the time of a quickened platform.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What it took.
#[derive(Default)]
pub(crate) struct Taken {
    /// Items, in order, with duplicates.
    pub(crate) items: Vec<serde_json::Value>,
    /// Idempotency keys, in order.
    pub(crate) keys: Vec<String>,
    /// Authorization headers.
    pub(crate) bearers: BTreeSet<String>,
    /// Requests that are answered 503 before any is taken.
    pub(crate) busy: usize,
    /// Hospitals' reports, in order.
    pub(crate) reports: Vec<serde_json::Value>,
    /// Counts of cases, in order.
    pub(crate) counts: Vec<serde_json::Value>,
    known: BTreeSet<String>,
    begun: Option<std::time::Instant>,
}

/// How fast its clock goes.
pub(crate) const SPEED: f64 = 600.0;
/// Where its clock begins: 2026-09-11T19:00:00+08:00.
pub(crate) const BEGIN_MS: i64 = 1_789_124_400_000;

pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    pub(crate) taken: Arc<Mutex<Taken>>,
}

impl Web {
    pub(crate) async fn start(busy: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Taken { busy, ..Taken::default() }));
        let shared = taken.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = hyper::service::service_fn(move |r| answer(r, shared.clone()));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, taken }
    }
}

async fn answer(
    request: Request<Incoming>,
    taken: Arc<Mutex<Taken>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name: &str| {
        request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
    };
    if request.uri().path() == "/v1/clock" {
        let begun = *taken.lock().unwrap().begun.get_or_insert_with(std::time::Instant::now);
        let passed = (begun.elapsed().as_secs_f64() * SPEED * 1e3) as i64;
        let said = serde_json::json!(
            {"now_ms": BEGIN_MS + passed, "clock": "live", "speed": SPEED});
        return Ok(Response::new(Full::from(said.to_string())));
    }
    let report = request.uri().path().strip_prefix("/v1/reports/").map(str::to_owned);
    let (key, bearer) = (header("idempotency-key"), header("authorization"));
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut taken = taken.lock().unwrap();
    taken.keys.push(key);
    taken.bearers.insert(bearer);
    if taken.busy > 0 {
        taken.busy -= 1;
        return Ok(Response::builder().status(503).body(Full::default()).unwrap());
    }
    if let Some(kind) = report {
        let report = serde_json::from_slice(&body).unwrap();
        match kind.as_str() {
            "cases" => taken.counts.push(report),
            _ => taken.reports.push(report),
        }
        let said = r#"{"accepted":1,"duplicate":0,"rejected":[]}"#;
        return Ok(Response::new(Full::from(said)));
    }
    let items: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
    let (mut accepted, mut duplicate, mut rejected) = (0, 0, Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        if item["station"] == "UNKNOWN" {
            rejected.push(serde_json::json!(
                {"index": index, "reason": "unknown_station", "detail": "UNKNOWN"}));
        } else if taken.known.insert(item.to_string()) {
            accepted += 1;
        } else {
            duplicate += 1;
        }
        taken.items.push(item);
    }
    let answer = serde_json::json!(
        {"accepted": accepted, "duplicate": duplicate, "rejected": rejected});
    Ok(Response::new(Full::from(answer.to_string())))
}
