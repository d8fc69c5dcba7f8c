//! The sea at the shore: two tides and the storm's surge (inverse barometer, and wind that blows
//! towards the shore).

use super::storm::Now;
use crate::scenario::Sea;

/// Hours of the half-day tide (M2).
const HALF_DAY_H: f64 = 12.4206;
/// Hours of the day tide (K1).
const DAY_H: f64 = 23.9345;

impl Sea {
    /// Tide without weather, m.
    pub fn tide_m(&self, h: f64) -> f64 {
        let wave = |period: f64| (std::f64::consts::TAU * (h - self.high_water_h) / period).cos();
        self.mean_m + self.half_day_m * wave(HALF_DAY_H) + self.day_m * wave(DAY_H)
    }

    /// What the storm adds, m, as soon as the water has followed.
    pub fn surge_m(&self, now: &Now, at: (f64, f64)) -> f64 {
        let wind = now.wind(at.0, at.1);
        let towards = (wind.from_deg + 180.0 - self.shoreward_deg).to_radians().cos();
        let deficit = 1008.0 - now.pressure_hpa(at.0, at.1);
        let push = self.surge_per_wind2 * wind.speed * wind.speed * towards;
        // Wind off the land lowers the water less than wind on it raises it.
        self.surge_per_hpa * deficit.max(0.0) + if push < 0.0 { push * 0.4 } else { push }
    }
}
