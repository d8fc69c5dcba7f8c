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

pub use admit::{Admit, BoxPending, Counts, Packet, Qos, Verdict};
pub use close::CloseReason;
pub use downlink::{Downlink, Outbox};
pub use limits::*;
pub use principal::{Claim, Deny, Directory, Principal, Protocol, Who};
pub use serve::{EdgeHandle, Listening, serve};
pub use stats::EdgeStats;
pub use topics::{Filter, TOPIC_LEVELS_MAX, TOPIC_MAX_BYTES, TopicError, check_topic};
