//! Ages of values, and who speaks for a gauge.

use domain::observation::Quality;
use domain::time::MINUTE_MS;

use super::*;

fn readings() -> Readings {
    let city = crate::desk::tests::city();
    let mut registry = Registry::default();
    registry.number("A", "rainfall");
    registry.number("B", "rainfall");
    Readings::new(&city, &registry)
}

fn seen(minutes: i64, value: f64) -> Observation {
    let t = UtcMs(minutes * MINUTE_MS);
    let quality = Quality::default();
    Observation { datastream: DatastreamIx(0), t, result_time: t, value, quality, backlog: false }
}

#[test]
fn the_newest_wins_and_age_shows() {
    let mut readings = readings();
    assert_eq!(readings.changed(|_| "nodata".into()).len(), 2, "everything is told once");
    readings.hear(&seen(10, 1.0));
    readings.hear(&seen(5, 9.0));
    readings.age(UtcMs(12 * MINUTE_MS));
    let told = readings.changed(|_| "none".into());
    assert_eq!((told.len(), told[0].data.as_str(), told[0].values[0].v), (1, "live", 1.0));
    let of_station = |minutes| readings.streams_of(0, UtcMs(minutes * MINUTE_MS));
    let states = [12, 21, 26].map(|minutes| of_station(minutes)[0].data);
    assert_eq!(states, ["live", "late", "dead"]);
    assert_eq!(readings.streams_of(1, UtcMs(0))[0].data, "never");
    assert!(readings.streams_of(99, UtcMs(0)).is_empty());
    readings.age(UtcMs(21 * MINUTE_MS));
    assert_eq!(readings.changed(|_| "none".into())[0].data, "late");
    readings.age(UtcMs(26 * MINUTE_MS));
    assert_eq!(readings.changed(|_| "none".into())[0].data, "dead");
    assert!(readings.changed(|_| "none".into()).is_empty());
}

#[test]
fn what_is_expected_is_what_holds_now_and_not_what_will_hold() {
    let mut readings = readings();
    let (five, hour) = (5 * MINUTE_MS, 60 * MINUTE_MS);
    let change = 1_000 * MINUTE_MS;
    readings.rows[0].streams[0].intervals = vec![(i64::MIN, five), (change, hour)];
    let mut after = |heard: i64, minutes: i64| {
        readings.hear(&seen(heard, 1.0));
        readings.age(UtcMs(minutes * MINUTE_MS));
        let state = readings.streams_of(0, UtcMs(minutes * MINUTE_MS)).remove(0);
        (state.data, state.interval_ms)
    };
    assert_eq!(after(10, 26), ("dead", five));
    assert_eq!(after(990, 1_001), ("live", hour));
    assert_eq!(after(1_010, 1_131), ("late", hour));
}

#[test]
fn a_clock_that_was_set_back_is_no_silence_and_one_that_catches_up_is_right() {
    let mut readings = readings();
    let of = |readings: &Readings, minutes| {
        let state = readings.streams_of(0, UtcMs(minutes * MINUTE_MS)).remove(0);
        (state.data, state.clock_ms.map(|ms| ms / MINUTE_MS))
    };
    let day = 24 * 60;
    let mut came = |minute: i64, dated: i64| {
        readings.came(UtcMs(minute * MINUTE_MS), &seen(dated, 1.0));
        readings.age(UtcMs(minute * MINUTE_MS));
        let told = readings.changed(|_| "none".into()).into_iter().find(|s| s.ix == 0);
        (of(&readings, minute).0, of(&readings, minute).1, told.map(|s| s.data))
    };
    assert_eq!(came(day, day).0, "live");
    assert_eq!(came(day + 5, 5).0, "live", "the last good one speaks yet");
    assert_eq!(came(day + 10, 10).0, "live");
    assert_eq!(came(day + 15, 15).0, "late");
    let (data, by, station) = came(day + 20, 20);
    assert_eq!((data, by, station.as_deref()), ("clock", Some(-day), Some("clock")));
    // Set right again, it is as before.
    assert_eq!(came(day + 25, day + 25), ("live", None, Some("live".into())));
    // Silent is silent; and what comes late in a heap after a pause is no wrong clock.
    assert_eq!(of(&readings, day + 60), ("dead", None));
    let mut came = |minute: i64, dated: i64| {
        readings.came(UtcMs(minute * MINUTE_MS), &seen(dated, 1.0));
        of(&readings, minute).0
    };
    let heap = [30, 35, 40, 45, 50].map(|dated| came(day + 100, day + dated));
    assert_eq!(heap, ["dead"; 5]);
    let slowly = [(101, 60), (103, 70), (105, 80)].map(|(at, t)| came(day + at, day + t));
    assert_eq!(slowly, ["dead"; 3]);
    // A clock that was behind all the time is wrong, not silent: it is heard.
    for minute in (0..30).step_by(5) {
        came(2 * day + minute, day + 200 + minute);
    }
    assert_eq!(of(&readings, 2 * day + 25).0, "clock");
    assert_eq!(of(&readings, 2 * day + 60).0, "dead", "and then it is not heard");
}

