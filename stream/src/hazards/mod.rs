//! What is dangerous, hazard by hazard: pure folds over the rows of a place. No timely, no clock.
//!
//! Each hazard has a folder: the module (how a threshold becomes a measure), its parameters (numbers
//! with their sources), its tests and a README in both languages, which is also the console's "about
//! this warning".
//! [`judge`] applies the measures; *when* that happens is the operators' matter.

#[cfg(test)]
mod bench;
pub mod discharge;
pub mod gale;
pub mod hospital_load;
pub mod judge;
pub mod ponding;
pub mod rainfall;
pub mod reservoir_stage;
pub mod river_stage;
mod site;
pub mod tidal_stage;

use std::sync::Arc;

use domain::city::{Hazard, HazardKind, Threshold};
use domain::time::SECOND_MS;

use crate::plan::{Criterion, Measure, RefusedBecause, Rules, Window};
use crate::series::micro;

pub use site::Site;

/// What a model makes of one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    /// The sum over a window of this length, ms.
    Sum(i64),
    /// A measure that needs no window of sums.
    Other(Measure),
}

/// What a hazard's folder says of it, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// English, Markdown.
    pub en: &'static str,
    /// Chinese, Markdown.
    pub zh: &'static str,
}

/// The models of this version. Closed: a new hazard is a folder and a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// [`rainfall`].
    Rainfall,
    /// [`river_stage`].
    RiverStage,
    /// [`reservoir_stage`].
    ReservoirStage,
    /// [`tidal_stage`].
    TidalStage,
    /// [`gale`].
    Gale,
    /// [`discharge`].
    Discharge,
    /// [`ponding`].
    Ponding,
    /// [`hospital_load`].
    HospitalLoad,
}

impl Model {
    /// The model of a kind.
    pub fn of(kind: HazardKind) -> Self {
        match kind {
            HazardKind::Rainfall => Model::Rainfall,
            HazardKind::RiverStage => Model::RiverStage,
            HazardKind::ReservoirStage => Model::ReservoirStage,
            HazardKind::TidalStage => Model::TidalStage,
            HazardKind::Gale => Model::Gale,
            HazardKind::Discharge => Model::Discharge,
            HazardKind::Ponding => Model::Ponding,
            HazardKind::HospitalLoad => Model::HospitalLoad,
        }
    }

