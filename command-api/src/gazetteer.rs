//! The gazetteer: what the desk and its views look up in the city. Built anew for every
//! configuration; the position of a station here is its number in live messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::views::{
    CityView, DatastreamView, HazardView, LevelView, PlanView, StationView, ThresholdView,
};
use domain::city::{Camera, City, Hazard, Plan, Station, Threshold, Unit, ZoneKind};
use domain::ids::{HospitalId, PlanId, UnitId};
use domain::time::UtcMs;
use gis::{PointIndex, Position};
use stream::hazards::About;
use stream::risk::Ground;

/// A name in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

#[derive(Debug, Clone)]
struct Standing {
    station: Station,
    /// No file names it any more; its number is nobody else's.
    withdrawn: bool,
    district: Option<String>,
    township: Option<String>,
}

/// The city, and where things are in it.
#[derive(Debug, Clone)]
pub struct Gazetteer {
    city: City,
    stations: Vec<Standing>,
    station_ix: BTreeMap<String, u32>,
    zones: BTreeMap<String, usize>,
    units: BTreeMap<UnitId, usize>,
    hospitals: BTreeMap<HospitalId, usize>,
    cameras: PointIndex,
    ground: Arc<Ground>,
    as_of: UtcMs,
    /// From then on something of it is otherwise.
    until: UtcMs,
}

/// Metres between two places (longitude, latitude in degrees), on the tangent plane: good to a
/// thousandth within a city, which is enough to say which unit is nearest.
pub fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    const METRES_PER_DEGREE: f64 = 111_195.0;
    let east = (b.0 - a.0) * f64::midpoint(a.1, b.1).to_radians().cos();
    east.hypot(b.1 - a.1) * METRES_PER_DEGREE
}

impl Gazetteer {
    /// Reads a checked city, as it is at an instant: of a station's epochs, and of a hazard's, the
    /// one that holds then, else the first that will.
    pub fn new(city: City, now: UtcMs) -> Self {
        Self::numbered(city, &[], now)
    }

    /// The same in place of another: stations keep their numbers, new ones follow, and the number of
    /// one that no file names any more stays its own.
    pub fn continued(city: City, before: &Self, now: UtcMs) -> Self {
        Self::numbered(city, &before.stations, now)
    }

    /// The same as it is at `now`, where something of it has changed by then.
    pub fn renewed(&self, now: UtcMs) -> Option<Self> {
        (now >= self.until).then(|| Self::continued(self.city.clone(), self, now))
    }

    fn numbered(city: City, before: &[Standing], now: UtcMs) -> Self {
        let mut order: Vec<&str> = Vec::new();
        let mut named = BTreeSet::new();
        order.extend(city.stations.iter().map(|s| s.id.as_str()).filter(|id| named.insert(*id)));
        let of = |id: &str| city.station_at(id, now).or_else(|| city.epochs_of(id).next());
        let stand = |id: &str| {
            let station = of(id)?.clone();
            let (district, township) = zones_of(&city, &station);
            Some(Standing { station, withdrawn: false, district, township })
        };
        let kept = |had: &Standing| {
            let gone = || Standing { withdrawn: true, ..had.clone() };
            stand(had.station.id.as_str()).unwrap_or_else(gone)
        };
        let mut stations: Vec<Standing> = before.iter().map(kept).collect();
        let known: BTreeSet<&str> = before.iter().map(|had| had.station.id.as_str()).collect();
        stations.extend(order.iter().filter(|id| !known.contains(*id)).filter_map(|id| stand(id)));
        let station_ix =
            (0u32..).zip(&stations).map(|(ix, s)| (s.station.id.to_string(), ix)).collect();
        let zones = city.zones.iter().enumerate().map(|(n, z)| (z.id.to_string(), n)).collect();
        let units = city.units.iter().enumerate().map(|(n, u)| (u.id.clone(), n)).collect();
        let hospitals = city.hospitals.iter().enumerate().map(|(n, h)| (h.id.clone(), n)).collect();
        let ground = Arc::new(Ground::of(&city, now));
        let begins = city.stations.iter().map(|s| s.valid_from);
        let begins = begins.chain(city.hazards.iter().map(|h| h.valid_from));
        let until = begins.filter(|from| *from > now).min().unwrap_or(UtcMs(i64::MAX));
        // Checked when they were read.
        let at = |c: &Camera| Position::new(c.lon, c.lat).unwrap_or_default();
        let cameras = PointIndex::new(city.cameras.iter().map(at).collect());
        let as_of = now;
        Self { stations, station_ix, zones, units, hospitals, cameras, ground, as_of, until, city }
    }

    /// The city.
    pub fn city(&self) -> &City {
        &self.city
    }

