//! A zone's score and what makes it: how much each hazard adds, where it is met by how many people
//! and how vulnerable they are, where the numbers come from, and the observations behind them.

use std::collections::BTreeSet;

use domain::city::Spread;
use domain::level::Level;
use domain::time::UtcMs;

use super::RiskMap;
use super::cells::{HazardGround, ZoneGround};

/// The most terms of one score. Where more hazards add to it, the last term is the sum of the rest.
pub const MAX_TERMS: usize = 12;
/// The most observations named by one term.
pub const MAX_BECAUSE: usize = 8;
/// The hazard's name of a term that sums the rest.
pub const REST: &str = "rest";

/// The risk of one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneRisk {
    /// The zone.
    pub id: String,
    /// 0 to 1, the people-weighted mean of its cells with data; `None`: no data.
    pub risk: Option<f64>,
    /// The share of its people who are in cells with data, 0 to 1; 0 where it has no people.
    pub covered: f64,
    /// Its people in cells at a level above none.
    pub people: f64,
    /// Event time of the newest that is known of it.
    pub data: Option<UtcMs>,
    /// What makes the score, greatest first; the contributions sum to it.
    pub terms: Vec<Term>,
}

/// What one hazard adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The hazard, or [`REST`].
    pub hazard: String,
    /// Its score where it is met, 0 to 1: people-weighted mean over those cells.
    pub hazard_score: f64,
    /// The people who are met by it.
    pub exposure: f64,
    /// Their vulnerability, 0 to 1.
    pub vulnerability: f64,
    /// What it adds to the score.
    pub contribution: f64,
    /// Where the numbers come from: the thresholds, the way stations speak for cells, the people.
    pub sources: Vec<String>,
    /// The newest observations of the stations that say so, the most dangerous first; at most
    /// [`MAX_BECAUSE`].
    pub because: Vec<String>,
}

impl ZoneRisk {
    /// A zone of which nothing is known.
    pub(super) fn unknown(id: &str) -> Self {
        let (id, terms) = (id.to_owned(), Vec::new());
        Self { id, risk: None, covered: 0.0, people: 0.0, data: None, terms }
    }
}

/// Sums of one hazard over the cells of a zone.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    people: f64,
    score: f64,
    vulnerable: f64,
    added: f64,
}

impl RiskMap {
    /// A zone's score as the cells are now.
    pub(super) fn explain(&self, zone: u32) -> Option<ZoneRisk> {
        let ground = self.ground.zones.get(zone as usize)?;
        let mut sums = vec![Sums::default(); self.ground.hazards.len()];
        let (mut covered, mut raised, mut risk) = (0.0, 0.0, 0.0);
        for (cell, people) in &ground.shares {
            let Some(now) = self.cells.get(*cell as usize) else { continue };
            let Some(of_cell) = now.risk else { continue };
            covered += people;
            risk += people * of_cell;
            if now.level.is_raised() {
                raised += people;
            }
            self.share_out(*cell, *people, of_cell, &mut sums);
        }
        let mut now = ZoneRisk { people: raised, ..ZoneRisk::unknown(&ground.id) };
        now.data = self.newest(zone);
        if covered > 0.0 {
            now.risk = Some((risk / covered).clamp(0.0, 1.0));
            now.covered = (covered / ground.people).clamp(0.0, 1.0);
            now.terms = self.terms(ground, &sums, covered);
        }
        Some(now)
    }

    /// A cell's risk is shared out to its hazards in proportion to what each alone would do.
    fn share_out(&self, cell: u32, people: f64, risk: f64, sums: &mut [Sums]) {
        let vulnerability = self.ground.cells.get(cell as usize).map_or(0.0, |c| c.vulnerability);
        let together: f64 = self.harms(cell).map(|(_, _, harm)| harm).sum();
        for (hazard, score, harm) in self.harms(cell) {
            let Some(sum) = sums.get_mut(usize::from(hazard)).filter(|_| score > 0.0) else {
                continue;
            };
            sum.people += people;
            sum.score += people * score;
            sum.vulnerable += people * vulnerability;
            if together > 0.0 {
                sum.added += people * risk * (harm / together);
            }
        }
    }

