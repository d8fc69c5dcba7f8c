//! How many positions a second can be told which zone they lie in: an area index of 200 zones of 500
//! vertices over a city, asked for positions from a seeded generator.
//!
//! `cargo run --release -p gis --example geofence_rate [SECONDS]`

use std::time::{Duration, Instant};

use geo::{Coord, LineString, MultiPolygon, Polygon};
use gis::{AreaIndex, Outline, OutlineError, Position};

const SEED: u64 = 20_260_911;
const ACROSS: i32 = 20;
const DOWN: i32 = 10;
const VERTICES: i32 = 500;

/// A zone of a grid of touching ones, its border wavy so that no test is a plain rectangle.
fn zone(column: i32, row: i32) -> Result<Outline, OutlineError> {
    let (x, y) = (112.0 + 0.06 * f64::from(column), 21.8 + 0.1 * f64::from(row));
    let at = |n: i32| {
        let angle = f64::from(n) / f64::from(VERTICES) * std::f64::consts::TAU;
        let radius = 1.0 + 0.05 * (angle * 40.0).sin();
        Coord { x: x + 0.031 * radius * angle.cos(), y: y + 0.051 * radius * angle.sin() }
    };
    let ring = (0..VERTICES).chain([0]).map(at).collect();
    Outline::from_polygons(MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())]))
}

/// SplitMix64 (Steele, Lea & Flood 2014), to 0…1.
fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(3.0), |text| text.parse())?;
    let begun = Instant::now();
    let grid = (0..DOWN).flat_map(|row| (0..ACROSS).map(move |column| (column, row)));
    let zones: Vec<Outline> = grid.map(|(c, r)| zone(c, r)).collect::<Result<_, _>>()?;
    let index = AreaIndex::new(zones);
    println!(
        "seed {SEED}; {} zones checked and indexed in {:?}",
        index.outlines().len(),
        begun.elapsed()
    );

    let mut state = SEED;
    let (mut asked, mut inside) = (0_u64, 0_u64);
    let begun = Instant::now();
    let limit = Duration::from_secs_f64(seconds);
    while begun.elapsed() < limit {
        for _ in 0..10_000 {
            let at = Position::new(112.0 + 1.14 * next(&mut state), 21.8 + 0.9 * next(&mut state))?;
            index.each_containing(at, |_| inside += 1);
        }
        asked += 10_000;
    }
    let rate = asked as f64 / begun.elapsed().as_secs_f64();
    println!("{asked} positions, {inside} hits: {:.2} million positions a second", rate / 1e6);
    Ok(())
}
