//! The picture's rows in the words of the wire.

use std::collections::BTreeSet;

use contract::views::{
    AlertView, CorrectionView, FigureView, HospitalView, IncidentView, SignalView, TaskStep,
    TaskView, UnitView,
};
use domain::city::Threshold;
use domain::correction::{Correction, CorrectionAct};
use domain::decision::AlertId;
use domain::facility::{BedType, FigureValue};
use domain::ids::{HospitalId, IncidentId, TaskId, UnitId};
use domain::report::SignalAct;
use domain::time::UtcMs;

use super::picture::{Alert, FEED, Picture, TaskState, Told};
use super::wards::Ward;
use crate::gazetteer::Gazetteer;

/// An alert as the desk sees it; nothing while the engine's word of it is still on the way.
pub fn alert(
    picture: &Picture,
    city: &Gazetteer,
    id: &AlertId,
    alert: &Alert,
) -> Option<AlertView> {
    let told = alert.told.as_ref()?;
    let name = city.name_of(&id.place);
    let met = threshold_met(picture, city, id, told);
    let acknowledged = picture.acknowledgement(alert);
    let property = property_of(city, id, met);
    Some(AlertView {
        id: id.to_string(),
        hazard: id.hazard.clone(),
        place: id.place.clone(),
        place_name: name.zh,
        place_name_en: name.en,
        district: city.district_of(&id.place),
        level: told.level.clone(),
        peak: told.peak.clone(),
        value: told.value,
        unit: city.property(&property).0,
        property,
        threshold: met.map(|t| t.at_least),
        mark: met.and_then(|t| t.mark.clone()),
        window_s: met.and_then(|t| t.window_s),
        rule: told.rule.clone(),
        raised_ms: told.raised.0,
        changed_ms: told.changed.0,
        cleared_ms: told.cleared.map(|t| t.0),
        trend: trend(told).into(),
        steps: told.steps,
        amended: told.amended.clone(),
        acknowledged_by: acknowledged.map(|a| a.by.clone()),
        acknowledged_ms: acknowledged.map(|a| a.at.0),
        shelved_until_ms: alert.shelved.as_ref().map(|s| s.until.0),
        shelved_because: alert.shelved.as_ref().map(|s| format!("{}: {}", s.by, s.reason)),
        incident: alert.incident.map(|i| i.to_string()),
        status: "actual".into(),
        trust: told
            .decisions
            .back()
            .and_then(|d| d.0.trust)
            .map(|t| crate::api::explanation::trust(t).to_owned()),
    })
}

/// A correction, and whether it holds.
pub fn correction(correction: &Correction, now: UtcMs) -> CorrectionView {
    let (act, amount) = match correction.act {
        CorrectionAct::Unreliable => ("unreliable", None),
        CorrectionAct::Offset(by) => ("offset", Some(by)),
        CorrectionAct::Value(value) => ("value", Some(value)),
    };
    CorrectionView {
        id: correction.id,
        station: correction.station.to_string(),
        property: correction.property.clone(),
        act: act.to_owned(),
        amount,
        from_ms: correction.from.0,
        until_ms: correction.until.0,
        holds: correction.holds(now),
        withdrawn_ms: correction.withdrawn.map(|at| at.0),
        reason: correction.reason.clone(),
        by: correction.by.clone(),
        at_ms: correction.at.0,
    }
}

/// The threshold that spoke; where the rule names none, the highest of its level that the value
/// reaches.
fn threshold_met<'a>(
    picture: &Picture,
    city: &'a Gazetteer,
    id: &AlertId,
    told: &Told,
) -> Option<&'a Threshold> {
    let hazard = city.hazard(&id.hazard)?;
    let named = super::rule::threshold_number(&told.rule);
    if let Some(threshold) = named.and_then(|n| hazard.thresholds.get(n.checked_sub(1)?)) {
        return Some(threshold);
    }
    let level = picture.levels.find(&told.level)?;
    let here = city.thresholds(hazard, &id.place).into_iter();
    let reached = here.filter(|t| t.level == level && told.value.is_some_and(|v| v >= t.at_least));
    reached.max_by(|a, b| a.at_least.total_cmp(&b.at_least))
}