    fn terms(&self, zone: &ZoneGround, sums: &[Sums], covered: f64) -> Vec<Term> {
        let adds = (0u16..).zip(sums).filter(|(_, s)| s.added > 0.0);
        let mut order: Vec<(u16, Sums)> = adds.map(|(hazard, s)| (hazard, *s)).collect();
        // Hazards are numbered in order of name, so that equals have a fixed order.
        order.sort_by(|(a, x), (b, y)| y.added.total_cmp(&x.added).then(a.cmp(b)));
        let whole = if order.len() > MAX_TERMS { MAX_TERMS - 1 } else { order.len() };
        let rest = order.split_off(whole);
        let mut terms: Vec<Term> = order
            .iter()
            .filter_map(|(hazard, sums)| self.term(zone, *hazard, sums, covered))
            .collect();
        if !rest.is_empty() {
            let greatest = |f: fn(&Sums) -> f64| rest.iter().map(|(_, s)| f(s)).fold(0.0, f64::max);
            terms.push(Term {
                hazard: REST.to_owned(),
                hazard_score: greatest(|s| s.score / s.people),
                exposure: greatest(|s| s.people),
                vulnerability: greatest(|s| s.vulnerable / s.people),
                contribution: rest.iter().map(|(_, s)| s.added).sum::<f64>() / covered,
                sources: Vec::new(),
                because: Vec::new(),
            });
        }
        terms
    }

    fn term(&self, zone: &ZoneGround, number: u16, sums: &Sums, covered: f64) -> Option<Term> {
        let hazard = self.ground.hazards.get(usize::from(number))?;
        let (because, blind, speaking) = self.because(zone, number);
        let mut sources = vec![hazard.source.clone(), spoken(hazard, speaking, blind)];
        sources.extend(zone.sources.iter().cloned());
        Some(Term {
            hazard: hazard.name.clone(),
            hazard_score: sums.score / sums.people,
            exposure: sums.people,
            vulnerability: sums.vulnerable / sums.people,
            contribution: sums.added / covered,
            sources,
            because,
        })
    }

    /// The observations behind a hazard's scores in a zone, how many of its stations have no data,
    /// and how many have.
    fn because(&self, zone: &ZoneGround, number: u16) -> (Vec<String>, usize, usize) {
        let mut seen = BTreeSet::new();
        let mut speaking = Vec::new();
        let mut blind = 0;
        let held = self.beliefs.get(usize::from(number));
        for (_, station) in zone.speakers.iter().filter(|(hazard, _)| *hazard == number) {
            match held.and_then(|held| held.get(station)) {
                Some(held) if held.level != Level::NoData => speaking.push(held),
                _ => blind += 1,
            }
        }
        let count = speaking.len();
        if speaking.iter().any(|held| held.level.is_raised()) {
            speaking.retain(|held| held.level.is_raised());
        }
        // The sort is stable and the stations are in order of id.
        speaking.sort_by_key(|held| std::cmp::Reverse(held.level));
        let ids = speaking.iter().flat_map(|held| &held.belief.because);
        let because = ids.filter(|id| seen.insert(*id)).take(MAX_BECAUSE).cloned().collect();
        (because, blind, count)
    }
}

/// How stations speak for cells, in words.
fn spoken(hazard: &HazardGround, speaking: usize, blind: usize) -> String {
    let reach_km = hazard.reach_m / 1_000.0;
    let way = match hazard.spread {
        Spread::InverseDistance => format!("inverse distance, power 2, within {reach_km} km"),
        Spread::Nearest => format!("the nearest station within {reach_km} km"),
        Spread::Own if hazard.reach_m > 0.0 => {
            format!("the station's own cell and those within {reach_km} km")
        }
        Spread::Own => "the station's own cell".to_owned(),
    };
    format!("{way}: {speaking} stations with data, {blind} without")
}
