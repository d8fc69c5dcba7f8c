//! External warnings: messages of the Common Alerting Protocol (OASIS CAP 1.2, and 1.1 of older
//! senders) as they were received, read and found in order.
//!
//! A warning of another office is another type than an assessment of the platform, and nothing
//! converts the one to the other.

use serde::{Deserialize, Serialize};

use crate::time::UtcMs;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $word:literal)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// Every word of the standard, in its order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];
            /// The standard's word for it.
            pub fn word(self) -> &'static str { match self { $($name::$variant => $word),* } }
            /// What a word of the standard stands for.
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    /// CAP `status`: what the message is for.
    WarningStatus {
        /// To be acted on.
        Actual "Actual"
        /// Part of an exercise.
        Exercise "Exercise"
        /// For the network's own work.
        System "System"
        /// To be thrown away by all who receive it.
        Test "Test"
        /// Not to be acted on yet.
        Draft "Draft"
    }
    /// CAP `msgType`.
    WarningAct {
        /// First information.
        Alert "Alert"
        /// Updates and supersedes the messages it refers to.
        Update "Update"
        /// Cancels the messages it refers to.
        Cancel "Cancel"
        /// Acknowledges them.
        Ack "Ack"
        /// Rejects them; the note says why.
        Error "Error"
    }
    /// CAP `scope`: for whom.
    WarningScope {
        /// For everybody.
        Public "Public"
        /// For those the restriction names.
        Restricted "Restricted"
        /// For the addresses.
        Private "Private"
    }
    /// CAP `category`.
    Category {
        /// Geophysical.
        Geo "Geo"
        /// Meteorological, floods among them.
        Met "Met"
        /// General emergency.
        Safety "Safety"
        /// Law enforcement.
        Security "Security"
        /// Rescue.
        Rescue "Rescue"
        /// Fire.
        Fire "Fire"
        /// Medical and public health.
        Health "Health"
        /// Pollution.
        Env "Env"
        /// Transport.
        Transport "Transport"
        /// Utilities and other infrastructure.
        Infra "Infra"
        /// Chemical, biological, radiological, nuclear, explosive.
        Cbrne "CBRNE"
        /// Anything else.
        Other "Other"
    }
    /// CAP `responseType`.
    ResponseType {
        /// Take shelter.
        Shelter "Shelter"
        /// Leave.
        Evacuate "Evacuate"
        /// Make ready.
        Prepare "Prepare"
        /// Do what was planned.
        Execute "Execute"
        /// Keep away (since 1.2).
        Avoid "Avoid"
        /// Watch for news.
        Monitor "Monitor"
        /// Judge the message.
        Assess "Assess"
        /// The danger is over (since 1.2).
        AllClear "AllClear"
        /// Nothing.
        None "None"
    }
    /// CAP `urgency`: when something should be done.
    Urgency {
        /// At once.
        Immediate "Immediate"
        /// Within the next hour.
        Expected "Expected"
        /// In the near future.
        Future "Future"
        /// Nothing any more.
        Past "Past"
        /// Not known.
        Unknown "Unknown"
    }
    /// CAP `severity`.
    Severity {
        /// Extraordinary threat.
        Extreme "Extreme"
        /// Significant threat.
        Severe "Severe"
        /// Possible threat.
        Moderate "Moderate"
        /// Minimal threat.
        Minor "Minor"
        /// Not known.
        Unknown "Unknown"
    }
    /// CAP `certainty`.
    Certainty {
        /// Has happened or is under way.
        Observed "Observed"
        /// More than even.
        Likely "Likely"
        /// Not more than even.
        Possible "Possible"
        /// Next to none.
        Unlikely "Unlikely"
        /// Not known.
        Unknown "Unknown"
    }
}

/// The version of the protocol a message was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CapVersion {
    /// 1.1 (2005).
    #[serde(rename = "1.1")]
    V1_1,
    /// 1.2 (2010).
    #[serde(rename = "1.2")]
    V1_2,
}

/// What makes a message one and no other: together the three are unique (CAP 1.2, 3.2.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WarningKey {
    /// Who sent it, as the message says.
    pub sender: String,
    /// The sender's own number.
    pub identifier: String,
    /// When it was sent.
    pub sent: UtcMs,
}

impl std::fmt::Display for WarningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{},{}", self.sender, self.identifier, self.sent)
    }
}

/// A name and a value (`eventCode`, `parameter`, `geocode`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// `valueName`.
    pub name: String,
    /// `value`.
    pub value: String,
}

/// A circle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Circle {
    /// Degrees WGS-84.
    pub lon: f64,
    /// Degrees WGS-84.
    pub lat: f64,
    /// Radius, kilometres.
    pub radius_km: f64,
}

/// A place that a message is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WarningArea {
    /// In words.
    pub description: String,
    /// Closed rings of (longitude, latitude), degrees WGS-84.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polygons: Vec<Vec<(f64, f64)>>,
    /// Circles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub circles: Vec<Circle>,
    /// Codes of places, each in the system that its name tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub geocodes: Vec<Named>,
    /// Lowest altitude, feet above mean sea level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altitude_ft: Option<f64>,
    /// Highest altitude, feet above mean sea level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling_ft: Option<f64>,
}

/// A file that a message points to. It is never fetched, and what is sent along is not unpacked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningResource {
    /// In words.
    pub description: String,
    /// Media type; absent in some messages of 1.1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mime_type: String,
    /// Bytes, as the sender says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Where it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Whether its content came along (it stands in the original).
    #[serde(default)]
    pub has_content: bool,
    /// SHA-1 of the file, as the sender says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What is said of the event, in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WarningInfo {
    /// Language tag; `en-US` where the message has none.
    pub language: String,
    /// Categories.
    pub categories: Vec<Category>,
    /// The event in words.
    pub event: String,
    /// What to do, in kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<ResponseType>,
    /// When something should be done.
    pub urgency: Urgency,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Codes of the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_codes: Vec<Named>,
    /// From when the message holds; when it was sent, where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<UtcMs>,
    /// From when the event is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<UtcMs>,
    /// Until when the message holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UtcMs>,
    /// The sender's name in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    /// Headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// The event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What people should do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Named>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<WarningResource>,
    /// Places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<WarningArea>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapMessage {
    /// The version it is written in.
    pub version: CapVersion,
    /// Which it is.
    pub key: WarningKey,
    /// What for.
    pub status: WarningStatus,
    /// What it does.
    pub act: WarningAct,
    /// Where it comes from within the sender's house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// For whom.
    pub scope: WarningScope,
    /// Who may have it, where it is restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
    /// Its addresses, where it is private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<String>,
    /// Codes of how it is to be handled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Its purpose, or why something was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The earlier messages it refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<WarningKey>,
    /// Names of incidents it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents: Option<String>,
    /// What it says, in one language or several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub infos: Vec<WarningInfo>,
}

/// What is known of who wrote a message, beside whose credential it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// It has no signature.
    Unsigned,
    /// It has one, and the city has no certificate to try it by.
    Unchecked,
    /// Its signature is good, by a certificate of the city's files.
    Verified,
}

impl SignatureState {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            SignatureState::Unsigned => "unsigned",
            SignatureState::Unchecked => "unchecked",
            SignatureState::Verified => "verified",
        }
    }
}

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExternalWarning {
    /// What it says.
    pub message: CapMessage,
    /// Its signature.
    pub signature: SignatureState,
    /// A hash of what it says: two messages of one key that differ in it contradict each other.
    pub fingerprint: u64,
    /// Its bytes as received; it is UTF-8, so they are text.
    pub original: String,
}
