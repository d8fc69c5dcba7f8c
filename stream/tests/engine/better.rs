//! Old news and doubtful news: a backlog amends and raises nothing; a doubtful value is used where
//! nothing better is, for a warning only, and says so.

use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::time::UtcMs;
use stream::recompute::recompute;

use crate::support::{DISCHARGE, HOUR, MIN, RAIN, START, Story, Town, observation, run, seen};

fn rain_town() -> (Town, u32) {
    let town = Town::default().hazard("rainfall", RAIN).station("A", "met", &[("rainfall", 300)]);
    let stream = town.stream("A", "rainfall");
    (town, stream)
}

fn river_town() -> (Town, u32) {
    let town =
        Town::default().hazard("discharge", DISCHARGE).station("A", "hyd", &[("discharge", 600)]);
    let stream = town.stream("A", "discharge");
    (town, stream)
}

fn backlog(story: &mut Story, stream: u32, t: i64, value: f64) {
    story.push(seen(Observation { backlog: true, ..observation(stream, t, value) }));
}

fn doubtful(story: &mut Story, stream: u32, t: i64, value: f64) {
    story.tick(t);
    let quality = Quality { trust: Trust::Doubtful, ..Quality::default() };
    story.push(seen(Observation { quality, ..observation(stream, t, value) }));
}

#[test]
fn a_backlog_is_no_news_until_the_present_says_the_same() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..30).step_by(5) {
        story.at(stream, START + minute * MIN, 0.0);
    }
    // The line was down for two hours; what was stored comes at once, and says that it is old.
    story.tick(START + 150 * MIN);
    for minute in (30..150).step_by(5) {
        backlog(&mut story, stream, START + minute * MIN, 3.0);
    }
    let told = run(&story);
    assert!(told.decisions.iter().all(|d| !d.kind.is_alert()), "{:#?}", told.decisions);
    let amended = told.rows("rainfall", "A").into_iter().rfind(|row| row.contains("amended"));
    assert_eq!(amended.as_deref(), Some("assessment.amended red<-orange @125"), "it is told");
    // The next live value bears it out: now it is news, with the rain of the backlog in its sum.
    story.at(stream, START + 150 * MIN, 3.0);
    let told = run(&story);
    let raised = told.decisions.iter().find(|d| d.kind.wire() == "alert.raised").expect("raised");
    assert_eq!((raised.level.as_str(), raised.value), ("red", Some(75.0)));
}

#[test]
fn the_same_frames_without_the_flag_are_news() {
    let (town, stream) = rain_town();
    let mut story = town.story();
    for minute in (0..30).step_by(5) {
        story.at(stream, START + minute * MIN, 0.0);
    }
    story.tick(START + 150 * MIN);
    for minute in (30..150).step_by(5) {
        story.seen(stream, START + minute * MIN, 3.0);
    }
    let told = run(&story);
    assert!(told.decisions.iter().any(|d| d.kind.wire() == "alert.raised"));
}

#[test]
fn a_backlog_that_fills_a_gap_amends_and_takes_an_alert_back_but_raises_none() {
    let (town, stream) = river_town();
    let mut story = town.story();
    for minute in (0..300).step_by(10).filter(|minute| *minute != 60) {
        story.at(stream, START + minute * MIN, 20.0);
    }
    backlog(&mut story, stream, START + 60 * MIN, 500.0);
    let told = run(&story);
    assert!(told.decisions.iter().all(|d| !d.kind.is_alert()), "{:#?}", told.decisions);
    assert!(
        told.decisions.iter().any(|d| d.kind.wire() == "assessment.amended" && d.level == "red"),
        "what was said of that hour is amended in the open: {:#?}",
        told.decisions
    );
}

