//! Feeds: their list, their health, their datastreams, and the doors they come in by.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use contract::views::{AgencyHealthView, DatastreamHealthView, DoorView, FeedView, StartView};
use domain::desk::Role;
use serde::Deserialize;

use super::problem::Refused;
use super::query::Query;
use crate::access::Person;
use crate::feed_health;
use crate::platform::Platform;

type Here = State<Arc<Platform>>;
type Found<T> = Result<Json<T>, Refused>;

/// Datastreams in one answer, where it is not said how many, and at most.
pub const STREAMS_SHOWN: usize = 500;
/// See [`STREAMS_SHOWN`].
pub const STREAMS_SHOWN_MAX: usize = 5_000;

/// Whether a person may see what is an agency's: an agency's own people see their own only.
pub fn may_see(person: &Person, agency: &str) -> bool {
    person.role != Role::Agency || person.agency.as_deref() == Some(agency)
}

/// `GET /v1/feeds`.
pub async fn feeds(
    State(platform): Here,
    Extension(person): Extension<Person>,
) -> Json<Vec<FeedView>> {
    let board = platform.live.board();
    let feeds = board.feeds.values().filter(|f| may_see(&person, &f.agency));
    Json(feeds.cloned().collect())
}

/// `GET /v1/feeds/{id}`.
pub async fn feed(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Found<FeedView> {
    let found = platform.live.board().feeds.get(&id).cloned();
    let found = found.ok_or_else(|| Refused::not_found(format!("there is no feed {id}")))?;
    if may_see(&person, &found.agency) {
        Ok(Json(found))
    } else {
        platform.access.audit(person.name.as_str(), "denied", &format!("feed {id}"));
        Err(Refused::forbidden("this feed is another agency's"))
    }
}

/// Whose, and how many.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    agency: Option<String>,
    data: Option<String>,
    limit: Option<usize>,
}

/// The agency that a person is shown: their own, or the one asked for, or every one.
fn shown(
    platform: &Platform,
    person: &Person,
    asked: Option<String>,
) -> Result<Option<String>, Refused> {
    if person.role != Role::Agency {
        return Ok(asked);
    }
    let own = person.agency.clone().ok_or_else(|| Refused::forbidden("no agency is set"))?;
    match asked {
        Some(other) if other != own => {
            platform.access.audit(person.name.as_str(), "denied", &format!("feeds of {other}"));
            Err(Refused::forbidden("these feeds are another agency's"))
        }
        _ => Ok(Some(own)),
    }
}

/// `GET /v1/feeds/health`.
pub async fn health(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Query(asked): Query<Asked>,
) -> Found<Vec<AgencyHealthView>> {
    let only = shown(&platform, &person, asked.agency)?;
    let now = platform.now();
    let board = platform.live.board();
    let sight = &*platform.sight;
    Ok(Json(feed_health::health(&board.city, &board.picture, sight, only.as_deref(), now)))
}

/// `GET /v1/feeds/datastreams`: those whose clock is wrong first, then the dead, the late, the never heard, the live.
pub async fn datastreams(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Query(asked): Query<Asked>,
) -> Found<Vec<DatastreamHealthView>> {
    let only = shown(&platform, &person, asked.agency)?;
    let now = platform.now();
    let city = Arc::clone(&platform.live.board().city);
    let agencies = city.city().agencies.iter().map(|a| &a.id);
    let agencies = agencies.filter(|id| only.as_deref().is_none_or(|only| only == id.as_str()));
    let mut streams: Vec<DatastreamHealthView> = Vec::new();
    for agency in agencies {
        for (ix, _) in feed_health::stations(&city, agency) {
            streams.extend(feed_health::of_station(&city, &*platform.sight, ix, now));
        }
    }
    if let Some(data) = asked.data {
        streams.retain(|stream| stream.data == data);
    }
    let hard = |data: &str| {
        ["clock", "dead", "late", "never"].iter().position(|d| *d == data).unwrap_or(4)
    };
    streams.sort_by(|a, b| {
        let key = |s: &DatastreamHealthView| (hard(&s.data), s.t_ms);
        key(a).cmp(&key(b)).then_with(|| (&a.station, &a.property).cmp(&(&b.station, &b.property)))
    });
    streams.truncate(asked.limit.unwrap_or(STREAMS_SHOWN).min(STREAMS_SHOWN_MAX));
    Ok(Json(streams))
}

/// `GET /v1/feeds/doors`.
pub async fn doors(State(platform): Here) -> Json<Vec<DoorView>> {
    Json(platform.sight.doors())
}

/// `GET /v1/feeds/start`: an agency's person is told of its own without asking for it by name.
pub async fn start(
    State(platform): Here,
    Extension(person): Extension<Person>,
    Query(asked): Query<Asked>,
) -> Found<StartView> {
    let agency = shown(&platform, &person, asked.agency)?;
    let agency = agency.ok_or_else(|| Refused::invalid("which agency's?"))?;
    let city = Arc::clone(&platform.live.board().city);
    let view = feed_health::start::start(city.city(), &*platform.sight, &agency);
    view.map(Json).ok_or_else(|| Refused::not_found(format!("there is no agency {agency}")))
}