    /// Name and version, as they stand in every decision's `rule`: a decision is recomputable where
    /// the version that made it is still aboard.
    pub fn version(self) -> &'static str {
        match self {
            Model::Rainfall => rainfall::VERSION,
            Model::RiverStage => river_stage::VERSION,
            Model::ReservoirStage => reservoir_stage::VERSION,
            Model::TidalStage => tidal_stage::VERSION,
            Model::Gale => gale::VERSION,
            Model::Discharge => discharge::VERSION,
            Model::Ponding => ponding::VERSION,
            Model::HospitalLoad => hospital_load::VERSION,
        }
    }

    /// The hazard's README, English and Chinese: what it detects, from what, how, by whose thresholds,
    /// and its limits.
    pub fn about(self) -> About {
        macro_rules! about {
            ($folder:literal) => {
                About {
                    en: include_str!(concat!($folder, "/README.md")),
                    zh: include_str!(concat!($folder, "/README.zh.md")),
                }
            };
        }
        match self {
            Model::Rainfall => about!("rainfall"),
            Model::RiverStage => about!("river_stage"),
            Model::ReservoirStage => about!("reservoir_stage"),
            Model::TidalStage => about!("tidal_stage"),
            Model::Gale => about!("gale"),
            Model::Discharge => about!("discharge"),
            Model::Ponding => about!("ponding"),
            Model::HospitalLoad => about!("hospital_load"),
        }
    }

    /// Whether finals stand on the hazard's grid (sums of intervals) or at each observation's own
    /// instant.
    pub fn on_grid(self) -> bool {
        matches!(self, Model::Rainfall)
    }

    /// What is to be measured for a threshold.
    ///
    /// # Errors
    /// [`RefusedBecause`] where the model cannot judge by it.
    pub fn asks(self, threshold: &Threshold) -> Result<Asked, RefusedBecause> {
        match self {
            Model::Rainfall => rainfall::asks(threshold),
            Model::RiverStage => river_stage::asks(threshold),
            Model::ReservoirStage => reservoir_stage::asks(threshold),
            Model::TidalStage => tidal_stage::asks(threshold),
            Model::Gale => gale::asks(threshold),
            Model::Discharge => discharge::asks(threshold),
            Model::Ponding => ponding::asks(threshold),
            Model::HospitalLoad => hospital_load::asks(threshold),
        }
    }

    /// One epoch's rules. `site` is the station they are for; without one, the rules of any station
    /// that no threshold names. Thresholds that cannot be applied come back with their reason.
    pub fn rules(
        self,
        hazard: &Arc<Hazard>,
        properties: &[String],
        site: Option<&Site>,
    ) -> (Rules, Vec<(u16, RefusedBecause)>) {
        let mut rules = Rules {
            hazard: hazard.clone(),
            model: self,
            criteria: Vec::new(),
            windows: Vec::new(),
            step_ms: i64::from(hazard.step_s.max(1)) * SECOND_MS,
            lateness_ms: i64::from(hazard.lateness_s) * SECOND_MS,
            raise_hold_ms: i64::from(hazard.raise_hold_s) * SECOND_MS,
            clear_hold_ms: i64::from(hazard.clear_hold_s) * SECOND_MS,
            clear_margin: hazard.clear_margin.max(0.0),
            calm: None,
            datum_since: site
                .filter(|_| site::is_stage(hazard.kind))
                .map_or(crate::watch::place::NEVER, |site| site.since),
        };
        let mut refused = Vec::new();
        for (threshold, number) in hazard.thresholds.iter().zip(0u16..) {
            let here = match (&threshold.station, site) {
                (None, _) => true,
                (Some(named), Some(site)) => named.as_str() == site.id,
                (Some(_), None) => false,
            };
            if !here {
                continue;
            }
            match self.criterion(threshold, number, properties, site, &mut rules.windows) {
                Ok(criterion) => rules.criteria.push(criterion),
                Err(because) => refused.push((number, because)),
            }
        }
        rules.criteria.sort_by_key(|c| (std::cmp::Reverse(c.rank), c.threshold));
        rules.settle_calm();
        (rules, refused)
    }

    fn criterion(
        self,
        threshold: &Threshold,
        number: u16,
        properties: &[String],
        site: Option<&Site>,
        windows: &mut Vec<Window>,
    ) -> Result<Criterion, RefusedBecause> {
        let unknown = || RefusedBecause::Property(threshold.property.clone());
        let property = properties.iter().position(|p| *p == threshold.property);
        let property = property.and_then(|p| u8::try_from(p).ok()).ok_or_else(unknown)?;
        let at_least = match site {
            Some(site) if !threshold.rate_per_h => site.in_own_datum(threshold)?,
            _ => threshold.at_least,
        };
        if !at_least.is_finite() {
            return Err(RefusedBecause::NotFinite);
        }
        let measure = match self.asks(threshold)? {
            Asked::Other(measure) => measure,
            Asked::Sum(window_ms) => {
                let window = Window { property, window_ms, shift_ms: threshold.shift_ms };
                let at = windows.iter().position(|w| *w == window).unwrap_or_else(|| {
                    windows.push(window);
                    windows.len() - 1
                });
                Measure::Sum(u8::try_from(at).map_err(|_| RefusedBecause::Window)?)
            }
        };
        Ok(Criterion {
            rank: threshold.level.rank(),
            property,
            measure,
            at_least,
            at_least_micro: micro(at_least),
            threshold: number,
        })
    }
}

/// The window of a threshold, ms; what is not positive is refused.
fn window_ms(threshold: &Threshold) -> Result<i64, RefusedBecause> {
    match threshold.window_s {
        Some(seconds) if seconds > 0 => Ok(i64::from(seconds) * SECOND_MS),
        _ => Err(RefusedBecause::Window),
    }
}

/// A threshold on the value itself, or on its rise over a window.
fn value_or_rise(threshold: &Threshold) -> Result<Asked, RefusedBecause> {
    if threshold.rate_per_h {
        return window_ms(threshold).map(|window_ms| Asked::Other(Measure::Rate { window_ms }));
    }
    Ok(Asked::Other(Measure::Latest))
}
