//! The operating picture: what the desk knows. It is the fold of decisions, desk events and reports,
//! and nothing else; every part of it is written by one kind of them only, so that the order in which
//! two kinds reach the desk leaves no trace (a picture rebuilt from the record equals the one that was).

mod task;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::views::LogEntry;
use domain::bulletin::{Earthquake, StormTrack};
use domain::cases::Book;
use domain::correction::Correction;
use domain::decision::{AlertId, Decision};
use domain::ids::{AgencyId, HospitalId, IncidentId, PlanId, TaskId, UnitId};
use domain::level::Levels;
use domain::report::{OfficialSignal, UnitStatus};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use stream::risk::Beliefs;
use stream::silences::Silences;

pub use task::{Step, Task, TaskState};

use super::situations::Situations;
use super::wards::Ward;
use super::warnings::Warnings;

/// The most decisions of one alert that are kept with it (the first, and the newest).
pub const ALERT_DECISIONS_KEPT: usize = 64;
/// The most lines of the duty log that are kept in the picture; the rest is in the journal.
pub const LOG_KEPT: usize = 1_000;
/// The most command answers that are remembered for repeated commands.
pub const ANSWERS_KEPT: usize = 4_096;
/// The most closed incidents that are kept in the picture.
pub const CLOSED_INCIDENTS_KEPT: usize = 50;
/// The hazard's name of a silence.
pub const FEED: &str = "feed";

/// What the desk knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The city's levels, by which two levels are compared.
    pub levels: Levels,
    /// The newest tick.
    pub now: UtcMs,
    /// Alerts: open ones, and cleared ones that are still of use.
    pub alerts: BTreeMap<AlertId, Alert>,
    /// Incidents: open ones, and the latest closed ones.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Tasks of those incidents.
    pub tasks: BTreeMap<TaskId, Task>,
    /// What units said of themselves.
    pub units: BTreeMap<UnitId, UnitHeard>,
    /// What hospitals said of themselves.
    pub hospitals: BTreeMap<HospitalId, Ward>,
    /// Counts of cases of the last days, each report with when it came.
    #[serde(default)]
    pub cases: Book<UtcMs>,
    /// Official signals in force, by the issuer's id.
    pub signals: BTreeMap<String, OfficialSignal>,
    /// Whose signals these are.
    #[serde(default)]
    pub signals_by: BTreeMap<String, AgencyId>,
    /// When signals were lifted or withdrawn: an earlier issue that comes late revives none.
    #[serde(default)]
    pub signals_ended: BTreeMap<String, UtcMs>,
    /// The duty log's newest lines, by (journal number, place within it, what it is about).
    pub log: BTreeMap<(u64, u8, String), LogEntry>,
    /// Answers to commands, by (person, command id).
    pub answers: BTreeMap<(String, String), Answer>,
    /// The incidents numbered so far.
    pub incidents_given: u64,
    /// The tasks numbered so far.
    pub tasks_given: u64,
    /// Corrections of datastreams: those that hold, and those that ended lately.
    #[serde(default)]
    pub corrections: BTreeMap<u64, Correction>,
    /// The corrections numbered so far.
    #[serde(default)]
    pub corrections_given: u64,
    /// The newest report (journal number) that the desk has dealt with.
    pub report_done: u64,
    /// The newest desk event (journal number) on the picture: none is taken twice.
    pub desk_done: u64,
    /// Orders that their unit's session has not taken yet, by the journal number that gave them.
    pub orders: BTreeMap<u64, Order>,
    /// What is believed of each (place, hazard): the engine's newest assessment.
    pub believed: BTreeMap<(String, String), Believed>,
    /// When the room took the decisions about each alert, and showed them. Of the platform's clock and
    /// not of the record: a picture that is read back without its ledger has none.
    #[serde(default)]
    pub taken: BTreeMap<AlertId, VecDeque<Taken>>,
    /// The assessments that stand, with the observations behind them: what risk is made of.
    pub beliefs: Beliefs,
    /// What agencies reported about situations.
    #[serde(default)]
    pub situations: Situations,
    /// External warnings.
    #[serde(default)]
    pub warnings: Warnings,
    /// Units in distress: since when, and what they said.
    #[serde(default)]
    pub distress: BTreeMap<UnitId, Distress>,
    /// Earthquakes by the office's id, each with its versions, newest last.
    #[serde(default)]
    pub earthquakes: BTreeMap<String, VecDeque<Earthquake>>,
    /// Storms by the office's number.
    #[serde(default)]
    pub tracks: BTreeMap<String, HeardTrack>,
}

