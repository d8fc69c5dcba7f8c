//! What hearing counts, by agency, channel and reason, and the state of every feed. A refusal is
//! logged, counted and told from one typed event ([`domain::refusal::Refusal`]).

mod figures;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};
use domain::time::UtcMs;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use figures::Windows;
pub use figures::{Figures, RATE_MINUTES, Timing};

/// One feed's state: an agency by one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedState {
    /// New and durable, since the start.
    pub accepted: u64,
    /// Known already, since the start.
    pub duplicate: u64,
    /// Refused, since the start; not those that were quarantined.
    pub refused: u64,
    /// Dated ahead and kept aside, since the start.
    pub quarantined: u64,
    /// When it was last heard, by the platform's clock.
    pub heard: Option<UtcMs>,
    /// The newest event time that was accepted.
    pub frontier: Option<UtcMs>,
}

impl FeedState {
    /// Everything that was sent.
    pub fn sent(&self) -> u64 {
        self.accepted + self.duplicate + self.refused + self.quarantined
    }
}

/// What one append brings to the counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// New ones.
    pub accepted: u64,
    /// Known ones.
    pub duplicate: u64,
    /// Refused and quarantined ones, by reason, in the order they came.
    pub refused: Vec<Reason>,
    /// How late and how far ahead they are.
    pub timing: Timing,
    /// The newest event time of the new ones.
    pub frontier: Option<UtcMs>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Heard {
    agency: String,
    channel: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    agency: String,
    channel: &'static str,
    reason: &'static str,
}

/// One feed's state with its counters at hand: they are found once, not for every packet.
#[derive(Debug)]
struct Feed {
    state: FeedState,
    windows: Windows,
    accepted: Counter,
    duplicate: Counter,
    refused: Counter,
    quarantined: Counter,
}

/// The counters. Shared.
#[derive(Debug, Default)]
pub struct Telemetry {
    feeds: Mutex<BTreeMap<(AgencyId, &'static str), Feed>>,
    by_reason: Mutex<BTreeMap<&'static str, u64>>,
    heard: Family<Heard, Counter>,
    refused: Family<Refused, Counter>,
    clock_steps: Counter,
    unavailable: Counter,
    /// What telemetry by SL 651 counts besides.
    pub sl651: crate::sl651::figures::Figures,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Telemetry {
    /// Puts the counters into the page at `/metrics`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "fenghuo_heard",
            "Observations and reports by agency, channel and outcome",
            self.heard.clone(),
        );
        registry.register(
            "fenghuo_refused",
            "Refused and quarantined items by agency, channel and reason",
            self.refused.clone(),
        );
        registry.register(
            "fenghuo_clock_steps_back",
            "Ticks while the machine's clock was behind the platform's now",
            self.clock_steps.clone(),
        );
        registry.register(
            "fenghuo_heard_unavailable",
            "Packets and requests that could not be made durable and were not acknowledged",
            self.unavailable.clone(),
        );
        self.sl651.register(registry);
    }

    /// Counts what has become durable.
    pub fn count(&self, agency: &AgencyId, channel: Channel, now: UtcMs, tally: &Tally) {
        let aside = |reason: &&Reason| **reason == Reason::FutureDated;
        let quarantined = tally.refused.iter().filter(aside).count() as u64;
        let refused = tally.refused.len() as u64 - quarantined;
        {
            let mut feeds = held(&self.feeds);
            let name = (agency.clone(), channel.wire());
            let feed = feeds.entry(name).or_insert_with(|| self.feed(agency, channel));
            feed.state.accepted += tally.accepted;
            feed.state.duplicate += tally.duplicate;
            feed.state.refused += refused;
            feed.state.quarantined += quarantined;
            feed.state.heard = feed.state.heard.max(Some(now));
            feed.state.frontier = feed.state.frontier.max(tally.frontier);
            feed.accepted.inc_by(tally.accepted);
            feed.duplicate.inc_by(tally.duplicate);
            feed.refused.inc_by(refused);
            feed.quarantined.inc_by(quarantined);
            let messages = tally.accepted + tally.duplicate + refused + quarantined;
            feed.windows.add(now, messages, &tally.timing);
        }
        for reason in &tally.refused {
            let reason = reason.wire();
            *held(&self.by_reason).entry(reason).or_default() += 1;
            let label = Refused { agency: agency.to_string(), channel: channel.wire(), reason };
            self.refused.get_or_create(&label).inc();
        }
    }

    fn feed(&self, agency: &AgencyId, channel: Channel) -> Feed {
        let counter = |outcome| {
            let label = Heard { agency: agency.to_string(), channel: channel.wire(), outcome };
            self.heard.get_or_create(&label).clone()
        };
        Feed {
            state: FeedState::default(),
            windows: Windows::default(),
            accepted: counter("accepted"),
            duplicate: counter("duplicate"),
            refused: counter("refused"),
            quarantined: counter("quarantined"),
        }
    }

    pub(crate) fn clock_went_back(&self) {
        self.clock_steps.inc();
    }

    pub(crate) fn not_durable(&self) {
        self.unavailable.inc();
    }

    /// Every feed heard since the start: `(agency, channel)`, state.
    pub fn feeds(&self) -> Vec<((AgencyId, &'static str), FeedState)> {
        held(&self.feeds).iter().map(|(name, feed)| (name.clone(), feed.state.clone())).collect()
    }

    /// The same feeds with their last hour, as of `now`.
    pub fn figures(&self, now: UtcMs) -> Vec<((AgencyId, &'static str), Figures)> {
        let feeds = held(&self.feeds);
        feeds.iter().map(|(name, feed)| (name.clone(), feed.windows.figures(now))).collect()
    }

    /// Refused items by reason, since the start.
    pub fn by_reason(&self) -> BTreeMap<&'static str, u64> {
        held(&self.by_reason).clone()
    }
}
