//! The ground of the map, made of a city once: its cells with the people in them, the zones' shares
//! of those people, and for each hazard the stations that speak for each cell.

use std::collections::{BTreeMap, BTreeSet};

use domain::city::{City, Exposure, ExposurePlace, Hazard, Spread};
use domain::level::{Level, Levels};
use domain::time::UtcMs;
use gis::{AreaIndex, Cell, Outline, PointIndex, Position, Resolution};

/// The most stations that speak for one cell; the nearest.
pub const MAX_SPEAKERS: usize = 64;
/// The most files named as sources of one zone's people.
pub const MAX_SOURCES: usize = 8;

/// A station that speaks for a cell, and its distance to the cell's centre, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Speaker {
    pub(super) station: u32,
    pub(super) distance_m: f64,
}

/// One cell and who is in it.
#[derive(Debug, Clone)]
pub(super) struct CellGround {
    pub(super) cell: Cell,
    pub(super) people: f64,
    /// People-weighted mean, 0 to 1; 0 where nobody is.
    pub(super) vulnerability: f64,
    /// The zones with people in it, by number.
    pub(super) zones: Vec<u32>,
}

/// One hazard as the map needs it.
#[derive(Debug, Clone)]
pub(super) struct HazardGround {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) spread: Spread,
    pub(super) reach_m: f64,
    /// By rank of level, 0 to 1, never falling; index 0 is none.
    pub(super) scores: Vec<f64>,
    /// By cell.
    pub(super) speakers: Vec<Vec<Speaker>>,
    /// By station: the cells it speaks for.
    pub(super) spoken_for: BTreeMap<u32, Vec<u32>>,
}

/// One zone.
#[derive(Debug, Clone)]
pub(super) struct ZoneGround {
    pub(super) id: String,
    /// Cells with people of this zone: cell, people.
    pub(super) shares: Vec<(u32, f64)>,
    pub(super) people: f64,
    /// Files the people come from.
    pub(super) sources: Vec<String>,
    /// (hazard, station) that speak for one of these cells.
    pub(super) speakers: Vec<(u16, u32)>,
}

/// See the module. It does not change while a configuration holds, and is shared.
#[derive(Debug, Clone)]
pub struct Ground {
    pub(super) levels: Levels,
    /// In order of cell number.
    pub(super) cells: Vec<CellGround>,
    /// In order of name.
    pub(super) hazards: Vec<HazardGround>,
    /// In the city's order.
    pub(super) zones: Vec<ZoneGround>,
    pub(super) hazard_of: BTreeMap<String, u16>,
    pub(super) station_of: BTreeMap<String, u32>,
    /// By number.
    pub(super) stations: Vec<String>,
    /// By station: the zones it speaks for, for whatever hazard.
    pub(super) zones_of: BTreeMap<u32, Vec<u32>>,
}

impl HazardGround {
    /// The score of a level; `None` without data.
    pub(super) fn score(&self, level: Level) -> Option<f64> {
        match level {
            Level::NoData => None,
            Level::None => Some(self.scores.first().copied().unwrap_or(0.0)),
            Level::At(rank) => self.scores.get(usize::from(rank)).or(self.scores.last()).copied(),
        }
    }

    /// The highest level whose score is reached; a level with the score of none is not told apart
    /// from none.
    pub(super) fn level(&self, score: f64) -> Level {
        let none = self.scores.first().copied().unwrap_or(0.0);
        let reached = |at: &f64| *at > none && *at <= score;
        let rank = self.scores.iter().rposition(reached).and_then(|r| u8::try_from(r).ok());
        rank.map_or(Level::None, Level::At)
    }
}

