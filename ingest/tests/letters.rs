//! Refused items sent again by the door they came by, and dry runs that leave nothing behind.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use domain::ids::Seq;
use domain::letter::{LetterFact, LetterState};
use domain::record::Record;
use domain::refusal::{Channel, RAW_KEPT_MAX_BYTES, Reason, Refusal};
use ingest::admit::Outcome;
use ingest::admit::again::Again;
use ingest::http::server::Bounds;
use ingest::letters::{Letters, NotReplayed};
use ingest::seams::NoTasks;
use support::{House, NOW, Served, agency};

fn letters(house: &House) -> Letters {
    Letters::new(house.admission.clone(), Arc::new(NoTasks))
}

fn letter(who: &str, channel: Channel, source: &str, raw: &[u8]) -> Refusal {
    Refusal {
        agency: agency(who),
        channel,
        source: source.into(),
        received: NOW,
        reason: Reason::Syntax,
        detail: String::new(),
        raw: raw.to_vec(),
        quarantined: false,
    }
}

fn again(seq: u64, mended: bool) -> Again {
    Again { letter: Seq(seq), by: "li".into(), mended }
}

fn rain(station: &str, step: i64, v: f64) -> String {
    let t = NOW.0 - step * 300_000;
    format!(r#"{{"station":"{station}","property":"rainfall","t":{t},"v":{v}}}"#)
}

fn acts(house: &House) -> Vec<(u64, LetterState)> {
    let records = house.records();
    let acts = records.iter().filter_map(|record| match record {
        Record::Letter(act) => Some((act.letter.0, act.what.state())),
        _ => None,
    });
    acts.collect()
}

#[tokio::test]
async fn every_door_takes_its_own_letters_again_and_each_outcome_is_in_the_record() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let letters = letters(&house);
    let bed = |beds: &str| {
        format!(
            r#"{{"hospital":"H-1","t":{},"beds":{beds},"beds_occupied":1,"traffic":"normal"}}"#,
            NOW.0
        )
    };
    let row = format!("R-3,rainfall,{},2.5", NOW.0 - 300_000);
    let table = format!("t,v,property,station\n{},2.5,rainfall,R-4\n", NOW.0 - 300_000);
    let (new, known) = (Outcome::Accepted, Outcome::Duplicate);
    let http = "/v1/observations";
    let situations: &[(&str, Channel, &str, String, Outcome)] = &[
        ("hydro", Channel::Mqtt, "fh/v1/hydro/obs", rain("R-1", 1, 1.0), new.clone()),
        ("hydro", Channel::Mqtt, "fh/v1/hydro/R-2/rainfall", "2.5".into(), new.clone()),
        ("hydro", Channel::MqttBridge, "fh/v1/hydro/obs", rain("R-1", 1, 1.0), known.clone()),
        ("hydro", Channel::Http, http, rain("R-1", 2, 1.0), new.clone()),
        ("hydro", Channel::Http, http, row.clone(), new.clone()),
        ("hydro", Channel::Http, http, table, new.clone()),
        ("hydro", Channel::File, "day.csv", row, known),
        ("health", Channel::Http, "/v1/reports/hospital", bed("20"), new.clone()),
        ("health", Channel::Mqtt, "fh/v1/health/hospital", bed("21"), new),
    ];
    for (at, (who, channel, source, raw, wanted)) in (1u64..).zip(situations) {
        let letter = letter(who, *channel, source, raw.as_bytes());
        let outcomes = letters.replay(&letter, again(at, false), None).await.unwrap();
        assert_eq!(&outcomes, std::slice::from_ref(wanted), "{source} {raw}");
    }
    let done: Vec<_> = (1u64..=9).map(|at| (at, LetterState::Replayed)).collect();
    assert_eq!(acts(&house), done);
    let seen = house.records().iter().filter(|r| matches!(r, Record::Observation { .. })).count();
    assert!(seen >= 5, "{seen}");
    // A bare number was of the moment it first came.
    let bare = house.records().into_iter().find_map(|record| match record {
        Record::Observation { observation, channel: Channel::Mqtt, .. }
            if observation.value == 2.5 =>
        {
            Some(observation.t)
        }
        _ => None,
    });
    assert_eq!(bare, Some(NOW));
    house.close();
}

