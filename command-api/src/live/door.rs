//! The door of the live socket: the guard has seen Origin and session or ticket; here the request
//! becomes a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use ingest::http::wire::Wire;
use tls::Stream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::line::Socket;
use super::socket::{self, LAST_WORDS_WITHIN};
use crate::access::Person;
use crate::api::guard::query;
use crate::api::problem::Refused;
use crate::api::server::SEND_BUFFER_BYTES;
use crate::platform::Platform;

/// Consoles at one time.
pub const CONSOLES_MAX: usize = 10_000;
/// How long the upgrade itself may take.
pub const UPGRADE_WITHIN: Duration = Duration::from_secs(10);

static CONSOLES: AtomicUsize = AtomicUsize::new(0);

/// One console's place; given up when it goes.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let had = CONSOLES.fetch_add(1, Ordering::Relaxed);
        let place = Self;
        // Beyond the bound the place is dropped at once, which counts it off again.
        (had < CONSOLES_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        CONSOLES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `GET /v1/live`.
pub async fn open(
    State(platform): State<Arc<Platform>>,
    Extension(person): Extension<Person>,
    mut request: Request,
) -> Result<Response, Refused> {
    let accept = accept_key(request.headers())?;
    let place = Place::take().ok_or_else(|| {
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too many consoles")
    })?;
    let hello = said(&request)?;
    let upgrading = hyper::upgrade::on(&mut request);
    let stop = platform.stop.clone();
    tokio::spawn(async move {
        let upgraded = match tokio::time::timeout(UPGRADE_WITHIN, upgrading).await {
            Ok(Ok(upgraded)) => upgraded,
            Ok(Err(error)) => return tracing::debug!(%error, "a console did not come"),
            Err(_) => return tracing::debug!("a console did not come in time"),
        };
        let Some((ws, relay)) = own(upgraded).await else { return };
        let live = Arc::clone(&platform.live);
        let access = Arc::clone(&platform.access);
        drop(platform);
        let session = person.session;
        let stands = move || access.person_of(&session).is_some();
        let ended = socket::run(ws, live, hello, stands, stop).await;
        tracing::debug!(user = %person.name, ?ended, "a console left");
        if let Some(mut relay) = relay
            && tokio::time::timeout(LAST_WORDS_WITHIN, &mut relay).await.is_err()
        {
            relay.abort();
        }
        drop(place);
    });
    let answer = [
        (header::UPGRADE, "websocket".to_owned()),
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, answer).into_response())
}

/// A console's socket, and the task that enciphers what is written to it.
type Own = (WebSocketStream<Socket>, Option<JoinHandle<()>>);

/// The socket itself, without what HTTP had put around it.
async fn own(upgraded: Upgraded) -> Option<Own> {
    let parts = upgraded.downcast::<TokioIo<Wire>>().ok();
    let own = parts.and_then(|p| Some((p.io.into_inner().into_stream()?, p.read_buf.to_vec())));
    let Some((stream, early)) = own else {
        tracing::error!("the live socket is none of this server's");
        return None;
    };
    let (socket, relay) = match stream {
        Stream::Plain(stream) => (Socket::new(stream), None),
        Stream::Tls(stream) => {
            let pair = enciphered(*stream).map_err(|error| tracing::warn!(%error, "a console"));
            pair.ok().map(|(socket, relay)| (socket, Some(relay)))?
        }
    };
    let config = Some(socket::config());
    let ws = WebSocketStream::from_partially_read(socket, early, Role::Server, config).await;
    Some((ws, relay))
}

/// One end of a pair of sockets, and the task that passes on what comes out at the other.
fn enciphered(
    mut console: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> std::io::Result<(Socket, JoinHandle<()>)> {
    let (ours, mut theirs) = UnixStream::pair()?;
    socket2::SockRef::from(&ours).set_send_buffer_size(SEND_BUFFER_BYTES as usize)?;
    let relay = tokio::spawn(async move {
        // However it ends: the console's own task finds its end of the pair closed.
        let _ = tokio::io::copy_bidirectional(&mut console, &mut theirs).await;
    });
    Ok((Socket::of_pair(ours), relay))
}

fn accept_key(headers: &HeaderMap) -> Result<String, Refused> {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let lists =
        |name, word: &str| text(name).split(',').any(|t| t.trim().eq_ignore_ascii_case(word));
    if !lists(header::CONNECTION, "upgrade") || !lists(header::UPGRADE, "websocket") {
        let status = StatusCode::UPGRADE_REQUIRED;
        return Err(Refused::new(status, "invalid", "this resource is a WebSocket"));
    }
    if text(header::SEC_WEBSOCKET_VERSION) != "13" {
        return Err(Refused::invalid("WebSocket version 13"));
    }
    let key = text(header::SEC_WEBSOCKET_KEY);
    if key.len() != 24 {
        return Err(Refused::invalid("Sec-WebSocket-Key"));
    }
    Ok(derive_accept_key(key.as_bytes()))
}

/// A hello in the address: `?epoch=&since=`.
fn said(request: &Request) -> Result<Option<(Option<String>, u64)>, Refused> {
    let Some(epoch) = query(request, "epoch") else { return Ok(None) };
    let since = query(request, "since").unwrap_or_else(|| "0".into());
    let since = since.parse().map_err(|_| Refused::invalid("since is a number"))?;
    Ok(Some((Some(epoch), since)))
}
