//! Beds, waiting and diversion, as a table.

use crate::hazards::bench::{Bench, level};

#[test]
fn each_of_the_three_gives_a_level() {
    let beds = "[[threshold]]\nlevel = \"yellow\"\nat_least = 85.0\n[[threshold]]\nlevel = \"red\"\nat_least = 100.0\n";
    let traffic = "[[threshold]]\nlevel = \"orange\"\nproperty = \"emergency_traffic\"\nat_least = 2.0\n\
        [[threshold]]\nlevel = \"red\"\nproperty = \"emergency_traffic\"\nat_least = 3.0\n";
    let table = [
        ("bed_occupancy", beds, 84.9, "none"),
        ("bed_occupancy", beds, 85.0, "yellow"),
        ("bed_occupancy", beds, 104.0, "red"),
        ("emergency_traffic", traffic, 1.0, "none"),
        ("emergency_traffic", traffic, 2.0, "orange"),
        ("emergency_traffic", traffic, 3.0, "red"),
    ];
    for (property, text, value, expected) in table {
        let mut bench = Bench::new("hospital_load", property, 900, text);
        bench.seen(0, value);
        assert_eq!(level(&bench.at(0)), expected, "{property} {value}");
    }
}
