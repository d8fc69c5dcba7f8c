//! The port: takes connections in, at most so many, each in a task of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::AgencyId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::session::{Ended, Intake, converse, told};
use crate::admit::Admission;
use crate::gate::Gate;
use crate::seams::Tasks;

/// The most connections at one time.
pub const CONNECTIONS_MAX: usize = 512;
/// After a connection could not be taken (no file descriptors) none is for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long conversations may take to end.
const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// How the port is opened.
#[derive(Debug, Clone)]
pub struct CotConfig {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Whose the port is: whoever reaches it speaks for this agency's units.
    pub agency: AgencyId,
}

/// The port, open.
#[derive(Debug)]
pub struct CotPort {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl CotPort {
    /// Opens the port.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start(
        config: CotConfig,
        admission: Admission,
        tasks: Arc<dyn Tasks>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(config.address).await?;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, agency = %config.agency, "CoT has no credential: whoever reaches this port speaks for the agency's units");
        }
        let intake = Arc::new(Intake { admission, tasks, agency: config.agency, only: None });
        let task = tokio::spawn(accept(listener, Way::Plain(intake), stop));
        Ok(Self { address, task })
    }

    /// Opens a port with TLS: a client's certificate names the agency whose units, or the one unit,
    /// that it speaks for.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn behind(
        address: SocketAddr,
        gate: Gate,
        admission: Admission,
        tasks: Arc<dyn Tasks>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, Way::Gate(gate, admission, tasks), stop));
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
            tracing::error!("the CoT port broke off");
        }
    }
}

/// How a connection comes in.
#[derive(Clone)]
enum Way {
    /// As the port's agency.
    Plain(Arc<Intake>),
    /// As whom its certificate names.
    Gate(Gate, Admission, Arc<dyn Tasks>),
}

async fn talk(stream: TcpStream, way: Way, mut stop: watch::Receiver<bool>) -> Ended {
    let (gate, admission, tasks) = match way {
        Way::Plain(intake) => return converse(stream, intake, stop).await,
        Way::Gate(gate, admission, tasks) => (gate, admission, tasks),
    };
    let opened = tokio::select! {
        () = told(&mut stop) => return Ended::Ending,
        opened = gate.open(stream) => opened,
    };
    let (stream, named) = match opened {
        Ok(opened) => opened,
        Err(why) => {
            tracing::info!(%why, "a CoT connection was turned away");
            return Ended::TurnedAway;
        }
    };
    let (agency, only) = (named.agency.clone(), named.unit.clone());
    let intake = Arc::new(Intake { admission, tasks, agency, only });
    gate.while_it_holds(&named, &mut stop, |stop| converse(stream, intake, stop)).await
}

async fn accept(listener: TcpListener, way: Way, mut stop: watch::Receiver<bool>) {
    let mut talks: JoinSet<Ended> = JoinSet::new();
    let theirs = stop.clone();
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => break,
            Some(ended) = talks.join_next() => tracing::debug!(?ended, "a CoT connection ended"),
            taken = listener.accept() => match taken {
                Ok((_, peer)) if talks.len() >= CONNECTIONS_MAX => {
                    tracing::warn!(%peer, "a CoT connection was turned away: there are too many");
                }
                Ok((stream, _)) => {
                    talks.spawn(talk(stream, way.clone(), theirs.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a CoT connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let all = async { while talks.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_WAIT, all).await.is_err() {
        tracing::warn!("CoT connections were still open when their time was over");
    }
}
