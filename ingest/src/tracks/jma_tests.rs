use proptest::prelude::*;

use super::*;

/// Columns of a storm that never was.
const STORM: &str = "\
66666 2613  003 0019 2613 0 6              RONGLAN              20260911        
26091006 002 2 168 1201 1000     000                                            
26091100 002 4 199 1172  975     055     30060 0040 90180 0120                  
26091112 002 5 208 1149  955     080     90080 0080 40210 0150         #        
";

fn only(text: &str) -> Result<StormTrack, Why> {
    match best_tracks(text.as_bytes())?.remove(0).read? {
        Report::Track(said) => Ok(said),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_column_comes_out_in_its_unit() {
    let said = only(STORM).unwrap();
    assert_eq!((said.id.as_str(), said.name.as_str(), said.averaging_s), ("2613", "RONGLAN", 600));
    assert_eq!(said.issued, UtcMs::parse("2026-09-11T00:00:00Z").unwrap());
    let [first, second, third] = said.points.as_slice() else { panic!() };
    assert_eq!((first.wind_mps, first.radii.len(), first.grade.as_str()), (None, 0, "TD"));
    assert_eq!((second.lon, second.lat, second.pressure_hpa), (117.2, 19.9, Some(975.0)));
    assert!((second.wind_mps.unwrap() - 28.294).abs() < 1e-3, "55 kt");
    let [fifty, thirty] = second.radii.as_slice() else { panic!() };
    assert!((fifty.longest_km - 111.12).abs() < 1e-9 && fifty.toward_deg == Some(135.0), "SE");
    assert_eq!((thirty.toward_deg, thirty.shortest_km), (None, 120.0 * 1.852));
    assert_eq!(third.t, UtcMs::parse("2026-09-11T12:00:00Z").unwrap());
    assert_eq!(third.radii[1].toward_deg, Some(180.0));
}

#[test]
fn many_storms_are_many_reports_and_one_bad_line_harms_its_own_storm_only() {
    let two = format!("{STORM}{}", STORM.replace(" 199 1172", " x99 1172"));
    let said = best_tracks(two.as_bytes()).unwrap();
    assert!(said[0].read.is_ok());
    let why = said[1].read.as_ref().unwrap_err();
    assert!(why.detail.contains("latitude"), "{}", why.detail);
}

#[test]
fn what_is_wrong_is_named() {
    let of = |from: &str, to: &str| only(&STORM.replacen(from, to, 1)).unwrap_err();
    assert!(of("  003 ", "  004 ").detail.contains("promises 4"));
    assert_eq!(of("26091006 002", "99091006 002").reason, Reason::Time, "1999");
    assert_eq!(of("26091006 002", "26091306 002").reason, Reason::FieldForm, "out of order");
    assert_eq!(of("002 4 199", "003 4 199").reason, Reason::FieldForm);
    assert_eq!(of("002 4 199", "002 8 199").reason, Reason::FieldForm);
    assert_eq!(of("30060 0040", "00060 0040").reason, Reason::FieldForm);
    assert_eq!(best_tracks(b"hello").unwrap_err().reason, Reason::Syntax);
    assert_eq!(best_tracks("66666 台风".as_bytes()).unwrap_err().reason, Reason::Syntax);
    assert_eq!(best_tracks(b"").unwrap_err().reason, Reason::Syntax);
}

/// A track in its columns: the reverse of the reader, as far as the columns go.
fn columns_of(track: &StormTrack) -> String {
    let (id, count, name) = (&track.id, track.points.len(), &track.name);
    let date = track.issued.rfc3339(0).replace('-', "");
    let mut text =
        format!("66666 {id}  {count:03} 0001 {id} 0 6 {name:>20}              {}\n", &date[..8]);
    for point in &track.points {
        let t = point.t.rfc3339(0);
        let grade = ["", "", "TD", "TS", "STS", "TY", "L"];
        let grade = grade.iter().position(|g| !g.is_empty() && *g == point.grade).unwrap();
        let knots = point.wind_mps.map_or(0, |w| (w / KNOT_MPS).round() as i32);
        let radius = |at: usize| {
            let Some(r) = point.radii.get(at) else { return "00000 0000".to_owned() };
            let octant = r.toward_deg.map_or(9, |d| match (d / 45.0) as i32 {
                0 => 8,
                n => n,
            });
            let miles = |km: f64| (km / NAUTICAL_MILE_KM).round() as i32;
            format!("{octant}{:04} {:04}", miles(r.longest_km), miles(r.shortest_km))
        };
        text.push_str(&format!(
            "{}{}{}{} 002 {grade} {:03} {:04} {:4}     {knots:03}     {} {}\n",
            &t[2..4],
            &t[5..7],
            &t[8..10],
            &t[11..13],
            (point.lat * 10.0).round() as i32,
            (point.lon * 10.0).round() as i32,
            point.pressure_hpa.unwrap() as i32,
            radius(0),
            radius(1),
        ));
    }
    text
}

fn track() -> impl Strategy<Value = StormTrack> {
    let radius = |knots: f64| {
        (0_i32..9, 1_i32..400, 0_i32..400).prop_map(move |(octant, longest, less)| WindRadius {
            wind_mps: knots * KNOT_MPS,
            longest_km: f64::from(longest) * NAUTICAL_MILE_KM,
            shortest_km: f64::from((longest - less).max(0)) * NAUTICAL_MILE_KM,
            toward_deg: (octant < 8).then(|| f64::from(octant) * 45.0),
        })
    };
    let point = (
        0_i32..500,
        1000_i32..1800,
        860_i32..1015,
        2_usize..7,
        1_i32..120,
        radius(50.0),
        radius(30.0),
    );
    (1_i64..24 * 300, proptest::collection::vec(point, 1..20)).prop_map(|(hour, points)| {
        let t0 = UtcMs::parse("2026-01-01T00:00:00Z").unwrap();
        let points =
            points.into_iter().zip(0_i64..).map(|((lat, lon, hpa, grade, kt, a, b), n)| {
                TrackPoint {
                    t: t0.plus_ms((hour + 6 * n) * 3_600_000),
                    lat: f64::from(lat) / 10.0,
                    lon: f64::from(lon) / 10.0,
                    pressure_hpa: Some(f64::from(hpa)),
                    wind_mps: Some(f64::from(kt) * KNOT_MPS),
                    grade: ["", "", "TD", "TS", "STS", "TY", "L"][grade].into(),
                    radii: vec![a, b],
                }
            });
        StormTrack {
            id: "2613".into(),
            name: "RONGLAN".into(),
            issuer: ISSUER.into(),
            issued: t0,
            averaging_s: AVERAGING_S,
            points: points.collect(),
            forecast: Vec::new(),
        }
    })
}

proptest! {
    #[test]
    fn written_in_columns_and_read_again_a_track_is_the_same(track in track()) {
        prop_assert_eq!(only(&columns_of(&track)), Ok(track));
    }

    #[test]
    fn any_bytes_give_an_answer(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0usize..STORM.len(), with in any::<u8>(),
    ) {
        let _ = best_tracks(&body);
        let mut bytes = STORM.as_bytes().to_vec();
        bytes[at] = with;
        let _ = best_tracks(&bytes);
    }
}
