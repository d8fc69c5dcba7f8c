//! Before a port with TLS whose protocol has no credential (SL 651, Cursor-on-Target): the client
//! shows a certificate, which names its agency or unit. Before it: [`tls`] (the handshake). After it:
//! [`crate::sl651::session`] and [`crate::cot::session`] (heard).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::{AgencyId, UnitId};
use tls::{Acceptor, HandshakeError, Stream};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::admit::Admission;
use crate::port::told;
use crate::seams::{Credentials, Who};

/// How often it is asked whether the credential of an open connection still holds.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The most connections of one agency, its units included, where its registry entry allows no fewer.
pub const AGENCY_CONNECTIONS_MAX: usize = 1_024;

/// Whom a client's certificate names.
#[derive(Debug, Clone)]
pub struct Named {
    /// The agency: what the connection brings is its own.
    pub agency: AgencyId,
    /// The one unit that the certificate is for, where it is a unit's.
    pub unit: Option<UnitId>,
    credential: Arc<str>,
    _place: Arc<Place>,
}

type Places = Arc<Mutex<BTreeMap<AgencyId, usize>>>;

/// One of an agency's places, taken for as long as it is there.
#[derive(Debug)]
struct Place {
    places: Places,
    agency: AgencyId,
}

impl Place {
    /// Takes a place; `None` where all `most` are taken.
    fn take(places: &Places, agency: &AgencyId, most: usize) -> Option<Arc<Self>> {
        let mut open = places.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(agency.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Arc::new(Self { places: Arc::clone(places), agency: agency.clone() }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.agency) {
            *count -= 1;
        }
    }
}

/// Why a connection is turned away.
#[derive(Debug, thiserror::Error)]
pub enum TurnedAway {
    /// The handshake: no TLS, no certificate, or one of another authority.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The certificate names nobody of the city's.
    #[error("the certificate names neither an agency nor a unit: {0:?}")]
    Nobody(Vec<String>),
    /// It was revoked.
    #[error("the certificate of {0} was revoked")]
    Revoked(String),
    /// Its agency has as many connections as it may.
    #[error("{0} has its {1} connections already")]
    TooMany(AgencyId, usize),
}

/// See the module. Clones are the same.
#[derive(Clone)]
pub struct Gate {
    acceptor: Acceptor,
    credentials: Arc<dyn Credentials>,
    admission: Admission,
    places: Places,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate whose acceptor asks for certificates.
    pub fn new(
        acceptor: Acceptor,
        credentials: Arc<dyn Credentials>,
        admission: Admission,
    ) -> Self {
        Self { acceptor, credentials, admission, places: Places::default() }
    }

    /// Does the handshake, and finds out who is there: by the certificate's first name, the common
    /// name where it has one.
    ///
    /// # Errors
    /// [`TurnedAway`].
    pub async fn open(&self, tcp: TcpStream) -> Result<(Stream, Named), TurnedAway> {
        let (stream, shown) = self.acceptor.open(tcp).await?;
        let nobody = || TurnedAway::Nobody(shown.iter().flat_map(|s| s.names.clone()).collect());
        let shown_here = shown.as_ref().ok_or_else(nobody)?;
        let name = shown_here.names.first().ok_or_else(nobody)?;
        let register = self.admission.register();
        let agency = AgencyId::new(name).ok().filter(|id| register.agency(id).is_some());
        let (who, agency, unit) = match agency {
            Some(agency) => (Who::Agency(agency.clone()), agency, None),
            None => {
                let unit = UnitId::new(name).map_err(|_| nobody())?;
                let agency = register.unit(&unit).ok_or_else(nobody)?.clone();
                (Who::Unit(unit.clone()), agency, Some(unit))
            }
        };
        let credential = self.credentials.certificate(&who, shown_here);
        let credential = credential.ok_or_else(|| TurnedAway::Revoked(name.clone()))?;
        let own = register.agency(&agency).and_then(|rights| rights.connections_max);
        let own = own.map_or(AGENCY_CONNECTIONS_MAX, |most| most as usize);
        let most = own.min(AGENCY_CONNECTIONS_MAX);
        let place = Place::take(&self.places, &agency, most);
        let place = place.ok_or_else(|| TurnedAway::TooMany(agency.clone(), most))?;
        Ok((stream, Named { agency, unit, credential, _place: place }))
    }

    /// Talks with a client until the talk ends; `stop`, or the credential's end, tells the talk to.
    pub async fn while_it_holds<F, T>(
        &self,
        named: &Named,
        stop: &mut watch::Receiver<bool>,
        talk: impl FnOnce(watch::Receiver<bool>) -> F,
    ) -> T
    where
        F: Future<Output = T>,
    {
        let (end, theirs) = watch::channel(false);
        let talk = talk(theirs);
        tokio::pin!(talk);
        let ends = async {
            tokio::select! {
                () = self.lapsed(named) => {
                    tracing::info!(agency = %named.agency, "a certificate was revoked: its connection is closed");
                }
                () = told(stop) => {}
            }
        };
        tokio::select! {
            biased;
            ended = &mut talk => return ended,
            () = ends => end.send_replace(true),
        };
        talk.await
    }

    async fn lapsed(&self, named: &Named) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            if !self.credentials.holds(&named.credential) {
                return;
            }
        }
    }
}
