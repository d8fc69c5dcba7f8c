//! TLS before any listener: the platform's certificate from files, taken over when they change
//! without a connection being dropped; whom a client's certificate names; and a [`Door`] that a
//! listener of any protocol opens its connections through; and the way [`Outward`]. The only place that names the toolkit
//! (rustls, with ring).
//!
//! Read in this order: [`Certificates`] (files and their reload), [`Door`] (before a listener),
//! [`Stream`] (what comes of it), [`ClientCertificate`] (who is on the other end).

mod about;
mod certificates;
mod door;
mod outward;
mod stream;

pub use about::{AboutError, ClientCertificate, NAMES_MAX};
pub use certificates::{Certificates, Clients, Reload, State, TlsError, TlsFiles};
pub use door::{Acceptor, Door, HANDSHAKE_WITHIN, HandshakeError};
pub use outward::{Outward, ROOTS_MAX_BYTES, SYSTEM_ROOTS};
pub use stream::Stream;
