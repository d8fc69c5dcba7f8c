//! A city's thresholds, as a table.

use domain::level::Level;

use crate::hazards::bench::{Bench, level};

const CITY: &str = "[[threshold]]\nlevel = \"yellow\"\nat_least = 30.55\n\
[[threshold]]\nlevel = \"orange\"\nat_least = 76.89\n[[threshold]]\nlevel = \"red\"\nat_least = 310.0\n";

#[test]
fn at_or_above_a_threshold() {
    for (flow, expected) in [
        (-5.0, "none"),
        (30.549, "none"),
        (30.55, "yellow"),
        (76.88, "yellow"),
        (76.89, "orange"),
        (309.999, "orange"),
        (310.0, "red"),
        (9999.0, "red"),
    ] {
        let mut bench = Bench::new("discharge", "discharge", 3600, CITY);
        bench.seen(0, flow);
        let found = bench.at(0);
        assert_eq!((level(&found), found.value), (expected, flow));
    }
}

#[test]
fn a_value_speaks_for_three_intervals_and_no_longer() {
    let mut bench = Bench::new("discharge", "discharge", 3600, CITY);
    bench.seen(0, 50.0);
    assert_eq!(level(&bench.at(3 * 3600 - 1)), "yellow");
    assert_eq!(bench.at(3 * 3600).level, Level::NoData);
}

#[test]
fn a_rise_is_measured_over_its_window() {
    let text =
        "[[threshold]]\nlevel = \"orange\"\nat_least = 100.0\nrate_per_h = true\nwindow_h = 2\n";
    let mut bench = Bench::new("discharge", "discharge", 1800, text);
    bench.seen(-600, 10.0);
    bench.seen(0, 110.0);
    assert_eq!(bench.at(0).level, Level::NoData, "ten minutes are no rise over two hours");
    bench.seen(-7200, 0.0);
    assert_eq!((level(&bench.at(0)), bench.at(0).value), ("none", 55.0));
    bench.seen(1800, 190.0);
    // From −10 min to 30 min: too short; the oldest of the window is now that of −10 min.
    assert_eq!(bench.at(1800).level, Level::NoData);
    bench.seen(3600, 400.0);
    assert_eq!(level(&bench.at(3600)), "orange");
}
