//! Stop 7, evolved: what has been journaled changes the picture, and nothing else does. Before it:
//! [`super::decide`]. After it: the rows it touched are shown ([`crate::live`], stop 8) and told
//! ([`crate::outlets`], stop 9).

use std::collections::BTreeSet;

use contract::views::LogEntry;
use domain::decision::{AlertId, Decision};
use domain::desk::{Actor, DeskEvent, DeskFact};
use domain::facility::HospitalReport;
use domain::ids::{AgencyId, IncidentId, Seq, TaskId};
use domain::record::{Record, Sequenced};
use domain::registry::RegistryAct;
use domain::report::Report;
use domain::time::{HOUR_MS, UtcMs};

use super::field::state_after;
use super::picture::{
    ANSWERS_KEPT, Acknowledged, Answer, CLOSED_INCIDENTS_KEPT, Incident, LoggedDecision, Order,
    Picture, Shelved, Step, Task, TaskState,
};
use super::touched::Touched;
use super::{corrections, heard, journal_line, signals, told};

/// How long an alert that has left the list stays in the picture, for its incident and its trace.
pub const GONE_KEPT_MS: i64 = 24 * HOUR_MS;

/// One thing that happened, from the record.
#[derive(Debug, Clone, Copy)]
pub enum Happening<'a> {
    /// At the desk; journal number, and place within one command's events.
    Desk(Seq, &'a DeskEvent),
    /// In the engine.
    Decided(&'a Decision),
    /// A report came in, at this time of the platform's clock, by this agency's feed.
    Reported(Seq, UtcMs, &'a AgencyId, &'a Report),
    /// The registry changed.
    Registry(Seq, &'a RegistryAct),
    /// Time passed.
    Tick(UtcMs),
}

impl<'a> Happening<'a> {
    /// What a record is to the desk; nothing where it is the engine's, or hearing's.
    pub fn of(row: &'a Sequenced) -> Option<Self> {
        match &row.record {
            Record::Tick { now } => Some(Happening::Tick(*now)),
            Record::Report { received, agency, report, .. } => {
                Some(Happening::Reported(row.seq, *received, agency, report))
            }
            Record::Desk(event) => Some(Happening::Desk(row.seq, event)),
            Record::Registry(act) => Some(Happening::Registry(row.seq, act)),
            Record::Observation { .. }
            | Record::Refused(_)
            | Record::Letter(_)
            | Record::Exchange(_)
            | Record::Configuration { .. } => None,
        }
    }
}

/// Takes one happening onto the picture.
pub fn evolve(picture: &mut Picture, happening: Happening<'_>) -> Touched {
    let mut touched = Touched::default();
    match happening {
        Happening::Desk(seq, event) => desk(picture, seq, event, &mut touched),
        Happening::Decided(decision) => told::tell(picture, decision, &mut touched),
        Happening::Reported(seq, received, agency, report) => {
            reported(picture, (seq, received), agency, report, &mut touched);
        }
        Happening::Registry(seq, act) => {
            told::log(picture, u8::MAX, journal_line::registry(seq, act), &mut touched);
        }
        Happening::Tick(now) => tick(picture, now, &mut touched),
    }
    touched
}

/// The name an actor has in the log.
pub fn actor_word(actor: &Actor) -> String {
    match actor {
        Actor::User(name) => name.to_string(),
        Actor::Unit(unit) => unit.to_string(),
        Actor::Platform => "platform".into(),
    }
}

fn desk(picture: &mut Picture, seq: Seq, event: &DeskEvent, touched: &mut Touched) {
    if seq.0 <= picture.desk_done {
        return;
    }
    picture.desk_done = seq.0;
    let by = actor_word(&event.by);
    orders(picture, seq, event);
    apply(picture, event, &by, touched);
    touched.situations.extend(picture.situations.done(event.at, &by, &event.what));
    let entry = journal_line::entry(seq, event, &by);
    if let Some(id) = &event.command_id {
        if let Some(report) = id.strip_prefix("report:").and_then(|n| n.parse().ok()) {
            picture.report_done = picture.report_done.max(report);
        } else {
            answer(picture, (by, id.clone()), &entry);
        }
    }
    told::log(picture, u8::MAX, entry, touched);
}

/// Remembers what a command was answered with; the oldest is forgotten when there are too many.
fn answer(picture: &mut Picture, key: (String, String), entry: &LogEntry) {
    let fresh = Answer { seq: entry.seq, events: Vec::new() };
    picture.answers.entry(key).or_insert(fresh).events.push(entry.clone());
    if picture.answers.len() > ANSWERS_KEPT {
        let oldest = picture.answers.iter().min_by_key(|(_, a)| a.seq).map(|(k, _)| k.clone());
        if let Some(key) = oldest {
            picture.answers.remove(&key);
        }
    }
}

/// Keeps the orders that are on their way: one a task, until its unit has it.
fn orders(picture: &mut Picture, seq: Seq, event: &DeskEvent) {
    let (DeskFact::TaskSent { task, .. }
    | DeskFact::TaskDelivered { task }
    | DeskFact::TaskReported { task, .. }
    | DeskFact::TaskCancelled { task, .. }) = &event.what
    else {
        return;
    };
    picture.orders.retain(|_, o| o.task != *task);
    let (unit, withdrawn) = match &event.what {
        DeskFact::TaskSent { unit, .. } => (Some(unit.clone()), None),
        DeskFact::TaskCancelled { reason, .. } => {
            let bound = picture.tasks.get(task).filter(|t| t.state.binds_unit());
            (bound.and_then(|t| t.unit.clone()), Some(reason.clone()))
        }
        _ => (None, None),
    };
    if let Some(unit) = unit {
        let order = Order { task: *task, unit, given: event.at, withdrawn };
        picture.orders.insert(seq.0, order);
    }
}

fn apply(picture: &mut Picture, event: &DeskEvent, by: &str, touched: &mut Touched) {
    match &event.what {
        DeskFact::Acknowledged { alert, level, .. } => {
            let row = picture.alerts.entry(alert.clone()).or_default();
            let level = level.clone();
            row.acknowledged = Some(Acknowledged { by: by.to_owned(), at: event.at, level });
            touched.alerts.insert(alert.clone());
        }
        DeskFact::AcknowledgementTakenBack { alert, .. } => {
            picture.alerts.entry(alert.clone()).or_default().acknowledged = None;
            touched.alerts.insert(alert.clone());
        }
        DeskFact::Shelved { alert, level, until, reason } => {
            picture.alerts.entry(alert.clone()).or_default().shelved = Some(Shelved {
                by: by.to_owned(),
                until: *until,
                reason: reason.clone(),
                level: level.clone(),
            });
            touched.alerts.insert(alert.clone());
        }
        DeskFact::Unshelved { alert } => {
            picture.alerts.entry(alert.clone()).or_default().shelved = None;
            touched.alerts.insert(alert.clone());
        }
        DeskFact::IncidentOpened { incident, alert, title, evidence } => {
            picture.incidents_given = picture.incidents_given.max(incident.0);
            let row = Incident {
                title: title.clone(),
                alert: alert.clone(),
                opened_by: by.to_owned(),
                opened: event.at,
                closed: None,
                plans: Default::default(),
                tasks: BTreeSet::new(),
                evidence: evidence.iter().cloned().map(LoggedDecision).collect(),
            };
            picture.incidents.insert(*incident, row);
            picture.alerts.entry(alert.clone()).or_default().incident = Some(*incident);
            touched.alerts.insert(alert.clone());
            touched.incidents.insert(*incident);
        }
        DeskFact::IncidentNoted { incident, .. } => {
            touched.incidents.insert(*incident);
        }
        DeskFact::PlanStarted { incident, plan, level } => {
            if let Some(row) = picture.incidents.get_mut(incident) {
                row.plans.insert(plan.clone(), level.clone());
            }
            touched.incidents.insert(*incident);
        }
        DeskFact::IncidentClosed { incident, .. } => close(picture, *incident, event.at, touched),
        fact @ (DeskFact::UnitDistressed { .. } | DeskFact::UnitSafe { .. }) => {
            heard::distress(picture, fact, event.at, touched);
        }
        fact if corrections::is_one(fact) => corrections::evolve(picture, fact, event.at),
        _ => task(picture, event, by, touched),
    }
}

fn task(picture: &mut Picture, event: &DeskEvent, by: &str, touched: &mut Touched) {
    let (id, to) = match &event.what {
        DeskFact::TaskProposed { task, incident, text, measure, limit_min, unit } => {
            let mut row = new_task(*incident, text);
            row.measure = Some(measure.clone());
            row.limit_min = Some(*limit_min);
            row.unit = unit.clone();
            enlist(picture, *task, row, touched);
            (*task, TaskState::Proposed)
        }
        DeskFact::TaskSent { task, incident, text, unit, due } => {
            if !picture.tasks.contains_key(task) {
                enlist(picture, *task, new_task(*incident, text), touched);
            }
            if let Some(row) = picture.tasks.get_mut(task) {
                row.text = text.clone();
                row.unit = Some(unit.clone());
                row.due = Some(*due);
                row.overdue = false;
                row.note = None;
            }
            (*task, TaskState::Sent)
        }
        DeskFact::TaskDelivered { task } => {
            let sent = picture.tasks.get(task).is_some_and(|t| t.state == TaskState::Sent);
            if !sent {
                return;
            }
            (*task, TaskState::Delivered)
        }
        DeskFact::TaskReported { task, report, note, .. } => {
            if let Some(row) = picture.tasks.get_mut(task) {
                row.note = note.clone().or_else(|| row.note.take());
            }
            (*task, state_after(*report))
        }
        DeskFact::TaskCancelled { task, reason } => {
            if let Some(row) = picture.tasks.get_mut(task) {
                row.note = Some(reason.clone());
            }
            (*task, TaskState::Cancelled)
        }
        DeskFact::TaskOverdue { task } => {
            if let Some(row) = picture.tasks.get_mut(task) {
                row.overdue = true;
            }
            touched.tasks.insert(*task);
            return;
        }
        _ => return,
    };
    if let Some(row) = picture.tasks.get_mut(&id) {
        row.state = to;
        row.history.push(Step { state: to, at: event.at, by: by.to_owned() });
        touched.units.extend(row.unit.clone());
    }
    touched.tasks.insert(id);
}

fn new_task(incident: IncidentId, text: &str) -> Task {
    Task {
        incident,
        text: text.to_owned(),
        measure: None,
        unit: None,
        state: TaskState::Proposed,
        history: Vec::new(),
        limit_min: None,
        due: None,
        overdue: false,
        note: None,
    }
}

fn enlist(picture: &mut Picture, id: TaskId, row: Task, touched: &mut Touched) {
    picture.tasks_given = picture.tasks_given.max(id.0);
    if let Some(incident) = picture.incidents.get_mut(&row.incident) {
        incident.tasks.insert(id);
        touched.incidents.insert(row.incident);
    }
    picture.tasks.insert(id, row);
}

fn close(picture: &mut Picture, id: IncidentId, at: UtcMs, touched: &mut Touched) {
    let Some(row) = picture.incidents.get_mut(&id) else { return };
    row.closed = Some(at);
    touched.incidents.insert(id);
    touched.alerts.insert(row.alert.clone());
    let mut closed: Vec<(UtcMs, IncidentId)> =
        picture.incidents.iter().filter_map(|(id, i)| i.closed.map(|at| (at, *id))).collect();
    closed.sort_unstable();
    let surplus = closed.len().saturating_sub(CLOSED_INCIDENTS_KEPT);
    for (_, old) in closed.into_iter().take(surplus) {
        if let Some(row) = picture.incidents.remove(&old) {
            picture.tasks.retain(|t, _| !row.tasks.contains(t));
        }
    }
}

fn reported(
    picture: &mut Picture,
    (seq, received): (Seq, UtcMs),
    agency: &AgencyId,
    report: &Report,
    touched: &mut Touched,
) {
    match report {
        Report::Hospital(said) => hospital(picture, seq, said.clone().into(), touched),
        Report::Facility(said) => hospital(picture, seq, said.clone(), touched),
        Report::Unit(said) => heard::unit(picture, received, said, touched),
        Report::Earthquake(said) => heard::earthquake(picture, said, touched),
        Report::Track(said) => heard::track(picture, received, said, touched),
        Report::Cases(said) => drop(picture.cases.take(said, received)),
        Report::Signal(said) => signals::take(picture, (seq, received), agency, said, touched),
        Report::Attachment(_) => {}
        Report::Situation(said) => {
            let changed = picture.situations.reported(seq, received, agency, said);
            touched.situations.extend(changed);
        }
        Report::Warning(said) => {
            touched.warnings.extend(picture.warnings.take(seq.0, agency, received, said));
            let entry = journal_line::warning(seq, received, said);
            told::log(picture, u8::MAX, entry, touched);
        }
    }
}

fn hospital(picture: &mut Picture, seq: Seq, said: HospitalReport, touched: &mut Touched) {
    let id = said.hospital.clone();
    if picture.hospitals.entry(id.clone()).or_default().take(seq, said) {
        touched.hospitals.insert(id);
    }
}

fn tick(picture: &mut Picture, now: UtcMs, touched: &mut Touched) {
    let before = picture.now;
    picture.now = before.max(now);
    touched.situations.extend(picture.situations.ticked(picture.now));
    touched.warnings.extend(picture.warnings.pass(before, picture.now));
    heard::tick(picture, touched);
    corrections::forget(&mut picture.corrections, picture.now);
    let old = picture.now.plus_ms(-GONE_KEPT_MS);
    let forgotten: Vec<AlertId> = picture
        .alerts
        .iter()
        .filter(|(id, a)| picture.is_gone(id, a) && !held(picture, a))
        .filter(|(_, a)| a.told.as_ref().is_some_and(|t| t.cleared.is_some_and(|c| c < old)))
        .map(|(id, _)| id.clone())
        .collect();
    for id in forgotten {
        picture.alerts.remove(&id);
        picture.taken.remove(&id);
    }
    signals::pass(picture, touched);
}

/// Whether an open incident holds the alert.
fn held(picture: &Picture, alert: &super::picture::Alert) -> bool {
    let incident = alert.incident.and_then(|id| picture.incidents.get(&id));
    incident.is_some_and(|i| i.closed.is_none())
}
