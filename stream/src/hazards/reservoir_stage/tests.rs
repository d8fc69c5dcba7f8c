//! Limits of a reservoir.

use crate::hazards::bench::{Bench, level};

#[test]
fn limits_by_storage_and_by_inflow() {
    let text = "[[threshold]]\nlevel = \"blue\"\nproperty = \"storage\"\nat_least = 80.0\n\
        [[threshold]]\nlevel = \"orange\"\nproperty = \"storage\"\nat_least = 95.0\n";
    for (storage, expected) in [(79.9, "none"), (80.0, "blue"), (94.9, "blue"), (95.0, "orange")] {
        let mut bench = Bench::new("reservoir_stage", "storage", 3600, text);
        bench.seen(0, storage);
        assert_eq!(level(&bench.at(0)), expected, "{storage} million m³");
    }
}

#[test]
fn a_fast_filling() {
    let text = "[[threshold]]\nlevel = \"yellow\"\nproperty = \"storage\"\nat_least = 2.0\n\
        rate_per_h = true\nwindow_h = 3\n";
    let mut bench = Bench::new("reservoir_stage", "storage", 3600, text);
    for (hour, storage) in [(-3, 10.0), (-2, 11.0), (-1, 13.0), (0, 16.0)] {
        bench.seen(hour * 3600, storage);
    }
    assert_eq!((level(&bench.at(0)), bench.at(0).value), ("yellow", 2.0));
}
