use geo::coordinate_position::{CoordPos, CoordinatePosition};
use geo::{Area, Coord, LineString, MultiPolygon, Polygon, Winding};
use proptest::prelude::*;

use super::*;

fn polygon(rings: &str) -> String {
    format!(r#"{{"type":"Polygon","coordinates":{rings}}}"#)
}

const SQUARE: &str = "[[112,22],[113,22],[113,23],[112,23],[112,22]]";

/// Rows of the list of bad input: what is sent, and a piece of the reason that must come back.
#[rustfmt::skip] // one row a line
fn bad_input() -> Vec<(&'static str, String, &'static str)> {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"type":"GeometryCollection","geometries":["#, "]}");
        let inside = polygon(&format!("[{SQUARE}]"));
        format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
    };
    let many = (0..=MAX_VERTICES).map(|n| format!("[112.{n:06},22]")).collect::<Vec<_>>().join(",");
    let p = |rings: &str| polygon(rings);
    vec![
        ("75 NaN in the text", p("[[[112,22],[NaN,22],[113,23],[112,22]]]"), "not a GeoJSON"),
        ("75 infinite", p("[[[112,22],[1e999,22],[113,23],[112,22]]]"), "not a GeoJSON"),
        ("76 latitude 999", p("[[[112,22],[113,999],[113,23],[112,22]]]"), "latitude 999"),
        ("76 lat, lon exchanged", p("[[[22,112],[22,113],[23,113],[22,112]]]"), "latitude 112"),
        ("77 no text", String::new(), "not a GeoJSON"),
        ("77 null", "null".into(), "not a GeoJSON"),
        ("77 empty polygon", p("[]"), "no polygon"),
        ("77 empty ring", p("[[]]"), "0 points"),
        ("77 empty multipolygon", r#"{"type":"MultiPolygon","coordinates":[]}"#.into(), "no polygon"),
        ("77 one number", p("[[[112],[113,22],[113,23],[112,22]]]"), "not a GeoJSON"),
        ("77 null coordinate", p("[[[112,null],[113,22],[113,23],[112,22]]]"), "not a GeoJSON"),
        ("77 text coordinate", p(r#"[[["112",22],[113,22],[113,23],[112,22]]]"#), "not a GeoJSON"),
        ("77 a point", r#"{"type":"Point","coordinates":[112,22]}"#.into(), "a Point has no area"),
        ("77 a line", r#"{"type":"LineString","coordinates":[[112,22],[113,22]]}"#.into(), "LineString has no area"),
        ("78 two points", p("[[[112,22],[113,23]]]"), "2 points"),
        ("78 three points", p("[[[112,22],[113,23],[112,22]]]"), "3 points"),
        ("78 not closed", p("[[[112,22],[113,22],[113,23],[112,23]]]"), "not closed"),
        ("78 a hole not closed", p(&format!("[{SQUARE},[[112.2,22.2],[112.4,22.2],[112.4,22.4],[112.2,22.4]]]")), "hole 0 of polygon 0 is not closed"),
        ("79 bow-tie", p("[[[112,22],[113,23],[113,22],[112,23],[112,22]]]"), "crosses or touches itself"),
        ("79 bow-tie crossing at a vertex", p("[[[112,22],[112.5,22.5],[113,22],[113,23],[112.5,22.5],[112,23],[112,22]]]"), "crosses or touches itself"),
        ("79 spike", p("[[[112,22],[113,22],[113,23],[113,24],[113,23],[112,23],[112,22]]]"), "itself at 113"),
        ("80 1e308", p("[[[112,22],[1e308,22],[113,23],[112,22]]]"), "longitude"),
        ("81 antimeridian", p("[[[179,0],[-179,0],[-179,1],[179,1],[179,0]]]"), "antimeridian"),
        ("81 pole", p("[[[0,80],[90,90],[170,80],[0,80]]]"), "beyond 85 degrees"),
        ("81 hole outside", p(&format!("[{SQUARE},[[114,22],[115,22],[115,23],[114,22]]]")), "not within its outer ring"),
        ("81 hole half outside", p(&format!("[{SQUARE},[[112.5,22.5],[114,22.5],[114,22.7],[112.5,22.5]]]")), "not within its outer ring"),
        ("81 hole along the border", p(&format!("[{SQUARE},[[112.2,22],[112.4,22],[112.4,22.2],[112.2,22]]]")), "not within its outer ring"),
        ("81 a line there and back", p("[[[112,22],[113,22],[114,22],[112,22]]]"), "runs back along itself"),
        ("81 next to no area", p("[[[112,22],[112.000001,22],[112.000001,22.000001],[112,22]]]"), "next to no area"),
        ("81 one place four times", p("[[[112,22],[112,22],[112,22],[112,22]]]"), "points"),
        ("82 nested collections", nested(MAX_COLLECTION_DEPTH + 1), "nested deeper"),
        ("82 nested far too deep", nested(2_000), "not a GeoJSON"),
        ("83 too many vertices", p(&format!("[[{many},[112.000000,22]]]")), "simplify it"),
        ("85 crs", format!(r#"{{"type":"Polygon","crs":{{"type":"name"}},"coordinates":[{SQUARE}]}}"#), "EPSG:4326"),
        ("overlapping polygons", format!( r#"{{"type":"MultiPolygon","coordinates":[[{SQUARE}],[[[112.5,22.5],[113.5,22.5],[113.5,23.5],[112.5,22.5]]]]}}"# ), "polygon 0 and polygon 1 overlap"),
        ("overlapping holes", p(&format!( "[{SQUARE},[[112.2,22.2],[112.6,22.2],[112.6,22.6],[112.2,22.2]],[[112.4,22.2],[112.8,22.2],[112.8,22.6],[112.4,22.2]]]" )), "overlap"),
    ]
}

#[test]
fn every_bad_geometry_is_refused_with_its_reason() {
    for (row, text, reason) in bad_input() {
        match Outline::from_geojson(&text) {
            Ok(_) => panic!("{row}: it was taken"),
            Err(e) => assert!(e.to_string().contains(reason), "{row}: {e}"),
        }
    }
}

#[test]
fn numbers_that_no_text_can_hold_are_refused_too() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let ring = vec![(112.0, 22.0), (113.0, bad), (113.0, 23.0), (112.0, 22.0)];
        let shape = MultiPolygon(vec![Polygon::new(LineString::from(ring), Vec::new())]);
        let refused = Outline::from_polygons(shape);
        assert!(matches!(refused, Err(OutlineError::Vertex { vertex: 1, .. })), "{refused:?}");
    }
}

#[test]
fn winding_is_put_right_and_the_area_does_not_mind() {
    // Row 84: the shell clockwise, the hole anticlockwise.
    let wrong = polygon(
        "[[[112,22],[112,23],[113,23],[113,22],[112,22]],
          [[112.2,22.2],[112.4,22.2],[112.4,22.4],[112.2,22.4],[112.2,22.2]]]",
    );
    let outline = Outline::from_geojson(&wrong).unwrap();
    let polygon = &outline.polygons().0[0];
    assert!(polygon.exterior().is_ccw() && polygon.interiors()[0].is_cw());
    // 103.2 km × 111.2 km at 22.5°, less a hole of 20.6 km × 22.2 km.
    assert!((outline.area_km2() - 10_970.0).abs() < 100.0, "{}", outline.area_km2());
    let at = |lon, lat| outline.contains(Position::new(lon, lat).unwrap());
    assert!(at(112.5, 22.5) && !at(112.3, 22.3) && at(112.2, 22.3), "the rim of a hole is outline");
}

#[test]
fn a_shallow_collection_and_a_third_number_are_read() {
    let text = format!(
        r#"{{"type":"GeometryCollection","geometries":[{}]}}"#,
        polygon("[[[112,22,5],[113,22,5],[113,23,5],[112,22,5]]]")
    );
    assert_eq!(Outline::from_geojson(&text).unwrap().vertices(), 4);
}

#[test]
fn repeated_points_are_dropped() {
    let text = polygon("[[[112,22],[112,22],[113,22],[113,23],[113,23],[112,22]]]");
    assert_eq!(Outline::from_geojson(&text).unwrap().vertices(), 4);
}

#[test]
fn an_outline_survives_its_own_text() {
    let outline = Outline::from_geojson(&polygon(&format!("[{SQUARE}]"))).unwrap();
    assert_eq!(Outline::from_geojson_value(outline.to_geojson()), Ok(outline));
}

#[test]
fn a_coast_of_fifty_thousand_vertices_is_checked() {
    assert_eq!(coast(MAX_VERTICES - 1).vertices(), MAX_VERTICES);
}

#[test]
fn a_coast_is_drawn_with_fewer_vertices() {
    let coast = coast(5_000);
    let drawn = coast.simplify(0.01);
    assert!(drawn.vertices() < coast.vertices() / 10, "{}", drawn.vertices());
    assert!((drawn.area_km2() / coast.area_km2() - 1.0).abs() < 0.05);
    assert_eq!(coast.simplify(f64::NAN), coast);
}

fn coast(points: usize) -> Outline {
    let at = |n: usize| {
        let angle = n as f64 / points as f64 * std::f64::consts::TAU;
        let radius = 0.5 + 0.05 * (angle * 97.0).sin();
        Coord { x: 112.5 + radius * angle.cos(), y: 22.5 + radius * angle.sin() }
    };
    let ring = (0..points).chain([0]).map(at).collect();
    Outline::from_polygons(MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())])).unwrap()
}

/// Rings around a centre, on a coarse grid so that edges and points often lie on one line.
fn star() -> impl Strategy<Value = MultiPolygon<f64>> {
    prop::collection::vec(1_i32..12, 3..24).prop_map(|radii| {
        let count = radii.len();
        let mut ring: Vec<Coord<f64>> = radii
            .iter()
            .enumerate()
            .map(|(n, radius)| {
                let angle = n as f64 / count as f64 * std::f64::consts::TAU;
                let on_grid = |v: f64| (v * f64::from(*radius)).round() / 8.0;
                Coord { x: 112.0 + on_grid(angle.cos()), y: 22.0 + on_grid(angle.sin()) }
            })
            .collect();
        ring.push(ring[0]);
        MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())])
    })
}

