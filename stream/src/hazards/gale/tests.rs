//! Beaufort classes, as a table; averaging.

use crate::hazards::bench::{Bench, level};

#[test]
fn order_16_gusts() {
    let text: String = [("blue", 13.9), ("yellow", 20.8), ("orange", 28.5), ("red", 37.0)]
        .iter()
        .map(|(level, ms)| {
            format!(
                "[[threshold]]\nlevel = \"{level}\"\nproperty = \"wind_gust\"\nat_least = {ms:?}\n"
            )
        })
        .collect();
    for (gust, expected) in [
        (13.8, "none"),
        (13.9, "blue"),
        (20.7, "blue"),
        (20.8, "yellow"),
        (28.5, "orange"),
        (36.9, "orange"),
        (37.0, "red"),
    ] {
        let mut bench = Bench::new("gale", "wind_gust", 600, &text);
        bench.seen(0, gust);
        assert_eq!(level(&bench.at(0)), expected, "{gust} m/s");
    }
}

#[test]
fn a_threshold_for_ten_minutes_is_met_by_the_mean_of_ten_minutes() {
    let with = |window_s: u32| {
        format!(
            "[[threshold]]\nlevel = \"blue\"\nproperty = \"wind_speed\"\nat_least = 10.8\nwindow_s = {window_s}\n"
        )
    };
    let judged = |window_s| {
        let mut bench = Bench::new("gale", "wind_speed", 120, &with(window_s));
        for (minute, speed) in [(-8, 9.0), (-6, 9.0), (-4, 11.0), (-2, 11.0), (0, 12.0)] {
            bench.seen(minute * 60, speed);
        }
        let found = bench.at(0);
        (level(&found), found.value)
    };
    assert_eq!(judged(120), ("blue", 12.0));
    assert_eq!(judged(600), ("none", 10.4));
}
