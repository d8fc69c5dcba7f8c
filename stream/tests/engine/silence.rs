//! Silence is data: who is told to be silent, when, and who is not.

use domain::time::UtcMs;

use crate::support::{DISCHARGE, HOUR, MIN, RAIN, START, Story, Told, Town, run};

fn town(stations: usize) -> Town {
    let town = Town::default().hazard("rainfall", RAIN);
    (0..stations).fold(town, |town, n| town.station(&format!("R{n}"), "met", &[("rainfall", 300)]))
}

/// All stations every five minutes from minute `from` to `to`, but those in `without`.
fn rain(town: &Town, story: &mut Story, stations: usize, from: i64, to: i64, without: &[usize]) {
    for minute in (from..to).step_by(5) {
        for n in (0..stations).filter(|n| !without.contains(n)) {
            let phase = n as i64 * 20_000;
            story.at(town.stream(&format!("R{n}"), "rainfall"), START + minute * MIN + phase, 0.0);
        }
    }
}

fn feeds(told: &Told) -> Vec<String> {
    let feeds = told.decisions.iter().filter(|d| d.hazard == "feed");
    feeds
        .map(|d| {
            let minute = (UtcMs::parse(&d.t).expect("a time").0 - START) / MIN;
            format!("{} {} @{minute}", d.kind.wire(), d.place)
        })
        .collect()
}

#[test]
fn a_gap_of_one_interval_is_no_silence_and_one_beyond_three_is() {
    let town = town(2);
    let mut story = town.story();
    rain(&town, &mut story, 2, 0, 60, &[]);
    rain(&town, &mut story, 2, 60, 65, &[1]);
    rain(&town, &mut story, 2, 65, 120, &[]);
    assert_eq!(feeds(&run(&story)), Vec::<String>::new());
    rain(&town, &mut story, 2, 120, 140, &[1]);
    rain(&town, &mut story, 2, 140, 180, &[]);
    let told = run(&story);
    assert_eq!(feeds(&told), ["feed.silent R1 @130", "feed.returned R1 @140"]);
    assert_eq!(
        told.rows("rainfall", "R1"),
        [
            "assessment none<-nodata @0",
            "assessment.final none<-nodata @5",
            "assessment nodata<-none @130",
            "assessment none<-nodata @140",
            "assessment.final nodata<-none @135",
            "assessment.final none<-nodata @145",
        ]
    );
}

/// What was told, without where in the record it stands.
fn unnumbered(story: &Story) -> Vec<String> {
    let unnumbered = |d| domain::decision::Decision { seq: None, ..d };
    let told = run(story).decisions.into_iter().map(unnumbered);
    let mut lines: Vec<String> = told.map(|d| stream::log::line(&d).expect("JSON")).collect();
    lines.sort();
    lines
}

#[test]
fn the_fineness_of_the_ticks_does_not_show() {
    let town = town(3);
    let with_ticks_every = |step: i64| {
        let mut story = town.story();
        for minute in (0..140).step_by(5) {
            for n in (0..3).filter(|n| *n != 1 || !(60..100).contains(&minute)) {
                let t = START + minute * MIN + n * 20_000;
                for now in (story.now.unwrap_or(t - step)..=t).step_by(step as usize).skip(1) {
                    story.tick(now);
                }
                story.seen(town.stream(&format!("R{n}"), "rainfall"), t, 0.0);
            }
        }
        unnumbered(&story)
    };
    let fine = with_ticks_every(1_000);
    assert_eq!(fine.iter().filter(|line| line.contains("feed.silent")).count(), 1);
    for step in [7_000, 40_000, 110_000] {
        assert!(fine == with_ticks_every(step), "ticks every {step} ms");
    }
}

