//! The embedded MQTT 3.1.1 and 5 endpoint with its small hub: the only place that names the
//! protocol toolkit (see `ADR-0001-toolkit.md`).
//!
//! It is an edge, not a broker: agencies publish and units report *up*, through [`Admit`], and
//! tasks and notes go *down*, from the [`Outbox`]. What one client publishes never goes to another.
//! A packet is acknowledged when its [`Verdict`] says that it is durable, and not before.
//!
//! Read in this order: [`serve`] (the door), [`Directory`] (who may do what), [`Admit`] (the way
//! in), [`Downlink`] and [`Outbox`] (the way out), [`EdgeConfig`] (every bound), [`EdgeStats`].

mod admit;
mod close;
mod connect;
mod connection;
mod downlink;
mod downstream;
mod encode;
mod handshake;
mod hub;
mod inflight;
mod limits;
mod packets;
mod principal;
mod serve;
mod session;
mod stats;
mod topics;
mod upstream;
mod wire;

/// How many packets can be read in what a client sends from its CONNECT on, up to the first fault:
/// the way of the bytes alone, for tests of damage and fuzzing. [`serve`] reads them so.
pub fn decode(bytes: &[u8]) -> usize {
    let Ok(Some(first)) = wire::frame(bytes, CONNECT_PACKET_MAX_BYTES) else { return 0 };
    let Ok(protocol) = wire::check_connect(first.body) else { return 0 };
    if first.first != wire::kind::CONNECT << 4 || connect::decode(first.body, protocol).is_none() {
        return 0;
    }
    let (mut read, mut rest) = (1, bytes.get(first.total..).unwrap_or_default());
    while let Ok(Some(frame)) = wire::frame(rest, PACKET_MAX_BYTES) {
        let checked = wire::check_first(frame.first, protocol)
            .and_then(|()| wire::check_body(&frame, protocol))
            .and_then(|()| packets::decode(&frame, protocol));
        if checked.is_err() {
            break;
        }
        read += 1;
        rest = rest.get(frame.total..).unwrap_or_default();
    }
    read
}

pub use admit::{Admit, BoxPending, Counts, Packet, Qos, Verdict};
pub use close::CloseReason;
pub use downlink::{Downlink, Outbox};
pub use limits::*;
pub use principal::{Claim, Deny, Directory, Principal, Protocol, Who};
pub use serve::{EdgeHandle, Listening, serve};
pub use stats::EdgeStats;
pub use topics::{Filter, TOPIC_LEVELS_MAX, TOPIC_MAX_BYTES, TopicError, check_topic};
