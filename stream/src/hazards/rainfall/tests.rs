//! Order 16, as a table: what has fallen in which hours, and the level it gives.

use domain::level::Level;

use crate::hazards::bench::{Bench, level};

const ORDER_16: &[(&str, f64, u32)] =
    &[("blue", 50.0, 12), ("yellow", 50.0, 6), ("orange", 50.0, 3), ("red", 100.0, 3)];

fn bench() -> Bench {
    let rows = ORDER_16.iter().map(|(level, mm, hours)| {
        format!("[[threshold]]\nlevel = \"{level}\"\nat_least = {mm:?}\nwindow_h = {hours}\n")
    });
    Bench::new("rainfall", "rainfall", 3600, &rows.collect::<String>())
}

#[test]
fn order_16() {
    // (hours ago, mm), …, the level, the value it is judged by.
    type Case<'a> = (&'a [(i64, f64)], &'a str, f64);
    let table: &[Case<'_>] = &[
        (&[(0, 0.0)], "none", 0.0),
        (&[(0, 49.9)], "none", 49.9),
        (&[(11, 50.0), (0, 0.0)], "blue", 50.0),
        (&[(12, 50.0), (0, 0.0)], "none", 0.0),
        (&[(5, 50.0), (0, 0.0)], "yellow", 50.0),
        (&[(6, 50.0), (0, 0.0)], "blue", 50.0),
        (&[(2, 25.0), (1, 25.0), (0, 0.0)], "orange", 50.0),
        (&[(3, 50.0), (0, 0.0)], "yellow", 50.0),
        (&[(2, 40.0), (1, 40.0), (0, 20.0)], "red", 100.0),
        (&[(2, 40.0), (1, 40.0), (0, 19.999_999)], "orange", 99.999_999),
    ];
    for (rain, expected, value) in table {
        let mut bench = bench();
        for (ago, mm) in *rain {
            bench.seen(-ago * 3600, *mm);
        }
        let found = bench.at(0);
        assert_eq!((level(&found), found.value), (*expected, *value), "{rain:?}");
    }
}

#[test]
fn sums_are_exact_whatever_the_order() {
    let mut bench = bench();
    // A tenth is no binary fraction: 500 of them as floats are not 50.
    for n in 0..500 {
        bench.seen(-n, 0.1);
    }
    assert_eq!((level(&bench.at(0)), bench.at(0).value), ("orange", 50.0));
}

#[test]
fn a_window_without_rows_is_no_data() {
    let mut bench = bench();
    assert_eq!(bench.at(0).level, Level::NoData);
    bench.seen(-3 * 3600, 1.0);
    assert_eq!(bench.at(0).level, Level::NoData);
    bench.seen(-2 * 3600, 1.0);
    assert_eq!(bench.at(0).level, Level::None);
}

#[test]
fn what_has_fallen_stands_in_the_final_though_the_gauge_is_silent() {
    let mut bench = bench();
    bench.seen(-4 * 3600, 120.0);
    assert_eq!(level(&bench.settled(0)), "yellow");
    assert_eq!(bench.at(0).level, Level::NoData);
}

#[test]
fn a_shift_moves_both_edges() {
    let text = "[[threshold]]\nlevel = \"blue\"\nat_least = 1.0\nwindow_s = 3600\nshift_ms = 1\n";
    let mut bench = Bench::new("rainfall", "rainfall", 3600, text);
    bench.seen(-3600, 1.0);
    bench.seen(0, 7.0);
    // [W − 60 min, W): the row at its beginning is in, that at its end is not.
    assert_eq!((level(&bench.settled(0)), bench.settled(0).value), ("blue", 1.0));
}
