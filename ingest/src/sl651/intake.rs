//! What becomes of a frame: refused, kept, admitted, answered. One [`Talk`] for each connection over
//! what all of them share. Between [`super::session`] (heard) and [`crate::admit`] (admitted).

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::city::Sl651Answer;
use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};
use domain::sl651::Address;
use tokio::sync::watch;

use super::answer;
use super::attachments::Attachments;
use super::body::{self, BodyError, KEEP_ALIVE, Message, OBSERVING, TEST};
use super::decode::damaged_packet;
use super::encode::encode;
use super::figures::{Fate, Figures};
use super::frame::{End, Frame, FrameError};
use super::gather::{Gather, Held, Step};
use super::owner::{foreign, owner};
use super::readings::{Readings, readings};
use super::scan::Found;
use super::seen::{Key, Seen};
use super::trial::Trials;
use crate::admit::mixed::Brought;
use crate::admit::{Admission, Outcome, Source};
use crate::judge::Why;
use crate::port::told;
use crate::telemetry::Tally;

/// How often a sender that is over its agency's rate is made to wait before it is refused.
pub const PACED_MAX: u32 = 10;
/// The longest of these waits.
const PACE_MAX: Duration = Duration::from_secs(2);
/// Queries and controls: what a station answers to them is not answered again.
const ANSWERS: std::ops::RangeInclusive<u8> = 0x37..=0x51;

/// What all connections share.
#[derive(Debug)]
pub struct Intake {
    pub(super) admission: Admission,
    pub(super) attachments: Attachments,
    pub(super) trials: Trials,
    seen: Seen,
    held: Held,
    pub(super) password: Option<u16>,
}

/// The connection is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The journal, or the disk, took nothing.
    Unavailable,
    /// The platform is ending.
    Ending,
}

/// What is said back, if anything.
pub type Said = Result<Option<Vec<u8>>, Closed>;

impl Intake {
    /// An intake into `admission` that keeps pictures, texts and tests in `data`. With a password
    /// every frame must carry it.
    ///
    /// # Errors
    /// The folder for attachments cannot be made or read.
    pub fn open(admission: Admission, data: &Path, password: Option<u16>) -> io::Result<Self> {
        Ok(Self {
            admission,
            attachments: Attachments::open(data)?,
            trials: Trials::in_dir(data),
            seen: Seen::default(),
            held: Held::default(),
            password,
        })
    }

    /// The counters.
    pub fn figures(&self) -> &Figures {
        &self.admission.telemetry().sl651
    }

    /// What cannot be made durable is not answered.
    pub(super) fn unavailable(&self) -> Closed {
        self.figures().frame(Fate::Unanswered);
        Closed::Unavailable
    }

    /// How long a connection may be silent.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.admission.register().telemetry().idle_s))
    }
}

/// One connection's state.
#[derive(Debug)]
pub struct Talk {
    pub(super) intake: Arc<Intake>,
    stop: watch::Receiver<bool>,
    pub(super) peer: String,
    gather: Gather,
    /// Whose the last station that was heard is: so are the frames that say of no station.
    agency: Option<AgencyId>,
    /// Who alone may be spoken for here: whom the client's certificate names.
    only: Option<AgencyId>,
}

impl Talk {
    /// A connection from `peer`, until `stop` turns true; `only` is whom its certificate names.
    pub fn new(
        intake: Arc<Intake>,
        peer: String,
        only: Option<AgencyId>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let gather = Gather::new(intake.held.clone());
        Self { intake, stop, peer, gather, agency: only.clone(), only }
    }

    /// When something is overdue next.
    pub fn next_due(&self) -> Option<Instant> {
        self.gather.next_due()
    }

