//! What is particular to each kind of situation. A closed list; new variants and fields go to the
//! end, and a field that may be missing has a default, so that an older record still reads.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::ids::StationId;
use crate::time::UtcMs;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// 12345.
    Hotline(Hotline),
    /// 110, 119, 120, 122.
    Call(EmergencyCall),
    /// 停电.
    Outage(PowerOutage),
    /// 道路封闭.
    Closure(RoadClosure),
    /// 隐患点.
    HazardPoint(HazardPoint),
    /// 食品药品.
    Food(FoodSafety),
    /// 险情、工情、灾情.
    Damage(Damage),
    /// A forecast of an office.
    Forecast(OfficeForecast),
}

impl Body {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Body::Hotline(_) => Kind::Hotline,
            Body::Call(_) => Kind::Call,
            Body::Outage(_) => Kind::Outage,
            Body::Closure(_) => Kind::Closure,
            Body::HazardPoint(_) => Kind::HazardPoint,
            Body::Food(_) => Kind::Food,
            Body::Damage(_) => Kind::Damage,
            Body::Forecast(_) => Kind::Forecast,
        }
    }
}

/// A citizen's report to 12345.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hotline {
    /// The class, in the hotline's own words: 「内涝积水」「房屋安全」.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// The hotline marks it urgent.
    #[serde(default)]
    pub urgent: bool,
    /// People in need, as the caller says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
}

/// Which emergency service took a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Service {
    /// 公安.
    #[serde(rename = "110")]
    Police,
    /// 消防救援.
    #[serde(rename = "119")]
    Fire,
    /// 医疗急救.
    #[serde(rename = "120")]
    Ambulance,
    /// 交通事故.
    #[serde(rename = "122")]
    Traffic,
}

impl Service {
    /// Its number.
    pub fn wire(self) -> &'static str {
        match self {
            Service::Police => "110",
            Service::Fire => "119",
            Service::Ambulance => "120",
            Service::Traffic => "122",
        }
    }
}

/// An emergency call's incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmergencyCall {
    /// Which service took it.
    pub service: Service,
    /// The class, in the service's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// People trapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trapped: Option<u32>,
    /// People hurt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injured: Option<u32>,
    /// People dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<u32>,
}

/// A power outage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PowerOutage {
    /// Households without power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub households: Option<u32>,
    /// Line or substation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// Cause.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// Important users without power (重要用户): hospitals, pumping stations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub important: Vec<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UtcMs>,
    /// Power is expected back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_by: Option<UtcMs>,
}

/// How far a road is closed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Both ways.
    #[default]
    Full,
    /// One way.
    OneWay,
    /// Some lanes, or some vehicles.
    Restricted,
}

impl Extent {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Extent::Full => "full",
            Extent::OneWay => "one_way",
            Extent::Restricted => "restricted",
        }
    }
}

/// A road closure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoadClosure {
    /// The road.
    pub road: String,
    /// From where to where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub section: String,
    /// How far.
    #[serde(default)]
    pub extent: Extent,
    /// Cause.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// The way around.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detour: String,
    /// Until when, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMs>,
}

/// What a hazard point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// 滑坡.
    Landslide,
    /// 崩塌.
    Collapse,
    /// 泥石流.
    DebrisFlow,
    /// 地面塌陷.
    Subsidence,
    /// 山洪.
    FlashFlood,
    /// 易涝点.
    Ponding,
}

impl Hazard {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Hazard::Landslide => "landslide",
            Hazard::Collapse => "collapse",
            Hazard::DebrisFlow => "debris_flow",
            Hazard::Subsidence => "subsidence",
            Hazard::FlashFlood => "flash_flood",
            Hazard::Ponding => "ponding",
        }
    }
}

/// How a hazard point stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// As always.
    #[default]
    Normal,
    /// Watched: signs, or rain.
    Watch,
    /// It moves, or stands under water: people leave.
    Danger,
}

impl Danger {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Danger::Normal => "normal",
            Danger::Watch => "watch",
            Danger::Danger => "danger",
        }
    }
}

/// 责任人: an official who answers for a place, by office and not as a caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Responsible {
    /// 行政、技术、巡查.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Name.
    pub name: String,
    /// Duty telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// A point of the register of hazards, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HazardPoint {
    /// Its name in the register.
    pub name: String,
    /// What it is.
    pub hazard: Hazard,
    /// How it stands.
    #[serde(default)]
    pub danger: Danger,
    /// People threatened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threatened: Option<u32>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responsible: Vec<Responsible>,
}

/// What a report on food or drugs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoodAct {
    /// 检测: a test's result.
    Test,
    /// 投诉.
    Complaint,
    /// 召回.
    Recall,
    /// 中毒: several people ill after eating.
    Poisoning,
}

impl FoodAct {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            FoodAct::Test => "test",
            FoodAct::Complaint => "complaint",
            FoodAct::Recall => "recall",
            FoodAct::Poisoning => "poisoning",
        }
    }
}

/// Food and drug safety.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoodSafety {
    /// What it is.
    pub act: FoodAct,
    /// The product.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub producer: String,
    /// The batch.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub batch: String,
    /// Where it was served, sold or sampled.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub venue: String,
    /// It is a drug.
    #[serde(default)]
    pub drug: bool,
    /// What was tested for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// Whether the test was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// People ill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ill: Option<u32>,
    /// Of them in hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospitalised: Option<u32>,
    /// People dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<u32>,
}

/// Which of the three headings of a 三防 brief it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// 险情: works in danger.
    Danger,
    /// 工情: how works stand and are run.
    Works,
    /// 灾情: loss.
    Loss,
}

impl Heading {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Heading::Danger => "danger",
            Heading::Works => "works",
            Heading::Loss => "loss",
        }
    }
}

/// 初报、续报、核报.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 初报.
    #[default]
    First,
    /// 续报.
    FollowUp,
    /// 核报.
    Verified,
}

impl Stage {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Stage::First => "first",
            Stage::FollowUp => "follow_up",
            Stage::Verified => "verified",
        }
    }
}

/// 险情、工情、灾情.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Damage {
    /// Which of the three.
    pub heading: Heading,
    /// 初报、续报、核报.
    #[serde(default)]
    pub stage: Stage,
    /// The works: dike, sluice, reservoir.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub works: String,
    /// What happened to it: 「管涌」「漫顶」「溃口」.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// 受灾人口.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<u32>,
    /// 转移人口.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evacuated: Option<u32>,
    /// 受伤.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injured: Option<u32>,
    /// 失踪.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u32>,
    /// 死亡.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<u32>,
    /// 倒塌房屋, 间.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms_collapsed: Option<u32>,
    /// 农作物受灾面积, hectares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crops_ha: Option<f64>,
    /// 直接经济损失, 万元.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_10k_yuan: Option<f64>,
}

/// One value of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ForecastValue {
    /// For when.
    pub t: UtcMs,
    /// The value, in the forecast's unit.
    pub v: f64,
}

/// A series that an office forecasts for a station; its envelope's time is when it was issued, the
/// last value's time its horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfficeForecast {
    /// For which station.
    pub station: StationId,
    /// Of which property: `water_level`, `tide_level`, `surge`.
    pub property: String,
    /// The unit of the values, UCUM.
    pub unit: String,
    /// The values, earliest first.
    pub values: Vec<ForecastValue>,
}