/// Numbers for what is counted in a list.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Ground {
    /// Makes the ground of a city as it is at an instant, its stations and its hazards; what begins
    /// later only is on it as it will be.
    pub fn of(city: &City, now: UtcMs) -> Self {
        let resolution = Resolution::new(city.about.cell_resolution).ok();
        let Some(resolution) = resolution.or_else(|| Resolution::new(7).ok()) else {
            return Self::empty(city);
        };
        let mut ground = Self::empty(city);
        let positions = ground.stand(city, now);
        let exposed = Exposed::of(city, resolution);
        let mut cells: BTreeSet<Cell> = exposed.cells.keys().copied().collect();
        cells.extend(positions.iter().map(|at| Cell::at(*at, resolution)));
        for zone in city.zones.iter().filter(|zone| zone.parent.is_none()) {
            cells.extend(covering(&zone.outline, resolution));
        }
        let number_of: BTreeMap<Cell, u32> =
            cells.iter().enumerate().map(|(at, cell)| (*cell, number(at))).collect();
        ground.cells = cells.iter().map(|cell| exposed.cell(*cell)).collect();
        ground.zones = exposed.zones(city, &number_of);
        for (at, zone) in ground.zones.iter().enumerate() {
            for (cell, _) in &zone.shares {
                if let Some(cell) = ground.cells.get_mut(*cell as usize) {
                    cell.zones.push(number(at));
                }
            }
        }
        ground.speak((city, now), &positions, resolution, &number_of);
        ground
    }

    fn empty(city: &City) -> Self {
        Self {
            levels: city.about.levels.clone(),
            cells: Vec::new(),
            hazards: Vec::new(),
            zones: Vec::new(),
            hazard_of: BTreeMap::new(),
            station_of: BTreeMap::new(),
            stations: Vec::new(),
            zones_of: BTreeMap::new(),
        }
    }

    /// Numbers the stations, and gives where each stands.
    fn stand(&mut self, city: &City, now: UtcMs) -> Vec<Position> {
        let mut positions = Vec::new();
        for station in city.stations_at(now) {
            let id = station.id.as_str();
            let Ok(at) = Position::new(station.lon, station.lat) else { continue };
            self.station_of.insert(id.to_owned(), number(positions.len()));
            self.stations.push(id.to_owned());
            positions.push(at);
        }
        positions
    }

    /// Who speaks for which cell, hazard by hazard.
    fn speak(
        &mut self,
        (city, now): (&City, UtcMs),
        positions: &[Position],
        resolution: Resolution,
        number_of: &BTreeMap<Cell, u32>,
    ) {
        let homes: Vec<Cell> = positions.iter().map(|at| Cell::at(*at, resolution)).collect();
        let mut held: BTreeMap<&str, &Hazard> =
            city.hazards_at(now).into_iter().map(|h| (h.name.as_str(), h)).collect();
        let mut later: Vec<&Hazard> = city.hazards.iter().filter(|h| h.valid_from > now).collect();
        later.sort_by_key(|hazard| hazard.valid_from);
        later.into_iter().for_each(|hazard| {
            held.entry(&hazard.name).or_insert(hazard);
        });
        for (name, hazard) in held {
            let here: Vec<u32> = (0u32..)
                .zip(&self.stations)
                .filter(|(_, id)| is_judged(city, hazard, id))
                .map(|(n, _)| n)
                .collect();
            let speakers = match hazard.spread {
                Spread::Own => own(&here, positions, &homes, hazard.reach_m, number_of),
                Spread::InverseDistance | Spread::Nearest => {
                    areal(&self.cells, &here, positions, &homes, hazard.reach_m, number_of)
                }
            };
            let mut spoken_for: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for (cell, list) in (0u32..).zip(&speakers) {
                list.iter().for_each(|s| spoken_for.entry(s.station).or_default().push(cell));
            }
            let at = u16::try_from(self.hazards.len()).unwrap_or(u16::MAX);
            self.hazard_of.insert(name.to_owned(), at);
            self.hazards.push(HazardGround {
                name: name.to_owned(),
                source: hazard.source.clone(),
                spread: hazard.spread,
                reach_m: hazard.reach_m,
                scores: hazard.scores.clone(),
                speakers,
                spoken_for,
            });
        }
        self.listen();
    }

    /// Who speaks for which zone.
    fn listen(&mut self) {
        let mut zones_of: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (at, zone) in (0u32..).zip(&mut self.zones) {
            let mut speakers = BTreeSet::new();
            for (h, hazard) in (0u16..).zip(&self.hazards) {
                for (cell, _) in &zone.shares {
                    let list = hazard.speakers.get(*cell as usize).into_iter().flatten();
                    speakers.extend(list.map(|s| (h, s.station)));
                }
            }
            for (_, station) in &speakers {
                zones_of.entry(*station).or_default().insert(at);
            }
            zone.speakers = speakers.into_iter().collect();
        }
        let lists = zones_of.into_iter().map(|(s, zones)| (s, zones.into_iter().collect()));
        self.zones_of = lists.collect();
    }
}

/// Whether a station measures what one of the hazard's thresholds for it asks for.
fn is_judged(city: &City, hazard: &Hazard, station: &str) -> bool {
    city.properties_of(station).any(|property| {
        hazard.thresholds.iter().any(|threshold| {
            threshold.property == property
                && threshold.station.as_ref().is_none_or(|named| named.as_str() == station)
        })
    })
}

/// The cells of an outline; at a resolution too fine for it only those of people and stations are
/// on the map.
fn covering(outline: &Outline, resolution: Resolution) -> Vec<Cell> {
    Cell::covering(outline, resolution).unwrap_or_else(|error| {
        tracing::warn!(%error, "an outline is not covered by cells");
        Vec::new()
    })
}

/// Stations that speak for their own cell and those within reach of it.
fn own(
    here: &[u32],
    positions: &[Position],
    homes: &[Cell],
    reach_m: f64,
    number_of: &BTreeMap<Cell, u32>,
) -> Vec<Vec<Speaker>> {
    let mut speakers = vec![Vec::new(); number_of.len()];
    for station in here {
        let at = *station as usize;
        let (Some(position), Some(home)) = (positions.get(at), homes.get(at)) else { continue };
        let within = home.within(reach_m).unwrap_or_else(|error| {
            tracing::warn!(%error, "a station speaks for its own cell only");
            vec![*home]
        });
        for cell in within {
            let list = number_of.get(&cell).and_then(|n| speakers.get_mut(*n as usize));
            let distance_m = gis::distance_m(*position, cell.center());
            list.into_iter().for_each(|l| l.push(Speaker { station: *station, distance_m }));
        }
    }
    for list in &mut speakers {
        nearest_first(list);
    }
    speakers
}

