//! The port: whoever reaches it, or whom a client's certificate names, speaks for an agency's units.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use domain::ids::AgencyId;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::session::{Ended, Intake, converse};
use crate::admit::Admission;
use crate::gate::Gate;
use crate::port::{Bounds, Kind, Mishap, Port, told};
use crate::seams::Tasks;

/// The port's name and bounds.
pub const KIND: Kind = Kind { name: "CoT", bounds: Bounds { all: 2_048, of_one_address: 512 } };

/// How the port is opened.
#[derive(Debug, Clone)]
pub struct CotConfig {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Whose the port is: whoever reaches it speaks for this agency's units.
    pub agency: AgencyId,
}

/// One too many, or broken off, is in the log alone.
fn logged(_: Mishap) {}

/// Opens the plain port.
///
/// # Errors
/// The address cannot be had.
pub async fn open(
    config: CotConfig,
    admission: Admission,
    tasks: Arc<dyn Tasks>,
    stop: watch::Receiver<bool>,
) -> io::Result<Port> {
    let agency = config.agency.clone();
    let intake = Arc::new(Intake { admission, tasks, agency: config.agency, only: None });
    let ending = stop.clone();
    let talk = move |stream, _| converse(stream, Arc::clone(&intake), ending.clone());
    let port = Port::open(KIND, config.address, stop, talk, logged).await?;
    let address = port.address();
    if !address.ip().is_loopback() {
        tracing::warn!(%address, %agency, "CoT has no credential: whoever reaches this port speaks for the agency's units");
    }
    Ok(port)
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
) -> io::Result<Port> {
    let ending = stop.clone();
    let talk = move |stream, _| {
        let both = (admission.clone(), Arc::clone(&tasks));
        certified(stream, gate.clone(), both, ending.clone())
    };
    Port::open(KIND, address, stop, talk, logged).await
}

async fn certified(
    stream: TcpStream,
    gate: Gate,
    (admission, tasks): (Admission, Arc<dyn Tasks>),
    mut stop: watch::Receiver<bool>,
) -> Ended {
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
