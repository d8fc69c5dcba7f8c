//! The night of the scenario: the same for a seed, told by instruments that err within their rates,
//! never ahead of time, with each inject doing what it says.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use domain::city::{City, CityFiles};
use domain::time::{MINUTE_MS, UtcMs};
use simulators::scenario::Scenario;
use simulators::stations::{Counts, Sampler, hours_after};
use simulators::world::World;

const LANDFALL: UtcMs = UtcMs(1_789_135_200_000);
const SEED: u64 = 20_260_911;

struct Pack {
    files: CityFiles,
    city: City,
}

static PACK: LazyLock<Pack> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = simulators::city::files(&root.join("cities/jiangmen")).unwrap();
    let city = City::read(&files).map_err(|e| e.len()).expect("the pack reads clean");
    Pack { files, city }
});

fn scenario() -> Scenario {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Scenario::read(&root.join("scenarios/typhoon-ronglan.toml")).unwrap()
}

fn sampler(scenario: Scenario, from_h: f64, seed: u64) -> Sampler {
    let scenario = Arc::new(scenario);
    let world = World::new(scenario.clone(), &PACK.city, &PACK.files, seed);
    Sampler::new(world, scenario, &PACK.city, LANDFALL, from_h, seed)
}

/// One arrived reading: hour of arrival, hour it says, value.
type Reading = (f64, f64, f64);

struct Night {
    readings: BTreeMap<(String, String), Vec<Reading>>,
    counts: Counts,
    arrived: u64,
    hash: u64,
}

fn hour(t: UtcMs) -> f64 {
    (t.0 - LANDFALL.0) as f64 / 3_600_000.0
}

