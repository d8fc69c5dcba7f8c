//! The resources of hearing: `POST /v1/observations`, and one for every kind of report
//! ([`crate::reports::kind::KINDS`]).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use domain::refusal::Channel;
use mqtt_edge::Who;

use super::once::Once;
use super::problem::Problem;
use super::session::{Door, idempotency_key, kind, media_type};
use crate::admit::Source;
use crate::reports::kind::{KINDS, Kind};
use crate::sensorthings;

const OBSERVATIONS: &str = "/v1/observations";

/// The router to mount. It needs no state and no layer; see [`super::server`] for the bounds that
/// belong to the connection.
pub fn router(door: Arc<Door>) -> Router {
    let mut router = Router::new().route("/v1/observations", post(observations));
    router = router.merge(sensorthings::http::router());
    for kind in KINDS {
        let take = move |State(door): State<Arc<Door>>, request: Request<Body>| async move {
            answered(reports(door, request, kind).await)
        };
        router = router.route(kind.path, post(take));
    }
    router.with_state(door)
}

fn answered(outcome: Result<Once, Problem>) -> Response<Body> {
    match outcome {
        Ok(once) => once.into_response(StatusCode::OK),
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

async fn take(door: Arc<Door>, request: Request<Body>) -> Result<Once, Problem> {
    let (head, body) = request.into_parts();
    let (who, agency) = door.enter(&head.headers)?;
    let source = Source { agency: &agency, channel: Channel::Http, place: OBSERVATIONS };
    let checked = || {
        if !matches!(who, Who::Agency(_)) {
            return Err(Problem::forbidden());
        }
        let wanted = "application/json, application/x-ndjson or text/csv";
        let kind = kind(&head.headers).ok_or_else(|| unsupported(wanted))?;
        let is_dry = flag(head.uri.query(), "dry_run")?;
        let backlog = flag(head.uri.query(), "backlog")?;
        Ok((kind, is_dry, backlog, idempotency_key(&head.headers)?))
    };
    let (kind, is_dry, backlog, key) = door.or_turned_away(source, checked()).await?;
    let body = door.body(&agency, OBSERVATIONS, &head.headers, body).await?;
    if is_dry {
        return door.foresee(&agency, kind, &body.bytes).map(Once::new);
    }
    let bytes = body.bytes.clone();
    let place = if backlog { "/v1/observations?backlog" } else { OBSERVATIONS };
    let request = door.observations(agency.clone(), kind, backlog, body);
    door.once(source, key, place, &bytes, request).await
}

/// A flag of the query: `dry_run` (the sender only asks what would become of it) or `backlog` (all of
/// it is old news). Another word than true or false is a slip that must not journal what was meant
/// as a test, nor alarm by what was meant as a backlog.
fn flag(query: Option<&str>, wanted: &str) -> Result<bool, Problem> {
    let pairs = query.unwrap_or_default().split('&');
    let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    match pairs.find(|(name, _)| *name == wanted) {
        None | Some((_, "false")) => Ok(false),
        Some((_, "true")) => Ok(true),
        Some((_, other)) => {
            let said = format!("{wanted} is true or false, not {other:?}");
            Err(Problem::new(StatusCode::BAD_REQUEST, "field_form", said))
        }
    }
}

async fn reports(
    door: Arc<Door>,
    request: Request<Body>,
    kind: &'static Kind,
) -> Result<Once, Problem> {
    let (head, body) = request.into_parts();
    let (who, agency) = door.enter(&head.headers)?;
    let source = Source { agency: &agency, channel: Channel::Http, place: kind.path };
    let checked = || {
        if !door.may(&who, &agency, kind) {
            return Err(Problem::forbidden());
        }
        let media = media_type(&head.headers);
        let reader = media.and_then(|media| kind.reader(&media));
        let reader = reader.ok_or_else(|| unsupported(&kind.wanted()))?;
        let is_dry = flag(head.uri.query(), "dry_run")?;
        Ok((reader, is_dry, idempotency_key(&head.headers)?))
    };
    let (reader, is_dry, key) = door.or_turned_away(source, checked()).await?;
    let body = door.body(&agency, kind.path, &head.headers, body).await?;
    if is_dry {
        let foreseen = door.foresee_reports(&who, &agency, kind.path, reader, &body.bytes);
        return foreseen.map(Once::new);
    }
    let request = door.reports(&who, &agency, kind.path, reader, &body.bytes);
    door.once(source, key, kind.path, &body.bytes, request).await
}
