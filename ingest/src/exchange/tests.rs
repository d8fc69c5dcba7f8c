//! The format by itself: what is written is read back, any changed bit is noticed, and nothing that
//! can be in a file makes anything panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use domain::city::exchange::{Agencies, Exchange, Peer, key_of};
use domain::exchange::ExchangeFault;
use domain::ids::{DatastreamIx, PeerId};
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::refusal::Reason;
use domain::report::Report;
use domain::status::{Exercise, Live, Status};
use domain::time::UtcMs;
use proptest::prelude::*;
use serde_json::json;

use super::line::{self, Brought};
use super::manifest::{Encoding, Selection, Span};
use super::read::{Opened, signed};
use super::sign::{SigningKey, verify};
use super::write::{Cover, Writer, Written};

const NOW: UtcMs = UtcMs(1_781_118_300_000);

fn peer_id(text: &str) -> PeerId {
    PeerId::new(text).unwrap()
}

fn known(key: &SigningKey) -> Exchange {
    let peer = Peer {
        id: peer_id("city"),
        name: "城市".to_owned(),
        name_en: "City".to_owned(),
        contact: String::new(),
        public_key: key_of(&key.public_hex()),
        gives: Agencies::default(),
        kinds: Vec::new(),
        areas: Vec::new(),
        brings: Agencies { all: true, named: Vec::new() },
        every_h: None,
        backlog: false,
    };
    Exchange { own: Some(peer_id("province")), peers: vec![peer] }
}

fn written<S: Status>(folder: &std::path::Path, key: &SigningKey, encoding: Encoding) -> Written {
    let cover = Cover {
        from: peer_id("city"),
        to: peer_id("province"),
        number: 1,
        previous: None,
        made: NOW,
        backlog: false,
        selection: Selection::default(),
    };
    let mut writer = Writer::begin::<S>(folder, cover, encoding).unwrap();
    for n in 0..3 {
        let item = json!({ "station": "A", "property": "rainfall", "t": NOW.0 + n, "v": 0.5 });
        writer.item(&"hydro".parse().unwrap(), "observation", NOW, &item).unwrap();
    }
    writer.finish(key, Span { from_seq: 1, to_seq: 9 }).unwrap()
}

#[test]
fn what_is_written_opens_and_an_exercise_opens_as_one_only() {
    let folder = tempfile::tempdir().unwrap();
    let (_, key) = SigningKey::make().unwrap();
    for encoding in [Encoding::Identity, Encoding::Zstd] {
        let written = written::<Live>(folder.path(), &key, encoding);
        let tried = signed(&written.parts, &known(&key), NOW).unwrap();
        assert_eq!((&tried.manifest, &tried.digest), (&written.manifest, &written.digest));
        let opened = Opened::<Live>::open(&tried, written.parts.clone()).unwrap();
        let mut lines = opened.lines().unwrap();
        let mut count = 0;
        while let Some(bytes) = lines.next_line().unwrap() {
            assert!(line::reads(&bytes));
            count += 1;
        }
        assert_eq!(count, written.manifest.items);
    }
    let drill = written::<Exercise>(folder.path(), &key, Encoding::Identity);
    let tried = signed(&drill.parts, &known(&key), NOW).unwrap();
    assert!(Opened::<Exercise>::open(&tried, drill.parts.clone()).is_ok());
    let as_live = Opened::<Live>::open(&tried, drill.parts).unwrap_err();
    assert_eq!(as_live.fault, ExchangeFault::Exercise);
}

#[test]
fn a_line_more_or_less_or_too_long_is_no_file_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let (_, key) = SigningKey::make().unwrap();
    let written = written::<Live>(folder.path(), &key, Encoding::Identity);
    // Signed all the same: the sender itself is wrong.
    for items in [2, 4] {
        let manifest = super::Manifest { items, ..written.manifest.clone() };
        let bytes = manifest.bytes();
        std::fs::write(&written.parts.manifest, &bytes).unwrap();
        std::fs::write(&written.parts.signature, key.sign(&bytes)).unwrap();
        let tried = signed(&written.parts, &known(&key), NOW).unwrap();
        let fault = Opened::<Live>::open(&tried, written.parts.clone()).unwrap_err();
        assert_eq!(fault.fault, ExchangeFault::Form, "{fault}");
    }
    let long = vec![b'x'; super::LINE_MAX_BYTES + 1];
    std::fs::write(&written.parts.plain, &long).unwrap();
    let data = super::manifest::Data {
        encoding: Encoding::Identity,
        bytes: long.len() as u64,
        sha256: super::manifest::digest(&long),
    };
    let bytes = super::Manifest { items: 1, data, ..written.manifest }.bytes();
    std::fs::write(&written.parts.manifest, &bytes).unwrap();
    std::fs::write(&written.parts.signature, key.sign(&bytes)).unwrap();
    let tried = signed(&written.parts, &known(&key), NOW).unwrap();
    let fault = Opened::<Live>::open(&tried, written.parts).unwrap_err();
    assert!(fault.detail.contains("longer"), "{fault}");
}

