//! One slip at a time: the file it was made in gives exactly one error, at its line, with its reason.

use super::{errors, with};
use crate::city::{City, RESERVED_WORDS};

/// File, what stands there, what a user wrote instead, where the error is, a piece of its reason.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // one slip a line
const ABOUT: &[Slip] = &[
    ("city.toml", "fictional = true", "fictonal = true", "city.toml:15", "unknown key fictonal"),
    ("city.toml", "fictional = true", "fictional = \"yes\"", "city.toml:15", "must be true or false, not a text"),
    ("city.toml", "name = \"望海市(虚构)\"", "", "city.toml:1", "the key name is missing"),
    ("city.toml", "name = \"望海市(虚构)\"", "name = \"\"", "city.toml:5", "name is empty"),
    ("city.toml", "name = \"望海市(虚构)\"", "name = \"望\\u0007海\"", "city.toml:5", "control character"),
    ("city.toml", "name = \"望海市(虚构)\"", "name = \"望\\u202e海\"", "city.toml:5", "control character"),
    ("city.toml", "name = \"望海市(虚构)\"", "name = ", "city.toml:5", "not TOML"),
    ("city.toml", "fictional = true", "name = \"again\"", "city.toml:15", "duplicate key"),
    ("city.toml", "[\"zh\", \"en\"]", "[\"zh\", \"fr\"]", "city.toml:9", "unknown language \"fr\""),
    ("city.toml", "\"Asia/Shanghai\"\n\n# true", "\"Europe/Berlin\"\n\n# true", "city.toml:12", "has summer time"),
    ("city.toml", "\"Asia/Shanghai\"\n\n# true", "\"Asia/Shangai\"\n\n# true", "city.toml:12", "not known on this machine"),
    ("city.toml", "\"Asia/Shanghai\"\n\n# true", "\"+8\"\n\n# true", "city.toml:12", "is written +08:00"),
    ("city.toml", "\"blue\", \"yellow\", \"orange\", \"red\"]", "\"blue\", \"yellow\", \"orange\", \"red\", \"blue\"]", "city.toml:19", "the level blue stands twice"),
    ("city.toml", "\"blue\", \"yellow\", \"orange\", \"red\"]", "\"blue\", \"yellow\", \"orange\", \"red\", \"purple\"]", "city.toml:19", "\"purple\" has no usual colour"),
    ("city.toml", "future_tolerance_s = 120", "future_tolerance_s = -1", "city.toml:22", "must be 0 to 86400"),
    ("city.toml", "silent_after_intervals = 3", "silent_after_intervals = 0", "city.toml:25", "must be 1 to 1000"),
    ("city.toml", "silent_after_intervals = 3", "silent_after_intervals = 2.5", "city.toml:25", "a whole number, not a number"),
    ("city.toml", "cell_resolution = 7", "cell_resolution = 16", "city.toml:28", "must be 4 to 10"),
    ("city.toml", "center = [113.2, 21.4]", "center = [21.4, 113.2]", "city.toml:32", "latitude 113.2"),
    ("city.toml", "center = [113.2, 21.4]", "center = [113.2]", "city.toml:32", "[longitude, latitude]"),
    ("city.toml", "center = [113.2, 21.4]", "center = [113.2, nan]", "city.toml:32", "finite numbers"),
    ("city.toml", "zoom = 10.5", "zoom = inf", "city.toml:33", "finite"),
    ("city.toml", "http = 8080", "http = 80800", "city.toml:38", "must be 0 to 65535"),
    ("city.toml", "http = 8080", "http = 1883", "city.toml:39", "the same port"),
    ("city.toml", "max = 20", "max = -1", "city.toml:45", "min 0 is not below max -1"),
    ("city.toml", "name = \"uv_index\"", "name = \"uv index\"", "city.toml:43", "' '"),
    ("city.toml", "name = \"uv_index\"\nunit = \"1\"", "name = \"rainfall\"\nunit = \"m\"", "city.toml:44", "kept in mm"),
    ("agencies.toml", "id = \"health\"", "id = \"weather\"", "agencies.toml:16", "the agency weather stands twice"),
    ("agencies.toml", "rate_per_s = 50", "rate_per_s = \"fast\"", "agencies.toml:19", "a whole number, not a text"),
    ("cameras.csv", "https://cameras.example.org/01/", "ftp://cameras.example.org/01/", "cameras.csv:3", "begins with none of https://, http://"),
    ("cameras.csv", "https://cameras.example.org/01/", "javascript:alert(1)//", "cameras.csv:3", "begins with none of"),
    ("cameras.csv", "https://cameras.example.org/01/", "https://u:p@cameras.example.org/01/", "cameras.csv:3", "a user name or a password"),
    ("cameras.csv", "https://cameras.example.org/01/", "https:///01/", "cameras.csv:3", "names no host"),
    ("cameras.csv", "46900000001320000001", "4690000000132000001", "cameras.csv:3", "is not 20 digits"),
    ("cameras.csv", ",90,", ",900,", "cameras.csv:3", "direction is 900; it must be 0 to 360"),
    ("cameras.csv", ",90,", ",90,nowhere", "cameras.csv:3", "there is no zone nowhere"),
    ("cameras.csv", "hydrology,river", "hydro,river", "cameras.csv:3", "unknown agency hydro"),
    ("roster.toml", "post = \"leader_on_duty\"", "telephone = \"1\"\npost = \"leader_on_duty\"", "roster.toml:9", "unknown key telephone"),
];

