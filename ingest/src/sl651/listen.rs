//! The port: takes connections in, at most so many, each in a task of its own.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::intake::Intake;
use super::session::{Ended, converse, told};
use crate::admit::Admission;
use crate::gate::Gate;

/// The most connections at one time.
pub const CONNECTIONS_MAX: usize = 2_048;
/// The most from one address: a relay, or a network behind one.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 512;
/// After a connection could not be taken (no file descriptors) none is for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long conversations may take to end.
const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// How the port is opened.
#[derive(Debug, Clone)]
pub struct ListenConfig {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// The password that every frame must carry, where it is checked.
    pub password: Option<u16>,
}

/// The port, open.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listening {
    /// Opens the port.
    ///
    /// # Errors
    /// The address cannot be had, or the folder for attachments not be made.
    pub async fn start(
        config: ListenConfig,
        admission: Admission,
        data: &Path,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let intake = Arc::new(Intake::open(admission, data, config.password)?);
        Self::over(config.address, intake, None, stop).await
    }

    /// Opens a port of an intake that others may share; with a gate it speaks TLS, and a client's
    /// certificate names the agency whose stations alone it may speak for.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn over(
        address: SocketAddr,
        intake: Arc<Intake>,
        gate: Option<Gate>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, intake, gate, stop));
        Ok(Self { address, task })
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
            tracing::error!("the SL 651 port broke off");
        }
    }
}

async fn accept(
    listener: TcpListener,
    intake: Arc<Intake>,
    gate: Option<Gate>,
    mut stop: watch::Receiver<bool>,
) {
    let mut talks: JoinSet<(IpAddr, Ended)> = JoinSet::new();
    let mut by_address: BTreeMap<IpAddr, usize> = BTreeMap::new();
    let theirs = stop.clone();
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => break,
            Some(ended) = talks.join_next() => gone(&intake, &mut by_address, ended),
            taken = listener.accept() => match taken {
                Ok((stream, peer)) => {
                    let from = by_address.entry(peer.ip()).or_default();
                    if talks.len() >= CONNECTIONS_MAX || *from >= CONNECTIONS_PER_ADDRESS_MAX {
                        intake.figures().turned_away.inc();
                        continue;
                    }
                    *from += 1;
                    let (intake, gate) = (Arc::clone(&intake), gate.clone());
                    talks.spawn(talk(stream, peer, intake, gate, theirs.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "an SL 651 connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let all = async {
        while let Some(ended) = talks.join_next().await {
            gone(&intake, &mut by_address, ended);
        }
    };
    if tokio::time::timeout(DRAIN_WAIT, all).await.is_err() {
        tracing::warn!("SL 651 connections were still open when their time was over");
    }
}

/// Counts a connection while it is there, however it ends.
struct Counted(Arc<Intake>);

impl Counted {
    fn new(intake: Arc<Intake>) -> Self {
        intake.figures().connections.inc();
        Self(intake)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.figures().connections.dec();
    }
}

async fn talk(
    stream: TcpStream,
    peer: SocketAddr,
    intake: Arc<Intake>,
    gate: Option<Gate>,
    mut stop: watch::Receiver<bool>,
) -> (IpAddr, Ended) {
    let _counted = Counted::new(Arc::clone(&intake));
    // Answers are short, and waited for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "an SL 651 connection answers late");
    }
    let from = peer.to_string();
    let Some(gate) = gate else {
        return (peer.ip(), converse(stream, from, intake, None, stop).await);
    };
    let opened = tokio::select! {
        () = told(&mut stop) => return (peer.ip(), Ended::Ending),
        opened = gate.open(stream) => opened,
    };
    let (stream, named) = match opened {
        Ok((_, named)) if named.unit.is_some() => {
            tracing::warn!(%peer, unit = ?named.unit, "a unit's certificate speaks for no station");
            intake.figures().turned_away.inc();
            return (peer.ip(), Ended::TurnedAway);
        }
        Ok(opened) => opened,
        Err(why) => {
            tracing::info!(%peer, %why, "an SL 651 connection was turned away");
            intake.figures().turned_away.inc();
            return (peer.ip(), Ended::TurnedAway);
        }
    };
    let agency = Some(named.agency.clone());
    let talk = |stop| converse(stream, from, intake, agency, stop);
    (peer.ip(), gate.while_it_holds(&named, &mut stop, talk).await)
}

fn gone(
    intake: &Intake,
    by_address: &mut BTreeMap<IpAddr, usize>,
    ended: Result<(IpAddr, Ended), JoinError>,
) {
    match ended {
        Ok((address, ended)) => {
            tracing::debug!(%address, ?ended, "an SL 651 connection ended");
            if let Some(count) = by_address.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    by_address.remove(&address);
                }
            }
        }
        Err(error) => {
            // Its address stays counted: whoever breaks tasks gets fewer of them.
            intake.figures().broke_off.inc();
            tracing::error!(%error, "an SL 651 connection's task broke off");
        }
    }
}
