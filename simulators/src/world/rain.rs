//! Rain: the storm's eye wall, its spiral bands and its wide shield, and standing cells of the
//! scenario, made uneven by a smooth field.

use super::noise::Chance;
use super::storm::{Now, offset_km};
use crate::scenario::{RainCell, Storm};

/// Grain of the unevenness: kilometres and hours.
const GRAIN_KM: f64 = 9.0;
/// See [`GRAIN_KM`].
const GRAIN_H: f64 = 0.6;
/// How uneven, as a share.
const UNEVEN: f64 = 0.45;
/// Deficit at which the scenario's rain rates hold, hPa: rain weakens as the storm fills.
const FULL_DEFICIT_HPA: f64 = 50.0;

/// Intensity at a place and hour, mm/h.
pub(super) fn intensity(
    storm: &Storm,
    now: &Now,
    cells: &[RainCell],
    chance: Chance,
    at: (f64, f64),
    h: f64,
) -> f64 {
    let [wall, bands, shield] = storm.rain_mm_h;
    let (x, y) = now.from_centre_km(at.0, at.1);
    let r = x.hypot(y);
    let strength = (now.deficit_hpa() / FULL_DEFICIT_HPA).clamp(0.15, 1.2);
    let ring = (-((r - now.rmax_km() * 1.1) / 16.0).powi(2)).exp();
    // Two arms that turn with the storm, once in about five hours.
    let arm = (2.0 * y.atan2(x) - r / 32.0 - 1.25 * h).cos().max(0.0).powi(4);
    let reach = (-(r / 190.0).powi(2)).exp() * (r / 50.0).min(1.0);
    let mut sum =
        strength * (wall * ring + bands * arm * reach + shield * (-(r / 170.0).powi(2)).exp());
    for cell in cells {
        sum += standing(cell, at, h);
    }
    let (gx, gy) = offset_km((112.0, 22.0), at);
    let uneven = chance.field(gx / GRAIN_KM, gy / GRAIN_KM, h / GRAIN_H);
    (sum * (1.0 + UNEVEN * uneven)).max(0.0)
}

/// A cell grows and fades over half an hour.
fn standing(cell: &RainCell, at: (f64, f64), h: f64) -> f64 {
    let age = (h - cell.from_h).min(cell.to_h - h);
    if age <= 0.0 {
        return 0.0;
    }
    let (x, y) = offset_km((cell.lon, cell.lat), at);
    let near = (-(x * x + y * y) / (cell.radius_km * cell.radius_km)).exp();
    cell.mm_h * near * (age / 0.5).min(1.0)
}