#[test]
fn a_version_to_come_is_named_and_nothing_of_it_is_guessed() {
    let bytes = br#"{"format":"fenghuo-exchange","version":2,"to_come":true}"#;
    assert_eq!(super::Manifest::read(bytes).unwrap_err().fault, ExchangeFault::Version);
    let other = br#"{"format":"something","version":1}"#;
    assert_eq!(super::Manifest::read(other).unwrap_err().fault, ExchangeFault::Form);
}

#[test]
fn an_item_keeps_the_rules_of_its_door() {
    let brought = |kind: &str, item: serde_json::Value| {
        let agency = "hydro".parse().unwrap();
        let bytes = line::write(&agency, kind, NOW, &item);
        let read = line::line(&bytes).unwrap();
        read.brought().map(|brought| match brought {
            Brought::Observation(_) => String::new(),
            Brought::Report(path, report) => match *report {
                Report::Situation(said) => format!("{path} {}", said.text),
                _ => path.to_owned(),
            },
        })
    };
    let situation = |text: &str, t: i64| json!({ "id": "1", "t": t, "text": text, "body": { "damage": { "stage": "danger" } } });
    let closure = |text: &str, lon: f64| {
        json!({ "id": "1", "t": NOW, "text": text, "place": { "point": [lon, 22.5] },
            "body": { "closure": { "road": "迎宾大道" } } })
    };
    // A number of somebody is hidden here too, whatever its sender did.
    let said = brought("situation", closure("电话13800138000", 113.0)).unwrap();
    assert!(said.starts_with("/v1/reports/closures ") && !said.contains("13800138000"), "{said}");
    let reason = |kind, item| brought(kind, item).unwrap_err().reason;
    assert_eq!(reason("situation", closure("x", 213.0)), Reason::OutOfRange);
    assert_eq!(reason("situation", situation("x", i64::MIN)), Reason::OutOfRange);
    assert_eq!(reason("situation", closure("a\u{7}b", 113.0)), Reason::Identifier);
    assert_eq!(reason("warning", json!("<!DOCTYPE x><alert/>")), Reason::Xml);
    assert_eq!(reason("signal", json!({ "id": "s" })), Reason::MissingField);
    assert_eq!(reason("horoscope", json!({})), Reason::FieldForm);
}

proptest! {
    /// An observation goes through a line unchanged: its id is the same on the other side.
    #[test]
    fn an_observation_is_the_same_on_the_other_side(
        v in -1e12f64..1e12, t in 946_684_800_000i64..4_000_000_000_000, later in 0i64..1_000_000,
        origin in 0u8..3, trust in 0u8..3, backlog in any::<bool>(),
    ) {
        let origin = [OriginFlag::Original, OriginFlag::Corrected, OriginFlag::Completed][usize::from(origin)];
        let trust = [Trust::Reliable, Trust::Doubtful, Trust::Unreliable][usize::from(trust)];
        let seen = Observation {
            datastream: DatastreamIx(0), t: UtcMs(t), result_time: UtcMs(t + later), value: v,
            quality: Quality { origin, trust }, backlog,
        };
        let item = line::observation_item("A", "rainfall", &seen);
        let bytes = line::write(&"hydro".parse().unwrap(), "observation", NOW, &item);
        let read = line::line(&bytes).unwrap();
        let Brought::Observation(raw) = read.brought().unwrap() else { panic!("another kind") };
        let back = Observation {
            datastream: DatastreamIx(0), t: raw.t, result_time: raw.result_time.unwrap_or(raw.t),
            value: raw.v, quality: raw.q.unwrap_or_default(), backlog: raw.backlog,
        };
        prop_assert_eq!(back, seen);
        prop_assert_eq!(back.content_crc(), seen.content_crc());
    }

    /// Any single bit of a manifest or its signature that is turned over is noticed.
    #[test]
    fn a_single_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8, in_signature in any::<bool>()) {
        let (pkcs8, key) = SigningKey::make().unwrap();
        prop_assert!(SigningKey::read(&pkcs8).is_ok());
        let public = key_of(&key.public_hex()).unwrap();
        let manifest = br#"{"format":"fenghuo-exchange","number":1}"#.to_vec();
        let signature = key.sign(&manifest);
        prop_assert!(verify(&public, &key.id(), &manifest, &signature).is_ok());
        if in_signature {
            let mut other = signature.trim().as_bytes().to_vec();
            let at = at.index(other.len());
            other[at] ^= 1 << bit;
            let other = String::from_utf8_lossy(&other).into_owned();
            // A hexadecimal digit of the other case is the same digit.
            prop_assume!(!other.eq_ignore_ascii_case(signature.trim()));
            prop_assert!(verify(&public, &key.id(), &manifest, &other).is_err());
        } else {
            let mut other = manifest.clone();
            let at = at.index(other.len());
            other[at] ^= 1 << bit;
            prop_assert!(verify(&public, &key.id(), &other, &signature).is_err());
        }
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (line::reads(&bytes), super::Manifest::read(&bytes).is_ok());
    }
}
