//! Stop 1 of 9, **heard**, for SensorThings over HTTP: `POST /v1.1/Observations`,
//! `/v1.1/Datastreams(<id>)/Observations` and `/v1.1/CreateObservations`. After it:
//! [`super::decode`] (decoded). Everything else that would change something is refused with its
//! reason: the registry of things and datastreams is the city's folder.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ALLOW, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use domain::observation::Observation;
use domain::refusal::{Channel, Reason};
use mqtt_edge::Who;
use serde_json::{Value, json};

use super::decode::{Row, data_arrays, observation};
use super::entity::{Named, self_link};
use super::resource::{PATH_MAX_BYTES, Resource, resource};
use crate::admit::{Admitted, Outcome, Source, Unavailable};
use crate::http::problem::Problem;
use crate::http::session::{DECODE_ASIDE_BYTES, Door, idempotency_key, media_type};
use crate::json::batch::{BatchError, Item};
use crate::judge::Why;
use crate::mqtt::session::whole;
use crate::register::Register;

/// The paths below `/v1.1`, in the form of the router: one level, and more.
pub const PATHS: [&str; 2] = ["/v1.1/{entity}", "/v1.1/{entity}/{*rest}"];

/// The resources that are written to; reading is mounted beside them.
pub fn router() -> Router<Arc<Door>> {
    let mut router = Router::new();
    for path in PATHS {
        let methods = post(write).put(read_only).patch(read_only).delete(read_only);
        router = router.route(path, methods);
    }
    router
}

async fn write(State(door): State<Arc<Door>>, request: Request<Body>) -> Response<Body> {
    match take(door, request).await {
        Ok(answer) => answer,
        Err(problem) => refused(&problem),
    }
}

async fn read_only(State(door): State<Arc<Door>>, request: Request<Body>) -> Response<Body> {
    match door.enter(request.headers()) {
        Ok((_, agency)) => {
            let place = request.uri().path();
            let source = Source { agency: &agency, channel: Channel::Http, place };
            refused(&door.turned_away(source, not_here()).await)
        }
        Err(problem) => refused(&problem),
    }
}

fn refused(problem: &Problem) -> Response<Body> {
    let mut answer = problem.clone().into_response();
    if problem.status() == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    answer
}

fn not_here() -> Problem {
    let said = "only Observations are created here (Observations, Datastreams(<id>)/Observations, \
                CreateObservations); things, datastreams and the rest are the registry's, which is \
                the city's folder, and an observation is corrected by a later one";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "read_only", said)
}

fn no_batch() -> Problem {
    let said = "there are no batch requests here: send each by itself, and many Observations at once \
                by CreateObservations";
    Problem::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", said)
}

/// A path's percent-escapes resolved; `None` where it is no text then.
fn decoded(path: &str) -> Option<String> {
    if path.len() > 3 * PATH_MAX_BYTES {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

async fn take(door: Arc<Door>, request: Request<Body>) -> Result<Response<Body>, Problem> {
    let (head, body) = request.into_parts();
    let (who, agency) = door.enter(&head.headers)?;
    let path = decoded(head.uri.path().strip_prefix("/v1.1/").unwrap_or_default());
    let here = Source { agency: &agency, channel: Channel::Http, place: head.uri.path() };
    let checked = || {
        let path = path.as_deref().ok_or_else(not_here)?;
        if path == "$batch" {
            return Err(no_batch());
        }
        let named = resource(path).ok_or_else(not_here)?;
        if !matches!(who, Who::Agency(_)) {
            return Err(Problem::forbidden());
        }
        if media_type(&head.headers).as_deref() != Some("application/json") {
            let said = "the body is application/json, in UTF-8";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "syntax", said));
        }
        let key = idempotency_key(&head.headers)?;
        Ok((path, named, key))
    };
    let (path, named, key) = door.or_turned_away(here, checked()).await?;
    let base = base(door.public_url(), &head.headers);
    let body = door.body(&agency, head.uri.path(), &head.headers, body).await?;
    let place = format!("/v1.1/{path}");
    let source = Source { agency: &agency, channel: Channel::Http, place: &place };
    let many = named == Resource::DataArrays;
    let request = async {
        if many {
            arrays(&door, source, &base, &body.bytes).await
        } else {
            let of = match named {
                Resource::OfDatastream { station, property } => Some((station, property)),
                _ => None,
            };
            one(&door, source, of, &base, &body.bytes).await
        }
    };
    let answer = door.once(source, key, &place, &body.bytes, request).await?;
    let mut created = answer.into_response(StatusCode::CREATED);
    if !many
        && let Some(link) = link_of(created.body_mut()).await
        && let Ok(link) = HeaderValue::from_str(&link)
    {
        created.headers_mut().insert(LOCATION, link);
    }
    Ok(created)
}

