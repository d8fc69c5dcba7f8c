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
