//! The engine's decisions come onto the picture: alerts raised, stepped, amended, cleared; silences.
//! Before it, stop 6 ([`stream`], raised); after it, [`super::decide`].

use contract::views::LogEntry;
use domain::decision::{AlertId, Decision, DecisionKind};
use domain::time::UtcMs;
use stream::silences::{self, Silences};

use super::picture::{
    ALERT_DECISIONS_KEPT, Alert, Believed, FEED, LOG_KEPT, LoggedDecision, Picture, Told,
};
use super::touched::Touched;

/// Takes a decision of the engine: what is believed of a place, or an alert. A decision that has
/// been taken already is not taken twice.
pub fn tell(picture: &mut Picture, decision: &Decision, touched: &mut Touched) {
    let Ok(at) = UtcMs::parse(&decision.t) else { return };
    if picture.beliefs.take(decision) {
        touched.beliefs.insert((decision.place.clone(), decision.hazard.clone()));
    }
    if decision.kind == DecisionKind::Assessment {
        return believe(picture, decision, at, touched);
    }
    let Some(id) = alert_of(picture, decision, at) else { return };
    let place = (decision.seq.map_or(0, |s| s.0), place_in_seq(decision.kind));
    let alert = picture.alerts.entry(id.clone()).or_default();
    // Two silences of one place may come of one tick: the later of them is another line.
    let later = |t: &Told| id.hazard == FEED && t.newest == place && at > t.changed;
    if alert.told.as_ref().is_some_and(|t| t.newest >= place && place.0 > 0 && !later(t)) {
        return;
    }
    let levels = &picture.levels;
    let rank = |level: &str| levels.find(level).map_or(0, domain::level::Level::rank);
    let told = alert.told.get_or_insert_with(|| first(decision, id.raised));
    told.newest = place;
    told.steps += 1;
    told.changed = at;
    told.value_before = told.value;
    told.value = decision.value;
    let is_silent = told.silent.take(decision);
    let ends = matches!(decision.kind, DecisionKind::AlertCleared | DecisionKind::FeedReturned);
    if !(ends && is_silent) {
        told.rule = decision.rule.clone();
    }
    told.rule = told.silent.rule(&told.rule);
    if ends && !is_silent {
        told.cleared = Some(at);
    } else if !ends {
        told.level = decision.level.clone();
        told.cleared = None;
        if rank(&told.level) > rank(&told.peak) {
            told.peak = told.level.clone();
        }
    }
    if decision.kind == DecisionKind::AlertAmended {
        told.amended = Some(amendment(decision));
    }
    keep(alert, decision);
    touched.alerts.insert(id.clone());
    if let Some(incident) = picture.alerts.get(&id).and_then(|a| a.incident) {
        touched.incidents.insert(incident);
    }
    write_log(picture, decision, at, &id, touched);
}

/// Provisional assessments are what is believed now: they come with each change, and what is late
/// does not replace what is newer.
fn believe(picture: &mut Picture, decision: &Decision, at: UtcMs, touched: &mut Touched) {
    let seq = decision.seq.map_or(0, |s| s.0);
    let key = (decision.place.clone(), decision.hazard.clone());
    let value = decision.value;
    let fresh = Believed { level: decision.level.clone(), t: at, value, seq };
    if picture.believed.get(&key).is_some_and(|had| (had.t, had.seq) > (at, seq)) {
        return;
    }
    let had = picture.believed.insert(key, fresh);
    if had.is_none_or(|h| h.level != decision.level) {
        touched.places.insert(decision.place.clone());
    }
}

/// The alert a decision is about. A silence carries its own identity where the engine gave none:
/// that of its place which stands, or a new one.
pub fn alert_of(picture: &Picture, decision: &Decision, at: UtcMs) -> Option<AlertId> {
    if let Some(id) = &decision.alert {
        return Some(id.clone());
    }
    let named = |raised| AlertId { hazard: FEED.into(), place: decision.place.clone(), raised };
    let range = named(UtcMs(i64::MIN))..=named(UtcMs(i64::MAX));
    let newest = picture.alerts.range(range).next_back();
    let stands = |alert: &Alert| alert.told.as_ref().is_some_and(|told| told.silent.any());
    match decision.kind {
        DecisionKind::FeedSilent => match newest.filter(|(_, alert)| stands(alert)) {
            Some((id, _)) => Some(id.clone()),
            None => Some(named(at)),
        },
        DecisionKind::FeedReturned => newest.map(|(id, _)| id.clone()),
        _ => None,
    }
}

fn first(decision: &Decision, raised: UtcMs) -> Told {
    Told {
        level: decision.level.clone(),
        peak: decision.level.clone(),
        value: decision.value,
        value_before: None,
        rule: decision.rule.clone(),
        raised,
        changed: raised,
        cleared: None,
        steps: 0,
        amended: None,
        decisions: std::collections::VecDeque::new(),
        newest: (0, 0),
        silent: Silences::default(),
    }
}

/// Keeps the decision with its alert: the first stays, of the rest the newest.
fn keep(alert: &mut Alert, decision: &Decision) {
    let Some(told) = &mut alert.told else { return };
    if told.decisions.len() >= ALERT_DECISIONS_KEPT {
        told.decisions.remove(1);
    }
    told.decisions.push_back(LoggedDecision(decision.clone()));
}

/// 更正: what was said, what is said now.
fn amendment(decision: &Decision) -> String {
    let value = decision.value.map(|v| format!(" ({v})")).unwrap_or_default();
    format!("{} -> {}{value}", decision.was, decision.level)
}

/// The place of its kind among the lines of one record.
pub fn place_in_seq(kind: DecisionKind) -> u8 {
    let at = DecisionKind::ALL.iter().position(|k| *k == kind).unwrap_or(0);
    u8::try_from(at).unwrap_or(u8::MAX)
}

fn write_log(
    picture: &mut Picture,
    decision: &Decision,
    at: UtcMs,
    id: &AlertId,
    touched: &mut Touched,
) {
    log(picture, place_in_seq(decision.kind), line(decision, at, id.to_string()), touched);
}

/// The line of the duty log that a decision is.
pub fn line(decision: &Decision, at: UtcMs, about: String) -> LogEntry {
    let value = decision.value.map(|v| format!(" {v}")).unwrap_or_default();
    // Nobody waits for it any more: it is not back.
    let is_back = !decision.rule.ends_with(silences::WITHDRAWN);
    let what = match decision.kind {
        DecisionKind::FeedReturned if !is_back => "feed.withdrawn",
        kind => kind.wire(),
    };
    LogEntry {
        seq: decision.seq.map_or(0, |s| s.0),
        at_ms: at.0,
        by: "platform".into(),
        what: what.into(),
        about,
        detail: format!("{} -> {}{value}", decision.was, decision.level),
    }
}

/// Writes a line of the duty log at its place; the oldest leaves when there are too many.
pub(super) fn log(picture: &mut Picture, within: u8, entry: LogEntry, touched: &mut Touched) {
    picture.log.insert((entry.seq, within, entry.about.clone()), entry.clone());
    while picture.log.len() > LOG_KEPT {
        picture.log.pop_first();
    }
    touched.log.push(entry);
}