/// The address in an answer that is one entity; the answer stays as it is.
async fn link_of(body: &mut Body) -> Option<String> {
    use http_body_util::BodyExt;
    let whole = std::mem::take(body).collect().await.ok()?.to_bytes();
    let answer: Value = serde_json::from_slice(&whole).unwrap_or_default();
    *body = Body::from(whole);
    answer.get("@iot.selfLink")?.as_str().map(str::to_owned)
}

/// Where the service is, as its caller reaches it.
fn base(public_url: Option<&str>, headers: &HeaderMap) -> String {
    if let Some(url) = public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    host_base(host)
}

/// `http://host` of a Host header that is one; nothing (relative addresses) of any other text.
pub fn host_base(host: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
        return String::new();
    }
    format!("http://{host}")
}

/// One observation, answered when it is durable: `201`, new or known already.
async fn one(
    door: &Door,
    source: Source<'_>,
    of: Option<(&str, &str)>,
    base: &str,
    body: &[u8],
) -> Result<Vec<u8>, Problem> {
    let admission = door.admission();
    admission.room().await;
    let read = observation(body, of, admission.now());
    let syntax = read.is_err();
    let submitted = match admission.admit_named(source, &[Item { raw: body, read }]) {
        Ok(admitted) => (admitted, None),
        Err(fast) => door.limited(source, fast, body),
    };
    let (mut admitted, problem_of_all) = submitted;
    let named = admitted.take_named();
    let outcomes = admitted.durable().await.map_err(unavailable)?;
    if let Some(problem) = problem_of_all {
        return Err(problem);
    }
    if let Some(why) = outcomes.first().and_then(Outcome::why) {
        return Err(problem(why, syntax));
    }
    let register = admission.register();
    let id = named.into_iter().flatten().next().and_then(|seen| id_of(&register, &seen));
    let id = id.ok_or_else(|| Problem::unavailable("the observation has no name"))?;
    let answer = json!({ "@iot.id": id, "@iot.selfLink": self_link(base, &id) });
    Ok(answer.to_string().into_bytes())
}

fn unavailable(Unavailable(error): Unavailable) -> Problem {
    Problem::unavailable(error.to_string())
}

fn problem(why: &Why, syntax: bool) -> Problem {
    let status = match why.reason {
        _ if syntax => StatusCode::BAD_REQUEST,
        Reason::ForeignStation => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    Problem::new(status, why.reason.wire(), why.detail.clone())
}

fn id_of(register: &Register, seen: &Observation) -> Option<String> {
    let (station, property) = register.name(seen.datastream)?;
    Some(Named { station, property, interval_ms: None, seen }.id())
}

/// Data arrays: an array of addresses, `"error"` in the place of each that was refused.
async fn arrays(
    door: &Arc<Door>,
    source: Source<'_>,
    base: &str,
    body: &Bytes,
) -> Result<Vec<u8>, Problem> {
    door.admission().room().await;
    let (mut admitted, problem) = if body.len() > DECODE_ASIDE_BYTES {
        let (door, body) = (Arc::clone(door), body.clone());
        let (agency, place) = (source.agency.clone(), source.place.to_owned());
        let submit = move || {
            let source = Source { agency: &agency, channel: Channel::Http, place: &place };
            submit(&door, source, &body)
        };
        let done = tokio::task::spawn_blocking(submit).await;
        done.map_err(|_| Problem::unavailable("the request broke off"))?
    } else {
        submit(door, source, body)
    };
    let named = admitted.take_named();
    let outcomes = admitted.durable().await.map_err(unavailable)?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let register = door.admission().register();
    let link = |(outcome, seen): (&Outcome, Option<Observation>)| {
        let id = seen.filter(|_| outcome.why().is_none()).and_then(|s| id_of(&register, &s));
        id.map_or(Cow::Borrowed("error"), |id| Cow::Owned(self_link(base, &id)))
    };
    let links: Vec<Cow<'_, str>> = outcomes.iter().zip(named).map(link).collect();
    // Texts alone: writing them cannot fail.
    Ok(serde_json::to_vec(&links).unwrap_or_default())
}

fn submit(door: &Door, source: Source<'_>, body: &[u8]) -> (Admitted, Option<Problem>) {
    let admission = door.admission();
    let rows = match data_arrays(body) {
        Ok(rows) => rows,
        Err(error) => {
            let why = whole(&error);
            let status = match error {
                BatchError::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
                BatchError::Decode(_) => StatusCode::BAD_REQUEST,
            };
            let problem = Problem::new(status, why.reason.wire(), why.detail.clone());
            return (admission.refuse(source, why, body), Some(problem));
        }
    };
    let received = admission.now();
    let read = |row| -> Item<'_> {
        let row: &Row = row;
        Item { raw: &row.entity, read: row.read(received) }
    };
    let items: Vec<Item<'_>> = rows.iter().map(read).collect();
    match admission.admit_named(source, &items) {
        Ok(admitted) => (admitted, None),
        Err(fast) => door.limited(source, fast, body),
    }
}
