//! Rules: one epoch of one hazard's thresholds as a place is judged by them.

use std::sync::Arc;

use domain::city::Hazard;

use crate::hazards::Model;
use crate::series::micro;

/// How a value is got from the rows of a datastream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// The exact sum of the window `(W − window − shift, W − shift]`; the number is that of
    /// [`Rules::windows`].
    Sum(u8),
    /// The latest value that still speaks.
    Latest,
    /// The mean of the values of `(W − window, W]`.
    Mean {
        /// Length of the window, ms.
        window_ms: i64,
    },
    /// Rise from the oldest value of `[W − window, W]` to the latest, units an hour.
    Rate {
        /// Length of the window, ms.
        window_ms: i64,
    },
    /// The highest value of `(W − window, W]`.
    Highest {
        /// Length of the window, ms.
        window_ms: i64,
    },
}

/// One window of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Which property (position in [`super::Line::properties`]).
    pub property: u8,
    /// Length, ms.
    pub window_ms: i64,
    /// By how much its edges lie back on the grid of finals, ms.
    pub shift_ms: i64,
}

/// One threshold, ready to be compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Rank of the level it gives.
    pub rank: u8,
    /// Which property (position in [`super::Line::properties`]).
    pub property: u8,
    /// How its value is got.
    pub measure: Measure,
    /// Met at or above this, in the property's unit; for stages in the station's own datum.
    pub at_least: f64,
    /// The same in millionths.
    pub at_least_micro: i64,
    /// Position in the hazard's thresholds: its words and its source.
    pub threshold: u16,
}

/// One epoch of one hazard, as it applies to a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The file's words.
    pub hazard: Arc<Hazard>,
    /// The model that judges.
    pub model: Model,
    /// Highest level first, then the file's order.
    pub criteria: Vec<Criterion>,
    /// Distinct windows of sums.
    pub windows: Vec<Window>,
    /// Grid of finals, ms.
    pub step_ms: i64,
    /// Lateness, ms.
    pub lateness_ms: i64,
    /// See [`Hazard::raise_hold_s`], ms.
    pub raise_hold_ms: i64,
    /// See [`Hazard::clear_hold_s`], ms.
    pub clear_hold_ms: i64,
    /// See [`Hazard::clear_margin`].
    pub clear_margin: f64,
    /// Where all criteria are sums of one property: what makes a place calm at a glance.
    pub calm: Option<Calm>,
    /// From when the place's stages are in the datum of these rules, ms: rises, means and highest
    /// values do not look back beyond it.
    pub datum_since: i64,
}

/// Below these sums no criterion is met, nor held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calm {
    /// By window: the least sum that any criterion asks for, the clear margin taken off, millionths.
    pub below: Vec<i64>,
    /// The criterion that a calm value is measured by.
    pub base: u16,
    /// Its window.
    pub window: u8,
}

impl Rules {
    /// How far back any of the criteria looks, ms.
    pub fn reach_ms(&self) -> i64 {
        let sums = self.windows.iter().map(|w| w.window_ms.saturating_add(w.shift_ms.max(0)));
        let others = self.criteria.iter().map(|c| match c.measure {
            Measure::Sum(_) | Measure::Latest => 0,
            Measure::Mean { window_ms }
            | Measure::Rate { window_ms }
            | Measure::Highest { window_ms } => window_ms,
        });
        sums.chain(others).max().unwrap_or(0)
    }
    /// Where a window of stages that ends at an instant begins, ms.
    pub fn looks_back_to(&self, at: i64, window_ms: i64) -> i64 {
        at.saturating_sub(window_ms).max(self.datum_since)
    }
    /// By how much the windows of finals lie back, ms.
    pub fn shift_ms(&self) -> i64 {
        self.windows.iter().map(|w| w.shift_ms).max().unwrap_or(0)
    }
    /// Works [`Rules::calm`] out.
    pub(crate) fn settle_calm(&mut self) {
        let Some(first) = self.criteria.first() else { return };
        let margin = micro(self.clear_margin);
        let mut below = vec![i64::MAX; self.windows.len()];
        for criterion in &self.criteria {
            let Measure::Sum(window) = criterion.measure else { return };
            let Some(least) = below.get_mut(usize::from(window)) else { return };
            if criterion.property != first.property {
                return;
            }
            *least = (*least).min(criterion.at_least_micro.saturating_sub(margin));
        }
        // As judged one by one: the lowest level, its first criterion.
        let numbered = self.criteria.iter().zip(0u16..);
        let Some((lowest, base)) = numbered.min_by_key(|(c, at)| (c.rank, *at)) else { return };
        if let Measure::Sum(window) = lowest.measure {
            self.calm = Some(Calm { below, base, window });
        }
    }
}

/// A threshold that cannot be applied at a station.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// The hazard's name.
    pub hazard: String,
    /// The station.
    pub station: String,
    /// Position of the threshold in its file.
    pub threshold: u16,
    /// Why.
    pub because: RefusedBecause,
}

/// Why a threshold cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
pub enum RefusedBecause {
    /// Two height datums that cannot be converted into each other.
    #[error("the threshold is in datum {threshold}, the station in {station}: give datum_offset_m")]
    Datum {
        /// The threshold's datum.
        threshold: String,
        /// The station's.
        station: String,
    },
    /// The model does not judge this property.
    #[error("this hazard does not judge {0}")]
    Property(String),
    /// A sum without a window, or a window that is not positive.
    #[error("an accumulation needs a window")]
    Window,
    /// A number that is not finite.
    #[error("a threshold is a finite number")]
    NotFinite,
}