#[rustfmt::skip] // one slip a line
const SHEETS: &[Slip] = &[
    ("stations.csv", "id,name,name_en,agency", "id,name,nameen,agency", "stations.csv:3", "unknown column \"nameen\""),
    ("stations.csv", "lon,lat,datum,", "lon,datum,", "stations.csv:3", "the column lat is missing"),
    ("stations.csv", "name,name_en,agency", "name,name,agency", "stations.csv:3", "the column name stands twice"),
    ("stations.csv", "WH-002,西岭", "WH-001,x,,weather,113,21,,,\nWH-002,西岭", "stations.csv:5", "the station WH-001 stands already on line 4"),
    ("stations.csv", ",weather,113.08", ",wether,113.08", "stations.csv:5", "unknown agency wether"),
    ("stations.csv", "113.08,21.35", "21.35,113.08", "stations.csv:5", "are lon and lat exchanged?"),
    ("stations.csv", "113.08,21.35", "11.308,21.35", "stations.csv:5", "km from the city's zones"),
    ("stations.csv", "113.08,21.35", "113.08,NaN", "stations.csv:5", "not a finite number"),
    ("stations.csv", "113.08,21.35", "113.08,", "stations.csv:5", "must both be given"),
    ("stations.csv", "113.08,21.35,,,", "113.08,21.35,,", "stations.csv:5", "8 cells, but the header names 9"),
    ("stations.csv", "西岭雨量站(虚构)", "西岭\u{1}", "stations.csv:5", "name holds the control character"),
    ("stations.csv", "西岭雨量站(虚构)", "\"西岭", "stations.csv:5", "a double quote is not closed"),
    ("stations.csv", "pearl_river,0.557,", "pearl,0.557,", "stations.csv:6", "unknown datum \"pearl\""),
    ("stations.csv", "pearl_river,0.557,", "1985,0.557,", "stations.csv:6", "that of a 1985 station is 0"),
    ("stations.csv", "21.45,,,", "21.45,,,2026-01-01", "stations.csv:7", "RFC 3339 with an offset"),
    ("stations.csv", "WH-H01,", "obs,", "stations.csv:7", "a word of the topics"),
    ("datastreams.csv", "WH-002,rainfall", "WH-020,rainfall", "datastreams.csv:6", "unknown station WH-020"),
    ("datastreams.csv", "WH-002,rainfall", "WH-002,rain", "datastreams.csv:6", "unknown property \"rain\""),
    ("datastreams.csv", "WH-002,rainfall", "WH-001,rainfall,60,,,,,\nWH-002,rainfall", "datastreams.csv:6", "already on line 4"),
    ("datastreams.csv", "WH-002,rainfall,300", "WH-002,rainfall,0", "datastreams.csv:6", "must be a whole number, 1 to"),
    ("datastreams.csv", "WH-002,rainfall,300", "WH-002,rainfall,", "datastreams.csv:6", "interval_s is empty"),
    ("datastreams.csv", "WH-002,rainfall,300,0,80", "WH-002,rainfall,300,80,0", "datastreams.csv:6", "min 80 is above max 0"),
    ("datastreams.csv", "WH-002,rainfall,300,0,80", "WH-002,rainfall,300,0,8e4", "datastreams.csv:6", "outside what the property can be"),
    ("datastreams.csv", "-2,12,3,21600", "-2,12,0,21600", "datastreams.csv:7", "max_rate_per_h must be above 0"),
    ("datastreams.csv", "-2,12,3,21600", "-2,12,3,0", "datastreams.csv:7", "flat_after_s"),
    ("datastreams.csv", "-2,12,3,21600", "-2,inf,3,21600", "datastreams.csv:7", "not a finite number"),
    ("units.csv", "patrol-01", "boat-01", "units.csv:3", "the id boat-01 stands already on line 2"),
    ("units.csv", ",patrol,rescue", ",patrol,police", "units.csv:3", "unknown agency police"),
    ("units.csv", "21.38,4", "21.38,4.5", "units.csv:3", "people \"4.5\" must be a whole number"),
    ("hospitals.csv", "600,24", "20,24", "hospitals.csv:3", "icu_beds 24 is more than beds"),
    ("shelters.csv", ",800", ",0", "shelters.csv:2", "capacity \"0\""),
    ("exposure/places.csv", "26000,0.35", "26000,35", "exposure/places.csv:4", "vulnerability is 35"),
    ("exposure/places.csv", "nursing_home", "", "exposure/places.csv:6", "kind is empty"),
];

