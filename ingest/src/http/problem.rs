//! A refused request: status, a stable word, and the particulars.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use domain::refusal::Reason;
use serde::Serialize;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    reason: &'static str,
    detail: String,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Said<'a> {
    reason: &'a str,
    detail: &'a str,
}

impl Problem {
    /// A refusal with this status.
    pub fn new(status: StatusCode, reason: &'static str, detail: impl Into<String>) -> Self {
        Self { status, reason, detail: detail.into(), retry_after: None }
    }

    /// The sender may try again after this.
    #[must_use]
    pub fn after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// No credential, or one that is not good. The same words for both.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", ACCESS_SAID)
    }

    /// A good credential that is not for this. The same words as without one.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "unauthenticated", ACCESS_SAID)
    }

    /// It cannot be made durable now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .after(Duration::from_secs(1))
    }

    /// The particulars, in words.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The reason that its word names, where it is one of those that are kept.
    pub fn named(&self) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.wire() == self.reason)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

const ACCESS_SAID: &str = "a bearer token that is good for this is wanted";

/// An answer of JSON bytes.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let said = Said { reason: self.reason, detail: &self.detail };
        // Two texts: writing them cannot fail.
        let mut response = json(self.status, serde_json::to_vec(&said).unwrap_or_default());
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs().max(1);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
