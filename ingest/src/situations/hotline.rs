//! 12345: citizens' reports.

use domain::situation::{Body, body};

use super::envelope::{Form, form, kept};
use crate::judge::Why;

form! {
    /// A work order of the hotline.
    Hotline { class: Option<String>, urgent: Option<bool>, people: Option<u32> }
}

impl Form for Hotline {
    fn body(self) -> Result<Body, Why> {
        Ok(Body::Hotline(body::Hotline {
            class: kept("class", self.class)?,
            urgent: self.urgent.unwrap_or_default(),
            people: self.people,
        }))
    }
}