/// A decision about an alert has come onto the picture, and gone out to the consoles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its journal number; of several that came together the newest.
    pub seq: u64,
    /// When the room took it, by the platform's clock.
    pub decided: UtcMs,
    /// When the delta with it was in the ring.
    pub shown: UtcMs,
}

/// An order on its way to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The task.
    pub task: TaskId,
    /// The unit it is for.
    pub unit: UnitId,
    /// When it was given.
    pub given: UtcMs,
    /// Why the task is withdrawn, where that is the order.
    pub withdrawn: Option<String>,
}

/// The newest assessment of a hazard at a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Believed {
    /// Level id; `nodata` is none of the others.
    pub level: String,
    /// The instant it is about.
    pub t: UtcMs,
    /// The value judged.
    pub value: Option<f64>,
    /// Journal number of the decision.
    pub seq: u64,
}

/// An alert: what the engine told, and what people did about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What the engine told. Absent only while its decision is still on the way.
    pub told: Option<Told>,
    /// 签收.
    pub acknowledged: Option<Acknowledged>,
    /// 暂挂.
    pub shelved: Option<Shelved>,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
}

/// The engine's side of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Level id now (the last one, once cleared).
    pub level: String,
    /// The highest level id it has had.
    pub peak: String,
    /// The newest value.
    pub value: Option<f64>,
    /// The value before it.
    pub value_before: Option<f64>,
    /// The rule of the newest decision.
    pub rule: String,
    /// Event time of its raise.
    pub raised: UtcMs,
    /// Event time of its newest decision.
    pub changed: UtcMs,
    /// Event time of its clear.
    pub cleared: Option<UtcMs>,
    /// How many decisions it has joined.
    pub steps: u32,
    /// The newest amendment.
    pub amended: Option<String>,
    /// Its decisions, oldest first, at most [`ALERT_DECISIONS_KEPT`].
    pub decisions: VecDeque<LoggedDecision>,
    /// (journal number, place within it) of the newest decision: an older one is not taken twice.
    pub newest: (u64, u8),
    /// Of a silence: what is silent.
    #[serde(default)]
    pub silent: Silences,
}

/// A decision as the picture keeps it (its own encoding has optional fields left out, which only a
/// self-describing format can read back).
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedDecision(pub Decision);

impl Serialize for LoggedDecision {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?;
        s.serialize_str(&text)
    }
}
impl<'de> Deserialize<'de> for LoggedDecision {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        serde_json::from_str(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// 签收: it holds up to the level it was given at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// By whom.
    pub by: String,
    /// When.
    pub at: UtcMs,
    /// The highest level id the alert had had by then.
    pub level: String,
}

/// 暂挂: it ends by its time, by a person, or by a higher level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    /// By whom.
    pub by: String,
    /// Until when.
    pub until: UtcMs,
    /// Why.
    pub reason: String,
    /// The level id the alert had.
    pub level: String,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// A title.
    pub title: String,
    /// The alert it was opened from.
    pub alert: AlertId,
    /// By whom.
    pub opened_by: String,
    /// When.
    pub opened: UtcMs,
    /// When it was closed.
    pub closed: Option<UtcMs>,
    /// Plans started, each with the level its measures were chosen for.
    pub plans: BTreeMap<PlanId, String>,
    /// Tasks.
    pub tasks: BTreeSet<TaskId>,
    /// The evidence as it stood when it was opened.
    pub evidence: Vec<LoggedDecision>,
}

