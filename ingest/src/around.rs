//! What stands around a datastream: its neighbours, with whom its values must agree, and the sources
//! that speak for it when it is not heard. Built once for a configuration from `quality.toml`, then
//! only read; part of stop 3.

use std::collections::BTreeMap;

use domain::city::{City, Registry};
use domain::ids::DatastreamIx;
use domain::time::{SECOND_MS, UtcMs};
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
    /// By datastream: from when each holds, oldest first; none where it has too few then.
    neighbourhoods: BTreeMap<DatastreamIx, Vec<(UtcMs, Option<Neighbourhood>)>>,
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
        let mut moves = vec![UtcMs(i64::MIN)];
        for id in city.station_ids() {
            let epochs: Vec<&domain::city::Station> = city.epochs_of(id).collect();
            let moved = |pair: &&[&domain::city::Station]| match pair {
                [had, has] => (had.lon, had.lat) != (has.lon, has.lat),
                _ => false,
            };
            let pairs = epochs.windows(2).filter(moved);
            moves.extend(pairs.filter_map(|pair| pair.last()).map(|has| has.valid_from));
        }
        moves.sort_unstable();
        moves.dedup();
        moves.into_iter().for_each(|from| self.as_they_stand(city, registry, rule, from));
    }

    /// The neighbours of every datastream by where the stations stand from an instant on.
    fn as_they_stand(
        &mut self,
        city: &City,
        registry: &Registry,
        rule: &domain::city::Neighbours,
        from: UtcMs,
    ) {
        let places: Vec<(DatastreamIx, Position)> = city
            .stations_at(from)
            .filter_map(|row| {
                let ix = registry.find(row.id.as_str(), &rule.property)?;
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
            let neighbourhood = (of.len() >= rule.at_least as usize).then(|| Neighbourhood {
                of,
                within_ms: i64::from(rule.within_s) * SECOND_MS,
                at_least: rule.at_least as usize,
                max_difference: rule.max_difference,
            });
            let had = self.neighbourhoods.entry(*ix).or_default();
            if had.last().map_or(neighbourhood.is_some(), |(_, last)| *last != neighbourhood) {
                had.push((from, neighbourhood));
            }
        }
    }

    /// The neighbours of a datastream at an instant, where it has enough of them then.
    pub fn neighbourhood_of(&self, ix: DatastreamIx, t: UtcMs) -> Option<&Neighbourhood> {
        let epochs = self.neighbourhoods.get(&ix)?;
        let (_, held) = epochs.iter().rfind(|(from, _)| *from <= t)?;
        held.as_ref()
    }

    /// Whether a datastream has neighbours at any time.
    pub fn has_neighbours(&self, ix: DatastreamIx) -> bool {
        self.neighbourhoods.get(&ix).is_some_and(|epochs| !epochs.is_empty())
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
