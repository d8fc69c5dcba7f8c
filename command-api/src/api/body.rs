//! Reading what is sent: bounded in bytes and time, JSON of the contract and nothing beside it.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Refused;

/// The most bytes of a body of our own routes (observations have their own bound).
pub const BODY_MAX_BYTES: usize = 64 * 1024;
/// How long a body may take to come.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Reads a JSON body.
///
/// # Errors
/// 415 for another media type, 413 beyond [`BODY_MAX_BYTES`], 408 after [`BODY_WITHIN`], 400 for
/// what is no such JSON.
pub async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Refused> {
    json_within(request, BODY_MAX_BYTES).await
}

/// The same with a bound of its own.
///
/// # Errors
/// As [`json`].
pub async fn json_within<T: DeserializeOwned>(
    request: Request,
    max_bytes: usize,
) -> Result<T, Refused> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let kind = kind.and_then(|k| k.split(';').next()).map(str::trim);
    if kind != Some("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refused::new(status, "invalid", "send application/json"));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let too_large = || {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Refused::new(status, "too_large", format!("at most {max_bytes} bytes"))
    };
    if declared.and_then(|d| d.parse().ok()).is_some_and(|n: usize| n > max_bytes) {
        return Err(too_large());
    }
    let read = to_bytes(request.into_body(), max_bytes);
    let read = tokio::time::timeout(BODY_WITHIN, read).await.map_err(|_| {
        let status = StatusCode::REQUEST_TIMEOUT;
        Refused::new(status, "invalid", "the body did not come in time")
    })?;
    let bytes = read.map_err(|_| too_large())?;
    serde_json::from_slice(&bytes).map_err(|error| Refused::invalid(error.to_string()))
}
