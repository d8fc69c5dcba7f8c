//! Stop 1 of the path of an observation: heard. The listener, the task around each connection,
//! and the handle on what runs. After it: [`Admit`].

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tls::Door;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::admit::Admit;
use crate::close::CloseReason;
use crate::connection;
use crate::downlink::{Downlink, Outbox};
use crate::handshake::Peer;
use crate::hub::Hub;
use crate::inflight::Budget;
use crate::limits::{EdgeConfig, SOCKET_BUFFER_BYTES};
use crate::principal::{Directory, Who};
use crate::stats::{Counters, EdgeStats};
use crate::topics::Filter;

/// How long accepting pauses after it failed (no file descriptors left, for one).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener and what stands before it.
#[derive(Debug)]
pub struct Listening {
    /// The listener.
    pub listener: TcpListener,
    /// What every connection is opened through.
    pub door: Door,
}

impl From<TcpListener> for Listening {
    fn from(listener: TcpListener) -> Self {
        Self { listener, door: Door::Plain }
    }
}

/// What every connection shares.
pub(crate) struct Shared<A, D, O> {
    pub(crate) config: EdgeConfig,
    pub(crate) admit: Arc<A>,
    pub(crate) directory: Arc<D>,
    pub(crate) outbox: Arc<O>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) counters: Arc<Counters>,
}

/// The running edge. Clones are handles on the same one; dropping them does not end it.
#[derive(Debug, Clone)]
pub struct EdgeHandle {
    hub: Arc<Hub>,
    budget: Arc<Budget>,
    counters: Arc<Counters>,
    local: Arc<[(SocketAddr, bool)]>,
    stop: Arc<watch::Sender<bool>>,
    accepting: Option<AbortHandle>,
    drain_max: Duration,
}

impl EdgeHandle {
    /// The address it listens on, plain.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local.iter().find(|(_, tls)| !tls).map(|(address, _)| *address)
    }

    /// The address it listens on with TLS.
    pub fn local_tls_addr(&self) -> Option<SocketAddr> {
        self.local.iter().find(|(_, tls)| *tls).map(|(address, _)| *address)
    }

    /// Sends a message down to every connection that is subscribed to its topic, and says to how
    /// many. It never waits: a connection whose queue is full is closed, and gets the message from
    /// the outbox when it comes back, or is not sent it where the outbox has it not.
    pub fn publish(&self, downlink: Downlink) -> usize {
        let (queued, left_out) = self.hub.publish(downlink);
        self.counters.downlinks_left_out.fetch_add(left_out, Ordering::Relaxed);
        queued
    }

    /// As [`EdgeHandle::publish`], to the connections of one principal alone.
    pub fn publish_to(&self, who: &Who, downlink: Downlink) -> usize {
        let (queued, left_out) = self.hub.publish_to(who, downlink);
        self.counters.downlinks_left_out.fetch_add(left_out, Ordering::Relaxed);
        queued
    }

    /// Who is subscribed to which filters that begin like this and hold no wildcard.
    pub fn subscribed(&self, prefix: &str) -> Vec<(Filter, Who)> {
        self.hub.subscribed(prefix)
    }

    /// Changes when somebody subscribes, unsubscribes or leaves.
    pub fn subscriptions_changed(&self) -> watch::Receiver<u64> {
        self.hub.changes()
    }

    /// Ends every connection that came in by a credential which `holds` says no to (it has expired
    /// or was revoked), and says how many.
    pub fn show_out(&self, holds: impl Fn(&str) -> bool) -> usize {
        self.hub.show_out(holds)
    }

    /// Ends every connection of this principal, and says how many.
    pub fn expel(&self, who: &Who) -> usize {
        self.hub.expel(who)
    }

    /// Everybody who is connected.
    pub fn connected(&self) -> BTreeSet<Who> {
        self.hub.connected()
    }

    /// The counters of this moment.
    pub fn stats(&self) -> EdgeStats {
        let mut stats = self.counters.snapshot();
        stats.inflight_messages = self.budget.messages.load(Ordering::Relaxed);
        stats.inflight_bytes = self.budget.bytes.load(Ordering::Relaxed);
        stats
    }

    /// Whether nobody is let in any more: it was told to end, or a fault ended it.
    pub fn is_finished(&self) -> bool {
        self.accepting.as_ref().is_some_and(AbortHandle::is_finished)
    }

    /// Stops accepting and reading, finishes the acknowledgements under way, and closes. Returns
    /// when all is closed, or when [`EdgeConfig::drain_timeout`] and the time to part (twice
    /// [`EdgeConfig::linger_timeout`]) are over,
    /// with the number of connections that are still open then.
    pub async fn drain(&self) -> u64 {
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(self.drain_max, self.stop.closed()).await;
        self.counters.open.load(Ordering::Relaxed)
    }
}

