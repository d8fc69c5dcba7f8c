//! Stop 1 of the path of an observation: heard. The listener, and the handle on what runs.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::admit::Admit;
use crate::downlink::{Downlink, Outbox};
use crate::limits::EdgeConfig;
use crate::principal::{Directory, Who};
use crate::stats::{Counters, EdgeStats};

/// The running edge. Clones are handles on the same one; dropping them does not end it.
#[derive(Debug, Clone)]
pub struct EdgeHandle {
    counters: Arc<Counters>,
    local: Option<SocketAddr>,
    stop: Arc<watch::Sender<bool>>,
}

impl EdgeHandle {
    /// The address it listens on.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Sends a message down to every connection that is subscribed to its topic, and says to how
    /// many. It never waits: a connection whose queue is full is closed, and gets the message from
    /// the outbox when it comes back.
    pub fn publish(&self, downlink: Downlink) -> usize {
        let _ = downlink;
        0
    }

    /// Ends every connection of this principal (its credential was withdrawn), and says how many.
    pub fn expel(&self, who: &Who) -> usize {
        let _ = who;
        0
    }

    /// The counters of this moment.
    pub fn stats(&self) -> EdgeStats {
        self.counters.snapshot()
    }

    /// Stops accepting and reading, finishes the acknowledgements under way, closes, and returns
    /// when all is closed or [`EdgeConfig::drain_timeout`] is over, twice told. Says how many
    /// connections were still open then.
    pub async fn drain(&self) -> u64 {
        self.stop.send_replace(true);
        self.stop.closed().await;
        self.counters.open.load(Ordering::Relaxed)
    }
}

/// Serves MQTT on a listener until `shutdown` resolves or [`EdgeHandle::drain`] is called; both
/// end it in the same way. Must be called within a tokio runtime.
pub fn serve<A: Admit, D: Directory, O: Outbox>(
    listener: TcpListener,
    config: EdgeConfig,
    admit: Arc<A>,
    directory: Arc<D>,
    outbox: Arc<O>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> EdgeHandle {
    let (stop, mut stopped) = watch::channel(false);
    let handle = EdgeHandle {
        counters: Arc::default(),
        local: listener.local_addr().ok(),
        stop: Arc::new(stop),
    };
    let counters = handle.counters.clone();
    tokio::spawn(async move {
        let _shared = (config, admit, directory, outbox);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = stopped.changed() => break,
                accepted = listener.accept() => if accepted.is_ok() {
                    counters.accepted.fetch_add(1, Ordering::Relaxed);
                },
            }
        }
    });
    handle
}