#[rustfmt::skip] // one slip a line
const RULES: &[Slip] = &[
    ("hazards/rainfall.toml", "hazard = \"rainfall\"", "hazard = \"rain\"", "hazards/rainfall.toml:2", "unknown hazard \"rain\""),
    ("hazards/rainfall.toml", "step_s = 300 ", "step_s = 7 ", "hazards/rainfall.toml:10", "must divide a day"),
    ("hazards/rainfall.toml", "spread = \"inverse_distance\"", "spread = \"idw\"", "hazards/rainfall.toml:14", "unknown spread \"idw\""),
    ("hazards/rainfall.toml", "reach_m = 15000", "reach_m = 0", "hazards/rainfall.toml:15", "no station speaks"),
    ("hazards/rainfall.toml", "clear_margin = 5.0", "clear_margin = -5.0", "hazards/rainfall.toml:13", "clear_margin is -5"),
    ("hazards/rainfall.toml", "clear_margin = 5.0", "scores = [0.0, 1.0]", "hazards/rainfall.toml:13", "2 scores; there must be 5"),
    ("hazards/rainfall.toml", "clear_margin = 5.0", "scores = [0.0, 0.5, 0.4, 0.9, 1.0]", "hazards/rainfall.toml:13", "must not fall"),
    ("hazards/rainfall.toml", "clear_margin = 5.0", "hold = 5.0", "hazards/rainfall.toml:13", "unknown key hold"),
    ("hazards/rainfall.toml", "level = \"blue\"", "level = \"green\"", "hazards/rainfall.toml:18", "unknown level \"green\""),
    ("hazards/rainfall.toml", "level = \"blue\"", "level = \"none\"", "hazards/rainfall.toml:18", "unknown level \"none\""),
    ("hazards/rainfall.toml", "window_h = 12", "", "hazards/rainfall.toml:17", "summed over a window"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nwindow_s = 43200", "hazards/rainfall.toml:20", "one is enough"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 1e6", "hazards/rainfall.toml:20", "must be 0 to 744"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nproperty = \"snow\"", "hazards/rainfall.toml:21", "unknown property \"snow\""),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nproperty = \"wind_gust\"", "hazards/rainfall.toml:21", "rainfall does not judge wind_gust"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nstation = \"WH-099\"", "hazards/rainfall.toml:21", "unknown station WH-099"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nstations = [\"WH-001\", \"WH-003\"]", "hazards/rainfall.toml:21", "WH-003 has no rainfall in datastreams.csv"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nstation = \"\"", "hazards/rainfall.toml:21", "station is empty"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\ndatum = \"1985\"", "hazards/rainfall.toml:21", "leave datum out"),
    ("hazards/rainfall.toml", "window_h = 12", "window_h = 12\nsource = 5", "hazards/rainfall.toml:21", "a text in quotes, not a whole number"),
    ("hazards/rainfall.toml", "at_least = 100.0", "at_least = 40.0", "hazards/rainfall.toml:34", "red from 40 is not above orange from 50"),
    ("hazards/rainfall.toml", "at_least = 100.0", "at_least = nan", "hazards/rainfall.toml:34", "at_least must be a finite number"),
    ("hazards/rainfall.toml", "at_least = 100.0", "", "hazards/rainfall.toml:32", "the key at_least is missing"),
    ("hazards/rainfall.toml", "level = \"red\"", "level = \"orange\"", "hazards/rainfall.toml:33", "orange stands already on line 27"),
    ("hazards/river_stage.toml", "source = \"city policy\"", "source = \"city policy\"\nvalid_from = 2026-01-01", "hazards/river_stage.toml:4", "RFC 3339 with an offset"),
    ("hazards/river_stage.toml", "at_least = 4.80", "at_least = 48000", "hazards/river_stage.toml:17", "outside what water_level can be"),
    ("hazards/river_stage.toml", "datum = \"pearl_river\"\nmark = \"guarantee\"", "mark = \"guarantee\"", "hazards/river_stage.toml:15", "a stage needs its datum"),
    ("hazards/river_stage.toml", "datum = \"pearl_river\"\nmark = \"guarantee\"", "datum = \"1956\"\nmark = \"guarantee\"", "hazards/river_stage.toml:19", "the stage is in 1956, the station WH-003 in pearl_river"),
    ("hazards/river_stage.toml", "datum = \"pearl_river\"\nmark = \"guarantee\"", "datum = \"1985\"\nmark = \"guarantee\"", "hazards/river_stage.toml:19", "mix datums"),
    ("hazards/river_stage.toml", "at_least = 4.80\nstation = \"WH-003\"", "at_least = 4.80", "hazards/river_stage.toml:15", "a stage belongs to one gauge"),
    ("hazards/river_stage.toml", "rate_per_h = true\nwindow_h = 1", "rate_per_h = true", "hazards/river_stage.toml:23", "a rate is taken over a window"),
    ("hazards/river_stage.toml", "hazard = \"river_stage\"", "hazard = \"river_stage\"\nname = \"rainfall\"", "hazards/river_stage.toml:1", "called rainfall too and is of another kind"),
    ("plans/flood.toml", "[\"rainfall\", \"river_stage\"]", "[\"rainfall\", \"river\"]", "plans/flood.toml:5", "unknown hazard \"river\""),
    ("plans/flood.toml", "from_level = \"red\"", "from_level = \"black\"", "plans/flood.toml:18", "unknown level \"black\""),
    ("plans/flood.toml", "limit_min = 120", "limit_min = 0", "plans/flood.toml:22", "must be 1 to 10080"),
    ("plans/flood.toml", "limit_min = 120", "", "plans/flood.toml:16", "the key limit_min is missing"),
    ("plans/flood.toml", "source = \"city policy\"", "", "plans/flood.toml:1", "the key source is missing"),
];

