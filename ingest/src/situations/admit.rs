//! Stop 3 of 9 for situations: zones and stations that are here, the place located by the register's
//! address book, known ones duplicates.

use domain::property::convert;
use domain::refusal::Reason;
use domain::report::Report;
use domain::situation::body::OfficeForecast;
use domain::situation::{Body, Situation};

use crate::admit::Outcome;
use crate::admit::reports::take;
use crate::admit::submit::Draft;
use crate::judge::Why;
use crate::register::Register;

pub(crate) fn situation(
    draft: &mut Draft<'_, '_, '_>,
    mut situation: Box<Situation>,
) -> Result<Outcome, Why> {
    let register = draft.inner().judge.register().clone();
    let book = register.book();
    if let Some(zone) = situation.place.zones.iter().find(|zone| !book.covers(zone)) {
        let detail = format!("field \"zones\": {zone} is no zone here, nor does it lie in one");
        return Err(Why::new(Reason::FieldForm, detail));
    }
    if let Body::Forecast(forecast) = &mut situation.body {
        in_own_unit(&register, forecast)?;
    }
    draft.not_ahead(situation.t)?;
    situation.located = book.locate(&situation.place, &situation.text);
    let t = situation.t;
    Ok(take(draft, t, Report::Situation(situation)))
}

/// A forecast is of a station that is here; where the station measures the property, its values
/// are brought into the property's unit.
fn in_own_unit(register: &Register, forecast: &mut OfficeForecast) -> Result<(), Why> {
    let (station, property) = (forecast.station.as_str(), forecast.property.as_str());
    if register.station(station).is_none() {
        return Err(Why::new(Reason::UnknownStation, format!("no station {station}")));
    }
    let Some(stream) = register.stream(station, property) else { return Ok(()) };
    let own = register.unit_of(stream);
    let no_way = || {
        let detail = format!("{:?} cannot be brought into {own} of {property}", forecast.unit);
        Why::new(Reason::Unit, detail)
    };
    let brought: Option<Vec<f64>> =
        forecast.values.iter().map(|value| convert(value.v, &forecast.unit, own)).collect();
    let brought = brought.ok_or_else(no_way)?;
    for (value, v) in forecast.values.iter_mut().zip(brought) {
        value.v = v;
    }
    own.clone_into(&mut forecast.unit);
    Ok(())
}
