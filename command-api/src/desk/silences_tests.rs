//! The silences of one place are one alert, which stands until all of them have ended.

use domain::decision::{Decision, DecisionKind};
use domain::ids::Seq;
use domain::time::{MINUTE_MS, UtcMs};

use super::picture::Alert;
use super::{Happening, Picture, evolve};

const T0: UtcMs = UtcMs(1_781_118_300_000);

/// A line of a silence: at this journal number, about so many minutes after the beginning.
pub(crate) fn line(seq: u64, minute: i64, kind: DecisionKind, place: &str, rule: &str) -> Decision {
    let silent = kind == DecisionKind::FeedSilent;
    let (level, was) = if silent { ("nodata", "none") } else { ("none", "nodata") };
    Decision {
        seq: Some(Seq(seq)),
        t: T0.plus_ms(minute * MINUTE_MS).rfc3339(28_800),
        kind,
        hazard: "feed".into(),
        place: place.into(),
        level: level.into(),
        was: was.into(),
        value: None,
        because: Vec::new(),
        rule: rule.into(),
        alert: None,
        trust: None,
    }
}

/// A station's two datastreams fall silent one after the other and come back in that order.
pub(crate) fn two_of_one_station() -> Vec<Decision> {
    use DecisionKind::{FeedReturned, FeedSilent};
    let rule = |of: &str| format!("{of}: silence is 3 expected intervals without a frame");
    vec![
        line(10, 1, FeedSilent, "A", &rule("rainfall")),
        line(20, 9, FeedSilent, "A", &rule("stage gust")),
        line(30, 20, FeedReturned, "A", &rule("rainfall")),
        line(40, 21, FeedReturned, "A", &rule("stage")),
        line(50, 22, FeedReturned, "A", "gust: withdrawn from the configuration"),
        line(60, 99, FeedSilent, "A", &rule("rainfall")),
    ]
}

fn after(lines: &[Decision]) -> Vec<Alert> {
    let mut picture = Picture::default();
    for line in lines {
        evolve(&mut picture, Happening::Decided(line));
        // What was taken is not taken twice.
        evolve(&mut picture, Happening::Decided(&lines[0]));
    }
    picture.alerts.into_values().collect()
}

#[test]
fn a_stations_silences_are_one_alert_until_the_last_has_ended() {
    let lines = two_of_one_station();
    for (upto, standing) in [
        (1, "rainfall: silence"),
        (2, "gust rainfall stage: silence"),
        (3, "gust stage: silence"),
        (4, "gust: silence"),
    ] {
        let alerts = after(&lines[..upto]);
        assert_eq!(alerts.len(), 1, "after {upto}");
        let told = alerts[0].told.as_ref().unwrap();
        assert_eq!((told.cleared, told.level.as_str()), (None, "nodata"), "after {upto}");
        assert!(told.rule.starts_with(standing), "after {upto}: {}", told.rule);
    }
    let told = after(&lines[..5]).remove(0).told.unwrap();
    assert_eq!(told.cleared, Some(T0.plus_ms(22 * MINUTE_MS)));
    assert_eq!(told.rule, "gust: withdrawn from the configuration");
    let said = |line: &Decision| super::told::line(line, T0, String::new()).what;
    assert_eq!(
        (said(&lines[3]), said(&lines[4])),
        ("feed.returned".into(), "feed.withdrawn".into())
    );
    // The next silence is an alert of its own.
    let cleared: Vec<bool> =
        after(&lines).iter().map(|a| a.told.as_ref().unwrap().cleared.is_some()).collect();
    assert!(cleared == [true, false] || cleared == [false], "{cleared:?}");
}

#[test]
fn two_silences_that_one_tick_finds_are_both_told() {
    let mut lines = two_of_one_station();
    lines[1].seq = lines[0].seq;
    assert!(after(&lines[..3])[0].told.as_ref().unwrap().cleared.is_none());
    assert!(after(&lines[..5])[0].told.as_ref().unwrap().cleared.is_some());
}

#[test]
fn an_agencys_silence_is_over_when_it_is_heard_or_nothing_is_expected_of_it() {
    let overdue = "every station of the agency is overdue";
    for end in [overdue, "withdrawn from the configuration"] {
        let lines = [
            line(10, 1, DecisionKind::FeedSilent, "agency:met", overdue),
            line(20, 5, DecisionKind::FeedReturned, "agency:met", end),
        ];
        assert!(after(&lines[..1])[0].told.as_ref().unwrap().cleared.is_none());
        assert!(after(&lines).iter().all(|a| a.told.as_ref().unwrap().cleared.is_some()), "{end}");
    }
}
