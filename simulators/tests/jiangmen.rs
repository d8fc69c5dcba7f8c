//! The Jiangmen city pack as a user's folder: it reads clean, holds what it promises, and the
//! numbers that are real are the real ones.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use domain::city::{City, CityFiles, HazardKind, ZoneKind};
use domain::level::Level;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cities/jiangmen")
}

fn files() -> CityFiles {
    simulators::city::files(&folder()).expect("the folder can be read")
}

fn city() -> &'static City {
    static CITY: LazyLock<City> = LazyLock::new(|| {
        City::read(&files()).unwrap_or_else(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("{} errors:\n{}", lines.len(), lines.join("\n"))
        })
    });
    &CITY
}

#[test]
fn it_reads_clean_and_holds_what_it_promises() {
    let city = city();
    assert!(city.about.fictional);
    let count = |kind| city.zones.iter().filter(|z| z.kind == kind).count();
    assert_eq!((count(ZoneKind::City), count(ZoneKind::District)), (1, 7));
    assert!(count(ZoneKind::Township) >= 67, "{} townships", count(ZoneKind::Township));
    assert_eq!(city.hospitals.len(), 40);
    assert_eq!(city.units.len(), 60);
    assert!((390..=410).contains(&city.stations.len()), "{} stations", city.stations.len());
    for hospital in &city.hospitals {
        let station = city.stations.iter().find(|s| s.id.as_str() == hospital.id.as_str());
        assert!(station.is_some(), "{} has no station", hospital.id);
    }
    let kinds: Vec<HazardKind> = city.hazards.iter().map(|h| h.kind).collect();
    for kind in [
        HazardKind::Rainfall,
        HazardKind::RiverStage,
        HazardKind::ReservoirStage,
        HazardKind::TidalStage,
        HazardKind::Gale,
        HazardKind::Discharge,
        HazardKind::Ponding,
        HazardKind::HospitalLoad,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} is missing");
    }
    let people: f64 =
        city.exposure.iter().filter(|e| e.kind == "population").map(|e| e.people).sum();
    assert!((people - 4_790_000.0).abs() < 10_000.0, "{people} people");
    let sources: BTreeMap<&str, bool> =
        city.agencies.iter().map(|a| (a.id.as_str(), a.official_signals)).collect();
    assert_eq!((sources.get("weather"), sources.get("drainage")), (Some(&true), Some(&false)));
}

#[test]
fn the_three_real_warning_stages_are_the_real_ones() {
    let city = city();
    let yellow = city.about.levels.find("yellow").expect("a yellow level");
    for (station, stage) in [("JM-0201", 3.80), ("JM-0202", 2.60), ("JM-0203", 5.40)] {
        let found: Vec<_> = city
            .hazards
            .iter()
            .flat_map(|h| &h.thresholds)
            .filter(|t| t.station.as_ref().is_some_and(|s| s.as_str() == station))
            .filter(|t| t.mark.as_deref() == Some("warning"))
            .collect();
        assert_eq!(found.len(), 1, "{station}");
        let threshold = found.first().expect("one");
        assert_eq!(threshold.level, yellow);
        assert!((threshold.at_least - stage).abs() < 1e-9, "{station} {}", threshold.at_least);
        assert_eq!(threshold.datum.as_deref(), Some("local"), "the notice names no datum");
        assert!(threshold.source.contains("2022-06-23"));
        let named = city.stations.iter().find(|s| s.id.as_str() == station).expect("a station");
        assert!(!named.name.contains("虚构"), "{} is real", named.name);
    }
}

#[test]
fn everything_else_says_that_it_is_invented() {
    let city = city();
    let real = ["JM-0201", "JM-0202", "JM-0203"];
    for station in city.stations.iter().filter(|s| !real.contains(&s.id.as_str())) {
        assert!(station.name.contains("(虚构)"), "{} {}", station.id, station.name);
        assert!(station.name_en.contains("(fictional)"), "{} {}", station.id, station.name_en);
    }
    let names = city.units.iter().map(|u| &u.name).chain(city.hospitals.iter().map(|h| &h.name));
    for name in names.chain(city.shelters.iter().map(|s| &s.name)) {
        assert!(name.contains("(虚构)"), "{name}");
    }
    for person in &city.roster {
        assert!(person.name.contains("虚构"), "{}", person.name);
    }
}

#[test]
fn higher_levels_have_higher_marks_at_every_station() {
    let city = city();
    for hazard in &city.hazards {
        let mut marks: BTreeMap<_, Vec<(Level, f64)>> = BTreeMap::new();
        for t in &hazard.thresholds {
            let station = t.station.as_ref().map(ToString::to_string).unwrap_or_default();
            let key = (station, t.property.clone(), t.rate_per_h, t.window_s);
            marks.entry(key).or_default().push((t.level, t.at_least));
        }
        for (key, mut marks) in marks {
            marks.sort_by_key(|(level, _)| *level);
            for pair in marks.windows(2) {
                assert!(pair[0].1 < pair[1].1, "{} {key:?}: {marks:?}", hazard.name);
            }
        }
    }
}

#[test]
fn the_order_16_list_can_take_the_place_of_the_provinces() {
    let mut files = files();
    let other = std::fs::read(folder().join("alternatives/rainfall-order16.toml")).expect("a file");
    files.insert("hazards/rainfall.toml".into(), other);
    let city = City::read(&files).expect("reads clean");
    let rain = city.hazards.iter().find(|h| h.kind == HazardKind::Rainfall).expect("rain");
    assert_eq!(rain.thresholds.len(), 4);
}
