//! 停电: power outages.

use domain::refusal::Reason;
use domain::situation::Body;
use domain::situation::body::PowerOutage;

use super::envelope::{Form, form, kept};
use crate::judge::Why;
use crate::reports::form::Time;

/// The most important users named in one report.
pub const IMPORTANT_MAX: usize = 100;

form! {
    /// An outage.
    Outage {
        households: Option<u32>,
        line: Option<String>,
        cause: Option<String>,
        important: Option<Vec<String>>,
        since: Option<Time>,
        restored_by: Option<Time>,
    }
}

impl Form for Outage {
    fn body(self) -> Result<Body, Why> {
        let important = self.important.unwrap_or_default();
        if important.len() > IMPORTANT_MAX {
            let detail = format!("field \"important\": at most {IMPORTANT_MAX}");
            return Err(Why::new(Reason::FieldForm, detail));
        }
        let important: Result<Vec<String>, Why> =
            important.into_iter().map(|name| kept("important", Some(name))).collect();
        Ok(Body::Outage(PowerOutage {
            households: self.households,
            line: kept("line", self.line)?,
            cause: kept("cause", self.cause)?,
            important: important?,
            since: self.since.map(|t| t.0),
            restored_by: self.restored_by.map(|t| t.0),
        }))
    }
}
