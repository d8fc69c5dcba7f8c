//! Passwords: argon2id with the recommended parameters of OWASP (19 MiB, 2 passes), length instead
//! of composition (NIST SP 800-63B).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// The fewest characters of a password.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// The most bytes of a password; a longer one only costs the hash time.
pub const PASSWORD_MAX_BYTES: usize = 256;

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {PASSWORD_MIN_CHARS} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {PASSWORD_MAX_BYTES} bytes")]
    Long,
    /// The hash failed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Hashes a password for keeping.
///
/// # Errors
/// [`PasswordError`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(PasswordError::Short);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(PasswordError::Long);
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|h| h.to_string()).map_err(|e| PasswordError::Hash(e.to_string()))
}

/// Whether a password is the one that was hashed. Without a hash (nobody of that name) the same
/// work is done against a hash that nothing matches, so that the answer takes as long.
pub fn verify(password: &str, hashed: Option<&str>) -> bool {
    /// Parameters as [`Argon2::default`]; the hash is of no password.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    if password.len() > PASSWORD_MAX_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hashed.unwrap_or(NOBODY)) else { return false };
    let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    right && hashed.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_right() {
        let hashed = hash("a long enough one").unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert!(verify("a long enough one", Some(&hashed)));
        assert!(!verify("a long enough two", Some(&hashed)));
        assert!(!verify("a long enough one", None));
        assert_eq!(hash("short"), Err(PasswordError::Short));
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        // The stand-in parses and has today's parameters; else the answer would come early.
        let nobody = PasswordHash::new(
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        )
        .unwrap();
        let hashed = hash("a long enough one").unwrap();
        let ours = PasswordHash::new(&hashed).unwrap();
        assert_eq!(nobody.params.to_string(), ours.params.to_string());
    }
}
