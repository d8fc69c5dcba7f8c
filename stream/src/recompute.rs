//! Recomputing a decision from the observations in its `because`, and from nothing else: what
//! `verify` and the tests do.

use domain::decision::{Decision, DecisionKind};
use domain::level::Level;
use domain::observation::Observation;
use domain::time::UtcMs;

use crate::hazards::judge::{Finding, Hint, Rows, When, judge};
use crate::plan::{Line, Plan};
use crate::series::Series;

/// What the observations say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recomputed {
    /// The value; `None` without data.
    pub value: Option<f64>,
    /// The level.
    pub level: Level,
    /// The highest rank that still holds with the clear margin taken off.
    pub held: u8,
}

/// Why a decision cannot be recomputed: neither passed nor failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRecomputable {
    /// A silence is not made from observations.
    #[error("a silence is made from the absence of observations")]
    Silence,
    /// The plan has no such hazard there.
    #[error("the configuration has no hazard {hazard} at {station}")]
    Unknown {
        /// The hazard.
        hazard: String,
        /// The station.
        station: String,
    },
    /// The model that decided is not aboard.
    #[error("decided by {0}, which this version does not have")]
    Version(String),
    /// There is nothing to start from.
    #[error("no observations are named")]
    Nothing,
    /// Its time cannot be read.
    #[error("the decision's time cannot be read")]
    Time,
}

/// The rows named in a `because`, by property.
struct Named {
    series: Vec<Of>,
}

/// Those of one property.
struct Of {
    series: Series,
    fresh_ms: i64,
    /// Whether it is asked what it says, also where none of the rows is its own: where the place was
    /// without data, because it was not heard.
    asked: bool,
}

impl Rows for Named {
    fn series(&self, property: u8) -> Option<&Series> {
        self.series.get(usize::from(property)).filter(|of| of.asked).map(|of| &of.series)
    }
    fn fresh_ms(&self, property: u8, _at: i64) -> i64 {
        self.series.get(usize::from(property)).map_or(i64::MAX, |of| of.fresh_ms)
    }
}

/// Recomputes value and level of a decision from its observations. `plan` is the configuration that
/// was in force; `because` are the observations that the decision names, in any order.
///
/// # Errors
/// [`NotRecomputable`] where that cannot be done.
pub fn recompute(
    plan: &Plan,
    decision: &Decision,
    because: &[Observation],
) -> Result<Recomputed, NotRecomputable> {
    if matches!(decision.kind, DecisionKind::FeedSilent | DecisionKind::FeedReturned) {
        return Err(NotRecomputable::Silence);
    }
    let first = because.first().ok_or(NotRecomputable::Nothing)?;
    let unknown = |station: &str| NotRecomputable::Unknown {
        hazard: decision.hazard.clone(),
        station: station.to_owned(),
    };
    let number = plan.line(&decision.hazard).ok_or_else(|| unknown(""))?;
    let line = plan.lines.get(usize::from(number)).ok_or_else(|| unknown(""))?;
    let stream = plan.streams.get(first.datastream.0 as usize).ok_or_else(|| unknown(""))?;
    let place = line.place(stream.station).ok_or_else(|| {
        unknown(plan.stations.get(stream.station as usize).map_or("", |station| &station.id))
    })?;
    // The newest of them is the instant judged; only an absence is judged at its own.
    let newest = because.iter().map(|seen| seen.t.0).max().ok_or(NotRecomputable::Nothing)?;
    let at = if decision.level == "nodata" {
        UtcMs::parse(&decision.t).map_err(|_| NotRecomputable::Time)?.0
    } else {
        newest
    };
    let (rules, _) = place.rules_at(at).ok_or_else(|| unknown(""))?;
    let version = rules.model.version();
    let decided_by = decision.rule.split_whitespace().next().unwrap_or_default();
    if decided_by.contains('/') && decided_by != version {
        return Err(NotRecomputable::Version(decided_by.to_owned()));
    }
    let rows = named(plan, line, &place.streams, because, decision.level == "nodata");
    let found: Finding = judge(rules, &rows, None, at, When::Provisional, Hint::default());
    let is_data = found.level != Level::NoData && found.value.is_finite();
    let value = is_data.then_some(found.value);
    Ok(Recomputed { value, level: found.level, held: found.held })
}

fn named(
    plan: &Plan,
    line: &Line,
    streams: &[Option<u32>],
    because: &[Observation],
    silent: bool,
) -> Named {
    let mut sorted = because.to_vec();
    sorted.sort_by_key(|seen| seen.t);
    let series = (0..line.properties.len()).map(|property| {
        let number = streams.get(property).copied().flatten();
        let mut series = Series::default();
        let of = |seen: &&Observation| Some(seen.datastream.0) == number;
        for seen in sorted.iter().filter(of) {
            series.place(seen);
        }
        let fresh_ms =
            number.map_or(i64::MAX, |n| plan.fresh_ms(n, series.newest().map_or(0, |row| row.t)));
        let asked = !series.is_empty() || (silent && number.is_some());
        Of { series, fresh_ms, asked }
    });
    Named { series: series.collect() }
}

impl Recomputed {
    /// Whether a decision says the same. An assessment says exactly this; an alert that is held by
    /// hysteresis may stand above the level (it has not been left for long enough) or below it (it
    /// has not held for long enough), but its value is this one.
    pub fn agrees(&self, plan: &Plan, decision: &Decision) -> bool {
        if self.value != decision.value {
            return false;
        }
        let levels = &plan.city.about.levels;
        let level = levels.find(&decision.level);
        let was = levels.find(&decision.was);
        let rank = level.map_or(0, Level::rank);
        match decision.kind {
            kind if !kind.is_alert() => level == Some(self.level),
            DecisionKind::AlertAmended => rank >= self.level.rank(),
            // Up: the level is met. Down: what was left is not held any more.
            _ if rank > was.map_or(0, Level::rank) => self.level.rank() >= rank,
            _ => self.held < was.map_or(0, Level::rank),
        }
    }
}
