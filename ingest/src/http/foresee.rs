//! A dry run: what would become of a body if it were sent. Judged as any sending is judged; nothing
//! is taken, kept, counted or remembered.

use axum::http::StatusCode;
use domain::ids::AgencyId;
use domain::refusal::{Channel, Reason};
use mqtt_edge::Who;

use super::problem::Problem;
use super::session::{Answer, Door, Kind, refused_whole, warning_status};
use crate::admit::Source;
use crate::reports::kind::{Reader, Rim};

impl Door {
    /// Of observations.
    pub(crate) fn foresee(
        &self,
        agency: &AgencyId,
        kind: Kind,
        body: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        let source = Source { agency, channel: Channel::Http, place: "/v1/observations" };
        let items = kind.decode(body).map_err(|error| refused_whole(&error))?;
        let outcomes = self.admission.foresee(source, &items);
        Ok(Answer { dry_run: true, ..Answer::of(&outcomes) }.bytes())
    }

    /// Of reports. A warning that would be refused is told as the others are, by its index.
    pub(crate) fn foresee_reports(
        &self,
        who: &Who,
        agency: &AgencyId,
        place: &str,
        reader: Reader,
        body: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        let source = Source { agency, channel: Channel::Http, place };
        let register = self.admission.register();
        let said = reader(&Rim { register: &register, agency }, body).map_err(|why| {
            let status = match why.reason {
                Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::BAD_REQUEST,
            };
            Problem::new(status, why.reason.wire(), why.detail)
        })?;
        let status = warning_status(&said);
        let desk = |report: &_| self.desk(who, report);
        let outcomes = self.admission.foresee_reports(source, said, desk);
        Ok(Answer { dry_run: true, status, ..Answer::of(&outcomes) }.bytes())
    }
}
