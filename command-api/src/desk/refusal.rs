//! Why the desk refuses a command: a closed list, each with a stable word and particulars.

use std::collections::BTreeMap;

use domain::decision::AlertId;
use domain::ids::{AgencyId, IncidentId, PlanId, TaskId, UnitId};
use domain::situation::Key;
use domain::time::UtcMs;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such alert in the picture.
    #[error("there is no alert {0}")]
    UnknownAlert(AlertId),
    /// Somebody was first.
    #[error("acknowledged by {by} at {at}")]
    AlreadyAcknowledged {
        /// Who.
        by: String,
        /// When.
        at: UtcMs,
    },
    /// Nothing to take back.
    #[error("the alert {0} is not acknowledged")]
    NotAcknowledged(AlertId),
    /// It is shelved.
    #[error("shelved until {until} by {by}")]
    AlreadyShelved {
        /// Who.
        by: String,
        /// Until when.
        until: UtcMs,
    },
    /// It is not shelved.
    #[error("the alert {0} is not shelved")]
    NotShelved(AlertId),
    /// The highest level is shelved by a commander only.
    #[error("an alert of the highest level is shelved by a commander only")]
    RedNeedsCommander,
    /// Longer than one shift.
    #[error("an alert is shelved for at most {0} hours")]
    ShelvingTooLong(i64),
    /// Its condition has ended.
    #[error("the alert {0} has been cleared")]
    AlertCleared(AlertId),
    /// No such incident.
    #[error("there is no incident {0}")]
    UnknownIncident(IncidentId),
    /// It is closed.
    #[error("the incident {0} is closed")]
    IncidentClosed(IncidentId),
    /// The alert has one already.
    #[error("the alert belongs to incident {0}")]
    IncidentExists(IncidentId),
    /// No such plan in the city's files.
    #[error("the city has no plan {0}")]
    UnknownPlan(PlanId),
    /// Nothing of the plan is left to propose at this level.
    #[error(
        "the plan {plan} has been started for this incident; it has no further measure at level {level}"
    )]
    PlanAlreadyStarted {
        /// The plan.
        plan: PlanId,
        /// The level.
        level: String,
    },
    /// No such task, or not one of this incident.
    #[error("there is no task {0} here")]
    UnknownTask(TaskId),
    /// No such unit in the city's files.
    #[error("the city has no unit {0}")]
    UnknownUnit(UnitId),
    /// No such datastream in the city's files.
    #[error("the city has no datastream {0}")]
    UnknownDatastream(String),
    /// No correction of this number holds.
    #[error("no correction {0} holds")]
    UnknownCorrection(u64),
    /// The unit has an open task.
    #[error("{unit} has task {task}")]
    UnitBusy {
        /// The unit.
        unit: UnitId,
        /// Its task.
        task: TaskId,
    },
    /// The task does not stand where this could be done.
    #[error("task {task} is {state}: {why}")]
    TaskState {
        /// The task.
        task: TaskId,
        /// Where it stands.
        state: &'static str,
        /// Why that does not do.
        why: &'static str,
    },
    /// Tasks hold it open.
    #[error("tasks are open: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    TasksOpen(Vec<TaskId>),
    /// No such report on the picture.
    #[error("there is no report {0}")]
    UnknownSituation(Key),
    /// The report does not stand where this could be done.
    #[error("the report {situation} is {state}: {why}")]
    SituationState {
        /// The report.
        situation: Key,
        /// Where it stands.
        state: &'static str,
        /// Why that does not do.
        why: &'static str,
    },
    /// No such department in the city's files.
    #[error("the city has no department {0}")]
    UnknownDepartment(AgencyId),
    /// The time has passed already.
    #[error("the time given has passed: {0}")]
    DueInThePast(UtcMs),
    /// The role may not.
    #[error("{role} may not {what}")]
    Forbidden {
        /// The role.
        role: &'static str,
        /// The act.
        what: &'static str,
    },
    /// A text is empty, too long or holds control characters.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Refusal {
    /// The stable word.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::UnknownAlert(_) => "unknown_alert",
            Refusal::AlreadyAcknowledged { .. } => "already_acknowledged",
            Refusal::NotAcknowledged(_) => "not_acknowledged",
            Refusal::AlreadyShelved { .. } => "already_shelved",
            Refusal::NotShelved(_) => "not_shelved",
            Refusal::RedNeedsCommander => "red_needs_commander",
            Refusal::ShelvingTooLong(_) => "shelving_too_long",
            Refusal::AlertCleared(_) => "alert_cleared",
            Refusal::UnknownIncident(_) => "unknown_incident",
            Refusal::IncidentClosed(_) => "incident_closed",
            Refusal::IncidentExists(_) => "incident_exists",
            Refusal::UnknownPlan(_) => "unknown_plan",
            Refusal::PlanAlreadyStarted { .. } => "plan_already_started",
            Refusal::UnknownTask(_) => "unknown_task",
            Refusal::UnknownUnit(_) => "unknown_unit",
            Refusal::UnknownDatastream(_) => "unknown_datastream",
            Refusal::UnknownCorrection(_) => "unknown_correction",
            Refusal::UnitBusy { .. } => "unit_busy",
            Refusal::TaskState { .. } => "task_state",
            Refusal::TasksOpen(_) => "tasks_open",
            Refusal::UnknownSituation(_) => "unknown_situation",
            Refusal::SituationState { .. } => "situation_state",
            Refusal::UnknownDepartment(_) => "unknown_department",
            Refusal::DueInThePast(_) => "due_in_the_past",
            Refusal::Forbidden { .. } => "forbidden",
            Refusal::Invalid { .. } => "invalid",
        }
    }

    /// What the reason names, so that a console can word it in its own language.
    pub fn terms(&self) -> BTreeMap<String, String> {
        let named: Vec<(&str, String)> = match self {
            Refusal::UnknownAlert(id) | Refusal::NotAcknowledged(id) => {
                vec![("alert", id.to_string())]
            }
            Refusal::NotShelved(id) | Refusal::AlertCleared(id) => vec![("alert", id.to_string())],
            Refusal::AlreadyAcknowledged { by, at } => {
                vec![("by", by.clone()), ("at_ms", at.0.to_string())]
            }
            Refusal::AlreadyShelved { by, until } => {
                vec![("by", by.clone()), ("until_ms", until.0.to_string())]
            }
            Refusal::RedNeedsCommander => Vec::new(),
            Refusal::ShelvingTooLong(hours) => vec![("hours", hours.to_string())],
            Refusal::UnknownIncident(id)
            | Refusal::IncidentClosed(id)
            | Refusal::IncidentExists(id) => {
                vec![("incident", id.to_string())]
            }
            Refusal::UnknownPlan(plan) => vec![("plan", plan.to_string())],
            Refusal::PlanAlreadyStarted { plan, level } => {
                vec![("plan", plan.to_string()), ("level", level.clone())]
            }
            Refusal::UnknownTask(task) => vec![("task", task.to_string())],
            Refusal::UnknownUnit(unit) => vec![("unit", unit.to_string())],
            Refusal::UnknownDatastream(stream) => vec![("datastream", stream.clone())],
            Refusal::UnknownCorrection(id) => vec![("correction", id.to_string())],
            Refusal::UnitBusy { unit, task } => {
                vec![("unit", unit.to_string()), ("task", task.to_string())]
            }
            Refusal::TaskState { task, state, .. } => {
                vec![("task", task.to_string()), ("state", (*state).to_owned())]
            }
            Refusal::TasksOpen(tasks) => {
                let ids: Vec<String> = tasks.iter().map(ToString::to_string).collect();
                vec![("tasks", ids.join(","))]
            }
            Refusal::UnknownSituation(key) => vec![("situation", key.to_string())],
            Refusal::SituationState { situation, state, .. } => {
                vec![("situation", situation.to_string()), ("state", (*state).to_owned())]
            }
            Refusal::UnknownDepartment(id) => vec![("department", id.to_string())],
            Refusal::DueInThePast(due) => vec![("at_ms", due.0.to_string())],
            Refusal::Forbidden { role, what } => {
                vec![("role", (*role).to_owned()), ("act", (*what).to_owned())]
            }
            Refusal::Invalid { field, .. } => vec![("field", (*field).to_owned())],
        };
        named.into_iter().map(|(name, term)| (name.to_owned(), term)).collect()
    }
}
