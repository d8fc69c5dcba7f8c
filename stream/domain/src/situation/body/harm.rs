//! Food and drugs, damage and works, and what offices forecast.

use serde::{Deserialize, Serialize};

use crate::ids::StationId;
use crate::time::UtcMs;

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
