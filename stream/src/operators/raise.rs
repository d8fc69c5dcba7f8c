//! Stop 6: raised. From the assessments of one place to its alert: raised, stepped, cleared, with
//! hysteresis in value and in time, both ways.
//!
//! Before it: [`crate::hazards`] (stop 5, understood). After it: the desk (stop 7, decided).
//!
//! Holds run on the observations' own time: a level holds as long as observation after observation
//! says so. Where evidence is missing for longer than a value speaks, the holds begin anew, so that
//! neither a gap in the data nor an hour in which the platform was down counts as holding. *No data*
//! raises nothing and clears nothing. With all holds 0 and no margin the alert follows the level.

use domain::level::Level;
use serde::{Deserialize, Serialize};

const NEVER: i64 = i64::MAX;

/// The highest rank that is told apart; a city has no more levels (its check says so).
pub const RANKS_MAX: usize = 9;

/// An alert of one hazard at one place, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Event time of the raise, ms: the alert's identity.
    pub raised_t: i64,
    /// Rank it stands at; 0 while nothing is raised yet.
    pub rank: u8,
    /// Event time of the last step, ms.
    pub stepped_t: i64,
    /// The property whose criterion brought it to its rank.
    pub property: u8,
    last_t: i64,
    /// By rank, from 1: since when it is met without a break.
    over: [i64; RANKS_MAX],
    /// By rank, from 1: since when it is left without a break.
    under: [i64; RANKS_MAX],
}

/// One assessment, as the alert sees it.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Its instant, ms.
    pub t: i64,
    /// The level met.
    pub level: Level,
    /// The rank that still holds, the clear margin taken off.
    pub held: u8,
    /// The property that spoke.
    pub property: u8,
    /// Whether the property that brought the alert up is not heard now: then it stays up.
    pub blind: bool,
}

/// How long levels must hold, ms.
#[derive(Debug, Clone, Copy)]
pub struct Holds {
    /// Before raising and stepping up.
    pub raise_ms: i64,
    /// Before stepping down and clearing.
    pub clear_ms: i64,
    /// For how long one observation speaks: a longer gap begins the holds anew.
    pub speaks_ms: i64,
}

/// One step of an alert: `was` and `now` are ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Rank before; 0: it begins.
    pub was: u8,
    /// Rank now; 0: it is over.
    pub now: u8,
    /// Its identity.
    pub raised_t: i64,
}

impl Standing {
    fn begin(t: i64) -> Box<Self> {
        Box::new(Self {
            raised_t: t,
            rank: 0,
            stepped_t: t,
            property: 0,
            last_t: t,
            over: [NEVER; RANKS_MAX],
            under: [NEVER; RANKS_MAX],
        })
    }

    fn time(&mut self, sample: &Sample, holds: &Holds) {
        if sample.t - self.last_t >= holds.speaks_ms {
            self.over = [NEVER; RANKS_MAX];
            self.under = [NEVER; RANKS_MAX];
        }
        self.last_t = self.last_t.max(sample.t);
        for (since, rank) in self.over.iter_mut().zip(1u8..) {
            *since = if sample.level.rank() >= rank { (*since).min(sample.t) } else { NEVER };
        }
        for (since, rank) in self.under.iter_mut().zip(1u8..) {
            let left = sample.held < rank && !sample.blind;
            *since = if left { (*since).min(sample.t) } else { NEVER };
        }
    }

    /// The highest rank that has been met for long enough.
    fn up_to(&self, t: i64, holds: &Holds) -> u8 {
        let held = |since: &i64| *since != NEVER && t - *since >= holds.raise_ms;
        self.over
            .iter()
            .zip(1u8..)
            .filter(|(since, _)| held(since))
            .map(|(_, r)| r)
            .max()
            .unwrap_or(0)
    }

    /// The highest rank, from the present one down, that has not been left for long enough.
    fn down_to(&self, t: i64, holds: &Holds) -> u8 {
        let left = |since: &i64| *since != NEVER && t - *since >= holds.clear_ms;
        let stays = self.under.iter().zip(1u8..=self.rank).filter(|(since, _)| !left(since));
        stays.map(|(_, r)| r).max().unwrap_or(0)
    }
}

/// Takes one assessment. Assessments of one place come in the order of the record.
pub fn raise(slot: &mut Option<Box<Standing>>, sample: &Sample, holds: &Holds) -> Option<Step> {
    if sample.level == Level::NoData || (slot.is_none() && !sample.level.is_raised()) {
        return None;
    }
    let standing = slot.get_or_insert_with(|| Standing::begin(sample.t));
    standing.time(sample, holds);
    let was = standing.rank;
    let up = standing.up_to(sample.t, holds);
    let now = if up > was { up } else { standing.down_to(sample.t, holds).min(was) };
    if now > was {
        standing.property = sample.property;
    }
    if was == 0 && now > 0 {
        standing.raised_t = sample.t;
    }
    let raised_t = standing.raised_t;
    if now != was {
        standing.rank = now;
        standing.stepped_t = sample.t;
    }
    if now == 0 && !sample.level.is_raised() {
        *slot = None;
    }
    (now != was).then_some(Step { was, now, raised_t })
}

/// What was said of the instant of the last step is said otherwise now: the alert is set to what
/// the evidence bears, at once and without a hold.
pub fn amend(slot: &mut Option<Box<Standing>>, bears: u8) -> Option<Step> {
    let standing = slot.as_mut()?;
    let (was, raised_t) = (standing.rank, standing.raised_t);
    if bears >= was {
        return None;
    }
    standing.rank = bears;
    if bears == 0 {
        *slot = None;
    }
    Some(Step { was, now: bears, raised_t })
}

#[cfg(test)]
#[path = "raise_tests.rs"]
mod tests;
