//! Letters: what was refused, sent again as it was or mended. The bytes go through the very same
//! decoder and admission as at the door they first came by, as the same agency; what became of
//! them is journaled in the same append ([`crate::admit::again`]).
//!
//! What a polled feed or a bridge of files brought has no way back where its door is not open.

mod sensorthings;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use domain::refusal::{Channel, RAW_KEPT_MAX_BYTES, Reason, Refusal};
use domain::report::Report;
use mqtt_edge::Who;

use crate::admit::again::Again;
use crate::admit::rate::TooFast;
use crate::admit::{Admission, Admitted, Outcome, Source, Unavailable};
use crate::cot::session::read_as;
use crate::json::batch::{BatchError, Item, decode_packet};
use crate::judge::Why;
use crate::mqtt::decode::{Owner, owner};
use crate::mqtt::session::{Intake, whole};
use crate::reports::kind::{KINDS, Rim, Said};
use crate::seams::Tasks;
use crate::sl651::intake::Intake as Telemetering;
use crate::table::decode::{COLUMNS, decode_csv};

/// The largest body of a letter that is sent again, bytes: what is kept of one.
pub const LETTER_MAX_BYTES: usize = RAW_KEPT_MAX_BYTES;
/// Where warnings are posted.
const WARNINGS: &str = "/v1/warnings";

/// Why a letter was not sent again. Nothing was journaled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayed {
    /// The agency is over its rate.
    #[error("the agency is over its rate; try again in {} ms", .0.as_millis())]
    TooFast(Duration),
    /// It could not be made durable.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A picture or text of it could not be kept.
    #[error("a picture or text of it could not be kept: see the log")]
    Unkept,
    /// Only a part of it was kept.
    #[error("only its first {LETTER_MAX_BYTES} bytes were kept: send it again from its source")]
    Cut,
    /// The mended bytes are too many.
    #[error("a letter has at most {LETTER_MAX_BYTES} bytes")]
    TooLarge,
    /// What comes by this channel cannot be sent again from here.
    #[error("what comes by {0} is sent again by its sender: no door of it is open here")]
    NoWayBack(&'static str),
}

impl From<TooFast> for NotReplayed {
    fn from(fast: TooFast) -> Self {
        NotReplayed::TooFast(fast.retry_after)
    }
}

/// Sends letters again. Clones are the same.
#[derive(Clone)]
pub struct Letters {
    admission: Admission,
    tasks: Arc<dyn Tasks>,
    stations: Option<Arc<Telemetering>>,
}

impl std::fmt::Debug for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letters").finish_non_exhaustive()
    }
}

impl Letters {
    /// Sends them into `admission`.
    pub fn new(admission: Admission, tasks: Arc<dyn Tasks>) -> Self {
        Self { admission, tasks, stations: None }
    }

    /// With the intake of the SL 651 ports, by which frames of stations are sent again.
    #[must_use]
    pub fn with_stations(self, stations: Option<Arc<Telemetering>>) -> Self {
        Self { stations, ..self }
    }

    /// Sends a letter again, with other bytes where `body` has some, and gives what became of its
    /// items once that is durable.
    ///
    /// # Errors
    /// [`NotReplayed`]: nothing happened.
    pub async fn replay(
        &self,
        letter: &Refusal,
        again: Again,
        body: Option<&[u8]>,
    ) -> Result<Vec<Outcome>, NotReplayed> {
        let body = body_of(letter, body)?;
        self.admission.room().await;
        let admitted = self.submit(self.admission.again(again), letter, body).await?;
        Ok(admitted.durable().await?)
    }

    /// What would become of a letter's items if it were sent again so. Nothing is journaled, counted
    /// or remembered.
    ///
    /// # Errors
    /// [`NotReplayed`], as it would not be sent.
    pub async fn foresee(
        &self,
        letter: &Refusal,
        body: Option<&[u8]>,
    ) -> Result<Vec<Outcome>, NotReplayed> {
        let body = body_of(letter, body)?;
        let foreseen = self.submit(self.admission.dry(), letter, body).await?;
        Ok(foreseen.durable().await?)
    }

    /// Keeps that a letter was laid aside.
    ///
    /// # Errors
    /// [`NotReplayed::Unavailable`].
    pub async fn dismiss(&self, again: &Again, note: &str) -> Result<(), NotReplayed> {
        self.admission.room().await;
        self.admission.dismissed(again, note).durable().await?;
        Ok(())
    }

