//! Addresses as people give them, against a small gazetteer with the traps of a real one.

use proptest::prelude::*;

use super::*;
use crate::city::AddressBook;
use crate::situation::{Located, LocatedBy, Precision, SaidPlace};

const GAZETTEER: &str = "name,kind,lon,lat,zone,aliases
白沙街道,township,0.25,0.25,R-P001,
赤溪镇,township,0.75,0.25,R-T001,
白沙镇,township,0.8,0.8,R-T002,
磅礴村委会,village,,,R-T001201,
东风村委会,village,0.76,0.26,R-T001202,
东风村委会,village,,,R-T002203,
羊桥社区居委会,village,0.26,0.26,R-P001101,
迎宾大道,road,0.3,0.3,R-P,迎宾大道西
台山大道,road,0.7,0.7,R-T,
江门大道,road,0.2,0.5,R,
环市路,road,0.1,0.1,R-P,
环市路,road,0.9,0.9,R-T,
";

fn district(id: &str, name: &str, west: f64) -> String {
    let east = west + 0.5;
    format!(
        r#"{{"type":"Feature","properties":{{"id":"{id}","name":"{name}","kind":"district","parent":"R"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},0],[{east},0],[{east},1],[{west},1],[{west},0]]]}}}}"#
    )
}

fn book() -> AddressBook {
    let mut files = City::scaffold();
    let bare = ["city.toml", "agencies.toml"];
    files.retain(|path, _| bare.contains(&path.as_str()));
    files.insert("stations.csv".into(), b"id,agency,lon,lat\n".to_vec());
    files.insert("datastreams.csv".into(), b"station,property,interval_s\n".to_vec());
    let zones = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"id":"R","name":"江门市","kind":"city"}},"geometry":{{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}}}},{},{}]}}"#,
        district("R-P", "蓬江区", 0.0),
        district("R-T", "台山市", 0.5),
    );
    files.insert("zones.geojson".into(), zones.into_bytes());
    files.insert("gazetteer.csv".into(), GAZETTEER.into());
    let city = City::read(&files).unwrap_or_else(|errors| panic!("{errors:?}"));
    AddressBook::of(&city)
}

fn find(text: &str) -> Located {
    book().find(text, LocatedBy::Address)
}

#[test]
fn the_narrowest_name_within_the_district_is_the_place() {
    let village = find("广东省江门市台山市赤溪镇东风村委会附近的小学旁边");
    assert_eq!((village.precision, village.point), (Precision::Village, Some((0.76, 0.26))));
    assert_eq!(village.matched, ["台山市", "赤溪镇", "东风村委会"]);
    assert_eq!(village.zone.unwrap().as_str(), "R-T");
    let bare = find("台山赤溪东风村口 水已经过膝");
    assert_eq!(bare.precision, Precision::Village);
    let road = find("蓬江区迎宾大道西3号对面");
    assert_eq!((road.precision, road.point), (Precision::Road, Some((0.3, 0.3))));
    assert_eq!(road.matched, ["蓬江区", "迎宾大道"]);
}

#[test]
fn a_road_of_several_districts_is_where_its_point_lies_and_one_of_two_is_neither() {
    let told = |text: &str| {
        let found = find(text);
        (found.precision, found.point)
    };
    assert_eq!(told("蓬江区江门大道辅路"), (Precision::Road, Some((0.2, 0.5))));
    // Its stretch of another district is not known: the district is.
    assert_eq!(told("台山市江门大道"), (Precision::District, None));
    // A road of the district says less than the township that is named with it.
    assert_eq!(told("蓬江区白沙街道迎宾大道"), (Precision::Township, Some((0.25, 0.25))));
    assert_eq!(told("环市路路口积水"), (Precision::Unknown, None));
    assert_eq!(told("台山环市路路口积水"), (Precision::Road, Some((0.9, 0.9))));
}

#[test]
fn a_village_without_a_point_stands_at_its_township_and_says_so() {
    let found = find("台山市赤溪镇磅礴村");
    assert_eq!((found.precision, found.point), (Precision::Township, Some((0.75, 0.25))));
    assert_eq!(found.matched, ["台山市", "赤溪镇", "磅礴村委会"]);
    let alone = find("磅礴村后山有落石");
    assert_eq!((alone.precision, alone.point), (Precision::Township, Some((0.75, 0.25))));
}

#[test]
fn what_could_be_two_places_is_neither() {
    // Two villages of one name, and nothing that tells them apart.
    assert_eq!(find("东风村有人被困").precision, Precision::Unknown);
    // The district tells which 白沙 is meant.
    assert_eq!(find("台山市白沙一带停电").point, Some((0.8, 0.8)));
    assert_eq!(find("蓬江区白沙一带停电").point, Some((0.25, 0.25)));
    assert_eq!(find("白沙一带停电").precision, Precision::Unknown);
    // A township of another district than the one named is not believed.
    let contrary = find("蓬江区赤溪镇");
    assert_eq!((contrary.precision, contrary.point), (Precision::District, None));
    assert_eq!(contrary.matched, ["蓬江区"]);
}

#[test]
fn a_name_within_a_longer_one_is_not_heard() {
    // 台山大道 is a road, wherever 台山 stands in it.
    let found = find("台山大道积水严重");
    assert_eq!(
        (found.precision, found.matched.as_slice()),
        (Precision::Road, &["台山大道".into()][..])
    );
}

#[test]
fn unknown_stays_unknown_and_never_is_the_middle_of_the_city() {
    for text in ["", "江门市", "江门市某处", "不知道在哪里", "我家门口"] {
        let found = find(text);
        assert_eq!((found.precision, found.point), (Precision::Unknown, None), "{text}");
    }
}

#[test]
fn the_best_of_what_was_said_is_taken() {
    let book = book();
    let said = |point, address: &str, zones: &[&str]| SaidPlace {
        point,
        crs: None,
        address: (!address.is_empty()).then(|| address.to_owned()),
        zones: zones.iter().map(|z| z.parse().unwrap()).collect(),
        ..SaidPlace::default()
    };
    let by_point = book.locate(&said(Some((0.6, 0.6)), "蓬江区", &[]), "");
    assert_eq!((by_point.by, by_point.precision), (LocatedBy::Point, Precision::Point));
    assert_eq!(by_point.zone.unwrap().as_str(), "R-T");
    let by_zone = book.locate(&said(None, "", &["R-T"]), "赤溪镇水浸");
    assert_eq!((by_zone.by, by_zone.precision), (LocatedBy::Zones, Precision::District));
    let by_address = book.locate(&said(None, "赤溪镇", &["R-T"]), "");
    assert_eq!((by_address.by, by_address.precision), (LocatedBy::Address, Precision::Township));
    let by_text = book.locate(&said(None, "码头边", &[]), "赤溪镇水浸");
    assert_eq!((by_text.by, by_text.precision), (LocatedBy::Text, Precision::Township));
    assert_eq!(book.locate(&said(None, "", &["R"]), "").point, None);
}

proptest! {
    #[test]
    fn any_text_gives_one_answer(text in "[台山赤溪镇东风村迎宾大道西白沙蓬江区 a0]{0,40}", other in any::<String>()) {
        let book = book();
        for text in [text.as_str(), other.as_str()] {
            let found = book.find(text, LocatedBy::Text);
            prop_assert_eq!(&found, &book.find(text, LocatedBy::Text));
            prop_assert_eq!(found.point.is_none(), found.precision >= Precision::District);
        }
    }
}
