//! Risk: hazard × exposure × vulnerability for each cell of the H3 grid, rolled up to zones, each
//! score with its terms, their sources and the observations behind them.
//!
//! The map is a pure fold over the decision log: no timely, no clock, no I/O, and the same bits
//! from the same decisions in whatever order they come. [`cells`] is the ground (made of a city
//! once), [`fold`] which decision stands, [`explain`] a zone's score and what makes it. The method
//! with its sources and limits is in the README beside this file.
//!
//! *No data is not no risk*: a cell for which no station speaks, and a zone without any such cell,
//! have no score; a station without data is not heard, and never counts as calm.
//!
//! It stands beside the path of an observation: after stop 6 (raised, [`crate::operators`]), before
//! stop 8 (shown).

pub mod cells;
pub mod explain;
pub mod fold;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::city::{City, Spread};
use domain::decision::Decision;
use domain::level::Level;
use domain::time::UtcMs;
use gis::spread::{Sample, inverse_distance, nearest};
use gis::{Cell, Position};

pub use cells::Ground;
pub use explain::{Term, ZoneRisk};
pub use fold::{Belief, Beliefs};

/// A belief with its level as the city ranks it.
#[derive(Debug, Clone)]
struct Held {
    belief: Belief,
    level: Level,
}

/// One cell now.
#[derive(Debug, Clone, Copy, PartialEq)]
struct CellNow {
    /// 0 to 1; `None` where no station speaks.
    risk: Option<f64>,
    /// The highest over the hazards.
    level: Level,
}

/// One cell for a map.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRisk {
    /// The cell.
    pub cell: Cell,
    /// Its centre.
    pub center: Position,
    /// People in it.
    pub people: f64,
    /// People-weighted vulnerability, 0 to 1.
    pub vulnerability: f64,
    /// Risk 0 to 1; `None`: no data. It is 0 where nobody is.
    pub risk: Option<f64>,
    /// The highest level over the hazards; [`Level::NoData`] where there is no data.
    pub level: Level,
    /// Event time of the newest that is known of it.
    pub data: Option<UtcMs>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct RiskMap {
    ground: Arc<Ground>,
    /// By hazard, then station.
    beliefs: Vec<BTreeMap<u32, Held>>,
    /// The newest observation of each station, where it is told.
    heard: BTreeMap<u32, UtcMs>,
    /// Score by hazard, then cell.
    scores: Vec<Vec<Option<f64>>>,
    cells: Vec<CellNow>,
    zones: Vec<ZoneRisk>,
    /// (hazard, cell) to be scored again.
    stale: BTreeSet<(u16, u32)>,
    /// Zones of which only the age has changed.
    aged: BTreeSet<u32>,
}

impl RiskMap {
    /// The map of a city as it is at an instant, of which nothing is known yet.
    pub fn of(city: &City, now: UtcMs) -> Self {
        Self::over(Arc::new(Ground::of(city, now)))
    }

    /// The same over a ground that has been made already.
    pub fn over(ground: Arc<Ground>) -> Self {
        let cells = ground.cells.len();
        Self {
            beliefs: vec![BTreeMap::new(); ground.hazards.len()],
            heard: BTreeMap::new(),
            scores: vec![vec![None; cells]; ground.hazards.len()],
            cells: vec![CellNow { risk: None, level: Level::NoData }; cells],
            zones: ground.zones.iter().map(|zone| ZoneRisk::unknown(&zone.id)).collect(),
            stale: BTreeSet::new(),
            aged: BTreeSet::new(),
            ground,
        }
    }

    /// Takes a decision and scores anew what it changes; the ids of the zones that it changed. Many
    /// decisions are better taken by [`RiskMap::take`], and scored once by [`RiskMap::settle`].
    pub fn fold(&mut self, decision: &Decision) -> BTreeSet<String> {
        if !self.take(decision) {
            return BTreeSet::new();
        }
        self.settle()
    }

    /// Takes a decision without scoring; whether it bears on the map.
    pub fn take(&mut self, decision: &Decision) -> bool {
        Belief::of(decision).is_some_and(|b| self.believe(&decision.place, &decision.hazard, &b))
    }

    /// Takes a belief; whether it bears on the map: a hazard and a station of this city, and newer
    /// than what was held.
    pub fn believe(&mut self, place: &str, hazard: &str, belief: &Belief) -> bool {
        let ground = Arc::clone(&self.ground);
        let found = ground.hazard_of.get(hazard).zip(ground.station_of.get(place));
        let Some((number, station)) = found else { return false };
        let at = usize::from(*number);
        let (Some(held), Some(hazard)) = (self.beliefs.get_mut(at), ground.hazards.get(at)) else {
            return false;
        };
        if held.get(station).is_some_and(|had| had.belief >= *belief) {
            return false;
        }
        // A level that the city does not have (any more) says nothing.
        let level = ground.levels.find(&belief.level).unwrap_or_default();
        held.insert(*station, Held { belief: belief.clone(), level });
        let cells = hazard.spoken_for.get(station).into_iter().flatten();
        self.stale.extend(cells.map(|cell| (*number, *cell)));
        true
    }

    /// Takes that a station was heard of `t` (event time). It changes ages, never a score: whether a
    /// station has fallen silent is the engine's to say.
    pub fn hear(&mut self, station: &str, t: UtcMs) {
        let Some(station) = self.ground.station_of.get(station) else { return };
        let had = self.heard.entry(*station).or_insert(t);
        if *had < t {
            *had = t;
        }
        self.aged.extend(self.ground.zones_of.get(station).into_iter().flatten());
    }

