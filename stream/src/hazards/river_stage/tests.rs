//! Marks and datums of a gauge.

use crate::hazards::Site;
use crate::hazards::bench::{Bench, level, threshold};
use crate::plan::RefusedBecause;

const MARKS: &str = "[[threshold]]\nlevel = \"blue\"\nat_least = 3.5\ndatum = \"1985\"\nstation = \"S\"\nmark = \"near\"\n\
[[threshold]]\nlevel = \"yellow\"\nat_least = 3.8\ndatum = \"1985\"\nstation = \"S\"\nmark = \"warning\"\n\
[[threshold]]\nlevel = \"orange\"\nat_least = 4.6\ndatum = \"1985\"\nstation = \"S\"\nmark = \"guarantee\"\n\
[[threshold]]\nlevel = \"red\"\nat_least = 5.2\ndatum = \"1985\"\nstation = \"S\"\nmark = \"record\"\n";

#[test]
fn the_marks_of_a_gauge() {
    for (stage, expected) in [
        (3.49, "none"),
        (3.5, "blue"),
        (3.8, "yellow"),
        (4.59, "yellow"),
        (4.6, "orange"),
        (5.2, "red"),
    ] {
        let mut bench = Bench::new("river_stage", "water_level", 3600, MARKS);
        bench.seen(0, stage);
        assert_eq!(level(&bench.at(0)), expected, "at {stage} m");
    }
}

#[test]
fn a_mark_is_read_in_the_stations_own_datum_or_refused() {
    let site = |datum: Option<&str>, offset: Option<f64>| Site {
        id: "S".to_owned(),
        datum: datum.map(str::to_owned),
        datum_offset_m: offset,
        since: i64::MIN,
    };
    let near = |found: Result<f64, RefusedBecause>, expected: f64| {
        assert!(found.as_ref().is_ok_and(|m| (m - expected).abs() < 1e-9), "{found:?}");
    };
    near(site(Some("1985"), None).in_own_datum(&threshold(3.8, Some("1985"))), 3.8);
    // 1956 = 1985 + 0.029 m; Pearl River + 0.586 m = 1956.
    near(site(Some("1985"), None).in_own_datum(&threshold(3.8, Some("1956"))), 3.771);
    near(site(Some("pearl_river"), None).in_own_datum(&threshold(3.8, Some("1985"))), 3.243);
    // The station's own offset goes before the general one.
    near(site(Some("pearl_river"), Some(0.744)).in_own_datum(&threshold(3.8, Some("1985"))), 3.056);
    near(site(Some("local"), Some(1.5)).in_own_datum(&threshold(3.8, Some("1985"))), 2.3);
    for unknown in [site(Some("local"), None), site(None, None)] {
        let refused = unknown.in_own_datum(&threshold(3.8, Some("1985")));
        assert!(matches!(refused, Err(RefusedBecause::Datum { .. })), "{refused:?}");
    }
    let refused = site(Some("1985"), Some(0.0)).in_own_datum(&threshold(3.8, Some("local")));
    assert!(matches!(refused, Err(RefusedBecause::Datum { .. })), "{refused:?}");
}
