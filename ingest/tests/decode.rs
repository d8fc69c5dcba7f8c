//! What a sender may write, and what it is told when it writes something else.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use domain::refusal::Reason;
use domain::status::WireStatus;
use domain::time::UtcMs;
use ingest::json::batch::{
    BATCH_ITEMS_MAX, BatchError, decode_array, decode_ndjson, decode_packet, decode_value,
};
use ingest::json::decode::{RawObservation, decode_line};
use ingest::json::error::DecodeError;
use proptest::prelude::*;

const GOOD: &str =
    r#"{"station":"JM-0012","property":"rainfall","t":"2026-06-11T03:05:00+08:00","v":2.5}"#;

fn with(field: &str) -> String {
    GOOD.replace('}', &format!(",{field}}}"))
}

#[test]
fn the_promised_form_is_read() {
    let seen = decode_line(GOOD.as_bytes()).unwrap();
    assert_eq!(seen, RawObservation::bare("JM-0012", "rainfall", UtcMs(1_781_118_300_000), 2.5));
    let ms = GOOD.replace(r#""2026-06-11T03:05:00+08:00""#, "1781118300000");
    assert_eq!(decode_line(ms.as_bytes()).unwrap(), seen);
    let full = with(
        r#""unit":"cm","id":"a/1","q":"corrected+doubtful","status":"exercise","result_time":1781118300001"#,
    );
    let full = decode_line(full.as_bytes()).unwrap();
    assert_eq!(full.status, WireStatus::Exercise);
    assert_eq!(full.unit.as_deref(), Some("cm"));
    assert_eq!(full.result_time, Some(UtcMs(1_781_118_300_001)));
}

#[test]
fn every_mistake_is_named() {
    use Reason::*;
    let nested = format!("{{\"station\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let table: Vec<(String, Reason, &str)> = vec![
        (with(r#""colour":1"#), UnknownField, "colour"),
        (with(r#""v":3"#), FieldForm, "twice"),
        (GOOD.replace("2.5", "1e400"), NotFinite, "v"),
        (GOOD.replace("2.5", "NaN"), Syntax, ""),
        (GOOD.replace("2.5", "-Infinity"), Syntax, ""),
        (GOOD.replace("2.5", "null"), FieldForm, "v"),
        (GOOD.replace("2.5", "\"2.5\""), FieldForm, "number"),
        (GOOD.replace("2.5", "[2.5]"), FieldForm, "number"),
        (GOOD.replace("2.5", "01"), Syntax, ""),
        (GOOD.replace(",\"v\":2.5", ""), MissingField, "v"),
        (GOOD.replace("JM-0012", "../../x"), Identifier, "station"),
        (GOOD.replace("JM-0012", &"x".repeat(10_240)), Identifier, "10240"),
        (GOOD.replace("JM-0012", "a\u{202e}b"), Identifier, "station"),
        (GOOD.replace("JM-0012", "a\\u0000b"), Identifier, "station"),
        (GOOD.replace("JM-0012", "a\0b"), Syntax, "control"),
        (with(r#""id":"a\nb""#), Identifier, "control"),
        (GOOD.replace("+08:00", ""), Time, "offset"),
        (GOOD.replace("2026-06-11", "0000-01-01"), Time, "2000"),
        (GOOD.replace("2026-06-11", "9999-01-01"), Time, "2199"),
        (GOOD.replace("2026-06-11", "1970-01-01"), Time, "2000"),
        (GOOD.replace(r#""2026-06-11T03:05:00+08:00""#, "1.5"), Time, "t"),
        (GOOD.replace(r#""2026-06-11T03:05:00+08:00""#, "18446744073709551615"), Time, "t"),
        (with(r#""status":"test""#), UnknownStatus, "test"),
        (with(r#""q":"fine""#), FieldForm, "reliable"),
        (format!("{GOOD} {{}}"), Syntax, "trailing"),
        (format!("\u{feff}{GOOD}"), Syntax, "byte order mark"),
        ("[]".into(), Syntax, "object"),
        ("7".into(), Syntax, "object"),
        (String::new(), Syntax, "nothing"),
        ("{".into(), Syntax, ""),
        (nested, FieldForm, "station"),
    ];
    for (body, reason, word) in table {
        let error = decode_line(body.as_bytes()).expect_err(&body);
        assert_eq!(error.reason(), reason, "{body}: {error}");
        assert!(error.to_string().contains(word), "{body}: {error}");
    }
    assert_eq!(decode_line(b"{\"station\":\"\xff\"}"), Err(DecodeError::Utf8));
}

#[test]
fn negative_nought_and_the_ends_of_a_double_are_numbers() {
    assert_eq!(decode_line(GOOD.replace("2.5", "-0.0").as_bytes()).unwrap().v, 0.0);
    assert_eq!(decode_line(GOOD.replace("2.5", "-1e308").as_bytes()).unwrap().v, -1e308);
}

#[test]
fn an_array_is_taken_item_by_item_or_not_at_all() {
    let body = format!("[{GOOD}, {{\"station\":1}}, 7, {GOOD}]");
    let items = decode_array(body.as_bytes()).unwrap();
    let good: Vec<bool> = items.iter().map(|i| i.read.is_ok()).collect();
    assert_eq!(good, [true, false, false, true]);
    assert_eq!(items[1].raw, b"{\"station\":1}");
    assert!(decode_array(b"[]").unwrap().is_empty());

    let whole = [
        (GOOD.to_owned(), DecodeError::NoArray),
        ("".into(), DecodeError::Empty),
        (format!("\u{feff}[{GOOD}]"), DecodeError::ByteOrderMark),
        (format!("{}{}", "[".repeat(128), "]".repeat(128)), DecodeError::TooDeep),
        (format!("[{}]", GOOD.replace("2.5", "1e400")), DecodeError::NotFinite("v")),
    ];
    for (body, why) in whole {
        assert_eq!(decode_array(body.as_bytes()), Err(why.into()), "{body}");
    }
    for body in [format!("[{GOOD}] x"), format!("[{GOOD}"), format!("[{GOOD},]")] {
        let error = decode_array(body.as_bytes()).unwrap_err();
        assert!(matches!(error, BatchError::Decode(DecodeError::Syntax(_))), "{body}: {error}");
    }
    let many = format!("[{}7]", "7,".repeat(BATCH_ITEMS_MAX));
    assert_eq!(decode_array(many.as_bytes()), Err(BatchError::TooMany));
}

#[test]
fn a_bad_line_is_that_line_only() {
    let body = format!("{GOOD}\r\n\n{{\n{GOOD}\n");
    let items = decode_ndjson(body.as_bytes()).unwrap();
    let good: Vec<bool> = items.iter().map(|i| i.read.is_ok()).collect();
    assert_eq!(good, [true, false, true]);
    assert_eq!(decode_ndjson(b" \n"), Err(DecodeError::Empty.into()));
    assert_eq!(
        decode_ndjson("7\n".repeat(BATCH_ITEMS_MAX + 1).as_bytes()),
        Err(BatchError::TooMany)
    );
}

#[test]
fn a_packet_holds_an_object_an_array_or_lines() {
    let spread = GOOD.replace(',', ",\n");
    let bodies = [
        (GOOD.to_owned(), 1),
        (format!("{GOOD}\n"), 1),
        (spread, 1),
        (format!("[{GOOD},{GOOD}]"), 2),
        (format!("{GOOD}\n{GOOD}\n{GOOD}"), 3),
    ];
    for (body, count) in bodies {
        let items = decode_packet(body.as_bytes()).unwrap();
        assert_eq!(items.iter().filter(|i| i.read.is_ok()).count(), count, "{body}");
    }
    let wrong = with(r#""colour":1"#).replace(',', ",\n");
    let items = decode_packet(wrong.as_bytes()).unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].read, Err(DecodeError::UnknownField("colour".into())));
}

#[test]
fn a_stations_own_topic_takes_a_number_or_a_time_and_a_value() {
    let now = UtcMs(1_781_118_300_000);
    let read = |body: &'static str| decode_value(body.as_bytes(), "JM-1", "rainfall", now);
    assert_eq!(read(" 2.5\n").unwrap(), RawObservation::bare("JM-1", "rainfall", now, 2.5));
    let dated = read(r#"{"t":1781118000000,"v":-1,"unit":"cm"}"#).unwrap();
    assert_eq!((dated.t, dated.v), (UtcMs(1_781_118_000_000), -1.0));
    assert_eq!(read("1e400"), Err(DecodeError::NotFinite("v")));
    assert!(matches!(read("2.5 3"), Err(DecodeError::Syntax(_))));
    assert!(matches!(read("0x10"), Err(DecodeError::Syntax(_))));
    let named = read(r#"{"t":1781118000000,"v":1,"station":"JM-2"}"#);
    assert_eq!(named, Err(DecodeError::UnknownField("station".into())));
}

prop_compose! {
    fn observation()(
        station in "[A-Za-z0-9._-]{1,64}", property in "[a-z0-9_]{1,20}",
        t in 946_684_800_000i64..7_258_118_399_000, v in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
        unit in proptest::option::of("[a-z0-9/]{1,10}"), id in proptest::option::of("[^\\p{Cc}]{1,30}"),
        result in proptest::option::of(946_684_800_000i64..7_258_118_399_000), text in any::<bool>(),
    ) -> (String, String, i64, f64, Option<String>, Option<String>, Option<i64>, bool) {
        (station, property, t, v, unit, id, result, text)
    }
}

proptest! {
    #[test]
    fn any_bytes_give_an_observation_or_an_error(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_line(&body);
        let _ = decode_packet(&body);
        let _ = decode_array(&body);
        let _ = decode_value(&body, "s", "p", UtcMs(0));
    }

    #[test]
    fn a_good_observation_with_a_few_wrong_bytes_too(at in 0usize..90, with in proptest::collection::vec(any::<u8>(), 0..4)) {
        let mut body = GOOD.as_bytes().to_vec();
        let at = at.min(body.len());
        let end = (at + with.len()).min(body.len());
        body.splice(at..end, with);
        if let Ok(seen) = decode_line(&body) {
            prop_assert!(seen.v.is_finite());
            prop_assert!(domain::ids::StationId::new(&seen.station).is_ok());
        }
    }

    #[test]
    fn what_is_written_is_what_is_read((station, property, t, v, unit, id, result, text) in observation()) {
        let mut object = serde_json::Map::new();
        object.insert("station".into(), station.clone().into());
        object.insert("property".into(), property.clone().into());
        let time = if text { UtcMs(t).rfc3339(8 * 3600).into() } else { t.into() };
        object.insert("t".into(), time);
        object.insert("v".into(), v.into());
        for (name, value) in [("unit", &unit), ("id", &id)] {
            if let Some(value) = value { object.insert(name.into(), value.clone().into()); }
        }
        if let Some(ms) = result { object.insert("result_time".into(), ms.into()); }
        let body = serde_json::Value::Object(object).to_string();
        let seen = decode_line(body.as_bytes()).map_err(|e| TestCaseError::fail(format!("{body}: {e}")))?;
        prop_assert_eq!(&*seen.station, &station);
        prop_assert_eq!(&*seen.property, &property);
        prop_assert_eq!(seen.t, UtcMs(t));
        prop_assert_eq!(seen.v.to_bits(), v.to_bits());
        prop_assert_eq!(seen.unit.as_deref(), unit.as_deref());
        prop_assert_eq!(seen.id.as_deref(), id.as_deref());
        prop_assert_eq!(seen.result_time, result.map(UtcMs));
    }
}
