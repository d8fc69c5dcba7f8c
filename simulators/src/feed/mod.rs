//! A feed: observations on their way to the platform, over MQTT or HTTP, with a bounded number
//! unanswered, and a tally of what became of them.

mod address;
mod clock;
mod http;
mod mqtt;
mod pump;
mod tally;

pub use address::{AddressError, HttpAddress, MqttAddress};
pub use clock::{PlatformClock, PlatformTime};
pub use http::HttpFeed;
pub use mqtt::{MqttFeed, MqttOptions, Received};
pub use tally::{Refusal, Tally};

use serde::Serialize;

/// One observation as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WireObservation<'a> {
    /// The station.
    pub station: &'a str,
    /// The property's name.
    pub property: &'a str,
    /// Unix milliseconds.
    pub t: i64,
    /// The value, in the property's unit.
    pub v: f64,
}

impl WireObservation<'_> {
    /// Its JSON. A value that is not finite has none.
    pub fn json(&self) -> Option<String> {
        if !self.v.is_finite() {
            return None;
        }
        serde_json::to_string(self).ok()
    }
}

/// Why a feed gives up.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The platform refused the connection.
    #[error("{address} refused the connection of {user:?}: {reason}")]
    Refused {
        /// Where.
        address: String,
        /// Who asked.
        user: String,
        /// What it said.
        reason: String,
    },
    /// No acknowledgement for a long time.
    #[error("{address}: no acknowledgement for {seconds} s with {open} messages open ({last})")]
    Unanswered {
        /// Where.
        address: String,
        /// How long.
        seconds: u64,
        /// How many are open.
        open: usize,
        /// The last error of the connection, or `connected`.
        last: String,
    },
    /// An HTTP answer that is neither success nor worth another try.
    #[error("{address} answered {status}: {body}")]
    Answer {
        /// Where.
        address: String,
        /// The status.
        status: u16,
        /// What it said, cut.
        body: String,
    },
    /// Nobody answers there.
    #[error("{address}: {reason}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The feed was closed.
    #[error("the feed is closed")]
    Closed,
}

/// What an agency reports beside observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A hospital's status.
    Hospital,
    /// An official signal.
    Signal,
    /// Counts of cases.
    Cases,
}

/// A feed by either protocol.
pub enum Feed {
    /// MQTT, QoS 1.
    Mqtt(MqttFeed),
    /// HTTP, one request after the other.
    Http(HttpFeed),
}

impl Feed {
    /// Sends some observations (JSON objects) together. Returns when there is room for more; the
    /// answers may still be open.
    ///
    /// # Errors
    /// [`FeedError`] when the platform refuses or does not answer.
    pub async fn send(&self, items: &[String]) -> Result<(), FeedError> {
        match self {
            Feed::Mqtt(feed) => feed.send_observations(items).await,
            Feed::Http(feed) => feed.send_observations(items).await,
        }
    }

    /// Sends a report (a JSON object) of the agency.
    ///
    /// # Errors
    /// As [`Feed::send`].
    pub async fn report(&self, agency: &str, kind: Kind, body: String) -> Result<(), FeedError> {
        let (topic, path) = match kind {
            Kind::Hospital => ("hospital", "/v1/reports/hospital"),
            Kind::Signal => ("signals", "/v1/warnings"),
            Kind::Cases => ("cases", "/v1/reports/cases"),
        };
        match self {
            Feed::Mqtt(feed) => {
                feed.publish(&format!("fh/v1/{agency}/{topic}"), body.into(), 1).await
            }
            Feed::Http(feed) => feed.send(path, body, 1).await,
        }
    }

    /// What became of what is answered so far.
    pub async fn so_far(&self) -> Tally {
        match self {
            Feed::Mqtt(feed) => feed.so_far().await,
            Feed::Http(feed) => feed.tally(),
        }
    }

    /// Waits until everything sent is answered and tells what became of it.
    ///
    /// # Errors
    /// As [`Feed::send`].
    pub async fn finish(&self) -> Result<Tally, FeedError> {
        match self {
            Feed::Mqtt(feed) => feed.finish().await,
            Feed::Http(feed) => Ok(feed.tally()),
        }
    }
}

/// The payload of some items: the object itself, or an array of them.
pub(crate) fn payload(items: &[String]) -> String {
    match items {
        [one] => one.clone(),
        many => format!("[{}]", many.join(",")),
    }
}
