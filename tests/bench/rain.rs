//! The rain workload: 10,000 gauges in a box of 100 × 100 km under twelve moving cells, one value a
//! minute each, 2 % late, 0.5 % twice. Deterministic, so that its answer is known: the changes of
//! zone level of 10 million observations hash to `cb796a7a…`, of 1 million to `5ac8a105…`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Event time of the first minute, Unix ms.
const BEGIN: i64 = 1_760_000_400_000;
const STATIONS: usize = 10_000;
const GRID: (usize, usize) = (20, 10);
const CORNER: (f64, f64) = (10.0, 45.0);

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A gauge: place in the unit box, and its second of the minute in ms.
struct Gauge {
    x: f64,
    y: f64,
    phase: i64,
}

struct Cell {
    x: f64,
    y: f64,
    vx: f64,
    vy: f64,
    radius: f64,
    peak: f64,
    begin: i64,
    end: i64,
}

impl Cell {
    fn new(random: &mut Random, begin: i64) -> Self {
        // The workload's own rounding of a full turn: its answer depends on it.
        #[allow(clippy::approx_constant)]
        let angle = random.unit() * 6.28318;
        let speed = 0.2 + 0.6 * random.unit();
        let (x, y) = (random.unit() * 100.0, random.unit() * 100.0);
        let radius = 4.0 + 8.0 * random.unit();
        let peak = 0.5 + 1.5 * random.unit();
        let end = begin + 60 + i64::try_from(random.next() % 120).expect("small");
        Self { x, y, vx: speed * angle.cos(), vy: speed * angle.sin(), radius, peak, begin, end }
    }
}

/// Degrees of 100 km at the box.
fn degrees() -> (f64, f64) {
    (100.0 / (111.32 * 45.45f64.to_radians().cos()), 100.0 / 111.32)
}

/// Writes `city/` (a city's folder) and `obs.ndjson`; returns the number of lines.
pub(crate) fn write(folder: &Path, observations: usize) -> u64 {
    std::fs::create_dir_all(folder.join("city/hazards")).expect("a folder");
    let mut random = Random(42);
    let gauges: Vec<Gauge> = (0..STATIONS)
        .map(|_| {
            let (x, y) = (random.unit(), random.unit());
            Gauge { x, y, phase: i64::try_from(random.next() % 60_000).expect("small") }
        })
        .collect();
    write_city(&folder.join("city"), &gauges, &mut random);
    write_rain(&folder.join("obs.ndjson"), &gauges, &mut random, observations)
}

fn write_city(city: &Path, gauges: &[Gauge], random: &mut Random) {
    let (dlon, dlat) = degrees();
    let put = |name: &str, text: &str| std::fs::write(city.join(name), text).expect("a file");
    put(
        "city.toml",
        "name = \"测试盒\"\nname_en = \"Box\"\ntime_zone = \"+00:00\"\nfictional = true\n",
    );
    put("agencies.toml", "[[agency]]\nid = \"hydro\"\nname = \"hydro\"\n");
    let mut rule = String::from(
        "hazard = \"rainfall\"\nsource = \"workload\"\nstep_s = 300\nlateness_s = 600\n",
    );
    for (level, at_least) in [("blue", 20.0), ("yellow", 30.0), ("orange", 50.0), ("red", 80.0)] {
        let _ = write!(
            rule,
            "[[threshold]]\nlevel = \"{level}\"\nat_least = {at_least:?}\nwindow_s = 3600\nshift_ms = 1\n"
        );
    }
    put("hazards/rainfall.toml", &rule);
    let mut stations =
        String::from("id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n");
    let mut streams = String::from(
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n",
    );
    for (i, g) in gauges.iter().enumerate() {
        let (lon, lat) = (CORNER.0 + g.x * dlon, CORNER.1 + g.y * dlat);
        let _ = writeln!(stations, "S{i:05},,,hydro,{lon:.7},{lat:.7},,,");
        let _ = writeln!(streams, "S{i:05},rainfall,60,,,,,");
    }
    put("stations.csv", &stations);
    put("datastreams.csv", &streams);
    put("zones.geojson", &zones(random));
}