/// Serves MQTT on listeners until `shutdown` resolves or [`EdgeHandle::drain`] is called; both end
/// it in the same way. Must be called within a tokio runtime.
pub fn serve<A: Admit, D: Directory, O: Outbox>(
    listeners: Vec<Listening>,
    config: EdgeConfig,
    admit: Arc<A>,
    directory: Arc<D>,
    outbox: Arc<O>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> EdgeHandle {
    let (stop, stopped) = watch::channel(false);
    let address = |l: &Listening| Some((l.listener.local_addr().ok()?, l.door.is_tls()));
    let mut handle = EdgeHandle {
        hub: Arc::default(),
        budget: Arc::default(),
        counters: Arc::default(),
        local: listeners.iter().filter_map(address).collect(),
        stop: Arc::new(stop),
        accepting: None,
        // The verdicts, and the parting with some to spare. No will is published then.
        drain_max: config.drain_timeout + 2 * config.linger_timeout,
    };
    let shared = Arc::new(Shared {
        config,
        admit,
        directory,
        outbox,
        hub: handle.hub.clone(),
        budget: handle.budget.clone(),
        counters: handle.counters.clone(),
    });
    // Held here too, so that the edge runs on when nobody keeps the handle.
    let stop = handle.stop.clone();
    let accepting = tokio::spawn(async move {
        let mut each = JoinSet::new();
        for listening in listeners {
            each.spawn(accept(listening, shared.clone(), stopped.clone()));
        }
        drop(stopped);
        tokio::select! {
            () = shutdown => {}
            // Each ends when it is told to, or by a fault of ours, which ends the edge.
            _ = each.join_next() => {}
        }
        each.shutdown().await;
        shared.hub.drain();
        stop.send_replace(true);
    });
    handle.accepting = Some(accepting.abort_handle());
    handle
}

async fn accept<A: Admit, D: Directory, O: Outbox>(
    listening: Listening,
    shared: Arc<Shared<A, D, O>>,
    mut stopped: watch::Receiver<bool>,
) {
    let Listening { listener, door } = listening;
    loop {
        let accepted = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => begin(&shared, stream, peer, &door, stopped.clone()),
            Err(error) => {
                shared.counters.accept_errors.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, "accepting an MQTT connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Gives a new connection its task, unless there are too many.
fn begin<A: Admit, D: Directory, O: Outbox>(
    shared: &Arc<Shared<A, D, O>>,
    stream: TcpStream,
    address: SocketAddr,
    door: &Door,
    mut stopped: watch::Receiver<bool>,
) {
    let (counters, config) = (&shared.counters, &shared.config);
    counters.accepted.fetch_add(1, Ordering::Relaxed);
    let open = counters.open.load(Ordering::Relaxed);
    let strangers = open.saturating_sub(counters.connected.load(Ordering::Relaxed));
    if open >= config.connections_max as u64 || strangers >= config.handshakes_max as u64 {
        counters.closed(CloseReason::ConnectionQuota);
        return;
    }
    // Without these the connection is only slower, or the kernel more generous.
    let _ = stream.set_nodelay(true);
    let socket = socket2::SockRef::from(&stream);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let guard = connection::Guard::new(shared.counters.clone());
    let (shared, door) = (shared.clone(), door.clone());
    tokio::spawn(async move {
        let opened = tokio::select! {
            opened = door.open(stream) => opened,
            _ = stopped.wait_for(|stopped| *stopped) => return guard.ended(CloseReason::Draining),
        };
        match opened {
            Ok((stream, certificate)) => {
                let peer = Peer { address, certificate: certificate.map(Arc::new) };
                connection::run(&shared, stream, peer, stopped, guard).await;
            }
            Err(error) => {
                tracing::debug!(peer = %address, %error, "no TLS connection came of it");
                guard.ended(CloseReason::TlsHandshake);
            }
        }
    });
}
