//! What the engine decided: the lines of the decision log, and the alert they make.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::Seq;
use crate::observation::Trust;
use crate::time::UtcMs;

/// The kinds of decision, in the order in which they stand within one journal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DecisionKind {
    /// Provisional: made as the observation came in.
    #[serde(rename = "assessment")]
    Assessment,
    /// Final: the watermark has passed its instant.
    #[serde(rename = "assessment.final")]
    AssessmentFinal,
    /// Late data or a correction changed what was published.
    #[serde(rename = "assessment.amended")]
    AssessmentAmended,
    /// An alert begins.
    #[serde(rename = "alert.raised")]
    AlertRaised,
    /// It goes up or down.
    #[serde(rename = "alert.stepped")]
    AlertStepped,
    /// What was said of it is corrected.
    #[serde(rename = "alert.amended")]
    AlertAmended,
    /// 消警: its condition has ended.
    #[serde(rename = "alert.cleared")]
    AlertCleared,
    /// A datastream or an agency has gone silent.
    #[serde(rename = "feed.silent")]
    FeedSilent,
    /// It is heard again.
    #[serde(rename = "feed.returned")]
    FeedReturned,
}

impl DecisionKind {
    /// Every kind, in order.
    pub const ALL: &'static [DecisionKind] = &[
        DecisionKind::Assessment,
        DecisionKind::AssessmentFinal,
        DecisionKind::AssessmentAmended,
        DecisionKind::AlertRaised,
        DecisionKind::AlertStepped,
        DecisionKind::AlertAmended,
        DecisionKind::AlertCleared,
        DecisionKind::FeedSilent,
        DecisionKind::FeedReturned,
    ];
    /// The word in the log.
    pub fn wire(self) -> &'static str {
        match self {
            DecisionKind::Assessment => "assessment",
            DecisionKind::AssessmentFinal => "assessment.final",
            DecisionKind::AssessmentAmended => "assessment.amended",
            DecisionKind::AlertRaised => "alert.raised",
            DecisionKind::AlertStepped => "alert.stepped",
            DecisionKind::AlertAmended => "alert.amended",
            DecisionKind::AlertCleared => "alert.cleared",
            DecisionKind::FeedSilent => "feed.silent",
            DecisionKind::FeedReturned => "feed.returned",
        }
    }
    /// Whether it is about an alert.
    pub fn is_alert(self) -> bool {
        matches!(
            self,
            DecisionKind::AlertRaised
                | DecisionKind::AlertStepped
                | DecisionKind::AlertAmended
                | DecisionKind::AlertCleared
        )
    }
}

/// One line of the decision log. Field order is the byte order of the log.
///
/// `place` is a station, a zone, or `agency:<id>` for a silence of a whole agency. `level` and
/// `was` are `nodata`, `none` or an id of the city's list. Recomputing from the observations in
/// `because` gives `value` and `level`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The journal number whose record brought it about; absent over a plain file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// The instant it is about, RFC 3339 in the city's offset.
    pub t: String,
    /// The kind.
    pub kind: DecisionKind,
    /// The hazard's name; `feed` for silences.
    pub hazard: String,
    /// The place.
    pub place: String,
    /// The level now.
    pub level: String,
    /// The level before.
    pub was: String,
    /// The value judged, in the hazard's unit; absent where there is none (no data, silence).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Ids of the observations it was made from.
    pub because: Vec<String>,
    /// The rule that spoke: hazard, window or threshold, model version.
    pub rule: String,
    /// The alert's id, for kinds that are about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertId>,
    /// `doubtful` where there was nothing better to judge by; absent where the observations are
    /// believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

/// An alert: one identity for one hazard at one place, from raise to clear.
///
/// Text: `rainfall@JM-0012@1781118300000` (hazard, place, the event time of its raise in Unix
/// milliseconds), the same in serve, replay and back-test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId {
    /// The hazard.
    pub hazard: String,
    /// The place.
    pub place: String,
    /// The event time of its raise.
    pub raised: UtcMs,
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}@{}", self.hazard, self.place, self.raised.0)
    }
}

/// The text is no alert id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an alert id is hazard@place@milliseconds")]
pub struct AlertIdError;

impl FromStr for AlertId {
    type Err = AlertIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('@');
        let (Some(hazard), Some(place), Some(raised), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AlertIdError);
        };
        let raised = UtcMs(raised.parse().map_err(|_| AlertIdError)?);
        Ok(Self { hazard: hazard.into(), place: place.into(), raised })
    }
}

impl Serialize for AlertId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for AlertId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