#[test]
fn a_silent_agency_is_told_once_and_its_stations_are_not() {
    let town = town(9).station("H0", "hyd", &[("rainfall", 300)]);
    let hydro = town.stream("H0", "rainfall");
    let mut story = town.story();
    rain(&town, &mut story, 9, 0, 60, &[]);
    story.at(hydro, START + 59 * MIN, 0.0);
    for minute in (60..120).step_by(5) {
        story.at(hydro, START + minute * MIN, 0.0);
    }
    rain(&town, &mut story, 9, 120, 150, &[]);
    story.tick(START + 160 * MIN);
    let told = feeds(&run(&story));
    let of: Vec<&String> = told.iter().filter(|row| !row.contains("H0")).collect();
    assert_eq!(of, ["feed.silent agency:met @70", "feed.returned agency:met @120"]);
}

/// An agency of five stations of five minutes and two that report by the hour.
fn mixed() -> Town {
    town(5).station("S5", "met", &[("rainfall", 3_600)]).station(
        "S6",
        "met",
        &[("rainfall", 3_600)],
    )
}

/// The two of an hour: at minute 20 of each hour from `from` to `to`.
fn by_the_hour(town: &Town, story: &mut Story, from: i64, to: i64) {
    for hour in from..to {
        for station in ["S5", "S6"] {
            story.at(town.stream(station, "rainfall"), START + (hour * 60 + 20) * MIN, 0.0);
        }
    }
}

#[test]
fn an_agency_whose_stations_have_several_intervals_is_told_once_too() {
    let town = mixed();
    let mut story = town.story();
    rain(&town, &mut story, 5, 0, 20, &[]);
    by_the_hour(&town, &mut story, 0, 1);
    rain(&town, &mut story, 5, 20, 40, &[]);
    for minute in (41..360).step_by(5) {
        story.tick(START + minute * MIN);
    }
    // The five last spoke at 35; the two of an hour were heard before that, and are not due.
    assert_eq!(feeds(&run(&story)), ["feed.silent agency:met @50"]);
    rain(&town, &mut story, 5, 360, 380, &[]);
    by_the_hour(&town, &mut story, 6, 7);
    rain(&town, &mut story, 5, 380, 420, &[]);
    let told = feeds(&run(&story));
    assert_eq!(told, ["feed.silent agency:met @50", "feed.returned agency:met @360"]);
}

#[test]
fn an_agency_of_which_one_by_the_hour_is_heard_since_is_not_gone() {
    let town = mixed();
    let mut story = town.story();
    rain(&town, &mut story, 5, 0, 10, &[]);
    for minute in 10..20 {
        story.tick(START + minute * MIN);
    }
    // The five last spoke at 5 and missed at 12; the two are heard at 20, when the five fall silent.
    by_the_hour(&town, &mut story, 0, 1);
    story.tick(START + 60 * MIN);
    let told = feeds(&run(&story));
    assert_eq!(
        told,
        (0..5).map(|n| format!("feed.silent R{n} @{}", 20 + n / 3)).collect::<Vec<_>>()
    );
}

#[test]
fn a_few_that_fall_silent_do_not_speak_for_the_many_that_are_not_due() {
    let town = (0..4)
        .fold(town(2), |town, n| town.station(&format!("H{n}"), "met", &[("rainfall", 3_600)]));
    let mut story = town.story();
    for n in 0..4 {
        story.at(town.stream(&format!("H{n}"), "rainfall"), START + n * 1_000, 0.0);
    }
    rain(&town, &mut story, 2, 5, 15, &[]);
    for minute in 16..40 {
        story.tick(START + minute * MIN);
    }
    let told = feeds(&run(&story));
    assert_eq!(told, ["feed.silent R0 @25", "feed.silent R1 @25"]);
}

#[test]
fn a_station_that_does_not_return_with_its_agency_is_told_then() {
    let town = town(4);
    let mut story = town.story();
    rain(&town, &mut story, 4, 0, 60, &[]);
    story.tick(START + 120 * MIN);
    rain(&town, &mut story, 4, 120, 150, &[2]);
    let told = feeds(&run(&story));
    assert_eq!(
        told,
        ["feed.silent agency:met @70", "feed.returned agency:met @120", "feed.silent R2 @125",]
    );
}

