//! One write: bounded in time, and judged by whether trying again can help.

use std::time::Duration;

use futures_util::stream;
use influxdb2::api::write::TimestampPrecision;
use influxdb2::{Client, RequestError};

use super::{ArchiveConfig, Point};

/// How long a write may take.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// The most of a server's words that are kept.
const SAID_MAX_CHARS: usize = 300;

/// Why a write failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server or the way to it: the same will be tried again.
    Server(String),
    /// What was written: the same would fail again.
    Content(String),
}

pub(super) struct Writer {
    client: Client,
    bucket: String,
}

impl Writer {
    pub(super) fn new(config: &ArchiveConfig) -> Result<Self, String> {
        let client = influxdb2::ClientBuilder::new(&config.url, &config.org, &config.token);
        let client = client.build().map_err(|error| error.to_string())?;
        Ok(Self { client, bucket: config.bucket.clone() })
    }

    pub(super) async fn write(&self, points: &[Point]) -> Result<(), Fault> {
        let points: Vec<_> = points.iter().filter_map(Point::data_point).collect();
        let write = self.client.write_with_precision(
            &self.bucket,
            stream::iter(points),
            TimestampPrecision::Milliseconds,
        );
        match tokio::time::timeout(WRITE_WITHIN, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(judged(&error)),
            Err(_) => Err(Fault::Server("the archive did not answer in time".into())),
        }
    }
}

fn judged(error: &RequestError) -> Fault {
    let said: String = error.to_string().chars().take(SAID_MAX_CHARS).collect();
    match error {
        // 400: malformed; 413: too large; 422: not storable. The others may pass: a token that
        // is put right, a bucket that is made.
        RequestError::Http { status, .. } if matches!(status.as_u16(), 400 | 413 | 422) => {
            Fault::Content(said)
        }
        _ => Fault::Server(said),
    }
}