#[tokio::test]
async fn letters_of_the_sensorthings_door_are_read_as_that_door_reads() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let letters = letters(&house);
    let time = |step: i64| domain::time::UtcMs(NOW.0 - step * 300_000).rfc3339(0);
    let one = |step, v: f64| {
        let t = time(step);
        format!(
            r#"{{"phenomenonTime":"{t}","result":{v},"Datastream":{{"@iot.id":"R-1:rainfall"}}}}"#
        )
    };
    let arrays = format!(
        r#"[{{"Datastream":{{"@iot.id":"R-2:rainfall"}},"components":["phenomenonTime","result"],"dataArray":[["{}",1.5],["{}",9000]]}}]"#,
        time(1),
        time(2)
    );
    let named = "Datastreams('R-3:rainfall')/Observations";
    let (http, mqtt) = (Channel::Http, Channel::Mqtt);
    type Becomes = Result<Outcome, Reason>;
    let situations: &[(Channel, String, String, &[Becomes])] = &[
        (http, "/v1.1/Observations".into(), one(1, 1.5), &[Ok(Outcome::Accepted)]),
        (mqtt, "v1.1/Observations".into(), one(1, 1.5), &[Ok(Outcome::Duplicate)]),
        // Without a time it is of the moment that it first came.
        (http, format!("/v1.1/{named}"), r#"{"result":2.5}"#.into(), &[Ok(Outcome::Accepted)]),
        (mqtt, format!("v1.1/{named}"), r#"{"result":2.5}"#.into(), &[Ok(Outcome::Duplicate)]),
        (
            http,
            "/v1.1/CreateObservations".into(),
            arrays,
            &[Ok(Outcome::Accepted), Err(Reason::OutOfRange)],
        ),
        // A row of data arrays is kept as the Observation that it stands for.
        (http, "/v1.1/CreateObservations".into(), one(2, 2.0), &[Ok(Outcome::Accepted)]),
        (http, "/v1.1/CreateObservations".into(), "[1]".into(), &[Err(Reason::Syntax)]),
        (http, "/v1.1/Observations".into(), "[]".into(), &[Err(Reason::Syntax)]),
        (http, "/v1.1/Observations".into(), "t,v".into(), &[Err(Reason::Syntax)]),
    ];
    let told = |outcomes: Vec<Outcome>| -> Vec<Result<Outcome, Reason>> {
        let told = |outcome: Outcome| match outcome.why() {
            Some(why) => Err(why.reason),
            None => Ok(outcome),
        };
        outcomes.into_iter().map(told).collect()
    };
    for (at, (channel, source, raw, wanted)) in (1u64..).zip(situations) {
        let letter = letter("hydro", *channel, source, raw.as_bytes());
        let before = house.records().len();
        let foreseen = letters.foresee(&letter, None).await.unwrap();
        assert_eq!(house.records().len(), before, "a dry run leaves nothing: {source} {raw}");
        let outcomes = letters.replay(&letter, again(at, false), None).await.unwrap();
        assert_eq!(foreseen, outcomes, "{source} {raw}");
        assert_eq!(told(outcomes), *wanted, "{source} {raw}");
    }
    // Nothing but the replays was counted.
    let sent: u64 = house.telemetry.feeds().iter().map(|(_, feed)| feed.sent()).sum();
    assert_eq!(sent, 10);
    house.close();
}

#[tokio::test]
async fn a_letter_refused_again_stays_open_is_counted_and_is_no_new_letter() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let letters = letters(&house);
    let first =
        letter("hydro", Channel::Http, "/v1/observations", rain("nobody", 1, 1.0).as_bytes());
    let wrong = letters.replay(&first, again(1, false), None).await.unwrap();
    assert_eq!(wrong[0].why().map(|why| why.reason), Some(Reason::UnknownStation));
    let ahead = rain("R-1", -1_000, 1.0);
    let kept_aside = letters.replay(&first, again(1, true), Some(ahead.as_bytes())).await.unwrap();
    assert!(matches!(&kept_aside[0], Outcome::Quarantined(_)));
    let broken = letters.replay(&first, again(1, true), Some(b"{")).await.unwrap();
    assert_eq!(broken[0].why().map(|why| why.reason), Some(Reason::Syntax));
    let mended = rain("R-1", 1, 1.0);
    let mended = letters.replay(&first, again(1, true), Some(mended.as_bytes())).await.unwrap();
    assert_eq!(mended, [Outcome::Accepted]);
    let (open, done) = (LetterState::Open, LetterState::Replayed);
    assert_eq!(acts(&house), [(1, open), (1, open), (1, open), (1, done)]);
    assert!(!house.records().iter().any(|r| matches!(r, Record::Refused(_))));
    let why = house.records().into_iter().find_map(|record| match record {
        Record::Letter(act) => match act.what {
            LetterFact::Replayed { why, mended: false, .. } => why,
            _ => None,
        },
        _ => None,
    });
    assert_eq!(why.map(|(reason, _)| reason), Some(Reason::UnknownStation));
    let (_, feed) = &house.telemetry.feeds()[0];
    assert_eq!((feed.accepted, feed.refused, feed.quarantined), (1, 2, 1));
    assert_eq!(feed.sent(), 4, "what is sent again is sent");
    letters.dismiss(&again(2, false), "试验帧").await.unwrap();
    assert_eq!(acts(&house).last(), Some(&(2, LetterState::Dismissed)));
    house.close();
}

