//! What stands around a value: neighbours it must agree with, gaps it must not jump across, and
//! gauges it speaks for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use domain::city::{City, CityFiles};
use domain::ids::DatastreamIx;
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;
use ingest::json::decode::RawObservation;
use ingest::judge::{Judge, Judged};
use ingest::memory::Memory;
use ingest::register::Register;

mod support;
use support::{NOW, files};

const MINUTE: i64 = 60_000;

/// The town with a file of quality rules, and jumps in its rivers refused belief.
fn judge(quality: &str) -> (Judge, Arc<Register>) {
    judge_of(quality, "50")
}

fn judge_of(quality: &str, max_jump: &str) -> (Judge, Arc<Register>) {
    let mut files: CityFiles = files();
    files.insert("quality.toml".into(), quality.as_bytes().to_vec());
    let mut streams = "station,property,interval_s,max_jump\n".to_owned();
    for n in 1..=20 {
        streams += &format!("R-{n},rainfall,300,\nR-{n},discharge,900,{max_jump}\n");
    }
    files.insert("datastreams.csv".into(), streams.into_bytes());
    let city = City::read(&files).unwrap_or_else(|faults| panic!("{faults:?}"));
    let register = Arc::new(Register::of(&city, &city.registry(&[])));
    (Judge::new(register.clone(), Memory::of_a_file()), register)
}

fn at(minute: i64) -> UtcMs {
    NOW.plus_ms(minute * MINUTE)
}

fn says(judge: &mut Judge, station: &str, property: &str, minute: i64, v: f64) -> Observation {
    let raw = RawObservation::bare(station, property, at(minute), v);
    match judge.judge(&raw, None, None, 1).unwrap() {
        Judged::New(seen) => seen,
        other => panic!("{other:?}"),
    }
}

fn ix(register: &Register, station: &str, property: &str) -> DatastreamIx {
    register.stream(station, property).unwrap().ix
}

#[test]
fn a_value_far_from_its_neighbours_is_doubtful() {
    let (mut judge, _) = judge(
        "[[neighbours]]\nproperty = \"rainfall\"\nwithin_km = 5.0\nwithin_s = 900\nat_least = 3\nmax_difference = 20.0\n",
    );
    for n in [1, 2, 4, 5] {
        says(&mut judge, &format!("R-{n}"), "rainfall", 0, 2.0 + f64::from(n));
    }
    let alone = says(&mut judge, "R-3", "rainfall", 5, 60.0);
    assert_eq!(alone.quality.trust, Trust::Doubtful);
    let together = says(&mut judge, "R-3", "rainfall", 10, 15.0);
    assert_eq!(together.quality.trust, Trust::Reliable);
    // Neighbours that were heard too long ago say nothing.
    let later = says(&mut judge, "R-3", "rainfall", 60, 60.0);
    assert_eq!(later.quality.trust, Trust::Reliable);
    // Nor does a property that has no rule.
    for n in [1, 2, 4, 5] {
        says(&mut judge, &format!("R-{n}"), "discharge", 0, 2.0);
    }
    let other = says(&mut judge, "R-3", "discharge", 5, 900.0);
    assert_eq!(other.quality.trust, Trust::Reliable);
}

