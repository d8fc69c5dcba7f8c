//! Any order of arrival within the lateness gives the same finals.

use proptest::prelude::*;

use crate::support::{DISCHARGE, MIN, RAIN, START, Story, Told, Town, run};

/// What was said of settled instants, without who came when.
fn finals(told: &Told) -> Vec<String> {
    let settled = told.decisions.iter().filter(|d| d.kind.wire() == "assessment.final");
    let mut rows: Vec<String> = settled
        .map(|d| {
            let because = d.because.join(" ");
            format!(
                "{} {} {} {}<-{} {:?} {because}",
                d.t, d.hazard, d.place, d.level, d.was, d.value
            )
        })
        .collect();
    rows.sort();
    rows
}

fn town() -> Town {
    Town::default()
        .hazard("rainfall", RAIN)
        .hazard("discharge", &DISCHARGE.replace("step_s = 3600", "step_s = 300"))
        .station("A", "met", &[("rainfall", 300)])
        .station("B", "met", &[("rainfall", 300), ("discharge", 300)])
}

/// Observations in order of arrival; the clock is ahead of them all, so that only order counts.
fn story(town: &Town, arrivals: &[(i64, u32, f64)]) -> Story {
    let mut story = town.story();
    let end = arrivals.iter().map(|(t, ..)| *t).max().unwrap_or(START) + 30 * MIN;
    story.jump(end);
    for (t, stream, value) in arrivals {
        story.seen(*stream, *t, *value);
    }
    // The frame that moves the watermarks past everything.
    for stream in [town.stream("A", "rainfall"), town.stream("B", "discharge")] {
        story.jump(end + 120 * MIN);
        story.seen(stream, end + 120 * MIN, 0.0);
    }
    story
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_shuffle_within_the_lateness(
        rain in proptest::collection::vec((0u8..40, any::<bool>()), 60),
        delays in proptest::collection::vec(0i64..9, 180),
    ) {
        let town = town();
        let streams =
            [town.stream("A", "rainfall"), town.stream("B", "rainfall"), town.stream("B", "discharge")];
        let mut in_order = Vec::new();
        for (step, (value, missing)) in rain.iter().enumerate() {
            let t = START + step as i64 * 5 * MIN;
            for (number, stream) in streams.iter().enumerate() {
                if !(*missing && step % 7 == number) {
                    let value = f64::from(*value) * if number == 2 { 9.0 } else { 0.25 };
                    in_order.push((t, *stream, value));
                }
            }
        }
        let mut shuffled: Vec<_> = in_order.iter().zip(&delays).collect();
        shuffled.sort_by_key(|((t, stream, _), delay)| (t + **delay * MIN, *stream));
        let shuffled: Vec<_> = shuffled.into_iter().map(|(seen, _)| *seen).collect();
        let expected = finals(&run(&story(&town, &in_order)));
        let found = finals(&run(&story(&town, &shuffled)));
        prop_assert!(!expected.is_empty());
        prop_assert_eq!(expected, found);
    }
}
