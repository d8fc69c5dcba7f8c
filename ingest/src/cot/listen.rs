//! The port: takes connections in, at most so many, each in a task of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::AgencyId;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::session::{Ended, Intake, converse, told};
use crate::admit::Admission;
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
        let intake = Arc::new(Intake { admission, tasks, agency: config.agency });
        let task = tokio::spawn(accept(listener, intake, stop));
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

async fn accept(listener: TcpListener, intake: Arc<Intake>, mut stop: watch::Receiver<bool>) {
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
                    talks.spawn(converse(stream, Arc::clone(&intake), theirs.clone()));
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
