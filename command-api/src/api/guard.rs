//! The guard before every route: who is it, by which door, from where. Deny by default: a route
//! that has no door lets nobody in.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::openapi::{Entry, Route};
use domain::desk::Role;
use domain::ids::AgencyId;
use ingest::seams::{Credentials, Who};

use super::problem::Refused;
use crate::access::{Person, doors};
use crate::platform::Platform;

/// A feed that shows its agency's token.
#[derive(Debug, Clone)]
pub struct Feed(pub AgencyId);

/// Who a request comes from.
#[derive(Debug)]
enum Caller {
    Anybody,
    Person(Person),
    Feed(Feed),
}

/// The address a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The session's cookie: `__Host-` needs https, so loopback http has a plain name.
pub fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-session" } else { "session" }
}

/// The platform, and the route that is guarded.
pub type Guarded = (Arc<Platform>, &'static Route);

/// Lets a request through to its handler with the [`Person`] or [`Feed`] it comes from, or refuses
/// it.
pub async fn guard(
    State((platform, route)): State<Guarded>,
    mut request: Request,
    next: Next,
) -> Response {
    let checked = check(&platform, route, &request);
    match checked {
        Ok(caller) => {
            match caller {
                Caller::Person(person) => drop(request.extensions_mut().insert(person)),
                Caller::Feed(feed) => drop(request.extensions_mut().insert(feed)),
                Caller::Anybody => {}
            }
            next.run(request).await
        }
        Err((who, refused)) => {
            let from = request.extensions().get::<Peer>().map(|p| p.0.to_string());
            let from = from.unwrap_or_default();
            platform.access.audit(
                &who,
                "denied",
                &format!("{} {} {from}", route.method, route.path),
            );
            platform.metrics.denied();
            refused.into_response()
        }
    }
}

type Denied = (String, Refused);

fn check(platform: &Platform, route: &Route, request: &Request) -> Result<Caller, Denied> {
    let nobody = || "-".to_owned();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let socket = route.path == "/v1/live";
    if (changes || socket) && route.entry != Entry::Token {
        same_origin(platform, request.headers(), socket).map_err(|why| (nobody(), why))?;
    }
    if matches!(route.entry, Entry::Open | Entry::Token) {
        return Ok(Caller::Anybody);
    }
    if route.entry == Entry::SessionOrToken
        && let Some(token) = bearer(request.headers())
    {
        return feed(platform, route, token);
    }
    let person = if socket && let Some(ticket) = query(request, "ticket") {
        platform.access.redeem(&ticket)
    } else {
        let secret = session_secret(request.headers(), platform.is_https());
        secret.and_then(|secret| platform.access.person(&secret))
    };
    let person = person.ok_or_else(|| (nobody(), Refused::unauthenticated()))?;
    if doors::may_enter(route, person.role) {
        return Ok(Caller::Person(person));
    }
    let detail = format!("{} may not", crate::desk::decide::role_word(person.role));
    Err((person.name.to_string(), Refused::forbidden(detail)))
}

/// A feed enters where its agency's people do.
fn feed(platform: &Platform, route: &Route, token: &str) -> Result<Caller, Denied> {
    match platform.access.bearer(token) {
        Some(Who::Agency(agency)) if doors::may_enter(route, Role::Agency) => {
            Ok(Caller::Feed(Feed(agency)))
        }
        Some(who) => Err((format!("{who:?}"), Refused::forbidden("this token may not"))),
        None => Err(("-".to_owned(), Refused::unauthenticated())),
    }
}

/// A bearer token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = said.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// A parameter of the query, as it stands (ours need no decoding).
pub fn query(request: &Request, name: &str) -> Option<String> {
    let pairs = request.uri().query()?.split('&');
    pairs.filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
}

/// The session's secret out of the cookies.
pub fn session_secret(headers: &HeaderMap, https: bool) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let pairs = cookies.flat_map(|c| c.split(';')).filter_map(|c| c.trim().split_once('='));
    let mut named = pairs.filter(|(name, _)| *name == cookie_name(https));
    named.next().map(|(_, secret)| secret.to_owned())
}

/// Refuses a request that a page of another site has a browser send. Browsers name the origin of
/// every request that changes something; what names none is no page (a script with its own
/// credentials), and is let in but to the live socket, which is for pages (`must_name`).
fn same_origin(platform: &Platform, headers: &HeaderMap, must_name: bool) -> Result<(), Refused> {
    let text = |name| headers.get(name).and_then(|v: &axum::http::HeaderValue| v.to_str().ok());
    let unreadable = |named: HeaderName| headers.contains_key(&named) && text(named).is_none();
    let site = HeaderName::from_static("sec-fetch-site");
    if text(site.clone()).is_some_and(|s| s != "same-origin" && s != "none") || unreadable(site) {
        return Err(Refused::forbidden("the request comes from another site"));
    }
    let Some(origin) = text(header::ORIGIN) else {
        if must_name || headers.contains_key(header::ORIGIN) {
            return Err(Refused::forbidden("the request names no origin"));
        }
        return Ok(());
    };
    let own = match &platform.public_url {
        Some(url) => url.trim_end_matches('/') == origin,
        None => {
            let scheme = if platform.tls { "https" } else { "http" };
            text(header::HOST).is_some_and(|host| origin == format!("{scheme}://{host}"))
        }
    };
    if own { Ok(()) } else { Err(Refused::forbidden("the request comes from another origin")) }
}
