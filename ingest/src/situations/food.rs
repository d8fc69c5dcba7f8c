//! 食品药品: results of tests, complaints, recalls, poisonings, with venue and batch.

use domain::refusal::Reason;
use domain::situation::Body;
use domain::situation::body::{FoodAct, FoodSafety};

use super::envelope::{Form, form, kept};
use crate::judge::Why;

form! {
    /// A report on food or a drug.
    Food {
        act: FoodAct,
        product: Option<String>,
        producer: Option<String>,
        batch: Option<String>,
        venue: Option<String>,
        drug: Option<bool>,
        item: Option<String>,
        passed: Option<bool>,
        ill: Option<u32>,
        hospitalised: Option<u32>,
        dead: Option<u32>,
    }
}

/// The longest batch, bytes.
const BATCH_MAX_BYTES: usize = 100;

impl Form for Food {
    fn body(self) -> Result<Body, Why> {
        let most = self.ill.unwrap_or(u32::MAX);
        for (name, count) in [("hospitalised", self.hospitalised), ("dead", self.dead)] {
            if let Some(count) = count.filter(|count| *count > most) {
                let said = format!("field {name:?}: {count} of {most} who fell ill");
                return Err(Why::new(Reason::Inconsistent, said));
            }
        }
        // A batch is made of digits, and is nobody's number: it is not hidden.
        crate::reports::form::long_text("batch", self.batch.as_deref(), BATCH_MAX_BYTES)?;
        Ok(Body::Food(FoodSafety {
            act: self.act,
            product: kept("product", self.product)?,
            producer: kept("producer", self.producer)?,
            batch: self.batch.unwrap_or_default(),
            venue: kept("venue", self.venue)?,
            drug: self.drug.unwrap_or_default(),
            item: kept("item", self.item)?,
            passed: self.passed,
            ill: self.ill,
            hospitalised: self.hospitalised,
            dead: self.dead,
        }))
    }
}
