//! External warnings: the list, one of them, and its original as received.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use contract::views::WarningView;
use domain::ids::Seq;
use domain::record::Record;
use domain::report::Report;
use serde::Deserialize;

use super::problem::Refused;
use super::query::Query;
use crate::desk::warning_views::{Measure, warning};
use crate::platform::Platform;

/// The most warnings in one answer, the newest.
pub const WARNINGS_LIMIT: usize = 500;

/// Which warnings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    state: Option<String>,
}

/// `GET /v1/warnings`: those in force and held; with `state=` those of it (`apart`: exercises and
/// tests), with `state=all` every one that is kept. Newest first, shortened.
pub async fn list(
    State(platform): State<Arc<Platform>>,
    Query(which): Query<Which>,
) -> Json<Vec<WarningView>> {
    let board = platform.live.board();
    let picture = &board.picture;
    let wanted = |state: crate::desk::warnings::State| match which.state.as_deref() {
        None => state.is_live(),
        Some("all") => true,
        Some(word) => state.wire() == word,
    };
    let heard = picture.warnings.all().rev();
    let chosen = heard.filter(|h| wanted(picture.warnings.state(h, picture.now)));
    let views = chosen.take(WARNINGS_LIMIT);
    Json(views.map(|h| warning(picture, &board.city, h, Measure::Short)).collect())
}

fn number(id: &str) -> Option<u64> {
    id.strip_prefix("W-")?.parse().ok()
}

/// `GET /v1/warnings/{id}`, and `/v1/warnings/{id}.xml`.
pub async fn one(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    if let Some(id) = id.strip_suffix(".xml") {
        return original(&platform, id).await;
    }
    let view = {
        let board = platform.live.board();
        let heard = number(&id).and_then(|seq| board.picture.warnings.of(seq));
        heard.map(|heard| warning(&board.picture, &board.city, heard, Measure::Whole))
    };
    let view = view.ok_or_else(|| missing(&id))?;
    Ok(Json(view).into_response())
}

fn missing(id: &str) -> Refused {
    Refused::not_found(format!("there is no warning {id}"))
}

/// To be saved and never shown as a page: a style sheet that it names would run.
async fn original(platform: &Platform, id: &str) -> Result<Response, Refused> {
    let seq = number(id).ok_or_else(|| missing(id))?;
    let record = platform.shelf.ask(move |hand| hand.record(Seq(seq))).await?;
    let Some(Record::Report { report: Report::Warning(said), .. }) = record else {
        return Err(missing(id));
    };
    let mut response = Response::new(Body::from(said.original));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cap+xml; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}