#[test]
fn neighbours_are_those_of_where_the_gauges_stand_at_the_time() {
    let mut files: CityFiles = files();
    let rule = "[[neighbours]]\nproperty = \"rainfall\"\nwithin_km = 5.0\nwithin_s = 900\nat_least = 3\nmax_difference = 20.0\n";
    files.insert("quality.toml".into(), rule.as_bytes().to_vec());
    let mut streams = "station,property,interval_s\n".to_owned();
    (1..=20).for_each(|n| streams += &format!("R-{n},rainfall,300\n"));
    files.insert("datastreams.csv".into(), streams.into_bytes());
    // R-3 is moved far away in half an hour.
    let rows = String::from_utf8(files["stations.csv"].clone()).unwrap();
    let head = rows.lines().next().unwrap();
    let row = rows.lines().find(|row| row.starts_with("R-3,")).unwrap();
    let moved = head.split(',').zip(row.split(',').chain(std::iter::repeat("")));
    let from = at(30).rfc3339(0);
    let moved = moved.map(|(name, was)| match name {
        "lon" => "112.95",
        "lat" => "22.95",
        "valid_from" => from.as_str(),
        _ => was,
    });
    let moved: Vec<&str> = moved.collect();
    let rows = format!("{}\n{}\n", rows.trim_end(), moved.join(","));
    files.insert("stations.csv".into(), rows.into_bytes());
    let city = City::read(&files).unwrap_or_else(|faults| panic!("{faults:?}"));
    let register = Arc::new(Register::of(&city, &city.registry(&[])));
    let mut judge = Judge::new(register, Memory::of_a_file());
    let mut alone = |minute: i64| {
        for n in [1, 2, 4, 5] {
            says(&mut judge, &format!("R-{n}"), "rainfall", minute, 2.0 + f64::from(n));
        }
        says(&mut judge, "R-3", "rainfall", minute + 1, 60.0).quality.trust
    };
    assert_eq!(alone(0), Trust::Doubtful, "it stands among them yet");
    assert_eq!(alone(30), Trust::Reliable, "they are no neighbours of where it stands now");
}

#[test]
fn a_jump_across_a_gap_is_doubtful_until_the_next_value_bears_it_out() {
    let (mut judge, _) = judge("");
    says(&mut judge, "R-1", "discharge", 0, 20.0);
    assert_eq!(says(&mut judge, "R-1", "discharge", 15, 90.0).quality.trust, Trust::Reliable);
    // Three intervals of a quarter of an hour make a gap.
    let jump = says(&mut judge, "R-1", "discharge", 120, 300.0);
    assert_eq!(jump.quality.trust, Trust::Doubtful);
    let again = says(&mut judge, "R-1", "discharge", 135, 310.0);
    assert_eq!(again.quality.trust, Trust::Reliable, "the second bears out the first");
    let small = says(&mut judge, "R-1", "discharge", 300, 320.0);
    assert_eq!(small.quality.trust, Trust::Reliable);
}

const FALLBACK: &str = "[[fallback]]\nstation = \"R-1\"\nproperty = \"discharge\"\nsource = \"R-2\"\noffset = 1.5\n\
    [[fallback]]\nstation = \"R-1\"\nproperty = \"discharge\"\nsource = \"R-3\"\n";

#[test]
fn another_gauge_speaks_only_while_the_first_is_not_heard() {
    let (mut judge, register) = judge(FALLBACK);
    let gauge = ix(&register, "R-1", "discharge");
    says(&mut judge, "R-1", "discharge", 0, 20.0);
    let b = says(&mut judge, "R-2", "discharge", 30, 22.0);
    assert_eq!(judge.speak_for(&b, 1), [], "it is heard itself");
    let b = says(&mut judge, "R-2", "discharge", 60, 22.0);
    let filled = judge.speak_for(&b, 1);
    let quality = Quality { origin: OriginFlag::Completed, trust: Trust::Reliable };
    let wanted = Observation {
        datastream: gauge,
        t: at(60),
        result_time: at(60),
        value: 23.5,
        quality,
        backlog: false,
    };
    assert_eq!(filled, [wanted]);
    // The third in order says nothing while the second is heard.
    let c = says(&mut judge, "R-3", "discharge", 75, 40.0);
    assert_eq!(judge.speak_for(&c, 1), []);
    let c = says(&mut judge, "R-3", "discharge", 120, 41.0);
    assert_eq!(judge.speak_for(&c, 1).first().map(|seen| seen.value), Some(41.0));
    // What it filled in does not make the gauge heard.
    let c = says(&mut judge, "R-3", "discharge", 135, 42.0);
    assert_eq!(judge.speak_for(&c, 1).len(), 1);
    // The gauge is back, and is no correction of what was filled in for it.
    let own = says(&mut judge, "R-1", "discharge", 135, 39.0);
    assert_eq!(own.quality, Quality::default());
    let c = says(&mut judge, "R-3", "discharge", 150, 42.0);
    assert_eq!(judge.speak_for(&c, 1), []);
}

