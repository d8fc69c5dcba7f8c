//! Warnings by the Common Alerting Protocol, 1.2 and 1.1 (see `README.md` beside this file).
//!
//! [`decode`] reads a message's bytes into a [`domain::warning::CapMessage`] and names what is
//! wrong with it; the schema is in [`schema`], the values in `values.rs`, the rules of the
//! standard's text in `rules.rs`.

pub(crate) mod admit;
mod certificate;
pub mod decode;
pub mod faults;
pub mod poll;
mod rules;
pub mod schema;
pub mod signature;
mod values;

pub use rules::EXPIRES_AFTER_MAX_MS;
pub use values::{IDENTITY_MAX_BYTES, POLYGON_MAX_POINTS, RADIUS_MAX_KM, REFERENCES_MAX};

use std::borrow::Cow;

use domain::report::Report;
use domain::warning::{CapMessage, ExternalWarning, SignatureState};
use sha2::{Digest, Sha256};

use crate::judge::Why;
use crate::reports::kind::Said;
use crate::xml::Element;

/// A body that is one message.
///
/// # Errors
/// [`Why`], naming everything that is wrong with it.
pub fn said(body: &[u8]) -> Result<Vec<Said<'_>>, Why> {
    let document = decode::xml(body)?;
    let message = decode::message(&document)?;
    let is_signed = document.root.children().any(is_signature);
    let signature = if is_signed { SignatureState::Unchecked } else { SignatureState::Unsigned };
    let fingerprint = fingerprint(&message);
    // It was read as UTF-8.
    let original = String::from_utf8_lossy(body).into_owned();
    let warning = ExternalWarning { message, signature, fingerprint, original };
    let read = Ok(Report::Warning(Box::new(warning)));
    Ok(vec![Said { raw: Cow::Borrowed(body), read }])
}

fn is_signature(element: &Element<'_>) -> bool {
    element.is(schema::DSIG, "Signature")
}

/// The same for two messages that say the same, however they are written down.
fn fingerprint(message: &CapMessage) -> u64 {
    // Plain data: writing it out cannot fail, and an empty text would only be hashed.
    let written = serde_json::to_vec(message).unwrap_or_default();
    let hash = Sha256::digest(&written);
    hash.iter().take(8).fold(0, |whole, byte| whole << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