#[test]
fn what_another_says_for_a_gauge_is_named_and_makes_it_no_younger() {
    let mut readings = readings();
    readings.rows[0].streams[0].fallbacks = vec![DatastreamIx(1)];
    readings.hear(&seen(10, 1.0));
    readings.hear(&Observation { datastream: DatastreamIx(1), ..seen(40, 2.0) });
    let completed = Quality { origin: OriginFlag::Completed, ..Quality::default() };
    readings.hear(&Observation { quality: completed, ..seen(40, 2.5) });
    readings.age(UtcMs(41 * MINUTE_MS));
    let told = readings.changed(|_| "none".into());
    let shown = &told[0].values[0];
    assert_eq!((shown.v, shown.origin.as_str()), (2.5, "completed"));
    assert_eq!((shown.source.as_deref(), told[0].data.as_str()), (Some("B"), "dead"));
    let why = |why: &str, minutes: Option<i64>| {
        Some(InsteadView { why: why.into(), since_ms: minutes.map(|m| m * MINUTE_MS) })
    };
    assert_eq!(shown.instead, why("silent", Some(10)));
    assert_eq!(readings.streams_of(0, UtcMs(41 * MINUTE_MS))[0].data, "dead");

    readings.hear(&seen(42, 3.0));
    readings.age(UtcMs(42 * MINUTE_MS));
    let told = readings.changed(|_| "none".into());
    let shown = &told[0].values[0];
    assert_eq!((shown.v, shown.origin.as_str(), told[0].data.as_str()), (3.0, "original", "live"));
    assert_eq!((&shown.source, &shown.instead), (&None, &None));

    // It is heard, and what it says is doubtful: the last that was believed is older.
    let doubtful = Quality { trust: Trust::Doubtful, ..Quality::default() };
    readings.hear(&Observation { quality: doubtful, ..seen(60, 90.0) });
    readings.hear(&Observation { quality: completed, ..seen(64, 3.5) });
    let told = readings.changed(|_| "none".into());
    assert_eq!(told[0].values[0].instead, why("doubtful", Some(42)));
    // Its next doubtful values stand back, of the same instant and of later ones, until the other's
    // word has grown old.
    for minute in [64, 66] {
        readings.hear(&Observation { quality: doubtful, ..seen(minute, 91.0) });
    }
    assert_eq!(readings.changed(|_| "none".into()).len(), 0);
    readings.hear(&Observation { quality: completed, ..seen(66, 3.6) });
    let told = readings.changed(|_| "none".into());
    assert_eq!((told[0].values[0].v, told[0].values[0].t_ms), (3.6, 66 * MINUTE_MS));
    // Another configuration forgets nothing of it.
    let mut registry = Registry::default();
    registry.number("A", "rainfall");
    registry.number("B", "rainfall");
    readings.configure(&crate::desk::tests::city(), &registry);
    let told = readings.changed(|_| "none".into());
    assert_eq!(told[0].values[0].instead, why("doubtful", Some(42)));
    // Then it is not heard at all.
    readings.hear(&Observation { quality: completed, ..seen(90, 3.5) });
    let told = readings.changed(|_| "none".into());
    assert_eq!(told[0].values[0].instead, why("silent", Some(66)));
    readings.hear(&Observation { quality: doubtful, ..seen(120, 92.0) });
    let told = readings.changed(|_| "none".into());
    assert_eq!((told[0].values[0].v, told[0].values[0].trust.as_str()), (92.0, "doubtful"));
}

#[test]
fn a_gauge_that_was_never_heard_is_said_to_be_so_by_who_speaks_for_it() {
    let mut readings = readings();
    readings.rows[0].streams[0].fallbacks = vec![DatastreamIx(1)];
    let completed = Quality { origin: OriginFlag::Completed, ..Quality::default() };
    readings.hear(&Observation { quality: completed, ..seen(40, 2.5) });
    let told = readings.changed(|_| "none".into());
    let never = InsteadView { why: "never".into(), since_ms: None };
    assert_eq!(told[0].values[0].instead, Some(never));
}
