//! The folder as a whole: the example, a city with everything wrong at once, files that are missing
//! or no text at all, and a large city in little time.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{errors, with};
use crate::city::{City, CityFiles, hash, is_city_file};

#[test]
fn the_example_reads_clean() {
    assert_eq!(errors(&City::scaffold()), Vec::<String>::new());
    let city = City::read(&City::scaffold()).unwrap();
    assert!(city.about.fictional);
    assert_eq!((city.hazards.len(), city.plans.len(), city.units.len()), (2, 1, 2));
    assert_eq!(city.about.offset_s, 8 * 3600);
}

/// A file of the example with its examples in comments taken out of them.
fn uncommented(file: &str, from: &str) -> String {
    let text = String::from_utf8(City::scaffold()[file].clone()).unwrap();
    let (before, example) = text.split_once(from).unwrap();
    let example: Vec<&str> = example.lines().map(|l| l.strip_prefix("# ").unwrap_or(l)).collect();
    format!("{before}{}{}", from.trim_start_matches("# "), example.join("\n"))
}

#[test]
fn the_examples_in_comments_read_clean() {
    let city = City::read(&City::scaffold()).unwrap();
    assert_eq!((city.neighbours.len(), city.fallbacks.len()), (1, 0));
    assert_eq!((city.exchange.own.is_some(), city.exchange.peers.len()), (true, 0));
    let mut files = City::scaffold();
    let quality = uncommented("quality.toml", "# [[fallback]]");
    files.insert("quality.toml".into(), quality.into_bytes());
    let peer = uncommented("exchange.toml", "# [[peer]]").replace('…', &"0a".repeat(32));
    files.insert("exchange.toml".into(), peer.into_bytes());
    for (file, row) in [
        ("stations.csv", "WH-004,桥下水位站(虚构),,hydrology,113.24,21.32,pearl_river,0.557,\n"),
        ("datastreams.csv", "WH-004,water_level,300,-2,12,3,21600,\n"),
    ] {
        files.get_mut(file).unwrap().extend_from_slice(row.as_bytes());
    }
    assert_eq!(errors(&files), Vec::<String>::new());
    let city = City::read(&files).unwrap();
    assert_eq!(city.fallbacks[0].source.as_str(), "WH-004");
    assert!(city.exchange.peers[0].public_key.is_some());
}

#[test]
fn the_least_city_is_five_short_files() {
    let mut files = CityFiles::new();
    let mut put = |path: &str, text: &str| files.insert(path.into(), text.as_bytes().to_vec());
    put("city.toml", "name = \"x\"\ntime_zone = \"+08:00\"\n");
    put("zones.geojson", r#"{"type":"FeatureCollection","features":[]}"#);
    put("stations.csv", "id,agency,lon,lat\nS1,a,113,22\n");
    put("datastreams.csv", "station,property,interval_s\nS1,rainfall,300\n");
    put("agencies.toml", "[[agency]]\nid = \"a\"\n");
    let city = City::read(&files).unwrap();
    assert_eq!(city.stations[0].name, "S1");
    assert_eq!(city.about.map.center, [113.0, 22.0]);
}

#[test]
fn every_error_of_a_city_with_everything_wrong_is_found_in_one_round() {
    let mut files = with("city.toml", "cell_resolution = 7", "cell_resolution = 77");
    let mut slip = |file: &str, piece: &str, by: &str| {
        let changed = with(file, piece, by);
        files.insert(file.to_owned(), changed[file].clone());
    };
    slip("agencies.toml", "official_signals = true # weather", "oficial_signals = true # weather");
    slip(
        "stations.csv",
        "WH-002,西岭雨量站(虚构),Xiling rain gauge (fictional),weather",
        "WH-002,,,wether",
    );
    slip("datastreams.csv", "WH-001,wind_gust,300", "WH-001,wind_gust,0");
    slip("zones.geojson", "\"kind\": \"city\"", "\"kind\": \"town\"");
    slip("hazards/rainfall.toml", "level = \"blue\"", "level = \"green\"");
    slip(
        "hazards/river_stage.toml",
        "station = \"WH-003\"\ndatum = \"pearl_river\"\nmark = \"guarantee\"",
        "station = \"WH-030\"",
    );
    slip("plans/flood.toml", "limit_min = 60 ", "limit_minutes = 60 ");
    slip("units.csv", "113.10,21.38,4", "213.10,21.38,4");
    slip("hospitals.csv", ",600,24", ",,24");
    slip("shelters.csv", "113.30,21.43", "113.30,");
    slip("exposure/places.csv", "31000,0.35", "-31000,0.35");
    slip("roster.toml", "post = \"duty_officer\"", "");
    let found = errors(&files);
    let places: Vec<&str> = found.iter().filter_map(|e| e.split_once(": ")).map(|e| e.0).collect();
    let expected = [
        "agencies.toml:7:1",
        "city.toml:28:1",
        "datastreams.csv:5:3",
        "exposure/places.csv:5:5",
        "hazards/rainfall.toml:18:1",
        "hazards/river_stage.toml:15",   // no datum
        "hazards/river_stage.toml:18:1", // unknown station
        "hospitals.csv:3:7",
        "plans/flood.toml:8",    // limit_min missing
        "plans/flood.toml:14:1", // limit_minutes unknown
        "roster.toml:2",
        "shelters.csv:2:4",
        "stations.csv:5",
        "units.csv:3",
        "zones.geojson:2",
    ];
    assert_eq!(places, expected, "{found:#?}");
}

#[test]
fn missing_empty_and_misnamed_files_are_told() {
    for file in ["city.toml", "zones.geojson", "stations.csv", "datastreams.csv", "agencies.toml"] {
        let mut files = City::scaffold();
        files.remove(file);
        let found = errors(&files);
        assert_eq!(found, [format!("{file}: the file is missing; a city needs it")]);
        files.insert(file.to_owned(), Vec::new());
        assert!(errors(&files).iter().any(|e| e.starts_with(file)), "{file} empty");
        files.insert(file.to_owned(), vec![0xff, 0xfe, b'\n', 0xff]);
        let found = errors(&files);
        assert!(found.iter().any(|e| e.starts_with(file) && e.contains("UTF-8")), "{found:#?}");
    }
    let mut files = City::scaffold();
    files.insert("station.csv".into(), Vec::new());
    files.insert("hazards/rain.csv".into(), Vec::new());
    files.insert("NOTICE.md".into(), b"beside".to_vec());
    files.insert("make/sources/x.csv".into(), b"beside".to_vec());
    let found = errors(&files);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().all(|e| e.contains("no file of a city has this name")));
}