    /// Scores what has changed; the ids of the zones that are not as they were.
    pub fn settle(&mut self) -> BTreeSet<String> {
        let mut cells = BTreeSet::new();
        for (hazard, cell) in std::mem::take(&mut self.stale) {
            let score = self.score(hazard, cell);
            let place = self.scores.get_mut(usize::from(hazard));
            if let Some(place) = place.and_then(|list| list.get_mut(cell as usize)) {
                *place = score;
            }
            cells.insert(cell);
        }
        let mut zones = BTreeSet::new();
        for cell in cells {
            let now = self.cell_now(cell);
            if let Some(place) = self.cells.get_mut(cell as usize) {
                *place = now;
            }
            let ground = self.ground.cells.get(cell as usize);
            zones.extend(ground.into_iter().flat_map(|g| &g.zones));
        }
        let mut changed = BTreeSet::new();
        for zone in zones {
            let Some(now) = self.explain(zone) else { continue };
            let Some(had) = self.zones.get_mut(zone as usize).filter(|had| **had != now) else {
                continue;
            };
            changed.insert(now.id.clone());
            *had = now;
        }
        changed
    }

    /// Takes over the ages that have changed; the ids of the zones that have another age now.
    pub fn settle_ages(&mut self) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        for zone in std::mem::take(&mut self.aged) {
            let data = self.newest(zone);
            if let Some(had) = self.zones.get_mut(zone as usize).filter(|had| had.data != data) {
                had.data = data;
                changed.insert(had.id.clone());
            }
        }
        changed
    }

    /// Whether something waits for [`RiskMap::settle`].
    pub fn is_settled(&self) -> bool {
        self.stale.is_empty()
    }

    /// The zones in the city's order, as last settled.
    pub fn zones(&self) -> &[ZoneRisk] {
        &self.zones
    }

    /// A zone, as last settled.
    pub fn zone(&self, id: &str) -> Option<&ZoneRisk> {
        self.zones.iter().find(|zone| zone.id == id)
    }

    /// The cells in order of their number, as last settled.
    pub fn cells(&self) -> impl Iterator<Item = CellRisk> {
        let numbered = (0u32..).zip(self.ground.cells.iter().zip(&self.cells));
        numbered.map(|(number, (ground, now))| CellRisk {
            cell: ground.cell,
            center: ground.cell.center(),
            people: ground.people,
            vulnerability: ground.vulnerability,
            risk: now.risk,
            level: now.level,
            data: self.age(number),
        })
    }

    /// What stations make of one hazard at one cell: those with data speak, the others are not
    /// heard.
    fn score(&self, hazard: u16, cell: u32) -> Option<f64> {
        let ground = self.ground.hazards.get(usize::from(hazard))?;
        let held = self.beliefs.get(usize::from(hazard))?;
        let speakers = ground.speakers.get(cell as usize)?;
        let sample = |speaker: &cells::Speaker| {
            let score = ground.score(held.get(&speaker.station)?.level)?;
            Sample::new(speaker.distance_m, score)
        };
        let samples: Vec<Sample> = speakers.iter().filter_map(sample).collect();
        match ground.spread {
            Spread::InverseDistance => inverse_distance(&samples),
            Spread::Nearest => nearest(&samples),
            Spread::Own => samples.iter().map(|s| s.value()).reduce(f64::max),
        }
    }

    /// What each hazard would do to those in a cell, by hazard: score × vulnerability.
    fn harms(&self, cell: u32) -> impl Iterator<Item = (u16, f64, f64)> {
        let vulnerability = self.ground.cells.get(cell as usize).map_or(0.0, |c| c.vulnerability);
        let scores = (0u16..).zip(&self.scores);
        scores.filter_map(move |(hazard, list)| {
            let score = list.get(cell as usize).copied().flatten()?;
            Some((hazard, score, score * vulnerability))
        })
    }

    fn cell_now(&self, cell: u32) -> CellNow {
        let (mut spared, mut level, mut known) = (1.0, Level::NoData, false);
        for (hazard, score, harm) in self.harms(cell) {
            known = true;
            spared *= 1.0 - harm;
            let ground = self.ground.hazards.get(usize::from(hazard));
            level = level.max(ground.map_or(Level::None, |g| g.level(score)));
        }
        CellNow { risk: known.then(|| (1.0 - spared).clamp(0.0, 1.0)), level }
    }

    /// The newest instant known of a cell.
    fn age(&self, cell: u32) -> Option<UtcMs> {
        let mut newest = None;
        for (hazard, ground) in (0u16..).zip(&self.ground.hazards) {
            let speakers = ground.speakers.get(cell as usize).into_iter().flatten();
            newest = speakers.map(|s| self.spoke(hazard, s.station)).fold(newest, Option::max);
        }
        newest
    }

    /// The newest instant known of a zone.
    fn newest(&self, zone: u32) -> Option<UtcMs> {
        let speakers = &self.ground.zones.get(zone as usize)?.speakers;
        speakers.iter().filter_map(|(hazard, station)| self.spoke(*hazard, *station)).max()
    }

    /// When a station last spoke of a hazard; `None` while it has no data.
    fn spoke(&self, hazard: u16, station: u32) -> Option<UtcMs> {
        let held = self.beliefs.get(usize::from(hazard))?.get(&station)?;
        let has_data = held.level != Level::NoData;
        has_data.then(|| self.heard.get(&station).map_or(held.belief.t, |t| held.belief.t.max(*t)))
    }
}
