//! High waters stand across the ebb.

use crate::hazards::bench::{Bench, level};

const MARK: &str = "[[threshold]]\nlevel = \"blue\"\nproperty = \"tide_level\"\nat_least = 2.0\ndatum = \"1985\"\nstation = \"S\"\n";

#[test]
fn a_high_water_stands_for_a_tide_and_not_for_two() {
    let mut bench = Bench::new("tidal_stage", "tide_level", 3600, MARK);
    bench.seen(0, 2.1);
    for hour in 1..16 {
        bench.seen(hour * 3600, 0.3);
        let found = bench.at(hour * 3600);
        let expected = if hour < 14 { ("blue", 2.1) } else { ("none", 0.3) };
        assert_eq!((level(&found), found.value), expected, "hour {hour}");
    }
}

#[test]
fn a_lower_high_water_relieves_it_when_the_tide_has_turned() {
    let mut bench = Bench::new("tidal_stage", "tide_level", 3600, MARK);
    for hour in 0..30 {
        let high = if hour < 7 { 2.2 } else { 1.9 };
        let wave = (f64::from(hour) / 12.42 * std::f64::consts::TAU).cos();
        bench.seen(i64::from(hour) * 3600, high * wave);
    }
    assert_eq!(level(&bench.at(7 * 3600)), "blue");
    assert_eq!(level(&bench.at(13 * 3600)), "blue");
    assert_eq!(level(&bench.at(15 * 3600)), "none");
}
