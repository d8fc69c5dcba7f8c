//! `GET /v1/trace/{id}`: the nine stops of one observation, alert or task, with their times.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{TraceStop, TraceView};
use domain::decision::{AlertId, Decision};
use domain::ids::{Seq, TaskId};
use domain::observation::ObservationId;
use domain::record::{Record, Sequenced};
use domain::time::UtcMs;

use super::problem::Refused;
use crate::desk::picture::Picture;
use crate::platform::Platform;
use crate::shelf::{Hand, ShelfError, came};

/// Records after a decision's own among which the tick of its time is looked for.
const TICK_WITHIN: usize = 4_096;
/// Decisions after an observation among which those that rest on it are looked for.
const DECISIONS_AFTER: usize = 20_000;

/// The stops' names, in order.
const STOPS: [&str; 9] = [
    "heard",
    "decoded",
    "admitted",
    "ordered",
    "understood",
    "raised",
    "decided",
    "shown",
    "answered",
];

fn stop(n: u8, at: Option<UtcMs>, what: impl Into<String>, leads_to: Vec<String>) -> TraceStop {
    let name = STOPS[usize::from(n - 1)].to_owned();
    TraceStop { stop: n, name, at_ms: at.map(|t| t.0), what: what.into(), leads_to }
}

/// The trace.
pub async fn trace(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Result<Json<TraceView>, Refused> {
    let missing = || Refused::not_found(format!("nothing is known of {id}"));
    let picture = platform.live.board().picture.clone();
    let stops = if let Ok(task) = id.parse::<TaskId>() {
        task_stops(&picture, task)
    } else if let Ok(alert) = id.parse::<AlertId>() {
        let asked = alert.clone();
        let of_alert = move |hand: &Hand| alert_stops(hand, &picture, &asked);
        platform.shelf.ask(of_alert).await?
    } else if let Ok(seen) = id.parse::<ObservationId>() {
        let registry = platform.registry();
        let ix = registry.find(seen.station.as_str(), &seen.property).ok_or_else(missing)?;
        let asked = id.clone();
        let of_observation = move |hand: &Hand| {
            let found = hand.history()?.find(ix, seen.t, seen.crc)?;
            found.map_or(Ok(Vec::new()), |s| observation_stops(hand, &picture, &asked, s.seq))
        };
        platform.shelf.ask(of_observation).await?
    } else {
        return Err(Refused::invalid("trace an observation, an alert or a task by its id"));
    };
    if stops.is_empty() {
        return Err(missing());
    }
    Ok(Json(TraceView { id, stops }))
}

/// The platform's time of a record: its own, or that of the next record that has one.
fn time_of(hand: &Hand, seq: Seq) -> Result<Option<UtcMs>, ShelfError> {
    let read = hand.journal()?.read_on(seq, TICK_WITHIN)?.records;
    Ok(read.iter().find_map(came))
}

fn observation_stops(
    hand: &Hand,
    picture: &Picture,
    id: &str,
    seq: Seq,
) -> Result<Vec<TraceStop>, ShelfError> {
    let mut stops = Vec::new();
    let read = hand.journal()?.read_from(seq, 1)?;
    if let Some(Sequenced { record: Record::Observation { received, channel, .. }, .. }) =
        read.first()
    {
        let at = Some(*received);
        stops.push(stop(1, at, format!("heard over {}", channel.wire()), Vec::new()));
        stops.push(stop(2, at, format!("decoded as {id}"), Vec::new()));
        stops.push(stop(3, at, format!("admitted, durable as record {seq}"), Vec::new()));
        stops.push(stop(4, time_of(hand, seq)?, format!("ordered as {seq}"), Vec::new()));
    }
    let lines =
        hand.decisions()?.after((Seq(seq.0.saturating_sub(1)), u32::MAX), DECISIONS_AFTER)?;
    let decisions: Vec<Decision> = lines
        .iter()
        .filter_map(|l| serde_json::from_slice(&l.json).ok())
        .filter(|d: &Decision| d.because.iter().any(|b| b == id))
        .collect();
    if let Some(first) = decisions.first() {
        let at = time_of(hand, first.seq.unwrap_or(seq))?;
        let what =
            format!("{} {}: {} -> {}", first.kind.wire(), first.place, first.was, first.level);
        stops.push(stop(5, at, what, Vec::new()));
    }
    let mut alerts: Vec<String> =
        decisions.iter().filter_map(|d| d.alert.as_ref()).map(ToString::to_string).collect();
    alerts.dedup();
    if let Some(raised) = decisions.iter().find(|d| d.kind.is_alert()) {
        let at = time_of(hand, raised.seq.unwrap_or(seq))?;
        let what = format!("{} at {}", raised.kind.wire(), raised.level);
        stops.push(stop(6, at, what, alerts.clone()));
    }
    if let Some(Ok(alert)) = alerts.first().map(|a| a.parse::<AlertId>()) {
        stops.extend(desk_stops(picture, &alert));
    }
    Ok(stops)
}

fn alert_stops(hand: &Hand, picture: &Picture, id: &AlertId) -> Result<Vec<TraceStop>, ShelfError> {
    let decisions = hand.decisions_of(&id.to_string())?;
    let mut stops = Vec::new();
    let Some(first) = decisions.first() else { return Ok(stops) };
    let seq = first.seq.unwrap_or_default();
    let at = time_of(hand, seq)?;
    let ordered = format!("record {seq} brought it about");
    stops.push(stop(4, at, ordered, first.because.clone()));
    stops.push(stop(5, at, format!("rule {}", first.rule), first.because.clone()));
    for decision in &decisions {
        let at = time_of(hand, decision.seq.unwrap_or_default())?;
        let what = format!("{}: {} -> {}", decision.kind.wire(), decision.was, decision.level);
        stops.push(stop(6, at, what, decision.because.clone()));
    }
    stops.extend(desk_stops(picture, id));
    Ok(stops)
}

/// Stops 7 to 9 of an alert: what was done about it.
fn desk_stops(picture: &Picture, id: &AlertId) -> Vec<TraceStop> {
    let mut stops = Vec::new();
    let Some(alert) = picture.alerts.get(id) else { return stops };
    let incident = alert.incident;
    let leads: Vec<String> = incident.iter().map(ToString::to_string).collect();
    let shown = alert.told.as_ref().map(|t| t.changed);
    stops.push(stop(7, shown, "on the operating picture", leads));
    stops.push(stop(8, shown, "told to every console in the next delta", Vec::new()));
    if let Some(ack) = &alert.acknowledged {
        stops.push(stop(9, Some(ack.at), format!("acknowledged by {}", ack.by), Vec::new()));
    }
    if let Some(row) = incident.and_then(|i| picture.incidents.get(&i).map(|row| (i, row))) {
        let (id, row) = row;
        let what = format!("incident {id} opened by {}", row.opened_by);
        let tasks = row.tasks.iter().map(ToString::to_string).collect();
        stops.push(stop(9, Some(row.opened), what, tasks));
    }
    stops
}

fn task_stops(picture: &Picture, id: TaskId) -> Vec<TraceStop> {
    let Some(task) = picture.tasks.get(&id) else { return Vec::new() };
    let incident = picture.incidents.get(&task.incident);
    let mut leads = vec![task.incident.to_string()];
    leads.extend(incident.map(|i| i.alert.to_string()));
    let begun = task.history.first().map(|s| s.at);
    let mut stops = vec![
        stop(7, begun, format!("for incident {}", task.incident), leads),
        stop(8, begun, "told to every console in the next delta", Vec::new()),
    ];
    stops.extend(task.history.iter().map(|step| {
        let what = format!("{} by {}", step.state.wire(), step.by);
        stop(9, Some(step.at), what, task.unit.iter().map(ToString::to_string).collect())
    }));
    stops
}
