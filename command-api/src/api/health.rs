//! `/healthz`, `/readyz`, `/v1/clock`, `/metrics`, `/openapi.json`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use contract::views::ClockView;
use domain::desk::Role;

use super::guard::{Peer, session_secret};
use super::problem::Refused;
use crate::platform::Platform;

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The platform takes in, has caught up and can write.
pub async fn readyz(State(platform): State<Arc<Platform>>) -> Response {
    let why = platform.health.not_ready();
    if why.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", why.join("\n"))).into_response()
}

/// The platform's clock.
pub async fn clock(State(platform): State<Arc<Platform>>) -> Json<ClockView> {
    let pace = platform.live.pace();
    Json(ClockView { now_ms: platform.now().0, clock: pace.word.into(), speed: pace.speed })
}

/// The counters, to this machine or to whoever is signed in.
pub async fn metrics(
    State(platform): State<Arc<Platform>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, Refused> {
    let secret = session_secret(request.headers(), platform.is_https());
    let person = secret.and_then(|secret| platform.access.person(&secret));
    // The counts of every agency are on it: an agency's person sees its own at `/v1/feeds`.
    let known = person.is_some_and(|person| person.role != Role::Agency);
    // Behind a proxy everybody comes from this machine.
    let own_machine = peer.0.ip().is_loopback() && platform.public_url.is_none();
    if !known && !own_machine {
        return Err(Refused::unauthenticated());
    }
    let page = platform.metrics.page(&platform);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], page).into_response())
}

/// The contract.
pub async fn openapi() -> Json<serde_json::Value> {
    Json(contract::openapi::openapi())
}