    async fn submit(
        &self,
        admission: Admission,
        letter: &Refusal,
        body: &[u8],
    ) -> Result<Admitted, NotReplayed> {
        let place = letter.source.as_str();
        let source = Source { agency: &letter.agency, channel: letter.channel, place };
        match letter.channel {
            Channel::Mqtt | Channel::MqttBridge => {
                let who = match owner(place) {
                    Some(Owner::Unit(unit)) => domain::ids::UnitId::new(unit).ok().map(Who::Unit),
                    _ => None,
                };
                let who = who.unwrap_or_else(|| Who::Agency(letter.agency.clone()));
                let intake = Intake::new(admission, self.tasks.clone(), letter.channel);
                // A bare number was of the moment it came.
                Ok(intake.judge(&who, source, place, letter.received, body)?)
            }
            Channel::Http if sensorthings::is_place(place) => {
                Ok(sensorthings::posted(&admission, source, letter.received, body)?)
            }
            Channel::Http | Channel::File => self.posted(&admission, source, place, body),
            // A warning that was fetched is what its own door takes.
            Channel::Poll => self.posted(&admission, source, WARNINGS, body),
            Channel::Cot => self.sighted(&admission, source, body),
            Channel::Sl651 => match &self.stations {
                Some(stations) => stations.again(&admission, source, body).await,
                None => Err(NotReplayed::NoWayBack(Channel::Sl651.wire())),
            },
            other => Err(NotReplayed::NoWayBack(other.wire())),
        }
    }

    /// One event of Cursor-on-Target.
    fn sighted(
        &self,
        admission: &Admission,
        source: Source<'_>,
        body: &[u8],
    ) -> Result<Admitted, NotReplayed> {
        let register = admission.register();
        let read = match read_as(&register, source.agency, body, admission.now()) {
            Ok(Some(report)) => Ok(report),
            Ok(None) => Err(Why::new(Reason::Syntax, "a word between client and server")),
            Err(why) => Err(why),
        };
        let said = vec![Said { raw: Cow::Borrowed(body), read }];
        Ok(admission.reports(source, said, |report| self.may(report))?)
    }

    /// What the desk says to a unit's report.
    fn may(&self, report: &Report) -> Result<(), Why> {
        match report {
            Report::Unit(said) => {
                self.tasks.may_report(said).map_err(|said| Why::new(Reason::ImpossibleReport, said))
            }
            _ => Ok(()),
        }
    }

    fn posted(
        &self,
        admission: &Admission,
        source: Source<'_>,
        path: &str,
        body: &[u8],
    ) -> Result<Admitted, NotReplayed> {
        let Some(kind) = KINDS.iter().find(|kind| kind.path == path) else {
            return Ok(match observations(body) {
                Ok(items) => admission.admit(source, &items)?,
                Err(Unread::Whole(why)) => admission.refuse(source, why, body),
                Err(Unread::Row(text)) => match decode_csv(text.as_bytes()) {
                    Ok(items) => admission.admit(source, &items)?,
                    Err(error) => admission.refuse(source, whole(&error), body),
                },
            });
        };
        let desk = |report: &Report| self.may(report);
        let register = admission.register();
        let rim = Rim { register: &register, agency: source.agency };
        match kind.reader_of(body).map(|reader| reader(&rim, body)) {
            Some(Ok(said)) => Ok(admission.reports(source, said, desk)?),
            Some(Err(why)) => Ok(admission.refuse(source, why, body)),
            None => Ok(admission.refuse(source, Why::new(Reason::Syntax, "no report"), body)),
        }
    }
}

/// The bytes that are sent again.
fn body_of<'b>(letter: &'b Refusal, body: Option<&'b [u8]>) -> Result<&'b [u8], NotReplayed> {
    match body {
        Some(body) if body.len() > LETTER_MAX_BYTES => Err(NotReplayed::TooLarge),
        Some(body) => Ok(body),
        None if letter.raw.len() >= RAW_KEPT_MAX_BYTES => Err(NotReplayed::Cut),
        None => Ok(&letter.raw),
    }
}

/// Why a body is not read as observations at once.
enum Unread {
    /// It is refused as a whole.
    Whole(Why),
    /// It is a row of CSV without its header: the same with the usual one.
    Row(String),
}

/// A body of observations without its media type: JSON as MQTT takes it, or CSV. A refused row of
/// CSV is kept without the header of its file: it is read with the usual order of columns.
fn observations(body: &[u8]) -> Result<Vec<Item<'_>>, Unread> {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    let wrong = |error: BatchError| Unread::Whole(whole(&error));
    if first.is_none_or(|b| matches!(b, b'{' | b'[')) {
        return decode_packet(body).map_err(wrong);
    }
    decode_csv(body).map_err(|error| {
        let row = std::str::from_utf8(body).ok().filter(|text| !text.contains("station"));
        let cells =
            row.map_or(0, |text| text.lines().next().unwrap_or_default().split(',').count());
        match (row, COLUMNS.get(..cells)) {
            (Some(row), Some(columns)) if cells >= 4 => {
                Unread::Row(format!("{}\n{row}", columns.join(",")))
            }
            _ => wrong(error),
        }
    })
}
