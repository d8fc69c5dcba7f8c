//! A request that is done once for its `Idempotency-Key`: the same key with the same body gets the
//! same answer. What it brought is known then, and counts as that.

use axum::body::Body;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::keys::{KeysError, Known};
use super::problem::{Problem, json};
use super::session::Door;
use crate::admit::Source;
use crate::telemetry::Tally;

/// Tells a sender that an answer is one that was given before: all that it says is known.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An answer.
#[derive(Debug)]
pub(crate) struct Once {
    /// Its bytes.
    pub(crate) answer: Vec<u8>,
    /// Whether it was given before.
    pub(crate) replayed: bool,
}

impl Once {
    /// An answer that is new.
    pub(crate) fn new(answer: Vec<u8>) -> Self {
        Self { answer, replayed: false }
    }

    /// With this status.
    pub(crate) fn into_response(self, status: StatusCode) -> Response<Body> {
        let mut response = json(status, self.answer);
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl Door {
    /// Does a request once for its key: the same key with the same body gets the same answer.
    pub(crate) async fn once(
        &self,
        source: Source<'_>,
        key: Option<String>,
        place: &str,
        body: &[u8],
        request: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Once, Problem> {
        let Some(key) = key else { return request.await.map(Once::new) };
        let store = |error: KeysError| Problem::unavailable(error.to_string());
        let mut sum = Sha256::new();
        sum.update(place.as_bytes());
        sum.update([0]);
        sum.update(body);
        let hash = sum.finalize().into();
        let agency = source.agency;
        let _turn = self.keys.turn(agency, &key).await;
        let now = self.admission.now();
        match self.keys.ask(agency, &key, hash, now).await.map_err(store)? {
            Known::Done(answer) => {
                let tally = Tally { duplicate: things(&answer), ..Tally::default() };
                self.admission.telemetry().count(agency, source.channel, now, &tally);
                return Ok(Once { answer, replayed: true });
            }
            Known::Conflict => {
                let said = "this Idempotency-Key came with another body";
                let problem = Problem::new(StatusCode::CONFLICT, "conflict", said);
                return Err(self.turned_away(source, problem).await);
            }
            Known::New => {}
        }
        let answer = request.await?;
        self.keys.keep(agency, &key, hash, now, answer.clone()).await.map_err(store)?;
        Ok(Once::new(answer))
    }
}

/// How many things an answer speaks of.
fn things(answer: &[u8]) -> u64 {
    match serde_json::from_slice(answer).unwrap_or_default() {
        // SensorThings: the addresses of what was created.
        Value::Array(each) => each.len() as u64,
        Value::Object(said) if said.contains_key("accepted") => {
            let count = |name: &str| said.get(name).and_then(Value::as_u64).unwrap_or(0);
            let rejected = said.get("rejected").and_then(Value::as_array).map_or(0, Vec::len);
            count("accepted") + count("duplicate") + rejected as u64
        }
        _ => 1,
    }
}
