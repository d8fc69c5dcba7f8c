//! The engine alone over the benchmark's workload, made in memory: 10,000 rain gauges on a 100 km
//! square, 200 zones, one observation a station and minute, 2 % late by up to five minutes, 0.5 %
//! twice. Prints observations per CPU-second for each number of workers, and what came out.
//!
//! ```text
//! cargo run --release -p stream --example w1 -- [observations] [workers …]
//! ```
//!
//! With `OUT=FILE` in the environment what came out of the last run is written there; with `DECISIONS=1`
//! that is every decision, and not the zones' levels.

#![allow(clippy::approx_constant, reason = "the workload's own number")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use domain::decision::DecisionKind;
use domain::ids::DatastreamIx;
use domain::observation::{Observation, Quality};
use domain::time::UtcMs;
use stream::backtest::{Backtest, Projection};

const STATIONS: usize = 10_000;
const COLUMNS: usize = 20;
const ROWS: usize = 10;
const LON_0: f64 = 10.0;
const LAT_0: f64 = 45.0;
const START_MS: i64 = 1_760_000_400_000;
const SEED: u64 = 42;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

struct Gauge {
    x: f64,
    y: f64,
    phase_ms: i64,
}

fn degrees(x: f64, y: f64) -> (f64, f64) {
    let lon = 100.0 / (111.32 * 45.45f64.to_radians().cos());
    (LON_0 + x * lon, LAT_0 + y * 100.0 / 111.32)
}

/// Zones: a grid with its inner corners shaken, and one shaken midpoint on each shared edge.
fn zones(random: &mut Random) -> String {
    let mut corners = vec![(0.0, 0.0); (COLUMNS + 1) * (ROWS + 1)];
    let shaken = |at: usize, of: usize, r: f64| {
        let even = at as f64 / of as f64;
        match at {
            0 => even - 0.001,
            at if at == of => even + 0.001,
            _ => even + 0.6 * r / of as f64,
        }
    };
    for row in 0..=ROWS {
        for column in 0..=COLUMNS {
            let (r1, r2) = (random.unit() - 0.5, random.unit() - 0.5);
            corners[row * (COLUMNS + 1) + column] =
                (shaken(column, COLUMNS, r1), shaken(row, ROWS, r2));
        }
    }
    let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let at = row * (COLUMNS + 1) + column;
            let ring = [at, at + 1, at + COLUMNS + 2, at + COLUMNS + 1].map(|c| corners[c]);
            let mut points = Vec::new();
            for (k, a) in ring.iter().enumerate() {
                let b = ring[(k + 1) % 4];
                points.push(*a);
                points.extend(midpoint(*a, b));
            }
            points.push(ring[0]);
            let number = row * COLUMNS + column;
            let comma = if number == 0 { "" } else { "," };
            let points: Vec<String> = points
                .iter()
                .map(|(x, y)| degrees(*x, *y))
                .map(|(lon, lat)| format!("[{lon:.7},{lat:.7}]"))
                .collect();
            let _ = write!(
                text,
                "{comma}\n{{\"type\":\"Feature\",\"properties\":{{\"id\":\"Z{number:03}\",\
                 \"name\":\"Z{number:03}\",\"name_en\":\"Z{number:03}\",\"kind\":\"district\"}},\
                 \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}}}",
                points.join(",")
            );
        }
    }
    text.push_str("]}");
    text
}

fn midpoint(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let whole = |v: f64| (v * 1e6).round() as i64 as u64;
    let mut random = Random(whole(a.0 + b.0) ^ whole(a.1 + b.1).rotate_left(32));
    let w = 0.1 * (random.unit() - 0.5);
    let (p, q) = if a < b { (a, b) } else { (b, a) };
    let border = (a.0 < 0.0 && b.0 < 0.0)
        || (a.0 > 1.0 && b.0 > 1.0)
        || (a.1 < 0.0 && b.1 < 0.0)
        || (a.1 > 1.0 && b.1 > 1.0);
    (!border).then(|| ((p.0 + q.0) / 2.0 - (q.1 - p.1) * w, (p.1 + q.1) / 2.0 + (q.0 - p.0) * w))
}

