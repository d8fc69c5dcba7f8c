//! Bodies as agencies send them, and bodies as nobody should.

use domain::refusal::Reason;
use domain::report::Report;
use domain::situation::{Body, Kind, Situation, State};
use gis::Crs;
use proptest::prelude::*;

use super::body::{packet, table};
use super::envelope::Form;
use super::*;
use crate::judge::Why;

const HOTLINE: &str = r#"{"id":"JM20260911-0017","t":"2026-09-11T19:20:00+08:00","text":"台山市赤溪镇磅礴村口水浸过膝,联系13800138000","class":"内涝积水","people":3}"#;
const FORECAST: &str = r#"{"id":"TJ-1","t":"2026-09-11T12:00:00+08:00","station":"JM-0211","property":"water_level","unit":"m","values":[{"t":"2026-09-11T18:00:00+08:00","v":3.9},{"t":"2026-09-12T00:00:00+08:00","v":4.2}]}"#;

fn all<F: Form>(body: &str) -> Vec<Result<Situation, Why>> {
    let said = packet::<F>(body.as_bytes(), None).unwrap();
    said.into_iter().map(|s| s.read.map(situation_of)).collect()
}

fn situation_of(report: Report) -> Situation {
    match report {
        Report::Situation(situation) => *situation,
        other => panic!("{other:?}"),
    }
}

fn why<F: Form>(body: &str) -> Reason {
    all::<F>(body).remove(0).unwrap_err().reason
}

#[test]
fn a_work_order_is_read_and_its_number_hidden() {
    let read = all::<hotline::Hotline>(HOTLINE).remove(0).unwrap();
    assert_eq!(read.id.as_str(), "JM20260911-0017");
    assert_eq!(read.text, "台山市赤溪镇磅礴村口水浸过膝,联系〔号码略〕");
    assert_eq!((read.state, read.body.kind()), (State::Open, Kind::Hotline));
}

#[test]
fn an_array_and_lines_are_many_reports_and_a_bad_one_is_that_one_only() {
    let bad = HOTLINE.replace("class", "caller");
    for body in [format!("[{HOTLINE},{bad}]"), format!("{HOTLINE}\n{bad}\n")] {
        let read = all::<hotline::Hotline>(&body);
        assert!(read[0].is_ok());
        assert_eq!(read[1].as_ref().unwrap_err().reason, Reason::UnknownField);
    }
    let said = packet::<hotline::Hotline>(bad.as_bytes(), None).unwrap();
    let kept = String::from_utf8(said[0].raw.to_vec()).unwrap();
    assert!(!kept.contains("13800138000") && !kept.contains("内涝积水"), "{kept}");
}