/// A grid of zones whose inner corners are moved, with a moved midpoint on every inner edge.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn zones(random: &mut Random) -> String {
    let (gx, gy) = GRID;
    let (dlon, dlat) = degrees();
    let mut corners = vec![(0.0, 0.0); (gx + 1) * (gy + 1)];
    for j in 0..=gy {
        for i in 0..=gx {
            let (r1, r2) = (random.unit() - 0.5, random.unit() - 0.5);
            let moved = |at: usize, count: usize, r: f64| {
                let plain = at as f64 / count as f64;
                match at {
                    0 => plain - 0.001,
                    _ if at == count => plain + 0.001,
                    _ => plain + 0.6 * r / count as f64,
                }
            };
            corners[j * (gx + 1) + i] = (moved(i, gx, r1), moved(j, gy, r2));
        }
    }
    let mut features = Vec::new();
    for j in 0..gy {
        for i in 0..gx {
            let at = |i: usize, j: usize| corners[j * (gx + 1) + i];
            let ring = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
            let mut points = Vec::new();
            for k in 0..4 {
                let (a, b) = (ring[k], ring[(k + 1) % 4]);
                points.push(a);
                let key = (((a.0 + b.0) * 1e6).round() as i64 as u64)
                    ^ (((a.1 + b.1) * 1e6).round() as i64 as u64).rotate_left(32);
                let w = 0.1 * (Random(key).unit() - 0.5);
                let (p, q) = if a < b { (a, b) } else { (b, a) };
                let outside = |u: f64, v: f64| (u < 0.0 && v < 0.0) || (u > 1.0 && v > 1.0);
                if !outside(a.0, b.0) && !outside(a.1, b.1) {
                    let middle = ((p.0 + q.0) / 2.0, (p.1 + q.1) / 2.0);
                    points.push((middle.0 - (q.1 - p.1) * w, middle.1 + (q.0 - p.0) * w));
                }
            }
            points.push(points[0]);
            let ring: Vec<String> = points
                .iter()
                .map(|(x, y)| format!("[{:.7},{:.7}]", CORNER.0 + x * dlon, CORNER.1 + y * dlat))
                .collect();
            features.push(format!(
                r#"{{"type":"Feature","properties":{{"id":"Z{:03}","name":"Z{:03}","kind":"district"}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
                j * gx + i, j * gx + i, ring.join(",")
            ));
        }
    }
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

/// What waits for its late arrival: arrival, station, time, quarters of a millimetre.
type Late = BinaryHeap<Reverse<(i64, usize, i64, u8)>>;

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn write_rain(file: &Path, gauges: &[Gauge], random: &mut Random, observations: usize) -> u64 {
    let mut order: Vec<usize> = (0..gauges.len()).collect();
    order.sort_by_key(|&i| (gauges[i].phase, i));
    let mut cells: Vec<Cell> = (0..12).map(|_| Cell::new(random, 0)).collect();
    let file = std::fs::File::create(file).expect("a file");
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut lines = 0u64;
    let mut emit = |s: usize, t: i64, q: u8| {
        lines += 1;
        let v = f64::from(q) * 0.25;
        writeln!(out, r#"{{"station":"S{s:05}","property":"rainfall","t":{t},"v":{v}}}"#)
            .expect("the disk has room");
    };
    let mut late = Late::new();
    let mut made = 0;
    for minute in 0i64.. {
        for cell in &mut cells {
            if minute >= cell.end {
                *cell = Cell::new(random, minute);
            }
        }
        let now: Vec<(f64, f64, f64, f64)> = cells
            .iter()
            .map(|c| {
                let d = (minute - c.begin) as f64;
                (c.x + c.vx * d, c.y + c.vy * d, c.radius, c.peak)
            })
            .collect();
        for &s in &order {
            if made == observations {
                while let Some(Reverse((_, s, t, q))) = late.pop() {
                    emit(s, t, q);
                }
                out.flush().expect("flushed");
                return lines;
            }
            let t = BEGIN + minute * 60_000 + gauges[s].phase;
            while late.peek().is_some_and(|Reverse(l)| l.0 <= t) {
                if let Some(Reverse((_, s, t, q))) = late.pop() {
                    emit(s, t, q);
                }
            }
            let mut rate = 0.0;
            for p in &now {
                let (dx, dy) = (gauges[s].x * 100.0 - p.0, gauges[s].y * 100.0 - p.1);
                let d2 = (dx * dx + dy * dy) / (2.0 * p.2 * p.2);
                if d2 < 8.0 {
                    rate += p.3 * (-d2).exp();
                }
            }
            let q = (rate / 0.25 + random.unit()).floor().min(200.0) as u8;
            let arrives =
                if random.unit() < 0.02 { t + (random.next() % 300_000) as i64 } else { t };
            if arrives == t {
                emit(s, t, q);
            } else {
                late.push(Reverse((arrives, s, t, q)));
            }
            if random.unit() < 0.005 {
                late.push(Reverse((arrives + 1 + (random.next() % 60_000) as i64, s, t, q)));
            }
            made += 1;
        }
    }
    lines
}
