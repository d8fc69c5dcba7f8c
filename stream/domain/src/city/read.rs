//! From the files to a checked city, or to every error in them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::faults::{Faults, words};
use super::hazards::read::Ground;
use super::stations::Known;
use super::{
    City, CityError, CityFiles, Hazard, MapView, Plan, about, agencies, cameras, cap, cot,
    datastreams, diseases, exchange, exposure, gazetteer, hazards, places, plans, quality, queries,
    stations, telemetry, zones,
};

/// The files without which there is no city.
const NEEDED: [&str; 5] =
    ["city.toml", "zones.geojson", "stations.csv", "datastreams.csv", "agencies.toml"];
/// The files that may be left out.
const OPTIONAL: [&str; 9] = [
    "cameras.csv",
    "units.csv",
    "hospitals.csv",
    "shelters.csv",
    "roster.toml",
    "quality.toml",
    "gazetteer.csv",
    "diseases.csv",
    exchange::FILE,
];
/// The folders of a city, and how the files in them end.
const FOLDERS: [(&str, &[&str]); 4] = [
    ("cap/", &[".pem", ".toml"]),
    ("exposure/", &[".csv", ".geojson"]),
    ("hazards/", &[".toml"]),
    ("plans/", &[".toml"]),
];

/// The largest file that is read, bytes.
pub(super) const MAX_FILE_BYTES: usize = 32 << 20;

/// Whether a path within a city's folder is one of the files that make the city. Others (notices,
/// sources, scripts) may lie beside them and are not read.
pub fn is_city_file(path: &str) -> bool {
    NEEDED.contains(&path) || OPTIONAL.contains(&path) || in_folder(path).is_some()
}

fn in_folder(path: &str) -> Option<&'static str> {
    let (folder, ends) = FOLDERS.iter().find(|(folder, _)| path.starts_with(folder))?;
    let name = path.get(folder.len()..)?;
    let plain = !name.contains('/') && !name.starts_with('.');
    let is_one = folder != &"cap/" || name == "feeds.toml" || name.ends_with(".pem");
    (plain && is_one && ends.iter().any(|end| name.ends_with(end))).then_some(*folder)
}

