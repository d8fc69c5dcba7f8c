//! Letters of the ports for stations and units: a frame or an event that was refused is mended and
//! taken, and is refused again for what is still wrong with it.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod gauges;
mod support;

use std::sync::Arc;

use domain::ids::Seq;
use domain::letter::{LetterFact, LetterState};
use domain::record::Record;
use domain::refusal::{Channel, Reason, Refusal};
use domain::report::Report;
use gauges::{HOUR, Port, RIVER, WITHIN, begin, frame, packets, timed, value};
use ingest::admit::Outcome;
use ingest::admit::again::Again;
use ingest::letters::{Letters, NotReplayed};
use ingest::seams::NoTasks;
use ingest::sl651::encode::encode;
use ingest::sl651::frame::Frame;
use ingest::sl651::intake::Intake;
use support::{NOW, agency, until};

fn letters(port: &Port) -> Letters {
    let intake = Intake::open(port.house.admission.clone(), port.data(), None).unwrap();
    let letters = Letters::new(port.house.admission.clone(), Arc::new(NoTasks));
    letters.with_stations(Some(Arc::new(intake)))
}

fn again(seq: u64, mended: bool) -> Again {
    Again { letter: Seq(seq), by: "li".into(), mended }
}

/// A report of a station that is nobody's.
fn strange(serial: u16) -> Frame {
    let mut groups = begin("0011223345", b'H', HOUR);
    groups.push(value("Z", 4, "10.490"));
    frame("0011223345", 0x32, serial, HOUR.plus_ms(16_000), groups)
}

