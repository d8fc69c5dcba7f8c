//! What is particular to each kind of situation. A closed list; new variants and fields go to the
//! end, and a field that may be missing has a default, so that an older record still reads.

mod harm;

pub use harm::{Damage, FoodAct, FoodSafety, ForecastValue, Heading, OfficeForecast, Stage};
use serde::{Deserialize, Serialize};

use super::Kind;
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
