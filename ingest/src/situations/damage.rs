//! 险情、工情、灾情: works in danger, works as they stand and are run, and loss.

use domain::situation::Body;
use domain::situation::body::{Damage, Heading, Stage};

use super::envelope::{Form, amount, form, kept};
use crate::judge::Why;

form! {
    /// A report of one of the three.
    Damaged {
        heading: Heading,
        stage: Option<Stage>,
        works: Option<String>,
        class: Option<String>,
        affected: Option<u32>,
        evacuated: Option<u32>,
        injured: Option<u32>,
        missing: Option<u32>,
        dead: Option<u32>,
        rooms_collapsed: Option<u32>,
        crops_ha: Option<f64>,
        loss_10k_yuan: Option<f64>,
    }
}

impl Form for Damaged {
    fn body(self) -> Result<Body, Why> {
        Ok(Body::Damage(Damage {
            heading: self.heading,
            stage: self.stage.unwrap_or_default(),
            works: kept("works", self.works)?,
            class: kept("class", self.class)?,
            affected: self.affected,
            evacuated: self.evacuated,
            injured: self.injured,
            missing: self.missing,
            dead: self.dead,
            rooms_collapsed: self.rooms_collapsed,
            crops_ha: amount("crops_ha", self.crops_ha)?,
            loss_10k_yuan: amount("loss_10k_yuan", self.loss_10k_yuan)?,
        }))
    }
}
