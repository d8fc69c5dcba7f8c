//! The forecasts of a station, issue by issue: a later one does not hide what was forecast before it.

use contract::views::ForecastView;
use domain::situation::{Body, Kind, State};

use super::Situations;
use crate::gazetteer::Gazetteer;

/// The most issues that are shown of one station.
pub const ISSUES_SHOWN: usize = 24;

/// Of every property, newest issue first; what was withdrawn is left out.
pub fn of_station(here: &Situations, city: &Gazetteer, station: &str) -> Vec<ForecastView> {
    let mut found: Vec<ForecastView> = Vec::new();
    for (key, row) in here.of_kind(Kind::Forecast) {
        if row.shown().is_some_and(|newest| newest.said.state == State::Withdrawn) {
            continue;
        }
        let name = city.name_of(&format!("agency:{}", key.agency));
        for version in row.versions.values() {
            let Body::Forecast(said) = &version.said.body else { continue };
            if said.station.as_str() != station || version.said.state == State::Withdrawn {
                continue;
            }
            found.push(ForecastView {
                id: key.to_string(),
                agency: key.agency.to_string(),
                agency_name: name.zh.clone(),
                agency_name_en: name.en.clone(),
                issued_ms: version.said.t.0,
                property: said.property.clone(),
                unit: said.unit.clone(),
                values: said.values.iter().map(|value| (value.t.0, value.v)).collect(),
            });
        }
    }
    found.sort_by(|a, b| (b.issued_ms, &b.id).cmp(&(a.issued_ms, &a.id)));
    found.truncate(ISSUES_SHOWN);
    found
}
