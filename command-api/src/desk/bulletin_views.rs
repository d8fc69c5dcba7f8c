//! Bulletins on the picture in the words of the wire.

use contract::views::{
    EarthquakeVersion, EarthquakeView, TrackPointView, TrackView, WindRadiusView,
};
use domain::bulletin::{Earthquake, StormTrack, TrackPoint, WindRadius};

use super::heard::standing;
use super::picture::Picture;
use crate::gazetteer::Gazetteer;

/// An earthquake by its newest version; nothing where it is withdrawn.
pub fn earthquake(picture: &Picture, city: &Gazetteer, id: &str) -> Option<EarthquakeView> {
    let said = standing(picture, id)?;
    let versions = picture.earthquakes.get(id)?;
    let earlier = versions.iter().take(versions.len().saturating_sub(1)).map(version).collect();
    let distance_m = city.from_the_middle((said.lon, said.lat));
    Some(EarthquakeView {
        id: said.id.clone(),
        issuer: said.issuer.clone(),
        t_ms: said.t.0,
        updated_ms: said.updated.0,
        lon: said.lon,
        lat: said.lat,
        depth_km: said.depth_km,
        magnitude: said.magnitude,
        magnitude_kind: said.magnitude_kind.clone(),
        place: said.place.clone(),
        state: said.state.wire().into(),
        distance_km: (distance_m / 100.0).round() / 10.0,
        earlier,
    })
}

fn version(said: &Earthquake) -> EarthquakeVersion {
    EarthquakeVersion {
        updated_ms: said.updated.0,
        magnitude: said.magnitude,
        lon: said.lon,
        lat: said.lat,
        depth_km: said.depth_km,
        state: said.state.wire().into(),
    }
}

/// A storm.
pub fn track(picture: &Picture, id: &str) -> Option<TrackView> {
    let StormTrack { id, name, issuer, issued, averaging_s, points, forecast } =
        &picture.tracks.get(id)?.track;
    Some(TrackView {
        id: id.clone(),
        name: name.clone(),
        issuer: issuer.clone(),
        issued_ms: issued.0,
        averaging_s: *averaging_s,
        points: points.iter().map(point).collect(),
        forecast: forecast.iter().map(point).collect(),
    })
}

fn point(said: &TrackPoint) -> TrackPointView {
    TrackPointView {
        t_ms: said.t.0,
        lon: said.lon,
        lat: said.lat,
        pressure_hpa: said.pressure_hpa,
        wind_mps: said.wind_mps,
        grade: said.grade.clone(),
        radii: said.radii.iter().map(radius).collect(),
    }
}

fn radius(said: &WindRadius) -> WindRadiusView {
    let WindRadius { wind_mps, longest_km, shortest_km, toward_deg } = *said;
    WindRadiusView { wind_mps, longest_km, shortest_km, toward_deg }
}