#[tokio::test]
async fn what_cannot_be_sent_again_says_why_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let letters = letters(&house);
    let cut = letter("hydro", Channel::Http, "/v1/observations", &[b'x'; RAW_KEPT_MAX_BYTES]);
    let before = house.records().len();
    assert_eq!(letters.replay(&cut, again(1, false), None).await, Err(NotReplayed::Cut));
    let huge = vec![b' '; RAW_KEPT_MAX_BYTES + 1];
    let outcome = letters.replay(&cut, again(1, true), Some(&huge)).await;
    assert_eq!(outcome, Err(NotReplayed::TooLarge));
    assert_eq!(house.records().len(), before);
    // What is sent again counts to the rate; where that is used up nothing happens.
    let slow = letter("slow", Channel::Http, "/v1/observations", b"[]");
    let burst: Vec<String> = (0..400).map(|i| rain("R-1", i, 1.0)).collect();
    let burst = burst.join("\n");
    let taken = letters.replay(&slow, again(2, true), Some(burst.as_bytes())).await;
    assert!(taken.is_ok());
    let before = house.records().len();
    let outcome = letters.replay(&slow, again(2, true), Some(burst.as_bytes())).await;
    assert!(matches!(outcome, Err(NotReplayed::TooFast(_))));
    assert_eq!(house.records().len(), before);
    house.close();
}

#[tokio::test]
async fn a_dry_run_says_what_would_become_of_it_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let served = Served::start(&house, dir.path(), Bounds::default()).await;
    let known = format!("[{}]", rain("R-1", 1, 1.0));
    assert_eq!(served.observations(&known).await.json()["accepted"], 1);
    let before = (house.records().len(), house.telemetry.feeds());
    let json = [("Content-Type", "application/json")];
    let dry = async |query: &str, body: &str| {
        let path = format!("/v1/observations?{query}");
        served.post(&path, "hydro-secret", &json, body.as_bytes()).await
    };
    let items =
        [rain("R-1", 1, 1.0), rain("R-1", 2, 1.0), rain("W-1", 1, 1.0), rain("R-1", -999, 1.0)];
    for _ in 0..2 {
        let answer = dry("dry_run=true", &format!("[{}]", items.join(","))).await.json();
        assert_eq!(answer["dry_run"], true, "{answer}");
        assert_eq!((&answer["accepted"], &answer["duplicate"]), (&1.into(), &1.into()), "{answer}");
        let reasons: Vec<_> =
            answer["rejected"].as_array().unwrap().iter().map(|r| r["reason"].clone()).collect();
        assert_eq!(reasons, ["foreign_station", "future_dated"]);
    }
    assert_eq!(dry("dry_run=true", "{").await.status, 400);
    assert_eq!((house.records().len(), house.telemetry.feeds()), before);
    assert_eq!(dry("dry_run=false", &format!("[{}]", rain("R-1", 3, 1.0))).await.status, 200);
    assert_eq!(house.records().len(), before.0 + 1);
    // What is no dry run is refused, and that is counted like any refusal of a known sender.
    for slip in ["dry_run", "dry_run=1", "dry_run=yes"] {
        let answer = dry(slip, &format!("[{}]", rain("R-1", 3, 1.0))).await;
        assert_eq!((answer.status, answer.reason()), (400, "field_form".to_owned()), "{slip}");
    }
    served.end().await;
    house.close();
}
