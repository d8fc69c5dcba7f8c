//! What is asked of the desk.

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::correction::CorrectionAct;
use crate::decision::AlertId;
use crate::ids::{AgencyId, IncidentId, PlanId, StationId, TaskId, UnitId};
use crate::situation::Key;
use crate::time::UtcMs;

/// What is asked of the desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// 签收.
    Acknowledge {
        /// The alert.
        alert: AlertId,
        /// A note.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Takes a mistaken acknowledgement back; both stand in the log.
    TakeBackAcknowledgement {
        /// The alert.
        alert: AlertId,
        /// Why.
        reason: String,
    },
    /// 暂挂, always with an end and a reason.
    Shelve {
        /// The alert.
        alert: AlertId,
        /// Until when.
        until: UtcMs,
        /// Why.
        reason: String,
    },
    /// Ends a shelving early.
    Unshelve {
        /// The alert.
        alert: AlertId,
    },
    /// Opens an incident from an alert; its evidence is frozen in the event.
    OpenIncident {
        /// The alert.
        alert: AlertId,
        /// A title.
        title: String,
    },
    /// Adds a note to an incident's log.
    NoteIncident {
        /// The incident.
        incident: IncidentId,
        /// The note.
        note: String,
    },
    /// 启动 a plan for an incident: its measures for the level are proposed as tasks.
    StartPlan {
        /// The incident.
        incident: IncidentId,
        /// The plan.
        plan: PlanId,
    },
    /// 下达 a proposed task to a unit, or a new one.
    Dispatch {
        /// The incident.
        incident: IncidentId,
        /// A proposed task; absent for a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskId>,
        /// What is to be done.
        text: String,
        /// By whom.
        unit: UnitId,
        /// By when (限时办结).
        due: UtcMs,
    },
    /// Withdraws a task that is not done.
    CancelTask {
        /// The task.
        task: TaskId,
        /// Why.
        reason: String,
    },
    /// Closes an incident; refused while tasks are open.
    CloseIncident {
        /// The incident.
        incident: IncidentId,
        /// The conclusion.
        note: String,
    },
    /// Says what a datastream's values are worth, always with an end and a reason.
    Correct {
        /// The station.
        station: StationId,
        /// The property.
        property: String,
        /// What is done with the values.
        act: CorrectionAct,
        /// From which instant on.
        from: UtcMs,
        /// Until which instant; absent for the value of one instant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<UtcMs>,
        /// Why.
        reason: String,
    },
    /// Ends a correction early: what comes from now on is taken as it is sent, what it changed stays.
    EndCorrection {
        /// The correction.
        correction: u64,
        /// Why.
        reason: String,
    },
    /// Takes a correction back that was a mistake: what it changed is given back as it was sent.
    WithdrawCorrection {
        /// The correction.
        correction: u64,
        /// Why.
        reason: String,
    },
    /// 核实 a report.
    Verify {
        /// The report.
        situation: Key,
        /// What it came to.
        verdict: Verdict,
        /// By what.
        reason: String,
    },
    /// 合并: two reports are about one thing.
    Merge {
        /// The one that goes into the other, with all that went into it.
        situation: Key,
        /// The other.
        into: Key,
        /// Why; absent where the likeness speaks for itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Two reports that look alike are two things.
    KeepApart {
        /// The one.
        situation: Key,
        /// The other.
        from: Key,
        /// Why.
        reason: String,
    },
    /// Takes a merged report out again.
    Split {
        /// The report.
        situation: Key,
        /// Why.
        reason: String,
    },
    /// 转办 to a department.
    Assign {
        /// The report.
        situation: Key,
        /// The department.
        department: AgencyId,
        /// What is asked of it.
        text: String,
        /// By when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<UtcMs>,
    },
    /// 办结.
    Conclude {
        /// The report.
        situation: Key,
        /// What was done.
        text: String,
    },
    /// 反馈 to whoever sent it.
    FeedBack {
        /// The report.
        situation: Key,
        /// What the sender is to tell.
        text: String,
    },
}
