//! Who shares what, and what goes to and comes from other platforms by file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::feeds::StreamCounts;

/// `GET /v1/catalogue`: what one agency shares. Everybody sees who shares what and how it stands; what
/// is [`CatalogueDetail`] an agency sees of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueView {
    /// Agency id.
    pub agency: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// What it shares, kind by kind.
    pub shares: Vec<ShareView>,
    /// By which channels it was heard since the start: `http`, `mqtt`, `sl651`, `exchange`, ….
    pub channels: Vec<String>,
    /// The state of the worst and of the best of what it shares: `live` where all is, `dead` or `never`
    /// where nothing is, `late` between.
    pub data: String,
    /// The rest, for whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<CatalogueDetail>,
}

/// One kind of what an agency shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShareView {
    /// `observation`, `hospital`, `unit`, `signal`, `camera`; of reports that the picture holds
    /// `hotline`, `call`, `outage`, `closure`, `hazard_point`, `food`, `damage`, `forecast`,
    /// `warning`, `cases`.
    pub kind: String,
    /// Of observations: the property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// How many datastreams, hospitals, units, cameras or reports; of signals, and of others' reports,
    /// 1.
    pub count: u32,
    /// How often a value is expected, seconds: the shortest of its datastreams'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u32>,
    /// `live`, `late`, `dead` or `never` where it is known how often it is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Datastreams by state, for whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<StreamCounts>,
    /// Event time of the newest value, or when the newest report came, for whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_ms: Option<i64>,
}

/// What of an agency's entry is its own and the duty room's affair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueDetail {
    /// Whom to ask.
    pub contact: String,
    /// Last message, by the platform's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<i64>,
    /// Expected in the last 24 hours of event time.
    pub expected: u64,
    /// Received of them.
    pub received: u64,
    /// Peers that are given what is its.
    pub given_to: Vec<String>,
}

/// `GET /v1/exchange`: with whom files are exchanged, and the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeView {
    /// What this platform is called in files; nothing where it takes part in no exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// The others.
    pub peers: Vec<PeerView>,
    /// The log, newest first.
    pub log: Vec<ExchangeLine>,
}

/// One with whom files are exchanged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeerView {
    /// Id.
    pub id: String,
    /// 中文 name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whom to ask.
    pub contact: String,
    /// Whether there is a key by which its files are tried: without one nothing is taken from it.
    pub has_key: bool,
    /// Whose items it is given; `*` for all.
    pub gives: Vec<String>,
    /// For whom it may speak; `*` for all.
    pub brings: Vec<String>,
    /// Of which kinds it is given; empty: every kind.
    pub kinds: Vec<String>,
    /// Of which areas; empty: everywhere.
    pub areas: Vec<String>,
    /// How often a file of its is expected, hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_h: Option<u32>,
    /// The last file that was written for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<ExchangeLine>,
    /// The last file that was taken from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<ExchangeLine>,
    /// By when its last file was taken in: `live`, `late` (overdue), `dead` (for as long again) or
    /// `never`; nothing where it is not known how often one is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// One line of the log of exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeLine {
    /// Its place in the record.
    pub seq: u64,
    /// When.
    pub at_ms: i64,
    /// With whom, as the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// `exported`, `imported` or `refused`.
    pub what: String,
    /// The file's number.
    pub number: u64,
    /// SHA-256 of its manifest.
    pub digest: String,
    /// Who.
    pub by: String,
    /// Items in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// Imported: new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u64>,
    /// Imported: known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<u64>,
    /// Imported: refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u64>,
    /// Imported: dated ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<u64>,
    /// Whether it is a backlog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<bool>,
    /// Imported: files missing before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    /// Exported: items that the format cannot carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// Refused: why, a stable word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Refused: the particulars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
