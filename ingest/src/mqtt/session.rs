//! Stop 1 of 9, **heard**, over MQTT: a packet in, its verdict and the notes out. The protocol
//! itself is `mqtt-edge`'s (or the city's broker's). After it: [`crate::mqtt::decode`] (decoded).

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use domain::ids::{AgencyId, UnitId};
use domain::refusal::{Channel, Reason};
use domain::report::Report;
use domain::time::UtcMs;
use mqtt_edge::{Admit, CloseReason, Counts, Downlink, EdgeHandle, Packet, Verdict, Who};

use super::decode::{Carries, carries};
use super::notes::{Note, note};
use crate::admit::rate::TooFast;
use crate::admit::{Admission, Admitted, Outcome, Source, Unavailable};
use crate::json::batch::{BatchError, Item, decode_packet, decode_value};
use crate::judge::Why;
use crate::reports::kind::{Rim, Said};
use crate::seams::{NOTE_KEYS, Tasks};
use crate::sensorthings::decode::observation as sensorthings;
use crate::sensorthings::resource::Resource;

/// Where a frame came in that has no topic.
const BROKEN_AT: &str = "(frame)";

/// Takes packets of one channel. Shared by its connections.
pub struct Intake {
    admission: Admission,
    tasks: Arc<dyn Tasks>,
    channel: Channel,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// A packet that was taken and submitted: a future that resolves when it is durable.
#[must_use = "nothing may be acknowledged before it is durable"]
pub struct Taken {
    admitted: Admitted,
    agency: AgencyId,
    source: Arc<str>,
    received: UtcMs,
}

impl Future for Taken {
    type Output = (Verdict, Option<Note>);

    /// The verdict and the note to its sender, once it is durable.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.admitted).poll(cx)) {
            Ok(outcomes) => {
                let told = note(&self.agency, &self.source, self.received, &outcomes);
                (verdict(&outcomes), told)
            }
            Err(Unavailable(_)) => (Verdict::Unavailable, None),
        })
    }
}

/// One verdict for a packet of many items: taken where anything in it was, with the counts where
/// not all of it was new.
fn verdict(outcomes: &[Outcome]) -> Verdict {
    let mut counts = Counts::default();
    for outcome in outcomes {
        *match outcome {
            Outcome::Accepted => &mut counts.accepted,
            Outcome::Duplicate => &mut counts.duplicate,
            Outcome::Refused(_) | Outcome::Quarantined(_) => &mut counts.refused,
        } += 1;
    }
    if counts.accepted == outcomes.len() {
        return Verdict::Stored;
    }
    match outcomes.first() {
        Some(Outcome::Refused(why)) if counts.refused == outcomes.len() => {
            Verdict::Refused { reason: why.reason, detail: why.detail.clone() }
        }
        _ => Verdict::Counted(counts),
    }
}

impl Intake {
    /// Takes packets of `channel`.
    pub fn new(admission: Admission, tasks: Arc<dyn Tasks>, channel: Channel) -> Self {
        Self { admission, tasks, channel }
    }

    /// The admission behind it.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Takes one packet of `who`, whose right to the topic has been checked. Everything is
    /// submitted when this returns. `None`: this sender has no place in the city any more.
    pub fn take(&self, who: &Who, topic: &Arc<str>, body: &[u8]) -> Option<Taken> {
        let agency = match who {
            Who::Agency(agency) => agency.clone(),
            Who::Unit(unit) => self.admission.register().unit(unit)?.clone(),
        };
        let received = self.admission.now();
        let source = Source { agency: &agency, channel: self.channel, place: topic };
        let room = self.admission.has_room(&agency);
        let judged = room.and_then(|()| self.judge(who, source, topic, received, body));
        let admitted = match judged {
            Ok(admitted) => admitted,
            Err(too_fast) => {
                let why = Why::new(Reason::RateLimited, too_fast.to_string());
                self.admission.refuse_limited(source, why, body)
            }
        };
        Some(Taken { admitted, agency, source: topic.clone(), received })
    }

    /// Counts a frame for which a sender's connection was closed: too large, or no MQTT.
    pub fn broken(&self, who: &Who, reason: CloseReason) {
        let register = self.admission.register();
        let agency = match who {
            Who::Agency(agency) => Some(agency),
            Who::Unit(unit) => register.unit(unit),
        };
        let Some(agency) = agency else { return };
        let why = match reason {
            CloseReason::PacketTooLarge => Reason::TooLarge,
            _ => Reason::Syntax,
        };
        let why = Why::new(why, format!("the connection was closed: {}", reason.word()));
        let source = Source { agency, channel: self.channel, place: BROKEN_AT };
        // Nobody waits: it is counted when it is durable.
        drop(self.admission.refuse(source, why, b""));
    }

    /// Counts a packet that its sender may not publish where it did, or could not.
    pub fn denied(&self, who: &Who, topic: &str, reason: Reason) {
        let register = self.admission.register();
        let agency = match who {
            Who::Agency(agency) => Some(agency),
            Who::Unit(unit) => register.unit(unit),
        };
        let Some(agency) = agency else { return };
        let why = Why::new(reason, format!("{topic:?} is no topic for this sender"));
        let source = Source { agency, channel: self.channel, place: BROKEN_AT };
        // Nobody waits: it is counted when it is durable.
        drop(self.admission.refuse(source, why, b""));
    }

