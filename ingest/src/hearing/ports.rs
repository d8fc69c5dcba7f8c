//! The ports for stations (SL 651) and units (Cursor-on-Target): plain, over TLS, or both.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::config::StartError;
use crate::admit::Admission;
use crate::cot::listen::{self as cot, CotConfig};
use crate::gate::Gate;
use crate::port::Port;
use crate::seams::Tasks;
use crate::sl651::intake::Intake;
use crate::sl651::listen::{self as sl651, ListenConfig};

/// What every port is opened with.
pub(super) struct Opener {
    pub(super) admission: Admission,
    pub(super) gate: Option<Gate>,
    pub(super) stop: watch::Receiver<bool>,
}

/// The ports for stations, and the intake that they share.
#[derive(Default)]
pub(super) struct Stations {
    pub(super) plain: Option<Port>,
    pub(super) over_tls: Option<Port>,
    pub(super) intake: Option<Arc<Intake>>,
}

impl Opener {
    pub(super) async fn stations(
        &self,
        plain: Option<ListenConfig>,
        over_tls: Option<ListenConfig>,
        data: &Path,
    ) -> Result<Stations, StartError> {
        let Some(first) = plain.as_ref().or(over_tls.as_ref()) else {
            return Ok(Stations::default());
        };
        let fault = |address| move |source| StartError::Sl651 { address, source };
        let intake = Intake::open(self.admission.clone(), data, first.password);
        let intake = Arc::new(intake.map_err(fault(first.address))?);
        let open = async |address: SocketAddr, gate: Option<Gate>| {
            let open = sl651::over(address, Arc::clone(&intake), gate, self.stop.clone()).await;
            open.map_err(fault(address))
        };
        let mut stations = Stations { intake: Some(Arc::clone(&intake)), ..Stations::default() };
        if let Some(port) = plain {
            stations.plain = Some(open(port.address, None).await?);
        }
        if let (Some(port), Some(gate)) = (over_tls, &self.gate) {
            stations.over_tls = Some(open(port.address, Some(gate.clone())).await?);
        }
        Ok(stations)
    }

    pub(super) async fn cot(
        &self,
        plain: Option<CotConfig>,
        over_tls: Option<SocketAddr>,
        tasks: Arc<dyn Tasks>,
    ) -> Result<(Option<Port>, Option<Port>), StartError> {
        let fault = |address| move |source| StartError::Cot { address, source };
        let plain = match plain {
            Some(port) => {
                let (address, tasks, stop) = (port.address, tasks.clone(), self.stop.clone());
                let open = cot::open(port, self.admission.clone(), tasks, stop).await;
                Some(open.map_err(fault(address))?)
            }
            None => None,
        };
        let over_tls = match (over_tls, &self.gate) {
            (Some(address), Some(gate)) => {
                let (gate, stop) = (gate.clone(), self.stop.clone());
                let admission = self.admission.clone();
                let open = cot::behind(address, gate, admission, tasks, stop).await;
                Some(open.map_err(fault(address))?)
            }
            _ => None,
        };
        Ok((plain, over_tls))
    }
}