/// The SHA-256 over the paths and contents of the files that make the city, in hex.
pub fn hash(files: &CityFiles) -> String {
    let mut sum = Sha256::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_city_file(path)) {
        for part in [path.as_bytes(), bytes.as_slice()] {
            sum.update((part.len() as u64).to_be_bytes());
            sum.update(part);
        }
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl City {
    /// Reads and checks a city's files.
    ///
    /// # Errors
    /// Every error of every file, with line and reason, ordered by file and line.
    pub fn read(files: &CityFiles) -> Result<City, Vec<CityError>> {
        let faults = Faults::default();
        let city = draft(files, &faults);
        if faults.count() > 0 {
            return Err(faults.into_list());
        }
        let mut city = city;
        city.index = queries::Index::of(&city);
        Ok(city)
    }
}

fn draft(files: &CityFiles, faults: &Faults) -> City {
    layout(files, faults);
    let of = |path: &str| files.get(path).filter(|b| b.len() <= MAX_FILE_BYTES).map(Vec::as_slice);
    let mut about = match of("city.toml") {
        Some(bytes) => about::read("city.toml", bytes, faults),
        None => about::About::default(),
    };
    let agencies = of("agencies.toml").and_then(|b| agencies::read("agencies.toml", b, faults));
    let (agencies, agency_ids) = agencies.map_or((Vec::new(), None), |(a, ids)| (a, Some(ids)));
    telemetry::check(&about.sl651, agency_ids.as_ref(), faults);
    cot::check(&about.cot, about.ports.cot, agency_ids.as_ref(), faults);
    let zones = of("zones.geojson").map(|b| zones::read("zones.geojson", b, faults));
    let zones = zones.unwrap_or_default();
    faults.set_home(&zones);
    let (stations, station_ids) = of("stations.csv").map_or((Vec::new(), None), |b| {
        stations::read("stations.csv", b, agency_ids.as_ref(), faults)
    });
    let mut epochs = Known::new();
    for station in &stations {
        epochs.entry(station.id.to_string()).or_default().push(station.clone());
    }
    let by_id = epochs.iter().map(|(id, list)| (id.clone(), list.iter().collect())).collect();
    let ground =
        datastreams::Ground { about: &about, stations: station_ids.as_ref(), epochs: &by_id };
    let (datastreams, pairs) = of("datastreams.csv")
        .map_or((Vec::new(), None), |b| datastreams::read("datastreams.csv", b, &ground, faults));
    let ground = Ground {
        about: &about,
        stations: &epochs,
        station_ids: station_ids.as_ref(),
        datastreams: pairs.as_ref(),
    };
    let (hazards, whole) = read_hazards(files, &ground, faults);
    let plans = read_plans(files, &about, &hazards, whole, faults);
    let units = of("units.csv").map(|b| places::units("units.csv", b, agency_ids.as_ref(), faults));
    let hospitals = of("hospitals.csv")
        .map(|b| places::hospitals("hospitals.csv", b, agency_ids.as_ref(), faults));
    let shelters = of("shelters.csv").map(|b| places::shelters("shelters.csv", b, faults));
    let cameras = of("cameras.csv")
        .map(|b| cameras::read("cameras.csv", b, agency_ids.as_ref(), &zones, faults));
    let gazetteer =
        of("gazetteer.csv").map(|b| gazetteer::read("gazetteer.csv", b, &zones, faults));
    let roster = of("roster.toml").map(|b| agencies::roster("roster.toml", b, faults));
    let (neighbours, fallbacks) = of("quality.toml")
        .map(|b| quality::read("quality.toml", b, &about, pairs.as_ref(), faults))
        .unwrap_or_default();
    let cap = cap::read(files, agency_ids.as_ref(), faults);
    let exchange = exchange::read(of(exchange::FILE), agency_ids.as_ref(), faults);
    complete_map(&mut about.map, &zones, &stations);
    City {
        about,
        zones,
        stations,
        datastreams,
        exposure: read_exposure(files, faults),
        hazards,
        plans,
        units: units.unwrap_or_default(),
        hospitals: hospitals.unwrap_or_default(),
        cameras: cameras.unwrap_or_default(),
        diseases: diseases::read("diseases.csv", of("diseases.csv"), faults),
        shelters: shelters.unwrap_or_default(),
        gazetteer: gazetteer.unwrap_or_default(),
        agencies,
        roster: roster.unwrap_or_default(),
        cap,
        exchange,
        neighbours,
        fallbacks,
        index: queries::Index::default(),
    }
}

/// Which files are there, which are missing, and which are called like none of a city's.
fn layout(files: &CityFiles, faults: &Faults) {
    for path in NEEDED.iter().filter(|path| !files.contains_key(**path)) {
        faults.add(path, 0, "the file is missing; a city needs it");
    }
    for (path, bytes) in files {
        if is_city_file(path) && bytes.len() > MAX_FILE_BYTES {
            faults.add(
                path,
                0,
                format!("{} bytes; a file has at most {MAX_FILE_BYTES}", bytes.len()),
            );
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let speaks = [".toml", ".csv", ".geojson"].iter().any(|end| name.ends_with(end));
        let ours =
            !path.contains('/') || FOLDERS.iter().any(|(folder, _)| path.starts_with(folder));
        if ours && speaks && !name.starts_with('.') && !is_city_file(path) {
            let known = words(NEEDED.into_iter().chain(OPTIONAL));
            faults.add(
                path,
                0,
                format!("no file of a city has this name; there are {known}, exposure/*.csv, exposure/*.geojson, cap/feeds.toml, cap/<agency>.pem, cap/<agency>.tls.pem, hazards/*.toml, plans/*.toml"),
            );
        }
    }
}

fn within<'f>(
    files: &'f CityFiles,
    folder: &'static str,
) -> impl Iterator<Item = (&'f str, &'f [u8])> {
    files
        .iter()
        .filter(move |(path, bytes)| {
            in_folder(path) == Some(folder) && bytes.len() <= MAX_FILE_BYTES
        })
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
}

fn read_exposure(files: &CityFiles, faults: &Faults) -> Vec<exposure::Exposure> {
    let mut list = Vec::new();
    for (path, bytes) in within(files, "exposure/") {
        list.extend(if path.ends_with(".csv") {
            exposure::read_points(path, bytes, faults)
        } else {
            exposure::read_areas(path, bytes, faults)
        });
    }
    list
}

/// The hazards, and whether every file of them gave one (else nobody knows their names).
fn read_hazards(files: &CityFiles, ground: &Ground<'_>, faults: &Faults) -> (Vec<Hazard>, bool) {
    let mut list: Vec<Hazard> = Vec::new();
    let mut whole = true;
    let mut from: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    for (path, bytes) in within(files, "hazards/") {
        let Some(hazard) = hazards::read::read(path, bytes, ground, faults) else {
            whole = false;
            continue;
        };
        let earlier = from.entry(hazard.name.clone()).or_default();
        for (other, at) in earlier.iter() {
            let Some(same) = list.get(*at) else { continue };
            let name = &hazard.name;
            if same.kind != hazard.kind {
                faults.add(path, 1, format!("{other} is called {name} too and is of another kind"));
            } else if same.valid_from == hazard.valid_from {
                faults.add(
                    path,
                    1,
                    format!("{name} stands already in {other} with the same valid_from; give one of them another name or valid_from"),
                );
            }
        }
        earlier.push((path.to_owned(), list.len()));
        list.push(hazard);
    }
    (list, whole)
}

fn read_plans(
    files: &CityFiles,
    about: &about::About,
    hazards: &[Hazard],
    whole: bool,
    faults: &Faults,
) -> Vec<Plan> {
    let mut names: Vec<String> = hazards.iter().map(|h| h.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let names = whole.then_some(names);
    let mut list: Vec<Plan> = Vec::new();
    for (path, bytes) in within(files, "plans/") {
        let Some(plan) = plans::read(path, bytes, &about.levels, names.as_deref(), faults) else {
            continue;
        };
        if list.iter().any(|p| p.id == plan.id) {
            faults.add(path, 1, format!("the plan {} stands already in another file", plan.id));
        }
        list.push(plan);
    }
    list
}

/// Where the file names no centre, the map opens on the middle of the zones, else of the stations.
fn complete_map(map: &mut MapView, zones: &[super::Zone], stations: &[super::Station]) {
    const USUAL_ZOOM: f64 = 9.0;
    if map.center != [0.0, 0.0] {
        if map.zoom == 0.0 {
            map.zoom = USUAL_ZOOM;
        }
        return;
    }
    let boxes = zones.iter().map(|z| z.outline.bbox()).map(|b| [b.west, b.south, b.east, b.north]);
    let points = stations.iter().map(|s| [s.lon, s.lat, s.lon, s.lat]);
    let joined =
        |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    if let Some([west, south, east, north]) = boxes.reduce(joined).or(points.reduce(joined)) {
        map.center = [f64::midpoint(west, east), f64::midpoint(south, north)];
        map.zoom = if map.zoom == 0.0 { USUAL_ZOOM } else { map.zoom };
    }
}
