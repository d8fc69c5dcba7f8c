//! Situations of the duty room: tide, zones, panic, quiet.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use domain::ids::Seq;
use domain::record::{Record, Sequenced};
use domain::status::Live;
use stream::{Decided, Engine, EngineConfig, Heard, OutletError};

use crate::support::{DISCHARGE, HOUR, MIN, START, Town, run};

#[test]
fn a_tidal_alert_does_not_flap_with_the_ebb() {
    let town = Town::default().station("T", "hyd", &[("tide_level", 600)]).hazard(
        "tidal_stage",
        "hazard = \"tidal_stage\"\nsource = \"city policy\"\n\
         [[threshold]]\nlevel = \"blue\"\nproperty = \"tide_level\"\nat_least = 2.0\ndatum = \"1985\"\nstation = \"T\"\n",
    );
    let stream = town.stream("T", "tide_level");
    let mut story = town.story();
    // Three days of spring tide above the mark, then the neaps below it.
    for step in 0..6 * 6 * 24 {
        let t = START + step * 10 * MIN;
        let hours = (t - START) as f64 / HOUR as f64;
        let high = if hours < 72.0 { 2.3 } else { 1.6 };
        story.at(stream, t, high * (hours / 12.42 * std::f64::consts::TAU).sin());
    }
    let told = run(&story);
    let alerts: Vec<&str> =
        told.decisions.iter().filter(|d| d.kind.is_alert()).map(|d| d.kind.wire()).collect();
    assert_eq!(alerts, ["alert.raised", "alert.cleared"]);
}

#[test]
fn a_zone_has_the_highest_level_of_its_stations_and_so_has_its_district() {
    let mut town = Town::default().hazard("discharge", DISCHARGE);
    for id in ["A", "B", "C", "D", "E", "F"] {
        town = town.station(id, "hyd", &[("discharge", 3600)]);
    }
    let mut story = town.story();
    let values = [1.0, 40.0, 100.0, 400.0, 5.0, 35.0];
    for (hour, scale) in [1.0, 0.5, 0.1, 0.0].iter().enumerate() {
        for (id, value) in ["A", "B", "C", "D", "E", "F"].iter().zip(values) {
            story.at(town.stream(id, "discharge"), START + hour as i64 * HOUR, value * scale);
        }
    }
    let told = run(&story);
    let city: Vec<String> = told
        .rows("discharge", "4499")
        .into_iter()
        .filter(|row| row.starts_with("assessment ") && !row.contains("nodata"))
        .collect();
    assert_eq!(city.last().map(String::as_str), Some("assessment none<-yellow @180"), "{city:#?}");
    let zone_of = |level: &str, place: &str| {
        told.rows("discharge", place)
            .iter()
            .any(|row| row.starts_with(&format!("assessment {level}")))
    };
    assert!(zone_of("red", "4499"));
    assert!(["449901", "449902"].iter().any(|district| zone_of("red", district)));
}

#[test]
fn no_data_is_not_none() {
    let town = Town::default()
        .hazard("discharge", DISCHARGE)
        .station("A", "hyd", &[("discharge", 3600)])
        .station("B", "hyd", &[("discharge", 3600)]);
    let mut story = town.story();
    story.at(town.stream("A", "discharge"), START, 1.0);
    let told = run(&story);
    assert_eq!(told.rows("discharge", "A"), ["assessment none<-nodata @0"]);
    assert_eq!(told.rows("discharge", "B"), Vec::<String>::new());
    story.tick(START + 10 * HOUR);
    let told = run(&story);
    assert!(told.rows("discharge", "A").contains(&"assessment nodata<-none @180".to_owned()));
    assert!(told.rows("discharge", "4499").contains(&"assessment nodata<-none @180".to_owned()));
}

/// An engine fed by hand.
fn by_hand(
    outlet: impl FnMut(Decided<Live>) -> Result<(), OutletError> + Send + 'static,
) -> (Engine<Live>, SyncSender<Vec<Sequenced>>) {
    let (feed, records): (_, Receiver<Vec<Sequenced>>) = sync_channel(4);
    let inlet = move |_max: usize, wait: Duration| {
        Ok(match records.recv_timeout(wait) {
            Ok(records) => Heard::Records(records),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Heard::Idle,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Heard::Closed,
        })
    };
    let config = EngineConfig { workers: 2, ..EngineConfig::default() };
    (Engine::start(config, inlet, outlet).expect("threads"), feed)
}

#[test]
fn a_part_that_panics_ends_the_whole_engine_and_says_so() {
    let town =
        Town::default().hazard("discharge", DISCHARGE).station("A", "hyd", &[("discharge", 60)]);
    let (engine, feed) = by_hand(|decided| {
        assert!(decided.decisions.is_empty(), "the outlet gives way");
        Ok(())
    });
    let mut story = town.story();
    story.at(town.stream("A", "discharge"), START, 400.0);
    let records: Vec<Record> = story.records;
    let numbered = records.into_iter().zip(1u64..);
    let batch = numbered.map(|(record, seq)| Sequenced { seq: Seq(seq), record }).collect();
    feed.send(batch).expect("the engine reads");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !engine.is_finished() {
        assert!(Instant::now() < deadline, "the engine must end");
        std::thread::yield_now();
    }
    let why = engine.join().err().map(|error| error.to_string()).unwrap_or_default();
    assert!(why.contains("the outlet gives way"), "{why}");
}

#[test]
fn a_lone_observation_is_decided_at_once() {
    let town =
        Town::default().hazard("discharge", DISCHARGE).station("A", "hyd", &[("discharge", 60)]);
    let stream = town.stream("A", "discharge");
    let (told, heard) = sync_channel(64);
    let (engine, feed) = by_hand(move |decided| {
        for decision in decided.decisions {
            told.send(decision).map_err(|e| OutletError(e.to_string()))?;
        }
        Ok(())
    });
    let mut seq = 0;
    let mut send = |records: Vec<Record>| {
        let numbered = records.into_iter().map(|record| {
            seq += 1;
            Sequenced { seq: Seq(seq), record }
        });
        feed.send(numbered.collect()).expect("the engine reads");
    };
    send(town.story().records);
    let mut waits = Vec::new();
    for minute in 0..40 {
        let t = START + minute * MIN;
        let value = if minute % 2 == 0 { 400.0 } else { 1.0 };
        let begun = Instant::now();
        send(vec![
            Record::Tick { now: domain::time::UtcMs(t) },
            crate::support::seen(crate::support::observation(stream, t, value)),
        ]);
        let seq_now = 1 + (minute as u64 + 1) * 2;
        loop {
            let decision = heard.recv_timeout(Duration::from_secs(20)).expect("a decision");
            if decision.kind.is_alert() && decision.seq == Some(Seq(seq_now)) {
                break;
            }
        }
        waits.push(begun.elapsed());
    }
    waits.sort();
    println!("median {:?}, longest {:?}", waits[waits.len() / 2], waits[waits.len() - 1]);
    // Far above what a quiet machine needs, far below any waiting for a timer.
    assert!(waits[waits.len() / 2] < Duration::from_millis(50));
    drop(feed);
    engine.join().expect("it ends with its inlet");
}
