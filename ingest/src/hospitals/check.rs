//! What no hospital can mean. What is merely odd is taken and shown as doubtful
//! ([`HospitalReport::doubts`]): a hospital with added beds (加床) has more people than beds.

use domain::facility::{FigureValue, HospitalReport, Triage, Ventilators};
use domain::refusal::Reason;
use domain::time::HOUR_MS;

use crate::judge::Why;
use crate::reports::form::{NOTE_MAX_BYTES, long_text};

/// The most of anything a hospital counts.
pub(super) const COUNT_MAX: u32 = 100_000;
/// The longest reason, or name of who approved, bytes.
pub(super) const REASON_MAX_BYTES: usize = 500;
/// The longest that a closed emergency department is approved at once, hours: thirty days.
pub(super) const CLOSED_MAX_H: i64 = 30 * 24;
/// The longest mean time of handing over, minutes: a day.
pub(super) const OFFLOAD_MAX_MIN: u32 = 24 * 60;
/// How many times its beds a hospital can hold at most.
pub(super) const OVER_BEDS_MAX: u32 = 2;

fn no(field: &str, said: impl std::fmt::Display) -> Why {
    Why::new(Reason::Inconsistent, format!("field {field:?}: {said}"))
}

fn range(field: &str, said: impl std::fmt::Display) -> Why {
    Why::new(Reason::OutOfRange, format!("field {field:?}: {said}"))
}

/// Checks a report, and puts its beds into the standard's order.
pub(super) fn whole(mut said: HospitalReport) -> Result<HospitalReport, Why> {
    for text in [&mut said.traffic_reason, &mut said.traffic_approved_by, &mut said.note] {
        *text = text.take().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    }
    for triage in [&mut said.ems_capacity, &mut said.ems_census] {
        *triage = triage.filter(|t| *t != Triage::default());
    }
    said.ventilators = said.ventilators.filter(|v| *v != Ventilators::default());
    said.bed_capacity.sort_by_key(|b| b.kind);
    if let Some(twice) = said.bed_capacity.windows(2).find(|w| w[0].kind == w[1].kind) {
        let said = format!("{} stands twice", twice[0].kind.wire());
        return Err(Why::new(Reason::FieldForm, format!("field \"bed_capacity\": {said}")));
    }
    for (field, text, most) in [
        ("traffic_reason", &said.traffic_reason, REASON_MAX_BYTES),
        ("traffic_approved_by", &said.traffic_approved_by, REASON_MAX_BYTES),
        ("note", &said.note, NOTE_MAX_BYTES),
    ] {
        long_text(field, text.as_deref(), most)?;
    }
    if !is_plain(&said) {
        figures(&said)?;
    }
    if said.beds == Some(0) {
        return Err(Why::new(Reason::OutOfRange, "a hospital has at least one bed"));
    }
    parts(&said)?;
    closed(&said)?;
    Ok(said)
}

/// Whether it says a count, and none that is out of range: that needs no figure's name, and is so
/// of nearly every report.
fn is_plain(said: &HospitalReport) -> bool {
    let beds = said.bed_capacity.iter();
    let beds = beds.flat_map(|b| [b.baseline, b.available, b.additional_24h, b.additional_72h]);
    let triage = [said.ems_capacity, said.ems_census].into_iter().flatten();
    let triage = triage.flat_map(|t| [t.red, t.yellow, t.green, t.black]);
    let own = [
        said.beds,
        said.beds_occupied,
        said.icu_beds,
        said.icu_occupied,
        said.emergency_waiting,
        said.offload_minutes,
        said.morgue_units,
        said.admissions_24h,
        said.discharges_24h,
        said.deaths_24h,
        said.ventilators.and_then(|v| v.baseline),
        said.ventilators.and_then(|v| v.available),
    ];
    let (mut some, mut most) = (false, 0);
    for n in beds.chain(triage).chain(own).flatten() {
        some = true;
        most = most.max(n);
    }
    some && most <= COUNT_MAX && said.offload_minutes.is_none_or(|m| m <= OFFLOAD_MAX_MIN)
}

/// Its figures by their names: something is said, and no count is beyond all reason.
fn figures(said: &HospitalReport) -> Result<(), Why> {
    let figures = said.figures();
    if figures.is_empty() {
        let none = "the report says nothing but hospital and time";
        return Err(Why::new(Reason::MissingField, none));
    }
    for (field, value) in &figures {
        match value {
            FigureValue::Count(n) if field == "offload_minutes" && *n > OFFLOAD_MAX_MIN => {
                return Err(range(field, format!("{n} minutes; at most {OFFLOAD_MAX_MIN}")));
            }
            FigureValue::Count(n) if *n > COUNT_MAX => {
                return Err(range(field, format!("{n}; at most {COUNT_MAX}")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Parts and their wholes.
fn parts(said: &HospitalReport) -> Result<(), Why> {
    for bed in &said.bed_capacity {
        if let (Some(all), Some(free)) = (bed.baseline, bed.available)
            && free > all
        {
            let field = format!("bed.{}.available", bed.kind.wire());
            return Err(no(&field, format!("{free} free of {all}")));
        }
    }
    if let Some((all, free)) = said.ventilators.and_then(|v| v.baseline.zip(v.available))
        && free > all
    {
        return Err(no("ventilators.available", format!("{free} free of {all}")));
    }
    for (field, taken, all) in [
        ("beds_occupied", said.beds_occupied, said.beds),
        ("icu_occupied", said.icu_occupied, said.icu_beds),
    ] {
        if let (Some(taken), Some(all)) = (taken, all)
            && taken > all.saturating_mul(OVER_BEDS_MAX)
        {
            let said =
                format!("{taken} occupied of {all}, more than {OVER_BEDS_MAX} times as many");
            return Err(Why::new(Reason::OutOfRange, format!("field {field:?}: {said}")));
        }
    }
    Ok(())
}

/// How long a closed department is closed.
fn closed(said: &HospitalReport) -> Result<(), Why> {
    let Some(until) = said.traffic_until else { return Ok(()) };
    if until <= said.t {
        return Err(no("traffic_until", format!("{until} is not after t, {}", said.t)));
    }
    if until > said.t.plus_ms(CLOSED_MAX_H * HOUR_MS) {
        return Err(range("traffic_until", format!("{until} is more than {CLOSED_MAX_H} h on")));
    }
    Ok(())
}
