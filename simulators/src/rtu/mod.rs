//! A hydrological telemetry station (遥测终端机) that reports by SL 651-2014 over TCP, mode M2: it
//! waits for the answer to each report and sends it again, at most twice, when none comes.

pub mod frame;

use std::time::Duration;

use domain::time::{MINUTE_MS, SECOND_MS, UtcMs};
use frame::{Answer, Element, Rtu};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take before the report is sent again.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// How often a report is sent again.
pub const RESENDS_MAX: u32 = 2;
/// The most bytes of answers that are held.
const HEARD_MAX_BYTES: usize = 64 * 1024;

/// Why a station cannot report.
#[derive(Debug, thiserror::Error)]
pub enum RtuError {
    /// The centre cannot be reached.
    #[error("{0} cannot be reached: {1}")]
    Connect(String, std::io::Error),
    /// The line broke.
    #[error("the line broke: {0}")]
    Line(#[from] std::io::Error),
    /// The centre closed the line.
    #[error("the centre closed the line before it answered report {0}")]
    Closed(u16),
    /// No answer, though it was sent again.
    #[error("no answer to report {0}")]
    Unanswered(u16),
}

/// A station's line to the centre.
#[derive(Debug)]
pub struct Line {
    rtu: Rtu,
    socket: TcpStream,
    heard: Vec<u8>,
}

impl Line {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// [`RtuError::Connect`].
    pub async fn connect(rtu: Rtu, to: &str) -> Result<Self, RtuError> {
        let socket = TcpStream::connect(to).await;
        let socket = socket.map_err(|error| RtuError::Connect(to.to_owned(), error))?;
        Ok(Self { rtu, socket, heard: Vec::new() })
    }

    /// The station.
    pub fn rtu(&self) -> &Rtu {
        &self.rtu
    }

    /// Sends bytes that nobody answers.
    ///
    /// # Errors
    /// [`RtuError::Line`].
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), RtuError> {
        Ok(self.socket.write_all(bytes).await?)
    }

    /// Sends a report and waits for its answer; how often it was sent again comes with it.
    ///
    /// # Errors
    /// [`RtuError`].
    pub async fn report(&mut self, serial: u16, bytes: &[u8]) -> Result<(Answer, u32), RtuError> {
        for again in 0..=RESENDS_MAX {
            self.send(bytes).await?;
            if let Ok(answer) = timeout(ANSWER_WAIT, self.answer_to(serial)).await {
                return Ok((answer?, again));
            }
        }
        Err(RtuError::Unanswered(serial))
    }

    async fn answer_to(&mut self, serial: u16) -> Result<Answer, RtuError> {
        loop {
            while let Some((answer, length)) = self.rtu.answer(&self.heard) {
                self.heard.drain(..length);
                if answer.serial == serial {
                    return Ok(answer);
                }
            }
            if self.heard.len() > HEARD_MAX_BYTES {
                self.heard.clear();
            }
            if self.socket.read_buf(&mut self.heard).await? == 0 {
                return Err(RtuError::Closed(serial));
            }
        }
    }
}

/// What a river gauge reads at an instant: rain of the last five minutes in a shower that comes and
/// goes in an hour, a level that follows it, and a battery.
pub fn reading(t: UtcMs, level_m: f64) -> [Element; 3] {
    let minute = t.0.div_euclid(MINUTE_MS).rem_euclid(60) as f64;
    let shower = (minute / 60.0 * std::f64::consts::TAU).sin().max(0.0);
    let round = |value: f64, places: f64| (value * places).round() / places;
    [
        Element { lead: 0x22, bytes: 3, decimals: 1, value: Some(round(shower * 4.0, 10.0)) },
        Element {
            lead: 0x39,
            bytes: 4,
            decimals: 3,
            value: Some(round(level_m + shower * 0.2, 1e3)),
        },
        Element { lead: 0x38, bytes: 2, decimals: 2, value: Some(12.1) },
    ]
}

/// The whole five minutes at or before `t`.
pub fn whole_interval(t: UtcMs) -> UtcMs {
    UtcMs(t.0 - t.0.rem_euclid(5 * MINUTE_MS))
}

/// When a report of `observed` leaves: some seconds later, as the modem needs.
pub fn leaves(observed: UtcMs) -> UtcMs {
    observed.plus_ms(2 * SECOND_MS)
}
