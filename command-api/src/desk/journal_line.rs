//! Desk events and official signals as lines of the duty log.

use contract::views::LogEntry;
use domain::correction::{Correction, CorrectionAct};
use domain::desk::{DeskEvent, DeskFact};
use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::registry::RegistryAct;
use domain::report::{OfficialSignal, Report, SignalAct, TaskReport};
use domain::time::UtcMs;
use domain::warning::{ExternalWarning, WarningAct, WarningStatus};

/// Changes of the registry that a line of the log names; the record has more.
const REGISTRY_LINES: usize = 5;

/// The line that a record of the journal is; nothing where it is none.
pub fn of(row: &Sequenced) -> Option<LogEntry> {
    match &row.record {
        Record::Registry(act) => Some(registry(row.seq, act)),
        Record::Desk(event) => Some(entry(row.seq, event, &super::evolve::actor_word(&event.by))),
        Record::Report { received, report: Report::Signal(said), .. } => {
            Some(signal(row.seq, *received, said))
        }
        Record::Report { received, report: Report::Warning(said), .. } => {
            Some(warning(row.seq, *received, said))
        }
        _ => None,
    }
}

/// The id of an external warning: `W-` and its journal number.
pub fn warning_id(seq: u64) -> String {
    format!("W-{seq}")
}

/// The line of an external warning.
pub(super) fn warning(seq: Seq, received: UtcMs, said: &ExternalWarning) -> LogEntry {
    let message = &said.message;
    let info = message.infos.first();
    let what = match (message.status, message.act) {
        (WarningStatus::Actual, WarningAct::Alert) => "warning.issue",
        (WarningStatus::Actual, WarningAct::Update) => "warning.update",
        (WarningStatus::Actual, WarningAct::Cancel) => "warning.cancel",
        (WarningStatus::Actual, WarningAct::Ack) => "warning.ack",
        (WarningStatus::Actual, WarningAct::Error) => "warning.error",
        (WarningStatus::Exercise, _) => "warning.exercise",
        _ => "warning.test",
    };
    let words = info.and_then(|i| i.headline.as_deref().or(Some(&i.event)));
    let words = words.or(message.note.as_deref()).unwrap_or(&message.key.identifier);
    let severity = info.map_or("", |i| i.severity.word());
    LogEntry {
        seq: seq.0,
        at_ms: received.0,
        by: info.and_then(|i| i.sender_name.clone()).unwrap_or_else(|| message.key.sender.clone()),
        what: what.into(),
        about: warning_id(seq.0),
        detail: format!("{severity} {words}").trim().to_owned(),
    }
}

/// The line of a change of the registry: what changes, as far as a line has room.
pub(super) fn registry(seq: Seq, act: &RegistryAct) -> LogEntry {
    let shown = act.changes.iter().take(REGISTRY_LINES).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    let more = (act.total as usize).saturating_sub(shown.len());
    let more = if more > 0 { format!("; +{more}") } else { String::new() };
    LogEntry {
        seq: seq.0,
        at_ms: act.at.0,
        by: act.by.clone(),
        what: "registry.changed".into(),
        about: act.way.wire().into(),
        detail: format!("{}{more}", shown.join("; ")),
    }
}

/// The line of a desk event.
pub(super) fn entry(seq: Seq, event: &DeskEvent, by: &str) -> LogEntry {
    let (what, about, detail) = words(&event.what);
    LogEntry { seq: seq.0, at_ms: event.at.0, by: by.to_owned(), what: what.into(), about, detail }
}

/// The line of an official signal.
pub(super) fn signal(seq: Seq, received: UtcMs, said: &OfficialSignal) -> LogEntry {
    let what = match said.act {
        SignalAct::Issue => "signal.issue",
        SignalAct::Change => "signal.change",
        SignalAct::Lift => "signal.lift",
        SignalAct::Withdraw => "signal.withdraw",
    };
    LogEntry {
        seq: seq.0,
        at_ms: received.0,
        by: said.issuer.clone(),
        what: what.into(),
        about: said.id.clone(),
        detail: format!("{} {}", said.kind, said.color),
    }
}

/// The word of a unit's report.
pub(super) fn report_word(report: TaskReport) -> &'static str {
    match report {
        TaskReport::Accept => "accept",
        TaskReport::Refuse => "refuse",
        TaskReport::EnRoute => "en_route",
        TaskReport::OnScene => "on_scene",
        TaskReport::Done => "done",
    }
}