fn why(outcomes: &[Outcome]) -> Vec<Option<Reason>> {
    outcomes.iter().map(|one| one.why().map(|why| why.reason)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_frame_is_mended_and_taken_once() {
    let port = Port::open().await;
    let letters = letters(&port);
    // A station that nobody knows sends a level; its address was set with one wrong digit.
    let wrong = strange(7);
    let mut station = port.station().await;
    station.say(&wrong).await;
    let known = port.refusals();
    let letter = known.iter().find(|r| r.reason == Reason::UnknownStation).unwrap();
    assert_eq!(letter.raw, encode(&wrong).unwrap(), "the whole frame is kept");
    let before = port.observations().len();

    // As it was: refused again.
    let as_it_was = letters.replay(letter, again(1, false), None).await.unwrap();
    assert!(why(&as_it_was).contains(&Some(Reason::UnknownStation)), "{as_it_was:?}");
    // Mended by a byte without its check: the detail says what the check should be.
    let right = encode(&timed(7, HOUR, "10.490")).unwrap();
    let mut unchecked = right.clone();
    let at = unchecked.len() - 1;
    unchecked[at] ^= 1;
    let told = letters.replay(letter, again(1, true), Some(&unchecked)).await.unwrap();
    assert_eq!(why(&told), [Some(Reason::Checksum)]);
    let computed = format!("computed {:02X}{:02X}", right[at - 1], right[at]);
    assert!(told[0].why().unwrap().detail.ends_with(&computed), "{told:?}");
    // Cut off, too long, one packet of several, a keep-alive, a test: none of them brings anything.
    let of_two = packets(&timed(8, HOUR, "1.000"), 20);
    let of = |function| Frame { function, ..timed(9, HOUR, "1.000") };
    for (bytes, reason) in [
        (right[..right.len() - 3].to_vec(), Reason::Frame),
        ([&right[..], b"\x00"].concat(), Reason::Frame),
        (encode(&of_two[0]).unwrap(), Reason::Frame),
        (encode(&of(0x2F)).unwrap(), Reason::UnknownFunction),
        (encode(&of(0x30)).unwrap(), Reason::UnknownFunction),
    ] {
        let told = letters.replay(letter, again(1, true), Some(&bytes)).await.unwrap();
        assert_eq!(why(&told), [Some(reason)]);
    }
    assert_eq!(port.observations().len(), before);

    // What would become of it leaves nothing behind.
    let records = port.house.records().len();
    let foreseen = letters.foresee(letter, Some(&right)).await.unwrap();
    assert!(!foreseen.is_empty() && foreseen.iter().all(|o| *o == Outcome::Accepted));
    assert!(
        why(&letters.foresee(letter, None).await.unwrap()).contains(&Some(Reason::UnknownStation))
    );
    assert_eq!(port.house.records().len(), records);

    // Mended: taken. What the frame says beside it (a rain total) feeds nothing.
    let taken = letters.replay(letter, again(1, true), Some(&right)).await.unwrap();
    assert!(!taken.is_empty() && taken.iter().all(|o| *o == Outcome::Accepted), "{taken:?}");
    assert_eq!(port.observations().len(), before + taken.len());
    let twice = letters.replay(letter, again(1, true), Some(&right)).await.unwrap();
    assert!(twice.iter().all(|o| *o == Outcome::Duplicate), "{twice:?}");
    let acts: Vec<LetterFact> = port
        .house
        .records()
        .into_iter()
        .filter_map(|record| match record {
            Record::Letter(act) => Some(act.what),
            _ => None,
        })
        .collect();
    assert_eq!(acts.len(), 9);
    assert_eq!(acts.iter().filter(|act| act.state() == LetterState::Replayed).count(), 2);
    // Another agency's station in the mended bytes is refused as at the door.
    let theirs = frame(gauges::RAIN, 0x32, 3, HOUR, {
        let mut groups = begin(gauges::RAIN, b'P', HOUR);
        groups.push(value("P1", 3, "1.5"));
        groups
    });
    let told = letters.replay(letter, again(2, true), Some(&encode(&theirs).unwrap())).await;
    let reasons = why(&told.unwrap());
    assert!(reasons.contains(&Some(Reason::ForeignStation)), "{reasons:?}");
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_of_several_packets_is_kept_as_one_frame() {
    let port = Port::open().await;
    let wrong = strange(7);
    let mut station = port.station().await;
    for packet in packets(&wrong, 20) {
        station.send(&encode(&packet).unwrap()).await;
    }
    station.answer().await;
    until("it is refused", || port.refusals().iter().any(|r| r.reason == Reason::UnknownStation))
        .await;
    let letter = port.refusals().into_iter().find(|r| r.reason == Reason::UnknownStation).unwrap();
    let mut kept = ingest::sl651::decode::frame(&letter.raw).unwrap();
    assert_eq!((kept.packet, &kept.body), (None, &wrong.body));
    kept.station = RIVER.parse().unwrap();
    // F1F1 names the station once more, in the body.
    kept.body = timed(7, HOUR, "10.490").body;
    let mended = encode(&kept).unwrap();
    let taken = letters(&port).replay(&letter, again(1, true), Some(&mended)).await.unwrap();
    assert!(taken.contains(&Outcome::Accepted), "{taken:?}");
    tokio::time::timeout(WITHIN, port.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_is_mended_and_taken() {
    let port = Port::open().await;
    let mut city = support::files();
    city.insert(
        "units.csv".into(),
        "id,name,name_en,kind,agency,lon,lat,people,cot_uid\nboat-01,B,B,boat,hydro,112.8,22.4,6,ANDROID-1\nboat-02,B,B,boat,weather,112.8,22.4,6,ANDROID-2\n".into(),
    );
    let city = domain::city::City::read(&city).unwrap();
    let register = ingest::register::Register::of(&city, &city.registry(&[]));
    port.house.admission.configure(Arc::new(register));
    let event = |uid: &str, holds_s: i64| {
        let (t, stale) = (NOW.plus_ms(-120_000), NOW.plus_ms(holds_s * 1_000));
        let (t, stale) = (t.rfc3339(0), stale.rfc3339(0));
        format!(
            "<event version=\"2.0\" uid=\"{uid}\" type=\"a-f-G-U-C\" how=\"m-g\" time=\"{t}\" \
             start=\"{t}\" stale=\"{stale}\"><point lat=\"22.4\" lon=\"112.9\" hae=\"3\" ce=\"5\" \
             le=\"9999999\"/><detail/></event>"
        )
    };
    let letter = Refusal {
        agency: agency("hydro"),
        channel: Channel::Cot,
        source: "cot".into(),
        received: NOW,
        reason: Reason::UnknownUnit,
        detail: String::new(),
        raw: event("ANDROID-9", 60).into_bytes(),
        quarantined: false,
    };
    let letters = Letters::new(port.house.admission.clone(), Arc::new(NoTasks));
    for (body, reason) in [
        (event("ANDROID-9", 60), Some(Reason::UnknownUnit)),
        (event("ANDROID-1", -60), Some(Reason::Stale)),
        (event("ANDROID-2", 60), Some(Reason::ForeignStation)),
        ("<event".into(), Some(Reason::Xml)),
        (event("ANDROID-1", 60), None),
    ] {
        let told = letters.replay(&letter, again(1, true), Some(body.as_bytes())).await.unwrap();
        assert_eq!(why(&told), [reason], "{body}");
    }
    // Where no port for stations is open their frames have no way back.
    let of_a_station = Refusal { channel: Channel::Sl651, ..letter };
    assert_eq!(
        letters.replay(&of_a_station, again(2, false), None).await,
        Err(NotReplayed::NoWayBack("sl651"))
    );
    port.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_that_was_fetched_is_mended_and_sent_again() {
    let port = Port::open().await;
    let at = |ms: i64| NOW.plus_ms(ms).rfc3339(8 * 3_600);
    let message = |status: &str| {
        format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>W1</identifier>\
             <sender>qx@example.cn</sender><sent>{}</sent><status>{status}</status>\
             <msgType>Alert</msgType><scope>Public</scope></alert>",
            at(-60_000)
        )
    };
    let letter = Refusal {
        agency: agency("weather"),
        channel: Channel::Poll,
        source: "http://example.cn/one".into(),
        received: NOW,
        reason: Reason::CapSchema,
        detail: String::new(),
        raw: message("Red").into_bytes(),
        quarantined: false,
    };
    let letters = Letters::new(port.house.admission.clone(), Arc::new(NoTasks));
    let told = letters.replay(&letter, again(1, false), None).await.unwrap();
    assert_eq!(why(&told), [Some(Reason::CapSchema)]);
    let mended = message("Actual");
    let foreseen = letters.foresee(&letter, Some(mended.as_bytes())).await.unwrap();
    assert_eq!(why(&foreseen), [None]);
    let told = letters.replay(&letter, again(1, true), Some(mended.as_bytes())).await.unwrap();
    assert_eq!(why(&told), [None]);
    let warned = port.house.records().into_iter().any(|record| {
        matches!(record, Record::Report { channel: Channel::Poll, report: Report::Warning(w), .. }
            if w.message.key.identifier == "W1")
    });
    assert!(warned);
    port.close().await;
}
