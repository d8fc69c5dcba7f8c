//! A frame that was refused, sent again from the desk of letters, as it was or mended: what a
//! station's connection would make of it, without the conversation. Before it: [`crate::letters`].
//! After it: [`crate::admit`] (admitted).

use domain::refusal::Reason;

use super::body::{self, BodyError, OBSERVING, TEST};
use super::decode;
use super::frame::FrameError;
use super::intake::Intake;
use super::readings::readings;
use crate::admit::mixed::Brought;
use crate::admit::{Admission, Admitted, Source};
use crate::judge::Why;
use crate::letters::NotReplayed;

impl Intake {
    /// Takes the bytes of one whole frame again, into the admission of a letter.
    ///
    /// # Errors
    /// [`NotReplayed`]: nothing was journaled.
    pub(crate) async fn again(
        &self,
        admission: &Admission,
        source: Source<'_>,
        bytes: &[u8],
    ) -> Result<Admitted, NotReplayed> {
        let refuse = |reason, said: String| admission.refuse(source, Why::new(reason, said), bytes);
        let frame = match decode::frame(bytes) {
            Ok(frame) => frame,
            Err(why @ FrameError::Check { .. }) => {
                return Ok(refuse(Reason::Checksum, why.to_string()));
            }
            Err(why) => return Ok(refuse(Reason::Frame, why.to_string())),
        };
        if let Some(packet) = frame.packet.filter(|packet| packet.total > 1) {
            let said = format!(
                "it is packet {} of {}: the station sends the whole message again",
                packet.number, packet.total
            );
            return Ok(refuse(Reason::Frame, said));
        }
        if self.password.is_some_and(|password| password != frame.password) {
            let said = format!("the password of {} is not the configured one", frame.station);
            return Ok(refuse(Reason::Password, said));
        }
        let message = match body::decode(frame.coding, frame.function, &frame.body) {
            Ok(message) => message,
            Err(why @ BodyError::Sent { .. }) => return Ok(refuse(Reason::Time, why.to_string())),
            Err(why) => return Ok(refuse(Reason::Frame, why.to_string())),
        };
        if !OBSERVING.contains(&frame.function) || frame.function == TEST {
            let said = format!("function {:02X} brings nothing that is taken", frame.function);
            return Ok(refuse(Reason::UnknownFunction, said));
        }
        let register = admission.register();
        let read = readings(&message, frame.station, register.telemetry());
        let brought = match admission.is_dry() {
            // Pictures and texts are not written for a question.
            true => {
                let values = read.observations.into_iter().map(Brought::Observation);
                values.chain(read.refused.into_iter().map(Brought::Unreadable)).collect()
            }
            false => self.brought(read).await.map_err(|_| NotReplayed::Unkept)?,
        };
        Ok(admission.message(source, &brought, bytes)?)
    }
}