/// A storm's track and when it came, by the platform's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeardTrack {
    /// When it came.
    pub heard: UtcMs,
    /// The track.
    pub track: StormTrack,
}

/// 求救.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distress {
    /// Since when.
    pub since: UtcMs,
    /// What the unit said.
    pub note: Option<String>,
}

/// What a unit said of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitHeard {
    /// When it was last heard, by the platform's clock.
    pub heard: UtcMs,
    /// Longitude and latitude, degrees WGS-84, where it said.
    pub at: Option<(f64, f64)>,
    /// When it was there, by its own clock.
    #[serde(default)]
    pub placed: Option<UtcMs>,
    /// How it said it is.
    #[serde(default)]
    pub status: Option<UnitStatus>,
    /// Speed, metres a second.
    #[serde(default)]
    pub speed_mps: Option<f32>,
    /// Course, degrees.
    #[serde(default)]
    pub course_deg: Option<f32>,
    /// Battery, per cent.
    #[serde(default)]
    pub battery_percent: Option<u8>,
}

/// What a command was answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Journal number of its first event.
    pub seq: u64,
    /// Its log lines.
    pub events: Vec<LogEntry>,
}

impl Picture {
    /// An empty picture of a city with these levels.
    pub fn new(levels: Levels) -> Self {
        Self { levels, ..Self::default() }
    }

    /// Rank of a level id; 0 for `nodata`, `none` and ids the city does not have.
    pub fn rank(&self, level: &str) -> u8 {
        self.levels.find(level).map_or(0, domain::level::Level::rank)
    }

    /// Whether this is the highest level of the city's list.
    pub fn is_highest(&self, level: &str) -> bool {
        !self.levels.0.is_empty() && usize::from(self.rank(level)) == self.levels.0.len()
    }

    /// The acknowledgement that covers what the alert has come to, if there is one.
    pub fn acknowledgement<'a>(&self, alert: &'a Alert) -> Option<&'a Acknowledged> {
        let peak = alert.told.as_ref().map_or(0, |t| self.rank(&t.peak));
        alert.acknowledged.as_ref().filter(|a| self.rank(&a.level) >= peak)
    }

    /// Whether the alert has left the list: cleared and acknowledged. A silence that has ended
    /// leaves by itself; nobody need acknowledge that a gauge is back.
    pub fn is_gone(&self, id: &AlertId, alert: &Alert) -> bool {
        let Some(told) = &alert.told else { return true };
        told.cleared.is_some() && (id.hazard == FEED || self.acknowledgement(alert).is_some())
    }

    /// The open task of a unit, if it has one.
    pub fn task_of(&self, unit: &UnitId) -> Option<(TaskId, &Task)> {
        self.tasks
            .iter()
            .find(|(_, t)| t.state.binds_unit() && t.unit.as_ref() == Some(unit))
            .map(|(id, t)| (*id, t))
    }

    /// Notes that the newest decisions about these alerts were taken, and shown.
    pub fn note_taken(&mut self, alerts: &BTreeSet<AlertId>, decided: UtcMs, shown: UtcMs) {
        for id in alerts {
            let Some(told) = self.alerts.get(id).and_then(|alert| alert.told.as_ref()) else {
                continue;
            };
            let seq = told.newest.0;
            let taken = self.taken.entry(id.clone()).or_default();
            if taken.back().is_some_and(|newest| newest.seq >= seq) {
                continue;
            }
            if taken.len() >= ALERT_DECISIONS_KEPT {
                taken.remove(1);
            }
            taken.push_back(Taken { seq, decided, shown });
        }
    }

    /// What a command was answered with, if it has been given before by the same person.
    pub fn answered(&self, by: &str, command_id: &str) -> Option<&Answer> {
        self.answers.get(&(by.to_owned(), command_id.to_owned()))
    }
}
