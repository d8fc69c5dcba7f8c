//! Orders to units: `fh/v1/units/<unit>/tasks`. The orders that wait are part of the picture, so
//! they outlive the process; a unit that was away gets them when it comes back.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use domain::ids::{Seq, UnitId};
use domain::refusal::Refusal;
use domain::status::{Live as Actual, Status};
use mqtt_edge::{Downlink, Filter, Outbox, Principal, Who};
use serde::Serialize;

use super::Orders;
use crate::board::Board;
use crate::desk::Seat;
use crate::desk::picture::Order;
use crate::live::Live;

/// An order as a unit reads it. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderMessage {
    /// The task.
    pub task: String,
    /// Its incident.
    pub incident: String,
    /// What is to be done.
    pub text: String,
    /// By when.
    pub due: Option<i64>,
    /// Where: longitude, degrees WGS-84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Where: latitude, degrees WGS-84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// When it was given.
    pub sent: i64,
    /// `actual`: an exercise's orders are of another type and do not come here.
    pub status: &'static str,
    /// Why the task is withdrawn, where that is the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
}

/// The topic a unit listens on.
pub fn topic(unit: &UnitId) -> String {
    format!("fh/v1/units/{unit}/tasks")
}

/// The message of an order.
pub fn message(board: &Board, order: &Order) -> Option<OrderMessage> {
    let task = board.picture.tasks.get(&order.task)?;
    let incident = board.picture.incidents.get(&task.incident);
    let at = incident.and_then(|i| board.city.position(&i.alert.place));
    let domain::status::WireStatus::Actual = Actual::WIRE else { return None };
    Some(OrderMessage {
        task: order.task.to_string(),
        incident: task.incident.to_string(),
        text: task.text.clone(),
        due: task.due.map(|t| t.0),
        lon: at.map(|p| p.0),
        lat: at.map(|p| p.1),
        sent: order.given.0,
        status: "actual",
        withdrawn: order.withdrawn.clone(),
    })
}

fn downlink(board: &Board, key: u64, order: &Order) -> Option<Downlink> {
    let body = serde_json::to_vec(&message(board, order)?).ok()?;
    Some(Downlink { topic: topic(&order.unit), body: Bytes::from(body), key, retain: false })
}

/// Sends a message down, and says to how many connections.
pub type Publish = Box<dyn Fn(Downlink) -> usize + Send + Sync>;

/// The outlet, and the edge's outbox.
pub struct Units {
    live: Arc<Live>,
    seat: Seat,
    publish: OnceLock<Publish>,
    published: Mutex<u64>,
}

impl std::fmt::Debug for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Units").finish_non_exhaustive()
    }
}

impl Units {
    /// An outlet over the board's orders. What is delivered is said at `seat`.
    pub fn new(live: Arc<Live>, seat: Seat) -> Self {
        Self { live, seat, publish: OnceLock::new(), published: Mutex::new(0) }
    }

    /// Connects it to the edge or the bridge, once.
    pub fn connect(&self, publish: Publish) {
        let _ = self.publish.set(publish);
    }

    /// Everything that waits, again: after a bridge has reconnected.
    pub fn again(&self) {
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = 0;
        self.changed();
    }
}

impl Orders for Units {
    fn changed(&self) {
        let Some(publish) = self.publish.get() else { return };
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting: Vec<(u64, Downlink)> = {
            let board = self.live.board();
            let after = board.picture.orders.range(*published + 1..);
            after.filter_map(|(key, o)| Some((*key, downlink(&board, *key, o)?))).collect()
        };
        for (key, order) in waiting {
            let reached = publish(order);
            tracing::info!(order = key, reached, "an order is sent");
            *published = key;
        }
    }

    fn refused(&self, unit: &UnitId, refusal: &Refusal) {
        tracing::warn!(%unit, detail = refusal.detail, "a unit's report is refused");
        let Some(publish) = self.publish.get() else { return };
        let body = serde_json::json!({
            "reason": refusal.reason.wire(),
            "detail": refusal.detail,
            "what_to_do": refusal.reason.what_to_do(),
            "raw": String::from_utf8_lossy(&refusal.raw),
        });
        let topic = format!("fh/v1/units/{unit}/rejected");
        let body = Bytes::from(body.to_string());
        publish(Downlink { topic, body, key: 0, retain: false });
    }
}

impl Outbox for Units {
    fn resume(
        &self,
        principal: &Principal,
        filter: &Filter,
        after: Option<u64>,
        limit: usize,
    ) -> Vec<Downlink> {
        let Who::Unit(unit) = &principal.who else { return Vec::new() };
        if !filter.matches(&topic(unit)) {
            return Vec::new();
        }
        let board = self.live.board();
        let from = after.map_or(0, |key| key.saturating_add(1));
        let own = board.picture.orders.range(from..).filter(|(_, o)| o.unit == *unit);
        own.filter_map(|(key, order)| downlink(&board, *key, order)).take(limit).collect()
    }

    fn delivered(&self, principal: &Principal, key: u64) {
        if matches!(principal.who, Who::Unit(_)) && key > 0 {
            self.seat.delivered(Seq(key));
        }
    }
}
