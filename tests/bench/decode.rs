//! Every decoder beside the bare parse of the same bytes: messages a second on one core, and the
//! ratio of the two, measured by turns in one run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ingest::decoders::all;

use crate::figures::{Figure, figure, goal};
use crate::floor::Floor;

/// How many times slower than the bare parse a decoder may be before it is looked into.
const TIMES_MAX: f64 = 4.0;
/// Observations in a batch.
const BATCH: usize = 100;
/// Turns of each side; the median counts.
const TURNS: usize = 5;
/// Decoders of bare words, without a parse beneath them that could be their floor.
const NO_FLOOR: [&str; 8] = [
    "mqtt value",
    "mqtt topic",
    "mqtt connection",
    "instant",
    "positions",
    "personal words",
    "cap link",
    "sensorthings topic",
];

fn row(n: usize) -> (String, String, String) {
    let station = format!("JM-{:04}", n % 400);
    (station, format!("2026-06-11T03:{:02}:00+08:00", n % 60), format!("{}.5", n % 30))
}

fn rows(one: impl Fn((String, String, String)) -> String, between: &str) -> String {
    (0..BATCH).map(|n| one(row(n))).collect::<Vec<_>>().join(between)
}

fn object((station, t, v): (String, String, String)) -> String {
    format!(r#"{{"station":"{station}","property":"rainfall","t":"{t}","v":{v}}}"#)
}

/// Batches of the size at which they come; a warning with the outline of a county.
fn enlarged(name: &str) -> Option<Vec<u8>> {
    let text = match name {
        "json line" | "mqtt packet" => object(row(17)),
        "json array" => format!("[{}]", rows(object, ",")),
        "ndjson" => rows(object, "\n"),
        "csv" => {
            let cells = rows(|(station, t, v)| format!("{station},rainfall,{t},{v}"), "\n");
            format!("station,property,t,v\n{cells}\n")
        }
        "sensorthings" => {
            let cells = rows(|(_, t, v)| format!(r#"["{t}",{v}]"#), ",");
            format!(
                r#"[{{"Datastream":{{"@iot.id":"R-1:rainfall"}},"components":["phenomenonTime","result"],"dataArray":[{cells}]}}]"#
            )
        }
        _ => return None,
    };
    Some(text.into_bytes())
}

/// A ring of points, as CAP writes it.
///
/// A warning with such a ring stays far above its floor: to the floor the ring is one text, passed
/// over at the speed of memory, and none of its 242 numbers is read. By the profile of the reader at
/// the door (`perf record`, shares of its time) a tenth is numbers written out again, for the
/// fingerprint by which a repeated warning is known, and four hundredths that fingerprint's hash; an
/// eighth is numbers read and checked; an eighth is the ring tried for crossings and area; a tenth is
/// names compared. None of it can be left out, and there is no part beside them that stands out.
fn outline() -> String {
    let point = |n: u32| {
        let angle = f64::from(n % 120) * 3.0_f64.to_radians();
        format!("{:.4},{:.4}", 22.5 + 0.4 * angle.sin(), 113.0 + 0.4 * angle.cos())
    };
    (0..=120).map(point).collect::<Vec<_>>().join(" ")
}

fn floor_of(name: &str, body: &[u8]) -> Option<Floor> {
    if NO_FLOOR.contains(&name) {
        return None;
    }
    let first = body.iter().find(|b| !b.is_ascii_whitespace())?;
    Some(match first {
        _ if name.starts_with("sl651") => Floor::Digits,
        _ if name.ends_with("csv") => Floor::Csv,
        _ if name.ends_with("text/plain") => Floor::Words,
        b'<' | 0x1f => Floor::Xml,
        _ if name.ends_with("ndjson") => Floor::JsonLines,
        b'{' | b'[' => Floor::Json,
        _ => return None,
    })
}

/// How often `each` can be done in a second.
fn rate(turn: Duration, mut each: impl FnMut()) -> f64 {
    let (began, mut done) = (Instant::now(), 0u32);
    loop {
        for _ in 0..8 {
            each();
        }
        done += 8;
        if began.elapsed() >= turn {
            return f64::from(done) / began.elapsed().as_secs_f64();
        }
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Runs it.
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let turn = Duration::from_millis(if quick { 20 } else { 150 });
    let mut found = Vec::new();
    for decoder in all() {
        let name = decoder.name.as_str();
        let sample = decoder.samples.last().map(|sample| sample.to_vec()).unwrap_or_default();
        let sample = match std::str::from_utf8(&sample) {
            Ok(text) if text.contains("<polygon>") => {
                text.replace("22.0,112.5 22.0,113.5 23.0,113.5 22.0,112.5", &outline()).into_bytes()
            }
            _ => sample,
        };
        let body = enlarged(name).unwrap_or(sample);
        if !decoder.read(&body) {
            continue;
        }
        // A stream begins with a byte of its own, and ends within a message.
        let bare = if name.ends_with("stream") { body[1..].to_vec() } else { body.clone() };
        let bare = bare.strip_suffix(b"<event").unwrap_or(&bare).to_vec();
        let (mut rates, mut floors, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let floor = floor_of(name, &bare);
        for _ in 0..TURNS {
            let decoded = rate(turn, || {
                black_box(decoder.read(black_box(&body)));
            });
            rates.push(decoded);
            if let Some(floor) = floor {
                let bare = rate(turn, || {
                    black_box(floor.parse(black_box(&bare)));
                });
                floors.push(bare);
                times.push(bare / decoded);
            }
        }
        let messages = if enlarged(name).is_some() && name != "json line" && name != "mqtt packet" {
            BATCH
        } else {
            1
        };
        let per_s = |rates: Vec<f64>| median(rates) * messages as f64 / 1e3;
        let bytes = body.len();
        found.push(figure(&format!("{name} ({bytes} bytes)"), per_s(rates), "k msg/s"));
        if let Some(floor) = floor {
            found.push(figure(&format!("    {}", floor.name()), per_s(floors), "k msg/s"));
            let times = median(times);
            let met = times <= TIMES_MAX;
            found.push(goal("    floor / decoder", times, "", "at most 4", met));
        }
    }
    found
}