#[test]
fn a_mistake_is_named() {
    use Reason::{Coordinates, FieldForm, Identifier, MissingField, OutOfRange, Syntax, Time};
    let with = |piece: &str, by: &str| HOTLINE.replace(piece, by);
    for (body, reason) in [
        (with("\"id\":\"JM20260911-0017\",", ""), MissingField),
        (with("JM20260911-0017", "13800138000"), Identifier),
        (with("JM20260911-0017", "a/b"), Identifier),
        (with("+08:00", ""), Time),
        (with(",\"people\"", ",\"lon\":113,\"people\""), MissingField),
        (with(",\"people\"", ",\"lon\":313,\"lat\":22,\"people\""), OutOfRange),
        (with(":3}", ":-3}"), FieldForm),
        (with(":3}", ":3,\"people\":4}"), FieldForm),
        (with(":3}", ":3,\"crs\":\"utm\"}"), FieldForm),
        ("17".into(), FieldForm),
    ] {
        assert_eq!(why::<hotline::Hotline>(&body), reason, "{body}");
    }
    assert_eq!(packet::<hotline::Hotline>(b"[{", None).unwrap_err().reason, Syntax);
    assert_eq!(packet::<hotline::Hotline>(b" ", None).unwrap_err().reason, Syntax);
    let at = |id: &str, crs: &str| {
        format!(r#"{{"id":"{id}","t":1781118300000,"lon":113.0,"lat":22.5,"crs":"{crs}"}}"#)
    };
    let mixed = format!("[{},{}]", at("a", "gcj02"), at("b", "bd09"));
    let reasons: Vec<Reason> =
        all::<hotline::Hotline>(&mixed).into_iter().map(|read| read.unwrap_err().reason).collect();
    assert_eq!(reasons, [Coordinates, Coordinates]);
}

#[test]
fn a_declared_system_is_converted() {
    let body = r#"{"id":"a","t":1781118300000,"service":"119","lon":113.08,"lat":22.58}"#;
    let said = packet::<calls::Call>(body.as_bytes(), Some(Crs::Gcj02)).unwrap().remove(0);
    let read = situation_of(said.read.unwrap());
    let (lon, _) = read.place.point.unwrap();
    assert!((113.07..113.08).contains(&lon) && read.place.crs == Some(Crs::Gcj02));
}

#[test]
fn every_kind_is_read() {
    let one = |body: &str, read: fn(&str) -> Vec<Result<Situation, Why>>, kind: Kind| {
        let read = read(body).remove(0).unwrap_or_else(|why| panic!("{body}: {why:?}"));
        assert_eq!(read.body.kind(), kind);
    };
    let e = r#""id":"a","t":1781118300000"#;
    one(&format!(r#"{{{e},"service":"120","injured":2}}"#), all::<calls::Call>, Kind::Call);
    one(
        &format!(r#"{{{e},"households":31000,"zones":["440781"],"important":["医院"]}}"#),
        all::<outages::Outage>,
        Kind::Outage,
    );
    one(
        &format!(r#"{{{e},"road":"G325","extent":"one_way","state":"closed"}}"#),
        all::<closures::Closure>,
        Kind::Closure,
    );
    one(
        &format!(
            r#"{{{e},"name":"大槐坑","hazard":"landslide","danger":"watch","responsible":[{{"role":"巡查","name":"甲","phone":"13800138000"}}]}}"#
        ),
        all::<hazard_points::Point>,
        Kind::HazardPoint,
    );
    one(
        &format!(r#"{{{e},"act":"poisoning","venue":"食堂","batch":"20260901001","ill":17}}"#),
        all::<food::Food>,
        Kind::Food,
    );
    one(
        &format!(r#"{{{e},"heading":"danger","works":"沙咀围","class":"漫顶"}}"#),
        all::<damage::Damaged>,
        Kind::Damage,
    );
    one(FORECAST, all::<forecasts::Series>, Kind::Forecast);
    assert_eq!(why::<closures::Closure>(&format!("{{{e}}}")), Reason::MissingField);
    assert_eq!(why::<forecasts::Series>(&FORECAST.replace("12T00", "11T17")), Reason::FieldForm);
    assert_eq!(why::<forecasts::Series>(&FORECAST.replace("4.2", "1e9")), Reason::OutOfRange);
    assert_eq!(
        why::<damage::Damaged>(&format!(r#"{{{e},"heading":"loss","crops_ha":-1}}"#)),
        Reason::OutOfRange
    );
}

#[test]
fn every_word_of_a_list_is_read_as_what_it_says() {
    use domain::situation::body::{FoodAct, Heading, Service, Stage};
    let of = |read: Result<Situation, Why>| read.unwrap().body;
    let only = |mut read: Vec<Result<Situation, Why>>| of(read.remove(0));
    let services = [
        ("110", Service::Police),
        ("119", Service::Fire),
        ("120", Service::Ambulance),
        ("122", Service::Traffic),
    ];
    for (word, service) in services {
        let body = format!(r#"{{"id":"C1","t":1781118300000,"service":"{word}","text":"求助"}}"#);
        assert!(matches!(only(all::<calls::Call>(&body)), Body::Call(c) if c.service == service));
    }
    let acts = [
        ("test", FoodAct::Test),
        ("complaint", FoodAct::Complaint),
        ("recall", FoodAct::Recall),
        ("poisoning", FoodAct::Poisoning),
    ];
    for (word, act) in acts {
        let body = format!(
            r#"{{"id":"F1","t":1781118300000,"act":"{word}","product":"豆制品","item":"大肠菌群","passed":false}}"#
        );
        let Body::Food(food) = only(all::<food::Food>(&body)) else { panic!("{word}") };
        assert_eq!((food.act, food.item.as_str(), food.passed), (act, "大肠菌群", Some(false)));
    }
    let headings =
        [("danger", Heading::Danger), ("works", Heading::Works), ("loss", Heading::Loss)];
    let stages =
        [("first", Stage::First), ("follow_up", Stage::FollowUp), ("verified", Stage::Verified)];
    for ((heading, is), (stage, at)) in headings.into_iter().flat_map(|h| stages.map(|s| (h, s))) {
        let body = format!(
            r#"{{"id":"D1","t":1781118300000,"heading":"{heading}","stage":"{stage}","works":"堤防"}}"#
        );
        let Body::Damage(damage) = only(all::<damage::Damaged>(&body)) else { panic!("{heading}") };
        assert_eq!((damage.heading, damage.stage), (is, at));
    }
}

#[test]
fn a_batch_of_food_is_nobodys_number_and_a_responsible_person_has_one() {
    let food = r#"{"id":"a","t":1781118300000,"act":"recall","batch":"202609010017"}"#;
    let Body::Food(read) = all::<food::Food>(food).remove(0).unwrap().body else { panic!() };
    assert_eq!(read.batch, "202609010017");
}

#[test]
fn a_sheet_is_read_by_its_header() {
    let sheet = "id,t,name,hazard,danger,lon,lat,threatened,zones,responsible\n\
        HP-1,2026-09-11T08:00:00+08:00,大槐坑(虚构),landslide,watch,112.2,22.1,180,440785;440785108,巡查/甲/0750-0000000;行政/乙\n\
        HP-2,1781118300000,水步低洼(虚构),ponding,,,,,440781,\n\
        HP-3,1781118300000,x,volcano,,,,,,\n\
        HP-4,1781118300000\n";
    let said = table::<hazard_points::Point>(sheet.as_bytes(), None).unwrap();
    let Body::HazardPoint(first) = &situation_of(said[0].read.clone().unwrap()).body else {
        panic!()
    };
    assert_eq!((first.threatened, first.responsible.len()), (Some(180), 2));
    assert_eq!(
        (first.responsible[0].phone.as_str(), first.responsible[1].role.as_str()),
        ("0750-0000000", "行政")
    );
    assert!(said[1].read.is_ok());
    let reason = |n: usize| said[n].read.clone().unwrap_err().reason;
    assert_eq!((reason(2), reason(3)), (Reason::FieldForm, Reason::UnknownField));
    // A refused row is kept as the object it stands for: mended, it can be sent again as it is.
    let kept: serde_json::Value = serde_json::from_slice(&said[2].raw).unwrap();
    assert_eq!(kept["name"], "x");
    let unknown = table::<hotline::Hotline>(b"id,t,phone\na,1,2\n", None).unwrap_err();
    assert_eq!(unknown.reason, Reason::UnknownField);
}

/// Any bytes, by every reader.
fn every_reader(body: &[u8]) {
    for kind in
        [&HOTLINE_KIND, &CALLS, &OUTAGES, &CLOSURES, &HAZARD_POINTS, &FOOD, &DAMAGE, &FORECASTS]
    {
        let (register, agency) = (crate::register::Register::default(), "a".parse().unwrap());
        for (_, reader) in kind.media {
            let _ = reader(&Rim { register: &register, agency: &agency }, body);
        }
    }
}

use super::HOTLINE as HOTLINE_KIND;

proptest! {
    #[test]
    fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..300, with in any::<u8>()) {
        every_reader(&body);
        for sound in [HOTLINE, FORECAST] {
            let mut bytes = sound.as_bytes().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = with;
            every_reader(&bytes);
        }
    }

    #[test]
    fn no_number_of_a_person_is_kept(number in "1[3-9][0-9]{9}", field in "text|address|class|caller|note|t|zones") {
        let raw = format!(r#"{{"id":"a","t":1781118300000,"{field}":"请打{number}"}}"#);
        for said in packet::<hotline::Hotline>(raw.as_bytes(), None).unwrap() {
            let kept = match said.read {
                Ok(report) => format!("{report:?}"),
                Err(_) => String::from_utf8(said.raw.to_vec()).unwrap(),
            };
            prop_assert!(!kept.contains(&number), "{}", kept);
        }
    }
}

#[test]
fn an_area_that_crosses_itself_has_no_inside_and_is_refused() {
    let with = |kind: &str, coordinates: &str| {
        let geometry = format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#);
        let body = format!(
            r#"{{"id":"TD-1","t":"2026-09-11T19:20:00+08:00","households":9,"geometry":{geometry}}}"#
        );
        all::<outages::Outage>(&body).remove(0)
    };
    let square = "[[112.5,22.1],[112.7,22.1],[112.7,22.3],[112.5,22.3],[112.5,22.1]]";
    let within = "[[112.55,22.15],[112.6,22.15],[112.6,22.2],[112.55,22.2],[112.55,22.15]]";
    assert!(with("Polygon", &format!("[{square},{within}]")).is_ok(), "with a hole");
    let bow = "[[112.5,22.1],[112.7,22.3],[112.7,22.1],[112.5,22.3],[112.5,22.1]]";
    let spike = "[[112.5,22.1],[112.6,22.1],[112.7,22.1],[112.5,22.1]]";
    for (kind, coordinates) in [
        ("Polygon", format!("[{bow}]")),
        ("Polygon", format!("[{spike}]")),
        ("Polygon", format!("[{within},{square}]")),
        ("MultiPolygon", format!("[[{square}],[{within}]]")),
    ] {
        let why = with(kind, &coordinates).unwrap_err();
        assert_eq!(why.reason, Reason::FieldForm, "{coordinates}: {why:?}");
        assert!(why.detail.starts_with("field \"geometry\": "), "{why:?}");
    }
}

#[test]
fn more_in_hospital_or_dead_than_fell_ill_is_a_contradiction() {
    let with = |figures: &str| {
        let body = format!(
            r#"{{"id":"F-1","t":"2026-09-11T19:20:00+08:00","act":"poisoning",{figures}}}"#
        );
        all::<food::Food>(&body).remove(0).map_err(|why| why.reason)
    };
    assert!(with(r#""ill":30,"hospitalised":30,"dead":1"#).is_ok());
    assert!(with(r#""hospitalised":30"#).is_ok(), "how many fell ill is not known yet");
    assert_eq!(with(r#""ill":3,"hospitalised":9"#).unwrap_err(), Reason::Inconsistent);
    assert_eq!(with(r#""ill":3,"dead":4"#).unwrap_err(), Reason::Inconsistent);
}

#[test]
fn a_sheet_that_was_cut_off_within_quotes_loses_its_last_row_only() {
    let cut = "id,t,text,address\nA-1,2026-09-11T19:20:00+08:00,\"水浸\",\"赤溪\"\nA-2,2026-09-11T19:21:00+08:00,水浸,\"赤溪镇";
    let said = table::<hotline::Hotline>(cut.as_bytes(), None).unwrap();
    assert_eq!(said.len(), 2);
    assert!(said[0].read.is_ok());
    assert!(said[1].read.as_ref().unwrap_err().detail.contains("quote"));
    let whole = format!("{cut}\"\n");
    let whole = table::<hotline::Hotline>(whole.as_bytes(), None).unwrap();
    assert!(whole.iter().all(|said| said.read.is_ok()));
}
