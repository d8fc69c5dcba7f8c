//! Rivers: rain runs off through two stores (a unit response), and down a river by Muskingum with
//! x = 0, which is stable at any short step. Stage follows discharge by a power law.
//!
//! Below the tide's reach Muskingum does not hold: there the stage is the tide's and the surge's,
//! damped, on the river's own.

/// Hours of each of the two stores of a catchment.
const STORE_H: f64 = 1.6;
/// Hours of the way from one gauge to the next.
const REACH_H: f64 = 1.2;
/// Share of the rain that runs off dry and sodden ground, and the rain that makes it sodden, mm.
const RUNOFF: (f64, f64, f64) = (0.30, 0.85, 160.0);
/// Flow in dry weather, as a share of the reference.
const BASE: f64 = 0.06;
/// Metres that the stage lies below its warning mark at no flow.
const FREEBOARD_M: f64 = 2.6;
/// Exponent of stage over discharge.
const STAGE_POWER: f64 = 0.6;
/// Rain intensity whose steady runoff makes the reference flow, mm/h.
const REFERENCE_MM_H: f64 = 11.0;

/// One gauge of a river that is not tidal.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Flow at which the warning stage is reached, m³/s.
    reference: f64,
    /// Catchment of its own below the gauge above, km².
    own_km2: f64,
    /// A river too big for a city's rain: its flow is the country's.
    great: bool,
    rain_mm: f64,
    stores: [f64; 2],
    routed: f64,
    inflow_before: f64,
    flow: f64,
}

impl Gauge {
    /// A gauge whose warning stage stands for `reference` m³/s; the share of it that its own
    /// catchment makes is `own`.
    pub fn new(reference: f64, own: f64, great: bool) -> Self {
        let own_km2 = reference * own * 3.6 / (REFERENCE_MM_H * RUNOFF.1);
        let base = reference * if great { 0.55 } else { BASE };
        Self {
            reference,
            own_km2,
            great,
            rain_mm: 0.0,
            stores: [base * own, base * own],
            routed: base * (1.0 - own),
            inflow_before: base * (1.0 - own),
            flow: base,
        }
    }

    /// One step of `dt_h` hours with rain on its own catchment and the flow of the gauge above.
    pub fn step(&mut self, mm_h: f64, above: Option<f64>, dt_h: f64) {
        self.rain_mm = (self.rain_mm + mm_h * dt_h) * (1.0 - dt_h / 120.0);
        let wet = (self.rain_mm / RUNOFF.2).min(1.0);
        let share = RUNOFF.0 + (RUNOFF.1 - RUNOFF.0) * wet;
        let base = self.reference * if self.great { 0.55 } else { BASE } * 0.5;
        let [first, second] = self.stores;
        let entering = mm_h * share * self.own_km2 / 3.6 + base;
        let first = first + (entering - first) * dt_h / STORE_H;
        let second = second + (first - second) * dt_h / STORE_H;
        self.stores = [first, second];
        if let Some(above) = above {
            let d = REACH_H + dt_h / 2.0;
            let (c0, c2) = (dt_h / 2.0 / d, (REACH_H - dt_h / 2.0) / d);
            self.routed = c0 * above + c0 * self.inflow_before + c2 * self.routed;
            self.inflow_before = above;
        }
        self.flow = second + self.routed;
    }

    /// Flow at which the warning stage is reached, m³/s.
    pub fn reference(&self) -> f64 {
        self.reference
    }

    /// Discharge, m³/s.
    pub fn flow(&self) -> f64 {
        self.flow
    }

    /// Stage relative to the warning mark, m.
    pub fn above_warning_m(&self) -> f64 {
        FREEBOARD_M * ((self.flow / self.reference).max(0.0).powf(STAGE_POWER) - 1.0)
    }
}

/// A gauge in the tide's reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TidalGauge {
    /// Share of the tide that reaches it.
    pub tide: f64,
    /// Share of the surge that reaches it.
    pub surge: f64,
    /// Hours behind the sea.
    pub lag_h: f64,
    /// Its mean below the warning mark, m.
    pub below_m: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_rises_after_the_rain_and_travels_down() {
        let mut upper = Gauge::new(200.0, 1.0, false);
        let mut lower = Gauge::new(400.0, 0.5, false);
        let (mut peaks, mut best) = ([0.0f64; 2], [0.0f64; 2]);
        for minute in 0..(24 * 60) {
            let h = f64::from(minute) / 60.0;
            let rain = if h < 5.0 { 30.0 } else { 0.0 };
            upper.step(rain, None, 1.0 / 60.0);
            lower.step(rain * 0.2, Some(upper.flow()), 1.0 / 60.0);
            for (i, flow) in [upper.flow(), lower.flow()].into_iter().enumerate() {
                if flow > best[i] {
                    (best[i], peaks[i]) = (flow, h);
                }
            }
        }
        assert!(best[0] > 200.0, "{} m³/s passes the reference", best[0]);
        assert!(peaks[0] > 4.9, "the peak comes with or after the end of the rain: {peaks:?}");
        assert!(peaks[1] > peaks[0], "and later below: {peaks:?}");
        assert!(upper.above_warning_m() < 0.0, "a day later it has fallen");
    }
}