#[test]
fn another_gauge_speaks_for_one_that_is_doubtful_at_the_same_instants_too() {
    let (mut judge, register) = judge(FALLBACK);
    let gauge = ix(&register, "R-1", "discharge");
    let own = |judge: &mut Judge, minute: i64| {
        let mut raw = RawObservation::bare("R-1", "discharge", at(minute), 20.0);
        let trust = if minute < 60 { Trust::Reliable } else { Trust::Doubtful };
        raw.q = Some(Quality { trust, ..Quality::default() });
        assert!(matches!(judge.judge(&raw, None, None, 1), Ok(Judged::New(_))));
    };
    let mut spoken = Vec::new();
    for (minute, first) in (0..16).map(|n| n * 15).zip([true, false].into_iter().cycle()) {
        if first {
            own(&mut judge, minute);
        }
        let b = says(&mut judge, "R-2", "discharge", minute, 22.0);
        let filled = judge.speak_for(&b, 1);
        if let [filled] = filled.as_slice() {
            assert_eq!((filled.datastream, filled.t), (gauge, at(minute)));
            spoken.push(minute);
        }
        assert_eq!(judge.speak_for(&b, 1), [], "of one instant once");
        if !first {
            own(&mut judge, minute);
        }
    }
    // From when its last believed value has grown old, and at every instant from then on.
    assert_eq!(spoken, (105..16 * 15).step_by(15).collect::<Vec<_>>());
}

#[test]
fn a_source_that_says_nothing_but_its_range_falls_silent_too() {
    let (mut judge, _) = judge_of(FALLBACK, "");
    says(&mut judge, "R-1", "discharge", 0, 20.0);
    let b = says(&mut judge, "R-2", "discharge", 60, 22.0);
    assert_eq!(judge.speak_for(&b, 1).len(), 1);
    let c = says(&mut judge, "R-3", "discharge", 75, 40.0);
    assert_eq!(judge.speak_for(&c, 1), [], "the second is heard");
    let c = says(&mut judge, "R-3", "discharge", 120, 41.0);
    assert_eq!(judge.speak_for(&c, 1).first().map(|seen| seen.value), Some(41.0));
}

#[test]
fn a_doubtful_value_or_an_old_one_speaks_for_nobody() {
    let (mut judge, _) = judge(FALLBACK);
    let mut seen = says(&mut judge, "R-2", "discharge", 60, 22.0);
    seen.quality.trust = Trust::Doubtful;
    assert_eq!(judge.speak_for(&seen, 1), []);
    seen = Observation { quality: Quality::default(), backlog: true, ..seen };
    assert_eq!(judge.speak_for(&seen, 1), []);
}

#[test]
fn slips_in_the_file_are_named() {
    let mut files = files();
    let text = "[[neighbours]]\nproperty = \"rain\"\nwithin_km = 0\nmax_difference = -1\n\
        [[fallback]]\nstation = \"R-1\"\nproperty = \"rainfall\"\nsource = \"R-1\"\n\
        [[fallback]]\nstation = \"R-1\"\nproperty = \"wind_speed\"\nsource = \"W-1\"\ncolour = 1\n";
    files.insert("quality.toml".into(), text.as_bytes().to_vec());
    let faults = City::read(&files).unwrap_err();
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for wanted in [
        "quality.toml:2:1: [[neighbours]] 1: unknown property \"rain\"",
        "quality.toml:3:1: [[neighbours]] 1: above 0",
        "quality.toml:4:1: [[neighbours]] 1: must be above 0",
        "a gauge cannot speak for itself",
        "R-1 has no wind_speed",
        "colour",
    ] {
        assert!(said.iter().any(|fault| fault.contains(wanted)), "{wanted}: {said:#?}");
    }
}
