//! What stands around a datastream: its neighbours, with whom its values must agree, and the sources
//! that speak for it when it is not heard. Built once for a configuration from `quality.toml`, then
//! only read; part of stop 3.

use std::collections::BTreeMap;

use domain::city::{City, Registry};
use domain::ids::DatastreamIx;
use domain::time::SECOND_MS;
use gis::{PointIndex, Position};

/// The most neighbours that a value is compared with: the nearest ones.
pub const NEIGHBOURS_MAX: usize = 16;

/// The neighbours of a datastream, and how far it may lie from their median.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbourhood {
    /// The datastreams, nearest first.
    pub of: Vec<DatastreamIx>,
    /// How far in time their values may lie apart, milliseconds.
    pub within_ms: i64,
    /// How many of them must have a value.
    pub at_least: usize,
    /// How far the value may lie from their median, in the property's unit.
    pub max_difference: f64,
}

/// A gauge for which another datastream speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeaksFor {
    /// The gauge's datastream.
    pub gauge: DatastreamIx,
    /// Its place among the gauge's sources: those before it are preferred.
    pub rank: usize,
    /// What is added to the value, in the property's unit.
    pub offset: f64,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Around {
    neighbourhoods: BTreeMap<DatastreamIx, Neighbourhood>,
    /// By gauge: its sources, in order of preference.
    sources: BTreeMap<DatastreamIx, Vec<DatastreamIx>>,
    /// By source.
    speaks_for: BTreeMap<DatastreamIx, Vec<SpeaksFor>>,
}

impl Around {
    /// Of a city whose datastreams have the numbers of `registry`.
    pub fn of(city: &City, registry: &Registry) -> Self {
        let mut around = Self::default();
        for rule in &city.neighbours {
            around.neighbourhood(city, registry, rule);
        }
        for fallback in &city.fallbacks {
            let ix = |station: &domain::ids::StationId| {
                registry.find(station.as_str(), &fallback.property)
            };
            let (Some(gauge), Some(source)) = (ix(&fallback.station), ix(&fallback.source)) else {
                continue;
            };
            let sources = around.sources.entry(gauge).or_default();
            let rank = sources.len();
            sources.push(source);
            let speaks_for = around.speaks_for.entry(source).or_default();
            speaks_for.push(SpeaksFor { gauge, rank, offset: fallback.offset });
        }
        around
    }

    fn neighbourhood(&mut self, city: &City, registry: &Registry, rule: &domain::city::Neighbours) {
        // The newest epoch of a station says where it stands.
        let mut at: BTreeMap<&str, &domain::city::Station> = BTreeMap::new();
        for row in &city.stations {
            let newest = at.entry(row.id.as_str()).or_insert(row);
            if row.valid_from >= newest.valid_from {
                *newest = row;
            }
        }
        let places: Vec<(DatastreamIx, Position)> = at
            .iter()
            .filter_map(|(id, row)| {
                let ix = registry.find(id, &rule.property)?;
                Some((ix, Position::new(row.lon, row.lat).ok()?))
            })
            .collect();
        let index = PointIndex::new(places.iter().map(|(_, position)| *position).collect());
        for (ix, position) in &places {
            let near = index.within(*position, rule.within_km * 1e3);
            let others = near.iter().filter_map(|near| places.get(near.index));
            let of: Vec<DatastreamIx> = others
                .map(|(other, _)| *other)
                .filter(|other| other != ix)
                .take(NEIGHBOURS_MAX)
                .collect();
            if of.len() >= rule.at_least as usize {
                let neighbourhood = Neighbourhood {
                    of,
                    within_ms: i64::from(rule.within_s) * SECOND_MS,
                    at_least: rule.at_least as usize,
                    max_difference: rule.max_difference,
                };
                self.neighbourhoods.insert(*ix, neighbourhood);
            }
        }
    }

    /// The neighbours of a datastream, where it has enough of them.
    pub fn neighbourhood_of(&self, ix: DatastreamIx) -> Option<&Neighbourhood> {
        self.neighbourhoods.get(&ix)
    }

    /// The gauges that a datastream may speak for.
    pub fn speaks_for(&self, source: DatastreamIx) -> &[SpeaksFor] {
        self.speaks_for.get(&source).map_or(&[], Vec::as_slice)
    }

    /// The sources of a gauge, in order of preference.
    pub fn sources_of(&self, gauge: DatastreamIx) -> &[DatastreamIx] {
        self.sources.get(&gauge).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing speaks for anything.
    pub fn is_without_fallbacks(&self) -> bool {
        self.speaks_for.is_empty()
    }
}
