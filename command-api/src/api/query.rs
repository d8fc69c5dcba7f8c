//! What a request asks for in its query: a misspelt parameter is refused, not left out of account.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Refused;

/// The parameters of a query. What cannot be read as `T` is refused with 400 `invalid`, and the
/// parameter is named.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        let read = read.map_err(|why| Refused::invalid(why.body_text()))?;
        Ok(Self(read.0))
    }
}
