//! Recomputing from the observations in `because` gives value and level: every line of a storm.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::observation::Observation;
use domain::record::Record;
use stream::plan::Plan;
use stream::recompute::recompute;

use crate::support::{HOUR, MIN, START, Story, Town, gauges, run, storm};

/// Every observation of a story by its id.
fn by_id(town: &Town, story: &Story) -> BTreeMap<String, Observation> {
    let registry = town.city().registry(&[]);
    let mut found = BTreeMap::new();
    for record in &story.records {
        if let Record::Observation { observation: seen, .. } = record {
            let (station, property) = registry.name(seen.datastream).expect("a known datastream");
            let id = format!("{station}:{property}:{}:{:08x}", seen.t.0, seen.content_crc());
            found.insert(id, *seen);
        }
    }
    found
}

pub(crate) fn all_agree(town: &Town, story: &Story) -> usize {
    let ids = by_id(town, story);
    let city = town.city();
    let rows = city.registry(&[]).rows().to_vec();
    let plan = Plan::compile(Arc::new(city), &rows, 0, None);
    let told = run(story);
    let mut alerts = 0;
    for decision in &told.decisions {
        if decision.hazard == "feed" {
            continue;
        }
        let because: Vec<Observation> = decision
            .because
            .iter()
            .map(|id| *ids.get(id).unwrap_or_else(|| panic!("{id} is not in the record")))
            .collect();
        let again = recompute(&plan, decision, &because)
            .unwrap_or_else(|why| panic!("{why}: {decision:#?}"));
        assert!(again.agrees(&plan, decision), "{again:?} is not {decision:#?}");
        alerts += usize::from(decision.kind.is_alert());
    }
    alerts
}

#[test]
fn every_line_of_a_storm_recomputes() {
    let seed = 4;
    println!("seed {seed}");
    let (town, ids) = gauges(25);
    let story = storm(&town, &ids, 12, seed);
    assert!(all_agree(&town, &story) > 50);
}

#[test]
fn with_holds_and_margins_too() {
    let (town, ids) = gauges(10);
    let held = format!(
        "raise_hold_s = 600\nclear_hold_s = 1800\nclear_margin = 3.0\n{}",
        crate::support::RAIN
    );
    let town = town.hazard("rainfall", &held);
    let story = storm(&town, &ids, 12, 9);
    assert!(all_agree(&town, &story) > 10);
}

#[test]
fn and_every_line_of_the_other_hazards() {
    let town = Town::default()
        .station("S1", "hyd", &[("water_level", 600)])
        .station("S2", "met", &[("wind_speed", 600), ("wind_gust", 600)])
        .station("S3", "hyd", &[("tide_level", 600)])
        .hazard("river_stage", "hazard = \"river_stage\"\nsource = \"city policy\"\n\
            [[threshold]]\nlevel = \"yellow\"\nat_least = 3.8\ndatum = \"1985\"\nstation = \"S1\"\n\
            [[threshold]]\nlevel = \"orange\"\nat_least = 0.4\nrate_per_h = true\nwindow_h = 1\nstation = \"S1\"\n")
        .hazard("gale", "hazard = \"gale\"\nsource = \"city policy\"\n\
            [[threshold]]\nlevel = \"blue\"\nproperty = \"wind_speed\"\nat_least = 10.8\nwindow_s = 3600\n\
            [[threshold]]\nlevel = \"yellow\"\nproperty = \"wind_gust\"\nat_least = 20.8\n")
        .hazard("tidal_stage", "hazard = \"tidal_stage\"\nsource = \"city policy\"\n\
            [[threshold]]\nlevel = \"blue\"\nproperty = \"tide_level\"\nat_least = 2.0\ndatum = \"1985\"\nstation = \"S3\"\n");
    let mut story = town.story();
    for step in 0..36 * 6 {
        let t = START + step * 10 * MIN;
        let hours = (t - START) as f64 / HOUR as f64;
        let wave = |period: f64| (hours / period * std::f64::consts::TAU).sin();
        story.at(town.stream("S1", "water_level"), t, (3.6 + 0.5 * wave(9.0)) * 1.0);
        story.at(town.stream("S2", "wind_speed"), t, 10.0 + 6.0 * wave(7.0));
        story.at(town.stream("S2", "wind_gust"), t, 16.0 + 9.0 * wave(5.0));
        story.at(town.stream("S3", "tide_level"), t, 1.8 * wave(12.4) + 0.4 * wave(24.8));
    }
    assert!(all_agree(&town, &story) > 10);
}
