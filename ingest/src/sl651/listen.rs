//! The port: telemetry stations and relays of them, at the plain port or behind a gate with TLS.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::intake::Intake;
use super::session::{Ended, converse};
use crate::admit::Admission;
use crate::gate::Gate;
use crate::port::{Bounds, Kind, Mishap, Port, told};

/// The port's name and bounds.
pub const KIND: Kind = Kind { name: "SL 651", bounds: Bounds { all: 2_048, of_one_address: 512 } };

/// How the port is opened.
#[derive(Debug, Clone)]
pub struct ListenConfig {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// The password that every frame must carry, where it is checked.
    pub password: Option<u16>,
}

/// Opens the plain port with an intake of its own.
///
/// # Errors
/// The address cannot be had, or the folder for attachments not be made.
pub async fn open(
    config: ListenConfig,
    admission: Admission,
    data: &Path,
    stop: watch::Receiver<bool>,
) -> io::Result<Port> {
    let intake = Arc::new(Intake::open(admission, data, config.password)?);
    over(config.address, intake, None, stop).await
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
) -> io::Result<Port> {
    let (counted, ending) = (Arc::clone(&intake), stop.clone());
    let talk =
        move |stream, peer| talk(stream, peer, Arc::clone(&intake), gate.clone(), ending.clone());
    let count = move |mishap| {
        let figures = counted.figures();
        let counter = match mishap {
            Mishap::TurnedAway => &figures.turned_away,
            Mishap::BrokeOff => &figures.broke_off,
        };
        counter.inc();
    };
    Port::open(KIND, address, stop, talk, count).await
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
) -> Ended {
    let _counted = Counted::new(Arc::clone(&intake));
    // Answers are short, and waited for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "an SL 651 connection answers late");
    }
    let from = peer.to_string();
    let Some(gate) = gate else {
        return converse(stream, from, intake, None, stop).await;
    };
    let opened = tokio::select! {
        () = told(&mut stop) => return Ended::Ending,
        opened = gate.open(stream) => opened,
    };
    let (stream, named) = match opened {
        Ok((_, named)) if named.unit.is_some() => {
            tracing::warn!(%peer, unit = ?named.unit, "a unit's certificate speaks for no station");
            intake.figures().turned_away.inc();
            return Ended::TurnedAway;
        }
        Ok(opened) => opened,
        Err(why) => {
            tracing::info!(%peer, %why, "an SL 651 connection was turned away");
            intake.figures().turned_away.inc();
            return Ended::TurnedAway;
        }
    };
    let agency = Some(named.agency.clone());
    let talk = |stop| converse(stream, from, intake, agency, stop);
    gate.while_it_holds(&named, &mut stop, talk).await
}