fn property_of(city: &Gazetteer, id: &AlertId, met: Option<&Threshold>) -> String {
    let first = || city.hazard(&id.hazard).and_then(|h| h.thresholds.first());
    met.or_else(first).map(|t| t.property.clone()).unwrap_or_default()
}

fn trend(told: &Told) -> &'static str {
    match (told.value_before, told.value) {
        (Some(before), Some(now)) if now > before => "rising",
        (Some(before), Some(now)) if now < before => "falling",
        _ => "steady",
    }
}

/// An incident.
pub fn incident(picture: &Picture, id: IncidentId) -> Option<IncidentView> {
    let row = picture.incidents.get(&id)?;
    Some(IncidentView {
        id: id.to_string(),
        title: row.title.clone(),
        alert: row.alert.to_string(),
        opened_by: row.opened_by.clone(),
        opened_ms: row.opened.0,
        closed_ms: row.closed.map(|t| t.0),
        plans: row.plans.keys().map(ToString::to_string).collect(),
        tasks: row.tasks.iter().map(ToString::to_string).collect(),
    })
}

/// A task.
pub fn task(picture: &Picture, id: TaskId) -> Option<TaskView> {
    let row = picture.tasks.get(&id)?;
    let step = |s: &super::picture::Step| TaskStep {
        state: s.state.wire().into(),
        at_ms: s.at.0,
        by: s.by.clone(),
    };
    Some(TaskView {
        id: id.to_string(),
        incident: row.incident.to_string(),
        text: row.text.clone(),
        measure: row.measure.clone(),
        unit: row.unit.as_ref().map(ToString::to_string),
        state: row.state.wire().into(),
        history: row.history.iter().map(step).collect(),
        limit_min: row.limit_min,
        due_ms: row.due.map(|t| t.0),
        overdue: row.overdue,
        note: row.note.clone(),
    })
}

/// A unit of the city, with what it said of itself and what it is at.
pub fn unit(
    picture: &Picture,
    city: &Gazetteer,
    id: &UnitId,
    connected: &Option<BTreeSet<UnitId>>,
) -> Option<UnitView> {
    let row = city.unit(id)?;
    let heard = picture.units.get(id);
    let (lon, lat) = heard.and_then(|h| h.at).unwrap_or((row.lon, row.lat));
    let task = picture.task_of(id);
    let state = match task.map(|(_, t)| t.state) {
        None => "idle",
        Some(TaskState::EnRoute) => "en_route",
        Some(TaskState::OnScene) => "on_scene",
        Some(_) => "assigned",
    };
    Some(UnitView {
        id: id.to_string(),
        name: row.name.clone(),
        name_en: row.name_en.clone(),
        kind: row.kind.clone(),
        lon,
        lat,
        state: state.into(),
        task: task.map(|(t, _)| t.to_string()),
        heard_ms: heard.map(|h| h.heard.0),
        connected: connected.as_ref().map(|up| up.contains(id)),
        status: heard.and_then(|h| h.status).map(|s| s.wire().to_owned()),
        distress_ms: picture.distress.get(id).map(|d| d.since.0),
        at_ms: heard.and_then(|h| h.placed).map(|t| t.0),
        speed_mps: heard.and_then(|h| h.speed_mps),
        course_deg: heard.and_then(|h| h.course_deg),
        battery_percent: heard.and_then(|h| h.battery_percent),
    })
}

