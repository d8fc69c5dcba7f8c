//! Stop 1 of 9 for Cursor-on-Target, **heard**: a connection's bytes in, answers to pings out. It
//! needs a stream of bytes and no more, so that encryption may stand before it. After it:
//! [`super::decode`] (decoded), by way of [`super::frame`].
//!
//! CoT acknowledges nothing. What is refused is kept and counted; a sender is not told.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{AgencyId, UnitId};
use domain::refusal::{Channel, Reason};
use domain::report::{Report, UnitReport};
use domain::time::UtcMs;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

use super::decode::{Event, Sighting, decode, pong};
use super::frame::{Framer, Lost};
use crate::admit::{Admission, Admitted, Outcome, Source, Unavailable};
use crate::judge::Why;
use crate::port::told;
use crate::register::Register;
use crate::reports::form::place;
use crate::reports::kind::Said;
use crate::seams::Tasks;
use crate::units::decode::moves;

/// A connection that says nothing for so long is closed: TAK clients ping every few seconds.
pub const IDLE_WAIT: Duration = Duration::from_secs(300);
/// An answer that is not taken within this time closes the connection.
pub const WRITE_WAIT: Duration = Duration::from_secs(10);
/// Bytes that are read at one time.
const READ_BYTES: usize = 16 * 1024;
/// Appends of one connection that are not yet durable, at most; then it is read no further.
const PENDING_MAX: usize = 64;
/// The resource that refusals name.
pub const PLACE: &str = "cot";

/// What a port's connections share.
pub struct Intake {
    /// The way into the journal.
    pub admission: Admission,
    /// The desk's open tasks.
    pub tasks: Arc<dyn Tasks>,
    /// Whose the port is, or whom a certificate names: CoT has no credential.
    pub agency: AgencyId,
    /// The one unit that a certificate is for, where it is a unit's.
    pub only: Option<UnitId>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("agency", &self.agency).finish_non_exhaustive()
    }
}

/// Why a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client left.
    Left,
    /// The line broke.
    Broke,
    /// Nothing came for too long.
    Idle,
    /// The stream cannot be followed.
    Lost(Lost),
    /// An answer was not taken.
    Stuck,
    /// The journal took nothing.
    Unavailable,
    /// The platform is ending, or the certificate by which the connection came in.
    Ending,
    /// It showed no certificate that is let in.
    TurnedAway,
}

/// Hears one client, or a gateway of many, until either side ends it. What has come whole by then is
/// taken.
pub async fn converse<S>(
    mut stream: S,
    intake: Arc<Intake>,
    mut stop: watch::Receiver<bool>,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut line = Line { intake, framer: Framer::default(), pending: VecDeque::new() };
    let mut bytes = vec![0; READ_BYTES];
    let ended = loop {
        let came = tokio::select! {
            biased;
            () = told(&mut stop) => break Ended::Ending,
            done = oldest(&mut line.pending), if !line.pending.is_empty() => {
                line.pending.pop_front();
                match done {
                    Ok(_) => continue,
                    Err(_) => break Ended::Unavailable,
                }
            }
            came = timeout(IDLE_WAIT, stream.read(&mut bytes)) => came,
        };
        let count = match came {
            Err(_) => break Ended::Idle,
            Ok(Err(_)) => break Ended::Broke,
            Ok(Ok(0)) => break Ended::Left,
            Ok(Ok(count)) => count,
        };
        line.framer.put(bytes.get(..count).unwrap_or_default());
        match line.take().await {
            Ok(pings) if pings > 0 => {
                // One answer does for all pings that came together.
                let answer = pong(line.intake.admission.now());
                let sent = timeout(WRITE_WAIT, stream.write_all(answer.as_bytes())).await;
                if !matches!(sent, Ok(Ok(()))) {
                    break Ended::Stuck;
                }
            }
            Ok(_) => {}
            Err(ended) => break ended,
        }
    };
    if matches!(ended, Ended::Left | Ended::Broke | Ended::Idle | Ended::Stuck) {
        line.cut_off();
    }
    // What was submitted is durable before the connection is gone.
    match line.settle(0).await {
        Ok(()) => ended,
        Err(unavailable) => unavailable,
    }
}

/// The oldest append that is on its way, once it is durable: what became of it counts from then on.
async fn oldest(pending: &mut VecDeque<Admitted>) -> Result<Vec<Outcome>, Unavailable> {
    match pending.front_mut() {
        Some(admitted) => admitted.await,
        None => std::future::pending().await,
    }
}

struct Line {
    intake: Arc<Intake>,
    framer: Framer,
    pending: VecDeque<Admitted>,
}