#[test]
fn doubtful_values_warn_where_nothing_better_is_and_say_so() {
    let (town, stream) = river_town();
    let mut story = town.story();
    for minute in (0..60).step_by(10) {
        story.at(stream, START + minute * MIN, 20.0);
    }
    // While the last believed value speaks, a doubtful one says nothing.
    doubtful(&mut story, stream, START + 60 * MIN, 400.0);
    assert!(run(&story).decisions.iter().all(|d| !d.kind.is_alert()), "a spike by itself");
    for minute in (70..120).step_by(10) {
        doubtful(&mut story, stream, START + minute * MIN, 400.0);
    }
    let told = run(&story);
    let raised = told.decisions.iter().find(|d| d.kind.wire() == "alert.raised").expect("raised");
    assert_eq!((raised.level.as_str(), raised.value), ("red", Some(400.0)));
    assert_eq!(raised.trust, Some(Trust::Doubtful), "it says what it is made of");
    let line = serde_json::to_string(raised).expect("a line");
    assert!(line.ends_with("\"trust\":\"doubtful\"}"), "{line}");
    // And it recomputes from the observations it names.
    let city = std::sync::Arc::new(town.city());
    let rows = vec![("A".to_owned(), "discharge".to_owned())];
    let plan = stream::plan::Plan::compile(city, &rows, START, None);
    let t = raised.because[0].split(':').nth(2).and_then(|t| t.parse().ok()).expect("an instant");
    let quality = Quality { trust: Trust::Doubtful, ..Quality::default() };
    let named = Observation { quality, ..observation(stream, t, 400.0) };
    let again = recompute(&plan, raised, &[named]).expect("recomputed");
    assert!(again.agrees(&plan, raised), "{again:?}");
}

#[test]
fn a_gauge_that_is_stuck_at_a_low_level_is_no_good_news() {
    let (town, stream) = river_town();
    let mut story = town.story();
    for minute in (0..60).step_by(10) {
        story.at(stream, START + minute * MIN, 20.0);
    }
    for minute in (60..600).step_by(10) {
        doubtful(&mut story, stream, START + minute * MIN, 20.0);
    }
    let told = run(&story);
    let last = told.rows("discharge", "A").into_iter().rfind(|row| !row.contains("final"));
    assert_eq!(last.as_deref(), Some("assessment nodata<-none @80"), "{:#?}", told.decisions);
}

#[test]
fn what_was_filled_in_gives_way_to_what_was_measured() {
    let (town, stream) = river_town();
    let t = START + 60 * MIN;
    let quality = Quality { origin: OriginFlag::Completed, ..Quality::default() };
    let filled = Observation { quality, ..observation(stream, t, 400.0) };
    let measured = observation(stream, t, 20.0);
    for order in [[filled, measured], [measured, filled]] {
        let mut story = town.story();
        for minute in (0..60).step_by(10) {
            story.at(stream, START + minute * MIN, 20.0);
        }
        story.tick(t);
        order.into_iter().for_each(|one| story.push(seen(one)));
        for minute in (70..300).step_by(10) {
            story.at(stream, START + minute * MIN, 20.0);
        }
        let told = run(&story);
        let finals = told.decisions.iter().filter(|d| d.kind.wire() == "assessment.final");
        assert!(finals.clone().all(|d| d.level != "red"), "{:#?}", told.decisions);
        assert!(t + HOUR > START, "the instant was settled");
    }
}

#[test]
fn what_was_filled_in_holds_where_what_was_measured_is_doubtful_in_any_order() {
    let (town, stream) = river_town();
    let completed = Quality { origin: OriginFlag::Completed, ..Quality::default() };
    let doubtful = Quality { trust: Trust::Doubtful, ..Quality::default() };
    let t = START + 10 * MIN;
    // The gauge is stuck at 20; the other says 400 in its place.
    let stuck = Observation { quality: doubtful, ..observation(stream, t, 20.0) };
    let filled = Observation { quality: completed, ..observation(stream, t, 400.0) };
    let raised = |story: &Story| run(story).rows("discharge", "A");
    for order in [[stuck, filled], [filled, stuck]] {
        let mut story = town.story();
        story.at(stream, START, 20.0);
        story.tick(t);
        order.into_iter().for_each(|one| story.push(seen(one)));
        let rows = raised(&story);
        assert!(rows.iter().any(|row| row.starts_with("alert.raised red")), "{rows:#?}");
        // What the gauge's own office says of it later, and is no doubt, holds.
        let result_time = UtcMs(t + 1);
        let mended = Observation { result_time, ..observation(stream, t, 20.0) };
        story.push(seen(mended));
        story.push(seen(Observation { result_time: UtcMs(t + 2), ..filled }));
        let rows = raised(&story);
        assert!(rows.iter().any(|row| row.starts_with("alert.amended")), "{rows:#?}");
        // And where it takes that back as unreliable, the other speaks again.
        let quality = Quality { trust: Trust::Unreliable, ..Quality::default() };
        story.push(seen(Observation { quality, result_time: UtcMs(t + 3), ..mended }));
        let rows = raised(&story);
        assert_eq!(
            rows.last().map(String::as_str),
            Some("alert.raised red<-none @10"),
            "{rows:#?}"
        );
        assert_eq!(rows.iter().filter(|row| row.starts_with("alert.raised")).count(), 2);
    }
}

