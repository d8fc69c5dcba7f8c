//! The server's loop, with the bounds that belong to a connection and not to a request: how many,
//! how large a head, how slow. Any router can be served by it, WebSocket upgrades included.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tls::Stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower_service::Service;

use super::problem::Problem;
use super::wire::{Watch, Wire};

/// Connections at a time.
pub const CONNECTIONS_MAX: usize = 16_384;
/// How long a head may take, from the connection or the answer before.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Header lines of a request.
pub const HEADERS_MAX: usize = 100;
/// Bytes of a head.
pub const HEAD_MAX_BYTES: usize = 32 * 1024;
/// How long requests under way are waited for at the end.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long accepting rests after an error of the system (no file descriptors left, for one).
const ACCEPT_REST: Duration = Duration::from_millis(50);

const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 63\r\n\r\n{\"reason\":\"too_slow\",\"detail\":\"the head did not come in time\"}\n";

/// The bounds of a connection; [`Default`] is the constants of this module.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`HEAD_TIMEOUT`].
    pub head_timeout: Duration,
    /// See [`DRAIN_TIMEOUT`].
    pub drain_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            head_timeout: HEAD_TIMEOUT,
            drain_timeout: DRAIN_TIMEOUT,
        }
    }
}

/// Serves a router until `shutdown` resolves, then finishes what is under way, for at most
/// [`Bounds::drain_timeout`]. Requests carry [`ConnectInfo`] of the peer's [`SocketAddr`].
pub async fn serve(
    listener: TcpListener,
    app: Router,
    bounds: Bounds,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (stop, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    let mut open = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            // Connections that have ended are taken off the books.
            _ = open.join_next(), if !open.is_empty() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (app, stopped) = (app.clone(), stopped.clone());
        open.spawn(async move {
            let mark = move |request: &mut Request<Body>| {
                request.extensions_mut().insert(ConnectInfo(peer));
            };
            connection(Stream::Plain(stream), app, bounds.head_timeout, mark, stopped).await;
            drop(place);
        });
    }
    drop(listener);
    stop.send_replace(true);
    let drained = tokio::time::timeout(bounds.drain_timeout, async {
        while open.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        tracing::warn!(connections = open.len(), "connections were cut at the end");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    // No place: the connection waits in the system's queue, whose end refuses.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Without it answers are late, not wrong.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_REST).await;
            None
        }
    }
}

/// Serves one connection until it ends, or, once `stopped` holds true, until what is under way on
/// it is finished. A head that does not come in time is answered with 408, one that states its
/// body's length in two ways with 400. `mark` puts what the router wants to know of the
/// connection into each request.
pub async fn connection(
    stream: Stream,
    app: Router,
    head_timeout: Duration,
    mark: impl Fn(&mut Request<Body>),
    mut stopped: watch::Receiver<bool>,
) {
    let (wire, watch) = Wire::new(stream);
    let service = {
        let watch = watch.clone();
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            mark(&mut request);
            answer(app.clone(), watch.clone(), request)
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(HEAD_MAX_BYTES)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    tokio::pin!(connection);
    let mut stopping = *stopped.borrow();
    let ended = loop {
        if stopping {
            connection.as_mut().graceful_shutdown();
            break connection.await;
        }
        tokio::select! {
            ended = &mut connection => break ended,
            // The sender goes only when the server does.
            _ = stopped.changed() => stopping = true,
        }
    };
    if let Err(error) = ended
        && error.is_timeout()
        && watch.is_in_head()
    {
        watch.last_word(TOO_SLOW);
    }
}

async fn answer(
    mut app: Router,
    watch: Watch,
    request: Request<Body>,
) -> Result<Response<Body>, Infallible> {
    if watch.is_ambiguous() {
        let said = "Content-Length with Transfer-Encoding";
        let problem = Problem::new(StatusCode::BAD_REQUEST, "syntax", said);
        let mut response = problem.into_response();
        let close = axum::http::HeaderValue::from_static("close");
        response.headers_mut().insert(axum::http::header::CONNECTION, close);
        return Ok(response);
    }
    let response = app.call(request).await;
    let upgraded = |answer: &Response<Body>| answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    if !response.as_ref().is_ok_and(upgraded) {
        watch.arm();
    }
    response
}
