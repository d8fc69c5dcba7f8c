//! The entities, as the city and its history have them: what each property is, and where each
//! relation leads.

use std::collections::BTreeSet;

use domain::city::Station;
use domain::observation::Observation;
use ingest::sensorthings::entity::{Named, quality_word};
use serde_json::{Value, json};

use super::eval::Subject;
use super::model::Kind;
use super::observations::Walk;
use super::query::{QueryError, invalid};
use super::value::Val;
use super::world::World;

/// How locations and features are written.
const GEOJSON: &str = "application/geo+json";

/// A datastream: one property at one station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream<'w> {
    /// The station.
    pub station: &'w str,
    /// The property.
    pub property: &'w str,
}

/// An entity.
#[derive(Debug, Clone, Copy)]
pub enum Entity<'w> {
    /// A station.
    Thing(&'w str),
    /// Where it stood in one epoch.
    Location(&'w Station),
    /// From when on.
    HistoricalLocation(&'w Station),
    /// What it measures.
    Datastream(Stream<'w>),
    /// By what: the instrument, of which the city's files say no more than its limits.
    Sensor(Stream<'w>),
    /// A property.
    ObservedProperty(&'w str),
    /// A value.
    Observation(Stream<'w>, Observation),
    /// The station's place, which is what its observations are of.
    Feature(&'w str),
}

impl<'w> Entity<'w> {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Thing(_) => Kind::Thing,
            Self::Location(_) => Kind::Location,
            Self::HistoricalLocation(_) => Kind::HistoricalLocation,
            Self::Datastream(_) => Kind::Datastream,
            Self::Sensor(_) => Kind::Sensor,
            Self::ObservedProperty(_) => Kind::ObservedProperty,
            Self::Observation(..) => Kind::Observation,
            Self::Feature(_) => Kind::FeatureOfInterest,
        }
    }

    /// Its id.
    pub fn id(&self) -> String {
        match self {
            Self::Thing(id) | Self::Feature(id) | Self::ObservedProperty(id) => (*id).to_owned(),
            Self::Location(epoch) | Self::HistoricalLocation(epoch) => {
                format!("{}:{}", epoch.id, epoch.valid_from.0)
            }
            Self::Datastream(of) | Self::Sensor(of) => format!("{}:{}", of.station, of.property),
            Self::Observation(of, seen) => named(*of, seen, None).id(),
        }
    }

    /// Its address.
    pub fn self_link(&self, world: &World<'_>) -> String {
        format!("{}/v1.1/{}('{}')", world.base, self.kind().set(), self.id())
    }

    /// One of its properties; nothing for one that it does not have.
    ///
    /// # Errors
    /// [`QueryError`] of the history.
    pub fn property(&self, world: &World<'w>, name: &str) -> Result<Val, QueryError> {
        Ok(match self {
            Self::Thing(id) => thing(world, id, name),
            Self::Location(epoch) => place(epoch, name, "location"),
            Self::Feature(id) => {
                world.station(id).map_or(Val::Null, |epoch| place(epoch, name, "feature"))
            }
            Self::HistoricalLocation(epoch) => Val::Time(epoch.valid_from.0, 0),
            Self::Datastream(of) => return datastream(world, *of, name),
            Self::Sensor(of) => sensor(world, *of, name),
            Self::ObservedProperty(property) => observed(world, property, name),
            Self::Observation(of, seen) => observation(world, *of, seen, name),
        })
    }

    /// Where a relation to one leads.
    pub fn one(&self, world: &World<'w>, relation: Kind) -> Option<Entity<'w>> {
        match (self, relation) {
            (Self::HistoricalLocation(epoch), Kind::Thing) => {
                world.station(epoch.id.as_str()).map(|s| Self::Thing(s.id.as_str()))
            }
            (Self::Datastream(of), Kind::Thing) => Some(Self::Thing(of.station)),
            (Self::Datastream(of), Kind::Sensor) => Some(Self::Sensor(*of)),
            (Self::Datastream(of), Kind::ObservedProperty) => {
                Some(Self::ObservedProperty(of.property))
            }
            (Self::Observation(of, _), Kind::Datastream) => Some(Self::Datastream(*of)),
            (Self::Observation(of, _), Kind::FeatureOfInterest) => Some(Self::Feature(of.station)),
            _ => None,
        }
    }

    /// Where a relation to many leads; observations apart, which are [`Entity::streams`]'.
    pub fn many(&self, world: &World<'w>, relation: Kind) -> Vec<Entity<'w>> {
        let newest = |id: &str| world.station(id).into_iter();
        match (self, relation) {
            (Self::Thing(id), Kind::Location) => newest(id).map(Self::Location).collect(),
            (Self::Thing(id), Kind::HistoricalLocation) => {
                world.epochs(id).map(Self::HistoricalLocation).collect()
            }
            (Self::Thing(id), Kind::Datastream) => {
                world.streams_of(id).map(Self::Datastream).collect()
            }
            (Self::Location(epoch), Kind::Thing) => newest(epoch.id.as_str())
                .filter(|newest| newest.valid_from == epoch.valid_from)
                .map(|newest| Self::Thing(newest.id.as_str()))
                .collect(),
            (Self::Location(epoch), Kind::HistoricalLocation) => {
                vec![Self::HistoricalLocation(epoch)]
            }
            (Self::HistoricalLocation(epoch), Kind::Location) => vec![Self::Location(epoch)],
            (Self::Sensor(of), Kind::Datastream) => vec![Self::Datastream(*of)],
            (Self::ObservedProperty(property), Kind::Datastream) => {
                let of = world.streams().filter(|stream| stream.property == *property);
                of.map(Self::Datastream).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The datastreams whose observations a relation to them leads to.
    pub fn streams(&self, world: &World<'w>) -> Vec<Stream<'w>> {
        match self {
            Self::Datastream(of) => vec![*of],
            Self::Feature(id) => world.streams_of(id).collect(),
            _ => Vec::new(),
        }
    }
}

/// Every entity of a kind that may be seen, in order of id; observations apart.
pub fn all<'w>(world: &World<'w>, kind: Kind) -> Vec<Entity<'w>> {
    let ids = || world.stations().map(|station| station.id.as_str());
    match kind {
        Kind::Thing => ids().map(Entity::Thing).collect(),
        Kind::FeatureOfInterest => ids().map(Entity::Feature).collect(),
        Kind::Location => epochs(world).into_iter().map(Entity::Location).collect(),
        Kind::HistoricalLocation => {
            epochs(world).into_iter().map(Entity::HistoricalLocation).collect()
        }
        Kind::Datastream => world.streams().map(Entity::Datastream).collect(),
        Kind::Sensor => world.streams().map(Entity::Sensor).collect(),
        Kind::ObservedProperty => {
            let names: BTreeSet<&str> = world.streams().map(|stream| stream.property).collect();
            names.into_iter().map(Entity::ObservedProperty).collect()
        }
        Kind::Observation => Vec::new(),
    }
}

/// Every epoch of every station that may be seen.
fn epochs<'w>(world: &World<'w>) -> Vec<&'w Station> {
    let seen = |epoch: &&Station| {
        // What is planned is no history.
        world.station(epoch.id.as_str()).is_some_and(|now| epoch.valid_from <= now.valid_from)
    };
    let mut epochs: Vec<&'w Station> = world.city.stations.iter().filter(seen).collect();
    epochs.sort_by_key(|epoch| (&epoch.id, epoch.valid_from));
    epochs
}

/// An observation with its names.
pub fn named<'a>(of: Stream<'a>, seen: &'a Observation, interval_ms: Option<i64>) -> Named<'a> {
    Named { station: of.station, property: of.property, interval_ms, seen }
}

fn text(text: impl Into<String>) -> Val {
    Val::Text(text.into())
}

fn thing(world: &World<'_>, id: &str, name: &str) -> Val {
    let Some(station) = world.station(id) else { return Val::Null };
    match name {
        "name" => text(&station.name),
        "description" => text(format!("{} ({})", station.name, station.name_en)),
        "properties" => Val::Json(json!({
            "name_en": station.name_en,
            "agency": station.agency.as_str(),
            "datum": station.datum,
            "datum_offset_m": station.datum_offset_m,
        })),
        _ => Val::Null,
    }
}

fn point(epoch: &Station) -> Value {
    json!({ "type": "Point", "coordinates": [epoch.lon, epoch.lat] })
}

fn place(epoch: &Station, name: &str, geometry: &str) -> Val {
    match name {
        "name" => text(&epoch.name),
        "description" => text(format!("{}, WGS-84", epoch.name_en)),
        "encodingType" => text(GEOJSON),
        _ if name == geometry => Val::Json(point(epoch)),
        _ => Val::Null,
    }
}

fn datastream(world: &World<'_>, of: Stream<'_>, name: &str) -> Result<Val, QueryError> {
    let (city, station) = (world.city, world.station(of.station));
    let property = city.property(of.property);
    Ok(match name {
        "name" => text(format!("{}:{}", of.station, of.property)),
        "description" => {
            let place = station.map_or(of.station, |s| s.name.as_str());
            let what = property.map_or(of.property, |p| p.name_zh);
            text(format!("{place} {what} ({})", of.property))
        }
        "observationType" => {
            text("http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement")
        }
        "unitOfMeasurement" => property.map_or(Val::Null, |p| {
            let definition = format!("http://www.opengis.net/def/uom/UCUM/0/{}", p.unit);
            Val::Json(json!({ "name": p.unit, "symbol": p.unit, "definition": definition }))
        }),
        "observedArea" => station.map_or(Val::Null, |epoch| Val::Json(point(epoch))),
        "phenomenonTime" => world.ends(of)?.map_or(Val::Null, |(first, last)| {
            let length = world.interval_ms(of, first.t).unwrap_or(0);
            Val::Interval(first.t.0 - length, last.t.0)
        }),
        "resultTime" => world.ends(of)?.map_or(Val::Null, |(first, last)| {
            let (a, b) = (first.result_time.0, last.result_time.0);
            Val::Interval(a.min(b), a.max(b))
        }),
        "properties" => world.datastream(of.station, of.property).map_or(Val::Null, |d| {
            Val::Json(json!({
                "interval_s": d.interval_s,
                "min": d.min,
                "max": d.max,
                "max_rate_per_h": d.max_rate_per_h,
                "flat_after_s": d.flat_after_s,
                "interval_property": property.is_some_and(|p| p.interval),
            }))
        }),
        _ => Val::Null,
    })
}

fn sensor(world: &World<'_>, of: Stream<'_>, name: &str) -> Val {
    match name {
        "name" => text(format!("{} at {}", of.property, of.station)),
        "description" => {
            text("the instrument of this datastream, as far as the city's files know it")
        }
        "encodingType" => text("text/html"),
        "metadata" => {
            let epoch = world.datastream(of.station, of.property);
            text(epoch.map_or_else(String::new, |d| format!("a value every {} s", d.interval_s)))
        }
        _ => Val::Null,
    }
}

fn observed(world: &World<'_>, property: &str, name: &str) -> Val {
    let Some(known) = world.city.property(property) else { return Val::Null };
    match name {
        "name" => text(property),
        "definition" => text(format!("urn:fenghuo:property:{property}")),
        "description" if known.interval => {
            text(format!("{}, of the interval before", known.name_zh))
        }
        "description" => text(known.name_zh),
        "properties" => Val::Json(json!({ "unit": known.unit, "interval": known.interval })),
        _ => Val::Null,
    }
}

fn observation(world: &World<'_>, of: Stream<'_>, seen: &Observation, name: &str) -> Val {
    match name {
        "phenomenonTime" => match world.interval_ms(of, seen.t) {
            Some(length) => Val::Interval(seen.t.0 - length, seen.t.0),
            None => Val::Time(seen.t.0, 0),
        },
        "resultTime" => Val::Time(seen.result_time.0, 0),
        "result" => Val::Num(seen.value),
        "resultQuality" => text(quality_word(seen.quality)),
        _ => Val::Null,
    }
}

/// An entity as what an expression is about.
#[derive(Debug)]
pub struct About<'a, 'w>(pub &'a World<'w>, pub Entity<'w>);

impl Subject for About<'_, '_> {
    fn values(&self, path: &[String]) -> Result<Vec<Val>, QueryError> {
        let mut values = Vec::new();
        follow(self.0, self.1, path, &mut values)?;
        Ok(values)
    }
    fn now(&self) -> i64 {
        self.0.now.0
    }
}

fn follow<'w>(
    world: &World<'w>,
    entity: Entity<'w>,
    path: &[String],
    values: &mut Vec<Val>,
) -> Result<(), QueryError> {
    let Some((first, rest)) = path.split_first() else { return invalid("a property is wanted") };
    let kind = entity.kind();
    match first.as_str() {
        "id" | "@iot.id" if rest.is_empty() => values.push(text(entity.id())),
        "@iot.selfLink" if rest.is_empty() => values.push(text(entity.self_link(world))),
        name if kind.properties().contains(&name) => {
            values.push(within(&entity.property(world, name)?, rest));
        }
        name => match kind.relation(name) {
            None => return unknown(kind, name),
            Some((_, Kind::Observation, _)) => {
                let mut walk = Walk::whole(world, entity.streams(world));
                while let Some((stream, seen)) = walk.take()? {
                    follow(world, Entity::Observation(stream, seen), rest, values)?;
                    super::observations::bounded(values.len())?;
                }
            }
            Some((_, to, true)) => {
                for entity in entity.many(world, to) {
                    follow(world, entity, rest, values)?;
                }
            }
            Some((_, to, false)) => {
                if let Some(entity) = entity.one(world, to) {
                    follow(world, entity, rest, values)?;
                }
            }
        },
    }
    Ok(())
}

/// A part of an object.
pub fn within(value: &Val, path: &[String]) -> Val {
    if path.is_empty() {
        return value.clone();
    }
    let Val::Json(whole) = value else { return Val::Null };
    let part = path.iter().try_fold(whole, |at, name| match at {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    });
    part.map_or(Val::Null, Val::of_json)
}

/// Checks that a path names something, whatever entities there are.
///
/// # Errors
/// [`QueryError::Invalid`], naming what is not there.
pub fn check(kind: Kind, path: &[String]) -> Result<(), QueryError> {
    let Some((first, rest)) = path.split_first() else {
        return invalid(format!("a property of {} is wanted, and not the {0} itself", kind.name()));
    };
    match first.as_str() {
        "id" | "@iot.id" | "@iot.selfLink" if rest.is_empty() => Ok(()),
        name if kind.properties().contains(&name) => Ok(()),
        name => match kind.relation(name) {
            Some((_, to, _)) => check(to, rest),
            None => unknown(kind, name),
        },
    }
}

fn unknown<T>(kind: Kind, name: &str) -> Result<T, QueryError> {
    let relations: Vec<&str> = kind.relations().iter().map(|(name, ..)| *name).collect();
    invalid(format!(
        "a {} has no {name:?}; it has id, {}, and leads to {}",
        kind.name(),
        kind.properties().join(", "),
        relations.join(", ")
    ))
}
