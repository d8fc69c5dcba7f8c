//! HTTP: one request after the other, tried again with the same `Idempotency-Key` while the
//! platform is away or asks for patience.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::views::IngestAnswer;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::{FeedError, HttpAddress, Refusal, Tally};
use crate::load::Latencies;

/// Largest answer that is read, bytes.
const ANSWER_MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long one request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How long a request is tried again before the feed gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(300);

/// An HTTP feed of one agency.
pub struct HttpFeed {
    client: Client<HttpConnector, Full<Bytes>>,
    address: HttpAddress,
    token: String,
    run: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tally: Tally,
    requests: u64,
    latencies: Latencies,
}

impl HttpFeed {
    /// A feed to `address` by `token`. `run` makes its idempotency keys its own.
    pub fn open(address: HttpAddress, token: &str, run: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (token, run) = (token.to_owned(), run.to_owned());
        Self { client, address, token, run, state: Mutex::default() }
    }

    /// Posts observations as a JSON array and counts the answer.
    ///
    /// # Errors
    /// [`FeedError::Answer`] where the platform refuses the whole request,
    /// [`FeedError::Unreachable`] where nobody answers for a minute.
    pub async fn send_observations(&self, items: &[String]) -> Result<(), FeedError> {
        if items.is_empty() {
            return Ok(());
        }
        let body = format!("[{}]", items.join(","));
        self.send("/v1/observations", body, items.len() as u64).await
    }

    /// Posts a JSON body that stands for so many items, and counts the answer.
    ///
    /// # Errors
    /// As [`HttpFeed::send_observations`].
    pub async fn send(&self, resource: &str, body: String, items: u64) -> Result<(), FeedError> {
        let given = Instant::now();
        let answer = self.post(resource, body).await?;
        let parsed: IngestAnswer = serde_json::from_slice(&answer).map_err(|e| {
            let address = self.address.resource(resource);
            FeedError::Answer { address, status: 200, body: format!("no answer of ours: {e}") }
        })?;
        if let Ok(mut state) = self.state.lock() {
            state.latencies.add(given.elapsed());
            let tally = &mut state.tally;
            tally.sent += items;
            tally.accepted += parsed.accepted;
            tally.duplicate += parsed.duplicate;
            for item in parsed.rejected {
                tally.refuse(&Refusal { reason: item.reason, detail: item.detail, more: 0 });
            }
        }
        Ok(())
    }

    /// Posts a JSON body to a resource; returns the answer's body.
    ///
    /// # Errors
    /// As [`HttpFeed::send_observations`].
    pub async fn post(&self, resource: &str, body: String) -> Result<Bytes, FeedError> {
        let key = self.next_key();
        let body = Bytes::from(body);
        let began = Instant::now();
        loop {
            let tried = self.attempt(resource, &key, body.clone()).await;
            match tried {
                Ok((status, answer)) if status.is_success() => return Ok(answer),
                Ok((status, _)) if waits(status) && began.elapsed() < PATIENCE => {}
                Ok((status, answer)) => {
                    let text = String::from_utf8_lossy(&answer);
                    return Err(FeedError::Answer {
                        address: self.address.resource(resource),
                        status: status.as_u16(),
                        body: text.chars().take(300).collect(),
                    });
                }
                Err(reason) if began.elapsed() >= PATIENCE => {
                    let address = self.address.resource(resource);
                    return Err(FeedError::Unreachable { address, reason });
                }
                Err(reason) => tracing::debug!(reason, "request failed, trying again"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What became of everything so far.
    pub fn tally(&self) -> Tally {
        self.state.lock().map(|s| s.tally.clone()).unwrap_or_default()
    }

    /// Times from request to answer.
    pub fn latencies(&self) -> Latencies {
        self.state.lock().map(|s| s.latencies.clone()).unwrap_or_default()
    }

    fn next_key(&self) -> String {
        let number = self.state.lock().map_or(0, |mut state| {
            state.requests += 1;
            state.requests
        });
        format!("{}-{number}", self.run)
    }

    async fn attempt(
        &self,
        resource: &str,
        key: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), String> {
        let request = Request::post(self.address.resource(resource))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Full::new(body))
            .map_err(|e| e.to_string())?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|e| e.to_string())?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_MAX_BYTES).collect().await;
            let body = body.map_err(|e| e.to_string())?.to_bytes();
            Ok((status, body))
        };
        tokio::time::timeout(REQUEST_LIMIT, exchange)
            .await
            .unwrap_or_else(|_| Err(format!("no answer in {} s", REQUEST_LIMIT.as_secs())))
    }
}

/// Whether an answer asks to come back later.
fn waits(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
