use std::sync::Arc;

use contract::views::ValueView;
use domain::city::{City, CityFiles};
use domain::decision::{Decision, DecisionKind};
use domain::ids::Seq;

use super::*;
use crate::desk::{Happening, Touched, evolve};
use crate::gazetteer::Gazetteer;

const T0: UtcMs = UtcMs(1_781_118_000_000);

/// One zone, one river gauge where 1000 people live.
fn board() -> Board {
    let mut files = CityFiles::new();
    for (path, text) in [
        ("city.toml", "name = \"t\"\ntime_zone = \"+08:00\"\nfictional = true\n"),
        ("agencies.toml", "[[agency]]\nid = \"hydro\"\nname = \"水文\"\n"),
        (
            "zones.geojson",
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"440700","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[112.5,22.0],[112.8,22.0],[112.8,22.3],[112.5,22.3],[112.5,22.0]]]}}]}"#,
        ),
        ("stations.csv", "id,agency,lon,lat\nA,hydro,112.6,22.1\n"),
        ("datastreams.csv", "station,property,interval_s\nA,discharge,60\n"),
        ("exposure/p.csv", "lon,lat,kind,people,vulnerability\n112.6,22.1,population,1000,0.5\n"),
        (
            "hazards/discharge.toml",
            "hazard = \"discharge\"\nsource = \"city policy\"\n[[threshold]]\nlevel = \"red\"\nat_least = 300.0\n",
        ),
    ] {
        files.insert(path.into(), text.as_bytes().to_vec());
    }
    let city = City::read(&files).unwrap_or_else(|errors| panic!("{errors:#?}"));
    Board::new(Arc::new(Gazetteer::new(city, T0)))
}

fn decision(second: i64, level: &str) -> Decision {
    let t = T0.plus_ms(second * 1_000);
    Decision {
        seq: Some(Seq(second as u64 + 1)),
        t: t.rfc3339(28_800),
        kind: DecisionKind::Assessment,
        hazard: "discharge".into(),
        place: "A".into(),
        level: level.into(),
        was: "nodata".into(),
        value: Some(310.0),
        because: vec![format!("A:discharge:{}:00000000", t.0)],
        rule: "discharge/1 #1: discharge >= 300".into(),
        alert: None,
        trust: None,
    }
}

fn take(board: &mut Board, decisions: &[Decision]) {
    let mut touched = Touched::default();
    for decision in decisions {
        touched.join(evolve(&mut board.picture, Happening::Decided(decision)));
    }
    board.heed(&touched.beliefs);
}

#[test]
fn many_decisions_are_one_change_and_one_that_changes_nothing_is_none() {
    let mut board = board();
    assert!(board.zones["440700"].risk.is_none());
    let rows: Vec<Decision> =
        (0..50).map(|n| decision(n, if n % 2 == 0 { "red" } else { "none" })).collect();
    take(&mut board, &rows);
    assert!(!board.risk.is_settled());
    let changes = board.assess();
    assert!(matches!(changes.as_slice(), [Change::Zone(z)] if z.risk == Some(0.0)), "{changes:?}");
    assert!(board.assess().is_empty());
    take(&mut board, &rows);
    assert!(board.risk.is_settled());
    take(&mut board, &[decision(60, "red")]);
    let changes = board.assess();
    let [Change::Zone(zone)] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((zone.risk, zone.covered, zone.people), (Some(0.5), 1.0, 1000.0));
    assert_eq!(zone.terms[0].contribution, 0.5);
    assert_eq!(zone.terms[0].because.len(), 1);
    assert_eq!(board.zones["440700"], *zone);
}

#[test]
fn a_picture_that_was_read_back_has_the_same_risk() {
    let mut first = board();
    take(&mut first, &[decision(0, "none"), decision(9, "red")]);
    first.assess();
    let bytes = rmp_serde::to_vec_named(&first.picture).unwrap();
    let mut second = board();
    second.picture = rmp_serde::from_slice(&bytes).unwrap();
    second.recall();
    assert_eq!(first.zones, second.zones);
    assert_eq!(second.zones["440700"].risk, Some(0.5));
}

#[test]
fn without_data_the_score_goes_and_the_age_stays() {
    let mut board = board();
    take(&mut board, &[decision(0, "red")]);
    board.assess();
    let value = ValueView {
        property: "discharge".into(),
        t_ms: T0.0 + 30_000,
        v: 310.0,
        trust: "reliable".into(),
        origin: "original".into(),
        source: None,
        instead: None,
    };
    let state =
        StationState { ix: 0, level: "red".into(), data: "live".into(), values: vec![value] };
    let changes = board.age(std::slice::from_ref(&state));
    assert!(
        matches!(changes.as_slice(), [Change::Zone(z)] if z.data_ms == Some(T0.0 + 30_000)),
        "{changes:?}"
    );
    assert!(board.age(&[state]).is_empty());
    take(&mut board, &[decision(300, "nodata")]);
    board.assess();
    let zone = &board.zones["440700"];
    assert_eq!((zone.risk, zone.covered, zone.people), (None, 0.0, 0.0));
    assert_eq!(zone.data_ms, Some(T0.0 + 30_000));
}