#[test]
fn a_spreadsheets_mark_and_line_ends_are_read() {
    let mut files = City::scaffold();
    let text = String::from_utf8(files["units.csv"].clone()).unwrap();
    let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    files.insert("units.csv".into(), text.into_bytes());
    assert_eq!(errors(&files), Vec::<String>::new());
    let text = String::from_utf8(files["units.csv"].clone()).unwrap();
    let text = text.replace("patrol-01", "\r\n# a comment\r\n\r\nboat-01");
    files.insert("units.csv".into(), text.into_bytes());
    let found = errors(&files);
    assert!(found[0].starts_with("units.csv:6: "), "{found:#?}");
}

#[test]
fn a_wrong_separator_does_not_flood_the_list() {
    let mut text = String::from("id,agency,lon,lat\n");
    for n in 0..5_000 {
        let _ = writeln!(text, "S{n};weather;113;22");
    }
    let mut files = City::scaffold();
    files.insert("stations.csv".into(), text.into_bytes());
    let found = errors(&files);
    assert_eq!(found.len(), 1_001);
    assert!(found[1_000].contains("the rest is not listed"), "{}", found[1_000]);
}

#[test]
fn the_hash_is_of_the_citys_files_alone() {
    let files = City::scaffold();
    let before = hash(&files);
    assert_eq!(before.len(), 64);
    let mut beside = files.clone();
    beside.insert("NOTICE.md".into(), b"x".to_vec());
    assert_eq!(hash(&beside), before);
    assert_ne!(hash(&with("units.csv", "21.38,4", "21.38,5")), before);
    assert!(is_city_file("hazards/a.toml") && !is_city_file("hazards/a/b.toml"));
}

fn large() -> CityFiles {
    let mut files = City::scaffold();
    let (mut stations, mut streams) =
        (String::from("id,agency,lon,lat,datum\n"), String::from("station,property,interval_s\n"));
    for n in 0..10_000 {
        let (lon, lat) = (112.0 + f64::from(n % 100) / 100.0, 22.0 + f64::from(n / 100) / 100.0);
        let _ = writeln!(stations, "S{n},weather,{lon},{lat},");
        let _ = writeln!(streams, "S{n},rainfall,300\nS{n},wind_speed,300");
    }
    let ring = |n: i32| {
        let (x, y) = (112.0 + f64::from(n % 20) / 20.0, 22.0 + f64::from(n / 20) / 20.0);
        let at = |k: i32| {
            let angle = f64::from(k) / 100.0 * std::f64::consts::TAU;
            format!("[{:.6},{:.6}]", x + 0.025 * angle.cos(), y + 0.025 * angle.sin())
        };
        (0..100).chain([0]).map(at).collect::<Vec<_>>().join(",")
    };
    let zones: Vec<String> = (0..200)
        .map(|n| {
            format!(
                r#"{{"type":"Feature","properties":{{"id":"Z{n}","kind":"township"}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
                ring(n)
            )
        })
        .collect();
    let zones = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", zones.join(",\n"));
    files.insert("stations.csv".into(), stations.into_bytes());
    files.insert("datastreams.csv".into(), streams.into_bytes());
    files.insert("zones.geojson".into(), zones.into_bytes());
    files.retain(|path, _| !path.starts_with("hazards/") && !path.starts_with("plans/"));
    // Its names lie in the zones that are replaced.
    files.remove("gazetteer.csv");
    files
}

#[test]
fn ten_thousand_stations_and_two_hundred_zones_are_read_in_no_time() {
    let files = large();
    let begun = std::time::Instant::now();
    let city = City::read(&files).unwrap();
    let taken = begun.elapsed();
    assert_eq!((city.stations.len(), city.zones.len()), (10_000, 200));
    // The promise is 300 ms of an optimised build; an unoptimised one on a busy machine gets more.
    let limit_ms = if cfg!(debug_assertions) { 60_000 } else { 300 };
    assert!(taken.as_millis() < limit_ms, "{taken:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_change_of_a_few_bytes_makes_it_panic(
        file in 0_usize..14, at in 0_usize..4_000, cut in 0_usize..12, put in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut files = City::scaffold();
        let path = files.keys().nth(file % files.len()).unwrap().clone();
        let bytes = files.get_mut(&path).unwrap();
        let at = at % bytes.len().max(1);
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put);
        if let Err(list) = City::read(&files) {
            prop_assert!(!list.is_empty());
            prop_assert!(list.iter().all(|e| !e.reason.is_empty() && !e.file.is_empty()));
        }
    }
}
