//! Manual corrections in situations: what is known is said anew, what comes is corrected as it comes,
//! and what was sent stays in the record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use domain::correction::{Correction, CorrectionAct};
use domain::ids::StationId;
use domain::observation::{Observation, OriginFlag, Trust};
use domain::record::Record;
use domain::time::UtcMs;
use support::{House, NOW};

const MINUTE: i64 = 60_000;

fn at(minute: i64) -> UtcMs {
    NOW.plus_ms(minute * MINUTE)
}

fn correction(act: CorrectionAct, from: i64, until: i64) -> Correction {
    Correction {
        id: 1,
        station: StationId::new("R-1").unwrap(),
        property: "discharge".into(),
        act,
        from: at(from),
        until: at(until),
        reason: "the zero has moved".into(),
        by: "wang".into(),
        at: at(0),
        withdrawn: None,
    }
}

async fn send(house: &House, minute: i64, v: f64) {
    let body =
        format!(r#"{{"station":"R-1","property":"discharge","t":{},"v":{v}}}"#, at(minute).0);
    house.send("hydro", &body).await;
}

async fn correct(house: &House, list: &[Correction]) -> bool {
    let (admission, list) = (house.admission.clone(), list.to_vec());
    let submitted = tokio::task::spawn_blocking(move || admission.correct(&list)).await.unwrap();
    let any = submitted.is_some();
    if let Some(admitted) = submitted {
        admitted.durable().await.unwrap();
    }
    any
}

/// Of each instant the value that holds, by the engine's rule: `(minute, value, trust, origin)`.
fn holding(house: &House) -> Vec<(i64, f64, Trust, OriginFlag)> {
    let mut found: std::collections::BTreeMap<i64, Observation> = Default::default();
    for record in house.records() {
        let Record::Observation { observation: seen, .. } = record else { continue };
        let slot = found.entry(seen.t.0).or_insert(seen);
        if (seen.result_time, seen.content_crc()) > (slot.result_time, slot.content_crc()) {
            *slot = seen;
        }
    }
    let row = |seen: Observation| {
        ((seen.t.0 - NOW.0) / MINUTE, seen.value, seen.quality.trust, seen.quality.origin)
    };
    found.into_values().map(row).collect()
}

fn open(dir: &Path) -> House {
    House::open(dir, true)
}

#[tokio::test]
async fn what_an_offset_moves_out_of_the_range_is_shown_and_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    send(&house, -60, 10.0).await;
    send(&house, -30, 600.0).await;
    // R-1's discharge is registered up to 1000 m3/s.
    assert!(correct(&house, &[correction(CorrectionAct::Offset(500.0), -90, 60)]).await);
    send(&house, 0, 620.0).await;
    let mended = OriginFlag::Corrected;
    let told = [
        (-60, 510.0, Trust::Reliable, mended),
        (-30, 1100.0, Trust::Unreliable, mended),
        (0, 1120.0, Trust::Unreliable, mended),
    ];
    assert_eq!(holding(&house), told);
    house.close();
}

#[tokio::test]
async fn an_offset_corrects_what_is_known_and_what_comes_and_keeps_what_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    for (minute, v) in [(-60, 10.0), (-45, 11.0), (-30, 12.0)] {
        send(&house, minute, v).await;
    }
    let offset = [correction(CorrectionAct::Offset(0.5), -50, 60)];
    assert!(correct(&house, &offset).await);
    let (fine, mended) = ((Trust::Reliable, OriginFlag::Original), OriginFlag::Corrected);
    let before = [
        (-60, 10.0, fine.0, fine.1),
        (-45, 11.5, Trust::Reliable, mended),
        (-30, 12.5, Trust::Reliable, mended),
    ];
    assert_eq!(holding(&house), before);
    // One more comes; one comes late; one is sent again.
    send(&house, 0, 13.0).await;
    send(&house, -15, 12.0).await;
    send(&house, 0, 13.0).await;
    let mut after = before.to_vec();
    after.push((-15, 12.5, Trust::Reliable, mended));
    after.push((0, 13.5, Trust::Reliable, mended));
    assert_eq!(holding(&house), after);
    let records = house.records().len();
    // What was sent stands beside it, marked.
    let sent = house.records().into_iter().filter(|r| match r {
        Record::Observation { observation, .. } => observation.value == 13.0,
        _ => false,
    });
    assert_eq!(sent.count(), 1, "the duplicate is one");
    house.close();

    // After a restart the same correction finds its work done.
    let house = open(dir.path());
    assert!(!correct(&house, &offset).await);
    assert_eq!((holding(&house), house.records().len()), (after.clone(), records));
    // It has ended: what comes is taken as it is sent.
    let ended = [Correction { until: at(0), ..offset[0].clone() }];
    assert!(!correct(&house, &ended).await);
    send(&house, 1, 14.0).await;
    after.push((1, 14.0, fine.0, fine.1));
    assert_eq!(holding(&house), after);
}

#[tokio::test]
async fn what_is_called_unreliable_is_shown_and_not_used_and_one_value_can_be_set() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    for (minute, v) in [(-45, 11.0), (-30, 990.0), (-15, 12.0)] {
        send(&house, minute, v).await;
    }
    let mut value = correction(CorrectionAct::Value(11.5), -30, 0);
    value.until = value.from.plus_ms(1);
    let unreliable = Correction { id: 2, ..correction(CorrectionAct::Unreliable, -20, 30) };
    assert!(correct(&house, &[value, unreliable]).await);
    send(&house, 0, 13.0).await;
    let rows = holding(&house);
    assert_eq!(
        rows,
        [
            (-45, 11.0, Trust::Reliable, OriginFlag::Original),
            (-30, 11.5, Trust::Reliable, OriginFlag::Corrected),
            (-15, 12.0, Trust::Unreliable, OriginFlag::Original),
            (0, 13.0, Trust::Unreliable, OriginFlag::Original),
        ]
    );
}

