//! What a request is answered from: the city as configured, the history, and how much of them one
//! request may read.

use std::cell::Cell;

use domain::city::{City, Datastream, Registry, Station};
use domain::ids::{AgencyId, DatastreamIx};
use domain::observation::{Observation, ObservationId};
use domain::time::{SECOND_MS, UtcMs};
use journal::history::HistoryReader;

use super::entity::{Entity, Stream};
use super::model::Kind;
use super::query::QueryError;

/// The most values of the history that one request reads.
pub const ROWS_MAX: usize = 1_000_000;
/// The most entities that one answer holds, expanded ones included.
pub const ENTITIES_MAX: usize = 20_000;

/// As of the newest configuration.
pub const NEWEST: UtcMs = UtcMs(i64::MAX);

/// See the module.
#[derive(Debug)]
pub struct World<'w> {
    /// The city.
    pub city: &'w City,
    /// The numbers of its datastreams.
    pub registry: &'w Registry,
    /// The history.
    pub history: &'w HistoryReader,
    /// Whose stations alone are seen; `None`: all.
    pub scope: Option<&'w AgencyId>,
    /// What addresses begin with.
    pub base: &'w str,
    /// The platform's now.
    pub now: UtcMs,
    rows_left: Cell<usize>,
    entities_left: Cell<usize>,
}

fn spend(left: &Cell<usize>, count: usize, said: &str) -> Result<(), QueryError> {
    match left.get().checked_sub(count) {
        Some(rest) => {
            left.set(rest);
            Ok(())
        }
        None => Err(QueryError::TooMuch(said.to_owned())),
    }
}

impl<'w> World<'w> {
    /// What one request is answered from.
    pub fn new(
        city: &'w City,
        registry: &'w Registry,
        history: &'w HistoryReader,
        scope: Option<&'w AgencyId>,
        base: &'w str,
        now: UtcMs,
    ) -> Self {
        let (rows_left, entities_left) = (Cell::new(ROWS_MAX), Cell::new(ENTITIES_MAX));
        Self { city, registry, history, scope, base, now, rows_left, entities_left }
    }

    /// Values of the history are read.
    ///
    /// # Errors
    /// [`QueryError::TooMuch`] beyond [`ROWS_MAX`].
    pub fn read(&self, rows: usize) -> Result<(), QueryError> {
        let said =
            "more than a million values would be read; narrow phenomenonTime or the datastream";
        spend(&self.rows_left, rows, said)
    }

    /// An entity is written.
    ///
    /// # Errors
    /// [`QueryError::TooMuch`] beyond [`ENTITIES_MAX`].
    pub fn write(&self) -> Result<(), QueryError> {
        spend(
            &self.entities_left,
            1,
            "more than 20000 entities in one answer; expand less, or fewer at a time",
        )
    }

