//! The storm: its place, its pressure and its wind by Holland (1980),
//! `V = √[(B/ρ)(Rm/r)^B Δp e^(−(Rm/r)^B) + (rf/2)²] − rf/2`, `B = 1.5 + (980 − pc)/120`.
//! That is gradient wind: the scenario's surface factor (0.8) brings it down before anything else.

use crate::scenario::{Fix, Storm};

/// Air density, kg/m³.
const AIR_KG_M3: f64 = 1.15;
/// Twice the Earth's rate of turning, rad/s.
const CORIOLIS: f64 = 2.0 * 7.292e-5;
/// Degrees by which the wind crosses the isobars inwards.
const INFLOW_DEG: f64 = 20.0;
/// Share of the storm's own motion that is added on its right side.
const MOTION_SHARE: f64 = 0.5;
/// Kilometres of a degree of latitude.
pub(crate) const KM_PER_DEG: f64 = 111.2;

/// The storm at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    fix: Fix,
    environment_hpa: f64,
    surface: f64,
    /// Motion, m/s east and north.
    motion: (f64, f64),
}

/// Wind at a place: over open water or flat land.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wind {
    /// Mean speed, m/s.
    pub speed: f64,
    /// Where it comes from, degrees.
    pub from_deg: f64,
}

/// East and north kilometres from one place to another.
pub(crate) fn offset_km(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let across = KM_PER_DEG * from.1.to_radians().cos();
    ((to.0 - from.0) * across, (to.1 - from.1) * KM_PER_DEG)
}

impl Storm {
    /// Where and how deep it is at an hour; beyond its fixes it goes on as at their ends.
    pub fn at(&self, h: f64) -> Option<Now> {
        let pair = self
            .fixes
            .windows(2)
            .find(|w| w.get(1).is_some_and(|b| h < b.h))
            .or_else(|| self.fixes.windows(2).last())?;
        let [a, b] = pair else { return None };
        let share = (h - a.h) / (b.h - a.h);
        let line = |x: f64, y: f64| x + (y - x) * share;
        let fix = Fix {
            h,
            lon: line(a.lon, b.lon),
            lat: line(a.lat, b.lat),
            hpa: line(a.hpa, b.hpa).min(self.environment_hpa - 1.0),
            rmax_km: line(a.rmax_km, b.rmax_km).max(5.0),
        };
        let (east, north) = offset_km((a.lon, a.lat), (b.lon, b.lat));
        let seconds = (b.h - a.h) * 3600.0;
        let motion = (east * 1e3 / seconds, north * 1e3 / seconds);
        Some(Now {
            fix,
            environment_hpa: self.environment_hpa,
            surface: self.surface_factor,
            motion,
        })
    }
}

impl Now {
    /// Kilometres east and north from the centre.
    pub fn from_centre_km(&self, lon: f64, lat: f64) -> (f64, f64) {
        offset_km((self.fix.lon, self.fix.lat), (lon, lat))
    }

    /// Pressure deficit of the centre, hPa.
    pub fn deficit_hpa(&self) -> f64 {
        self.environment_hpa - self.fix.hpa
    }

    /// Radius of the greatest wind, km.
    pub fn rmax_km(&self) -> f64 {
        self.fix.rmax_km
    }

    fn b(&self) -> f64 {
        (1.5 + (980.0 - self.fix.hpa) / 120.0).clamp(1.0, 2.5)
    }

    /// Pressure at a place, hPa.
    pub fn pressure_hpa(&self, lon: f64, lat: f64) -> f64 {
        let (x, y) = self.from_centre_km(lon, lat);
        let r = x.hypot(y).max(1.0);
        self.fix.hpa + self.deficit_hpa() * (-(self.fix.rmax_km / r).powf(self.b())).exp()
    }

    /// Surface wind at a place.
    pub fn wind(&self, lon: f64, lat: f64) -> Wind {
        let (x, y) = self.from_centre_km(lon, lat);
        let r = x.hypot(y).max(1.0);
        let b = self.b();
        let ratio = (self.fix.rmax_km / r).powf(b);
        let half = r * 1e3 * CORIOLIS * lat.to_radians().sin() / 2.0;
        let cyclostrophic = b / AIR_KG_M3 * ratio * self.deficit_hpa() * 100.0 * (-ratio).exp();
        let gradient = (cyclostrophic + half * half).sqrt() - half;
        // Anticlockwise round the centre, turned inwards.
        let turn = INFLOW_DEG.to_radians();
        let (tx, ty) = (-y / r, x / r);
        let (ux, uy) = (tx * turn.cos() - x / r * turn.sin(), ty * turn.cos() - y / r * turn.sin());
        // The storm's own motion counts where its circulation is strong.
        let weight = (gradient / 30.0).min(1.0) * MOTION_SHARE;
        let speed = gradient * self.surface;
        let (vx, vy) = (ux * speed + self.motion.0 * weight, uy * speed + self.motion.1 * weight);
        let from_deg = (vx.atan2(vy).to_degrees() + 180.0).rem_euclid(360.0);
        Wind { speed: vx.hypot(vy), from_deg }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storm() -> Storm {
        let fix = |h, lon, lat| Fix { h, lon, lat, hpa: 955.0, rmax_km: 35.0 };
        Storm {
            environment_hpa: 1008.0,
            surface_factor: 0.8,
            fixes: vec![fix(-1.0, 112.85, 21.87), fix(1.0, 112.85, 21.8701)],
            rain_mm_h: [0.0; 3],
        }
    }

    #[test]
    fn the_greatest_wind_is_the_scenarios_and_lies_at_its_radius() {
        let now = storm().at(0.0).unwrap();
        let profile: Vec<f64> =
            (1..200).map(|km| now.wind(112.85 + f64::from(km) / 103.2, 21.87).speed).collect();
        let peak = profile.iter().copied().fold(0.0, f64::max);
        let at = profile.iter().position(|v| *v == peak).unwrap() + 1;
        assert!((40.0..45.0).contains(&peak), "{peak} m/s, landfall is given as 42");
        assert!((30..=40).contains(&at), "{at} km");
    }

    #[test]
    fn the_wind_goes_round_anticlockwise_and_inwards() {
        let now = storm().at(0.0).unwrap();
        let east = now.wind(113.5, 21.87);
        assert!((100.0..180.0).contains(&east.from_deg), "{}: southerly, inwards", east.from_deg);
        assert!(now.pressure_hpa(112.85, 21.87) < 960.0 && now.pressure_hpa(118.0, 21.87) > 1000.0);
    }
}
