//! A clock that is wrong is never good news: a sender's that is behind, drifts, or is set back by an
//! hour, a time zone or a day, and the platform's own where it jumps.

use domain::observation::Observation;
use domain::record::Record;
use domain::refusal::Channel;
use domain::time::UtcMs;

use crate::support::{DISCHARGE, MIN, START, Story, Told, Town, observation, run};

const FLOOD_FROM: i64 = 120;
const END: i64 = 600;

/// The gauge's value at a minute of the true time: a flood from [`FLOOD_FROM`] on.
fn water(minute: i64) -> f64 {
    if minute < FLOOD_FROM { 20.0 } else { 400.0 }
}

/// An observation that is heard at `received` and dated `t`.
fn heard(story: &mut Story, stream: u32, received: i64, t: i64, value: f64) {
    story.tick(received);
    let observation: Observation = observation(stream, t, value);
    let received = UtcMs(received);
    story.push(Record::Observation { received, channel: Channel::File, observation });
}

/// Two gauges every ten minutes; the clock of the first is behind by so many minutes.
fn behind_by(minutes: impl Fn(i64) -> i64) -> Told {
    let town = Town::default()
        .hazard("discharge", DISCHARGE)
        .station("A", "hyd", &[("discharge", 600)])
        .station("B", "hyd", &[("discharge", 600)]);
    let (a, b) = (town.stream("A", "discharge"), town.stream("B", "discharge"));
    let mut story = town.story();
    for minute in (0..END).step_by(10) {
        let t = START + minute * MIN;
        story.at(b, t, 20.0);
        heard(&mut story, a, t, t - minutes(minute) * MIN, water(minute));
    }
    run(&story)
}

fn alerts(told: &Told) -> Vec<String> {
    let mut rows = told.rows("discharge", "A");
    rows.retain(|row| row.starts_with("alert"));
    rows
}

/// The level that stands at the end of what was told of A.
fn stands(told: &Told) -> String {
    let rows = told.rows("discharge", "A");
    let last = rows.iter().rfind(|row| row.starts_with("assessment ")).expect("a level");
    last.split([' ', '<']).nth(1).expect("a level").to_owned()
}

#[test]
fn a_clock_that_was_always_behind_alarms_all_the_same() {
    for behind in [10, 20, 29, 30, 60, 8 * 60, 24 * 60, 30 * 24 * 60] {
        let told = behind_by(|_| behind);
        let begins = FLOOD_FROM - behind;
        assert_eq!(alerts(&told), [format!("alert.raised red<-none @{begins}")], "{behind} min");
        assert_eq!(stands(&told), "red", "{behind} min");
        // Late is not silent, and does not come and go.
        assert_eq!(told.rows("feed", "A"), Vec::<String>::new(), "{behind} min");
    }
}

#[test]
fn a_clock_that_drifts_alarms_and_is_not_told_silent_and_back_with_each_frame() {
    for drift in [5, 30, 60, 120] {
        let told = behind_by(|minute| drift * minute / END);
        assert_eq!(alerts(&told).len(), 1, "{drift} min in ten hours: {:?}", alerts(&told));
        assert_eq!(stands(&told), "red", "{drift} min in ten hours");
        assert_eq!(told.rows("feed", "A"), Vec::<String>::new(), "{drift} min in ten hours");
    }
}

#[test]
fn a_clock_that_is_set_back_before_a_flood_leaves_no_good_level_standing() {
    // From just before the flood: an hour (a summer time), eight (a time zone), a day, a month.
    for back in [30, 60, 8 * 60, 24 * 60, 30 * 24 * 60] {
        let told = behind_by(|minute| if minute < FLOOD_FROM - 10 { 0 } else { back });
        let silent = told.rows("feed", "A");
        assert_eq!(
            silent.first().map(String::as_str),
            Some("feed.silent nodata<-none @130"),
            "{back} min: somebody is told within three intervals"
        );
        let rows = told.rows("discharge", "A");
        assert!(rows.contains(&"assessment nodata<-none @130".to_owned()), "{back}: {rows:#?}");
        assert_ne!(stands(&told), "none", "{back} min: no data is not no danger");
        // As soon as its clock is past the instant of its silence, it counts again.
        if FLOOD_FROM + 10 + back < END {
            assert_eq!(alerts(&told), ["alert.raised red<-none @130"], "{back} min");
            assert_eq!((silent.len(), stands(&told).as_str()), (2, "red"), "{back}: {silent:?}");
        }
    }
}

#[test]
fn the_platforms_clock_jumps_and_nobody_is_silent_for_it_and_the_flood_is_told() {
    // Forward by nine minutes, an hour, six hours and a year; then it stands until the time is there.
    for ahead in [9, 60, 360, 525_600] {
        let town = Town::default()
            .hazard("discharge", DISCHARGE)
            .station("A", "hyd", &[("discharge", 600)])
            .station("B", "hyd", &[("discharge", 600)]);
        let (a, b) = (town.stream("A", "discharge"), town.stream("B", "discharge"));
        let mut story = town.story();
        for minute in (0..900).step_by(10) {
            let t = START + minute * MIN;
            match minute - FLOOD_FROM {
                0 => story.jump(t + ahead * MIN),
                since if (0..=ahead).contains(&since) => {}
                _ => story.tick(t),
            }
            story.seen(a, t, if minute < 300 { 20.0 } else { 400.0 });
            story.seen(b, t, 20.0);
        }
        let told = run(&story);
        assert_eq!(alerts(&told), ["alert.raised red<-none @300"], "{ahead} min ahead");
        for place in ["A", "B", "agency:hyd"] {
            assert_eq!(
                told.rows("feed", place),
                Vec::<String>::new(),
                "{ahead} min ahead: {place}"
            );
        }
    }
}