proptest! {
    #[test]
    fn an_outline_contains_what_plain_geometry_says(
        shape in star(), probes in prop::collection::vec((-26..=26_i32, -26..=26_i32), 40),
    ) {
        // Many of the stars cross themselves: those must be refused, the others must agree.
        let Ok(outline) = Outline::from_polygons(shape) else { return Ok(()) };
        prop_assert!(outline.polygons().unsigned_area() > 0.0);
        for (x, y) in probes {
            let (lon, lat) = (112.0 + f64::from(x) / 16.0, 22.0 + f64::from(y) / 16.0);
            let plain = outline.polygons().coordinate_position(&Coord { x: lon, y: lat });
            let at = Position::new(lon, lat).unwrap();
            prop_assert_eq!(outline.contains(at), plain != CoordPos::Outside, "{} {}", lon, lat);
        }
    }

    #[test]
    fn whatever_is_taken_passes_the_checks_of_the_geometry_library(shape in star()) {
        use geo::Validation;
        if let Ok(outline) = Outline::from_polygons(shape.clone()) {
            prop_assert!(outline.polygons().is_valid());
            prop_assert!(outline.centroid().is_some());
        } else {
            // Refused for a reason that the library's own check may miss (touching at a vertex).
            prop_assert!(Outline::from_polygons(shape).is_err());
        }
    }

    #[test]
    fn a_ring_that_is_merely_checked_has_the_verdict_of_one_that_is_taken(
        ring in proptest::collection::vec((-4i8..4, -4i8..4), 0..12),
        closes in any::<bool>(),
    ) {
        let mut ring: Vec<_> = ring.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
        ring.extend(ring.first().copied().filter(|_| closes));
        prop_assert_eq!(Outline::check_ring(&ring), Outline::from_ring(&ring).map(|_| ()));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}\",:a-z0-9eE.+-]{0,200}") {
        let _ = Outline::from_geojson(&text);
        let _ = Outline::from_geojson(&polygon(&text));
    }
}