#[test]
fn a_gauge_that_another_speaks_for_has_data_but_is_still_silent() {
    let town = Town::default()
        .hazard("discharge", DISCHARGE)
        .station("A", "hyd", &[("discharge", 600)])
        .station("B", "hyd", &[("discharge", 600)]);
    let (a, b) = (town.stream("A", "discharge"), town.stream("B", "discharge"));
    let mut story = town.story();
    let quality = Quality { origin: OriginFlag::Completed, ..Quality::default() };
    for minute in (0..240).step_by(10) {
        let t = START + minute * MIN;
        story.at(b, t, 50.0);
        if minute < 60 {
            story.seen(a, t, 50.0);
        } else if (100..160).contains(&minute) {
            story.push(seen(Observation { quality, ..observation(a, t, 50.0) }));
        }
    }
    let told = run(&story);
    let mut rows = told.rows("discharge", "A");
    rows.retain(|row| row.starts_with("assessment ") || row.starts_with("alert"));
    assert_eq!(
        rows,
        [
            "assessment yellow<-nodata @0",
            "alert.raised yellow<-none @0",
            "assessment nodata<-yellow @80",
            "assessment yellow<-nodata @100",
            "assessment nodata<-yellow @180",
        ]
        .map(str::to_owned),
        "{:#?}",
        told.decisions
    );
    let feed = told.rows("feed", "A");
    assert_eq!(feed.len(), 1, "silent once, and not back: {feed:?}");
}

#[test]
fn a_gauge_that_is_stuck_and_then_dead_is_silent_though_another_speaks_for_it_all_the_time() {
    let town = Town::default()
        .hazard("discharge", DISCHARGE)
        .station("A", "hyd", &[("discharge", 600)])
        .station("B", "hyd", &[("discharge", 600)])
        .file(
            "quality.toml",
            "[[fallback]]\nstation = \"A\"\nproperty = \"discharge\"\nsource = \"B\"\n",
        );
    let (a, b) = (town.stream("A", "discharge"), town.stream("B", "discharge"));
    let mut story = town.story();
    let quality = Quality { origin: OriginFlag::Completed, ..Quality::default() };
    for minute in (0..240).step_by(10) {
        let t = START + minute * MIN;
        story.at(b, t, 50.0);
        if minute < 120 {
            doubtful(&mut story, a, t, 50.0);
        }
        story.push(seen(Observation { quality, ..observation(a, t, 50.0) }));
    }
    let feed = run(&story).rows("feed", "A");
    assert_eq!(feed.len(), 1, "silent once: {feed:?}");
}

#[test]
fn evidence_that_is_called_unreliable_takes_its_alert_back_and_missing_data_does_not() {
    let (town, stream) = river_town();
    let mut story = town.story();
    story.at(stream, START, 400.0);
    let told = run(&story);
    assert_eq!(told.rows("discharge", "A").len(), 2, "{:#?}", told.decisions);
    story.tick(START + 120 * MIN);
    let told = run(&story);
    assert!(told.decisions.iter().all(|d| d.kind.wire() != "alert.cleared"), "silence clears none");
    let quality = Quality { trust: Trust::Unreliable, ..Quality::default() };
    let result_time = domain::time::UtcMs(START + 120 * MIN);
    story.push(seen(Observation { quality, result_time, ..observation(stream, START, 400.0) }));
    let told = run(&story);
    let last: Vec<String> = told.rows("discharge", "A").into_iter().rev().take(2).collect();
    assert_eq!(last, ["alert.cleared none<-red @0", "alert.amended none<-red @0"]);
}
