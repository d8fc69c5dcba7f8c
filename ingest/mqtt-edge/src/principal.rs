//! Who is on the other end: the claim of a CONNECT, and the principal a credential stands for.
//! Identity comes from the credential, never from a payload.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use domain::ids::{AgencyId, UnitId};
use tls::ClientCertificate;

use crate::topics::Filter;

/// The revision of the protocol that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// MQTT 3.1.1 (protocol level 4).
    V311,
    /// MQTT 5 (protocol level 5).
    V5,
}

/// Whom a credential stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A department or station operator that pushes feeds.
    Agency(AgencyId),
    /// A field unit that takes tasks and reports on them.
    Unit(UnitId),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Agency(id) => write!(f, "agency {id}"),
            Who::Unit(id) => write!(f, "unit {id}"),
        }
    }
}

/// An authenticated client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whom the credential stands for.
    pub who: Who,
    /// The MQTT client identifier. It names a connection *within* `who`: a takeover by the same
    /// identifier never crosses from one agency to another.
    pub client_id: String,
    /// The id of the credential it came in by, no secret: when it ends, the connection is ended
    /// ([`EdgeHandle::show_out`](crate::EdgeHandle::show_out)).
    pub credential: Arc<str>,
}

/// What a CONNECT claims, before anyone has looked at it. Its password does not appear in `Debug`.
#[derive(Clone)]
pub struct Claim {
    /// The client identifier; one of the edge's own making when the client left it empty.
    pub client_id: String,
    /// User name, if given.
    pub user: Option<String>,
    /// Password, if given.
    pub password: Option<Bytes>,
    /// The revision of the protocol.
    pub protocol: Protocol,
    /// The address the connection comes from.
    pub peer: SocketAddr,
    /// The certificate it showed over TLS; its signature has been checked.
    pub certificate: Option<Arc<ClientCertificate>>,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("protocol", &self.protocol)
            .field("peer", &self.peer)
            .field("certificate", &self.certificate.as_ref().map(|shown| &shown.names))
            .finish()
    }
}

/// Why a claim is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Deny {
    /// Unknown user or wrong password.
    #[error("unknown user or wrong password")]
    BadCredentials,
    /// The credential is good, but not for this client identifier or this door.
    #[error("the credential is not good for this client")]
    NotAuthorized,
    /// Nobody can be authenticated just now: the client may try again.
    #[error("authentication is not available")]
    Unavailable,
}

/// Knows credentials and rights. Shared by all connections.
pub trait Directory: Send + Sync + 'static {
    /// Judges a claim. Slow work (a password hash) belongs on a blocking pool; the connection
    /// waits no longer than [`EdgeConfig::connect_timeout`](crate::EdgeConfig::connect_timeout).
    fn authenticate(&self, claim: Claim) -> impl Future<Output = Result<Principal, Deny>> + Send;

    /// The most connections this principal may have; `None`: the edge's own bound.
    fn connections_max(&self, principal: &Principal) -> Option<usize> {
        let _ = principal;
        None
    }

    /// Whether the principal may publish to this topic (asked for wills too, at CONNECT). Called
    /// for every PUBLISH, so it answers from memory.
    fn may_publish(&self, principal: &Principal, topic: &str) -> bool;

    /// Whether the principal may subscribe to this filter. The filter is well-formed and no shared
    /// subscription; it may hold wildcards, so it is the filter as a whole that must be allowed.
    fn may_subscribe(&self, principal: &Principal, filter: &Filter) -> bool;
}
