//! Commands and their answers. The commands themselves are the desk's ([`domain::desk::Command`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::views::LogEntry;

/// `POST /v1/commands`: one command, idempotent by `id`.
///
/// `command` is one of (tag `do`): `acknowledge {alert, note?}`, `take_back_acknowledgement {alert,
/// reason}`, `shelve {alert, until, reason}`, `unshelve {alert}`, `open_incident {alert, title}`,
/// `correct
/// {station, property, act, from, until?, reason}` (`until` is left out of a value alone; `act`: `"unreliable"`, `{"offset": x}` or `{"value": x}`),
/// `end_correction {correction, reason}` (what it changed stays), `withdraw_correction {correction,
/// reason}` (what it changed is given back), `note_incident {incident, note}`, `start_plan {incident, plan}`, `dispatch {incident, task?, text,
/// unit, due}`, `cancel_task {task, reason}`, `close_incident {incident, note}`; of reports: `verify {situation,
/// verdict, reason}`, `merge {situation, into, reason?}`, `keep_apart {situation, from, reason}`,
/// `split {situation, reason}`, `assign {situation, department, text, due?}`, `conclude {situation,
/// text}`, `feed_back {situation, text}`; times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// The sender's own id of this command: sent twice, it acts once.
    pub id: String,
    /// The command.
    #[schemars(with = "serde_json::Value")]
    pub command: domain::desk::Command,
}

/// What came of a command: the log entries it made. A refusal is a [`crate::Problem`] whose reason is
/// one of `unknown_alert`, `already_acknowledged` (detail names who), `not_acknowledged`,
/// `already_shelved`, `red_needs_commander`, `shelving_too_long`, `unknown_incident`,
/// `incident_closed`, `incident_exists`, `unknown_plan`, `unknown_task`, `unknown_unit`,
/// `unit_busy`, `unknown_datastream`, `unknown_correction`, `task_state`, `tasks_open`, `due_in_the_past`, `forbidden`,
/// `alert_cleared`, `unknown_situation`, `situation_state`, `unknown_department`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandAnswer {
    /// The log entries.
    pub events: Vec<LogEntry>,
}
