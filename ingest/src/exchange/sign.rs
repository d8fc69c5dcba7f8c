//! Ed25519 (RFC 8032) over the bytes of a manifest.

use domain::city::exchange::key_of;
use domain::exchange::{ExchangeFault, NotTaken};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::manifest::{digest, hex};

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The system gives no random numbers.
    #[error("no key could be made: the system gives no random numbers")]
    Random,
    /// The bytes are none.
    #[error("the bytes are no Ed25519 key in PKCS #8")]
    Form,
}

/// What files are signed by.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes one: the bytes to keep (PKCS #8), and the key.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn make() -> Result<(Vec<u8>, Self), KeyError> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let bytes = made.map_err(|_| KeyError::Random)?.as_ref().to_vec();
        let key = Self::read(&bytes)?;
        Ok((bytes, key))
    }

    /// Reads the bytes that were kept.
    ///
    /// # Errors
    /// [`KeyError::Form`].
    pub fn read(pkcs8: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8(pkcs8).map(Self).map_err(|_| KeyError::Form)
    }

    /// The public key: what the other side has in its `exchange.toml`, in hex.
    pub fn public_hex(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// The name of the key in manifests.
    pub fn id(&self) -> String {
        key_id(self.0.public_key().as_ref())
    }

    /// Signs; in hex, with a line end.
    pub fn sign(&self, manifest: &[u8]) -> String {
        format!("{}\n", hex(self.0.sign(manifest).as_ref()))
    }
}

/// What a key is called in manifests: the first 16 hexadecimal digits of the SHA-256 of the public key.
pub fn key_id(public: &[u8]) -> String {
    digest(public).get(..16).unwrap_or_default().to_owned()
}

/// Tries the signature of a manifest's bytes. `key` is the name of the key that the manifest says it is
/// signed by.
///
/// # Errors
/// [`ExchangeFault::Key`]: another key. [`ExchangeFault::Altered`]: this key, other bytes.
/// [`ExchangeFault::Form`]: no signature at all.
pub fn verify(
    public: &[u8; 32],
    key: &str,
    manifest: &[u8],
    signature: &str,
) -> Result<(), NotTaken> {
    let own = key_id(public);
    if key != own {
        let said = format!("signed by the key {key}; the peer's in exchange.toml is {own}");
        return Err(NotTaken::new(ExchangeFault::Key, said));
    }
    let text = signature.trim();
    let halves = text.is_ascii().then(|| text.split_at_checked(64)).flatten();
    let signed = halves.and_then(|(r, s)| Some([key_of(r)?, key_of(s)?].concat()));
    let Some(signed) = signed else {
        let said = "the signature is no 128 hexadecimal digits";
        return Err(NotTaken::new(ExchangeFault::Form, said));
    };
    UnparsedPublicKey::new(&ED25519, public).verify(manifest, &signed).map_err(|_| {
        let said = "the signature does not fit: the manifest was changed after it was signed";
        NotTaken::new(ExchangeFault::Altered, said)
    })
}
