//! Configuration comes by the record, and holds from the instant it says.

use domain::record::Record;

use stream::EngineConfig;
use stream::snapshot::Snapshot;

use crate::support::{DISCHARGE, HOUR, MIN, RAIN, START, Town, gauges, run, run_from, storm};

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

#[test]
fn a_change_in_the_middle_of_a_storm_gives_one_log_however_it_is_read() {
    let seed = 4_242;
    println!("seed {seed}");
    let (before, ids) = gauges(12);
    // Another interval, other thresholds, another owner of one gauge, one gauge more and one less.
    let after = Town::default().hazard("rainfall", &RAIN.replace("20.0", "12.0"));
    let after = ids.iter().skip(1).fold(after, |town, id| {
        let owner = if id == "G003" { "hyd" } else { "met" };
        town.station(id, owner, &[("rainfall", 600)])
    });
    let after = after.station("NEW", "hyd", &[("rainfall", 300)]);
    let registry = after.city().registry(before.city().registry(&[]).rows());
    let new = registry.find("NEW", "rainfall").expect("it has a number").0;
    let mut story = storm(&before, &ids, 10, seed);
    let middle = story.records.len() / 2;
    let mut rest = story.records.split_off(middle);
    let now = story.records.iter().rev().find_map(|record| match record {
        Record::Tick { now } => Some(now.0),
        _ => None,
    });
    let from = now.expect("it ticks") + 500;
    let mut change = after.configuration(from);
    if let Record::Configuration { datastreams, .. } = &mut change {
        *datastreams = registry.rows().to_vec();
    }
    story.push(change);
    story.records.append(&mut rest);
    for step in 0..6 {
        story.at(new, START + 10 * HOUR + step * 5 * MIN, 9.0);
    }
    story.tick(START + 12 * HOUR);
    let config = EngineConfig { snapshot_every: Some(150), ..EngineConfig::default() };
    let whole = run_from(&story.records, 1, config, 3).expect("the engine runs");
    let lines = whole.lines();
    let raised = |d: &domain::decision::Decision| d.kind.is_alert() && d.place == "NEW";
    assert!(whole.decisions.iter().any(raised), "the new gauge is judged");
    for (workers, cuts) in [(1, 99), (2, 5), (4, 123_457)] {
        let config = EngineConfig { workers, ..EngineConfig::default() };
        let told = run_from(&story.records, 1, config, cuts).expect("the engine runs");
        assert_eq!(told.lines(), lines, "{workers} workers, cuts {cuts}");
    }
    assert!(whole.snapshots.len() >= 3, "{} snapshots", whole.snapshots.len());
    for snapshot in &whole.snapshots {
        let bytes = postcard::to_stdvec(snapshot).expect("a snapshot is bytes");
        let read: Snapshot = postcard::from_bytes(&bytes).expect("and reads back");
        let seq = read.seq;
        let config = EngineConfig {
            workers: 2,
            start_from: Some(read),
            published_upto: domain::ids::Seq(seq),
            ..EngineConfig::default()
        };
        let tail = run_from(&story.records, seq + 1, config, seq).expect("the engine runs");
        let told = whole.decisions.iter().filter(|d| d.seq.is_some_and(|s| s.0 <= seq)).count();
        assert_eq!(tail.lines(), lines[told..], "from seq {seq}");
    }
}
