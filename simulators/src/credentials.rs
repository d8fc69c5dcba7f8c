//! Who the simulator is to the platform: a TOML file of names and secrets.
//!
//! ```toml
//! [agency]
//! weather = "secret of the weather office's feed"
//! "*" = "secret of every other agency"
//! [unit]
//! "*" = "secret of every unit"
//! ```
//! Over MQTT the user name is the agency's or unit's id and the password its secret; over HTTP the
//! secret is the bearer token.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// What the file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    agency: BTreeMap<String, String>,
    unit: BTreeMap<String, String>,
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file cannot be read.
    #[error("credentials {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("credentials {path}: {source}")]
    Form {
        /// The file.
        path: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Nobody of that name.
    #[error("no secret for {kind} {name:?}: add it, or \"*\", to [{kind}] of the credentials file")]
    Unknown {
        /// `agency` or `unit`.
        kind: &'static str,
        /// Who.
        name: String,
    },
}

impl Credentials {
    /// Reads a credentials file.
    ///
    /// # Errors
    /// [`CredentialError::Read`] and [`CredentialError::Form`].
    pub fn read(path: &Path) -> Result<Self, CredentialError> {
        let name = || path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| CredentialError::Read { path: name(), source })?;
        Self::parse(&text)
            .map_err(|source| CredentialError::Form { path: name(), source: Box::new(source) })
    }

    /// Reads the text of a credentials file.
    ///
    /// # Errors
    /// What TOML says of it.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The secret of an agency's feed.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`].
    pub fn agency(&self, name: &str) -> Result<&str, CredentialError> {
        Self::secret(&self.agency, "agency", name)
    }

    /// The secret of a unit.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`].
    pub fn unit(&self, name: &str) -> Result<&str, CredentialError> {
        Self::secret(&self.unit, "unit", name)
    }

    fn secret<'a>(
        table: &'a BTreeMap<String, String>,
        kind: &'static str,
        name: &str,
    ) -> Result<&'a str, CredentialError> {
        let found = table.get(name).or_else(|| table.get("*"));
        found
            .map(String::as_str)
            .ok_or_else(|| CredentialError::Unknown { kind, name: name.to_owned() })
    }
}