fn city(gauges: &[Gauge], zones: String) -> BTreeMap<String, Vec<u8>> {
    let mut stations =
        String::from("id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n");
    let mut streams = String::from(
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n",
    );
    for (number, gauge) in gauges.iter().enumerate() {
        let (lon, lat) = degrees(gauge.x, gauge.y);
        let _ =
            writeln!(stations, "S{number:05},S{number:05},S{number:05},w1,{lon:.7},{lat:.7},,,");
        let _ = writeln!(streams, "S{number:05},rainfall,60,0,200,,,");
    }
    let mut hazard = String::from(
        "hazard = \"rainfall\"\nsource = \"city policy\"\nstep_s = 300\nlateness_s = 600\n",
    );
    for (level, at_least) in [("blue", 20.0), ("yellow", 30.0), ("orange", 50.0), ("red", 80.0)] {
        let _ = write!(
            hazard,
            "[[threshold]]\nlevel = \"{level}\"\nat_least = {at_least:?}\nwindow_s = 3600\nshift_ms = 1\n"
        );
    }
    [
        ("city.toml", "name = \"W1\"\nname_en = \"W1\"\ntime_zone = \"+00:00\"\n".to_owned()),
        ("agencies.toml", "[[agency]]\nid = \"w1\"\nname = \"w1\"\n".to_owned()),
        ("zones.geojson", zones),
        ("stations.csv", stations),
        ("datastreams.csv", streams),
        ("hazards/rainfall.toml", hazard),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .collect()
}

/// One observation: station, instant, quarters of a millimetre.
type Packed = (u32, i64, u8);

struct Storm {
    x: f64,
    y: f64,
    vx: f64,
    vy: f64,
    radius: f64,
    peak: f64,
    begin: i64,
    end: i64,
}

fn storm(random: &mut Random, begin: i64) -> Storm {
    // As the workload is defined: not quite a full circle.
    let a = random.unit() * 6.283_18_f64;
    let v = 0.2 + 0.6 * random.unit();
    Storm {
        x: random.unit() * 100.0,
        y: random.unit() * 100.0,
        vx: v * a.cos(),
        vy: v * a.sin(),
        radius: 4.0 + 8.0 * random.unit(),
        peak: 0.5 + 1.5 * random.unit(),
        begin,
        end: begin + 60 + (random.bits() % 120) as i64,
    }
}

fn workload(count: usize) -> (BTreeMap<String, Vec<u8>>, Vec<Packed>) {
    let mut random = Random(SEED);
    let gauges: Vec<Gauge> = (0..STATIONS)
        .map(|_| Gauge {
            x: random.unit(),
            y: random.unit(),
            phase_ms: (random.bits() % 60_000) as i64,
        })
        .collect();
    let zones = zones(&mut random);
    let mut order: Vec<usize> = (0..STATIONS).collect();
    order.sort_by_key(|i| (gauges[*i].phase_ms, *i));
    let mut storms: Vec<Storm> = (0..12).map(|_| storm(&mut random, 0)).collect();
    let mut late: BinaryHeap<Reverse<(i64, usize, i64, u8)>> = BinaryHeap::new();
    let mut out = Vec::with_capacity(count + count / 150);
    let mut made = 0;
    'minutes: for minute in 0i64.. {
        for s in &mut storms {
            if minute >= s.end {
                *s = storm(&mut random, minute);
            }
        }
        let at: Vec<(f64, f64, f64, f64)> = storms
            .iter()
            .map(|s| {
                let d = (minute - s.begin) as f64;
                (s.x + s.vx * d, s.y + s.vy * d, s.radius, s.peak)
            })
            .collect();
        for &station in &order {
            if made == count {
                break 'minutes;
            }
            let gauge = &gauges[station];
            let t = START_MS + minute * 60_000 + gauge.phase_ms;
            while late.peek().is_some_and(|Reverse((arrival, ..))| *arrival <= t) {
                if let Some(Reverse((_, s, t, q))) = late.pop() {
                    out.push((s as u32, t, q));
                }
            }
            let mut rate = 0.0;
            for (x, y, radius, peak) in &at {
                let (dx, dy) = (gauge.x * 100.0 - x, gauge.y * 100.0 - y);
                let d2 = (dx * dx + dy * dy) / (2.0 * radius * radius);
                if d2 < 8.0 {
                    rate += peak * (-d2).exp();
                }
            }
            let quarters = (rate / 0.25 + random.unit()).floor().min(200.0) as u8;
            let delayed = random.unit() < 0.02;
            let arrival = if delayed { t + (random.bits() % 300_000) as i64 } else { t };
            if arrival == t {
                out.push((station as u32, t, quarters));
            } else {
                late.push(Reverse((arrival, station, t, quarters)));
            }
            if random.unit() < 0.005 {
                let again = arrival + 1 + (random.bits() % 60_000) as i64;
                late.push(Reverse((again, station, t, quarters)));
            }
            made += 1;
        }
    }
    while let Some(Reverse((_, s, t, q))) = late.pop() {
        out.push((s as u32, t, q));
    }
    (city(&gauges, zones), out)
}

fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kb = line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

/// What is written, kept for the end.
#[derive(Clone, Default)]
struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::ErrorKind::Other)?.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let mut workers: Vec<usize> = arguments.map(|n| n.parse()).collect::<Result<_, _>>()?;
    if workers.is_empty() {
        workers = vec![1, 2];
    }
    let (files, packed) = workload(count);
    let packed = std::sync::Arc::new(packed);
    let cpu = cpu_s();
    let total = bare(&packed);
    let per = packed.len() as f64 / (cpu_s() - cpu).max(0.01) / 1e6;
    println!("bare panes: {per:.2} M per CPU-s (checksum {total})");
    for workers in workers {
        let mut backtest = Backtest::new(files.clone());
        backtest.workers = workers;
        if std::env::var_os("DECISIONS").is_none() {
            backtest.projection = Projection::ZoneLevel;
        } else {
            backtest.projection = Projection::Decisions(DecisionKind::ALL.to_vec());
        }
        let rows = packed.clone();
        let batches = (0..rows.len().div_ceil(8192)).map(move |batch| {
            let from = batch * 8192;
            let to = rows.len().min(from + 8192);
            rows[from..to].iter().map(|row| observation(*row)).collect()
        });
        let kept = Kept::default();
        let (cpu, wall, before) = (cpu_s(), Instant::now(), resident_mb());
        let outcome = backtest.run(batches, kept.clone())?;
        let (cpu, wall) = (cpu_s() - cpu, wall.elapsed().as_secs_f64());
        let seen = packed.len() as f64;
        println!(
            "workers {workers}: {} observations, {:.2} M/s, {:.2} M per CPU-s, +{:.0} MB, {} lines, sha256 {}",
            packed.len(),
            seen / wall / 1e6,
            seen / cpu / 1e6,
            resident_mb() - before,
            outcome.lines,
            &outcome.sha256[..16],
        );
        if let Ok(path) = std::env::var("OUT") {
            std::fs::write(path, &*kept.0.lock().map_err(|_| "poisoned")?)?;
        }
    }
    Ok(())
}

/// The least that the job can be done with: twelve panes a station and no `because`, no amendments,
/// no alerts. Gives the machine's measure beside the engine's.
fn bare(packed: &[Packed]) -> f64 {
    const PANES: usize = 32;
    const PANE_MS: i64 = 300_000;
    let mut panes = vec![[0f32; PANES]; STATIONS];
    let mut seen = vec![[0i64; 24]; STATIONS];
    let mut at = vec![0usize; STATIONS];
    let (mut newest, mut closed, mut total) = (0i64, 0i64, 0f64);
    for (station, t, quarters) in packed {
        let s = *station as usize;
        if seen[s].contains(t) {
            continue;
        }
        seen[s][at[s]] = *t;
        at[s] = (at[s] + 1) % 24;
        panes[s][(t / PANE_MS) as usize % PANES] += f32::from(*quarters) * 0.25;
        if *t > newest {
            newest = *t;
            let upto = (t - 600_000) / PANE_MS;
            while closed < upto {
                closed = if closed == 0 { upto } else { closed + 1 };
                for pane in &mut panes {
                    let back = |k: usize| (closed as usize + PANES - 1 - k) % PANES;
                    total += f64::from((0..12).map(|k| pane[back(k)]).sum::<f32>());
                    pane[back(11)] = 0.0;
                }
            }
        }
    }
    total
}

fn observation((station, t, quarters): Packed) -> Observation {
    Observation {
        datastream: DatastreamIx(station),
        t: UtcMs(t),
        result_time: UtcMs(t),
        value: f64::from(quarters) * 0.25,
        quality: Quality::default(),
    }
}
