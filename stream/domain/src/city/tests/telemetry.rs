//! Telemetry in a city's files: addresses, elements, and what a station is told.

use super::{errors, with};
use crate::city::{City, Sl651Answer};
use crate::sl651::Address;

const HEADER: &str = "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from";

/// The city whose stations have these two cells, in order, the rest none.
fn cells(cells: &[&str]) -> crate::city::CityFiles {
    let mut files = with("stations.csv", HEADER, &format!("{HEADER},sl651,sl651_base_m"));
    let text = String::from_utf8(files["stations.csv"].clone()).unwrap();
    let mut cells = cells.iter();
    let rows = text.lines().map(|line| match line.starts_with("WH-") {
        true => format!("{line},{}\n", cells.next().unwrap_or(&",")),
        false => format!("{line}\n"),
    });
    let rows: String = rows.collect();
    files.insert("stations.csv".into(), rows.into_bytes());
    files
}

#[test]
fn a_station_has_an_address_and_a_base() {
    let city = City::read(&cells(&["0011223344,", "A5B1C20001,12.5"])).unwrap();
    let of = |at: usize| (city.stations[at].sl651, city.stations[at].sl651_base_m);
    assert_eq!(of(0), (Some(Address([0x00, 0x11, 0x22, 0x33, 0x44])), None));
    assert_eq!(of(1), (Some(Address([0xA5, 0xB1, 0xC2, 0x00, 0x01])), Some(12.5)));
    assert_eq!(of(2), (None, None));
}

#[test]
fn an_address_is_of_one_station_and_of_ten_digits() {
    let twice = errors(&cells(&["0011223344,", "0011223344,"]));
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert!(twice[0].starts_with("stations.csv:5"), "{twice:?}");
    assert!(twice[0].contains("the station WH-001's already, on line 4"), "{twice:?}");
    let short = errors(&cells(&["11223344,"]));
    assert!(short[0].contains("stations.csv:4") && short[0].contains("ten"), "{short:?}");
    let bare = errors(&cells(&[",3.5"]));
    assert!(bare[0].contains("no sl651 address"), "{bare:?}");
}

#[test]
fn what_a_station_is_told_is_one_of_three() {
    let told = |section: &str| {
        let mut files = City::scaffold();
        let mut text = String::from_utf8(files["city.toml"].clone()).unwrap();
        text.push_str(&format!("\n[sl651]\n{section}\n"));
        files.insert("city.toml".into(), text.into_bytes());
        files
    };
    let city = City::read(&told("agency = \"hydrology\"\nanswer = \"stay\"\nidle_s = 60")).unwrap();
    let read = &city.about.sl651;
    assert_eq!((read.answer, read.idle_s), (Sl651Answer::Stay, 60));
    assert_eq!(read.agency.as_ref().map(|a| a.as_str()), Some("hydrology"));
    let wrong = errors(&told("answer = \"ack\""));
    assert!(wrong[0].contains("known: leave, stay"), "{wrong:?}");
    let wrong = errors(&told("agency = \"nobody\""));
    assert!(wrong[0].contains("unknown agency nobody"), "{wrong:?}");
    let wrong = errors(&told("idle_s = 1"));
    assert!(wrong[0].contains("must be 30 to 86400"), "{wrong:?}");
}