#[test]
fn one_station_that_is_back_and_heard_seconds_late_keeps_its_agency_from_being_silent_again() {
    let town = town(4);
    let mut story = town.story();
    rain(&town, &mut story, 4, 0, 60, &[]);
    for minute in (120..180).step_by(5) {
        let t = START + minute * MIN;
        story.tick(t + 2_000);
        story.seen(town.stream("R0", "rainfall"), t, 0.0);
    }
    let told = feeds(&run(&story));
    assert_eq!(
        told,
        [
            "feed.silent agency:met @70",
            "feed.returned agency:met @120",
            "feed.silent R1 @125",
            "feed.silent R2 @125",
            "feed.silent R3 @125",
        ]
    );
}

#[test]
fn a_platform_that_was_down_heard_no_silence() {
    let town = town(2);
    let mut story = town.story();
    rain(&town, &mut story, 2, 0, 60, &[]);
    story.jump(START + 240 * MIN);
    story.tick(START + 244 * MIN);
    assert_eq!(feeds(&run(&story)), Vec::<String>::new());
    // From then on it listens again, and waits as long as was left.
    story.tick(START + 260 * MIN);
    assert_eq!(feeds(&run(&story)), ["feed.silent agency:met @254"]);
}

#[test]
fn one_property_of_a_station_can_be_silent_alone() {
    let town = Town::default().hazard("rainfall", RAIN).hazard("discharge", DISCHARGE).station(
        "X",
        "hyd",
        &[("rainfall", 3600), ("discharge", 3600)],
    );
    let (p, q) = (town.stream("X", "rainfall"), town.stream("X", "discharge"));
    let mut story = town.story();
    for hour in 0..40 {
        let t = START + hour * HOUR;
        story.at(p, t, 0.0);
        if !(10..20).contains(&hour) {
            story.at(q, t, 50.0);
        }
    }
    let told = run(&story);
    let lines: Vec<&str> = told
        .decisions
        .iter()
        .filter(|d| d.hazard == "feed")
        .map(|d| d.rule.split(':').next().unwrap_or(""))
        .collect();
    assert_eq!(lines, ["discharge", "discharge"]);
    assert_eq!(
        told.rows("discharge", "X"),
        [
            "assessment yellow<-nodata @0",
            "alert.raised yellow<-none @0",
            "assessment.final yellow<-nodata @0",
            "assessment nodata<-yellow @720",
            "assessment yellow<-nodata @1200",
            "assessment.final nodata<-yellow @720",
            "assessment.final yellow<-nodata @1200",
        ]
    );
    assert!(told.rows("rainfall", "X").iter().all(|row| !row.contains("nodata<-none")));
}

/// One gauge of `hyd` whose expected interval is so many seconds.
fn gauge(interval_s: u32) -> Town {
    Town::default().hazard("discharge", DISCHARGE).station("Q", "hyd", &[("discharge", interval_s)])
}

/// A gauge heard every `every` minutes until minute 30, another interval put in force then, heard
/// `then` minutes apart until minute 90, and no more.
fn changed(first_s: u32, every: i64, then_s: u32, then: i64) -> Story {
    let (before, after) = (gauge(first_s), gauge(then_s));
    let stream = before.stream("Q", "discharge");
    let mut story = before.story();
    for minute in (0..=30).step_by(usize::try_from(every).expect("minutes")) {
        story.at(stream, START + minute * MIN, 1.0);
    }
    // In force from a moment after the newest tick, as a running platform puts it.
    story.push(after.configuration(START + 30 * MIN + 500));
    let mut minute = 30 + then;
    while minute <= 90 {
        story.at(stream, START + minute * MIN, 1.0);
        minute += then;
    }
    story.tick(START + 6 * HOUR);
    story
}

