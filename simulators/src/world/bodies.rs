//! What is at a place beside the air: a river, a reservoir, a street, a hospital.

use super::noise::Chance;
use super::river::{Gauge, TidalGauge};

/// Share of the rain that runs into a reservoir.
const RESERVOIR_RUNOFF: f64 = 0.6;
/// Catchment over surface of a reservoir.
const RESERVOIR_RATIO: f64 = 16.0;
/// Hours in which a crowd at a hospital comes and goes.
const CROWD_H: f64 = 3.0;

/// A body of water, or of people.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing but air.
    Air,
    /// A river above the tide's reach.
    River {
        /// Its flow.
        gauge: Gauge,
        /// Its warning stage, m.
        warning: f64,
        /// The place of the next gauge above.
        above: Option<usize>,
    },
    /// A river in the tide's reach.
    Tidal {
        /// Its warning stage, m.
        warning: f64,
        /// How tide and surge reach it.
        gauge: TidalGauge,
    },
    /// A reservoir.
    Reservoir {
        /// Flood-limit level, m.
        limit: f64,
        /// Level, m.
        level: f64,
        /// Catchment, km².
        km2: f64,
        /// Inflow, m³/s.
        inflow: f64,
        /// Outflow, m³/s.
        outflow: f64,
    },
    /// A known flood spot.
    Street {
        /// mm/h that its drains take.
        drain: f64,
        /// Centimetres of water for a millimetre that they do not take.
        gathers: f64,
        /// Depth, cm.
        depth: f64,
    },
    /// A hospital.
    Hospital {
        /// Occupancy on an ordinary day, %.
        occupancy: f64,
        /// People waiting on an ordinary day.
        waiting: f64,
        /// 0 (an ordinary day) to about 2.
        crowd: f64,
    },
}

impl Body {
    /// A reservoir as it stands before the storm.
    pub fn reservoir(limit: f64, chance: Chance) -> Self {
        let level = limit - chance.at(1).between(0.25, 1.1);
        let km2 = chance.at(2).between(12.0, 90.0);
        Body::Reservoir { limit, level, km2, inflow: 0.0, outflow: 0.0 }
    }

    /// A flood spot.
    pub fn street(chance: Chance) -> Self {
        let drain = chance.at(1).between(16.0, 34.0);
        Body::Street { drain, gathers: chance.at(2).between(0.7, 2.6), depth: 0.0 }
    }

    /// A hospital of so many beds.
    pub fn hospital(beds: f64, chance: Chance) -> Self {
        let occupancy = chance.at(1).between(66.0, 83.0);
        let waiting = chance.at(2).between(0.03, 0.06) * beds + 3.0;
        Body::Hospital { occupancy, waiting, crowd: 0.0 }
    }

    /// One step of `dt_h` hours.
    pub fn step(&mut self, mm_h: f64, wind: f64, above: Option<f64>, dt_h: f64) {
        match self {
            Body::Air | Body::Tidal { .. } => {}
            Body::River { gauge, .. } => gauge.step(mm_h, above, dt_h),
            Body::Reservoir { limit, level, km2, inflow, outflow } => {
                *inflow = mm_h * RESERVOIR_RUNOFF * *km2 / 3.6 + 0.02 * *km2;
                let over = (*level - *limit + 0.2).max(0.0);
                *outflow = 0.02 * *km2 + over * *km2 * 1.1;
                let metres_per_m3_s = RESERVOIR_RATIO * 3.6 / (*km2 * 1000.0);
                *level += (*inflow - *outflow) * metres_per_m3_s * dt_h;
            }
            Body::Street { drain, gathers, depth } => {
                *depth = (*depth + (mm_h - *drain) * *gathers * dt_h).max(0.0);
            }
            Body::Hospital { crowd, .. } => {
                let press = ((wind - 15.0) / 20.0).clamp(0.0, 1.0) + (mm_h / 45.0).min(1.0);
                *crowd += (press - *crowd) * dt_h / CROWD_H;
            }
        }
    }

    /// Water level, m, of a river or reservoir.
    pub fn water_level(&self) -> Option<f64> {
        match self {
            Body::River { gauge, warning, .. } => Some(warning + gauge.above_warning_m()),
            Body::Reservoir { level, .. } => Some(*level),
            _ => None,
        }
    }

    /// Any other property.
    pub fn value(&self, property: &str) -> Option<f64> {
        match (self, property) {
            (Body::River { gauge, .. }, "discharge") => Some(gauge.flow()),
            (Body::Reservoir { inflow, .. }, "inflow") => Some(*inflow),
            (Body::Reservoir { outflow, .. }, "outflow") => Some(*outflow),
            (Body::Street { depth, .. }, "ponding_depth") => Some(*depth),
            (Body::Hospital { occupancy, crowd, .. }, "bed_occupancy") => {
                Some(occupancy + 9.0 * crowd)
            }
            (Body::Hospital { waiting, crowd, .. }, "emergency_waiting") => {
                Some(waiting * (1.0 + 1.4 * crowd))
            }
            (Body::Hospital { occupancy, crowd, .. }, "emergency_traffic") => {
                Some(if occupancy + 9.0 * crowd > 94.0 { 1.0 } else { 0.0 })
            }
            _ => None,
        }
    }
}
