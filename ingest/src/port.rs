//! A TCP port of a protocol that is heard connection by connection (SL 651, Cursor-on-Target): takes
//! connections in, each in a task of its own, at most so many in all and of one address.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};

/// After a connection could not be taken (no file descriptors) none is for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long conversations may take to end.
const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// The most connections at one time.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In all.
    pub all: usize,
    /// From one address: a relay, or a network behind one.
    pub of_one_address: usize,
}

/// What a port is called and how much it takes.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The protocol, as logs name it.
    pub name: &'static str,
    /// The most connections.
    pub bounds: Bounds,
}

/// What went wrong with a connection, for whoever counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It was one too many.
    TurnedAway,
    /// Its task ended by a panic.
    BrokeOff,
}

/// A port, open.
#[derive(Debug)]
pub struct Port {
    kind: Kind,
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// Resolves when `stop` turns true; never where nobody is left to turn it.
pub(crate) async fn told(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Port {
    /// Opens a port: `talk` hears a connection until it ends, `count` is told of mishaps. `stop`
    /// turning true ends the port.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn open<F, E>(
        kind: Kind,
        address: SocketAddr,
        stop: watch::Receiver<bool>,
        talk: impl Fn(TcpStream, SocketAddr) -> F + Send + 'static,
        count: impl Fn(Mishap) + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = E> + Send + 'static,
        E: Debug + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let open = Open { kind, count, talks: JoinSet::new(), by_address: BTreeMap::new() };
        Ok(Self { kind, address, task: tokio::spawn(open.accept(listener, stop, talk)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits for its end, which `stop` brings.
    pub async fn ended(self) {
        if self.task.await.is_err() {
            tracing::error!(port = self.kind.name, "a port broke off");
        }
    }
}

struct Open<E, C> {
    kind: Kind,
    count: C,
    talks: JoinSet<(IpAddr, E)>,
    by_address: BTreeMap<IpAddr, usize>,
}

impl<E: Debug + Send + 'static, C: Fn(Mishap)> Open<E, C> {
    async fn accept<F: Future<Output = E> + Send + 'static>(
        mut self,
        listener: TcpListener,
        mut stop: watch::Receiver<bool>,
        talk: impl Fn(TcpStream, SocketAddr) -> F,
    ) {
        let port = self.kind.name;
        loop {
            tokio::select! {
                biased;
                () = told(&mut stop) => break,
                Some(ended) = self.talks.join_next() => self.gone(ended),
                taken = listener.accept() => match taken {
                    Ok((_, peer)) if !self.has_room(peer.ip()) => {
                        tracing::warn!(port, %peer, "a connection was turned away: there are too many");
                        (self.count)(Mishap::TurnedAway);
                    }
                    Ok((stream, peer)) => {
                        *self.by_address.entry(peer.ip()).or_default() += 1;
                        let talk = talk(stream, peer);
                        self.talks.spawn(async move { (peer.ip(), talk.await) });
                    }
                    Err(error) => {
                        tracing::warn!(port, %error, "a connection could not be taken");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        let all = async {
            while let Some(ended) = self.talks.join_next().await {
                self.gone(ended);
            }
        };
        if tokio::time::timeout(DRAIN_WAIT, all).await.is_err() {
            tracing::warn!(port, "connections were still open when their time was over");
        }
    }

    fn has_room(&self, address: IpAddr) -> bool {
        let from = self.by_address.get(&address).copied().unwrap_or_default();
        self.talks.len() < self.kind.bounds.all && from < self.kind.bounds.of_one_address
    }

    fn gone(&mut self, ended: Result<(IpAddr, E), JoinError>) {
        let port = self.kind.name;
        match ended {
            Ok((address, ended)) => {
                tracing::debug!(port, %address, ?ended, "a connection ended");
                if let Some(count) = self.by_address.get_mut(&address) {
                    *count -= 1;
                    if *count == 0 {
                        self.by_address.remove(&address);
                    }
                }
            }
            Err(error) => {
                // Its address stays counted: whoever breaks tasks gets fewer of them.
                (self.count)(Mishap::BrokeOff);
                tracing::error!(port, %error, "a connection's task broke off");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const KIND: Kind = Kind { name: "test", bounds: Bounds { all: 3, of_one_address: 2 } };

    async fn echoed(stream: &mut TcpStream) -> bool {
        let mut byte = [0];
        stream.write_all(b"x").await.is_ok() && stream.read_exact(&mut byte).await.is_ok()
    }

    #[tokio::test]
    async fn one_address_has_so_many_connections_and_gets_the_place_back_that_it_leaves() {
        let (end, stop) = watch::channel(false);
        let turned_away = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turned_away);
        let talk = |mut stream: TcpStream, _| async move {
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.is_ok()
        };
        let count = move |mishap| {
            assert_eq!(mishap, Mishap::TurnedAway);
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let any = "127.0.0.1:0".parse().unwrap();
        let port = Port::open(KIND, any, stop, talk, count).await.unwrap();
        let mut open = Vec::new();
        for _ in 0..2 {
            open.push(TcpStream::connect(port.address()).await.unwrap());
            assert!(echoed(open.last_mut().unwrap()).await);
        }
        let mut third = TcpStream::connect(port.address()).await.unwrap();
        assert!(!echoed(&mut third).await, "two are open");
        assert_eq!(turned_away.load(Ordering::Relaxed), 1);
        let other = tokio::net::TcpSocket::new_v4().unwrap();
        other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut other = other.connect(port.address()).await.unwrap();
        assert!(echoed(&mut other).await, "another address has its own bound");
        drop(open.pop());
        let again = async {
            loop {
                let mut stream = TcpStream::connect(port.address()).await.unwrap();
                if echoed(&mut stream).await {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), again).await.expect("a place is free again");
        drop((open, other));
        end.send_replace(true);
        port.ended().await;
    }
}