#[test]
fn silence_goes_by_the_interval_that_holds_at_that_time() {
    // Every minute, then every ten: nine minutes without a frame are no silence any more, thirty are.
    assert_eq!(feeds(&run(&changed(60, 1, 600, 10))), ["feed.silent Q @120"]);
    // Every ten minutes, then every minute: three minutes are, and nobody is late for the time before.
    assert_eq!(feeds(&run(&changed(600, 10, 60, 1))), ["feed.silent Q @93"]);
}

#[test]
fn an_interval_of_the_files_that_begins_later_holds_from_then_on() {
    let rows = "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n\
        Q,discharge,60,,,,,\nQ,discharge,600,,,,,2026-06-11T00:30:00Z\n";
    let town = gauge(60).file("datastreams.csv", rows);
    let stream = town.stream("Q", "discharge");
    let mut story = town.story();
    for minute in (0..=30).chain((40..=90).step_by(10)) {
        story.at(stream, START + minute * MIN, 1.0);
    }
    story.tick(START + 6 * HOUR);
    assert_eq!(feeds(&run(&story)), ["feed.silent Q @120"]);
}

/// The city without its last station; what it had keeps its number.
fn without_the_last(story: &mut Story, town_before: &Town, stations: usize) {
    let after = town(stations - 1);
    let registry = after.city().registry(town_before.city().registry(&[]).rows());
    let mut change = after.configuration(story.now.expect("it ticks"));
    if let domain::record::Record::Configuration { datastreams, .. } = &mut change {
        *datastreams = registry.rows().to_vec();
    }
    story.push(change);
}

#[test]
fn a_silent_station_that_is_withdrawn_is_waited_for_no_more_and_that_is_told() {
    let town = town(3);
    let mut story = town.story();
    rain(&town, &mut story, 3, 0, 60, &[]);
    rain(&town, &mut story, 3, 60, 120, &[2]);
    without_the_last(&mut story, &town, 3);
    rain(&town, &mut story, 3, 120, 240, &[2]);
    let told = run(&story);
    assert_eq!(feeds(&told), ["feed.silent R2 @70", "feed.returned R2 @115"]);
    let last = told.decisions.iter().rfind(|d| d.hazard == "feed").expect("a line");
    assert_eq!(last.rule, "rainfall: withdrawn from the configuration");
}

#[test]
fn a_station_that_is_withdrawn_does_not_keep_its_agency_from_being_silent() {
    let town = town(4);
    let mut story = town.story();
    rain(&town, &mut story, 4, 0, 60, &[]);
    without_the_last(&mut story, &town, 4);
    rain(&town, &mut story, 4, 60, 120, &[3]);
    story.tick(START + 180 * MIN);
    assert_eq!(feeds(&run(&story)), ["feed.silent agency:met @130"]);
}

#[test]
fn an_agency_of_which_nothing_is_expected_any_more_is_not_silent() {
    let before = town(2).station("H0", "hyd", &[("rainfall", 300)]);
    let mut story = before.story();
    rain(&before, &mut story, 2, 0, 60, &[]);
    for minute in (0..120).step_by(5) {
        story.at(before.stream("H0", "rainfall"), START + minute * MIN, 0.0);
    }
    let after = Town::default().hazard("rainfall", RAIN).station("H0", "hyd", &[("rainfall", 300)]);
    let registry = after.city().registry(before.city().registry(&[]).rows());
    let mut change = after.configuration(story.now.expect("it ticks"));
    if let domain::record::Record::Configuration { datastreams, .. } = &mut change {
        *datastreams = registry.rows().to_vec();
    }
    story.push(change);
    let told = feeds(&run(&story));
    let of: Vec<&String> = told.iter().filter(|row| row.contains("agency:met")).collect();
    assert_eq!(of, ["feed.silent agency:met @70", "feed.returned agency:met @115"]);
}
