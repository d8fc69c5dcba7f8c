//! The resources of hearing: `POST /v1/observations`, `/v1/reports/hospital`, `/v1/reports/units`,
//! `/v1/warnings`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use mqtt_edge::Who;

use super::problem::{Problem, json};
use super::session::{Door, ReportKind, idempotency_key, kind, media_type};

/// The router to mount. It needs no state and no layer; see [`super::server`] for the bounds that
/// belong to the connection.
pub fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/v1/observations", post(observations))
        .route("/v1/reports/hospital", post(hospital))
        .route("/v1/reports/units", post(unit))
        .route("/v1/warnings", post(warning))
        .with_state(door)
}

fn answered(outcome: Result<Vec<u8>, Problem>) -> Response<Body> {
    match outcome {
        Ok(answer) => json(StatusCode::OK, answer),
        Err(problem) => problem.into_response(),
    }
}

fn unsupported(wanted: &str) -> Problem {
    let said = format!("the body is {wanted}, in UTF-8");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "syntax", said)
}

async fn observations(State(door): State<Arc<Door>>, request: Request<Body>) -> Response<Body> {
    answered(take(door, request).await)
}

async fn take(door: Arc<Door>, request: Request<Body>) -> Result<Vec<u8>, Problem> {
    let (head, body) = request.into_parts();
    let (who, agency) = door.enter(&head.headers)?;
    if !matches!(who, Who::Agency(_)) {
        return Err(Problem::forbidden());
    }
    let wanted = "application/json, application/x-ndjson or text/csv";
    let kind = kind(&head.headers).ok_or_else(|| unsupported(wanted))?;
    let key = idempotency_key(&head.headers)?;
    let body = door.body(&head.headers, body).await?;
    let bytes = body.bytes.clone();
    let request = door.observations(agency.clone(), kind, body);
    door.once(&agency, key, "/v1/observations", &bytes, request).await
}

async fn hospital(State(door): State<Arc<Door>>, request: Request<Body>) -> Response<Body> {
    answered(report(door, request, ReportKind::Hospital, "/v1/reports/hospital").await)
}

async fn unit(State(door): State<Arc<Door>>, request: Request<Body>) -> Response<Body> {
    answered(report(door, request, ReportKind::Unit, "/v1/reports/units").await)
}

async fn warning(State(door): State<Arc<Door>>, request: Request<Body>) -> Response<Body> {
    answered(report(door, request, ReportKind::Signal, "/v1/warnings").await)
}

async fn report(
    door: Arc<Door>,
    request: Request<Body>,
    kind: ReportKind,
    place: &str,
) -> Result<Vec<u8>, Problem> {
    let (head, body) = request.into_parts();
    let (who, agency) = door.enter(&head.headers)?;
    let allowed = match (&who, kind) {
        (Who::Unit(_), ReportKind::Unit)
        | (Who::Agency(_), ReportKind::Hospital | ReportKind::Unit) => true,
        (Who::Agency(_), ReportKind::Signal) => door.may_signal(&agency),
        _ => false,
    };
    if !allowed {
        return Err(Problem::forbidden());
    }
    if media_type(&head.headers).as_deref() != Some("application/json") {
        return Err(unsupported("application/json"));
    }
    let key = idempotency_key(&head.headers)?;
    let body = door.body(&head.headers, body).await?;
    let request = door.report(&who, &agency, kind, &body.bytes);
    door.once(&agency, key, place, &body.bytes, request).await
}
