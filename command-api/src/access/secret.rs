//! Secrets of 256 bits from the operating system's generator. Shown once; only their SHA-256 is kept.

use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// The hash under which a secret is kept.
pub type Kept = [u8; 32];

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness: {0}")]
pub struct NoRandomness(String);

/// A fresh secret as 64 hexadecimal digits.
///
/// # Errors
/// [`NoRandomness`].
pub fn fresh() -> Result<String, NoRandomness> {
    let mut bytes = [0u8; SECRET_BYTES];
    SysRng.try_fill_bytes(&mut bytes).map_err(|e| NoRandomness(e.to_string()))?;
    Ok(hex(&bytes))
}

/// A fresh password that a person can type: five groups of four, about 93 bits.
///
/// # Errors
/// [`NoRandomness`].
pub fn fresh_password() -> Result<String, NoRandomness> {
    // 25 signs that are not mistaken for each other in print.
    const SIGNS: &[u8] = b"abcdefghjkmnpqrstuvwxyz34";
    let mut word = String::new();
    let mut byte = [0u8; 1];
    while word.len() < 24 {
        SysRng.try_fill_bytes(&mut byte).map_err(|e| NoRandomness(e.to_string()))?;
        // 250 = 10 × 25: no sign is likelier than another.
        if byte[0] < 250 {
            word.push(char::from(SIGNS[usize::from(byte[0]) % SIGNS.len()]));
            if word.len() % 5 == 4 && word.len() < 24 {
                word.push('-');
            }
        }
    }
    Ok(word)
}

/// The hash of a secret.
pub fn kept(secret: &str) -> Kept {
    Sha256::digest(secret.as_bytes()).into()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_never_comes_twice() {
        let (a, b) = (fresh().unwrap(), fresh().unwrap());
        assert_eq!(a.len(), 64);
        assert_ne!(a, b);
        assert_ne!(kept(&a), kept(&b));
    }

    #[test]
    fn a_printed_password_is_long_and_legible() {
        let word = fresh_password().unwrap();
        assert_eq!(word.len(), 24);
        assert!(word.chars().all(|c| c.is_ascii_lowercase() || "34-".contains(c)), "{word}");
    }
}
