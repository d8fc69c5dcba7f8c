//! What everyone asks a city.

use crate::city::{City, CityFiles, ZoneKind};
use crate::ids::DatastreamIx;
use crate::time::{EARLIEST, UtcMs};

fn t(text: &str) -> UtcMs {
    UtcMs::parse(text).unwrap()
}

fn moved() -> City {
    let mut files: CityFiles = City::scaffold();
    let mut add = |file: &str, text: &str| {
        files.get_mut(file).unwrap().extend_from_slice(text.as_bytes());
    };
    // The rain gauge moved, is read more often since, and is later in the file than its next epoch.
    add("stations.csv", "WH-002,新址,,weather,113.31,21.31,,,2026-06-01T00:00:00+08:00\n");
    add("stations.csv", "WH-002,旧址,,weather,113.05,21.31,,,2026-03-01T00:00:00+08:00\n");
    add("datastreams.csv", "WH-002,rainfall,60,0,20,,,2026-06-01T00:00:00+08:00\n");
    let later = String::from_utf8(files["hazards/rainfall.toml"].clone()).unwrap();
    let later = format!("valid_from = \"2026-06-01T00:00:00+08:00\"\n{later}");
    files.insert("hazards/rainfall-2026.toml".into(), later.into_bytes());
    City::read(&files).unwrap()
}

#[test]
fn a_station_is_what_it_was_at_the_time() {
    let city = moved();
    let name = |text: &str| city.station_at("WH-002", t(text)).map(|s| s.name.clone());
    assert_eq!(name("2025-01-01T00:00:00Z").as_deref(), Some("西岭雨量站(虚构)"));
    assert_eq!(name("2026-05-31T23:59:59+08:00").as_deref(), Some("旧址"));
    assert_eq!(name("2026-06-01T00:00:00+08:00").as_deref(), Some("新址"));
    assert_eq!(city.station_at("WH-002", UtcMs(EARLIEST.0 - 1)), None);
    assert_eq!(city.station_at("WH-020", t("2026-06-01T00:00:00Z")), None);
    let interval =
        |text: &str| city.datastream_at("WH-002", "rainfall", t(text)).map(|d| d.interval_s);
    assert_eq!(interval("2026-05-31T00:00:00+08:00"), Some(300));
    assert_eq!(interval("2026-06-01T00:00:00+08:00"), Some(60));
    assert!(city.datastream_at("WH-002", "wind_gust", t("2026-06-01T00:00:00Z")).is_none());
}

#[test]
fn the_newest_rules_that_hold_are_used() {
    let city = moved();
    let from = |text: &str| -> Vec<(String, UtcMs)> {
        city.hazards_at(t(text)).iter().map(|h| (h.name.clone(), h.valid_from)).collect()
    };
    let river = ("river_stage".to_owned(), EARLIEST);
    assert_eq!(from("2026-05-31T00:00:00Z"), [("rainfall".into(), EARLIEST), river.clone()]);
    let june = t("2026-06-01T00:00:00+08:00");
    assert_eq!(from("2026-06-01T00:00:00+08:00"), [("rainfall".into(), june), river]);
}

#[test]
fn a_point_has_its_city_district_and_township() {
    let city = City::read(&City::scaffold()).unwrap();
    let ids = |lon, lat| -> Vec<String> {
        city.zones_of(lon, lat).iter().map(|z| z.id.to_string()).collect()
    };
    assert_eq!(ids(113.25, 21.3), ["9901", "990101", "990101001"]);
    assert_eq!(ids(113.1, 21.3), ["9901", "990102"]);
    assert_eq!(ids(113.2, 21.3), ["9901", "990101", "990102", "990101001"]);
    assert!(ids(0.0, 0.0).is_empty() && ids(f64::NAN, 21.3).is_empty());
    let district = city.zone_of(ZoneKind::District, 113.2, 21.3).map(|z| z.id.to_string());
    assert_eq!(district.as_deref(), Some("990101"));
    assert_eq!(city.zone("990102").map(|z| z.name_en.as_str()), Some("Xiling (fictional)"));
}

#[test]
fn properties_are_the_citys_own_and_the_known_ones() {
    let city = City::read(&City::scaffold()).unwrap();
    assert_eq!(city.property("uv_index").map(|p| p.unit), Some("1"));
    assert_eq!(city.property("rainfall").map(|p| (p.unit, p.interval)), Some(("mm", true)));
    assert!(city.property("humour").is_none());
    assert_eq!(city.properties_of("WH-001").collect::<Vec<_>>(), ["rainfall", "wind_gust"]);
    assert!(city.agency("weather").is_some_and(|a| a.official_signals));
    assert_eq!(city.station_ids().count(), 4);
}

#[test]
fn numbers_of_datastreams_are_kept_when_the_city_changes() {
    let city = City::read(&City::scaffold()).unwrap();
    let earlier =
        vec![("OLD".to_owned(), "rainfall".to_owned()), ("WH-002".into(), "rainfall".into())];
    let registry = city.registry(&earlier);
    assert_eq!(registry.find("WH-002", "rainfall"), Some(DatastreamIx(1)));
    assert_eq!(registry.find("WH-001", "rainfall"), Some(DatastreamIx(2)));
    assert_eq!(registry.rows().len(), 6);
    assert_eq!(city.registry(registry.rows()), registry);
}

#[test]
fn a_stage_is_compared_in_the_stations_datum() {
    let city = City::read(&City::scaffold()).unwrap();
    let gauge = city.station_at("WH-003", t("2026-06-01T00:00:00Z")).unwrap();
    assert_eq!(gauge.stage_from("pearl_river", 3.6), Some(3.6));
    let national = gauge.stage_from("1985", 4.157).unwrap();
    assert!((national - 3.6).abs() < 1e-9, "{national}");
    assert_eq!(gauge.stage_from("1956", 3.6), None);
}