#[rustfmt::skip] // one slip a line
const ZONES: &[Slip] = &[
    ("zones.geojson", "\"id\": \"990102\"", "\"id\": \"9901\"", "zones.geojson:6", "feature 2: the zone 9901 stands already as feature 0"),
    ("zones.geojson", "\"id\": \"990102\", ", "", "zones.geojson:6", "feature 2: the property id is missing"),
    ("zones.geojson", "\"id\": \"990102\"", "\"id\": \"99/2\"", "zones.geojson:6", "feature 2: id \"99/2\""),
    ("zones.geojson", "\"kind\": \"city\"", "\"kind\": \"town\"", "zones.geojson:2", "kind is \"town\""),
    ("zones.geojson", "\"name_en\": \"Xiling (fictional)\"", "\"namen\": \"Xiling\"", "zones.geojson:6", "unknown property \"namen\""),
    ("zones.geojson", "\"kind\": \"city\"}", "\"kind\": \"city\", \"parent\": \"9901\"}", "zones.geojson:2", "lies in itself"),
    ("zones.geojson", "\"kind\": \"city\"}", "\"kind\": \"city\", \"parent\": \"990102001\"}", "zones.geojson:2", "unknown parent 990102001"),
    ("zones.geojson", "{\"type\": \"FeatureCollection\",", "{\"type\": \"FeatureCollection\", \"crs\": {\"type\": \"name\"},", "zones.geojson:1", "EPSG:4326"),
    ("zones.geojson", "[113.2, 21.4], [113.4, 21.4], [113.4, 21.6], [113.2, 21.6], [113.2, 21.4]", "[113.2, 21.4], [113.4, 21.6], [113.4, 21.4], [113.2, 21.6], [113.2, 21.4]", "zones.geojson:10", "feature 4: the outer ring of polygon 0 crosses or touches itself"),
    ("zones.geojson", "[113.2, 21.4], [113.4, 21.4], [113.4, 21.6], [113.2, 21.6], [113.2, 21.4]", "[113.2, 21.4], [113.4, 21.4], [113.4, 21.6], [113.2, 21.6]", "zones.geojson:10", "feature 4: the outer ring of polygon 0 is not closed"),
];

