//! A hazard of two properties of which one is not heard: the other raises alone, and calls nothing
//! calm. No data is not no risk.

use domain::observation::{Observation, Quality, Trust};

use crate::recompute::all_agree;
use crate::support::{MIN, START, Story, Town, observation, run, seen};

const GALE: &str = "hazard = \"gale\"\nsource = \"city policy\"\n\
    [[threshold]]\nlevel = \"blue\"\nproperty = \"wind_speed\"\nat_least = 10.8\n\
    [[threshold]]\nlevel = \"yellow\"\nproperty = \"wind_gust\"\nat_least = 20.8\n";

/// A mast with both, and one with the mean alone.
fn town() -> Town {
    Town::default()
        .station("W", "met", &[("wind_speed", 300), ("wind_gust", 300)])
        .station("M", "met", &[("wind_speed", 300)])
        .hazard("gale", GALE)
}

/// Both masts have the mean every five minutes from minute `from` to `to`; `gust` where it is heard.
fn wind(town: &Town, story: &mut Story, (from, to): (i64, i64), mean: f64, gust: Option<f64>) {
    for minute in (from..to).step_by(5) {
        let t = START + minute * MIN;
        if let Some(gust) = gust {
            story.at(town.stream("W", "wind_gust"), t, gust);
        }
        story.at(town.stream("W", "wind_speed"), t, mean);
        story.at(town.stream("M", "wind_speed"), t, mean);
    }
}

#[test]
fn a_mast_whose_gusts_are_silent_is_without_data_and_not_calm() {
    let town = town();
    let mut story = town.story();
    wind(&town, &mut story, (0, 30), 5.0, Some(9.0));
    wind(&town, &mut story, (30, 90), 5.0, None);
    wind(&town, &mut story, (90, 120), 5.0, Some(9.0));
    let told = run(&story);
    assert_eq!(
        told.rows("gale", "W"),
        [
            "assessment none<-nodata @0",
            "assessment.final none<-nodata @0",
            "assessment nodata<-none @40",
            "assessment.final nodata<-none @40",
            "assessment none<-nodata @90",
            "assessment.final none<-nodata @90",
        ]
    );
    let said = told.decisions.iter().find(|d| d.place == "W" && d.level == "nodata").unwrap();
    assert_eq!(said.value, None, "the mean is no measure of what is not heard");
    // Who measures one of the two is judged by that.
    assert_eq!(
        told.rows("gale", "M"),
        ["assessment none<-nodata @0", "assessment.final none<-nodata @0"]
    );
    all_agree(&town, &story);
}

#[test]
fn doubtful_gusts_are_no_good_news_either() {
    let town = town();
    let mut story = town.story();
    wind(&town, &mut story, (0, 30), 5.0, Some(9.0));
    for minute in (30..60).step_by(5) {
        let t = START + minute * MIN;
        wind(&town, &mut story, (minute, minute + 5), 5.0, None);
        let quality = Quality { trust: Trust::Doubtful, ..Quality::default() };
        let gust = observation(town.stream("W", "wind_gust"), t, 9.0);
        story.push(seen(Observation { quality, ..gust }));
    }
    let rows = run(&story).rows("gale", "W");
    assert_eq!(
        rows.last().map(String::as_str),
        Some("assessment.final nodata<-none @40"),
        "{rows:?}"
    );
}

#[test]
fn the_one_that_is_heard_raises_alone_and_ends_what_it_has_raised() {
    let town = town();
    let mut story = town.story();
    wind(&town, &mut story, (0, 30), 5.0, Some(9.0));
    wind(&town, &mut story, (30, 60), 5.0, None);
    wind(&town, &mut story, (60, 70), 12.0, None);
    wind(&town, &mut story, (70, 90), 5.0, None);
    let told = run(&story);
    let alerts = || told.decisions.iter().filter(|d| d.kind.is_alert() && d.place == "W");
    let kinds: Vec<(&str, &str, Option<f64>)> =
        alerts().map(|d| (d.kind.wire(), d.level.as_str(), d.value)).collect();
    assert_eq!(
        kinds,
        [("alert.raised", "blue", Some(12.0)), ("alert.cleared", "none", Some(5.0))],
        "an alert of the mean ends by the mean"
    );
    let rows = told.rows("gale", "W");
    assert!(
        rows.contains(&"assessment nodata<-blue @70".to_owned()),
        "the place stays unknown: {rows:?}"
    );
    assert!(all_agree(&town, &story) >= 2);
}

#[test]
fn what_the_gusts_raised_is_not_ended_by_the_mean() {
    let town = town();
    let mut story = town.story();
    wind(&town, &mut story, (0, 30), 5.0, Some(25.0));
    wind(&town, &mut story, (30, 120), 5.0, None);
    let told = run(&story);
    let kinds: Vec<&str> =
        told.decisions.iter().filter(|d| d.kind.is_alert()).map(|d| d.kind.wire()).collect();
    assert_eq!(kinds, ["alert.raised"]);
}
