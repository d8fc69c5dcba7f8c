//! The city's registry as admission reads it: which datastream, whose, in which unit, between
//! which limits, as of event time. Built once for a configuration, then only read.

mod streams;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

pub use crate::rights::Rights;
use domain::city::{AddressBook, CapFeed, City, Registry};
use domain::ids::{AgencyId, DatastreamIx, HospitalId, UnitId};
use domain::time::{SECOND_MS, UtcMs};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::sensorthings::intervals::Intervals;

use crate::around::Around;
use crate::sl651::gauges::Gauges;
use streams::Streams;

/// What one epoch of a datastream allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// From when it holds (event time).
    pub valid_from: UtcMs,
    /// Least and greatest value, in the property's unit: the registered ones within the plausible.
    pub range: (f64, f64),
    /// Fastest believable change, units an hour.
    pub max_rate_per_h: Option<f64>,
    /// Milliseconds of an unchanged value after which it is doubtful.
    pub flat_after_ms: Option<i64>,
    /// Greatest believable difference across a gap, in the property's unit.
    pub max_jump: Option<f64>,
    /// For how long one value speaks, milliseconds: so many expected intervals. What is longer is a
    /// gap.
    pub speaks_ms: i64,
    /// Whether values are compared with those of neighbours.
    pub has_neighbours: bool,
}

impl Limits {
    /// Whether a value between them may be doubtful all the same.
    pub fn doubts(&self) -> bool {
        self.max_rate_per_h.is_some()
            || self.flat_after_ms.is_some()
            || self.max_jump.is_some()
            || self.has_neighbours
    }
}

/// One datastream: what nearly every observation needs of it, in one line of the cache. With ten
/// thousand of them the way to memory is most of the work.
#[derive(Debug, Clone, PartialEq)]
#[repr(align(64))]
pub struct Stream {
    /// From when its first epoch holds.
    valid_from: UtcMs,
    /// From when on the station is somebody's.
    owned_from: UtcMs,
    /// Least and greatest value of the first epoch.
    range: (f64, f64),
    /// Its number.
    pub ix: DatastreamIx,
    /// The station's name: where it stands in [`Register::text`].
    station: u32,
    station_bytes: u8,
    /// The property's name and its unit: their places in [`Register::words`].
    property: u16,
    unit: u16,
    /// Whether the first epoch says more than its range, or there are more: see
    /// [`Register::epochs`].
    has_more: bool,
}

/// Where a datastream is in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u32);

/// One station: whose it is, epoch by epoch, and what it measures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instrument {
    owners: Vec<(UtcMs, AgencyId)>,
    properties: Vec<Box<str>>,
}

/// The last of `epochs`, sorted by their beginning, that began at or before `t`.
fn as_of<T>(epochs: &[T], t: UtcMs, from: impl Fn(&T) -> UtcMs) -> Option<&T> {
    let began = epochs.partition_point(|epoch| from(epoch) <= t);
    epochs.get(began.checked_sub(1)?)
}

impl Instrument {
    /// Whose it is at `t`; `None` before its first epoch.
    pub fn owner_at(&self, t: UtcMs) -> Option<&AgencyId> {
        as_of(&self.owners, t, |epoch| epoch.0).map(|epoch| &epoch.1)
    }
    /// The properties it measures, for a refusal's particulars.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.properties.iter().map(|property| &**property)
    }
}

