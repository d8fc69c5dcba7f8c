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
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file, in the platform's data folder.
const FILE: &str = "credentials.toml";
/// Where that folder is, unless it is `./data`.
const DATA: &str = "FENGHUO_DATA";

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
    /// No file was named, and there is none where it is looked for.
    #[error(
        "no credentials: there is no {}; name a file with --credentials (a platform started with \
         --demo writes one into its data folder, which {DATA} may name), or give --token",
        .0.display()
    )]
    Nowhere(PathBuf),
    /// The file has no single agency to send as.
    #[error("name the agency that sends with --agency: the credentials file has {0}")]
    WhichAgency(String),
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

    /// Reads the file that is named, or else that of a platform on this machine: in the folder that
    /// `FENGHUO_DATA` names, or `./data`.
    ///
    /// # Errors
    /// As [`Credentials::read`], and [`CredentialError::Nowhere`].
    pub fn find(named: Option<&Path>) -> Result<Self, CredentialError> {
        if let Some(path) = named {
            return Self::read(path);
        }
        let folder = std::env::var_os(DATA).map_or_else(|| PathBuf::from("data"), PathBuf::from);
        let path = folder.join(FILE);
        if path.is_file() { Self::read(&path) } else { Err(CredentialError::Nowhere(path)) }
    }

    /// The one agency that it names.
    ///
    /// # Errors
    /// [`CredentialError::WhichAgency`] where it names none or several.
    pub fn only_agency(&self) -> Result<&str, CredentialError> {
        let names: Vec<&str> =
            self.agency.keys().map(String::as_str).filter(|n| *n != "*").collect();
        match names.as_slice() {
            [one] => Ok(one),
            [] => Err(CredentialError::WhichAgency("none by name".into())),
            many => Err(CredentialError::WhichAgency(many.join(", "))),
        }
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
