//! Where a situation is, how well that is known, and by what.

use serde::{Deserialize, Serialize};

use crate::ids::ZoneId;

/// How well a place is known, best first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// A point that the sender measured.
    Point,
    /// The village's own point.
    Village,
    /// A point on the road.
    Road,
    /// The township's point.
    Township,
    /// The district, and nothing better: it has a zone and no point of its own.
    District,
    /// Nobody knows. Never the middle of the city.
    #[default]
    Unknown,
}

impl Precision {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Precision::Point => "point",
            Precision::Village => "village",
            Precision::Road => "road",
            Precision::Township => "township",
            Precision::District => "district",
            Precision::Unknown => "unknown",
        }
    }

    /// How far the true place may be from the point given, metres: an order of magnitude of our own
    /// (a village of South China is about a kilometre across, a township some ten), by which nearness
    /// is judged.
    pub fn reach_m(self) -> Option<f64> {
        match self {
            Precision::Point => Some(300.0),
            Precision::Village => Some(1_000.0),
            Precision::Road => Some(2_000.0),
            Precision::Township => Some(5_000.0),
            Precision::District | Precision::Unknown => None,
        }
    }
}

/// By what it was located.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum LocatedBy {
    /// The sender's point.
    Point,
    /// The address, against the city's gazetteer.
    Address,
    /// The text, against the city's gazetteer: there was no address, or none that is known.
    Text,
    /// The sender's zone codes.
    Zones,
    /// By nothing.
    #[default]
    Nothing,
    /// The sender's line or area: there was no point.
    Shape,
}

impl LocatedBy {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            LocatedBy::Point => "point",
            LocatedBy::Address => "address",
            LocatedBy::Text => "text",
            LocatedBy::Zones => "zones",
            LocatedBy::Nothing => "nothing",
            LocatedBy::Shape => "shape",
        }
    }
}

/// Where the platform put a situation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Located {
    /// Longitude and latitude, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<(f64, f64)>,
    /// How well that is known.
    #[serde(default)]
    pub precision: Precision,
    /// By what.
    #[serde(default)]
    pub by: LocatedBy,
    /// The smallest zone of the city it is known to lie in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// The words of the gazetteer that were found, widest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<String>,
}
