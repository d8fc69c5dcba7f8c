//! A unit on the air: its orders and reports over MQTT.

use std::sync::Arc;
use std::time::Duration;

use domain::city::Unit;
use domain::time::UtcMs;

use super::{Order, Responder};
use crate::drill::Timeline;
use crate::feed::{FeedError, MqttFeed};
use crate::scenario::Scenario;
use crate::world::Chance;

/// How often a unit looks at its watch.
const LOOK: Duration = Duration::from_millis(250);

/// Share of the open wind that reaches a street or a river between dikes.
const LEE: f64 = 0.6;

/// What all units share.
pub struct Field {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The run's clock.
    pub timeline: Timeline,
    /// The run's seed.
    pub seed: u64,
}

impl Field {
    /// Mean wind where units work at a place and instant, m/s: streets and rivers lie in the lee.
    fn wind(&self, at: (f64, f64), now: UtcMs) -> f64 {
        let h = self.timeline.hour(now).min(self.scenario.to_h);
        self.scenario.storm.at(h).map_or(0.0, |storm| LEE * storm.wind(at.0, at.1).speed)
    }
}

/// Runs one unit until its connection is refused.
///
/// # Errors
/// What the feed says.
pub async fn run(unit: Unit, feed: MqttFeed, field: Arc<Field>) -> Result<(), FeedError> {
    let up = format!("fh/v1/units/{}/report", unit.id);
    let chance = Chance::new(field.seed).of("units");
    let manners = field.scenario.units.clone();
    let at = (unit.lon, unit.lat);
    let mut mind = Responder::new(unit.id, &unit.kind, at, manners, chance, field.timeline.now());
    loop {
        let order = tokio::time::timeout(LOOK, feed.receive()).await;
        let now = field.timeline.now();
        let mut reports = Vec::new();
        match order {
            Ok(Some(message)) => match Order::read(&message.payload) {
                Ok(order) => {
                    tracing::info!(topic = message.topic, task = %order.task, "order");
                    reports.extend(mind.order(order, now));
                }
                Err(error) => tracing::warn!(topic = message.topic, %error, "passed over"),
            },
            Ok(None) => return Err(FeedError::Closed),
            Err(_) => {}
        }
        reports.extend(mind.pass(now, field.wind(mind.at(), now)));
        for report in reports {
            if let Some(said) = report.report {
                tracing::info!(unit = %report.unit, task = ?report.task, ?said, note = ?report.note);
            }
            match serde_json::to_vec(&report) {
                Ok(body) => feed.publish(&up, body.into(), 1).await?,
                Err(error) => tracing::error!(%error, "a report has no JSON"),
            }
        }
    }
}
