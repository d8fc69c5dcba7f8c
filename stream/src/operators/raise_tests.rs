//! Hysteresis and holds, as tables: each row is an assessment, and the step that must follow it.

use super::*;

const MIN: i64 = 60_000;

fn holds(raise_min: i64, clear_min: i64) -> Holds {
    Holds { raise_ms: raise_min * MIN, clear_ms: clear_min * MIN, speaks_ms: 15 * MIN }
}

/// `(minute, level met, rank that holds less the margin, Some((was, now)))`.
type Moment = (i64, u8, u8, Option<(u8, u8)>);

fn play(holds: &Holds, rows: &[Moment]) {
    let mut slot = None;
    for (minute, level, held, expected) in rows {
        let level = if *level == 0 { Level::None } else { Level::At(*level) };
        let sample = Sample { t: minute * MIN, level, held: *held, property: 0, blind: false };
        let step = raise(&mut slot, &sample, holds).map(|s| (s.was, s.now));
        assert_eq!(step, *expected, "at minute {minute}");
    }
}

#[test]
fn without_holds_the_alert_follows_the_level() {
    play(
        &holds(0, 0),
        &[
            (0, 0, 0, None),
            (5, 2, 2, Some((0, 2))),
            (10, 2, 2, None),
            (15, 4, 4, Some((2, 4))),
            (20, 1, 1, Some((4, 1))),
            (25, 0, 0, Some((1, 0))),
            (30, 3, 3, Some((0, 3))),
        ],
    );
}

#[test]
fn a_level_must_hold_before_it_is_raised() {
    play(
        &holds(10, 0),
        &[
            (0, 1, 1, None),
            (5, 1, 1, None),
            (10, 1, 1, Some((0, 1))),
            (15, 2, 2, None),
            (20, 1, 1, None),
            (25, 2, 2, None),
            (30, 2, 2, None),
            (35, 2, 2, Some((1, 2))),
        ],
    );
}

#[test]
fn a_short_dip_does_not_clear() {
    play(
        &holds(0, 10),
        &[
            (0, 2, 2, Some((0, 2))),
            (5, 0, 0, None),
            (10, 2, 2, None),
            (15, 0, 0, None),
            (20, 0, 0, None),
            (25, 0, 0, Some((2, 0))),
        ],
    );
}

#[test]
fn it_steps_down_by_what_has_been_left_long_enough() {
    play(
        &holds(0, 10),
        &[
            (0, 3, 3, Some((0, 3))),
            (5, 1, 1, None),
            (10, 0, 0, None),
            (15, 0, 0, Some((3, 1))),
            (20, 0, 0, Some((1, 0))),
        ],
    );
}

#[test]
fn within_the_margin_it_stays() {
    play(
        &holds(0, 0),
        &[(0, 2, 2, Some((0, 2))), (5, 1, 2, None), (10, 0, 2, None), (15, 0, 1, Some((2, 1)))],
    );
}

#[test]
fn a_gap_in_the_evidence_begins_the_holds_anew() {
    play(
        &holds(10, 0),
        &[(0, 1, 1, None), (20, 1, 1, None), (25, 1, 1, None), (30, 1, 1, Some((0, 1)))],
    );
}

#[test]
fn no_data_raises_nothing_and_clears_nothing() {
    let mut slot = None;
    let holds = holds(0, 0);
    let at =
        |minute, level, held| Sample { t: minute * MIN, level, held, property: 0, blind: false };
    assert!(raise(&mut slot, &at(0, Level::NoData, 0), &holds).is_none());
    assert!(raise(&mut slot, &at(1, Level::At(2), 2), &holds).is_some());
    assert!(raise(&mut slot, &at(2, Level::NoData, 0), &holds).is_none());
    assert_eq!(slot.as_ref().map(|s| s.rank), Some(2));
}

#[test]
fn what_a_silent_property_raised_another_does_not_clear() {
    let mut slot = None;
    let holds = holds(0, 0);
    let gust = Sample { t: 0, level: Level::At(3), held: 3, property: 1, blind: false };
    assert!(raise(&mut slot, &gust, &holds).is_some());
    let mean = Sample { t: 5 * MIN, level: Level::None, held: 0, property: 0, blind: true };
    assert!(raise(&mut slot, &mean, &holds).is_none());
    let both = Sample { blind: false, t: 6 * MIN, ..mean };
    assert_eq!(raise(&mut slot, &both, &holds).map(|s| s.now), Some(0));
}

#[test]
fn an_alert_raised_on_a_value_that_was_wrong_is_amended_at_once() {
    let mut slot = None;
    let wrong = Sample { t: 0, level: Level::At(4), held: 4, property: 0, blind: false };
    raise(&mut slot, &wrong, &holds(0, 60));
    assert_eq!(amend(&mut slot, 4), None);
    assert_eq!(amend(&mut slot, 1).map(|s| (s.was, s.now)), Some((4, 1)));
    assert_eq!(amend(&mut slot, 0).map(|s| (s.was, s.now)), Some((1, 0)));
    assert!(slot.is_none());
}
