//! What text may be: ids by their allow-list, and words without control characters.

use domain::ids::{ID_MAX_BYTES, StationId};

use super::error::DecodeError;

/// The bytes of an id, by the allow-list of [`domain::ids`].
const IN_IDS: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        byte += 1;
    }
    allowed
};

/// Checks an id against the allow-list of [`domain::ids`].
pub(crate) fn identifier(field: &'static str, text: &str) -> Result<(), DecodeError> {
    let allowed = |byte: &u8| IN_IDS[usize::from(*byte)];
    if !text.is_empty() && text.len() <= ID_MAX_BYTES && text.as_bytes().iter().all(allowed) {
        return Ok(());
    }
    let why = StationId::new(text).err().map(|e| e.to_string()).unwrap_or_default();
    Err(DecodeError::Identifier { field, why })
}

pub(crate) fn plain_text(
    field: &'static str,
    text: &str,
    max_bytes: usize,
) -> Result<(), DecodeError> {
    let why = if text.is_empty() {
        "must not be empty".to_owned()
    } else if text.len() > max_bytes {
        format!("has at most {max_bytes} bytes, this has {}", text.len())
    } else if text.chars().any(char::is_control) {
        "has control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(DecodeError::Identifier { field, why })
}
