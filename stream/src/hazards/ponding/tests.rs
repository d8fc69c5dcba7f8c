//! Depths, as a table.

use crate::hazards::bench::{Bench, level};

#[test]
fn depths_of_a_city() {
    let text = "[[threshold]]\nlevel = \"blue\"\nat_least = 15.0\n\
        [[threshold]]\nlevel = \"orange\"\nat_least = 27.0\n[[threshold]]\nlevel = \"red\"\nat_least = 40.0\n";
    for (depth, expected) in [
        (0.0, "none"),
        (14.9, "none"),
        (15.0, "blue"),
        (27.0, "orange"),
        (39.9, "orange"),
        (40.0, "red"),
    ] {
        let mut bench = Bench::new("ponding", "ponding_depth", 300, text);
        bench.seen(0, depth);
        assert_eq!(level(&bench.at(0)), expected, "{depth} cm");
    }
}
