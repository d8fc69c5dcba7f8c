//! Orders to units: `fh/v1/units/<unit>/tasks`. The orders that wait are part of the picture, so
//! they outlive the process; a unit that was away gets them when it comes back.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use contract::views::ReportStatus;
use domain::ids::{AgencyId, Seq, UnitId};
use domain::refusal::Refusal;
use domain::report::UnitReport;
use domain::status::{Live as Actual, Status};
use ingest::hearing::HearingHandle;
use ingest::seams::{TaskDown, Tasks};
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
    pub status: domain::status::WireStatus,
    /// Why the task is withdrawn, where that is the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
}

/// The message of an order of the real world.
pub fn message(board: &Board, order: &Order) -> Option<OrderMessage> {
    let task = board.picture.tasks.get(&order.task)?;
    let incident = board.picture.incidents.get(&task.incident);
    let at = incident.and_then(|i| board.city.position(&i.alert.place));
    Some(OrderMessage {
        task: order.task.to_string(),
        incident: task.incident.to_string(),
        text: task.text.clone(),
        due: task.due.map(|t| t.0),
        lon: at.map(|p| p.0),
        lat: at.map(|p| p.1),
        sent: order.given.0,
        status: Actual::WIRE,
        withdrawn: order.withdrawn.clone(),
    })
}

fn down(board: &Board, key: u64, order: &Order) -> Option<TaskDown> {
    let body = serde_json::to_vec(&message(board, order)?).ok()?;
    Some(TaskDown { key, body: Bytes::from(body) })
}

/// The way to the units: the endpoint, or the bridge.
pub trait Way: Send + Sync {
    /// Sends an order to a unit that is there; false where it is not.
    fn send(&self, unit: &UnitId, order: &TaskDown) -> bool;
    /// Tells an agency what became of its report.
    fn feed_back(&self, agency: &AgencyId, note: Bytes);
    /// Tells whoever sent it that something was refused.
    fn tell_refused(&self, refusal: &Refusal);
}

impl Way for Weak<HearingHandle> {
    fn send(&self, unit: &UnitId, order: &TaskDown) -> bool {
        self.upgrade().is_some_and(|hearing| hearing.send_task(unit, order))
    }
    fn feed_back(&self, agency: &AgencyId, note: Bytes) {
        if let Some(hearing) = self.upgrade() {
            hearing.feed_back(agency, note);
        }
    }
    fn tell_refused(&self, refusal: &Refusal) {
        if let Some(hearing) = self.upgrade() {
            hearing.tell_refused(refusal);
        }
    }
}

/// The outlet, and what the endpoint asks for when a unit comes.
pub struct Units {
    live: Arc<Live>,
    seat: Seat,
    way: OnceLock<Box<dyn Way>>,
    sent: Mutex<u64>,
}

impl std::fmt::Debug for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Units").finish_non_exhaustive()
    }
}

impl Units {
    /// An outlet over the board's orders. What is delivered is said at `seat`.
    pub fn new(live: Arc<Live>, seat: Seat) -> Self {
        Self { live, seat, way: OnceLock::new(), sent: Mutex::new(0) }
    }

    /// Connects it to the endpoint or the bridge, once; what waits is sent.
    pub fn connect(&self, way: Box<dyn Way>) {
        if self.way.set(way).is_ok() {
            self.changed();
        }
    }
}

impl Orders for Units {
    fn changed(&self) {
        let Some(way) = self.way.get() else { return };
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting: Vec<(u64, UnitId, TaskDown)> = {
            let board = self.live.board();
            let after = board.picture.orders.range(*sent + 1..);
            after
                .filter_map(|(key, o)| Some((*key, o.unit.clone(), down(&board, *key, o)?)))
                .collect()
        };
        for (key, unit, order) in waiting {
            let there = way.send(&unit, &order);
            tracing::info!(order = key, %unit, there, "an order is given");
            *sent = key;
        }
    }

    fn fed_back(&self, agency: &AgencyId, status: &ReportStatus) {
        let (Some(way), Ok(note)) = (self.way.get(), serde_json::to_vec(status)) else { return };
        way.feed_back(agency, Bytes::from(note));
    }

    fn refused(&self, unit: &UnitId, refusal: &Refusal) {
        tracing::warn!(%unit, detail = refusal.detail, "a unit's report is refused");
        if let Some(way) = self.way.get() {
            way.tell_refused(refusal);
        }
    }
}

impl Tasks for Units {
    fn open_tasks(&self, unit: &UnitId, after: Option<u64>, limit: usize) -> Vec<TaskDown> {
        let board = self.live.board();
        let from = after.map_or(0, |key| key.saturating_add(1));
        let own = board.picture.orders.range(from..).filter(|(_, o)| o.unit == *unit);
        own.filter_map(|(key, order)| down(&board, *key, order)).take(limit).collect()
    }

    fn delivered(&self, unit: &UnitId, key: u64) {
        let own = self.live.board().picture.orders.get(&key).is_some_and(|o| o.unit == *unit);
        if own {
            self.seat.delivered(Seq(key));
        }
    }

    /// Whether the task is the unit's own. In which order its reports can come is the desk's to
    /// say: an earlier one may be on its way there.
    fn may_report(&self, report: &UnitReport) -> Result<(), String> {
        let Some(id) = report.task else { return Ok(()) };
        let board = self.live.board();
        let own = board.picture.tasks.get(&id).and_then(|t| t.unit.as_ref());
        if own == Some(&report.unit) {
            Ok(())
        } else {
            Err(format!("task {id} was not given to {}", report.unit))
        }
    }
}
