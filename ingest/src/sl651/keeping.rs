//! What a message brings that is no value: pictures and texts into their folder, tests into their
//! journal. Part of [`super::intake`].

use domain::ids::StationId;
use domain::refusal::Reason;
use domain::report::{Attachment, Report};

use super::attachments::{KeepError, media_type};
use super::body::Message;
use super::frame::Frame;
use super::intake::{Closed, Intake, Talk};
use super::readings::{Kept, Readings};
use super::stamp;
use super::trial::Trial;
use crate::admit::mixed::Brought;
use crate::judge::Why;

impl Intake {
    /// Pictures and texts are kept first, so that what the journal says is there is there.
    pub(super) async fn brought<'m>(&self, read: Readings<'m>) -> Result<Vec<Brought<'m>>, Closed> {
        let figures = self.figures();
        figures.unmapped.inc_by(read.unmapped);
        figures.missing.inc_by(read.missing);
        let mut brought: Vec<_> = read.observations.into_iter().map(Brought::Observation).collect();
        for kept in read.kept {
            brought.push(self.keep(kept).await?);
        }
        brought.extend(read.refused.into_iter().map(Brought::Unreadable));
        Ok(brought)
    }

    async fn keep<'m>(&self, kept: Kept<'_>) -> Result<Brought<'m>, Closed> {
        let (attachments, bytes) = (self.attachments.clone(), kept.bytes.to_vec());
        let named = tokio::task::spawn_blocking(move || attachments.keep(&bytes)).await;
        let unreadable = |reason, said: String| Ok(Brought::Unreadable(Why::new(reason, said)));
        let sha256 = match named {
            Ok(Ok(name)) => name,
            Ok(Err(why @ (KeepError::TooLarge(_) | KeepError::Full))) => {
                return unreadable(Reason::TooLarge, why.to_string());
            }
            Ok(Err(KeepError::Write(error))) => {
                tracing::error!(%error, "an attachment cannot be written");
                return Err(self.unavailable());
            }
            Err(_) => return Err(self.unavailable()),
        };
        let Ok(station) = StationId::new(kept.station) else {
            return unreadable(Reason::Identifier, format!("{:?} is no id", kept.station));
        };
        let found = media_type(kept.bytes);
        // Text in the station's own encoding is text all the same.
        let is_text = kept.is_text && found == "application/octet-stream";
        let media_type = if is_text { "text/plain" } else { found }.to_owned();
        let bytes = kept.bytes.len() as u64;
        let attachment = Attachment { station, t: kept.t, media_type, sha256, bytes };
        Ok(Brought::Report(Report::Attachment(attachment)))
    }
}

impl Talk {
    /// Keeps a test, durably, where no live thing is.
    pub(super) async fn test(
        &self,
        frame: &Frame,
        message: &Message,
        read: &Readings<'_>,
        raw: &[u8],
    ) -> Result<(), Closed> {
        let register = self.intake.admission.register();
        let station = register.telemetry().get(frame.station).map(|g| g.station.to_string());
        let said = read.observations.iter().map(|o| {
            let unit = o.unit.as_deref().unwrap_or_default();
            format!("{} {} {unit} at {}", o.property, o.v, o.t.rfc3339(stamp::BEIJING_S))
        });
        let trial = Trial {
            received: self.intake.admission.now(),
            peer: self.peer.clone(),
            address: frame.station.to_string(),
            station,
            serial: message.serial,
            sent: message.sent,
            readings: said.collect(),
            refused: read.refused.iter().map(|why| why.detail.clone()).collect(),
            raw: Trial::digits(raw),
        };
        let trials = self.intake.trials.clone();
        match tokio::task::spawn_blocking(move || trials.keep(&trial)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal of tests cannot be written");
                Err(self.intake.unavailable())
            }
            Err(_) => Err(self.intake.unavailable()),
        }
    }
}