/// Stations within reach of a cell's centre; the cell in which a station stands is always in reach.
fn areal(
    cells: &[CellGround],
    here: &[u32],
    positions: &[Position],
    homes: &[Cell],
    reach_m: f64,
    number_of: &BTreeMap<Cell, u32>,
) -> Vec<Vec<Speaker>> {
    let standing: Vec<(u32, Position)> =
        here.iter().filter_map(|s| Some((*s, *positions.get(*s as usize)?))).collect();
    let index = PointIndex::new(standing.iter().map(|(_, at)| *at).collect());
    let mut speakers: Vec<Vec<Speaker>> = Vec::with_capacity(cells.len());
    for ground in cells {
        let near = index.within(ground.cell.center(), reach_m);
        let speaker = |near: &gis::Near| {
            let (station, _) = standing.get(near.index)?;
            Some(Speaker { station: *station, distance_m: near.distance_m })
        };
        speakers.push(near.iter().filter_map(speaker).collect());
    }
    for (station, position) in &standing {
        let Some(home) = homes.get(*station as usize) else { continue };
        let list = number_of.get(home).and_then(|n| speakers.get_mut(*n as usize));
        let Some(list) = list.filter(|l| l.iter().all(|s| s.station != *station)) else { continue };
        let distance_m = gis::distance_m(*position, home.center());
        list.push(Speaker { station: *station, distance_m });
    }
    for list in &mut speakers {
        nearest_first(list);
    }
    speakers
}

fn nearest_first(list: &mut Vec<Speaker>) {
    list.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.station.cmp(&b.station)));
    list.truncate(MAX_SPEAKERS);
}

/// People by cell, and by zone and cell.
#[derive(Debug, Default)]
struct Exposed {
    /// People, and people × vulnerability.
    cells: BTreeMap<Cell, (f64, f64)>,
    /// By number of zone.
    zones: BTreeMap<usize, BTreeMap<Cell, f64>>,
    sources: BTreeMap<usize, BTreeSet<String>>,
}

impl Exposed {
    fn of(city: &City, resolution: Resolution) -> Self {
        let areas = AreaIndex::new(city.zones.iter().map(|z| z.outline.clone()).collect());
        let mut exposed = Self::default();
        for exposure in &city.exposure {
            match &exposure.place {
                ExposurePlace::Point(lon, lat) => {
                    let Ok(at) = Position::new(*lon, *lat) else { continue };
                    let cell = Cell::at(at, resolution);
                    exposed.add(exposure, cell, exposure.people, &areas.containing(at));
                }
                ExposurePlace::Area(outline) => {
                    let mut cells = covering(outline, resolution);
                    if cells.is_empty() {
                        cells.extend(outline.centroid().map(|at| Cell::at(at, resolution)));
                    }
                    let people = exposure.people / cells.len().max(1) as f64;
                    for cell in cells {
                        exposed.add(exposure, cell, people, &areas.containing(cell.center()));
                    }
                }
            }
        }
        exposed
    }

    fn add(&mut self, exposure: &Exposure, cell: Cell, people: f64, zones: &[usize]) {
        let sum = self.cells.entry(cell).or_default();
        sum.0 += people;
        sum.1 += people * exposure.vulnerability;
        if people <= 0.0 {
            return;
        }
        for zone in zones {
            *self.zones.entry(*zone).or_default().entry(cell).or_default() += people;
            let sources = self.sources.entry(*zone).or_default();
            if !sources.contains(&exposure.source) {
                sources.insert(exposure.source.clone());
            }
        }
    }

    fn cell(&self, cell: Cell) -> CellGround {
        let (people, vulnerable) = self.cells.get(&cell).copied().unwrap_or_default();
        let vulnerability = if people > 0.0 { vulnerable / people } else { 0.0 };
        CellGround { cell, people, vulnerability, zones: Vec::new() }
    }

    fn zones(&self, city: &City, number_of: &BTreeMap<Cell, u32>) -> Vec<ZoneGround> {
        let zone = |(at, zone): (usize, &domain::city::Zone)| {
            let shares = self.zones.get(&at).into_iter().flatten();
            let shares: Vec<(u32, f64)> = shares
                .filter_map(|(cell, people)| Some((*number_of.get(cell)?, *people)))
                .collect();
            let sources = self.sources.get(&at).into_iter().flatten();
            ZoneGround {
                id: zone.id.to_string(),
                people: shares.iter().map(|(_, people)| people).sum(),
                shares,
                sources: sources.take(MAX_SOURCES).cloned().collect(),
                speakers: Vec::new(),
            }
        };
        city.zones.iter().enumerate().map(zone).collect()
    }
}
