//! The HTTP interface. Every route of the contract's table is mounted here behind the guard; a
//! route that is not in the table does not exist.

pub mod believed;
pub mod body;
pub mod cameras;
pub mod cases;
pub mod catalogue;
pub mod commands;
pub mod credentials;
pub mod explanation;
pub mod export;
pub mod feeds;
pub mod files;
pub mod guard;
pub mod health;
pub mod letters;
pub mod metrics;
pub mod problem;
pub mod query;
pub mod registry;
pub mod rejections;
pub mod resources;
pub mod sensorthings;
pub mod series;
pub mod server;
pub mod sessions;
pub mod situations;
pub mod situations_past;
pub mod telemetry;
pub mod trace;
pub mod warnings;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use contract::openapi::{ROUTES, Route};

use crate::live::door;
use crate::platform::Platform;
use problem::Refused;

/// Mounts every route. `hearing` has the routes that are entered by a token.
pub fn router(platform: Arc<Platform>, hearing: Router) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        if let Some(handler) = handler(route) {
            let guarded = from_fn_with_state((Arc::clone(&platform), route), guard::guard);
            router = router.route(route.path, handler.layer(guarded));
        }
    }
    router
        .fallback(files::fallback)
        .method_not_allowed_fallback(wrong_method)
        .with_state(platform)
        .merge(hearing)
        .layer(from_fn(files::harden))
}

async fn wrong_method() -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Refused::new(status, "invalid", "this method is not for this resource").into_response()
}

type Handler = MethodRouter<Arc<Platform>>;

/// The handler of a route; nothing for those of hearing.
fn handler(route: &Route) -> Option<Handler> {
    Some(match (route.method, route.path) {
        ("get", "/healthz") => get(health::healthz),
        ("get", "/readyz") => get(health::readyz),
        ("get", "/v1/clock") => get(health::clock),
        ("get", "/metrics") => get(health::metrics),
        ("get", "/openapi.json") => get(health::openapi),
        ("post", "/v1/session") => post(sessions::sign_in),
        ("get", "/v1/session") => get(sessions::who),
        ("delete", "/v1/session") => delete(sessions::sign_out),
        ("post", "/v1/setup") => post(sessions::set_up),
        ("post", "/v1/live/ticket") => post(sessions::ticket),
        ("get", "/v1/live") => get(door::open),
        ("post", "/v1/commands") => post(commands::command),
        ("post", "/v1/registry") => post(registry::change),
        ("post", "/v1/rejections/replay") => post(letters::replay_many),
        ("post", "/v1/rejections/{id}/replay") => post(letters::replay),
        ("post", "/v1/rejections/{id}/dismiss") => post(letters::dismiss),
        ("get", "/v1/agencies/{id}/credentials") => get(credentials::list),
        ("post", "/v1/agencies/{id}/credentials") => post(credentials::issue),
        ("delete", "/v1/agencies/{id}/credentials/{credential}") => delete(credentials::revoke),
        ("post", "/v1/agencies/{id}/credentials/{credential}/rotate") => post(credentials::rotate),
        ("get", path) => return reading(path),
        _ => return None,
    })
}

fn reading(path: &str) -> Option<Handler> {
    Some(match path {
        "/v1/city" => get(resources::city),
        "/v1/zones.geojson" => get(files::zones),
        "/v1/map/{file}" => get(files::map),
        "/v1/stations" => get(resources::stations),
        "/v1/stations/{id}" => get(resources::station),
        "/v1/stations/{id}/series" => get(series::series),
        "/v1/stations/{id}/forecasts" => get(situations::forecasts),
        "/v1/zones" => get(believed::zones),
        "/v1/zones/{id}" => get(believed::zone),
        "/v1/corrections" => get(resources::corrections),
        "/v1/alerts" => get(believed::alerts),
        "/v1/alerts/{id}" => get(believed::alert),
        "/v1/alerts/{id}/explanation" => get(explanation::explanation),
        "/v1/incidents" => get(resources::incidents),
        "/v1/incidents/{id}" => get(resources::incident),
        "/v1/tasks" => get(resources::tasks),
        "/v1/tasks/{id}" => get(resources::task),
        "/v1/units" => get(resources::units),
        "/v1/units/{id}" => get(resources::unit),
        "/v1/cases" => get(cases::cases),
        "/v1/hospitals" => get(resources::hospitals),
        "/v1/hospitals/{id}" => get(resources::hospital),
        "/v1/feeds" => get(feeds::feeds),
        "/v1/feeds/health" => get(feeds::health),
        "/v1/feeds/datastreams" => get(feeds::datastreams),
        "/v1/feeds/doors" => get(feeds::doors),
        "/v1/feeds/start" => get(feeds::start),
        "/v1/catalogue" => get(catalogue::catalogue),
        "/v1/exchange" => get(catalogue::exchange),
        "/v1/feeds/{id}" => get(feeds::feed),
        "/v1/record" => get(resources::record),
        "/v1/signals" => get(resources::signals),
        "/v1/situations" => get(situations::list),
        "/v1/situations/{id}" => get(situations::one),
        "/v1/reports/hotline/{id}" => get(situations::hotline),
        "/v1/reports/calls/{id}" => get(situations::call),
        "/v1/warnings" => get(warnings::list),
        "/v1/warnings/{id}" => get(warnings::one),
        "/v1/cameras" => get(cameras::all),
        "/v1/alerts/{id}/cameras" => get(cameras::near_alert),
        "/v1/earthquakes" => get(resources::earthquakes),
        "/v1/tracks" => get(resources::tracks),
        "/v1/rejections" => get(rejections::rejections),
        "/v1/rejections/reasons" => get(letters::reasons),
        "/v1/rejections/{id}" => get(rejections::rejection),
        "/v1/attachments/{sha256}" => get(telemetry::attachment),
        "/v1/sl651/tests" => get(telemetry::tests),
        "/v1/log" => get(resources::log),
        "/v1/trace/{id}" => get(trace::trace),
        "/v1/export/alerts.csv" => get(export::alerts),
        "/v1/export/log.csv" => get(export::log),
        "/v1.1" | "/v1.1/" => get(sensorthings::landing),
        "/v1.1/{entity}" | "/v1.1/{entity}/{*rest}" => get(sensorthings::read),
        "/v1/export/series.csv" => get(export::series_csv),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::openapi::Entry;

    #[test]
    fn every_route_that_is_not_hearings_has_a_handler() {
        for route in ROUTES.iter().filter(|r| r.entry != Entry::Token) {
            assert!(handler(route).is_some(), "{} {}", route.method, route.path);
        }
    }
}
