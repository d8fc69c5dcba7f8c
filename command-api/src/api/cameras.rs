//! Cameras: the register, and those near an alert.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{CameraStreams, CameraView, NearCameraView};
use domain::city::Camera;
use domain::decision::AlertId;

use super::problem::Refused;
use crate::platform::Platform;

type Here = State<Arc<Platform>>;
type Found<T> = Result<Json<T>, Refused>;

/// The most cameras that are offered for an alert.
pub const NEAR_MAX: usize = 6;
/// None farther than this is offered, metres: it would show another place.
pub const NEAR_WITHIN_M: f64 = 15_000.0;

/// `GET /v1/cameras`.
pub async fn all(State(platform): Here) -> Json<Vec<CameraView>> {
    let city = Arc::clone(&platform.live.board().city);
    Json(city.city().cameras.iter().map(view).collect())
}

/// `GET /v1/alerts/{id}/cameras`: the nearest to where the alert is; also of one that has left the
/// list.
pub async fn near_alert(
    State(platform): Here,
    Path(id): Path<String>,
) -> Found<Vec<NearCameraView>> {
    let city = Arc::clone(&platform.live.board().city);
    let at = id.parse::<AlertId>().ok().and_then(|alert| city.position(&alert.place));
    let at =
        at.ok_or_else(|| Refused::not_found(format!("no place is known of the alert {id}")))?;
    let near = city.cameras_near(at, NEAR_WITHIN_M, NEAR_MAX);
    let near = near.into_iter().map(|(distance_m, camera)| NearCameraView {
        distance_m: distance_m.round(),
        camera: view(camera),
    });
    Ok(Json(near.collect()))
}

fn view(camera: &Camera) -> CameraView {
    let Camera { hls, whep, snapshot, rtsp, gb28181, .. } = camera.clone();
    CameraView {
        id: camera.id.clone(),
        name: camera.name.clone(),
        name_en: camera.name_en.clone(),
        lon: camera.lon,
        lat: camera.lat,
        agency: camera.agency.to_string(),
        kind: camera.kind.clone(),
        direction_deg: camera.direction_deg,
        zone: camera.zone.as_ref().map(ToString::to_string),
        streams: CameraStreams { hls, whep, snapshot, rtsp, gb28181 },
    }
}
