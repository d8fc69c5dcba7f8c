//! The reference: the same job by hand, one thread, serde, nothing kept that the answer does not
//! need. The engine's figure is given as a ratio to it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::Deserialize;

const PANE_MS: i64 = 300_000;
const PANES: usize = 32;
const LATENESS_MS: i64 = 600_000;

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    station: &'a str,
    #[serde(borrow, rename = "property")]
    _property: &'a str,
    t: i64,
    v: f64,
}

#[derive(Clone, Default)]
struct Gauge {
    zone: usize,
    panes: [f32; PANES],
    seen: [i64; 24],
    next_seen: usize,
}

fn rank(sum: f32) -> u8 {
    [20.0, 30.0, 50.0, 80.0].iter().filter(|at_least| sum >= **at_least).fold(0, |n, _| n + 1)
}

fn inside(ring: &[(f64, f64)], x: f64, y: f64) -> bool {
    let mut odd = false;
    let mut last = ring.len() - 1;
    for (i, (xi, yi)) in ring.iter().enumerate() {
        let (xj, yj) = ring[last];
        if (*yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi {
            odd = !odd;
        }
        last = i;
    }
    odd
}

/// Station id → its zone, by the city's files.
fn gauges(city: &Path) -> (HashMap<String, usize>, Vec<Gauge>, usize) {
    let zones: serde_json::Value =
        serde_json::from_slice(&std::fs::read(city.join("zones.geojson")).expect("zones"))
            .expect("GeoJSON");
    let rings: Vec<Vec<(f64, f64)>> = zones["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|f| {
            let ring = f["geometry"]["coordinates"][0].as_array().expect("a ring");
            let at = |p: &serde_json::Value, i: usize| p[i].as_f64().expect("a number");
            ring.iter().map(|p| (at(p, 0), at(p, 1))).collect()
        })
        .collect();
    let mut numbers = HashMap::new();
    let mut all = Vec::new();
    let stations = std::fs::read_to_string(city.join("stations.csv")).expect("stations");
    for line in stations.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (x, y) = (cells[4].parse().expect("lon"), cells[5].parse().expect("lat"));
        let zone = rings.iter().position(|r| inside(r, x, y)).expect("in a zone");
        numbers.insert(cells[0].to_owned(), all.len());
        all.push(Gauge { zone, ..Gauge::default() });
    }
    (numbers, all, rings.len())
}

/// Reads `folder/obs.ndjson`, writes `out` as `W,zone,rank`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "panes of an hour, and quarters of a millimetre"
)]
pub(crate) fn run(folder: &Path, out: &Path) {
    let (numbers, mut gauges, zones) = gauges(&folder.join("city"));
    let mut out = BufWriter::new(std::fs::File::create(out).expect("a file"));
    let mut levels = vec![0u8; zones];
    let mut close = |gauges: &mut [Gauge], w: i64| {
        let last = (w / PANE_MS - 1) as usize;
        let mut now = vec![0u8; zones];
        for gauge in gauges {
            let sum: f32 = (0..12).map(|k| gauge.panes[(last - k) % PANES]).sum();
            gauge.panes[(last - 11) % PANES] = 0.0;
            now[gauge.zone] = now[gauge.zone].max(rank(sum));
        }
        for (zone, (new, old)) in now.iter().zip(&levels).enumerate() {
            if new != old {
                writeln!(out, "{w},Z{zone:03},{new}").expect("written");
            }
        }
        levels = now;
    };
    let file = std::fs::File::open(folder.join("obs.ndjson")).expect("observations");
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut line, mut closed, mut newest) = (Vec::new(), 0i64, 0i64);
    while {
        line.clear();
        reader.read_until(b'\n', &mut line).expect("read") > 0
    } {
        let row: Row<'_> = serde_json::from_slice(&line).expect("an observation");
        if newest == 0 {
            closed = row.t / PANE_MS * PANE_MS - LATENESS_MS;
        }
        let pane = row.t / PANE_MS;
        if (pane + 1) * PANE_MS <= closed {
            continue;
        }
        let gauge = &mut gauges[numbers[row.station]];
        if gauge.seen.contains(&row.t) {
            continue;
        }
        gauge.seen[gauge.next_seen] = row.t;
        gauge.next_seen = (gauge.next_seen + 1) % gauge.seen.len();
        gauge.panes[pane as usize % PANES] += row.v as f32;
        newest = newest.max(row.t);
        while newest - LATENESS_MS >= closed + PANE_MS {
            closed += PANE_MS;
            close(&mut gauges, closed);
        }
    }
    while closed < (newest / PANE_MS + 12) * PANE_MS {
        closed += PANE_MS;
        close(&mut gauges, closed);
    }
}
