//! Forecasts of hydrology and sea offices: a series for a station, issued at the envelope's `t`.

use domain::ids::StationId;
use domain::refusal::Reason;
use domain::situation::Body;
use domain::situation::body::{ForecastValue, OfficeForecast};
use serde::Deserialize;

use super::envelope::{Form, form, needed};
use crate::judge::Why;
use crate::reports::form::Time;

/// The most values of one forecast: ten days by the quarter of an hour.
pub const VALUES_MAX: usize = 1_000;
/// No forecast value is farther from nothing.
const VALUE_MAX: f64 = 1e7;

/// One value of a forecast.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    t: Time,
    v: f64,
}

form! {
    /// A forecast.
    Series {
        station: StationId,
        property: Option<String>,
        unit: Option<String>,
        values: Vec<Value>,
    }
}

impl Form for Series {
    fn body(self) -> Result<Body, Why> {
        let form = |detail: String| Why::new(Reason::FieldForm, detail);
        if self.values.is_empty() || self.values.len() > VALUES_MAX {
            return Err(form(format!("field \"values\": 1 to {VALUES_MAX}")));
        }
        if self.values.windows(2).any(|pair| matches!(pair, [a, b] if a.t.0 >= b.t.0)) {
            return Err(form("field \"values\": earliest first, each instant once".into()));
        }
        if let Some(wild) = self.values.iter().find(|value| value.v.abs() > VALUE_MAX) {
            let detail = format!("field \"values\": {} is no value", wild.v);
            return Err(Why::new(Reason::OutOfRange, detail));
        }
        let property = needed("property", self.property)?;
        domain::ids::check(&property)
            .map_err(|why| Why::new(Reason::Identifier, format!("field \"property\": {why}")))?;
        let values =
            self.values.into_iter().map(|value| ForecastValue { t: value.t.0, v: value.v });
        Ok(Body::Forecast(OfficeForecast {
            station: self.station,
            property,
            unit: needed("unit", self.unit)?,
            values: values.collect(),
        }))
    }
}
