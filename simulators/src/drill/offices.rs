//! Weather, hydrology and sea offices: they publish official signals, each through its own feed.

use std::sync::Arc;

use domain::report::OfficialSignal;
use domain::time::UtcMs;

use super::{Feeds, Timeline};
use crate::feed::{FeedError, Kind};
use crate::scenario::Scenario;

/// The offices of a scenario.
pub struct Offices {
    scenario: Arc<Scenario>,
    /// Signals published so far, in the order of their hours.
    next: usize,
    order: Vec<usize>,
}

impl Offices {
    /// Those of a scenario. What was published before the run's start is published at once, with
    /// its own times, so that what is in force is known.
    pub fn new(scenario: Arc<Scenario>) -> Self {
        let mut order: Vec<usize> = (0..scenario.signals.len()).collect();
        let hour = |at: &usize| scenario.signals.get(*at).map_or(0.0, |s| s.at_h);
        order.sort_by(|a, b| hour(a).total_cmp(&hour(b)));
        Self { scenario, next: 0, order }
    }

    /// The signals that are due at `now` and were not given before.
    pub fn due(&mut self, timeline: &Timeline, now: UtcMs) -> Vec<(String, OfficialSignal)> {
        let mut due = Vec::new();
        while let Some(signal) =
            self.order.get(self.next).and_then(|at| self.scenario.signals.get(*at))
        {
            let t = crate::stations::hours_after(timeline.landfall(), signal.at_h);
            if t > now {
                break;
            }
            self.next += 1;
            let signal = signal.clone();
            let published = OfficialSignal {
                id: format!("{}-{}", self.scenario.id, signal.id),
                issuer: signal.issuer,
                act: signal.act,
                kind: signal.kind,
                color: signal.color,
                areas: signal.areas,
                t,
                text: signal.text,
            };
            due.push((signal.agency.to_string(), published));
        }
        due
    }

    /// Publishes what is due; tells how many.
    ///
    /// # Errors
    /// What the feed says.
    pub async fn publish(
        &mut self,
        feeds: &Feeds,
        timeline: &Timeline,
        now: UtcMs,
    ) -> Result<u64, FeedError> {
        let mut published = 0;
        for (agency, signal) in self.due(timeline, now) {
            let Some(feed) = feeds.get(&agency) else { continue };
            println!("{} signal {} {:?}", timeline.told(signal.t), signal.text, signal.act);
            if let Ok(body) = serde_json::to_string(&signal) {
                feed.report(&agency, Kind::Signal, body).await?;
                published += 1;
            }
        }
        Ok(published)
    }
}
