//! What people did: commands as they are asked, events as they are journaled. `decide` and `evolve`
//! stand in the command API; these are their nouns.

mod command;

pub use command::Command;
use serde::{Deserialize, Serialize};

use crate::correction::Correction;
use crate::decision::{AlertId, Decision};
use crate::ids::{AgencyId, IncidentId, PlanId, TaskId, UnitId, UserName};
use crate::report::TaskReport;
use crate::situation::Key;
use crate::time::UtcMs;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 值班员: acknowledges, shelves, opens incidents, proposes tasks, dispatches.
    Officer,
    /// 带班领导: all of an officer's, starts plans, lets red be shelved, closes incidents.
    Commander,
    /// Drills and plans; reads the live picture.
    Planner,
    /// A feed's own people: see their feeds and refusals.
    Agency,
    /// Reads everything, changes nothing.
    Auditor,
    /// Adds people and credentials.
    Administrator,
}

/// 核实: what a report came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 属实.
    Confirmed,
    /// 不实.
    Untrue,
    /// 误报.
    FalseAlarm,
    /// 测试.
    Test,
}

impl Verdict {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Verdict::Confirmed => "confirmed",
            Verdict::Untrue => "untrue",
            Verdict::FalseAlarm => "false_alarm",
            Verdict::Test => "test",
        }
    }
}

/// Who did it: a person, a unit, or the platform's own rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A signed-in person.
    User(UserName),
    /// A unit, by its report.
    Unit(UnitId),
    /// A rule of the platform (expiry of a shelving, a task overdue).
    Platform,
}

/// One thing that happened at the desk, as it is journaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskEvent {
    /// When, by the platform's clock at the moment of deciding.
    pub at: UtcMs,
    /// Who.
    pub by: Actor,
    /// The command's own id (idempotency), where there was one.
    pub command_id: Option<String>,
    /// What.
    pub what: DeskFact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DeskFact {
    /// 签收.
    Acknowledged {
        /// The alert.
        alert: AlertId,
        /// The highest level id it had had by then: a higher one asks for a new acknowledgement.
        level: String,
        /// A note.
        note: Option<String>,
    },
    /// A mistaken acknowledgement taken back.
    AcknowledgementTakenBack {
        /// The alert.
        alert: AlertId,
        /// Why.
        reason: String,
    },
    /// 暂挂.
    Shelved {
        /// The alert.
        alert: AlertId,
        /// The level id it had: a higher one ends the shelving.
        level: String,
        /// Until when.
        until: UtcMs,
        /// Why.
        reason: String,
    },
    /// Shelving ended, by a person or by its end.
    Unshelved {
        /// The alert.
        alert: AlertId,
    },
    /// An incident opened, with the evidence as it stood.
    IncidentOpened {
        /// The incident.
        incident: IncidentId,
        /// The alert.
        alert: AlertId,
        /// Its title.
        title: String,
        /// The alert's decisions as they stood.
        evidence: Vec<Decision>,
    },
    /// A note in the incident's log.
    IncidentNoted {
        /// The incident.
        incident: IncidentId,
        /// The note.
        note: String,
    },
    /// A plan started.
    PlanStarted {
        /// The incident.
        incident: IncidentId,
        /// The plan.
        plan: PlanId,
        /// The level id its measures were chosen for.
        level: String,
    },
    /// A task proposed by a plan.
    TaskProposed {
        /// The task.
        task: TaskId,
        /// The incident.
        incident: IncidentId,
        /// What is to be done.
        text: String,
        /// The plan's measure it comes from.
        measure: String,
        /// Minutes it may take once sent.
        limit_min: u32,
        /// The unit proposed.
        unit: Option<UnitId>,
    },
    /// 任务下达.
    TaskSent {
        /// The task.
        task: TaskId,
        /// The incident.
        incident: IncidentId,
        /// What is to be done.
        text: String,
        /// By whom.
        unit: UnitId,
        /// By when.
        due: UtcMs,
    },
    /// The unit's broker session has taken the order (PUBACK).
    TaskDelivered {
        /// The task.
        task: TaskId,
    },
    /// The unit reported on it.
    TaskReported {
        /// The task.
        task: TaskId,
        /// The unit.
        unit: UnitId,
        /// What.
        report: TaskReport,
        /// Reason or note.
        note: Option<String>,
    },
    /// 超时: its time is over and it is not done.
    TaskOverdue {
        /// The task.
        task: TaskId,
    },
    /// Withdrawn.
    TaskCancelled {
        /// The task.
        task: TaskId,
        /// Why.
        reason: String,
    },
    /// Closed.
    IncidentClosed {
        /// The incident.
        incident: IncidentId,
        /// The conclusion.
        note: String,
    },
    /// 求救: a unit's own people need help.
    UnitDistressed {
        /// The unit.
        unit: UnitId,
        /// What it said.
        note: Option<String>,
    },
    /// The unit has said another status than distress.
    UnitSafe {
        /// The unit.
        unit: UnitId,
    },
    /// Values are corrected.
    Corrected(Correction),
    /// A correction has ended early.
    CorrectionEnded {
        /// The correction.
        correction: u64,
        /// Why.
        reason: String,
    },
    /// A correction was a mistake.
    CorrectionWithdrawn {
        /// The correction.
        correction: u64,
        /// Why.
        reason: String,
    },
    /// 核实.
    SituationVerified {
        /// The report.
        situation: Key,
        /// What it came to.
        verdict: Verdict,
        /// By what.
        reason: String,
    },
    /// 合并.
    SituationsMerged {
        /// The one that went into the other.
        situation: Key,
        /// The other, which went into none.
        into: Key,
        /// Why.
        reason: Option<String>,
    },
    /// They are two things.
    SituationsKeptApart {
        /// The one.
        situation: Key,
        /// The other.
        from: Key,
        /// Why.
        reason: String,
    },
    /// Taken out again.
    SituationSplit {
        /// The report.
        situation: Key,
        /// What it had gone into.
        from: Key,
        /// Why.
        reason: String,
    },
    /// 转办.
    SituationAssigned {
        /// The report.
        situation: Key,
        /// The department.
        department: AgencyId,
        /// What is asked of it.
        text: String,
        /// By when.
        due: Option<UtcMs>,
    },
    /// 办结.
    SituationConcluded {
        /// The report.
        situation: Key,
        /// What was done.
        text: String,
    },
    /// 反馈.
    SituationFedBack {
        /// The report.
        situation: Key,
        /// What the sender is to tell.
        text: String,
    },
}