/// A hospital of the city, with its newest figures.
pub fn hospital(picture: &Picture, city: &Gazetteer, id: &HospitalId) -> Option<HospitalView> {
    let row = city.hospital(id)?;
    let unheard = Ward::default();
    let said = picture.hospitals.get(id).unwrap_or(&unheard);
    let all = beds(said, ["beds", "beds_occupied"], BedType::is_inpatient);
    let icu = beds(said, ["icu_beds", "icu_occupied"], BedType::is_icu);
    let since = |figures: &[&str]| said.changed(figures).map(|t| t.0);
    let of_types = |which: fn(BedType) -> bool| {
        let kinds = BedType::ALL.iter().filter(|kind| which(**kind));
        let keys: Vec<String> = kinds
            .flat_map(|k| ["baseline", "available"].map(|of| format!("bed.{}.{of}", k.wire())))
            .collect();
        since(&keys.iter().map(String::as_str).collect::<Vec<_>>())
    };
    Some(HospitalView {
        id: id.to_string(),
        name: row.name.clone(),
        name_en: row.name_en.clone(),
        lon: row.lon,
        lat: row.lat,
        beds: all.map_or(row.beds, |b| b.0),
        beds_occupied: all.and_then(|b| b.1),
        icu_beds: icu.map_or(row.icu_beds, |b| b.0),
        icu_occupied: icu.and_then(|b| b.1),
        emergency_waiting: said.count("emergency_waiting"),
        traffic: said.words("traffic").map(str::to_owned),
        t_ms: said.t().map(|t| t.0),
        beds_changed_ms: since(&["beds", "beds_occupied"])
            .or_else(|| of_types(BedType::is_inpatient)),
        icu_changed_ms: since(&["icu_beds", "icu_occupied"]).or_else(|| of_types(BedType::is_icu)),
        waiting_changed_ms: since(&["emergency_waiting"]),
        traffic_changed_ms: since(&["traffic"]),
        traffic_reason: said.words("traffic_reason").or(said.words("note")).map(str::to_owned),
        traffic_until_ms: said.instant("traffic_until").map(|t| t.0),
        traffic_approved_by: said.words("traffic_approved_by").map(str::to_owned),
        doubts: said.doubts().into_iter().map(|d| d.wire().into()).collect(),
        figures: Vec::new(),
    })
}

/// Staffed and occupied beds: as said in all, or over the types.
fn beds(
    ward: &Ward,
    total: [&str; 2],
    which: impl Fn(BedType) -> bool,
) -> Option<(u32, Option<u32>)> {
    if let Some(all) = ward.count(total[0]) {
        return Some((all, ward.count(total[1])));
    }
    let count = |kind: BedType, of: &str| ward.count(&format!("bed.{}.{of}", kind.wire()));
    let kinds = BedType::ALL.iter().filter(|kind| which(**kind));
    let both = kinds.filter_map(|k| count(*k, "baseline").zip(count(*k, "available")));
    let sum = |had: Option<(u32, u32)>, (baseline, available): (u32, u32)| {
        let (all, taken) = had.unwrap_or_default();
        let occupied = baseline.saturating_sub(available);
        Some((all.saturating_add(baseline), taken.saturating_add(occupied)))
    };
    both.fold(None, sum).map(|(all, taken)| (all, Some(taken)))
}

/// A hospital with every figure it has said.
pub fn hospital_whole(
    picture: &Picture,
    city: &Gazetteer,
    id: &HospitalId,
) -> Option<HospitalView> {
    let mut view = hospital(picture, city, id)?;
    let figures = picture.hospitals.get(id).map(|ward| &ward.figures);
    for (name, figure) in figures.into_iter().flatten() {
        let mut row = FigureView {
            figure: name.clone(),
            count: None,
            word: None,
            text: None,
            at_ms: None,
            changed_ms: figure.changed.0,
            said_ms: figure.said.0,
        };
        match &figure.value {
            FigureValue::Count(n) => row.count = Some(*n),
            FigureValue::Word(word) => row.word = Some(word.clone()),
            FigureValue::Text(text) => row.text = Some(text.clone()),
            FigureValue::At(t) => row.at_ms = Some(t.0),
        }
        view.figures.push(row);
    }
    Some(view)
}

/// An official signal in force.
pub fn signal(picture: &Picture, id: &str) -> Option<SignalView> {
    let row = picture.signals.get(id)?;
    let act = if row.act == SignalAct::Change { "change" } else { "issue" };
    Some(SignalView {
        id: row.id.clone(),
        issuer: row.issuer.clone(),
        act: act.into(),
        signal: row.kind.clone(),
        color: row.color.clone(),
        areas: row.areas.iter().map(ToString::to_string).collect(),
        t_ms: row.t.0,
        text: row.text.clone(),
    })
}

/// Whether an alert is a silence.
pub fn is_silence(id: &AlertId) -> bool {
    id.hazard == FEED
}