    /// Its cells, the people in them, and who speaks for them.
    pub fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    /// Metres from the middle of the city's map.
    pub fn from_the_middle(&self, at: (f64, f64)) -> f64 {
        let [lon, lat] = self.city.about.map.center;
        match (Position::new(lon, lat), Position::new(at.0, at.1)) {
            (Ok(middle), Ok(at)) => gis::distance_m(middle, at),
            _ => 0.0,
        }
    }

    /// A station, as it is now.
    pub fn station(&self, id: &str) -> Option<&Station> {
        self.station_at(*self.station_ix.get(id)?)
    }

    /// A station's number in live messages.
    pub fn station_ix(&self, id: &str) -> Option<u32> {
        self.station_ix.get(id).copied()
    }

    /// How many stations there are.
    pub fn station_count(&self) -> usize {
        self.stations.len()
    }

    /// The station of a number, also of one that was withdrawn.
    pub fn station_at(&self, ix: u32) -> Option<&Station> {
        self.stations.get(usize::try_from(ix).ok()?).map(|standing| &standing.station)
    }

    /// The stations that the files name, with their numbers.
    pub fn stations(&self) -> impl Iterator<Item = (u32, &Station)> {
        let all = (0u32..).zip(&self.stations);
        all.filter(|(_, standing)| !standing.withdrawn).map(|(ix, s)| (ix, &s.station))
    }

