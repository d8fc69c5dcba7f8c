//! 道路封闭: roads that are closed.

use domain::situation::Body;
use domain::situation::body::{Extent, RoadClosure};

use super::envelope::{Form, form, kept, needed};
use crate::judge::Why;
use crate::reports::form::Time;

form! {
    /// A closure.
    Closure {
        road: Option<String>,
        section: Option<String>,
        extent: Option<Extent>,
        cause: Option<String>,
        detour: Option<String>,
        until: Option<Time>,
    }
}

impl Form for Closure {
    fn body(self) -> Result<Body, Why> {
        Ok(Body::Closure(RoadClosure {
            road: needed("road", self.road)?,
            section: kept("section", self.section)?,
            extent: self.extent.unwrap_or_default(),
            cause: kept("cause", self.cause)?,
            detour: kept("detour", self.detour)?,
            until: self.until.map(|t| t.0),
        }))
    }
}