    pub(crate) fn judge(
        &self,
        who: &Who,
        source: Source<'_>,
        topic: &str,
        received: UtcMs,
        body: &[u8],
    ) -> Result<Admitted, TooFast> {
        let refuse = |why: Why| Ok(self.admission.refuse(source, why, body));
        match carries(topic) {
            Some(Carries::Observations) => match decode_packet(body) {
                Ok(items) => self.admission.admit(source, &items),
                Err(error) => refuse(whole(&error)),
            },
            Some(Carries::Value { station, property }) => {
                let read = decode_value(body, station, property, received);
                self.admission.admit(source, &[Item { raw: body, read }])
            }
            Some(Carries::Reports(kind)) => {
                let register = self.admission.register();
                let rim = Rim { register: &register, agency: source.agency };
                let read = kind.reader_of(body).map(|reader| reader(&rim, body));
                match read {
                    Some(Ok(said)) => self.admission.reports(source, said, |_| Ok(())),
                    Some(Err(why)) => refuse(why),
                    None => refuse(Why::new(Reason::UnknownChannel, "this topic carries nothing")),
                }
            }
            Some(Carries::UnitReport) => self.unit_report(who, source, body),
            Some(Carries::SensorThings(named)) => {
                let of = match named {
                    Resource::OfDatastream { station, property } => Some((station, property)),
                    Resource::Observations | Resource::DataArrays => None,
                };
                let read = sensorthings(body, of, received);
                self.admission.admit(source, &[Item { raw: body, read }])
            }
            None => refuse(Why::new(Reason::UnknownChannel, "this topic carries nothing")),
        }
    }

    fn unit_report(&self, who: &Who, source: Source<'_>, body: &[u8]) -> Result<Admitted, TooFast> {
        let declared = self.admission.register().coordinates_of(source.agency);
        let report = match crate::units::decode::unit(body, declared) {
            Ok(report) => report,
            Err(why) => return Ok(self.admission.refuse(source, why, body)),
        };
        if let Who::Unit(unit) = who
            && *unit != report.unit
        {
            let detail = format!("unit {} reports for itself only", unit.as_str());
            let why = Why::new(Reason::ForeignStation, detail);
            return Ok(self.admission.refuse(source, why, body));
        }
        let desk = self.tasks.may_report(&report);
        let desk = desk.map_err(|said| Why::new(Reason::ImpossibleReport, said));
        self.admission.reports(source, Said::one(body, Report::Unit(report)), |_| desk.clone())
    }
}

/// Why a body is refused as a whole.
pub(crate) fn whole(error: &BatchError) -> Why {
    let reason = match error {
        BatchError::Decode(error) => error.reason(),
        BatchError::TooMany => Reason::TooLarge,
    };
    Why::new(reason, error.to_string())
}

/// The embedded endpoint's way in.
#[derive(Debug)]
pub struct EdgeAdmit {
    intake: Intake,
    teller: Arc<Teller>,
}

impl EdgeAdmit {
    /// Takes packets into `intake` and tells refusals by `teller`.
    pub fn new(intake: Intake, teller: Arc<Teller>) -> Self {
        Self { intake, teller }
    }
}

/// The wait for a packet's verdict.
pub struct EdgePending {
    taken: Option<Taken>,
    teller: Arc<Teller>,
}

impl Future for EdgePending {
    type Output = Verdict;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Verdict> {
        let Some(taken) = &mut self.taken else { return Poll::Ready(Verdict::AccessRefused) };
        let (verdict, note) = ready!(Pin::new(taken).poll(cx));
        if let Some(note) = note {
            self.teller.tell(&note);
        }
        Poll::Ready(verdict)
    }
}

impl Admit for EdgeAdmit {
    type Pending = EdgePending;

    fn broken(&self, who: &Who, reason: CloseReason) {
        self.intake.broken(who, reason);
    }

    fn denied(&self, who: &Who, topic: &str, reason: Reason) {
        self.intake.denied(who, topic, reason);
    }

    fn admit(&self, packet: Packet) -> EdgePending {
        let taken = self.intake.take(&packet.who.who, &packet.topic, &packet.body);
        EdgePending { taken, teller: self.teller.clone() }
    }
}

/// Sends notes and tasks down through the endpoint, which is there only after it was started with
/// what it needs to be started.
#[derive(Debug, Default)]
pub struct Teller {
    edge: OnceLock<EdgeHandle>,
    next: AtomicU64,
}

impl Teller {
    /// The endpoint runs.
    pub fn connect(&self, edge: EdgeHandle) {
        // A second endpoint is never started; the first stays.
        let _ = self.edge.set(edge);
    }

    /// Sends a note to whoever of the agency, or of its unit, listens. One that finds no room is left
    /// out: the refusal is kept, and can be asked for.
    pub fn tell(&self, note: &Note) {
        let Some(edge) = self.edge.get() else { return };
        for topic in note.topics() {
            let key = NOTE_KEYS | self.next.fetch_add(1, Ordering::Relaxed);
            let body = note.body.clone();
            edge.publish(Downlink { topic, body, key, retain: false, kept: false });
        }
    }

    /// Sends a task to a unit; says whether anyone was there to take it.
    pub fn task(&self, unit: &UnitId, task: &crate::seams::TaskDown) -> bool {
        let Some(edge) = self.edge.get() else { return false };
        let topic = super::directory::tasks_topic(unit);
        let (body, key) = (task.body.clone(), task.key);
        edge.publish(Downlink { topic, body, key, retain: false, kept: true }) > 0
    }
}