    /// Takes what was found in the stream.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn take(&mut self, found: Found, now: Instant) -> Result<Vec<Vec<u8>>, Closed> {
        match found {
            Found::Frame { mut frame, raw } => match frame.packet.take() {
                None => self.frame(&frame, &raw).await.map(|said| said.into_iter().collect()),
                Some(packet) => {
                    let steps = self.gather.take(frame, packet, now);
                    self.steps(steps).await
                }
            },
            Found::Broken { why, raw } => {
                let reason = match why {
                    FrameError::Check { .. } => Reason::Checksum,
                    _ => Reason::Frame,
                };
                self.refuse(None, Why::new(reason, why.to_string()), &raw).await?;
                let seems = damaged_packet(&raw).filter(|_| reason == Reason::Checksum);
                let Some(seems) = seems else { return Ok(Vec::new()) };
                let register = self.intake.admission.register();
                let is_ours = register.telemetry().get(seems.station).is_some();
                let step = self.gather.damaged(seems, is_ours, now);
                self.steps(step.into_iter().collect()).await
            }
            Found::Stray(raw) => {
                let said = format!("{} bytes that belong to no frame", raw.len());
                self.refuse(None, Why::new(Reason::Frame, said), &raw).await?;
                Ok(Vec::new())
            }
        }
    }

    /// Asks for packets that are overdue, and gives up messages that will not be finished.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn overdue(&mut self, now: Instant) -> Result<Vec<Vec<u8>>, Closed> {
        let steps = self.gather.overdue(now);
        self.steps(steps).await
    }

    /// The connection has ended: what is not whole is refused.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn end(&mut self) -> Result<(), Closed> {
        let steps = self.gather.end();
        self.steps(steps).await.map(|_| ())
    }

    async fn steps(&mut self, steps: Vec<Step>) -> Result<Vec<Vec<u8>>, Closed> {
        let mut said = Vec::new();
        for step in steps {
            match step {
                Step::Wait => {}
                Step::Whole(frame) => {
                    // As one frame, so that a refusal of it can be sent again; a longer one as it is.
                    let raw = encode(&frame).unwrap_or_else(|_| frame.body.clone());
                    said.extend(self.frame(&frame, &raw).await?);
                    continue;
                }
                Step::Ask(asked) => {
                    let register = self.intake.admission.register();
                    if register.telemetry().answer != Sl651Answer::Nothing {
                        let now = self.intake.admission.now();
                        said.extend(answer::again(&asked, now).ok());
                    }
                }
                Step::Lost(frame, why, raw) => {
                    self.refuse(Some(frame.station), why, &raw).await?;
                    continue;
                }
            }
            self.intake.figures().frame(Fate::Packet);
        }
        Ok(said)
    }

    /// A frame by itself, or a message whose packets are all there; `raw` is what a refusal keeps.
    async fn frame(&mut self, frame: &Frame, raw: &[u8]) -> Said {
        let station = Some(frame.station);
        if self.intake.password.is_some_and(|password| password != frame.password) {
            // Not answered: who does not know the password learns nothing.
            let said = format!("the password of {} is not the configured one", frame.station);
            return self
                .refuse(station, Why::new(Reason::Password, said), raw)
                .await
                .map(|()| None);
        }
        if let Some(why) =
            foreign(&self.intake.admission.register(), self.only.as_ref(), frame.station)
        {
            self.refuse(station, why, raw).await?;
            let read = body::decode(frame.coding, frame.function, &frame.body);
            return Ok(read.ok().and_then(|message| self.answer(frame, message.serial)));
        }
        let read = body::decode(frame.coding, frame.function, &frame.body);
        let message = match read {
            Ok(message) => message,
            Err(error) => {
                let (reason, serial) = match &error {
                    BodyError::Sent { serial, .. } => (Reason::Time, Some(*serial)),
                    BodyError::Short | BodyError::Serial => (Reason::Frame, None),
                };
                self.refuse(station, Why::new(reason, error.to_string()), raw).await?;
                return Ok(serial.and_then(|serial| self.answer(frame, serial)));
            }
        };
        if frame.function == KEEP_ALIVE {
            self.heard(frame.station, &message);
            self.intake.figures().frame(Fate::KeepAlive);
            return Ok(None);
        }
        if !OBSERVING.contains(&frame.function) {
            let said = format!("function {:02X} is not taken", frame.function);
            self.refuse(station, Why::new(Reason::UnknownFunction, said), raw).await?;
            return Ok(self.answer(frame, message.serial));
        }
        self.message(frame, &message, raw).await
    }

    async fn message(&mut self, frame: &Frame, message: &Message, raw: &[u8]) -> Said {
        let key = Key::of(frame.function, message.serial, message.sent, &frame.body);
        let register = self.intake.admission.register();
        let read = readings(message, frame.station, register.telemetry());
        let under = Arc::as_ptr(&register).addr();
        if self.intake.seen.knows(frame.station, &key, under) {
            self.again(frame, message, &read);
            return Ok(self.answer(frame, message.serial));
        }
        let fate = if frame.function == TEST {
            self.test(frame, message, &read, raw).await?;
            Fate::Test
        } else {
            let brought = self.intake.brought(read).await?;
            match self.admit(frame.station, message, &brought, raw).await? {
                Some(fate) => fate,
                None => return Ok(None),
            }
        };
        let refused = (fate == Fate::Refused).then_some(under);
        self.intake.seen.put(frame.station, key, refused);
        self.intake.figures().frame(fate);
        Ok(self.answer(frame, message.serial))
    }

    /// Admits what a message brought; `None` where its agency is over its rate.
    async fn admit(
        &mut self,
        station: Address,
        message: &Message,
        brought: &[Brought<'_>],
        raw: &[u8],
    ) -> Result<Option<Fate>, Closed> {
        let agency = self.heard(station, message);
        let Some(agency) = agency else { return Ok(Some(Fate::Refused)) };
        let place = format!("sl651/{station}");
        let source = Source { agency: &agency, channel: Channel::Sl651, place: &place };
        let Some(outcomes) = self.submit(source, brought, raw).await? else { return Ok(None) };
        let refused = outcomes.iter().filter(|outcome| outcome.why().is_some()).count();
        let all = !outcomes.is_empty() && refused == outcomes.len();
        Ok(Some(if all { Fate::Refused } else { Fate::Accepted }))
    }

    /// Submits and waits until it is durable. Who is over the rate is made to wait: his connection
    /// is not read meanwhile. `None`: he was over it for too long; nothing but that is kept.
    async fn submit(
        &mut self,
        source: Source<'_>,
        brought: &[Brought<'_>],
        raw: &[u8],
    ) -> Result<Option<Vec<Outcome>>, Closed> {
        let admission = self.intake.admission.clone();
        for turn in 0..=PACED_MAX {
            admission.room().await;
            let too_fast = match admission.message(source, brought, raw) {
                Ok(admitted) => {
                    let durable = admitted.durable().await;
                    return durable.map(Some).map_err(|_| self.intake.unavailable());
                }
                Err(too_fast) => too_fast,
            };
            if turn == PACED_MAX {
                let why = Why::new(Reason::RateLimited, too_fast.to_string());
                let kept = admission.refuse_limited(source, why, raw).durable().await;
                kept.map_err(|_| self.intake.unavailable())?;
                self.intake.figures().frame(Fate::Unanswered);
                break;
            }
            let wait = tokio::time::sleep(too_fast.retry_after.min(PACE_MAX));
            tokio::select! {
                () = wait => {}
                () = told(&mut self.stop) => return Err(Closed::Ending),
            }
        }
        Ok(None)
    }

    /// A resend: everything that it brings is durable already.
    fn again(&mut self, frame: &Frame, message: &Message, read: &Readings<'_>) {
        self.intake.figures().frame(Fate::Duplicate);
        let Some(agency) = self.heard(frame.station, message) else { return };
        if frame.function != TEST {
            let items = read.observations.len() + read.kept.len() + read.refused.len();
            let tally = Tally { duplicate: items as u64, ..Tally::default() };
            let admission = &self.intake.admission;
            admission.telemetry().count(&agency, Channel::Sl651, admission.now(), &tally);
        }
    }

    /// Refuses something as a whole; when this returns the refusal is durable.
    async fn refuse(
        &mut self,
        station: Option<Address>,
        why: Why,
        raw: &[u8],
    ) -> Result<(), Closed> {
        let register = self.intake.admission.register();
        let known = station.and_then(|address| owner(&register, address, None));
        let agency = self.only.clone().or(known).or_else(|| self.agency.clone());
        let agency = agency.or_else(|| register.telemetry().agency.clone());
        let Some(agency) = agency else {
            tracing::warn!(peer = self.peer, ?why, "refused, and no agency to keep it for");
            self.intake.figures().frame(Fate::Refused);
            return Ok(());
        };
        let place = match station {
            Some(address) => format!("sl651/{address}"),
            None => format!("sl651/{}", self.peer),
        };
        let source = Source { agency: &agency, channel: Channel::Sl651, place: &place };
        if self.submit(source, &[Brought::Unreadable(why)], raw).await?.is_some() {
            self.intake.figures().frame(Fate::Refused);
        }
        Ok(())
    }

    /// Whose the station is; it, or whoever stands in for nobody, is heard now.
    fn heard(&mut self, station: Address, message: &Message) -> Option<AgencyId> {
        let admission = &self.intake.admission;
        let register = admission.register();
        let owner = self.only.clone().or_else(|| owner(&register, station, Some(message)));
        if owner.is_some() {
            self.agency.clone_from(&owner);
        }
        let agency = owner.or_else(|| register.telemetry().agency.clone())?;
        let nothing = Tally::default();
        admission.telemetry().count(&agency, Channel::Sl651, admission.now(), &nothing);
        Some(agency)
    }

    /// What a station is told whose message is durable.
    fn answer(&self, frame: &Frame, serial: u16) -> Option<Vec<u8>> {
        let end = match self.intake.admission.register().telemetry().answer {
            Sl651Answer::Nothing => return None,
            Sl651Answer::Leave => End::Eot,
            Sl651Answer::Stay => End::Esc,
        };
        if ANSWERS.contains(&frame.function) {
            return None;
        }
        answer::taken(frame, serial, end, self.intake.admission.now()).ok()
    }
}
