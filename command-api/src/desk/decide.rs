//! Stop 7, decided: a command against the picture gives facts or a refusal. Pure; nothing changes
//! here. Before it: [`crate::live`] and [`crate::api`] brought the command in, the engine's alerts
//! made the picture ([`super::told`]). After it: the facts are journaled, then [`super::evolve`].

use domain::decision::AlertId;
use domain::desk::{Command, DeskFact, Role};
use domain::ids::{IncidentId, TaskId, UnitId};
use domain::time::{HOUR_MS, UtcMs};

use super::corrections;
use super::picture::{Alert, Incident, Picture, TaskState};
use super::plans;
use super::refusal::Refusal;
use super::situations;
use crate::gazetteer::Gazetteer;

/// An alert is shelved for one shift at most.
pub const SHELVE_MAX_MS: i64 = 12 * HOUR_MS;
/// The longest text of a note, reason, title or order, in characters.
pub const TEXT_MAX_CHARS: usize = 2_000;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker<'a> {
    /// The name.
    pub who: &'a str,
    /// The role.
    pub role: Role,
}

/// Decides a command at the instant `now` of the platform's clock.
///
/// # Errors
/// [`Refusal`]: the role may not, the thing does not exist, or it does not stand where this could be done.
pub fn decide(
    picture: &Picture,
    command: &Command,
    asker: Asker<'_>,
    now: UtcMs,
    city: &Gazetteer,
) -> Result<Vec<DeskFact>, Refusal> {
    if !may(asker.role, act(command)) {
        return Err(Refusal::Forbidden { role: role_word(asker.role), what: act(command) });
    }
    match command {
        Command::Acknowledge { alert, note } => acknowledge(picture, alert, note.as_deref()),
        Command::TakeBackAcknowledgement { alert, reason } => take_back(picture, alert, reason),
        Command::Shelve { alert, until, reason } => {
            shelve(picture, asker, alert, *until, reason, now)
        }
        Command::Unshelve { alert } => {
            let found = known(picture, alert)?;
            found.shelved.as_ref().ok_or_else(|| Refusal::NotShelved(alert.clone()))?;
            Ok(vec![DeskFact::Unshelved { alert: alert.clone() }])
        }
        Command::OpenIncident { alert, title } => open_incident(picture, alert, title),
        Command::NoteIncident { incident, note } => {
            open(picture, *incident)?;
            let note = text("note", note)?;
            Ok(vec![DeskFact::IncidentNoted { incident: *incident, note }])
        }
        Command::StartPlan { incident, plan } => {
            let found = open(picture, *incident)?;
            plans::start(picture, *incident, found, plan, city)
        }
        Command::Dispatch { incident, task, text, unit, due } => {
            dispatch(picture, *incident, *task, text, unit, *due, now, city)
        }
        Command::CancelTask { task, reason } => cancel(picture, *task, reason),
        Command::CloseIncident { incident, note } => close(picture, *incident, note),
        Command::Correct { station, property, act, from, until, reason } => {
            let reason = text("reason", reason)?;
            let asked =
                corrections::Asked { station, property, act: *act, from: *from, until: *until };
            corrections::decide(picture, &asked, reason, asker.who, now, city)
        }
        Command::EndCorrection { correction, reason } => {
            let reason = text("reason", reason)?;
            corrections::end(picture, *correction, reason, now)
        }
        Command::WithdrawCorrection { correction, reason } => {
            corrections::withdraw(picture, *correction, text("reason", reason)?)
        }
        Command::Verify { .. }
        | Command::Merge { .. }
        | Command::KeepApart { .. }
        | Command::Split { .. }
        | Command::Assign { .. }
        | Command::Conclude { .. }
        | Command::FeedBack { .. } => {
            situations::decide::decide(&picture.situations, command, now, city)
        }
    }
}