/// Everything that arrives between two hours; checks on the way that nothing runs ahead.
fn night(scenario: Scenario, from_h: f64, to_h: f64, seed: u64) -> Night {
    let mut sampler = sampler(scenario, from_h, seed);
    let mut now = hours_after(LANDFALL, from_h);
    let mut found =
        Night { readings: BTreeMap::new(), counts: Counts::default(), arrived: 0, hash: 7 };
    while now < hours_after(LANDFALL, to_h) {
        now = now.plus_ms(MINUTE_MS / 3);
        for frame in sampler.until(now) {
            let stream = sampler.streams().get(frame.stream).unwrap();
            assert!(frame.due <= now);
            let put_ahead = stream.station == "JM-0020";
            assert!(frame.t <= frame.due || put_ahead, "{} runs ahead", stream.station);
            let row = (hour(frame.due), hour(frame.t), frame.value);
            let key = (stream.station.clone(), stream.property.clone());
            found.readings.entry(key).or_default().push(row);
            found.arrived += 1;
            for part in [frame.due.0, frame.t.0, frame.value.to_bits().cast_signed()] {
                found.hash = (found.hash ^ part.cast_unsigned()).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    found.counts = sampler.counts();
    found
}

static WHOLE: LazyLock<Night> = LazyLock::new(|| night(scenario(), -12.0, 12.0, SEED));

fn of(station: &str, property: &str) -> &'static [Reading] {
    WHOLE.readings.get(&(station.to_owned(), property.to_owned())).map_or(&[], Vec::as_slice)
}

#[test]
fn the_first_hour_is_the_same_for_a_seed_and_another_for_another() {
    let first = night(scenario(), -12.0, -11.0, SEED).hash;
    println!("seed {SEED}: hash of the first hour {first:016x}");
    assert_eq!(first, night(scenario(), -12.0, -11.0, SEED).hash);
    assert_ne!(first, night(scenario(), -12.0, -11.0, SEED + 1).hash);
}

#[test]
fn the_world_does_not_depend_on_where_a_run_begins() {
    let late = night(scenario(), -11.0, -10.5, SEED);
    let key = ("JM-0501".to_owned(), "wind_speed".to_owned());
    let wanted: Vec<f64> =
        late.readings[&key].iter().filter(|r| r.1 > -10.9).map(|r| r.2).collect();
    let whole: Vec<f64> =
        of(&key.0, &key.1).iter().filter(|r| r.1 > -10.9 && r.0 <= -10.5).map(|r| r.2).collect();
    assert!(wanted.len() > 15);
    assert_eq!(wanted, whole[..wanted.len()]);
}

#[test]
fn lines_err_within_their_rates() {
    let counts = WHOLE.counts;
    println!("seed {SEED}: {counts:?}, arrived {}", WHOLE.arrived);
    let rates = scenario().telemetry;
    let sent = (counts.read - counts.silenced) as f64;
    let share = |n: u64| n as f64 / sent;
    for (name, got, wanted) in [
        ("dropout", share(counts.dropped), rates.dropout),
        ("duplicate", share(counts.doubled), rates.duplicate),
        ("late", share(counts.late), rates.late),
    ] {
        assert!((got - wanted).abs() < wanted * 0.2, "{name}: {got} for {wanted}");
    }
    assert!(counts.read > 300_000, "a night of four hundred stations");
}

#[test]
fn a_reading_says_what_its_registry_allows() {
    for stream in &PACK.city.datastreams {
        let key = (stream.station.to_string(), stream.property.clone());
        for (_, _, value) in WHOLE.readings.get(&key).into_iter().flatten() {
            let (min, max) = (stream.min.unwrap_or(f64::MIN), stream.max.unwrap_or(f64::MAX));
            assert!((min..=max).contains(value), "{key:?} {value}");
        }
    }
}

/// Hours at which some rain gauge of a district's prefix has had `mm` within three hours.
fn first_rain(stations: &[&str], mm: f64) -> Option<f64> {
    let mut best: Option<f64> = None;
    for station in stations {
        let mut rows: Vec<(i64, f64)> =
            of(station, "rainfall").iter().map(|r| ((r.1 * 60.0).round() as i64, r.2)).collect();
        rows.sort_by_key(|r| r.0);
        rows.dedup_by_key(|r| r.0);
        for (minute, _) in &rows {
            let within = rows.iter().filter(|r| r.0 <= *minute && r.0 > minute - 180);
            let sum: f64 = within.map(|r| r.1).sum();
            let h = *minute as f64 / 60.0;
            if sum >= mm && best.is_none_or(|b| h < b) {
                best = Some(h);
            }
        }
    }
    best
}

#[test]
fn the_night_goes_as_the_story_says() {
    // 暴雨红色 台山 about two hours before landfall, 恩平、开平 one to four hours after it.
    let within = |code: &str| -> Vec<&str> {
        let zone = PACK.city.zones.iter().find(|z| z.id.as_str() == code).unwrap();
        let area = gis::AreaIndex::new(vec![zone.outline.clone()]);
        let inside = PACK.city.stations.iter().filter(|s| {
            let at = gis::Position::new(s.lon, s.lat).unwrap();
            !area.containing(at).is_empty()
        });
        inside.map(|s| s.id.as_str()).collect()
    };
    let taishan = first_rain(&within("440781"), 100.0).expect("red rain in Taishan");
    assert!((-3.5..-1.0).contains(&taishan), "Taishan at {taishan}");
    let enping = first_rain(&within("440785"), 100.0).expect("red rain in Enping");
    assert!((0.0..4.5).contains(&enping), "Enping at {enping}");
    // Mean wind of 10级 on the coast about six hours before, the greatest near landfall.
    let masts: Vec<String> = (501..=524).map(|n| format!("JM-{n:04}")).collect();
    let gales = masts.iter().flat_map(|m| of(m, "wind_speed"));
    let first = gales.clone().filter(|r| r.2 >= 24.5).map(|r| r.1).fold(99.0, f64::min);
    assert!((-8.0..-4.0).contains(&first), "10级 at {first}");
    let peak = gales.max_by(|a, b| a.2.total_cmp(&b.2)).unwrap();
    assert!((36.0..52.0).contains(&peak.2) && peak.1.abs() < 3.0, "{peak:?}");
    // Discharge passes a threshold inland; streets stand under water.
    assert!(
        (201..=236).any(|n| of(&format!("JM-{n:04}"), "discharge").iter().any(|r| r.2 > 300.0))
    );
    assert!(
        (601..=656).any(|n| of(&format!("JM-{n:04}"), "ponding_depth").iter().any(|r| r.2 >= 60.0))
    );
    assert!(of("JM-H22", "emergency_traffic").iter().any(|r| r.2 >= 3.0), "滨海医院 stops");
}

#[test]
fn each_inject_does_what_it_says() {
    // I2: nothing of the hydrology office from -2 h to -1:24, nine gauges until +1 h.
    let hydrology = |id: &str| {
        PACK.city.stations.iter().any(|s| s.id.as_str() == id && s.agency.as_str() == "hydrology")
    };
    for ((station, _), rows) in &WHOLE.readings {
        if hydrology(station) {
            assert!(!rows.iter().any(|r| (-1.99..-1.45).contains(&r.1)), "{station} is not silent");
        }
    }
    assert!(!of("JM-0112", "rainfall").iter().any(|r| (-1.99..0.95).contains(&r.1)));
    assert!(of("JM-0112", "rainfall").iter().any(|r| r.1 > 1.1), "and it returns");
    // I3: stuck at 2.31.
    let stuck: Vec<_> =
        of("JM-0404", "tide_level").iter().filter(|r| (-1.9..3.9).contains(&r.1)).collect();
    assert!(stuck.len() > 40 && stuck.iter().all(|r| r.2 == 2.31));
    // I4: a day ahead.
    let ahead: Vec<_> = of("JM-0020", "rainfall").iter().filter(|r| r.1 - r.0 > 23.0).collect();
    assert!(ahead.len() > 15, "{} frames dated ahead", ahead.len());
    // I10: the peak of the tide arrives hours later, and is higher than what was known.
    let tide = of("JM-0401", "tide_level");
    let known = tide.iter().filter(|r| r.0 < 4.9).map(|r| r.2).fold(0.0, f64::max);
    let late: Vec<_> = tide.iter().filter(|r| r.0 - r.1 > 2.0).collect();
    let peak = late.iter().map(|r| r.2).fold(0.0, f64::max);
    assert!(late.len() > 15 && late.iter().all(|r| r.0 >= 5.0));
    assert!((0.05..0.4).contains(&(peak - known)), "{known} then {peak}");
}

#[test]
fn an_inject_can_be_left_out() {
    let mut calm = scenario();
    assert!(calm.without(&["I99".into()]).unwrap_err().contains("I10"));
    calm.without(&["I3".into(), "I2".into()]).unwrap();
    let without = night(calm, -2.2, -1.2, SEED);
    let key = ("JM-0404".to_owned(), "tide_level".to_owned());
    assert!(without.readings[&key].iter().any(|r| r.2 != 2.31));
    let key = ("JM-0204".to_owned(), "water_level".to_owned());
    assert!(without.readings[&key].iter().any(|r| (-1.9..-1.5).contains(&r.1)));
}

#[test]
fn who_speaks_for_a_gauge_measures_what_it_would() {
    assert!(PACK.city.fallbacks.iter().any(|f| f.station.as_str() == "JM-0404"));
    for fallback in &PACK.city.fallbacks {
        let rows = |station: &str| -> BTreeMap<i64, f64> {
            // Before the injects.
            let calm = of(station, &fallback.property).iter().filter(|row| row.1 < -2.0);
            calm.map(|(_, t, value)| ((t * 12.0).round() as i64, *value)).collect()
        };
        let (own, source) = (rows(fallback.station.as_str()), rows(fallback.source.as_str()));
        let both = own.iter().filter_map(|(t, value)| Some(value - source.get(t)?));
        let apart: Vec<f64> = both.map(|difference| difference - fallback.offset).collect();
        assert!(apart.len() > 60, "{fallback:?}: {} instants", apart.len());
        let most = apart.iter().map(|apart| apart.abs()).fold(0.0, f64::max);
        assert!(most < 0.15, "{fallback:?}: {most} m apart");
    }
}
