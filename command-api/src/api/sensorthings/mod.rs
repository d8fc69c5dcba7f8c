//! Reading by OGC SensorThings 1.1 (18-088) at `/v1.1/`: things are stations, datastreams their
//! properties, observations come from the history. People of the duty room see everything, an
//! agency (its people and its token) its own. What is written is [`ingest::sensorthings`]'.
//!
//! A request is read by [`path`] and [`query`], worked out by [`list`] and [`eval`] over
//! [`entity`], and written by [`answer`].

pub mod answer;
pub mod entity;
pub mod eval;
pub mod functions;
pub mod landing;
pub mod list;
pub mod model;
pub mod observations;
pub mod path;
pub mod query;
pub mod value;
pub mod world;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::desk::Role;
use domain::ids::AgencyId;
use ingest::sensorthings::http::host_base;
use journal::DerivedError;
use serde_json::{Value, json};

use self::path::{Target, resolve, steps};
use self::query::QueryError;
use self::query::options::Options;
use self::value::Val;
use self::world::World;
use super::guard::Feed;
use super::problem::Refused;
use crate::access::Person;
use crate::platform::Platform;
use crate::shelf::ShelfError;

impl From<DerivedError> for QueryError {
    fn from(error: DerivedError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<QueryError> for Refused {
    fn from(error: QueryError) -> Self {
        let said = error.to_string();
        match error {
            QueryError::Invalid(_) => Refused::invalid(said),
            QueryError::TooMuch(_) => Refused::new(StatusCode::BAD_REQUEST, "too_much", said),
            QueryError::NotFound(_) => Refused::not_found(said),
            QueryError::NotImplemented(_) => {
                Refused::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", said)
            }
            QueryError::Unavailable(_) => {
                tracing::error!(said, "the history has no answer");
                Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", said)
            }
        }
    }
}

/// Whose stations a caller sees: `None` for all.
fn scope(request: &Request) -> Result<Option<AgencyId>, Refused> {
    if let Some(Feed(agency)) = request.extensions().get::<Feed>() {
        return Ok(Some(agency.clone()));
    }
    match request.extensions().get::<Person>() {
        Some(person) if person.role != Role::Agency => Ok(None),
        Some(person) => {
            let agency = person.agency.as_deref().and_then(|id| AgencyId::new(id).ok());
            agency.map(Some).ok_or_else(|| Refused::forbidden("this account is of no agency"))
        }
        None => Err(Refused::unauthenticated()),
    }
}

fn base(platform: &Platform, headers: &HeaderMap) -> String {
    if let Some(url) = &platform.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host_base(host.unwrap_or_default())
}

/// `GET /v1.1`: the landing document.
pub async fn landing(State(platform): State<Arc<Platform>>, headers: HeaderMap) -> Json<Value> {
    Json(landing::document(&base(&platform, &headers), platform.mqtt.as_deref()))
}

enum Found {
    Json(Value),
    Text(String),
    Nothing,
}

/// `GET /v1.1/…`: everything below it.
pub async fn read(
    State(platform): State<Arc<Platform>>,
    request: Request,
) -> Result<Response, Refused> {
    let scope = scope(&request)?;
    let base = base(&platform, request.headers());
    let address = request.uri().path().to_owned();
    let steps = steps(address.strip_prefix("/v1.1/").unwrap_or_default())?;
    let options = Options::of_query(request.uri().query().unwrap_or_default())?;
    let city = Arc::clone(&platform.live.board().city);
    let (registry, now) = (platform.registry(), platform.now());
    let found = platform.shelf.ask(move |hand| {
        let history = hand.history()?;
        let city = city.city();
        let world = World::new(city, &registry, &history, scope.as_ref(), &base, now);
        let found = find(&world, &steps, &options, &format!("{base}{address}"));
        Ok::<_, ShelfError>(found)
    });
    Ok(match found.await?? {
        Found::Json(value) => Json(value).into_response(),
        Found::Text(text) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
        }
        Found::Nothing => StatusCode::NO_CONTENT.into_response(),
    })
}

fn find(
    world: &World<'_>,
    steps: &[path::Step],
    options: &Options,
    address: &str,
) -> Result<Found, QueryError> {
    let no_options = || match *options == Options::default() {
        true => Ok(()),
        false => query::invalid("of a property there are no options"),
    };
    Ok(match resolve(world, steps)? {
        Target::Set(kind, source) => {
            Found::Json(answer::collection(world, kind, source, options, address)?)
        }
        Target::References(kind, source) => {
            Found::Json(answer::references(world, kind, source, options, address)?)
        }
        Target::Reference(entity) => {
            no_options()?;
            Found::Json(json!({ "@iot.selfLink": entity.self_link(world) }))
        }
        Target::Entity(entity) => Found::Json(answer::single(world, entity, options)?),
        Target::Property(name, value) => {
            no_options()?;
            match value.json() {
                Value::Null => Found::Nothing,
                value => Found::Json(json!({ name: value })),
            }
        }
        Target::Value(value) => {
            no_options()?;
            match value {
                Val::Null => Found::Nothing,
                Val::Text(text) => Found::Text(text),
                other => match other.json() {
                    Value::String(text) => Found::Text(text),
                    value => Found::Text(value.to_string()),
                },
            }
        }
    })
}
