//! What stations sent that is no value: pictures and texts, and tests that are in no record.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ingest::sl651::{attachments, trial};

use super::problem::Refused;
use crate::platform::Platform;

/// `GET /v1/attachments/{sha256}`. The bytes never change under their hash; a browser is told to
/// guess nothing of them, and to run nothing.
pub async fn attachment(
    State(platform): State<Arc<Platform>>,
    Path(sha256): Path<String>,
) -> Result<Response, Refused> {
    let name = sha256.clone();
    let read = platform.shelf.ask(move |hand| Ok(attachments::read(hand.dir(), &name)?)).await?;
    let missing = || Refused::not_found(format!("there is no attachment {sha256}"));
    let (bytes, media_type) = read.ok_or_else(missing)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let cache = HeaderValue::from_static("private, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, cache);
    let sandbox = HeaderValue::from_static("inline");
    headers.insert(header::CONTENT_DISPOSITION, sandbox);
    Ok((headers, bytes).into_response())
}

/// `GET /v1/sl651/tests`.
pub async fn tests(
    State(platform): State<Arc<Platform>>,
) -> Result<Json<Vec<trial::Trial>>, Refused> {
    let read = platform.shelf.ask(move |hand| Ok(trial::newest(hand.dir())?)).await?;
    Ok(Json(read))
}