/// The word of a command, by which `may` speaks and the console disables buttons.
pub fn act(command: &Command) -> &'static str {
    match command {
        Command::Acknowledge { .. } => "acknowledge",
        Command::TakeBackAcknowledgement { .. } => "take_back_acknowledgement",
        Command::Shelve { .. } => "shelve",
        Command::Unshelve { .. } => "unshelve",
        Command::OpenIncident { .. } => "open_incident",
        Command::NoteIncident { .. } => "note_incident",
        Command::StartPlan { .. } => "start_plan",
        Command::Dispatch { .. } => "dispatch",
        Command::CancelTask { .. } => "cancel_task",
        Command::CloseIncident { .. } => "close_incident",
        Command::Correct { .. } => "correct",
        Command::EndCorrection { .. } => "end_correction",
        Command::WithdrawCorrection { .. } => "withdraw_correction",
        Command::Verify { .. } => "verify",
        Command::Merge { .. } => "merge",
        Command::KeepApart { .. } => "keep_apart",
        Command::Split { .. } => "split",
        Command::Assign { .. } => "assign",
        Command::Conclude { .. } => "conclude",
        Command::FeedBack { .. } => "feed_back",
    }
}

/// What each role may do at the desk.
const OFFICER: &[&str] = &[
    "acknowledge",
    "take_back_acknowledgement",
    "shelve",
    "unshelve",
    "open_incident",
    "note_incident",
    "dispatch",
    "cancel_task",
    "correct",
    "end_correction",
    "withdraw_correction",
    "verify",
    "merge",
    "keep_apart",
    "split",
    "assign",
    "conclude",
    "feed_back",
];
const COMMANDER_TOO: &[&str] = &["start_plan", "close_incident", "shelve_red"];

/// Whether a role may do this at the desk.
pub fn may(role: Role, act: &str) -> bool {
    match role {
        Role::Officer => OFFICER.contains(&act),
        Role::Commander => OFFICER.contains(&act) || COMMANDER_TOO.contains(&act),
        Role::Planner | Role::Agency | Role::Auditor | Role::Administrator => false,
    }
}

/// Everything a role may do at the desk.
pub fn acts_of(role: Role) -> Vec<&'static str> {
    OFFICER.iter().chain(COMMANDER_TOO).copied().filter(|a| may(role, a)).collect()
}

/// The role's word.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Officer => "officer",
        Role::Commander => "commander",
        Role::Planner => "planner",
        Role::Agency => "agency",
        Role::Auditor => "auditor",
        Role::Administrator => "administrator",
    }
}

/// A text that an officer gives: there, not too long, without control characters.
///
/// # Errors
/// [`Refusal::Invalid`].
pub(super) fn text(field: &'static str, text: &str) -> Result<String, Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Refusal::Invalid { field, why: "must not be empty" });
    }
    if trimmed.chars().count() > TEXT_MAX_CHARS {
        return Err(Refusal::Invalid { field, why: "is too long" });
    }
    if trimmed.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Refusal::Invalid { field, why: "holds control characters" });
    }
    Ok(trimmed.to_owned())
}

fn known<'a>(picture: &'a Picture, id: &AlertId) -> Result<&'a Alert, Refusal> {
    let found = picture.alerts.get(id).filter(|a| a.told.is_some());
    found.ok_or_else(|| Refusal::UnknownAlert(id.clone()))
}

fn open(picture: &Picture, id: IncidentId) -> Result<&Incident, Refusal> {
    let found = picture.incidents.get(&id).ok_or(Refusal::UnknownIncident(id))?;
    if found.closed.is_some() { Err(Refusal::IncidentClosed(id)) } else { Ok(found) }
}

fn acknowledge(
    picture: &Picture,
    id: &AlertId,
    note: Option<&str>,
) -> Result<Vec<DeskFact>, Refusal> {
    let alert = known(picture, id)?;
    if let Some(earlier) = picture.acknowledgement(alert) {
        return Err(Refusal::AlreadyAcknowledged { by: earlier.by.clone(), at: earlier.at });
    }
    let note = note.filter(|n| !n.trim().is_empty()).map(|n| text("note", n)).transpose()?;
    let level = alert.told.as_ref().map(|t| t.peak.clone()).unwrap_or_default();
    Ok(vec![DeskFact::Acknowledged { alert: id.clone(), level, note }])
}

fn take_back(picture: &Picture, id: &AlertId, reason: &str) -> Result<Vec<DeskFact>, Refusal> {
    let alert = known(picture, id)?;
    if picture.acknowledgement(alert).is_none() {
        return Err(Refusal::NotAcknowledged(id.clone()));
    }
    let reason = text("reason", reason)?;
    Ok(vec![DeskFact::AcknowledgementTakenBack { alert: id.clone(), reason }])
}

