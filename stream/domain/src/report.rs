//! What comes in beside observations: hospitals' status, units' reports, official signals, and all that an
//! agency says of a situation ([`crate::situation`]).

use serde::{Deserialize, Serialize};

use crate::bulletin::{Earthquake, StormTrack};
use crate::cases::CaseCount;
use crate::facility::HospitalReport;
use crate::ids::{AgencyId, HospitalId, StationId, TaskId, UnitId, ZoneId};
use crate::situation::Situation;
use crate::time::UtcMs;
use crate::warning::ExternalWarning;

/// What a unit says of a task: 签收、退回、赶赴途中、到达现场、办结.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskReport {
    /// 签收: the unit has the order and will go.
    Accept,
    /// 退回: it cannot, and says why.
    Refuse,
    /// 赶赴途中.
    EnRoute,
    /// 到达现场.
    OnScene,
    /// 办结.
    Done,
}

/// How a unit says it is: 待命、执行任务、离岗、求救.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitStatus {
    /// 待命: it can be sent.
    Available,
    /// 执行任务.
    Busy,
    /// 离岗.
    OffDuty,
    /// 求救: its people need help themselves. It stands until the unit says another status.
    Distress,
}

impl UnitStatus {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            UnitStatus::Available => "available",
            UnitStatus::Busy => "busy",
            UnitStatus::OffDuty => "off_duty",
            UnitStatus::Distress => "distress",
        }
    }
}

/// A unit's report: about a task, or how it is and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitReport {
    /// The unit; on MQTT it must be the topic's own.
    pub unit: UnitId,
    /// When.
    pub t: UtcMs,
    /// The task, where the report is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// What of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<TaskReport>,
    /// The reason of a refusal, or a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Longitude, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Latitude, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// How it is, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<UnitStatus>,
    /// Speed over ground, metres a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f32>,
    /// Course over ground, degrees clockwise from true north, below 360.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course_deg: Option<f32>,
    /// Charge of its device's battery, per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// Radius within which the position is right, metres, as its device says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f32>,
}

impl UnitReport {
    /// A report that says nothing yet but whose it is, and when.
    pub fn of(unit: UnitId, t: UtcMs) -> Self {
        Self {
            unit,
            t,
            task: None,
            report: None,
            note: None,
            lon: None,
            lat: None,
            status: None,
            speed_mps: None,
            course_deg: None,
            battery_percent: None,
            accuracy_m: None,
        }
    }
}

/// 正常接诊、接诊紧张、建议分流、暂停接收.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyTraffic {
    /// 正常接诊.
    Normal,
    /// 接诊紧张.
    Strained,
    /// 建议分流.
    #[serde(alias = "advisory")]
    DivertAdvised,
    /// 暂停接收 (by consent of the health authority).
    #[serde(alias = "closed")]
    Suspended,
    /// It has no emergency department.
    NotApplicable,
}

impl EmergencyTraffic {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            EmergencyTraffic::Normal => "normal",
            EmergencyTraffic::Strained => "strained",
            EmergencyTraffic::DivertAdvised => "divert_advised",
            EmergencyTraffic::Suspended => "suspended",
            EmergencyTraffic::NotApplicable => "not_applicable",
        }
    }
}

/// A hospital's own report of its load, as older records have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HospitalStatus {
    /// The hospital.
    pub hospital: HospitalId,
    /// When it was true.
    pub t: UtcMs,
    /// Staffed beds.
    pub beds: u32,
    /// Of them occupied.
    pub beds_occupied: u32,
    /// Staffed ICU beds.
    #[serde(default)]
    pub icu_beds: u32,
    /// Of them occupied.
    #[serde(default)]
    pub icu_occupied: u32,
    /// People waiting in the emergency department.
    #[serde(default)]
    pub emergency_waiting: u32,
    /// How the emergency department takes patients.
    pub traffic: EmergencyTraffic,
    /// Reason, or who approved a suspension and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// 发布、变更、解除、撤销.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalAct {
    /// 发布.
    Issue,
    /// 变更.
    Change,
    /// 解除: the danger is over.
    Lift,
    /// 撤销: it was issued in error.
    Withdraw,
}

/// An official signal (预警信号), published by a weather, hydrology or sea office and only by them.
///
/// It is another type than an assessment of the platform, and nothing converts the one to the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficialSignal {
    /// The issuer's own id of the signal; a change, lift or withdrawal carries the same.
    pub id: String,
    /// The issuing office in words: 「台山市气象台(虚构)」.
    pub issuer: String,
    /// What is done.
    pub act: SignalAct,
    /// The kind in words: 「台风」「暴雨」「风暴潮」「洪水」.
    pub kind: String,
    /// The official colour's id (`white blue yellow orange red`).
    pub color: String,
    /// The areas, by code.
    pub areas: Vec<ZoneId>,
    /// When it was issued.
    pub t: UtcMs,
    /// The text as published.
    #[serde(default)]
    pub text: String,
}

/// A picture or a text that a station sent. Its bytes are kept beside the journal under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The station.
    pub station: StationId,
    /// When it was observed.
    pub t: UtcMs,
    /// What it is: `image/jpeg`, `text/plain`, ….
    pub media_type: String,
    /// SHA-256 of its bytes, in hex: the name it is asked for by.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
}

/// A closed list of what else a feed can bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Report {
    /// See [`UnitReport`].
    Unit(UnitReport),
    /// See [`HospitalStatus`].
    Hospital(HospitalStatus),
    /// See [`OfficialSignal`].
    Signal(OfficialSignal),
    /// See [`Attachment`].
    Attachment(Attachment),
    /// See [`ExternalWarning`].
    Warning(Box<ExternalWarning>),
    /// See [`HospitalReport`]: what a hospital reports since there is more than its load.
    Facility(HospitalReport),
    /// See [`Situation`].
    Situation(Box<Situation>),
    /// See [`Earthquake`].
    Earthquake(Earthquake),
    /// See [`StormTrack`].
    Track(StormTrack),
    /// See [`CaseCount`].
    Cases(CaseCount),
}

/// What is silent: one station, or all of an agency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SilentSource {
    /// Every datastream of one station.
    Station(StationId),
    /// Every station of one agency.
    Agency(AgencyId),
}
