//! What the edge counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::close::CloseReason;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters as they run. Relaxed: each is right, together they are of one moment only
        /// when nothing moves.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
            closed: [AtomicU64; CloseReason::ALL.len()],
        }

        /// The counters of one moment. All but the gauges only grow.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct EdgeStats {
            $($(#[$doc])* pub $name: u64,)*
            closed: Vec<u64>,
        }

        /// What one connection has counted since it last told.
        #[derive(Debug, Default)]
        pub(crate) struct Tally { $(pub(crate) $name: u64,)* }

        impl Tally {
            /// Adds to the shared counters what is not nought, and begins again.
            pub(crate) fn tell(&mut self, counters: &Counters) {
                $(if self.$name != 0 {
                    counters.$name.fetch_add(std::mem::take(&mut self.$name), Ordering::Relaxed);
                })*
            }
        }

        impl Counters {
            pub(crate) fn snapshot(&self) -> EdgeStats {
                EdgeStats {
                    $($name: self.$name.load(Ordering::Relaxed),)*
                    closed: self.closed.iter().map(|c| c.load(Ordering::Relaxed)).collect(),
                }
            }
        }

        impl EdgeStats {
            /// Every counter and gauge with its name, for a metrics page; `closed` apart.
            pub fn each(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counters! {
    /// Connections accepted.
    accepted,
    /// Connections open (gauge).
    open,
    /// Connections whose CONNECT was accepted (gauge).
    connected,
    /// `accept` failed (out of file descriptors, for one).
    accept_errors,
    /// Bytes read.
    bytes_in,
    /// Bytes written.
    bytes_out,
    /// PUBLISH packets taken at QoS 0.
    publishes_qos0,
    /// PUBLISH packets taken at QoS 1.
    publishes_qos1,
    /// PUBLISH packets taken at QoS 2.
    publishes_qos2,
    /// PUBLISH packets of those with the DUP flag.
    publishes_dup,
    /// QoS 2 packets sent again within their handshake and therefore not taken twice.
    qos2_repeats,
    /// PUBLISH packets that asked to be retained, which is not done for clients.
    retain_ignored,
    /// Wills taken.
    wills,
    /// Acknowledgements written: PUBACK and PUBREC.
    acks,
    /// Packets refused for their content.
    refused,
    /// Packets and filters refused for access or form, without closing the connection.
    access_refused,
    /// Messages that wait for a verdict (gauge).
    inflight_messages,
    /// Bytes that wait for a verdict (gauge).
    inflight_bytes,
    /// Times a connection was left unread because too much was in flight.
    throttled,
    /// Downlinks written.
    downlinks_sent,
    /// Downlinks acknowledged.
    downlinks_delivered,
    /// Downlinks not sent because the client takes no packet that large.
    downlinks_too_large,
    /// Downlinks that nobody keeps and that found the client's queue full.
    downlinks_left_out,
    /// Connections taken over by the same client identifier.
    takeovers,
    /// Connection tasks ended by a fault of ours.
    panics,
}

impl Counters {
    pub(crate) fn closed(&self, reason: CloseReason) {
        if let Some(slot) = self.closed.get(reason as usize) {
            slot.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl EdgeStats {
    /// Those of [`EdgeStats::each`] that go up and down.
    pub const GAUGES: [&'static str; 4] =
        ["open", "connected", "inflight_messages", "inflight_bytes"];

    /// Connections closed for this reason.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed.get(reason as usize).copied().unwrap_or(0)
    }

    /// Connections closed, for any reason.
    pub fn closed_total(&self) -> u64 {
        self.closed.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::EdgeStats;

    #[test]
    fn every_gauge_is_there() {
        let names: Vec<_> = EdgeStats::default().each().into_iter().map(|(name, _)| name).collect();
        for gauge in EdgeStats::GAUGES {
            assert!(names.contains(&gauge), "{gauge} in {names:?}");
        }
    }
}
