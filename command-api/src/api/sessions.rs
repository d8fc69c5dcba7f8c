//! `POST/GET/DELETE /v1/session`, `POST /v1/setup`, `POST /v1/live/ticket`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::views::{SessionView, SetUp, SignIn, Ticket};

use super::body;
use super::guard::{Peer, cookie_name};
use super::problem::Refused;
use crate::access::Person;
use crate::access::sessions::AGE_MAX_MS;
use crate::desk::decide::{acts_of, role_word};
use crate::platform::Platform;

type Here = State<Arc<Platform>>;

/// What the console is told about who is signed in.
fn view(person: &Person) -> SessionView {
    SessionView {
        user: person.name.to_string(),
        role: role_word(person.role).into(),
        agency: person.agency.clone(),
        may: acts_of(person.role).into_iter().map(str::to_owned).collect(),
        expires_ms: person.expires.0,
    }
}

fn signed_in(platform: &Platform, secret: &str) -> Result<Response, Refused> {
    let person = platform.access.person(secret).ok_or_else(Refused::unauthenticated)?;
    let https = platform.is_https();
    let secure = if https { "; Secure" } else { "" };
    let (name, age) = (cookie_name(https), AGE_MAX_MS / 1000);
    let cookie =
        format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    Ok(([(header::SET_COOKIE, cookie)], Json(view(&person))).into_response())
}

/// Signs in.
pub async fn sign_in(
    State(platform): Here,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, Refused> {
    let said: SignIn = body::json(request).await?;
    if said.code.is_some_and(|code| !code.is_empty()) {
        let why = "nobody has a second factor here yet: sign in without a code";
        return Err(Refused::new(StatusCode::BAD_REQUEST, "no_second_factor", why));
    }
    let secret = platform.access.sign_in(&said.user, &said.password, peer.0.ip()).await?;
    signed_in(&platform, &secret)
}

/// Makes the first administrator.
pub async fn set_up(State(platform): Here, request: Request) -> Result<Response, Refused> {
    let said: SetUp = body::json(request).await?;
    let access = Arc::clone(&platform.access);
    let made =
        tokio::task::spawn_blocking(move || access.set_up(&said.code, &said.user, &said.password));
    let broken = |_| Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again");
    let secret = made.await.map_err(broken)??;
    signed_in(&platform, &secret)
}

/// Who is signed in.
pub async fn who(Extension(person): Extension<Person>) -> Json<SessionView> {
    Json(view(&person))
}

/// Signs out.
pub async fn sign_out(
    State(platform): Here,
    Extension(person): Extension<Person>,
) -> Result<Response, Refused> {
    platform.access.sign_out(person.session).await?;
    let secure = if platform.is_https() { "; Secure" } else { "" };
    let name = cookie_name(platform.is_https());
    let cookie = format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// A ticket for the live socket.
pub async fn ticket(
    State(platform): Here,
    Extension(person): Extension<Person>,
) -> Result<Json<Ticket>, Refused> {
    Ok(Json(Ticket { ticket: platform.access.ticket(person.session)? }))
}
