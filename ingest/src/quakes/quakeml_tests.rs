use proptest::prelude::*;

use super::*;
use crate::decoders::samples::QUAKE as TWO;

fn first(xml: &str) -> Result<Earthquake, Why> {
    match document(xml.as_bytes())?.remove(0).read? {
        Report::Earthquake(said) => Ok(said),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_preferred_origin_and_magnitude_are_taken_and_the_newest_time_is_the_versions() {
    let said = first(TWO).unwrap();
    assert_eq!(said.id, "smi:example.org/event/1");
    assert_eq!((said.lon, said.lat, said.depth_km), (112.9, 21.6, Some(12.0)));
    assert_eq!((said.magnitude, said.magnitude_kind.as_str()), (Some(4.3), "Mw"));
    assert_eq!(said.t, UtcMs::parse("2026-06-10T19:05:00.123Z").unwrap());
    assert_eq!(said.updated, UtcMs::parse("2026-06-10T19:30:00Z").unwrap());
    assert_eq!((said.state, said.issuer.as_str()), (QuakeState::Reviewed, "GD"));
    assert_eq!(said.place, "TAISHAN OFFSHORE (fictional)");
    let all = document(TWO.as_bytes()).unwrap();
    assert!(matches!(&all[1].read, Ok(Report::Earthquake(q)) if q.state == QuakeState::Withdrawn));
}

#[test]
fn without_a_preferred_one_the_first_stands_and_a_time_without_an_offset_is_utc() {
    let bare = TWO
        .replace("<preferredOriginID>smi:example.org/origin/2</preferredOriginID>", "")
        .replace("<preferredMagnitudeID>smi:example.org/magnitude/Mw</preferredMagnitudeID>", "");
    let said = first(&bare).unwrap();
    assert_eq!((said.lon, said.magnitude), (112.0, Some(4.9)));
    assert_eq!(said.t, UtcMs::parse("2026-06-10T19:04:00Z").unwrap());
}

#[test]
fn what_is_wrong_is_named_and_hostile_xml_is_refused_as_a_whole() {
    let of = |from: &str, to: &str| first(&TWO.replacen(from, to, 1)).unwrap_err().reason;
    assert_eq!(of("origin/2</pref", "origin/9</pref"), Reason::FieldForm);
    assert_eq!(of("<value>21.6</value>", "<value>NaN</value>"), Reason::NotFinite);
    assert_eq!(of("<value>21.6</value>", "<value>2<!-- -->1.6</value>"), Reason::FieldForm);
    assert_eq!(of("<value>21.6</value>", "<value>216</value>"), Reason::OutOfRange);
    assert_eq!(of("2026-06-10T19:05", "1926-06-10T19:05"), Reason::Time);
    assert_eq!(of("bed/1.2", "bed/1.1"), Reason::MissingField);
    assert_eq!(of("quakeml/1.2", "quakeml/1.1"), Reason::FieldForm);
    let dtd = TWO.replacen("<q:quakeml", "<!DOCTYPE q [<!ENTITY a \"b\">]><q:quakeml", 1);
    assert_eq!(document(dtd.as_bytes()).unwrap_err().reason, Reason::Syntax);
    let half = document(TWO.replacen("<value>21.6</value>", "<value>x</value>", 1).as_bytes());
    let half = half.unwrap();
    assert!(half[0].read.is_err() && half[1].read.is_ok(), "one event does not harm another");
    assert!(String::from_utf8_lossy(&half[0].raw).contains("event/1"), "its own part is kept");
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0usize..TWO.len(), with in any::<u8>(),
    ) {
        let _ = document(&body);
        let mut bytes = TWO.as_bytes().to_vec();
        bytes[at] = with;
        let _ = document(&bytes);
    }
}
