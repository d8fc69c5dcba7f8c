//! Stop 2 of 9 for earthquakes in GeoJSON as USGS publishes them (its "GeoJSON Summary Format"):
//! a feature or a collection of them. Pure and total.

use std::borrow::Cow;

use domain::bulletin::{Earthquake, QuakeState};
use domain::refusal::Reason;
use domain::report::Report;
use domain::time::UtcMs;
use gis::Crs;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode::{QUAKES_MAX, checked};
use crate::judge::Why;
use crate::reports::form::{place, read};
use crate::reports::kind::Said;

// Properties that are not used are many, and change: they are passed over, unlike those of our own
// form.
#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    features: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Feature {
    id: String,
    geometry: Point,
    properties: Properties,
}

#[derive(Deserialize)]
struct Point {
    #[serde(rename = "type")]
    kind: String,
    coordinates: Vec<f64>,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(default)]
    mag: Option<f64>,
    #[serde(default)]
    place: Option<String>,
    time: i64,
    #[serde(default)]
    updated: Option<i64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    net: Option<String>,
    #[serde(default, rename = "magType")]
    mag_type: Option<String>,
}

/// Reads a feature or a collection.
///
/// # Errors
/// [`Why`] the body is refused as a whole; a feature that cannot be read is refused by itself.
pub fn collection(body: &[u8]) -> Result<Vec<Said<'_>>, Why> {
    let outer: Collection<'_> = read(body)?;
    let each: Vec<&[u8]> = match (outer.kind.as_str(), outer.features) {
        ("Feature", None) => vec![body],
        ("FeatureCollection", Some(features)) => {
            if features.len() > QUAKES_MAX {
                let said = format!("at most {QUAKES_MAX} in one body, this has {}", features.len());
                return Err(Why::new(Reason::TooLarge, said));
            }
            features.into_iter().map(|feature| feature.get().as_bytes()).collect()
        }
        _ => {
            let said = "a Feature, or a FeatureCollection with features";
            return Err(Why::new(Reason::FieldForm, said));
        }
    };
    Ok(each.into_iter().map(|raw| Said { raw: Cow::Borrowed(raw), read: one(raw) }).collect())
}

fn one(raw: &[u8]) -> Result<Report, Why> {
    let Feature { id, geometry, properties } = read(raw)?;
    let [lon, lat, rest @ ..] = geometry.coordinates.as_slice() else {
        return Err(Why::new(Reason::FieldForm, "coordinates are longitude, latitude, depth"));
    };
    if geometry.kind != "Point" || rest.len() > 1 {
        return Err(Why::new(Reason::FieldForm, "the geometry is a Point: where it shook"));
    }
    // GeoJSON is WGS-84 (RFC 7946, 4), whatever the agency's own points are in.
    let at = place(Some(*lon), Some(*lat), Some(Crs::Wgs84), None)?;
    let (lon, lat) = at.unwrap_or((*lon, *lat));
    let state = match properties.status.as_deref() {
        None | Some("automatic") => QuakeState::Automatic,
        Some("reviewed") => QuakeState::Reviewed,
        Some("deleted") => QuakeState::Withdrawn,
        Some(other) => {
            let said = format!("status {other:?}; known: automatic, reviewed, deleted");
            return Err(Why::new(Reason::FieldForm, said));
        }
    };
    let time = |ms: i64| UtcMs::from_millis(ms).map_err(|e| Why::new(Reason::Time, e.to_string()));
    let t = time(properties.time)?;
    checked(Earthquake {
        id,
        issuer: properties.net.unwrap_or_default(),
        t,
        updated: properties.updated.map(time).transpose()?.unwrap_or(t),
        lon,
        lat,
        depth_km: rest.first().copied(),
        magnitude: properties.mag,
        magnitude_kind: properties.mag_type.unwrap_or_default(),
        place: properties.place.unwrap_or_default(),
        state,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEATURE: &str = r#"{"type":"Feature","id":"us7000abcd","properties":{"mag":5.1,"place":"100 km SSE of Nowhere","time":1781118300040,"updated":1781119300040,"tz":null,"url":"https://example.org","felt":null,"alert":null,"status":"reviewed","tsunami":0,"net":"us","magType":"mww","type":"earthquake"},"geometry":{"type":"Point","coordinates":[118.2,22.1,10]}}"#;

    #[test]
    fn a_feature_and_a_collection_are_read() {
        let said = collection(FEATURE.as_bytes()).unwrap();
        let Ok(Report::Earthquake(quake)) = &said[0].read else { panic!("{said:?}") };
        assert_eq!((quake.magnitude, quake.depth_km), (Some(5.1), Some(10.0)));
        assert_eq!((quake.lon, quake.id.as_str()), (118.2, "us7000abcd"));
        let deleted = FEATURE.replace("reviewed", "deleted");
        let both =
            format!(r#"{{"type":"FeatureCollection","features":[{FEATURE},{deleted},{{}}]}}"#);
        let said = collection(both.as_bytes()).unwrap();
        assert_eq!(said.len(), 3);
        assert!(
            matches!(&said[1].read, Ok(Report::Earthquake(q)) if q.state == QuakeState::Withdrawn)
        );
        assert_eq!(said[2].read.as_ref().unwrap_err().reason, Reason::MissingField);
        assert!(collection(br#"{"type":"Point"}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            at in 0usize..FEATURE.len(), with in any::<u8>(),
        ) {
            let _ = collection(&body);
            let mut bytes = FEATURE.as_bytes().to_vec();
            bytes[at] = with;
            let _ = collection(&bytes);
        }
    }
}
