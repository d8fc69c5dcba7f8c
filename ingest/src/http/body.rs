//! A request's body: bounded in bytes as sent, in bytes as unpacked, and in time. What it may cost
//! in memory is set aside before the first byte of it is read.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::problem::Problem;

/// The largest body as sent, bytes.
pub const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;
/// The largest body as unpacked, bytes.
pub const UNPACKED_MAX_BYTES: usize = 16 * 1024 * 1024;
/// What all bodies under way may take, KiB.
pub const BODIES_MAX_KIB: u32 = 192 * 1024;
/// How long a body may take, beside what its length allows at [`BODY_LEAST_BYTES_PER_S`].
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The slowest line whose sender is waited for, bytes a second.
pub const BODY_LEAST_BYTES_PER_S: u64 = 4 * 1024;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// Reads bodies within the bounds of this module.
#[derive(Debug, Clone)]
pub struct Bodies {
    memory: Arc<Semaphore>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { memory: Arc::new(Semaphore::new(BODIES_MAX_KIB as usize)) }
    }
}

/// A body, and its share of the memory until it is dropped.
#[derive(Debug)]
pub struct Whole {
    /// The bytes, unpacked.
    pub bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

fn too_large(detail: String) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "syntax", detail)
}

fn packing(headers: &HeaderMap) -> Result<Packing, Problem> {
    let said = headers.get(CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("?").trim());
    match said {
        None => Ok(Packing::Plain),
        Some(word) if word.eq_ignore_ascii_case("identity") => Ok(Packing::Plain),
        Some(word) if word.eq_ignore_ascii_case("gzip") => Ok(Packing::Gzip),
        Some(word) if word.eq_ignore_ascii_case("zstd") => Ok(Packing::Zstd),
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "syntax",
            "the body may be plain, gzip or zstd",
        )),
    }
}

/// The length that the request states, refused at once where it is beyond the bound.
fn stated(headers: &HeaderMap) -> Result<usize, Problem> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(BODY_MAX_BYTES) };
    let length: u64 = length
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| bad("Content-Length is no number"))?;
    match usize::try_from(length) {
        Ok(length) if length <= BODY_MAX_BYTES => Ok(length),
        _ => Err(too_large(format!("{length} bytes; a body has at most {BODY_MAX_BYTES}"))),
    }
}

impl Bodies {
    /// Reads a body.
    ///
    /// # Errors
    /// 413, 415, 400, 408, or 503 when too many bodies are under way.
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Whole, Problem> {
        let packing = packing(headers)?;
        let length = stated(headers)?;
        let cost = if packing == Packing::Plain { length } else { length + UNPACKED_MAX_BYTES };
        let kib = u32::try_from(cost / 1024 + 1).unwrap_or(BODIES_MAX_KIB).min(BODIES_MAX_KIB);
        let share = tokio::time::timeout(BODY_TIMEOUT, self.memory.clone().acquire_many_owned(kib));
        let Ok(Ok(share)) = share.await else {
            return Err(Problem::unavailable("too many bodies are under way"));
        };
        let packed = collect(body, length).await?;
        let bytes = match packing {
            Packing::Plain => packed,
            _ => tokio::task::spawn_blocking(move || unpack(packing, &packed))
                .await
                .map_err(|_| bad("the body cannot be unpacked"))??,
        };
        Ok(Whole { bytes, _share: share })
    }
}

async fn collect(mut body: Body, stated: usize) -> Result<Bytes, Problem> {
    let begun = Instant::now();
    let mut whole = BytesMut::with_capacity(stated.min(64 * 1024));
    loop {
        let earned = Duration::from_secs(whole.len() as u64 / BODY_LEAST_BYTES_PER_S);
        let frame = tokio::time::timeout_at(begun + BODY_TIMEOUT + earned, body.frame()).await;
        let Ok(frame) = frame else {
            let said = "the body did not come in time";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", said));
        };
        let Some(frame) = frame else { return Ok(whole.freeze()) };
        let frame = frame.map_err(|error| bad(format!("the body broke off: {error}")))?;
        let Some(piece) = frame.data_ref() else { continue };
        if whole.len() + piece.len() > BODY_MAX_BYTES {
            return Err(too_large(format!("a body has at most {BODY_MAX_BYTES} bytes")));
        }
        whole.extend_from_slice(piece);
    }
}

fn unpack(packing: Packing, packed: &[u8]) -> Result<Bytes, Problem> {
    let mut unpacked = Vec::new();
    let bound = UNPACKED_MAX_BYTES as u64 + 1;
    let read = match packing {
        Packing::Plain => return Ok(Bytes::copy_from_slice(packed)),
        Packing::Gzip => {
            flate2::read::MultiGzDecoder::new(packed).take(bound).read_to_end(&mut unpacked)
        }
        Packing::Zstd => zstd::Decoder::new(packed).and_then(|mut decoder| {
            // A frame may ask for a window; ours is no larger than the bound.
            decoder.window_log_max(24)?;
            decoder.take(bound).read_to_end(&mut unpacked)
        }),
    };
    if unpacked.len() > UNPACKED_MAX_BYTES {
        return Err(too_large(format!("unpacked, a body has at most {UNPACKED_MAX_BYTES} bytes")));
    }
    match read {
        Ok(_) => Ok(unpacked.into()),
        Err(error) => Err(bad(format!("the body cannot be unpacked: {error}"))),
    }
}
