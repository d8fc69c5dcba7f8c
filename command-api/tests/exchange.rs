//! Two platforms that no network joins, and files carried between them: what was accepted at the one
//! is admitted at the other by its ordinary rules, accounted exactly; what was tampered with, comes
//! twice, too early or to the wrong house is refused and said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::{Path, PathBuf};

use command_api::exchange::Folder;
use common::houses::{houses, imported, refused};
use common::now_ms;
use domain::exchange::ExchangeCounts;
use domain::ids::PeerId;
use domain::record::Record;
use domain::refusal::Channel;
use domain::status::{Exercise, Live, Status};
use domain::time::{HOUR_MS, UtcMs};
use ingest::exchange::manifest::{Encoding, Selection, Span};
use ingest::exchange::write::{Cover, Writer};
use journal::Reader;
use serde_json::{Value, json};

/// Every observation of a record: place, content, channel, backlog.
fn observations(data: &Path) -> Vec<(u32, i64, u32, Channel, bool)> {
    let mut reader = Reader::open(data).unwrap();
    let mut all = Vec::new();
    let mut at = domain::ids::Seq(1);
    loop {
        let read = reader.read_on(at, 4_096).unwrap().records;
        let Some(last) = read.last() else { return all };
        at = domain::ids::Seq(last.seq.0 + 1);
        for row in read {
            if let Record::Observation { channel, observation, .. } = row.record {
                let o = observation;
                all.push((o.datastream.0, o.t.0, o.content_crc(), channel, o.backlog));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_goes_over_by_file_and_alarms_there_as_if_it_had_come_at_once() {
    let (mut city, mut province) = houses(|_| ()).await;
    let stick = tempfile::tempdir().unwrap();
    let t = now_ms() - 600_000;
    let body = json!([
        { "station": "A", "property": "discharge", "t": t, "v": 400.25 },
        { "station": "A", "property": "discharge", "t": t + 60_000, "v": 401, "q": "corrected" },
        { "station": "B", "property": "discharge", "t": t, "v": 3, "q": "doubtful" },
        { "station": "C", "property": "discharge", "t": t, "v": 3 }
    ]);
    assert_eq!(city.send(&body).await["accepted"], 3);
    // Beside the running platform.
    let first = city.export(stick.path(), |_| ());
    assert_eq!((first.manifest.number, first.manifest.items), (1, 3));
    let counts = |accepted, duplicate| ExchangeCounts { accepted, duplicate, ..Default::default() };
    let (number, taken, missing) = imported(province.bring(&first.parts.manifest, false).await);
    assert_eq!((number, taken, missing), (1, counts(3, 0), 0));
    let wang = province.officer().await;
    let level = |alerts: &Value| {
        let found = alerts.as_array()?.iter().find(|a| a["place"] == "A")?;
        Some(found["level"].clone())
    };
    assert_eq!(wang.until("/v1/alerts", level).await, "red");

    // The next file has what came since; packed, it is the same.
    let more = json!([{ "station": "B", "property": "discharge", "t": t + 120_000, "v": 5 }]);
    city.send(&more).await;
    let second = city.export(stick.path(), |export| export.packed = true);
    assert_eq!((second.manifest.number, second.manifest.items), (2, 1));
    assert_eq!(second.manifest.previous.as_deref(), Some(first.digest.as_str()));
    assert_eq!(imported(province.bring(&second.parts.manifest, false).await).1, counts(1, 0));
    // A stretch that is named leaves the place of the sequence: everything once more is known.
    let again = city.export(stick.path(), |export| export.from_seq = Some(1));
    assert_eq!((again.manifest.number, again.manifest.items), (3, 4));
    assert_eq!(imported(province.bring(&again.parts.manifest, false).await).1, counts(0, 4));

    // Both logs say so, in the record.
    let whats = |log: &Value| -> Option<Vec<String>> {
        let log = log["log"].as_array()?;
        let words: Vec<String> =
            log.iter().map(|l| l["what"].as_str().unwrap().to_owned()).collect();
        (words.len() >= 3).then_some(words)
    };
    let officer = city.officer().await;
    assert_eq!(officer.until("/v1/exchange", whats).await, ["exported", "exported", "exported"]);
    let log = wang
        .until("/v1/exchange", |view| (view["log"].as_array()?.len() == 3).then(|| view.clone()))
        .await;
    assert_eq!(log["own"], "province");
    assert_eq!(log["peers"][0]["imported"]["number"], 3);
    assert_eq!(log["peers"][0]["data"], "live");
    let newest = &log["log"][0];
    assert_eq!((&newest["what"], &newest["by"]), (&json!("imported"), &json!("chen")));
    assert_eq!((&newest["items"], &newest["duplicate"]), (&json!(4), &json!(4)));
    assert_eq!(newest["digest"], json!(again.digest));
    city.stop().await;
    province.stop().await;
    // The same observations under the same ids, and said to have come by the peer's files.
    let (sent, got) = (observations(&city.data()), observations(&province.data()));
    assert_eq!(sent.len(), 4);
    let content = |(ix, t, crc, _, _): &(u32, i64, u32, Channel, bool)| (*ix, *t, *crc);
    assert_eq!(
        sent.iter().map(content).collect::<Vec<_>>(),
        got.iter().map(content).collect::<Vec<_>>()
    );
    assert!(got.iter().all(|o| o.3 == Channel::Exchange && !o.4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_sender_calls_a_backlog_alarms_nobody_however_young_it_is() {
    let (city, province) = houses(|_| ()).await;
    let stick = tempfile::tempdir().unwrap();
    let t = now_ms() - 120_000;
    let high = json!([{ "station": "A", "property": "discharge", "t": t, "v": 900 }]);
    city.send(&high).await;
    let old = city.export(stick.path(), |export| export.backlog = Some(true));
    let (_, taken, _) = imported(province.bring(&old.parts.manifest, false).await);
    assert_eq!(taken.accepted, 1);
    let wang = province.officer().await;
    // The fresh value of the other station comes after it in the record, and does alarm.
    city.send(&json!([{ "station": "B", "property": "discharge", "t": t, "v": 900 }])).await;
    let fresh = city.export(stick.path(), |_| ());
    imported(province.bring(&fresh.parts.manifest, false).await);
    let places = wang
        .until("/v1/alerts", |alerts| {
            let all: Vec<String> =
                alerts.as_array()?.iter().map(|a| a["place"].to_string()).collect();
            (!all.is_empty()).then_some(all)
        })
        .await;
    assert_eq!(places, ["\"B\""]);
    let got = observations(&province.data());
    assert_eq!(got.iter().map(|o| o.4).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_what_it_says_is_refused_and_the_log_says_why() {
    let (city, province) = houses(|_| ()).await;
    let stick = tempfile::tempdir().unwrap();
    let t = now_ms() - 600_000;
    let mut files = Vec::new();
    for n in 0..7 {
        let body =
            json!([{ "station": "A", "property": "discharge", "t": t + n * 60_000, "v": n }]);
        city.send(&body).await;
        files.push(city.export(stick.path(), |_| ()));
    }
    let file = |n: usize| files[n - 1].parts.clone();
    imported(province.bring(&file(1).manifest, false).await);
    // The same file again.
    assert_eq!(refused(province.bring(&file(1).manifest, false).await), "repeated");
    // A byte of the lines, of the manifest.
    let changed = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let mut other = bytes.clone();
        let at = other.iter().rposition(|b| *b == b'1').unwrap();
        other[at] = b'2';
        std::fs::write(path, other).unwrap();
        bytes
    };
    for path in [file(2).plain, file(2).manifest] {
        let right = changed(&path);
        assert_eq!(refused(province.bring(&file(2).manifest, false).await), "altered");
        std::fs::write(path, right).unwrap();
    }
    for n in 2..=5 {
        imported(province.bring(&file(n).manifest, false).await);
    }
    // 7 after 5: refused, and taken where whoever brings it knows; then 6 is too late.
    assert_eq!(refused(province.bring(&file(7).manifest, false).await), "gap");
    assert_eq!(imported(province.bring(&file(7).manifest, true).await).2, 1);
    let late = province.bring(&file(6).manifest, false).await;
    assert!(format!("{late:?}").contains("--from-seq"), "it was not taken before: {late:?}");
    assert_eq!(refused(late), "repeated");

    // Files of the city's own key that say something else.
    let key = city.exchange().key().unwrap();
    let last = files[6].digest.clone();
    let made = |to: &str, at: i64, previous: &str| Cover {
        from: PeerId::new("city").unwrap(),
        to: PeerId::new(to).unwrap(),
        number: 8,
        previous: Some(previous.to_owned()),
        made: UtcMs(at),
        backlog: false,
        selection: Selection::default(),
    };
    fn write<S: Status>(
        folder: &Path,
        cover: Cover,
        key: &ingest::exchange::sign::SigningKey,
    ) -> PathBuf {
        let writer = Writer::begin::<S>(folder, cover, Encoding::Identity).unwrap();
        writer.finish(key, Span::default()).unwrap().parts.manifest
    }
    let here = tempfile::tempdir().unwrap();
    let at = now_ms();
    let exercise = write::<Exercise>(here.path(), made("province", at, &last), &key);
    assert_eq!(refused(province.bring(&exercise, false).await), "exercise");
    let other = write::<Live>(here.path(), made("county", at, &last), &key);
    assert_eq!(refused(province.bring(&other, false).await), "receiver");
    let ahead = write::<Live>(here.path(), made("province", at + HOUR_MS, &last), &key);
    assert_eq!(refused(province.bring(&ahead, false).await), "future");
    let fork = write::<Live>(here.path(), made("province", at, &files[5].digest), &key);
    assert_eq!(refused(province.bring(&fork, false).await), "chain");
    let strange = tempfile::tempdir().unwrap();
    let key = Folder::of(strange.path()).make_key(false).unwrap();
    let forged = write::<Live>(here.path(), made("province", at, &last), &key);
    assert_eq!(refused(province.bring(&forged, false).await), "key");

    let wang = province.officer().await;
    let faults = |view: &Value| {
        let log = view["log"].as_array()?;
        let mut faults: Vec<&str> = log.iter().filter_map(|l| l["fault"].as_str()).collect();
        faults.sort_unstable();
        (faults.len() == 10).then(|| faults.join(" "))
    };
    assert_eq!(
        wang.until("/v1/exchange", faults).await,
        "altered altered chain exercise future gap key receiver repeated repeated"
    );
    // Six files were taken, and of the refused ones nothing.
    assert_eq!(observations(&province.data()).len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_accounted_and_a_peer_speaks_for_whom_it_may() {
    let (city, province) = houses(|_| ()).await;
    let key = city.exchange().key().unwrap();
    let here = tempfile::tempdir().unwrap();
    let (hydro, rescue) = ("hydro".parse().unwrap(), "rescue".parse().unwrap());
    let heard = UtcMs(now_ms());
    let cover = Cover {
        from: PeerId::new("city").unwrap(),
        to: PeerId::new("province").unwrap(),
        number: 1,
        previous: None,
        made: heard,
        backlog: false,
        selection: Selection::default(),
    };
    let mut writer = Writer::begin::<Live>(here.path(), cover, Encoding::Zstd).unwrap();
    let seen = |t: i64, v: f64| json!({ "station": "A", "property": "discharge", "t": t, "v": v });
    let t = now_ms() - 60_000;
    let boat = json!({ "unit": "boat-1", "t": t, "lon": 112.6, "lat": 22.1 });
    let lines = [
        (&hydro, "observation", seen(t, 1.0)),
        (&hydro, "observation", seen(t, 1.0)),
        (&hydro, "observation", seen(t + 3 * HOUR_MS, 1.0)),
        (&hydro, "observation", json!({ "station": "A" })),
        (&hydro, "observation", json!({ "station": "Z", "property": "discharge", "t": t, "v": 1 })),
        (&rescue, "unit", boat.clone()),
        (&hydro, "unit", boat),
        (&hydro, "horoscope", json!({})),
        (&hydro, "situation", json!({ "id": "1", "t": 9_000_000_000_000_000i64, "body": {} })),
    ];
    for (agency, kind, item) in &lines {
        writer.item(agency, kind, heard, item).unwrap();
    }
    let written = writer.finish(&key, Span::default()).unwrap();
    let (_, counts, _) = imported(province.bring(&written.parts.manifest, false).await);
    let wanted = ExchangeCounts { accepted: 1, duplicate: 1, refused: 6, quarantined: 1 };
    assert_eq!(counts, wanted);
    assert_eq!(counts.items(), lines.len() as u64);
    // Each refused one is a letter; what the peer may not bring is its own.
    let wang = province.officer().await;
    let letters = wang
        .until("/v1/rejections?channel=exchange&limit=50", |letters| {
            (letters.as_array()?.len() == 7).then(|| letters.clone())
        })
        .await;
    let mut reasons: Vec<String> = letters
        .as_array()
        .unwrap()
        .iter()
        .map(|l| format!("{} {}", l["agency"].as_str().unwrap(), l["reason"].as_str().unwrap()))
        .collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "city field_form",
            "city missing_field",
            "city out_of_range",
            "city peer_foreign",
            "hydro foreign_station",
            "hydro future_dated",
            "hydro unknown_station"
        ]
    );
}