fn words(fact: &DeskFact) -> (&'static str, String, String) {
    match fact {
        DeskFact::Acknowledged { alert, level, note } => {
            ("acknowledged", alert.to_string(), joined(level, note.as_deref()))
        }
        DeskFact::AcknowledgementTakenBack { alert, reason } => {
            ("acknowledgement_taken_back", alert.to_string(), reason.clone())
        }
        DeskFact::Shelved { alert, until, reason, .. } => {
            ("shelved", alert.to_string(), format!("{} {reason}", until.0))
        }
        DeskFact::Unshelved { alert } => ("unshelved", alert.to_string(), String::new()),
        DeskFact::IncidentOpened { incident, alert, title, .. } => {
            ("incident_opened", incident.to_string(), format!("{title} ({alert})"))
        }
        DeskFact::IncidentNoted { incident, note } => {
            ("incident_noted", incident.to_string(), note.clone())
        }
        DeskFact::PlanStarted { incident, plan, level } => {
            ("plan_started", incident.to_string(), format!("{plan} {level}"))
        }
        DeskFact::TaskProposed { task, text, measure, unit, .. } => {
            let unit = unit.as_ref().map(|u| format!(" {u}")).unwrap_or_default();
            ("task_proposed", task.to_string(), format!("{measure}{unit} {text}"))
        }
        DeskFact::TaskSent { task, unit, text, .. } => {
            ("task_sent", task.to_string(), format!("{unit} {text}"))
        }
        DeskFact::TaskDelivered { task } => ("task_delivered", task.to_string(), String::new()),
        DeskFact::TaskReported { task, unit, report, note } => {
            let said = joined(report_word(*report), note.as_deref());
            ("task_reported", task.to_string(), format!("{unit} {said}"))
        }
        DeskFact::TaskOverdue { task } => ("task_overdue", task.to_string(), String::new()),
        DeskFact::TaskCancelled { task, reason } => {
            ("task_cancelled", task.to_string(), reason.clone())
        }
        DeskFact::UnitDistressed { unit, note } => {
            ("unit_distressed", unit.to_string(), note.clone().unwrap_or_default())
        }
        DeskFact::UnitSafe { unit } => ("unit_safe", unit.to_string(), String::new()),
        DeskFact::IncidentClosed { incident, note } => {
            ("incident_closed", incident.to_string(), note.clone())
        }
        DeskFact::Corrected(correction) => {
            let act = match correction.act {
                CorrectionAct::Unreliable => "unreliable".to_owned(),
                CorrectionAct::Offset(by) => format!("offset:{by}"),
                CorrectionAct::Value(value) => format!("value:{value}"),
            };
            let Correction { property, from, until, reason, .. } = correction;
            let detail = format!("{property} {act} {} {} {reason}", from.0, until.0);
            ("corrected", correction.station.to_string(), detail)
        }
        DeskFact::CorrectionEnded { correction, reason } => {
            ("correction_ended", correction.to_string(), reason.clone())
        }
        DeskFact::CorrectionWithdrawn { correction, reason } => {
            ("correction_withdrawn", correction.to_string(), reason.clone())
        }
        DeskFact::SituationVerified { situation, verdict, reason } => {
            ("situation_verified", situation.to_string(), joined(verdict.wire(), Some(reason)))
        }
        DeskFact::SituationsMerged { situation, into, reason } => {
            let into = into.to_string();
            ("situations_merged", situation.to_string(), joined(&into, reason.as_deref()))
        }
        DeskFact::SituationsKeptApart { situation, from, reason } => {
            let from = from.to_string();
            ("situations_kept_apart", situation.to_string(), joined(&from, Some(reason)))
        }
        DeskFact::SituationSplit { situation, from, reason } => {
            let from = from.to_string();
            ("situation_split", situation.to_string(), joined(&from, Some(reason)))
        }
        DeskFact::SituationAssigned { situation, department, text, .. } => {
            let said = joined(department.as_str(), Some(text));
            ("situation_assigned", situation.to_string(), said)
        }
        DeskFact::SituationConcluded { situation, text } => {
            ("situation_concluded", situation.to_string(), text.clone())
        }
        DeskFact::SituationFedBack { situation, text } => {
            ("situation_fed_back", situation.to_string(), text.clone())
        }
    }
}

fn joined(word: &str, note: Option<&str>) -> String {
    note.map_or_else(|| word.to_owned(), |note| format!("{word} {note}"))
}
