//! What time it is on the platform: asked by HTTP, like anybody may.

use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::views::ClockView;
use domain::time::UtcMs;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::{FeedError, HttpAddress};

/// Where it is asked.
const RESOURCE: &str = "/v1/clock";
/// How long one question may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Largest answer that is read, bytes.
const ANSWER_MAX_BYTES: usize = 4_096;
/// How long a platform that is only starting is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlatformTime {
    /// The platform's time, and when it was told.
    pub now: (UtcMs, Instant),
    /// Whether its clock follows the newest frame.
    pub follows_frames: bool,
    /// Seconds of its clock in a second.
    pub speed: f64,
}

/// Asks for the platform's time.
pub struct PlatformClock {
    client: Client<HttpConnector, Empty<Bytes>>,
    address: HttpAddress,
}

impl PlatformClock {
    /// Of the platform at an address.
    pub fn new(address: HttpAddress) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), address }
    }

    /// Asks once.
    ///
    /// # Errors
    /// [`FeedError::Unreachable`], [`FeedError::Answer`].
    pub async fn ask(&self) -> Result<PlatformTime, FeedError> {
        let address = self.address.resource(RESOURCE);
        let away = |reason: String| FeedError::Unreachable { address: address.clone(), reason };
        let uri = address.parse::<hyper::Uri>().map_err(|e| away(e.to_string()))?;
        let exchange = async {
            let answer = self.client.get(uri).await.map_err(|e| away(e.to_string()))?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), ANSWER_MAX_BYTES).collect().await;
            let body = body.map_err(|e| away(e.to_string()))?.to_bytes();
            serde_json::from_slice::<ClockView>(&body).map_err(|_| FeedError::Answer {
                address: address.clone(),
                status,
                body: String::from_utf8_lossy(&body).chars().take(300).collect(),
            })
        };
        let late = |_| away(format!("no answer in {} s", ANSWER_WITHIN.as_secs()));
        let said = tokio::time::timeout(ANSWER_WITHIN, exchange).await.map_err(late)??;
        Ok(PlatformTime {
            // Between question and answer the platform's time went on: it is not before the
            // answer's, and what is sent from here arrives later still.
            now: (UtcMs(said.now_ms), Instant::now()),
            follows_frames: said.clock == "replay",
            speed: said.speed,
        })
    }

    /// Asks until there is an answer, for ten seconds.
    ///
    /// # Errors
    /// The last of [`PlatformClock::ask`].
    pub async fn ask_patiently(&self) -> Result<PlatformTime, FeedError> {
        let began = Instant::now();
        loop {
            match self.ask().await {
                Err(error @ FeedError::Unreachable { .. }) if began.elapsed() < PATIENCE => {
                    tracing::debug!(%error, "asking again");
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
    }
}
