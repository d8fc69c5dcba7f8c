//! `GET /v1/trace/{id}`: the nine stops of one observation, alert or task, with their times.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use contract::views::{TraceStop, TraceView};
use domain::city::Registry;
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
    let stops = if let Ok(task) = id.parse::<TaskId>() {
        let (alert, own) = of_task(&platform.live.board().picture, task).ok_or_else(missing)?;
        // Its alert's path, and of what was answered that which is about the task.
        let mut stops = of_alert(&platform, alert).await?;
        stops.retain(|stop| stop.stop < 9);
        stops.extend(own);
        stops
    } else if let Ok(alert) = id.parse::<AlertId>() {
        of_alert(&platform, alert).await?
    } else if let Ok(seen) = id.parse::<ObservationId>() {
        of_observation(&platform, seen, &id).await?
    } else {
        return Err(Refused::invalid("trace an observation, an alert or a task by its id"));
    };
    if stops.is_empty() {
        return Err(missing());
    }
    Ok(Json(TraceView { id, stops: in_order(stops) }))
}

/// The clock of a replay is the newest tick, and one part may have read of it before another: no
/// stop is shown before the one that led to it.
fn in_order(mut stops: Vec<TraceStop>) -> Vec<TraceStop> {
    let mut newest = i64::MIN;
    for at in stops.iter_mut().filter_map(|stop| stop.at_ms.as_mut()) {
        *at = newest.max(*at);
        newest = *at;
    }
    stops
}

async fn of_observation(
    platform: &Platform,
    seen: ObservationId,
    id: &str,
) -> Result<Vec<TraceStop>, Refused> {
    let registry = platform.registry();
    let asked = id.to_owned();
    let answered = platform.shelf.ask(move |hand| {
        let mut stops = Vec::new();
        let Some(seq) = seq_of(hand, &registry, &seen)? else { return Ok((stops, None)) };
        stops.extend(heard_stops(hand, &asked, seq)?);
        let brought = brought_about(hand, &asked, seq)?;
        // Where it raised something, that is what it was understood as.
        let raised = brought.iter().find(|d| d.kind.is_alert()).cloned();
        if let Some(first) = raised.as_ref().or(brought.first()) {
            stops.push(understood_stop(hand, first)?);
        }
        if let Some(raised) = &raised {
            stops.push(raised_stop(hand, raised)?);
        }
        Ok((stops, raised))
    });
    let (mut stops, raised) = answered.await?;
    if let Some(decision) = raised {
        stops.extend(desk_stops(&platform.live.board().picture, &decision));
    }
    Ok(stops)
}

/// An alert's path begins with the first observation that it was raised from.
async fn of_alert(platform: &Platform, id: AlertId) -> Result<Vec<TraceStop>, Refused> {
    let registry = platform.registry();
    let answered = platform.shelf.ask(move |hand| {
        let mut stops = Vec::new();
        let decisions = hand.decisions_of(&id.to_string())?;
        let Some(first) = decisions.into_iter().next() else { return Ok((stops, None)) };
        if let Some(seen) = first.because.first() {
            let parsed = seen.parse::<ObservationId>().ok();
            let seq = parsed.map(|parsed| seq_of(hand, &registry, &parsed)).transpose()?;
            if let Some(seq) = seq.flatten() {
                stops.extend(heard_stops(hand, seen, seq)?);
            }
        }
        stops.push(understood_stop(hand, &first)?);
        stops.push(raised_stop(hand, &first)?);
        Ok((stops, Some((id, first))))
    });
    let (mut stops, raised) = answered.await?;
    if let Some((id, mut decision)) = raised {
        // A silence is named by the desk.
        decision.alert.get_or_insert(id);
        stops.extend(desk_stops(&platform.live.board().picture, &decision));
    }
    Ok(stops)
}

/// A task's alert, and its own stops.
fn of_task(picture: &Picture, id: TaskId) -> Option<(AlertId, Vec<TraceStop>)> {
    let task = picture.tasks.get(&id)?;
    let incident = picture.incidents.get(&task.incident)?;
    let opened = format!("incident {} opened by {}", task.incident, incident.opened_by);
    let leads = vec![task.incident.to_string(), incident.alert.to_string()];
    let mut stops = vec![stop(9, Some(incident.opened), opened, leads)];
    stops.extend(task.history.iter().map(|step| {
        let what = format!("{} by {}", step.state.wire(), step.by);
        stop(9, Some(step.at), what, task.unit.iter().map(ToString::to_string).collect())
    }));
    Some((incident.alert.clone(), stops))
}

