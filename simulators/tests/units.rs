//! A unit's own mind: every state with everything that can come, and what it says.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use domain::ids::UnitId;
use domain::report::{TaskReport, UnitReport};
use domain::time::UtcMs;
use simulators::scenario::UnitManners;
use simulators::units::{Doing, Order, Responder};
use simulators::world::Chance;

const START: UtcMs = UtcMs(1_789_135_200_000);

fn willing() -> UnitManners {
    UnitManners {
        refusal: 0.0,
        answer_s: [20.0, 20.0],
        work_min: [10.0, 10.0],
        boats_stay_in_m_s: 24.5,
    }
}

fn unit(kind: &str, manners: UnitManners) -> Responder {
    let id = UnitId::new("boat-01").unwrap();
    Responder::new(id, kind, (112.78, 22.25), manners, Chance::new(5), START)
}

fn order(text: &str) -> Order {
    Order::read(text.as_bytes()).unwrap()
}

fn after(seconds: i64) -> UtcMs {
    START.plus_ms(seconds * 1000)
}

fn said(reports: &[UnitReport]) -> Vec<TaskReport> {
    reports.iter().filter_map(|r| r.report).collect()
}

#[test]
fn an_order_goes_its_way_from_acceptance_to_done() {
    use TaskReport::{Accept, Done, EnRoute, OnScene};
    let mut boat = unit("boat", willing());
    let to = order(r#"{"task":"T-7","text":"go","lon":112.80,"lat":22.27,"due":5}"#);
    assert!(said(&boat.order(to, START)).is_empty(), "it reads the order first");
    assert!(said(&boat.pass(after(19), 5.0)).is_empty());
    assert_eq!(said(&boat.pass(after(20), 5.0)), [Accept, EnRoute]);
    let (mut words, mut places, mut now) = (Vec::new(), 0, 20);
    while boat.doing() != &Doing::Ready {
        now += 10;
        assert!(now < 7200, "it never comes to an end: {:?}", boat.doing());
        for report in boat.pass(after(now), 5.0) {
            match report.report {
                Some(word) => words.push((word, now)),
                None => places += 1,
            }
            assert_eq!(report.t, after(now));
            assert!(report.lon.is_some() && report.lat.is_some());
        }
    }
    let [(OnScene, there), (Done, done)] = words[..] else { panic!("{words:?}") };
    // About 3 km at 45 km/h, ten minutes of work.
    assert!((230..310).contains(&there), "there after {there} s");
    assert!((595..=610).contains(&(done - there)), "{done} {there}");
    assert!((3..=5).contains(&places), "{places} positions on the way");
    assert!((boat.at().0 - 112.80).abs() < 1e-9 && (boat.at().1 - 22.27).abs() < 1e-9);
}

#[test]
fn what_a_unit_says_in_each_state() {
    use TaskReport::{Accept, Refuse};
    let deciding = || {
        let mut boat = unit("boat", willing());
        boat.order(order(r#"{"task":"T-1"}"#), START);
        boat
    };
    let travelling = || {
        let mut boat = deciding();
        assert_eq!(said(&boat.pass(after(20), 0.0)).first(), Some(&Accept));
        boat
    };
    // Another order while busy is sent back; the same order again changes nothing.
    for mut boat in [deciding(), travelling()] {
        let other = boat.order(order(r#"{"task":"T-2"}"#), after(21));
        assert_eq!(said(&other), [Refuse]);
        assert_eq!(other[0].note.as_deref(), Some("已有任务在身"));
    }
    assert!(deciding().order(order(r#"{"task":"T-1"}"#), after(1)).is_empty());
    let again = travelling().order(order(r#"{"task":"T-1"}"#), after(21));
    assert_eq!(said(&again), [TaskReport::EnRoute], "an order that comes twice is answered alike");
    // A withdrawn order ends it; one that is not its own does not.
    let withdrawn = r#"{"task":"T-1","withdrawn":"误派"}"#;
    for mut boat in [deciding(), travelling()] {
        boat.order(order(&withdrawn.replace("T-1", "T-9")), after(22));
        assert_ne!(boat.doing(), &Doing::Ready);
        boat.order(order(withdrawn), after(22));
        assert_eq!(boat.doing(), &Doing::Ready);
    }
    // Nothing is said of a task by a unit that has none.
    assert!(said(&unit("pump", willing()).pass(after(9), 0.0)).is_empty());
}

#[test]
fn a_refusal_gives_its_reason() {
    let mut boat = unit("boat", willing());
    boat.order(order(r#"{"task":"T-1"}"#), START);
    let reports = boat.pass(after(20), 26.0);
    assert_eq!(said(&reports), [TaskReport::Refuse]);
    assert!(reports[0].note.as_ref().unwrap().contains("10 级"));
    let mut pump = unit("pump", willing());
    pump.order(order(r#"{"task":"T-1"}"#), START);
    assert_eq!(said(&pump.pass(after(20), 26.0)).first(), Some(&TaskReport::Accept), "a pump goes");
    let unwilling = UnitManners { refusal: 1.0, ..willing() };
    let mut pump = unit("pump", unwilling);
    pump.order(order(r#"{"task":"T-1"}"#), START);
    let reports = pump.pass(after(20), 0.0);
    assert_eq!(said(&reports), [TaskReport::Refuse]);
    assert!(reports[0].note.is_some());
}

#[test]
fn refusals_come_at_their_rate() {
    let manners = UnitManners { refusal: 0.1, ..willing() };
    let mut pump = unit("pump", manners);
    let (mut refused, mut now) = (0, START);
    for task in 1..=1000 {
        pump.order(order(&format!(r#"{{"task":"T-{task}"}}"#)), now);
        while pump.doing() != &Doing::Ready {
            now = now.plus_ms(600_000);
            refused +=
                said(&pump.pass(now, 0.0)).iter().filter(|r| **r == TaskReport::Refuse).count();
        }
    }
    assert!((70..130).contains(&refused), "{refused} of 1000");
}

#[test]
fn what_is_no_order_is_told_apart() {
    assert!(Order::read(b"{}").is_err() && Order::read(b"go!").is_err());
    assert!(Order::read(br#"{"task":"17"}"#).is_err(), "a task is T- and a number");
    let view = r#"{"task":"T-3","incident":"I-9","text":"x","due":5,"status":"actual","more":[1]}"#;
    assert_eq!(order(view).task.to_string(), "T-3");
}
