//! What goes down to clients: tasks to units, notes to agencies.

use bytes::Bytes;

use crate::principal::Principal;
use crate::topics::Filter;

/// One message down to whoever is subscribed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downlink {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub body: Bytes,
    /// The outbox's number for it: greater for later messages, and the same when it is sent again.
    pub key: u64,
    /// It is the standing state of its topic: one that comes from [`Outbox::resume`] carries the
    /// RETAIN flag.
    pub retain: bool,
    /// The outbox has it: a connection that has no room for it is closed, and gets it when it comes
    /// back. One that nobody keeps is left out there instead.
    pub kept: bool,
}

/// Holds what has to reach clients until it has. It outlives the process, the edge does not: there
/// is no broker's session store, and a client that comes back subscribes again.
///
/// Both methods are called from the connection's task and answer from memory.
pub trait Outbox: Send + Sync + 'static {
    /// What this principal has not yet had under this filter, and standing state under it: those
    /// with `key > after`, in order of key, `limit` of them at most. The edge asks on SUBSCRIBE,
    /// and again with the last key whenever it got `limit`.
    fn resume(
        &self,
        principal: &Principal,
        filter: &Filter,
        after: Option<u64>,
        limit: usize,
    ) -> Vec<Downlink>;

    /// A client of this principal has acknowledged the message (or, with a QoS 0 subscription, it
    /// has been written out).
    fn delivered(&self, principal: &Principal, key: u64);
}