/// A value that its sender calls unreliable itself.
async fn send_unreliable(house: &House, minute: i64) {
    let t = at(minute).0;
    let body =
        format!(r#"{{"station":"R-1","property":"discharge","t":{t},"v":5,"q":"unreliable"}}"#);
    house.send("hydro", &body).await;
}

#[tokio::test]
async fn when_mistakes_are_taken_back_everything_is_as_if_they_had_not_been_made() {
    let (dir, calm) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (house, other) = (open(dir.path()), open(calm.path()));
    for house in [&house, &other] {
        send(house, -45, 11.0).await;
        send_unreliable(house, -40).await;
    }
    let mut made = Vec::new();
    for (id, act) in [(1, CorrectionAct::Unreliable), (2, CorrectionAct::Offset(500.0))] {
        let minute = i64::try_from(id).unwrap() * 10 - 35;
        let mistake = Correction { id, at: at(minute), ..correction(act, -50, 60) };
        made.push(mistake.clone());
        assert!(correct(&house, &made).await);
        // Some come while the correction holds; one of them its sender calls unreliable.
        for house in [&house, &other] {
            send(house, minute, 600.0).await;
            send_unreliable(house, minute + 1).await;
        }
        let unused = holding(&house).iter().filter(|row| row.2 == Trust::Unreliable).count();
        assert!(unused >= 4, "act {id}");
        made.last_mut().unwrap().withdrawn = Some(at(minute + 5));
        assert!(correct(&house, &made).await);
        assert_eq!(holding(&house), holding(&other), "act {id}");
        // Nothing is said twice; what is sent again is known.
        let records = house.records().len();
        send(&house, minute, 600.0).await;
        assert!(!correct(&house, &made).await);
        assert_eq!(house.records().len(), records);
    }
    // Nor after a restart.
    let records = house.records().len();
    house.close();
    let house = open(dir.path());
    assert!(!correct(&house, &made).await);
    send(&house, -25, 600.0).await;
    assert_eq!((holding(&house), house.records().len()), (holding(&other), records));
}

#[tokio::test]
async fn of_two_corrections_the_other_speaks_when_one_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    send(&house, -30, 10.0).await;
    let zero = correction(CorrectionAct::Offset(0.5), -60, 60);
    let fouled = Correction { id: 2, at: at(1), ..correction(CorrectionAct::Unreliable, -60, 60) };
    let mut staff =
        Correction { id: 3, at: at(2), ..correction(CorrectionAct::Value(12.0), -20, 0) };
    staff.until = staff.from.plus_ms(1);
    let mut said = vec![zero, fouled, staff];
    assert!(correct(&house, &said).await);
    let (good, bad) = (Trust::Reliable, Trust::Unreliable);
    let (sent, mended) = (OriginFlag::Original, OriginFlag::Corrected);
    assert_eq!(holding(&house), [(-30, 10.0, bad, sent), (-20, 12.0, good, mended)]);
    // The first is taken back while the second holds: nothing changes. Then the second.
    said[0].withdrawn = Some(at(3));
    assert!(!correct(&house, &said).await);
    said[0].withdrawn = None;
    said[1].withdrawn = Some(at(4));
    assert!(correct(&house, &said).await);
    assert_eq!(holding(&house), [(-30, 10.5, good, mended), (-20, 12.0, good, mended)]);
    // A value that nobody sent cannot be unsaid: it is shown and not used.
    said[2].withdrawn = Some(at(5));
    assert!(correct(&house, &said).await);
    said[0].withdrawn = Some(at(6));
    house.admission.correct_again();
    assert!(correct(&house, &said).await);
    assert_eq!(holding(&house), [(-30, 10.0, good, sent), (-20, 12.0, bad, mended)]);
}

/// Waits until the history has everything.
async fn followed(house: &House, dir: &Path) {
    let last = u64::try_from(house.records().len()).unwrap();
    let position = || journal::history::HistoryReader::open(dir).unwrap().position().unwrap();
    support::until("the history has followed", || position().0 >= last).await;
}

#[tokio::test]
async fn of_many_values_none_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let house = open(dir.path());
    // More than is said at once, and more than is held in memory: a week at one a minute.
    let row = |minute: i64| {
        let v = 10 + minute.rem_euclid(2);
        format!(r#"{{"station":"R-1","property":"discharge","t":{},"v":{v}}}"#, at(minute).0)
    };
    let minutes: Vec<i64> = (-10_000..0).collect();
    for some in minutes.chunks(500) {
        let rows: Vec<String> = some.iter().map(|minute| row(*minute)).collect();
        house.send("hydro", &format!("[{}]", rows.join(","))).await;
    }
    let mut said = [correction(CorrectionAct::Unreliable, -9_990, 60)];
    let mut times = 0;
    followed(&house, dir.path()).await;
    while correct(&house, &said).await {
        followed(&house, dir.path()).await;
        times += 1;
    }
    let unused =
        |house: &House| holding(house).iter().filter(|row| row.2 == Trust::Unreliable).count();
    assert_eq!((unused(&house), times), (9_990, 3));
    said[0].withdrawn = Some(at(1));
    while correct(&house, &said).await {
        followed(&house, dir.path()).await;
    }
    assert_eq!((unused(&house), holding(&house).len()), (0, 10_000));
}
