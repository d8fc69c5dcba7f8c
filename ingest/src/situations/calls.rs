//! 110, 119, 120, 122: incidents of emergency calls.

use domain::situation::Body;
use domain::situation::body::{EmergencyCall, Service};

use super::envelope::{Form, form, kept};
use crate::judge::Why;

form! {
    /// An incident of a call.
    Call {
        service: Service,
        class: Option<String>,
        trapped: Option<u32>,
        injured: Option<u32>,
        dead: Option<u32>,
    }
}

impl Form for Call {
    fn body(self) -> Result<Body, Why> {
        Ok(Body::Call(EmergencyCall {
            service: self.service,
            class: kept("class", self.class)?,
            trapped: self.trapped,
            injured: self.injured,
            dead: self.dead,
        }))
    }
}