    /// A station as it is now, where it may be seen; before its first epoch as it will be.
    pub fn station(&self, id: &str) -> Option<&'w Station> {
        let station = self.city.station_at(id, self.now).or_else(|| {
            let mut epochs = self.city.stations.iter().filter(|s| s.id.as_str() == id);
            epochs.next().map(|first| {
                epochs.fold(first, |a, b| if b.valid_from < a.valid_from { b } else { a })
            })
        })?;
        self.scope.is_none_or(|agency| station.agency == *agency).then_some(station)
    }

    /// Whether an observation of a station may be seen: whose the station was then.
    pub fn may_see(&self, station: &str, t: UtcMs) -> bool {
        self.scope.is_none_or(|agency| {
            self.city.station_at(station, t).is_some_and(|epoch| epoch.agency == *agency)
        })
    }

    /// Every station that may be seen, in order of id.
    pub fn stations(&self) -> impl Iterator<Item = &'w Station> + '_ {
        self.city.station_ids().filter_map(|id| self.station(id))
    }

    /// What a station measures.
    pub fn streams_of(&self, station: &'w str) -> impl Iterator<Item = Stream<'w>> + use<'w> {
        self.city.properties_of(station).map(move |property| Stream { station, property })
    }

    /// Every datastream that may be seen, in order of id.
    pub fn streams(&self) -> impl Iterator<Item = Stream<'w>> + '_ {
        self.stations().flat_map(|station| self.streams_of(station.id.as_str()))
    }

    /// A datastream by its names.
    pub fn stream(&self, station: &str, property: &str) -> Option<Stream<'w>> {
        let station = self.station(station)?.id.as_str();
        let epoch = self.datastream(station, property)?;
        Some(Stream { station, property: epoch.property.as_str() })
    }

    /// A datastream as it is now; before its first epoch as it will be.
    pub fn datastream(&self, station: &str, property: &str) -> Option<&'w Datastream> {
        let at = |t| self.city.datastream_at(station, property, t);
        at(self.now).or_else(|| at(NEWEST))
    }

    /// Its number.
    pub fn number(&self, stream: Stream<'_>) -> Option<DatastreamIx> {
        self.registry.find(stream.station, stream.property)
    }

    /// Of an interval property, how long the interval is that ends at `t`, ms.
    pub fn interval_ms(&self, stream: Stream<'_>, t: UtcMs) -> Option<i64> {
        if !self.city.property(stream.property)?.interval {
            return None;
        }
        let epoch = self.city.datastream_at(stream.station, stream.property, t)?;
        Some(i64::from(epoch.interval_s) * SECOND_MS)
    }

    /// The first and the newest observation of a datastream.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn ends(
        &self,
        stream: Stream<'_>,
    ) -> Result<Option<(Observation, Observation)>, QueryError> {
        let Some(ix) = self.number(stream) else { return Ok(None) };
        self.read(2)?;
        let first = self.history.series(ix, UtcMs(i64::MIN), NEWEST, 1)?;
        let last = self.history.newest(ix, 1)?;
        Ok(first.first().zip(last.last()).map(|(a, b)| (a.observation, b.observation)))
    }

    /// An entity by its id.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn find(&self, kind: Kind, id: &str) -> Result<Option<Entity<'w>>, QueryError> {
        let pair = || {
            let (station, property) = id.split_once(':')?;
            self.stream(station, property)
        };
        let epoch = || {
            let (station, from) = id.split_once(':')?;
            let from = from.parse::<i64>().ok()?;
            let station = self.station(station)?.id.as_str();
            self.epochs(station).find(|epoch| epoch.valid_from.0 == from)
        };
        Ok(match kind {
            Kind::Thing => self.station(id).map(|s| Entity::Thing(s.id.as_str())),
            Kind::FeatureOfInterest => self.station(id).map(|s| Entity::Feature(s.id.as_str())),
            Kind::Location => epoch().map(Entity::Location),
            Kind::HistoricalLocation => epoch().map(Entity::HistoricalLocation),
            Kind::Datastream => pair().map(Entity::Datastream),
            Kind::Sensor => pair().map(Entity::Sensor),
            Kind::ObservedProperty => self
                .streams()
                .find(|s| s.property == id)
                .map(|s| Entity::ObservedProperty(s.property)),
            Kind::Observation => return self.observation(id),
        })
    }

    fn observation(&self, id: &str) -> Result<Option<Entity<'w>>, QueryError> {
        let Ok(id) = id.parse::<ObservationId>() else { return Ok(None) };
        let Some(stream) = self.stream(id.station.as_str(), &id.property) else { return Ok(None) };
        let Some(ix) = self.number(stream) else { return Ok(None) };
        let found = self.history.find(ix, id.t, id.crc)?;
        let found = found.filter(|s| self.may_see(stream.station, s.observation.t));
        Ok(found.map(|sample| Entity::Observation(stream, sample.observation)))
    }

    /// Where a station stood, epoch by epoch, in order of time.
    pub fn epochs(&self, station: &'w str) -> impl Iterator<Item = &'w Station> + use<'w> {
        let upto = self.station(station).map(|now| now.valid_from);
        let own = |s: &&Station| s.id.as_str() == station && Some(s.valid_from) <= upto;
        let mut epochs: Vec<&'w Station> = self.city.stations.iter().filter(own).collect();
        epochs.sort_by_key(|epoch| epoch.valid_from);
        epochs.into_iter()
    }
}
