//! What an instrument makes of the truth: its scatter, its step.

use crate::world::Chance;

/// Scatter (as deviation), whether it is a share of the value, and the step of the reading.
struct Manner {
    scatter: f64,
    relative: bool,
    step: f64,
}

fn manner(property: &str) -> Manner {
    let (scatter, relative, step) = match property {
        "rainfall" => (0.06, true, 0.1),
        "wind_speed" | "wind_gust" => (0.07, true, 0.1),
        "wind_direction" => (6.0, false, 1.0),
        "water_level" => (0.01, false, 0.01),
        "tide_level" => (0.02, false, 0.01),
        "discharge" | "inflow" | "outflow" => (0.02, true, 0.1),
        "ponding_depth" => (0.6, false, 1.0),
        "pressure" | "air_temperature" => (0.15, false, 0.1),
        "bed_occupancy" => (0.5, false, 0.1),
        "emergency_waiting" => (0.05, true, 1.0),
        _ => (0.0, false, 1.0),
    };
    Manner { scatter, relative, step }
}

/// The reading of a true value.
pub(super) fn read(property: &str, truth: f64, chance: Chance) -> f64 {
    let Manner { scatter, relative, step } = manner(property);
    let spread = if relative { truth * scatter } else { scatter };
    let mut value = truth + chance.at(9).normal() * spread;
    if property == "wind_direction" {
        value = value.rem_euclid(360.0);
    }
    // A dry spot reads zero, not its scatter.
    if property == "ponding_depth" && truth < 1.0 {
        value = 0.0;
    }
    // Steps are tenths and hundredths: divide by whole numbers, so that 2.5 is 2.5.
    let per_unit = (1.0 / step).round();
    (value * per_unit).round() / per_unit
}
