use proptest::prelude::*;

use super::*;

const HERE: &str = r#"<event version="2.0" uid="ANDROID-1" type="a-f-G-U-C" how="m-g" time="2026-06-10T19:05:00Z" start="2026-06-10T19:05:00Z" stale="2026-06-10T19:10:00Z"><point lat="22.5" lon="113.1" hae="12.5" ce="4.9" le="9999999.0"/><detail><contact callsign="BOAT 1"/><status battery="81"/><track speed="3.5" course="270.5"/><remarks>build 4.10</remarks></detail></event>"#;
const ALERT: &str = r#"<event version="2.0" uid="ANDROID-1-9-1-1" type="b-a-o-tbl" how="m-g" time="2026-06-10T19:05:00Z" start="2026-06-10T19:05:00Z" stale="2026-06-10T19:10:00Z"><point lat="22.5" lon="113.1" hae="0" ce="4.9" le="1"/><detail><emergency type="911 Alert">BOAT 1</emergency><remarks>engine dead</remarks></detail></event>"#;

fn unit(xml: &str) -> Sighting {
    match decode(xml.as_bytes()) {
        Ok(Event::Unit(said)) => *said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_position_is_read_and_says_nothing_of_a_distress() {
    let said = unit(HERE);
    assert_eq!((said.uid.as_str(), said.at), ("ANDROID-1", Some((113.1, 22.5))));
    assert_eq!((said.ce_m, said.le_m, said.hae_m), (Some(4.9), None, Some(12.5)));
    assert_eq!((said.speed_mps, said.course_deg), (Some(3.5), Some(270.5)));
    assert_eq!((said.battery_percent, said.status, said.remarks), (Some(81), None, None));
    let no_fix = HERE.replace("22.5\"", "0\"").replace("113.1", "0").replace("4.9", "9999999.0");
    assert_eq!(unit(&no_fix).at, None);
}

#[test]
fn an_alert_is_its_units_and_ends_by_its_cancellation() {
    let said = unit(ALERT);
    assert_eq!((said.uid.as_str(), said.status), ("ANDROID-1", Some(UnitStatus::Distress)));
    assert_eq!(said.remarks.as_deref(), Some("engine dead"));
    let linked = ALERT.replace("<emergency", "<link uid=\"OTHER\" relation=\"p-p\"/><emergency");
    assert_eq!(unit(&linked).uid, "OTHER");
    let over = ALERT.replace("b-a-o-tbl", "b-a-o-can");
    assert_eq!(unit(&over).status, Some(UnitStatus::Available));
    let over = ALERT.replace("type=\"911 Alert\"", "cancel=\"true\"");
    assert_eq!(unit(&over).status, Some(UnitStatus::Available));
}

#[test]
fn pings_and_other_words_of_the_protocol_are_no_reports() {
    assert_eq!(decode(HERE.replace("a-f-G-U-C", "t-x-c-t").as_bytes()), Ok(Event::Ping));
    assert_eq!(decode(HERE.replace("a-f-G-U-C", "t-x-takp-q").as_bytes()), Ok(Event::Control));
    assert_eq!(decode(pong(UtcMs(1_781_118_300_000)).as_bytes()), Ok(Event::Control));
}

#[test]
fn what_is_wrong_is_named() {
    let of =
        |from: &str, to: &str| decode(HERE.replacen(from, to, 1).as_bytes()).unwrap_err().reason;
    assert_eq!(of("a-f-G-U-C", "b-t-f"), Reason::UnknownChannel);
    assert_eq!(of("version=\"2.0\"", "version=\"1.0\""), Reason::FieldForm);
    assert_eq!(of("uid=\"ANDROID-1\"", "uid=\"\""), Reason::Identifier);
    assert_eq!(of("lat=\"22.5\"", ""), Reason::MissingField);
    assert_eq!(of("lat=\"22.5\"", "lat=\"NaN\""), Reason::NotFinite);
    assert_eq!(of("lat=\"22.5\"", "lat=\"north\""), Reason::FieldForm);
    assert_eq!(of("19:10:00Z", "19:00:00Z"), Reason::FieldForm);
    assert_eq!(of("time=\"2026-06-10T19:05:00Z\"", "time=\"yesterday\""), Reason::Time);
    assert_eq!(of("battery=\"81\"", "battery=\"181\""), Reason::OutOfRange);
    assert_eq!(of("BOAT 1", "&boom;"), Reason::Xml);
    assert_eq!(of("<event ", "<!DOCTYPE event><event "), Reason::Xml);
}

proptest! {
    #[test]
    fn what_is_written_as_an_event_is_read_again(
        lat in -90.0..=90.0_f64, lon in -180.0..=180.0_f64, speed in 0.0..200.0_f64,
        course in 0.0..360.0_f64, battery in 0_u8..=100, ce in 0.1..1000.0_f64, s in 0_i64..100_000,
    ) {
        let t = UtcMs(1_781_118_300_000 + s * 1_000);
        let (at, until) = (t.rfc3339(0), t.plus_ms(60_000).rfc3339(0));
        let xml = format!("<event version='2.0' uid='U' type='a-f-G' time='{at}' start='{at}' stale='{until}'><point lat='{lat}' lon='{lon}' hae='1' ce='{ce}' le='2'/><detail><track speed='{speed}' course='{course}'/><status battery='{battery}'/></detail></event>");
        let said = unit(&xml);
        prop_assert_eq!((said.at, said.ce_m, said.time), (Some((lon, lat)), Some(ce), t));
        prop_assert_eq!((said.speed_mps, said.course_deg), (Some(speed), Some(course)));
        prop_assert_eq!((said.battery_percent, said.stale), (Some(battery), t.plus_ms(60_000)));
    }

    #[test]
    fn any_bytes_give_an_answer(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0usize..HERE.len(), with in any::<u8>(),
    ) {
        let _ = decode(&body);
        let mut bytes = HERE.as_bytes().to_vec();
        bytes[at] = with;
        let _ = decode(&bytes);
    }
}
