//! Some minutes of a city's day, a tenth of its size, by every door and wrong in every way: what was
//! sent is what was accepted, known, refused and kept aside, by agency, door and reason; and nothing
//! that was acknowledged is lost when the platform is killed in the middle.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use simulators::day::Day;
use system_tests::day::City;
use system_tests::platform::{eventually, scratch};

/// A minute of the day in four seconds.
const SPEED: f64 = 15.0;
/// How often it is killed at the most.
const KILLS_MAX: u64 = 5;
/// How long a stopped platform waits for something to come.
const COMING_MAX: Duration = Duration::from_secs(10);
/// Two minutes of the day take eight seconds, and a busy machine some more.
const DAY_MAX: Duration = Duration::from_secs(50);

fn day(minutes: f64) -> Day {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    Day { seed, size: 1, minutes, speed: SPEED, wrong: 0.02 }
}

fn told(differences: &[String]) {
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_thing_sent_is_accounted_for_by_agency_door_and_reason() {
    let folder = scratch();
    let city = City::start(folder.path(), 1);
    city.sent(city.send(day(2.0)), DAY_MAX);
    told(&city.differences());
    assert!(city.answered() > 2_000, "{}", city.answered());
}

#[test]
fn nothing_acknowledged_is_lost_when_the_platform_is_killed_in_the_middle() {
    let folder = scratch();
    let mut city = City::start(folder.path(), 1);
    let sending = city.send(day(2.0));
    let again = |city: &City| {
        city.ledger(|l| l.whole().values().flatten().map(|(_, e)| e.again).sum::<u64>())
    };
    // Whether something is on its way at the first death is chance; from the second on the platform
    // is stopped until something is.
    for kills in 1..=KILLS_MAX {
        eventually("some of the day", Duration::from_secs(30), || {
            (city.answered() > kills * 400).then_some(())
        });
        if again(&city) > 0 {
            break;
        }
        if kills > 1 {
            city.freeze(COMING_MAX);
        }
        city.die();
        city.live();
    }
    city.sent(sending, DAY_MAX);
    told(&city.differences());
    assert!(again(&city) > 0, "nothing was on its way when it was killed");
}