/// The platform's time of a record: its own, or that of the next record that has one.
fn time_of(hand: &Hand, seq: Seq) -> Result<Option<UtcMs>, ShelfError> {
    let read = hand.journal()?.read_on(seq, TICK_WITHIN)?.records;
    Ok(read.iter().find_map(came))
}

/// Where the record has an observation.
fn seq_of(hand: &Hand, registry: &Registry, id: &ObservationId) -> Result<Option<Seq>, ShelfError> {
    let Some(ix) = registry.find(id.station.as_str(), &id.property) else { return Ok(None) };
    Ok(hand.history()?.find(ix, id.t, id.crc)?.map(|sample| sample.seq))
}

/// Stops 1 to 4.
fn heard_stops(hand: &Hand, id: &str, seq: Seq) -> Result<Vec<TraceStop>, ShelfError> {
    let read = hand.journal()?.read_from(seq, 1)?;
    let Some(Sequenced { record: Record::Observation { received, channel, .. }, .. }) =
        read.first()
    else {
        return Ok(Vec::new());
    };
    let at = Some(*received);
    Ok(vec![
        stop(1, at, format!("heard over {}", channel.wire()), Vec::new()),
        stop(2, at, format!("decoded as {id}"), Vec::new()),
        stop(3, at, format!("admitted, durable as record {seq}"), vec![id.to_owned()]),
        stop(4, at, format!("ordered as {seq}"), Vec::new()),
    ])
}

/// The decisions after an observation that rest on it.
fn brought_about(hand: &Hand, id: &str, seq: Seq) -> Result<Vec<Decision>, ShelfError> {
    let before = (Seq(seq.0.saturating_sub(1)), u32::MAX);
    let lines = hand.decisions()?.after(before, DECISIONS_AFTER)?;
    let decisions = lines.iter().filter_map(|l| serde_json::from_slice(&l.json).ok());
    Ok(decisions.filter(|d: &Decision| d.because.iter().any(|b| b == id)).collect())
}

fn understood_stop(hand: &Hand, decision: &Decision) -> Result<TraceStop, ShelfError> {
    let at = time_of(hand, decision.seq.unwrap_or_default())?;
    let (place, rule) = (&decision.place, &decision.rule);
    let what = format!("{place}: {} -> {}, rule {rule}", decision.was, decision.level);
    Ok(stop(5, at, what, decision.because.clone()))
}

fn raised_stop(hand: &Hand, decision: &Decision) -> Result<TraceStop, ShelfError> {
    let at = time_of(hand, decision.seq.unwrap_or_default())?;
    let what = format!("{} at {}", decision.kind.wire(), decision.level);
    Ok(stop(6, at, what, decision.alert.iter().map(ToString::to_string).collect()))
}

/// Stops 7 to 9 of a decision about an alert: when the room took it and showed it, and what was
/// answered since. Without times where the picture was read back and its ledger had been lost.
fn desk_stops(picture: &Picture, decision: &Decision) -> Vec<TraceStop> {
    let Some(id) = &decision.alert else { return Vec::new() };
    let incident = picture.alerts.get(id).and_then(|alert| alert.incident);
    let leads: Vec<String> = incident.iter().map(ToString::to_string).collect();
    let seq = decision.seq.map_or(0, |seq| seq.0);
    let taken = picture.taken.get(id).and_then(|taken| taken.iter().find(|t| t.seq >= seq));
    let (decided, shown) = (taken.map(|t| t.decided), taken.map(|t| t.shown));
    let mut stops = vec![
        stop(7, decided, "on the operating picture", leads),
        stop(8, shown, "told to every console in a numbered delta", Vec::new()),
    ];
    let mut answers = Vec::new();
    if let Some(ack) = picture.alerts.get(id).and_then(|alert| alert.acknowledged.as_ref()) {
        answers.push(stop(9, Some(ack.at), format!("acknowledged by {}", ack.by), Vec::new()));
    }
    if let Some((id, row)) = incident.and_then(|i| picture.incidents.get(&i).map(|row| (i, row))) {
        let what = format!("incident {id} opened by {}", row.opened_by);
        let tasks = row.tasks.iter().map(ToString::to_string).collect();
        answers.push(stop(9, Some(row.opened), what, tasks));
    }
    // What was done before is no answer to this decision.
    answers.retain(|answer| answer.at_ms >= decided.map(|t| t.0));
    answers.sort_by_key(|answer| answer.at_ms);
    stops.extend(answers);
    stops
}