impl Line {
    /// Takes every event that has come whole, as one append; how many pings were among them.
    async fn take(&mut self) -> Result<usize, Ended> {
        self.intake.admission.room().await;
        let register = self.intake.admission.register();
        let now = self.intake.admission.now();
        let (mut pings, mut said, mut lost) = (0, Vec::new(), None);
        loop {
            match self.framer.next_event() {
                Ok(Some(event)) => match read(&register, &self.intake, event, now) {
                    Ok(Some(report)) => {
                        said.push(Said { raw: Cow::Owned(event.to_vec()), read: Ok(report) });
                    }
                    Ok(None) => pings += usize::from(decode(event) == Ok(Event::Ping)),
                    Err(why) => said.push(Said { raw: Cow::Owned(event.to_vec()), read: Err(why) }),
                },
                Ok(None) => break,
                Err(why) => {
                    lost = Some(why);
                    let raw = Cow::Owned(self.framer.rest().to_vec());
                    said.push(Said { raw, read: Err(refused(why)) });
                    break;
                }
            }
        }
        if !said.is_empty() {
            self.submit(said);
        }
        self.settle(PENDING_MAX).await?;
        lost.map_or(Ok(pings), |why| Err(Ended::Lost(why)))
    }

    /// The connection has ended amid an event: what came of it is refused.
    fn cut_off(&mut self) {
        let rest = self.framer.rest().trim_ascii();
        if rest.is_empty() || rest.ends_with(b"?>") {
            return;
        }
        let why = Why::new(Reason::Xml, "the connection ended amid the event");
        let raw = Cow::Owned(rest.to_vec());
        self.submit(vec![Said { raw, read: Err(why) }]);
    }

    fn submit(&mut self, said: Vec<Said<'static>>) {
        let Intake { admission, tasks, agency, .. } = &*self.intake;
        let source = Source { agency, channel: Channel::Cot, place: PLACE };
        let desk = |report: &Report| match report {
            Report::Unit(said) => {
                tasks.may_report(said).map_err(|said| Why::new(Reason::ImpossibleReport, said))
            }
            _ => Ok(()),
        };
        let raws: Vec<Vec<u8>> = said.iter().map(|said| said.raw.to_vec()).collect();
        match admission.reports(source, said, desk) {
            Ok(admitted) => self.pending.push_back(admitted),
            Err(fast) => {
                for raw in raws {
                    let why = Why::new(Reason::RateLimited, fast.to_string());
                    self.pending.push_back(admission.refuse_limited(source, why, &raw));
                }
            }
        }
    }

    /// Waits until at most `most` appends are on their way.
    async fn settle(&mut self, most: usize) -> Result<(), Ended> {
        while self.pending.len() > most {
            let Some(oldest) = self.pending.pop_front() else { break };
            if oldest.durable().await.is_err() {
                return Err(Ended::Unavailable);
            }
        }
        Ok(())
    }
}

fn refused(lost: Lost) -> Why {
    let reason = match lost {
        Lost::TooLong => Reason::TooLarge,
        Lost::NoEvent | Lost::Protobuf | Lost::Declaration | Lost::TooDeep => Reason::Xml,
    };
    Why::new(reason, format!("{lost}; the connection is closed"))
}

/// An event as the report of a unit; `None` for what is between client and server.
///
/// # Errors
/// [`Why`] it is refused.
fn read(
    register: &Register,
    intake: &Intake,
    event: &[u8],
    now: UtcMs,
) -> Result<Option<Report>, Why> {
    let read = read_as(register, &intake.agency, event, now)?;
    match (&read, &intake.only) {
        (Some(Report::Unit(said)), Some(only)) if said.unit != *only => {
            let detail = format!("{} is another unit than the certificate's, {only}", said.unit);
            Err(Why::new(Reason::ForeignStation, detail))
        }
        _ => Ok(read),
    }
}

/// An event as the report of a unit of this agency; `None` for what is between client and server.
///
/// # Errors
/// [`Why`] it is refused.
pub fn read_as(
    register: &Register,
    agency: &AgencyId,
    event: &[u8],
    now: UtcMs,
) -> Result<Option<Report>, Why> {
    let said = match decode(event)? {
        Event::Ping | Event::Control => return Ok(None),
        Event::Unit(said) => said,
    };
    report(register, agency, &said, now).map(|report| Some(Report::Unit(report)))
}

fn report(
    register: &Register,
    agency: &AgencyId,
    said: &Sighting,
    now: UtcMs,
) -> Result<UnitReport, Why> {
    let Some(unit) = register.unit_of_cot(&said.uid) else {
        let detail = format!("uid {:?} is no unit's (cot_uid in units.csv)", said.uid);
        return Err(Why::new(Reason::UnknownUnit, detail));
    };
    if said.stale < now {
        let detail = format!("it held until {}, and it is {now}", said.stale);
        return Err(Why::new(Reason::Stale, detail));
    }
    let (lon, lat) = said.at.unzip();
    let at = place(lon, lat, None, register.coordinates_of(agency))?;
    // Narrower on purpose: a position to a centimetre, a speed to a millimetre a second.
    let small = |value: Option<f64>| value.map(|value| value as f32);
    let report = UnitReport {
        lon: at.map(|(lon, _)| lon),
        lat: at.map(|(_, lat)| lat),
        status: said.status,
        speed_mps: small(said.speed_mps),
        course_deg: small(said.course_deg.map(|c| if c == 360.0 { 0.0 } else { c })),
        battery_percent: said.battery_percent,
        accuracy_m: small(said.ce_m),
        note: said.remarks.clone(),
        ..UnitReport::of(unit.clone(), said.time)
    };
    moves(&report)?;
    Ok(report)
}
