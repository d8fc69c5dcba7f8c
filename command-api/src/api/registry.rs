//! `POST /v1/registry`: the registry is changed while the platform runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use contract::views::{RegistryChange, RegistryChanged};
use domain::registry::RegistryWay;

use super::body;
use super::problem::Refused;
use crate::access::Person;
use crate::platform::Platform;
use crate::registry::change::NotChanged;

/// The most bytes of a change: a large city's files whole.
pub const CHANGE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Asks for it; answered when it is in force.
pub async fn change(
    State(platform): State<Arc<Platform>>,
    Extension(person): Extension<Person>,
    request: Request,
) -> Result<Json<RegistryChanged>, Refused> {
    let said: RegistryChange = body::json_within(request, CHANGE_MAX_BYTES).await?;
    let files = said.files.into_iter();
    let files = files.map(|(path, text)| (path, text.map(String::into_bytes))).collect();
    let (by, way) = (person.name.to_string(), RegistryWay::Http);
    let done = platform.registrar.ask(by, way, Some(files), said.dry_run).await;
    Ok(Json(done?))
}

impl From<NotChanged> for Refused {
    fn from(why: NotChanged) -> Self {
        let (status, reason) = match why {
            NotChanged::Files(_) => (StatusCode::UNPROCESSABLE_ENTITY, "city_files"),
            NotChanged::FolderEdited => (StatusCode::CONFLICT, "folder_edited"),
            NotChanged::Folder(_) | NotChanged::NotDurable(_) | NotChanged::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
        };
        Refused::new(status, reason, why.to_string())
    }
}
