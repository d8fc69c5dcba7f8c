//! What telemetry by SL 651 counts beside the items that it brings.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What became of a frame. Every frame and every piece of bytes that is none has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// New: what it brought is durable.
    Accepted,
    /// Known by address, function, serial number, time and content.
    Duplicate,
    /// Refused as a whole.
    Refused,
    /// A test, kept in the journal of tests.
    Test,
    /// 链路维持报.
    KeepAlive,
    /// A packet of a message that is not whole yet.
    Packet,
    /// Not taken and not answered: the journal took nothing, or the agency was over its rate.
    Unanswered,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Fate::Accepted => "accepted",
            Fate::Duplicate => "duplicate",
            Fate::Refused => "refused",
            Fate::Test => "test",
            Fate::KeepAlive => "keep_alive",
            Fate::Packet => "packet",
            Fate::Unanswered => "unanswered",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// The counters. Shared.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    frames: Family<Outcome, Counter>,
    /// Values that feed no datastream.
    pub unmapped: Counter,
    /// Values that a station said are missing.
    pub missing: Counter,
    /// Connections that are open.
    pub connections: Gauge,
    /// Connections that were turned away.
    pub turned_away: Counter,
    /// Connections whose task broke off.
    pub broke_off: Counter,
}

impl Figures {
    /// Counts a frame.
    pub fn frame(&self, fate: Fate) {
        self.frames.get_or_create(&Outcome { outcome: fate.word() }).inc();
    }

    /// How many frames had this fate.
    pub fn frames(&self, fate: Fate) -> u64 {
        self.frames.get_or_create(&Outcome { outcome: fate.word() }).get()
    }

    /// Puts the counters into the page at `/metrics`.
    pub fn register(&self, page: &mut Registry) {
        let frames = self.frames.clone();
        page.register("fenghuo_sl651_frames", "SL 651 frames by what became of them", frames);
        page.register(
            "fenghuo_sl651_unmapped",
            "SL 651 values that feed no datastream",
            self.unmapped.clone(),
        );
        page.register(
            "fenghuo_sl651_missing",
            "SL 651 values that the station says are missing",
            self.missing.clone(),
        );
        page.register(
            "fenghuo_sl651_connections",
            "SL 651 connections that are open",
            self.connections.clone(),
        );
        page.register(
            "fenghuo_sl651_turned_away",
            "SL 651 connections turned away because there were too many",
            self.turned_away.clone(),
        );
        page.register(
            "fenghuo_sl651_broke_off",
            "SL 651 connections whose task broke off",
            self.broke_off.clone(),
        );
    }
}
