//! What is there now: lists, and one of each.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use contract::views::{
    CityView, CorrectionView, EarthquakeView, HospitalView, IncidentView, LogEntry, RecordView,
    SignalView, StationNow, StationState, TaskView, TrackView, UnitView,
};
use domain::desk::Role;
use domain::ids::{HospitalId, IncidentId, TaskId, UnitId};
use serde::Deserialize;
use stream::hazards::Model;

use super::feeds::may_see;
use super::problem::Refused;
use super::query::Query;
use crate::access::Person;
use crate::board::Board;
use crate::desk::views;
use crate::duty_log;
use crate::feed_health;
use crate::platform::Platform;

type Here = State<Arc<Platform>>;
type Found<T> = Result<Json<T>, Refused>;

/// The most lines of the log in one answer.
pub const LOG_LIMIT_MAX: usize = 1_000;

fn missing(what: &str, id: &str) -> Refused {
    Refused::not_found(format!("there is no {what} {id}"))
}

/// `GET /v1/city`. An agency's person is told of its own stations, and not of the duty room's plans.
pub async fn city(State(platform): Here, Extension(person): Extension<Person>) -> Json<CityView> {
    let city = Arc::clone(&platform.live.board().city);
    let files = platform.city_files();
    let maps = files.keys().filter_map(|n| n.strip_prefix("map/"));
    let maps: Vec<String> = maps.map(str::to_owned).collect();
    let mut view = city.city_view(&maps, |hazard| Model::of(hazard.kind).about());
    view.stations.retain(|station| may_see(&person, &station.agency));
    if person.role == Role::Agency {
        view.plans.clear();
    }
    Json(view)
}

/// `GET /v1/stations`.
pub async fn stations(State(platform): Here) -> Json<Vec<StationState>> {
    Json(platform.live.stations())
}

/// `GET /v1/stations/{id}`.
pub async fn station(State(platform): Here, Path(id): Path<String>) -> Found<StationNow> {
    let city = Arc::clone(&platform.live.board().city);
    let ix = city.station_ix(&id).ok_or_else(|| missing("station", &id))?;
    let state = platform.live.station(ix).ok_or_else(|| missing("station", &id))?;
    let StationState { ix, level, data, values } = state;
    let datastreams = feed_health::of_station(&city, &*platform.sight, ix, platform.now());
    Ok(Json(StationNow { ix, level, data, values, datastreams }))
}

/// `GET /v1/corrections`.
pub async fn corrections(State(platform): Here) -> Json<Vec<CorrectionView>> {
    let board = platform.live.board();
    let now = board.picture.now;
    Json(board.picture.corrections.values().map(|c| views::correction(c, now)).collect())
}

/// `GET /v1/incidents`.
pub async fn incidents(State(platform): Here) -> Json<Vec<IncidentView>> {
    let board = platform.live.board();
    let ids = board.picture.incidents.keys();
    Json(ids.filter_map(|id| views::incident(&board.picture, *id)).collect())
}

/// `GET /v1/incidents/{id}`.
pub async fn incident(State(platform): Here, Path(id): Path<String>) -> Found<IncidentView> {
    let board = platform.live.board();
    let found = id.parse::<IncidentId>().ok().and_then(|i| views::incident(&board.picture, i));
    found.map(Json).ok_or_else(|| missing("incident", &id))
}

/// `GET /v1/tasks`.
pub async fn tasks(State(platform): Here) -> Json<Vec<TaskView>> {
    let board = platform.live.board();
    Json(board.picture.tasks.keys().filter_map(|id| views::task(&board.picture, *id)).collect())
}

/// `GET /v1/tasks/{id}`.
pub async fn task(State(platform): Here, Path(id): Path<String>) -> Found<TaskView> {
    let board = platform.live.board();
    let found = id.parse::<TaskId>().ok().and_then(|t| views::task(&board.picture, t));
    found.map(Json).ok_or_else(|| missing("task", &id))
}

/// `GET /v1/units`.
pub async fn units(State(platform): Here) -> Json<Vec<UnitView>> {
    Json(platform.live.board().units())
}

/// `GET /v1/units/{id}`.
pub async fn unit(State(platform): Here, Path(id): Path<String>) -> Found<UnitView> {
    let board = platform.live.board();
    let view = |b: &Board, u: UnitId| views::unit(&b.picture, &b.city, &u, &b.connected);
    let found = UnitId::new(&id).ok().and_then(|u| view(&board, u));
    found.map(Json).ok_or_else(|| missing("unit", &id))
}

/// `GET /v1/hospitals`.
pub async fn hospitals(State(platform): Here) -> Json<Vec<HospitalView>> {
    Json(platform.live.board().hospitals())
}

/// `GET /v1/hospitals/{id}`.
pub async fn hospital(State(platform): Here, Path(id): Path<String>) -> Found<HospitalView> {
    let board = platform.live.board();
    let found = HospitalId::new(&id).ok();
    let found = found.and_then(|h| views::hospital_whole(&board.picture, &board.city, &h));
    found.map(Json).ok_or_else(|| missing("hospital", &id))
}

/// `GET /v1/record`: how much there is, and how long there is room.
pub async fn record(State(platform): Here) -> Found<RecordView> {
    let known = platform.live.board().record.clone();
    let soon = || Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not looked at yet");
    known.map(Json).ok_or_else(soon)
}

/// `GET /v1/signals`.
pub async fn signals(State(platform): Here) -> Json<Vec<SignalView>> {
    let board = platform.live.board();
    let ids = board.picture.signals.keys();
    Json(ids.filter_map(|id| views::signal(&board.picture, id)).collect())
}

/// `GET /v1/earthquakes`.
pub async fn earthquakes(State(platform): Here) -> Json<Vec<EarthquakeView>> {
    Json(platform.live.board().earthquakes())
}

/// `GET /v1/tracks`.
pub async fn tracks(State(platform): Here) -> Json<Vec<TrackView>> {
    Json(platform.live.board().tracks())
}

/// A page of the log.
#[derive(Debug, Deserialize)]
pub struct LogPage {
    before: Option<u64>,
    limit: Option<usize>,
}

/// `GET /v1/log`: newest first, back to the first record. A page ends between two records, so that
/// the next, `before` the last line's number, leaves nothing out.
pub async fn log(State(platform): Here, Query(page): Query<LogPage>) -> Found<Vec<LogEntry>> {
    let before = page.before.unwrap_or(u64::MAX);
    let limit = page.limit.unwrap_or(200).clamp(1, LOG_LIMIT_MAX);
    let (mut lines, rest) = duty_log::on_picture(&platform.live.board().picture, before, limit);
    if let Some(before) = rest {
        let limit = limit - lines.len();
        let older = platform.shelf.ask(move |hand| duty_log::on_shelf(hand, before, limit)).await?;
        lines.extend(older);
    }
    Ok(Json(lines))
}
