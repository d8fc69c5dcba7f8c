//! Brings the lines of an opened file through the ordinary admission: each is accepted, a duplicate,
//! refused, or kept aside, and together they are the lines of the file.

use std::borrow::Cow;

use domain::city::exchange::Peer;
use domain::exchange::{ExchangeCounts, NotTaken};
use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};
use domain::report::Report;
use domain::status::Live;
use mqtt_edge::Who;

use super::line::{Brought, Line, line};
use super::read::Opened;
use super::{BATCH_LINES, Manifest};
use crate::admit::rate::TooFast;
use crate::admit::{Admission, Admitted, Outcome, Source, Unavailable};
use crate::json::batch::Item;
use crate::judge::Why;
use crate::register::Register;
use crate::reports::kind::{KINDS, Said};

/// Why taking in broke off. What was taken until then stays, and is a duplicate when the file is
/// brought again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenOff {
    /// It could not be made durable.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A line could not be read any more.
    #[error(transparent)]
    Unread(#[from] NotTaken),
    /// The platform ends.
    #[error("the platform ends")]
    Ending,
}

/// What one line is to admission.
enum Part<'l> {
    Seen(AgencyId, Item<'l>),
    Said(AgencyId, &'static str, Said<'l>),
}

impl Part<'_> {
    fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Part::Seen(a, _), Part::Seen(b, _)) => a == b,
            (Part::Said(a, path, _), Part::Said(b, other, _)) => a == b && path == other,
            _ => false,
        }
    }
}

/// Takes the lines of a live file in. `told` hears the counts after every batch; it says false to end.
///
/// # Errors
/// [`BrokenOff`].
pub async fn take(
    admission: &Admission,
    peer: &Peer,
    opened: &Opened<Live>,
    mut told: impl FnMut(&ExchangeCounts) -> bool,
) -> Result<ExchangeCounts, BrokenOff> {
    let mut counts = ExchangeCounts::default();
    let mut lines = opened.lines()?;
    let mut batch: Vec<Vec<u8>> = Vec::with_capacity(BATCH_LINES);
    loop {
        batch.clear();
        while batch.len() < BATCH_LINES
            && let Some(line) = lines.next_line()?
        {
            batch.push(line);
        }
        if batch.is_empty() {
            return Ok(counts);
        }
        for outcome in bring(admission, peer, opened.manifest(), &batch).await? {
            *match outcome {
                Outcome::Accepted => &mut counts.accepted,
                Outcome::Duplicate => &mut counts.duplicate,
                Outcome::Refused(_) => &mut counts.refused,
                Outcome::Quarantined(_) => &mut counts.quarantined,
            } += 1;
        }
        if !told(&counts) {
            return Err(BrokenOff::Ending);
        }
    }
}

/// A batch, in stretches of one agency and kind, in order.
async fn bring(
    admission: &Admission,
    peer: &Peer,
    manifest: &Manifest,
    batch: &[Vec<u8>],
) -> Result<Vec<Outcome>, Unavailable> {
    let register = admission.register();
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut stretch: Vec<Part<'_>> = Vec::new();
    for bytes in batch {
        let part = part(&register, peer, manifest.backlog, bytes);
        if stretch.last().is_some_and(|last| !last.goes_with(&part)) {
            outcomes.extend(submit(admission, manifest, std::mem::take(&mut stretch)).await?);
        }
        stretch.push(part);
    }
    outcomes.extend(submit(admission, manifest, stretch).await?);
    Ok(outcomes)
}

/// What a line is. What cannot be read, and what the peer may not bring, is the peer's own affair.
fn part<'l>(register: &Register, peer: &Peer, backlog: bool, bytes: &'l [u8]) -> Part<'l> {
    let read = line(bytes);
    let raw = read.as_ref().map_or(bytes, |line| line.item.get().as_bytes());
    let is_cases = read.as_ref().is_ok_and(|line| line.kind == "cases");
    let place = if is_cases { crate::cases::PATH } else { "" };
    let said = read.and_then(|line| {
        may_bring(register, peer, &line)?;
        let brought = line.brought()?;
        Ok((line.agency, brought))
    });
    match said {
        Ok((agency, Brought::Observation(mut seen))) => {
            seen.backlog |= backlog;
            Part::Seen(agency, Item { raw, read: Ok(seen) })
        }
        Ok((agency, Brought::Report(path, report))) => {
            let may = may_send(register, &agency, path);
            let read = may.map(|()| *report);
            Part::Said(agency, path, Said { raw: Cow::Borrowed(raw), read })
        }
        Err(why) => {
            let agency = peer.id.as_sender();
            Part::Said(agency, place, Said { raw: Cow::Borrowed(raw), read: Err(why) })
        }
    }
}

fn may_bring(register: &Register, peer: &Peer, line: &Line<'_>) -> Result<(), Why> {
    let agency = &line.agency;
    if !peer.brings.holds(agency) {
        let said = format!("{} may not speak for {agency}", peer.id);
        return Err(Why::new(Reason::PeerForeign, said));
    }
    if register.agency(agency).is_none() {
        let said = format!("{agency} is no agency of this city");
        return Err(Why::new(Reason::PeerForeign, said));
    }
    Ok(())
}

/// Whether the agency might have sent this kind of report itself.
fn may_send(register: &Register, agency: &AgencyId, path: &str) -> Result<(), Why> {
    let kind = KINDS.iter().find(|kind| kind.path == path);
    let who = Who::Agency(agency.clone());
    let may =
        kind.zip(register.agency(agency)).is_some_and(|(kind, rights)| (kind.may)(&who, rights));
    if may {
        return Ok(());
    }
    Err(Why::new(Reason::UnknownChannel, format!("{agency} may not send what comes by {path}")))
}

async fn submit(
    admission: &Admission,
    manifest: &Manifest,
    stretch: Vec<Part<'_>>,
) -> Result<Vec<Outcome>, Unavailable> {
    let (mut items, mut said) = (Vec::new(), Vec::new());
    let mut whose = None;
    for part in stretch {
        match part {
            Part::Seen(agency, item) => {
                whose = Some((agency, "/v1/observations"));
                items.push(item);
            }
            Part::Said(agency, path, one) => {
                whose = Some((agency, path));
                said.push(one);
            }
        }
    }
    let Some((agency, path)) = whose else { return Ok(Vec::new()) };
    let place = format!("exchange/{}/{}{path}", manifest.from, manifest.number);
    let source = Source { agency: &agency, channel: Channel::Exchange, place: &place };
    loop {
        admission.room().await;
        let tried = if items.is_empty() {
            let again = said.iter().map(copy).collect();
            admission.reports(source, again, |_: &Report| Ok(()))
        } else {
            admission.admit(source, &items)
        };
        match tried {
            Ok(admitted) => return durable(admitted).await,
            // An agency's rate holds for what a file brings of it too: it waits, and its own feed with it.
            Err(TooFast { retry_after }) => tokio::time::sleep(retry_after).await,
        }
    }
}

async fn durable(admitted: Admitted) -> Result<Vec<Outcome>, Unavailable> {
    admitted.durable().await
}

fn copy<'l>(said: &Said<'l>) -> Said<'l> {
    Said { raw: said.raw.clone(), read: said.read.clone() }
}
