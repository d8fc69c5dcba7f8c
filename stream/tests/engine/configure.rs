//! Configuration comes by the record, and holds from the instant it says.

use domain::record::Record;

use crate::support::{DISCHARGE, HOUR, START, Town, run};

fn town(text: &str) -> Town {
    Town::default().hazard("discharge", text).station("Q", "hyd", &[("discharge", 3600)])
}

#[test]
fn new_thresholds_hold_from_the_instant_they_say() {
    let old = town(DISCHARGE);
    let new = town(&DISCHARGE.replace("30.55", "20.0"));
    let stream = old.stream("Q", "discharge");
    let mut story = old.story();
    for hour in 0..10 {
        story.at(stream, START + hour * HOUR, 25.0);
    }
    story.push(new.configuration(START + 12 * HOUR));
    for hour in 10..16 {
        story.at(stream, START + hour * HOUR, 25.0);
    }
    let rows = run(&story).rows("discharge", "Q");
    assert_eq!(
        rows,
        [
            "assessment none<-nodata @0",
            "assessment.final none<-nodata @0",
            "assessment yellow<-none @720",
            "alert.raised yellow<-none @720",
            "assessment.final yellow<-none @720",
        ]
    );
}

#[test]
fn thresholds_that_held_before_they_came_amend_what_was_said() {
    let old = town(DISCHARGE);
    let new = town(&DISCHARGE.replace("30.55", "20.0"));
    let stream = old.stream("Q", "discharge");
    let mut story = old.story();
    for hour in 0..10 {
        story.at(stream, START + hour * HOUR, 25.0);
    }
    story.push(new.configuration(START + 4 * HOUR));
    let rows = run(&story).rows("discharge", "Q");
    assert!(rows.contains(&"assessment.amended yellow<-none @240".to_owned()), "{rows:#?}");
    assert!(rows.contains(&"alert.raised yellow<-none @540".to_owned()), "{rows:#?}");
}

#[test]
fn a_hazard_that_is_withdrawn_ends_its_alerts_and_says_why() {
    let old = town(DISCHARGE);
    let new = Town::default().station("Q", "hyd", &[("discharge", 3600)]);
    let stream = old.stream("Q", "discharge");
    let mut story = old.story();
    story.at(stream, START, 99.0);
    story.push(new.configuration(START + HOUR));
    story.at(stream, START + 2 * HOUR, 99.0);
    let told = run(&story);
    let last = told.decisions.iter().rfind(|d| d.kind.is_alert()).expect("an alert");
    assert_eq!(
        (last.kind.wire(), last.rule.as_str()),
        ("alert.cleared", "withdrawn from the configuration")
    );
}

#[test]
fn stages_in_two_datums_are_converted() {
    let stage = "hazard = \"river_stage\"\nsource = \"city policy\"\n\
        [[threshold]]\nlevel = \"yellow\"\nat_least = 3.80\ndatum = \"DATUM\"\nstations = [\"W\"]\n";
    let with = |station_datum: &str, offset: &str, asked: &str| {
        let stations = format!(
            "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n\
             W,W,W,hyd,112.1,22.1,{station_datum},{offset},\n"
        );
        Town::default()
            .station("W", "hyd", &[("water_level", 3600)])
            .file("stations.csv", &stations)
            .hazard("river_stage", &stage.replace("DATUM", asked))
    };
    let raised_at = |town: &Town, value: f64| {
        let mut story = town.story();
        story.at(town.stream("W", "water_level"), START, value);
        run(&story).decisions.iter().any(|d| d.kind.wire() == "alert.raised")
    };
    // A gauge in the Pearl River datum: 3.80 m there are 4.357 m above 1985.
    let same = with("pearl_river", "0.557", "pearl_river");
    assert!(raised_at(&same, 3.80) && !raised_at(&same, 3.79));
    let national = with("pearl_river", "0.557", "1985");
    assert!(raised_at(&national, 3.25) && !raised_at(&national, 3.24));
}

#[test]
fn a_configuration_that_does_not_read_ends_the_engine_with_a_reason() {
    let mut story = town(DISCHARGE).story();
    if let Some(Record::Configuration { files, .. }) = story.records.first_mut() {
        files.retain(|(path, _)| path != "stations.csv");
    }
    let outcome = crate::support::run_from(&story.records, 1, stream::EngineConfig::default(), 1);
    let why = outcome.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(why.contains("configuration at seq 1"), "{why}");
}
