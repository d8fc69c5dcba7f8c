//! The sender's word for quality.

use domain::observation::{OriginFlag, Quality, Trust};

use super::error::DecodeError;

pub(super) const QUALITY_FORM: &str = "one of reliable, doubtful, unreliable, corrected, completed, or two of them: corrected+doubtful";

/// Reads the sender's word for quality: a trust, an origin, or both joined by `+`.
///
/// # Errors
/// [`DecodeError::Form`] for any other word.
pub fn quality(text: &str) -> Result<Quality, DecodeError> {
    let mut quality = Quality::default();
    for word in text.splitn(2, '+') {
        match word {
            "original" => quality.origin = OriginFlag::Original,
            "corrected" => quality.origin = OriginFlag::Corrected,
            "completed" => quality.origin = OriginFlag::Completed,
            "reliable" | "good" => quality.trust = Trust::Reliable,
            "doubtful" | "suspect" => quality.trust = Trust::Doubtful,
            "unreliable" | "bad" => quality.trust = Trust::Unreliable,
            _ => return Err(DecodeError::Form { field: "q", expected: QUALITY_FORM }),
        }
    }
    Ok(quality)
}
