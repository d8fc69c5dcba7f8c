//! The connection to the platform: plain HTTP/1.1, one request after the other.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer, bytes: every item of a batch refused at length.
const ANSWER_MAX_BYTES: usize = 16 << 20;

/// Where the platform is: `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    authority: String,
}

impl FromStr for Target {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> Result<Self> {
        let uri: hyper::Uri = text.parse().with_context(|| format!("{text:?} is no address"))?;
        if uri.scheme_str() != Some("http") || !matches!(uri.path(), "" | "/") {
            bail!("the platform's address is http://HOST:PORT; for https use a local tunnel");
        }
        let host = uri.host().context("the address has no host")?;
        Ok(Self { authority: format!("{host}:{}", uri.port_u16().unwrap_or(80)) })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// How long to wait, where it says so.
    pub retry_after: Option<Duration>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Status and text, for people.
    pub fn said(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// See the module.
#[derive(Debug)]
pub struct Line {
    target: Target,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    /// Not connected yet.
    pub fn new(target: Target) -> Self {
        Self { target, open: None }
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let usable = self.open.as_ref().is_some_and(|open| !open.is_closed());
        if !usable {
            let authority = &self.target.authority;
            let stream = TcpStream::connect(authority).await;
            let stream = stream.with_context(|| format!("{authority} cannot be reached"))?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "the connection to the platform broke off");
                }
            });
            self.open = Some(sender);
        }
        self.open.as_mut().context("not connected")
    }

    /// Sends a batch of observations as a backlog and waits for the answer.
    ///
    /// # Errors
    /// A platform that cannot be reached or does not answer in time.
    pub async fn post(
        &mut self,
        media: &str,
        token: &str,
        key: &str,
        body: &[u8],
    ) -> Result<Answer> {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/observations?backlog=true")
            .header(HOST, &self.target.authority)
            .header(CONTENT_TYPE, media)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header("idempotency-key", key)
            .body(Full::new(Bytes::copy_from_slice(body)))?;
        let asked = async {
            let sender = self.connected().await?;
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            let status = answer.status().as_u16();
            let after = answer.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            let retry_after = after.and_then(|s| s.parse().ok()).map(Duration::from_secs);
            let read = Limited::new(answer.into_body(), ANSWER_MAX_BYTES).collect().await;
            let body = read.map_err(|e| anyhow::anyhow!("the answer broke off: {e}"))?.to_bytes();
            Ok(Answer { status, retry_after, body: body.to_vec() })
        };
        let done = tokio::time::timeout(ANSWER_TIMEOUT, asked).await;
        let done = done.unwrap_or_else(|_| bail!("no answer within {ANSWER_TIMEOUT:?}"));
        if done.is_err() {
            self.open = None;
        }
        done
    }
}
