use super::*;

#[test]
fn a_square_is_an_outline() {
    let square = Outline::from_geojson(
        r#"{"type":"Polygon","coordinates":[[[112,22],[112,23],[113,23],[113,22],[112,22]]]}"#,
    )
    .unwrap();
    assert!(square.contains(Position::new(112.5, 22.5).unwrap()));
    assert!(!square.contains(Position::new(113.5, 22.5).unwrap()));
}
