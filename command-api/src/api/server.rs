//! The listener: bounded connections, each served by [`ingest::http::server::connection`], whose
//! bounds of heads and times hold for every route.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use ingest::http::server::{HEAD_TIMEOUT, connection};
use tls::Door;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};

use super::guard::Peer;
use super::metrics::Metrics;

/// Connections at one time, consoles included.
pub const CONNECTIONS_MAX: usize = 12_000;
/// Connections that may wait to be accepted.
pub const BACKLOG: u32 = 8_192;
/// Bytes that the system may hold for one connection's way out: what a console does not take waits
/// in the ring, where it grows old once and not in every socket.
pub const SEND_BUFFER_BYTES: u32 = 256 * 1024;
/// How long accepting rests when the system gives no more descriptors.
const REST: Duration = Duration::from_millis(50);

/// Listens on an address; port 0 takes a free one.
///
/// # Errors
/// The system's: the port is in use, the address is not ours.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves, each connection opened through `door`, until `stop` turns true: then no more is accepted, and what is under way is finished.
pub async fn serve(
    listener: TcpListener,
    door: Door,
    router: Router,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let ending = stop.clone();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, metrics, ending) = (router.clone(), metrics.clone(), ending.clone());
                let door = door.clone();
                tokio::spawn(async move {
                    metrics.connection(1);
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "nodelay");
                    }
                    let mark = move |request: &mut Request| {
                        request.extensions_mut().insert(Peer(peer));
                    };
                    match door.open(stream).await {
                        Ok((stream, _)) => {
                            connection(stream, router, HEAD_TIMEOUT, mark, ending).await;
                        }
                        Err(error) => tracing::debug!(%peer, %error, "no TLS connection"),
                    }
                    metrics.connection(-1);
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