fn check(slips: &[Slip]) {
    let mut wrong = Vec::new();
    for (file, piece, by, place, reason) in slips {
        let mut found = errors(&with(file, piece, by));
        // What other files say of a name that is gone is right, and not what is asked here.
        found.retain(|e| e.starts_with(file));
        // A column may follow the line.
        let right = |e: &String| e.starts_with(&format!("{place}:")) && e.contains(reason);
        if found.len() != 1 || !found.iter().all(right) {
            wrong.push(format!("{by:?} in {file}, wanted {place} {reason:?}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn slips_about_the_city_are_found() {
    check(ABOUT);
}

#[test]
fn slips_in_sheets_are_found() {
    check(SHEETS);
}

#[test]
fn slips_in_rules_are_found() {
    check(RULES);
}

#[test]
fn slips_in_zones_are_found() {
    check(ZONES);
}

#[test]
fn a_threshold_without_a_source_is_refused_wherever_it_stands() {
    let source = "source = \"中国气象局令第16号《气象灾害预警信号发布与传播办法》(2007) 暴雨\"";
    let found = errors(&with("hazards/rainfall.toml", source, ""));
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found.iter().all(|e| e.contains("a threshold without a source is refused")));
    assert!(found[0].starts_with("hazards/rainfall.toml:17: "), "{}", found[0]);
}

#[test]
fn a_stage_at_a_station_without_a_datum_is_refused() {
    let found = errors(&with("stations.csv", "pearl_river,0.557,", ",,"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("datastreams.csv:7: ") && found[0].contains("has no datum"));
}

#[test]
fn every_word_of_the_topics_is_taken() {
    for word in RESERVED_WORDS {
        let found = errors(&with("agencies.toml", "\"rescue\"", &format!("\"{word}\"")));
        assert!(found.iter().any(|e| e.contains("a word of the topics")), "{word}: {found:#?}");
    }
}

#[test]
fn a_ring_of_zones_is_found_however_long() {
    // Row 103: a lies in b, b in c, c in a.
    let square = "[[[113,21],[114,21],[114,22],[113,21]]]";
    let zone = |id: &str, parent: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"{id}","kind":"district","parent":"{parent}"}},
               "geometry":{{"type":"Polygon","coordinates":{square}}}}}"#
        )
    };
    let list = [zone("a", "b"), zone("b", "c"), zone("c", "a")].join(",\n");
    let mut files = City::scaffold();
    let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{list}]}}");
    // Its names lie in the zones that are replaced.
    files.remove("gazetteer.csv");
    files.insert("zones.geojson".into(), text.into_bytes());
    let found = errors(&files);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found.iter().all(|e| e.contains("its chain of parents is a ring")), "{found:#?}");
}
