//! The one way in: a packet is handed over, and the verdict on it decides the acknowledgement.
//!
//! Stop 1 of the path of an observation (heard) ends here; the next is decoding and admission,
//! which live behind [`Admit`].

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use domain::refusal::Reason;

use crate::close::CloseReason;
use crate::principal::{Principal, Who};

/// Quality of service, as the client asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qos {
    /// 0: no acknowledgement.
    AtMostOnce,
    /// 1: acknowledged.
    AtLeastOnce,
    /// 2: acknowledged, and taken once per handshake.
    ExactlyOnce,
}

/// One application message from a client, after the protocol, the topic's form and the sender's
/// right to the topic have been checked. Its content has not.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Who sent it.
    pub who: Arc<Principal>,
    /// The topic it was published to (a v5 alias is already resolved).
    pub topic: Arc<str>,
    /// The payload. It shares no memory with other packets, so that keeping it keeps only it.
    pub body: Bytes,
    /// Quality of service.
    pub qos: Qos,
    /// The client says that it may have sent this before.
    pub dup: bool,
    /// The client asked for it to be retained. The edge retains nothing from clients.
    pub retain: bool,
    /// It is the will of a client whose connection ended without a DISCONNECT.
    pub will: bool,
}

/// What became of a packet's items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// New ones.
    pub accepted: usize,
    /// Known already.
    pub duplicate: usize,
    /// Refused or kept aside.
    pub refused: usize,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, and durable.
    Stored,
    /// Known already, and durable.
    Duplicate,
    /// Kept aside, and durable.
    Quarantined,
    /// Some of its items were known already or refused, and all of that is durable. Acknowledged;
    /// v5 clients that want to know get the counts as user properties.
    Counted(Counts),
    /// Refused for its content, and the refusal is durable: acknowledged, or the client would send
    /// it again for ever. v5 clients get reason 0x99 (or a nearer one) with the reason's word.
    Refused {
        /// Why.
        reason: Reason,
        /// The particulars, in words.
        detail: String,
    },
    /// The sender may not do this: v5 gets reason 0x87, a v3.1.1 connection is closed, since that
    /// revision has no negative acknowledgement.
    AccessRefused,
    /// It could not be made durable: no acknowledgement, and the connection is closed, so that the
    /// client sends it again later.
    Unavailable,
}

/// Takes packets. Shared by all connections.
///
/// [`admit`](Admit::admit) is called in the order in which a connection's packets were read, and
/// what it does before it returns is done in that order: submit to the journal *there*. The
/// futures it returns are then driven side by side, and acknowledgements leave in the order of the
/// packets (MQTT-4.6.0-2), whichever future is ready first.
///
/// A future may be dropped when its connection ends; what was submitted must stay submitted.
pub trait Admit: Send + Sync + 'static {
    /// The wait for the verdict. [`BoxPending`] where the type cannot be named.
    type Pending: Future<Output = Verdict> + Send + 'static;

    /// A frame was not taken, and its sender's connection is closed for it: too large, or against the
    /// protocol. To be counted; nobody waits for what comes of it.
    fn broken(&self, who: &Who, reason: CloseReason) {
        let _ = (who, reason);
    }

    /// A packet was refused before it was handed over: its topic has no good form, or is not its
    /// sender's to publish to. To be counted; nobody waits for what comes of it.
    fn denied(&self, who: &Who, topic: &str, reason: Reason) {
        let _ = (who, topic, reason);
    }

    /// Takes one packet; must not block.
    fn admit(&self, packet: Packet) -> Self::Pending;
}

/// A boxed wait for a verdict.
pub type BoxPending = std::pin::Pin<Box<dyn Future<Output = Verdict> + Send>>;
