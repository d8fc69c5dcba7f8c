//! 隐患点: the register of places where something can slide, fall or fill with water. Who answers
//! for one is an official: name and duty telephone are kept.

use domain::refusal::Reason;
use domain::situation::Body;
use domain::situation::body::{Danger, Hazard, HazardPoint, Responsible};

use super::envelope::{Form, form, needed, words};
use crate::judge::Why;

/// The most responsible persons of one point.
pub const RESPONSIBLE_MAX: usize = 10;

form! {
    /// A point of the register.
    Point {
        name: Option<String>,
        hazard: Hazard,
        danger: Option<Danger>,
        threatened: Option<u32>,
        responsible: Option<Vec<Responsible>>,
    }
}

impl Form for Point {
    fn body(self) -> Result<Body, Why> {
        let responsible = self.responsible.unwrap_or_default();
        if responsible.len() > RESPONSIBLE_MAX {
            let detail = format!("field \"responsible\": at most {RESPONSIBLE_MAX}");
            return Err(Why::new(Reason::FieldForm, detail));
        }
        for person in &responsible {
            if person.name.trim().is_empty() {
                let detail = "field \"responsible\": a person has a name";
                return Err(Why::new(Reason::MissingField, detail));
            }
            for said in [&person.role, &person.name, &person.phone] {
                words("responsible", Some(said))?;
            }
        }
        Ok(Body::HazardPoint(HazardPoint {
            name: needed("name", self.name)?,
            hazard: self.hazard,
            danger: self.danger.unwrap_or_default(),
            threatened: self.threatened,
            responsible,
        }))
    }
}