    /// A unit.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.get(id).and_then(|n| self.city.units.get(*n))
    }

    /// A hospital.
    pub fn hospital(&self, id: &HospitalId) -> Option<&domain::city::Hospital> {
        self.hospitals.get(id).and_then(|n| self.city.hospitals.get(*n))
    }

    /// The cameras near a place with their distances in metres, nearest first: at most `most`, none
    /// farther than `within_m`.
    pub fn cameras_near(&self, at: (f64, f64), within_m: f64, most: usize) -> Vec<(f64, &Camera)> {
        let Ok(at) = Position::new(at.0, at.1) else { return Vec::new() };
        let near = self.cameras.nearest_k(at, most);
        let near = near.into_iter().filter(|near| near.distance_m <= within_m);
        near.filter_map(|n| Some((n.distance_m, self.city.cameras.get(n.index)?))).collect()
    }

    /// A plan.
    pub fn plan(&self, id: &PlanId) -> Option<&Plan> {
        self.city.plans.iter().find(|p| p.id == *id)
    }

    /// The name of a place of the decision log: a station, a zone, `agency:<id>`.
    pub fn name_of(&self, place: &str) -> Name {
        if let Some(station) = self.station(place) {
            return Name { zh: station.name.clone(), en: station.name_en.clone() };
        }
        if let Some(zone) = self.zones.get(place).and_then(|n| self.city.zones.get(*n)) {
            return Name { zh: zone.name.clone(), en: zone.name_en.clone() };
        }
        let agency = place.strip_prefix("agency:").unwrap_or(place);
        let found = self.city.agencies.iter().find(|a| a.id.as_str() == agency);
        found.map_or_else(
            || Name { zh: place.into(), en: place.into() },
            |a| Name { zh: a.name.clone(), en: a.name_en.clone() },
        )
    }

    /// Longitude and latitude of a place of the decision log, where it has one.
    pub fn position(&self, place: &str) -> Option<(f64, f64)> {
        if let Some(station) = self.station(place) {
            return Some((station.lon, station.lat));
        }
        let zone = self.zones.get(place).and_then(|n| self.city.zones.get(*n))?;
        zone.outline.centroid().map(|at| (at.lon(), at.lat()))
    }

    /// The district a place lies in, or is.
    pub fn district_of(&self, place: &str) -> Option<String> {
        if let Some(ix) = self.station_ix.get(place) {
            return self.stations.get(usize::try_from(*ix).ok()?)?.district.clone();
        }
        let zone = self.zones.get(place).and_then(|n| self.city.zones.get(*n))?;
        match zone.kind {
            ZoneKind::District => Some(zone.id.to_string()),
            ZoneKind::Township => zone.parent.as_ref().map(ToString::to_string),
            ZoneKind::City => None,
        }
    }

    /// The epoch of a hazard that holds now, else the first that will.
    pub fn hazard(&self, name: &str) -> Option<&Hazard> {
        let of_name = || self.city.hazards.iter().filter(|h| h.name == name);
        let held = of_name().filter(|h| h.valid_from <= self.as_of);
        held.max_by_key(|h| h.valid_from).or_else(|| of_name().min_by_key(|h| h.valid_from))
    }

    /// The thresholds of one hazard that apply at a station (its own ones hide the general ones of
    /// the same property).
    pub fn thresholds<'a>(&self, hazard: &'a Hazard, station: &str) -> Vec<&'a Threshold> {
        let own = |t: &&Threshold| t.station.as_ref().is_some_and(|s| s.as_str() == station);
        let owned: Vec<&str> =
            hazard.thresholds.iter().filter(own).map(|t| t.property.as_str()).collect();
        let general = |t: &&Threshold| t.station.is_none() && !owned.contains(&t.property.as_str());
        hazard.thresholds.iter().filter(|t| own(t) || general(t)).collect()
    }

    /// A threshold as the wire has it.
    pub fn threshold_view(&self, hazard: &Hazard, threshold: &Threshold) -> ThresholdView {
        let source = if threshold.source.is_empty() { &hazard.source } else { &threshold.source };
        ThresholdView {
            hazard: hazard.name.clone(),
            level: self.city.about.levels.id(threshold.level).to_owned(),
            at_least: threshold.at_least,
            window_s: threshold.window_s,
            mark: threshold.mark.clone(),
            source: source.clone(),
        }
    }

    /// Unit and 中文 name of a property.
    pub fn property(&self, name: &str) -> (String, String) {
        if let Some(own) = self.city.about.properties.iter().find(|p| p.name == name) {
            return (own.unit.clone(), own.name_zh.clone());
        }
        let known = domain::property::find(name);
        known.map_or_else(Default::default, |p| (p.unit.into(), p.name_zh.into()))
    }

    /// `GET /v1/city`. `about` gives the text of a hazard's folder by its kind.
    pub fn city_view(&self, base_map: &[String], about: impl Fn(&Hazard) -> About) -> CityView {
        let city = &self.city.about;
        let levels = city.levels.0.iter().map(|l| LevelView {
            id: l.id.clone(),
            name: l.name.clone(),
            name_en: l.name_en.clone(),
            color: l.color.clone(),
        });
        let plans = self.city.plans.iter().map(|p| PlanView {
            id: p.id.to_string(),
            title: p.title.clone(),
            title_en: p.title_en.clone(),
            hazards: p.hazards.clone(),
        });
        let hazards = self.city.hazards.iter().map(|h| HazardView {
            name: h.name.clone(),
            kind: kind_word(h),
            source: h.source.clone(),
            about: about(h).en.to_owned(),
            about_zh: about(h).zh.to_owned(),
        });
        CityView {
            name: city.name.clone(),
            name_en: city.name_en.clone(),
            languages: city.languages.clone(),
            offset_s: city.offset_s,
            levels: levels.collect(),
            center: city.map.center,
            zoom: city.map.zoom,
            attribution: city.map.attribution.clone(),
            fictional: city.fictional,
            stations: self.stations.iter().map(|s| self.station_view(s)).collect(),
            plans: plans.collect(),
            hazards: hazards.collect(),
            zones_path: "/v1/zones.geojson".into(),
            base_map_paths: base_map.iter().map(|f| format!("/v1/map/{f}")).collect(),
        }
    }

    fn station_view(&self, standing: &Standing) -> StationView {
        let station = &standing.station;
        let mut datastreams: Vec<DatastreamView> = Vec::new();
        for row in self.city.datastreams.iter().filter(|d| d.station == station.id) {
            let (unit, name_zh) = self.property(&row.property);
            datastreams.retain(|d| d.property != row.property);
            datastreams.push(DatastreamView {
                property: row.property.clone(),
                unit,
                name_zh,
                interval_s: row.interval_s,
                fallbacks: self
                    .city
                    .fallbacks_of(station.id.as_str(), &row.property)
                    .map(|f| f.source.to_string())
                    .collect(),
            });
        }
        StationView {
            id: station.id.to_string(),
            name: station.name.clone(),
            name_en: station.name_en.clone(),
            agency: station.agency.to_string(),
            lon: station.lon,
            lat: station.lat,
            district: standing.district.clone(),
            township: standing.township.clone(),
            datum: station.datum.clone(),
            datastreams,
        }
    }
}

/// The word of a hazard's kind.
pub fn kind_word(hazard: &Hazard) -> String {
    let word = serde_json::to_value(hazard.kind).ok();
    word.and_then(|w| w.as_str().map(str::to_owned)).unwrap_or_default()
}

fn zones_of(city: &City, station: &Station) -> (Option<String>, Option<String>) {
    let Ok(at) = Position::new(station.lon, station.lat) else { return (None, None) };
    let inside = |kind: ZoneKind| {
        let found = city.zones.iter().find(|z| z.kind == kind && z.outline.contains(at));
        found.map(|z| z.id.to_string())
    };
    (inside(ZoneKind::District), inside(ZoneKind::Township))
}