impl Stream {
    /// Whether the station is somebody's at `t`.
    pub fn is_owned_at(&self, t: UtcMs) -> bool {
        t >= self.owned_from
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Register {
    stations: BTreeMap<Box<str>, Instrument>,
    streams: Vec<Stream>,
    /// Positions in `streams`, by the names of station and property, each with half of the names'
    /// hash.
    by_name: HashTable<(u32, u32)>,
    hasher: FixedState,
    /// The names of the stations, one after the other.
    text: String,
    /// Names of properties and units.
    words: Vec<Box<str>>,
    /// The epochs of those that have more to say than a range, earliest first.
    epochs: BTreeMap<DatastreamIx, Vec<Limits>>,
    agencies: BTreeMap<AgencyId, Rights>,
    hospitals: BTreeMap<HospitalId, AgencyId>,
    /// By name; none where two are called the same.
    hospital_names: BTreeMap<String, Option<HospitalId>>,
    /// Codes of what is counted.
    codes: BTreeSet<String>,
    offset_s: i32,
    units: BTreeMap<UnitId, AgencyId>,
    /// Units by the uid of their CoT device.
    cot: BTreeMap<String, UnitId>,
    zones: std::collections::BTreeSet<String>,
    book: Arc<AddressBook>,
    names: Vec<(String, String)>,
    intervals: Intervals,
    around: Around,
    future_tolerance_ms: i64,
    /// Feeds that are looked at for warnings.
    cap_feeds: Vec<CapFeed>,
    telemetry: Gauges,
}

fn hash_of(hasher: &FixedState, station: &str, property: &str) -> u64 {
    let mut hasher = hasher.build_hasher();
    station.hash(&mut hasher);
    property.hash(&mut hasher);
    hasher.finish()
}

impl Register {
    /// The register of a city whose datastreams have the numbers of `registry`.
    pub fn of(city: &City, registry: &Registry) -> Self {
        let mut stations: BTreeMap<Box<str>, Instrument> = BTreeMap::new();
        for station in &city.stations {
            let instrument = stations.entry(station.id.as_str().into()).or_default();
            instrument.owners.push((station.valid_from, station.agency.clone()));
        }
        for instrument in stations.values_mut() {
            instrument.owners.sort_by_key(|epoch| epoch.0);
        }
        let mut built = Streams {
            around: Around::of(city, registry),
            silent_after: i64::from(city.about.silent_after_intervals),
            ..Streams::default()
        };
        for stream in &city.datastreams {
            let Some(ix) = registry.find(stream.station.as_str(), &stream.property) else {
                continue;
            };
            let Some(property) = city.property(&stream.property) else { continue };
            let instrument = stations.entry(stream.station.as_str().into()).or_default();
            let owned_from = instrument.owners.first().map_or(UtcMs(i64::MAX), |epoch| epoch.0);
            if built.add(stream, ix, &property, owned_from) {
                instrument.properties.push(stream.property.as_str().into());
            }
        }
        let Streams { streams, text, words, epochs, around, .. } = built.settled();
        let hasher = FixedState::default();
        let mut by_name = HashTable::with_capacity(streams.len());
        let key = |at: u32| {
            let stream: &Stream = &streams[at as usize];
            let from = stream.station as usize;
            let station = &text[from..from + usize::from(stream.station_bytes)];
            hash_of(&hasher, station, &words[usize::from(stream.property)])
        };
        for at in 0..streams.len() as u32 {
            by_name.insert_unique(key(at), (key(at) as u32, at), |(_, other)| key(*other));
        }
        Self {
            stations,
            streams,
            by_name,
            hasher,
            text,
            words,
            epochs,
            agencies: city.agencies.iter().map(|a| (a.id.clone(), Rights::of(city, a))).collect(),
            hospitals: city.hospitals.iter().map(|h| (h.id.clone(), h.agency.clone())).collect(),
            hospital_names: hospital_names(city),
            codes: city.diseases.iter().map(|d| d.code.clone()).collect(),
            offset_s: city.about.offset_s,
            units: city.units.iter().map(|u| (u.id.clone(), u.agency.clone())).collect(),
            cot: city
                .units
                .iter()
                .filter_map(|u| Some((u.cot_uid.clone()?, u.id.clone())))
                .collect(),
            zones: city.zones.iter().map(|z| z.id.to_string()).collect(),
            book: Arc::new(AddressBook::of(city)),
            names: registry.rows().to_vec(),
            intervals: Intervals::of(city, registry),
            cap_feeds: city.cap.feeds.clone(),
            around,
            future_tolerance_ms: i64::from(city.about.future_tolerance_s) * SECOND_MS,
            telemetry: Gauges::of(city),
        }
    }

    /// The datastream of a property at a station.
    #[inline]
    pub fn stream(&self, station: &str, property: &str) -> Option<&Stream> {
        self.at(self.place(station, property))
    }
    /// Where the datastream of a property at a station is.
    #[inline]
    pub(crate) fn place(&self, station: &str, property: &str) -> Option<Place> {
        let key = hash_of(&self.hasher, station, property);
        let is_it = |(tag, at): &(u32, u32)| {
            let stream = self.streams.get(*at as usize);
            *tag == key as u32 && stream.is_some_and(|s| self.is_of(s, station, property))
        };
        self.by_name.find(key, is_it).map(|(_, at)| Place(*at))
    }
    /// Where the datastreams of many are: step by step, so that the waits for memory of one and the
    /// next overlap.
    pub(crate) fn places<'a>(
        &self,
        of: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        places: &mut Vec<Option<Place>>,
    ) {
        let likely = of.clone().map(|(station, property)| {
            let key = hash_of(&self.hasher, station, property);
            self.by_name.find(key, |(tag, _)| *tag == key as u32).map(|(_, at)| Place(*at))
        });
        places.extend(likely);
        let streams = places.iter().filter_map(|place| self.at(*place));
        std::hint::black_box(streams.fold(0, |sum, stream| stream.ix.0 ^ sum));
        for ((station, property), place) in of.zip(places) {
            let is_it = |stream: &Stream| self.is_of(stream, station, property);
            if !self.at(*place).is_some_and(is_it) {
                *place = self.place(station, property);
            }
        }
    }
    /// The datastream at a place.
    #[inline]
    pub(crate) fn at(&self, place: Option<Place>) -> Option<&Stream> {
        self.streams.get(place?.0 as usize)
    }
    /// Whether it is the datastream of this property at this station.
    #[inline]
    pub(crate) fn is_of(&self, stream: &Stream, station: &str, property: &str) -> bool {
        let from = stream.station as usize;
        self.text.get(from..from + usize::from(stream.station_bytes)) == Some(station)
            && self.words.get(usize::from(stream.property)).is_some_and(|w| **w == *property)
    }
    /// The unit of a datastream's values, UCUM.
    #[inline]
    pub fn unit_of(&self, stream: &Stream) -> &str {
        self.words.get(usize::from(stream.unit)).map_or("", |unit| unit)
    }
    /// What a datastream allows at `t`; `None` before its first epoch.
    #[inline]
    pub fn limits_at(&self, stream: &Stream, t: UtcMs) -> Option<Limits> {
        if stream.has_more {
            let epochs = self.epochs.get(&stream.ix)?;
            return as_of(epochs, t, |epoch| epoch.valid_from).copied();
        }
        let (valid_from, range) = (stream.valid_from, stream.range);
        let limits = Limits {
            valid_from,
            range,
            max_rate_per_h: None,
            flat_after_ms: None,
            max_jump: None,
            speaks_ms: i64::MAX,
            has_neighbours: false,
        };
        (t >= valid_from).then_some(limits)
    }
    /// What stands around the datastreams.
    pub fn around(&self) -> &Around {
        &self.around
    }
    /// For how long a value of this datastream speaks as of `t`, milliseconds, where it has sources
    /// that speak for it, is one, or says more than its range.
    pub(crate) fn speaks_ms(&self, ix: DatastreamIx, t: UtcMs) -> Option<i64> {
        let epochs = self.epochs.get(&ix)?;
        as_of(epochs, t, |epoch| epoch.valid_from).map(|epoch| epoch.speaks_ms)
    }
    /// A station by its id.
    pub fn station(&self, id: &str) -> Option<&Instrument> {
        self.stations.get(id)
    }
    /// The feeds that are looked at for warnings.
    pub fn cap_feeds(&self) -> &[CapFeed] {
        &self.cap_feeds
    }

    /// An agency's rights.
    pub fn agency(&self, id: &AgencyId) -> Option<&Rights> {
        self.agencies.get(id)
    }
    /// The coordinate system that an agency has declared for all it sends.
    pub fn coordinates_of(&self, agency: &AgencyId) -> Option<gis::Crs> {
        self.agency(agency).and_then(|rights| rights.coordinates)
    }
    /// Every agency, in order of id.
    pub fn agencies(&self) -> impl Iterator<Item = &AgencyId> {
        self.agencies.keys()
    }
    /// Whose feed a hospital is.
    pub fn hospital(&self, id: &HospitalId) -> Option<&AgencyId> {
        self.hospitals.get(id)
    }
    /// The one hospital of this name, in either language.
    pub fn hospital_named(&self, name: &str) -> Option<&HospitalId> {
        self.hospital_names.get(name)?.as_ref()
    }
    /// Whose a unit is.
    pub fn unit(&self, id: &UnitId) -> Option<&AgencyId> {
        self.units.get(id)
    }
    /// The unit whose CoT device has this uid.
    pub fn unit_of_cot(&self, uid: &str) -> Option<&UnitId> {
        self.cot.get(uid)
    }
    /// Every unit, in order of id.
    pub fn units(&self) -> impl Iterator<Item = &UnitId> {
        self.units.keys()
    }
    /// The names by which people say where something is.
    pub fn book(&self) -> &Arc<AddressBook> {
        &self.book
    }
    /// Whether there is a zone of this code.
    pub fn has_zone(&self, id: &str) -> bool {
        self.zones.contains(id)
    }
    /// `(station, property)` of a datastream's number.
    pub fn name(&self, ix: DatastreamIx) -> Option<(&str, &str)> {
        let row = self.names.get(usize::try_from(ix.0).ok()?)?;
        Some((&row.0, &row.1))
    }
    /// The stations that report by SL 651.
    pub fn telemetry(&self) -> &Gauges {
        &self.telemetry
    }
    /// How long the intervals of interval properties are.
    pub fn intervals(&self) -> &Intervals {
        &self.intervals
    }
    /// Whether this is a code of what is counted.
    pub fn counts(&self, code: &str) -> bool {
        self.codes.contains(code)
    }
    /// The city's offset, seconds east of UTC.
    pub fn offset_s(&self) -> i32 {
        self.offset_s
    }
    /// How far ahead of now a frame may be dated, milliseconds.
    pub fn future_tolerance_ms(&self) -> i64 {
        self.future_tolerance_ms
    }
}

fn hospital_names(city: &City) -> BTreeMap<String, Option<HospitalId>> {
    let mut names: BTreeMap<String, Option<HospitalId>> = BTreeMap::new();
    for hospital in &city.hospitals {
        let own = BTreeSet::from([&hospital.name, &hospital.name_en]);
        for name in own {
            let found = names.entry(name.clone());
            found.and_modify(|had| *had = None).or_insert_with(|| Some(hospital.id.clone()));
        }
    }
    names
}
