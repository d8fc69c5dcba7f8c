//! Zones on the board: the engine's levels come with its decisions ([`Board::believe`]); risk, what
//! makes it and its age come from the map of [`stream::risk`], which hears every decision at once
//! and is scored and shown some moments later, for all of them together.

use std::collections::BTreeSet;

use contract::live::Change;
use contract::views::{RiskTerm, StationState, ZoneView};
use domain::time::UtcMs;
use stream::risk::{Term, ZoneRisk};

use super::Board;

impl Board {
    /// Takes decisions onto the map. Nothing is shown before [`Board::assess`].
    pub fn heed(&mut self, changed: &BTreeSet<(String, String)>) {
        for (place, hazard) in changed {
            if let Some(belief) = self.picture.beliefs.of(place, hazard) {
                self.risk.believe(place, hazard, belief);
            }
        }
    }

    /// Makes the map of what the picture holds, for a picture that was read back. Whoever shows it
    /// shows the whole board.
    pub fn recall(&mut self) {
        for (place, hazard, belief) in self.picture.beliefs.iter() {
            self.risk.believe(place, hazard, belief);
        }
        self.assess();
    }

    /// Scores what has changed; the zones that are not as they were.
    pub fn assess(&mut self) -> Vec<Change> {
        let changed = self.risk.settle();
        self.retell(&changed)
    }

    /// Takes the ages of the stations' newest values; the zones of which something newer is known.
    pub fn age(&mut self, stations: &[StationState]) -> Vec<Change> {
        for state in stations {
            let newest = state.values.iter().map(|value| value.t_ms).max();
            let station = self.city.station_at(state.ix);
            if let Some((t_ms, station)) = newest.zip(station) {
                self.risk.hear(station.id.as_str(), UtcMs(t_ms));
            }
        }
        let changed = self.risk.settle_ages();
        self.retell(&changed)
    }

    fn retell(&mut self, zones: &BTreeSet<String>) -> Vec<Change> {
        let view = |id: &String| Some(view(self.zones.get(id)?, self.risk.zone(id)?));
        let views: Vec<ZoneView> = zones.iter().filter_map(view).collect();
        views.into_iter().filter_map(|view| self.zone(view)).collect()
    }
}

/// A zone as it stood, with its risk as it is now. Without data the age of what was known last stays.
fn view(had: &ZoneView, risk: &ZoneRisk) -> ZoneView {
    ZoneView {
        id: had.id.clone(),
        level: had.level.clone(),
        risk: risk.risk,
        covered: risk.covered,
        people: risk.people,
        data_ms: risk.data.map(|t| t.0).max(had.data_ms),
        terms: risk.terms.iter().map(term).collect(),
    }
}

fn term(term: &Term) -> RiskTerm {
    RiskTerm {
        hazard: term.hazard.clone(),
        hazard_score: term.hazard_score,
        exposure: term.exposure,
        vulnerability: term.vulnerability,
        contribution: term.contribution,
        sources: term.sources.clone(),
        because: term.because.clone(),
    }
}

#[cfg(test)]
mod tests;
