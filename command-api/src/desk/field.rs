//! What units report of their tasks: the order in which it can be, and the facts it makes.

use domain::desk::DeskFact;
use domain::report::{TaskReport, UnitReport, UnitStatus};

use super::picture::{Picture, TaskState};
use super::refusal::Refusal;

/// Decides a unit's report. No fact where it only says where the unit is, or repeats what is known.
///
/// # Errors
/// [`Refusal`] where the task is not this unit's, or cannot come to this from where it stands.
pub fn decide_report(picture: &Picture, report: &UnitReport) -> Result<Vec<DeskFact>, Refusal> {
    let (Some(id), Some(said)) = (report.task, report.report) else { return Ok(Vec::new()) };
    let task = picture.tasks.get(&id).filter(|t| t.unit.as_ref() == Some(&report.unit));
    let task = task.ok_or(Refusal::UnknownTask(id))?;
    let to = state_after(said);
    if task.state == to {
        return Ok(Vec::new());
    }
    if !follows(task.state, to) {
        let why = "a unit's report cannot follow on this";
        return Err(Refusal::TaskState { task: id, state: task.state.wire(), why });
    }
    if said == TaskReport::Refuse && report.note.as_deref().is_none_or(|n| n.trim().is_empty()) {
        return Err(Refusal::Invalid { field: "note", why: "a refusal says why" });
    }
    Ok(vec![DeskFact::TaskReported {
        task: id,
        unit: report.unit.clone(),
        report: said,
        note: report.note.clone(),
    }])
}

/// Whether the desk has to look at a report: it is about a task, or begins or ends a distress.
/// `waiting`: another of the same unit's waits to be looked at.
pub fn asks_desk(picture: &Picture, report: &UnitReport, waiting: bool) -> bool {
    let says = report.status.is_some();
    let cry = report.status == Some(UnitStatus::Distress);
    report.task.is_some()
        || (says && (cry || waiting || picture.distress.contains_key(&report.unit)))
}

/// Where a report brings a task.
pub fn state_after(report: TaskReport) -> TaskState {
    match report {
        TaskReport::Accept => TaskState::Accepted,
        TaskReport::Refuse => TaskState::Refused,
        TaskReport::EnRoute => TaskState::EnRoute,
        TaskReport::OnScene => TaskState::OnScene,
        TaskReport::Done => TaskState::Done,
    }
}

/// The order table: what can follow on what by a unit's report. A unit may skip 赶赴途中 (it is
/// there already), and may give a task back until it is on scene.
pub fn follows(from: TaskState, to: TaskState) -> bool {
    use TaskState::{Accepted, Delivered, Done, EnRoute, OnScene, Refused, Sent};
    matches!(
        (from, to),
        (Sent | Delivered, Accepted)
            | (Sent | Delivered | Accepted | EnRoute, Refused)
            | (Accepted, EnRoute)
            | (Accepted | EnRoute, OnScene)
            | (OnScene, Done)
    )
}
