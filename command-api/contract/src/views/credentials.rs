//! The credentials of agencies and their units, as their people and administrators see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A credential; its secret is not among this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialView {
    /// Its id.
    pub id: String,
    /// The agency whose it is, or whose unit's.
    pub agency: String,
    /// The unit, where it is a unit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// `any` (HTTP and MQTT), `http`, `mqtt`, or `certificate`.
    pub opens: String,
    /// `active`, `expired` or `revoked`.
    pub state: String,
    /// What its holder calls it.
    pub label: String,
    /// Who gave it out; empty where that was not kept.
    pub by: String,
    /// Since when, Unix ms.
    pub created_ms: i64,
    /// Until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
    /// When it was last used: an open connection uses it all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_ms: Option<i64>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_ms: Option<i64>,
    /// The id of the one that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// `POST /v1/agencies/{id}/credentials`: what it is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialRequest {
    /// What it is for, to tell it from others: at most 80 characters.
    #[serde(default)]
    pub label: String,
    /// `any` (the default), `http` or `mqtt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Until when it is good, Unix ms; left out: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
    /// One of the agency's units, whose it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// `POST /v1/agencies/{id}/credentials/{credential}/rotate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialRotation {
    /// Until when the old one stays good, Unix ms; left out: 24 hours. A time that has passed ends
    /// it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Until when the new one is good; left out: as long as the old one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
}

/// A credential that was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialIssued {
    /// It.
    pub credential: CredentialView,
    /// The user name for MQTT: the id of the agency or unit.
    pub user: String,
    /// The bearer token for HTTP, the password for MQTT. Shown in this answer and never again.
    pub secret: String,
}