fn shelve(
    picture: &Picture,
    asker: Asker<'_>,
    id: &AlertId,
    until: UtcMs,
    reason: &str,
    now: UtcMs,
) -> Result<Vec<DeskFact>, Refusal> {
    let alert = known(picture, id)?;
    let Some(told) = alert.told.as_ref().filter(|t| t.cleared.is_none()) else {
        return Err(Refusal::AlertCleared(id.clone()));
    };
    if let Some(earlier) = &alert.shelved {
        return Err(Refusal::AlreadyShelved { by: earlier.by.clone(), until: earlier.until });
    }
    if picture.is_highest(&told.level) && !may(asker.role, "shelve_red") {
        return Err(Refusal::RedNeedsCommander);
    }
    if until <= now {
        return Err(Refusal::DueInThePast(until));
    }
    if until.0.saturating_sub(now.0) > SHELVE_MAX_MS {
        return Err(Refusal::ShelvingTooLong(SHELVE_MAX_MS / HOUR_MS));
    }
    let reason = text("reason", reason)?;
    let level = told.level.clone();
    Ok(vec![DeskFact::Shelved { alert: id.clone(), level, until, reason }])
}

fn open_incident(picture: &Picture, id: &AlertId, title: &str) -> Result<Vec<DeskFact>, Refusal> {
    let alert = known(picture, id)?;
    if let Some(incident) = alert.incident {
        return Err(Refusal::IncidentExists(incident));
    }
    let evidence = alert.told.iter().flat_map(|t| &t.decisions).map(|d| d.0.clone()).collect();
    Ok(vec![DeskFact::IncidentOpened {
        incident: IncidentId(picture.incidents_given + 1),
        alert: id.clone(),
        title: text("title", title)?,
        evidence,
    }])
}

#[allow(clippy::too_many_arguments, reason = "they are the fields of one command")]
fn dispatch(
    picture: &Picture,
    incident: IncidentId,
    task: Option<TaskId>,
    order: &str,
    unit: &UnitId,
    due: UtcMs,
    now: UtcMs,
    city: &Gazetteer,
) -> Result<Vec<DeskFact>, Refusal> {
    open(picture, incident)?;
    if let Some(id) = task {
        let found = picture.tasks.get(&id).filter(|t| t.incident == incident);
        let found = found.ok_or(Refusal::UnknownTask(id))?;
        if !found.state.may_be_sent() {
            let why = "only a proposed or refused task is sent";
            return Err(Refusal::TaskState { task: id, state: found.state.wire(), why });
        }
    }
    if city.unit(unit).is_none() {
        return Err(Refusal::UnknownUnit(unit.clone()));
    }
    if let Some((busy_with, _)) = picture.task_of(unit) {
        return Err(Refusal::UnitBusy { unit: unit.clone(), task: busy_with });
    }
    if due <= now {
        return Err(Refusal::DueInThePast(due));
    }
    let text = text("text", order)?;
    let task = task.unwrap_or(TaskId(picture.tasks_given + 1));
    Ok(vec![DeskFact::TaskSent { task, incident, text, unit: unit.clone(), due }])
}

fn cancel(picture: &Picture, id: TaskId, reason: &str) -> Result<Vec<DeskFact>, Refusal> {
    let task = picture.tasks.get(&id).ok_or(Refusal::UnknownTask(id))?;
    if matches!(task.state, TaskState::Done | TaskState::Cancelled) {
        let why = "it is over";
        return Err(Refusal::TaskState { task: id, state: task.state.wire(), why });
    }
    Ok(vec![DeskFact::TaskCancelled { task: id, reason: text("reason", reason)? }])
}

fn close(picture: &Picture, id: IncidentId, note: &str) -> Result<Vec<DeskFact>, Refusal> {
    let incident = open(picture, id)?;
    let tasks = || incident.tasks.iter().filter_map(|t| picture.tasks.get(t).map(|row| (*t, row)));
    let held: Vec<TaskId> = tasks().filter(|(_, t)| t.state.is_open()).map(|(t, _)| t).collect();
    if !held.is_empty() {
        return Err(Refusal::TasksOpen(held));
    }
    let note = text("note", note)?;
    // What was proposed and never ordered falls with the incident, visibly.
    let proposed = tasks().filter(|(_, t)| t.state == TaskState::Proposed);
    let mut facts: Vec<DeskFact> = proposed
        .map(|(task, _)| DeskFact::TaskCancelled { task, reason: "incident closed".into() })
        .collect();
    facts.push(DeskFact::IncidentClosed { incident: id, note });
    Ok(facts)
}
