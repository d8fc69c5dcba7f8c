//! Tasks on the picture.

use domain::ids::{IncidentId, UnitId};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaskState {
    /// A plan proposes it.
    Proposed,
    /// 下达.
    Sent,
    /// The unit's session has taken it.
    Delivered,
    /// 签收.
    Accepted,
    /// 退回.
    Refused,
    /// 赶赴途中.
    EnRoute,
    /// 到达现场.
    OnScene,
    /// 办结.
    Done,
    /// Withdrawn.
    Cancelled,
}

impl TaskState {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            TaskState::Proposed => "proposed",
            TaskState::Sent => "sent",
            TaskState::Delivered => "delivered",
            TaskState::Accepted => "accepted",
            TaskState::Refused => "refused",
            TaskState::EnRoute => "en_route",
            TaskState::OnScene => "on_scene",
            TaskState::Done => "done",
            TaskState::Cancelled => "cancelled",
        }
    }
    /// Whether a unit is bound by it.
    pub fn binds_unit(self) -> bool {
        use TaskState::{Accepted, Delivered, EnRoute, OnScene, Sent};
        matches!(self, Sent | Delivered | Accepted | EnRoute | OnScene)
    }
    /// Whether it was ordered and is neither done nor withdrawn: it holds its incident open.
    pub fn is_open(self) -> bool {
        self.binds_unit() || self == TaskState::Refused
    }
    /// Whether it may be given to a unit.
    pub fn may_be_sent(self) -> bool {
        matches!(self, TaskState::Proposed | TaskState::Refused)
    }
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its incident.
    pub incident: IncidentId,
    /// What is to be done.
    pub text: String,
    /// The plan's clause it comes from.
    pub measure: Option<String>,
    /// Its unit, or the one proposed.
    pub unit: Option<UnitId>,
    /// Where it stands.
    pub state: TaskState,
    /// Its states so far, oldest first.
    pub history: Vec<Step>,
    /// Minutes it may take once sent.
    pub limit_min: Option<u32>,
    /// By when.
    pub due: Option<UtcMs>,
    /// 超时.
    pub overdue: bool,
    /// Reason of a refusal, or the newest note.
    pub note: Option<String>,
}

/// One step of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where it stood from then on.
    pub state: TaskState,
    /// When.
    pub at: UtcMs,
    /// By whom.
    pub by: String,
}
