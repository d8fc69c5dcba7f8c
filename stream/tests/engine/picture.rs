//! What is passed on beside decisions: official signals, and up to when the data are complete.

use domain::ids::{AgencyId, ZoneId};
use domain::record::Record;
use domain::refusal::Channel;
use domain::report::{OfficialSignal, Report, SignalAct};
use domain::time::UtcMs;

use crate::support::{MIN, RAIN, START, Town, run};

fn town() -> Town {
    Town::default().hazard("rainfall", RAIN).station("A", "met", &[("rainfall", 300)])
}

#[test]
fn an_official_signal_is_passed_on_and_makes_no_level() {
    let town = town();
    let mut story = town.story();
    let signal = OfficialSignal {
        id: "1".to_owned(),
        issuer: "台山市气象台(虚构)".to_owned(),
        act: SignalAct::Issue,
        kind: "暴雨".to_owned(),
        color: "red".to_owned(),
        areas: vec![ZoneId::new("449901").expect("an id")],
        t: UtcMs(START),
        text: String::new(),
    };
    story.push(Record::Report {
        received: UtcMs(START),
        agency: AgencyId::new("met").expect("an id"),
        channel: Channel::Http,
        report: Report::Signal(signal.clone()),
    });
    let told = run(&story);
    assert_eq!(told.signals, [signal]);
    assert!(told.decisions.is_empty());
}

#[test]
fn an_agency_is_complete_up_to_its_slowest_station() {
    let town = Town::default()
        .hazard("rainfall", RAIN)
        .station("A", "met", &[("rainfall", 300)])
        .station("B", "met", &[("rainfall", 300)]);
    let mut story = town.story();
    for minute in (0..60).step_by(5) {
        story.at(town.stream("A", "rainfall"), START + minute * MIN, 0.0);
    }
    story.seen(town.stream("B", "rainfall"), START + 50 * MIN, 0.0);
    story.tick(START + 56 * MIN);
    assert_eq!(run(&story).frontiers["met"], UtcMs(START + 50 * MIN));
}

#[test]
fn a_station_that_is_late_or_was_never_heard_makes_nothing_look_complete() {
    let town = Town::default()
        .hazard("rainfall", RAIN)
        .station("A", "met", &[("rainfall", 300)])
        .station("B", "met", &[("rainfall", 300)]);
    let mut story = town.story();
    story.at(town.stream("A", "rainfall"), START + 5 * MIN, 0.0);
    story.tick(START + 6 * MIN);
    // B is expected since the first tick, and has said nothing yet.
    assert_eq!(run(&story).frontiers.get("met"), None);
    // It sends what it measured an hour ago: late, not silent, and complete up to there only.
    story.at(town.stream("B", "rainfall"), START - 60 * MIN, 0.0);
    story.tick(START + 7 * MIN);
    assert_eq!(run(&story).frontiers["met"], UtcMs(START - 60 * MIN));
}
