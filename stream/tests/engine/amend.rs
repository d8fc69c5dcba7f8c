//! What was published is never silently changed: late data and corrections are told.

use domain::observation::{Observation, Quality, Trust};
use domain::time::UtcMs;

use crate::support::{DISCHARGE, HOUR, MIN, RAIN, START, Town, observation, run, seen};

fn rain_town() -> (Town, u32) {
    let town = Town::default().hazard("rainfall", RAIN).station("A", "met", &[("rainfall", 300)]);
    let stream = town.stream("A", "rainfall");
    (town, stream)
}

#[test]
fn late_rain_amends_the_finals_it_touches() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..240).step_by(5) {
        if minute != 60 {
            story.at(stream, START + minute * MIN, 0.0);
        }
    }
    story.seen(stream, START + 60 * MIN, 12.0);
    let told = run(&story);
    let amended: Vec<_> =
        told.decisions.iter().filter(|d| d.kind.wire() == "assessment.amended").collect();
    let [at_station, ..] = &amended[..] else { panic!("{:#?}", told.decisions) };
    assert_eq!((at_station.level.as_str(), at_station.was.as_str()), ("blue", "none"));
    assert_eq!(at_station.value, Some(12.0));
    assert_eq!(UtcMs::parse(&at_station.t).expect("a time").0, START + 60 * MIN);
    assert!(at_station.because.iter().any(|id| id.contains(&(START + 60 * MIN).to_string())));
    assert!(
        at_station.rule.ends_with("final until 2026-06-11T02:00:00+00:00"),
        "{}",
        at_station.rule
    );
    // Its hour is over: nothing is raised now.
    assert!(told.decisions.iter().all(|d| !d.kind.is_alert()));
}

#[test]
fn a_spike_that_is_corrected_takes_its_alert_back() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..60).step_by(5) {
        story.at(stream, START + minute * MIN, 0.0);
    }
    let t = START + 60 * MIN;
    story.at(stream, t, 99.0);
    let corrected = Observation { result_time: UtcMs(t + 1), ..observation(stream, t, 0.9) };
    story.push(seen(corrected));
    assert_eq!(
        run(&story).rows("rainfall", "A")[2..],
        [
            "assessment red<-none @60",
            "alert.raised red<-none @60",
            "assessment.amended none<-red @60",
            "alert.amended none<-red @60",
            "alert.cleared none<-red @60",
        ]
    );
}

#[test]
fn a_doubtful_value_raises_nothing_until_it_is_confirmed() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..60).step_by(5) {
        story.at(stream, START + minute * MIN, 0.0);
    }
    let t = START + 60 * MIN;
    story.tick(t);
    let doubtful = Quality { trust: Trust::Doubtful, ..Quality::default() };
    story.push(seen(Observation { quality: doubtful, ..observation(stream, t, 99.0) }));
    assert_eq!(run(&story).rows("rainfall", "A")[2..], [""; 0], "a spike by itself is no alert");
    // Somebody has looked at it: it is true.
    story.push(seen(Observation { result_time: UtcMs(t + 1), ..observation(stream, t, 99.0) }));
    assert_eq!(
        run(&story).rows("rainfall", "A").last().map(String::as_str),
        Some("alert.raised red<-none @60")
    );
}

#[test]
fn the_later_result_stands_whichever_came_first() {
    let (town, stream) = rain_town();
    let t = START + 30 * MIN;
    let first = observation(stream, t, 4.0);
    let second = Observation { result_time: UtcMs(t + 1000), ..observation(stream, t, 14.0) };
    for order in [[first, second], [second, first]] {
        let mut story = town.story();
        story.at(stream, START, 0.0);
        story.tick(t);
        order.into_iter().for_each(|one| story.push(seen(one)));
        story.at(stream, t + 5 * MIN, 0.0);
        let told = run(&story);
        let last = told.decisions.iter().rfind(|d| d.kind.wire() == "alert.raised");
        assert_eq!(last.and_then(|d| d.value), Some(14.0));
    }
}

#[test]
fn a_resend_changes_nothing() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..90).step_by(5) {
        story.at(stream, START + minute * MIN, 0.75);
    }
    let once = run(&story).decisions.len();
    for minute in (0..90).step_by(5) {
        story.at(stream, START + minute * MIN, 0.75);
    }
    assert_eq!(run(&story).decisions.len(), once);
}

#[test]
fn an_unreliable_value_is_never_used() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    story.at(stream, START, 0.0);
    story.tick(START + 5 * MIN);
    let quality = Quality { trust: Trust::Unreliable, ..Quality::default() };
    story.push(seen(Observation { quality, ..observation(stream, START + 5 * MIN, 80.0) }));
    story.at(stream, START + 10 * MIN, 1.0);
    let told = run(&story);
    assert!(told.decisions.iter().all(|d| !d.kind.is_alert()), "{:#?}", told.decisions);
}

#[test]
fn a_frame_ahead_of_the_clock_moves_nobody() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..60).step_by(5) {
        story.at(stream, START + minute * MIN, 0.0);
    }
    let before = run(&story).lines();
    story.seen(stream, START + 24 * HOUR, 50.0);
    assert_eq!(run(&story).lines(), before);
    story.at(stream, START + 60 * MIN, 0.0);
    assert!(run(&story).decisions.iter().all(|d| !d.kind.is_alert()));
}

#[test]
fn beyond_the_horizon_nothing_is_amended() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for hour in 0..80 {
        for minute in (0..60).step_by(5) {
            story.at(stream, START + hour * HOUR + minute * MIN, 0.0);
        }
    }
    let before = run(&story).lines();
    story.seen(stream, START + 1 + MIN, 50.0);
    assert_eq!(run(&story).lines(), before);
    // Within it, even what lies packed away is found.
    story.seen(stream, START + 10 * HOUR + MIN, 50.0);
    let told = run(&story);
    let amended = told.decisions.iter().filter(|d| d.kind.wire() == "assessment.amended");
    assert!(amended.count() > 0);
}

#[test]
fn a_late_value_of_an_instant_amends_that_instant() {
    let town =
        Town::default().hazard("discharge", DISCHARGE).station("Q", "hyd", &[("discharge", 3600)]);
    let stream = town.stream("Q", "discharge");
    let mut story = town.story();
    for hour in 0..12 {
        if hour != 5 {
            story.at(stream, START + hour * HOUR, 10.0);
        }
    }
    story.seen(stream, START + 5 * HOUR, 100.0);
    let rows = run(&story).rows("discharge", "Q");
    assert!(rows.contains(&"assessment.amended orange<-none @300".to_owned()), "{rows:#?}");
}
