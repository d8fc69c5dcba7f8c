//! The city's registry as admission reads it: which datastream, whose, in which unit, between
//! which limits, as of event time. Built once for a configuration, then only read.

use std::collections::{BTreeMap, HashMap};

use domain::city::{City, Registry};
use domain::ids::{AgencyId, DatastreamIx, HospitalId, UnitId};
use domain::time::{SECOND_MS, UtcMs};

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
}

/// One datastream.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Its number.
    pub ix: DatastreamIx,
    /// The property's name.
    pub property: Box<str>,
    /// UCUM.
    pub unit: Box<str>,
    /// Its epochs, earliest first.
    pub epochs: Vec<Limits>,
}

/// One station: whose it is, epoch by epoch, and what it measures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instrument {
    owners: Vec<(UtcMs, AgencyId)>,
    streams: Vec<Stream>,
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
    /// The datastream of a property.
    pub fn stream(&self, property: &str) -> Option<&Stream> {
        self.streams.iter().find(|s| &*s.property == property)
    }
    /// The properties it measures, for a refusal's particulars.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.streams.iter().map(|s| &*s.property)
    }
}

impl Stream {
    /// What holds at `t`; `None` before the first epoch.
    pub fn limits_at(&self, t: UtcMs) -> Option<&Limits> {
        as_of(&self.epochs, t, |epoch| epoch.valid_from)
    }
}

/// What an agency may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// It may publish official signals.
    pub official_signals: bool,
    /// Observations a second on average; `None`: the platform's default.
    pub rate_per_s: Option<u32>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Register {
    stations: HashMap<Box<str>, Instrument>,
    agencies: BTreeMap<AgencyId, Rights>,
    hospitals: BTreeMap<HospitalId, AgencyId>,
    units: BTreeMap<UnitId, AgencyId>,
    zones: std::collections::BTreeSet<String>,
    names: Vec<(String, String)>,
    future_tolerance_ms: i64,
}

impl Register {
    /// The register of a city whose datastreams have the numbers of `registry`.
    pub fn of(city: &City, registry: &Registry) -> Self {
        let mut stations: HashMap<Box<str>, Instrument> = HashMap::new();
        for station in &city.stations {
            let instrument = stations.entry(station.id.as_str().into()).or_default();
            instrument.owners.push((station.valid_from, station.agency.clone()));
        }
        for stream in &city.datastreams {
            let Some(ix) = registry.find(stream.station.as_str(), &stream.property) else {
                continue;
            };
            let Some(property) = city.property(&stream.property) else { continue };
            let instrument = stations.entry(stream.station.as_str().into()).or_default();
            let (least, most) = property.plausible;
            let limits = Limits {
                valid_from: stream.valid_from,
                range: (
                    stream.min.map_or(least, |v| v.max(least)),
                    stream.max.map_or(most, |v| v.min(most)),
                ),
                max_rate_per_h: stream.max_rate_per_h,
                flat_after_ms: stream.flat_after_s.map(|s| i64::from(s) * SECOND_MS),
            };
            match instrument.streams.iter_mut().find(|s| s.ix == ix) {
                Some(known) => known.epochs.push(limits),
                None => instrument.streams.push(Stream {
                    ix,
                    property: stream.property.as_str().into(),
                    unit: property.unit.into(),
                    epochs: vec![limits],
                }),
            }
        }
        #[allow(clippy::iter_over_hash_type, reason = "each is sorted by itself")]
        for instrument in stations.values_mut() {
            instrument.owners.sort_by_key(|epoch| epoch.0);
            for stream in &mut instrument.streams {
                stream.epochs.sort_by_key(|epoch| epoch.valid_from);
            }
        }
        let rights = |a: &domain::city::Agency| Rights {
            official_signals: a.official_signals,
            rate_per_s: (a.rate_per_s > 0).then_some(a.rate_per_s),
        };
        Self {
            stations,
            agencies: city.agencies.iter().map(|a| (a.id.clone(), rights(a))).collect(),
            hospitals: city.hospitals.iter().map(|h| (h.id.clone(), h.agency.clone())).collect(),
            units: city.units.iter().map(|u| (u.id.clone(), u.agency.clone())).collect(),
            zones: city.zones.iter().map(|z| z.id.to_string()).collect(),
            names: registry.rows().to_vec(),
            future_tolerance_ms: i64::from(city.about.future_tolerance_s) * SECOND_MS,
        }
    }

    /// A station by its id.
    pub fn station(&self, id: &str) -> Option<&Instrument> {
        self.stations.get(id)
    }
    /// An agency's rights.
    pub fn agency(&self, id: &AgencyId) -> Option<&Rights> {
        self.agencies.get(id)
    }
    /// Every agency, in order of id.
    pub fn agencies(&self) -> impl Iterator<Item = &AgencyId> {
        self.agencies.keys()
    }
    /// Whose feed a hospital is.
    pub fn hospital(&self, id: &HospitalId) -> Option<&AgencyId> {
        self.hospitals.get(id)
    }
    /// Whose a unit is.
    pub fn unit(&self, id: &UnitId) -> Option<&AgencyId> {
        self.units.get(id)
    }
    /// Every unit, in order of id.
    pub fn units(&self) -> impl Iterator<Item = &UnitId> {
        self.units.keys()
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
    /// How far ahead of now a frame may be dated, milliseconds.
    pub fn future_tolerance_ms(&self) -> i64 {
        self.future_tolerance_ms
    }
}
