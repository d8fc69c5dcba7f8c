//! From rulings to decisions: put into order, given their names, written out.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use domain::decision::{AlertId, Decision, DecisionKind};
use domain::ids::Seq;
use domain::level::Level;
use domain::observation::{ObservationId, Trust};
use domain::time::UtcMs;

use crate::item::{FEED, Ruling, Where, Why};
use crate::outlet::Picture;
use crate::plan::{Measure, Plan};
use crate::shared::Shared;
use crate::silences;
use crate::snapshot::Snapshot;

/// Why what was decided cannot be published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// The outlet refuses it.
    #[error(transparent)]
    Outlet(#[from] crate::outlet::OutletError),
    /// The file cannot be written.
    #[error("the decision log cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Takes the rulings of closed batches, in order.
pub(crate) trait Publish: Send + 'static {
    /// Whether a ruling will be told; others need not be put into order.
    fn wants(&self, ruling: &Ruling) -> bool;
    /// `rulings` are those since the last, sorted.
    fn publish(
        &mut self,
        upto: Seq,
        rulings: Vec<Ruling>,
        picture: Picture,
        shared: &Shared,
        snapshot: Option<Snapshot>,
    ) -> Result<(), PublishError>;
}

/// Puts rulings into the order of the log: (seq, kind, hazard, place), then by instant.
pub(crate) fn sort(rulings: &mut [Ruling], plan: &Plan) {
    rulings.sort_by(|a, b| {
        let first = (a.seq, a.kind).cmp(&(b.seq, b.kind));
        let hazard = || hazard_name(a, plan).cmp(hazard_name(b, plan));
        let place = || by_place(a.place, b.place, plan);
        let rest = || (a.t, a.settled, a.level, a.was).cmp(&(b.t, b.settled, b.level, b.was));
        first.then_with(hazard).then_with(place).then_with(rest)
    });
}

fn hazard_name<'a>(ruling: &Ruling, plan: &'a Plan) -> &'a str {
    if ruling.line == FEED {
        return "feed";
    }
    plan.lines.get(usize::from(ruling.line)).map_or("", |line| &line.name)
}

fn by_place(a: Where, b: Where, plan: &Plan) -> Ordering {
    let bytes =
        |(kind, id): (&'static str, &'_ str)| kind.bytes().chain(id.bytes().collect::<Vec<u8>>());
    match (a, b) {
        (a, b) if a == b => Ordering::Equal,
        (Where::Agency(_), _) | (_, Where::Agency(_)) => {
            bytes(place_parts(a, plan)).cmp(bytes(place_parts(b, plan)))
        }
        (a, b) => place_parts(a, plan).1.cmp(place_parts(b, plan).1),
    }
}

/// What stands before a place's id in the log, and the id.
fn place_parts(place: Where, plan: &Plan) -> (&'static str, &str) {
    let (kind, id) = match place {
        Where::Station(n) => ("", plan.stations.get(n as usize).map(|s| s.id.as_str())),
        Where::Zone(n) => ("", plan.zones.get(n as usize).map(String::as_str)),
        Where::Agency(n) => ("agency:", plan.agencies.get(n as usize).map(String::as_str)),
    };
    (kind, id.unwrap_or("unknown"))
}

/// The place's id in the log.
pub(crate) fn place_name(place: Where, plan: &Plan) -> String {
    let (kind, id) = place_parts(place, plan);
    format!("{kind}{id}")
}

/// Writes a ruling out as a decision. `with_seq`: whether the record has numbers of its own.
pub(crate) fn decision(ruling: &Ruling, plan: &Plan, with_seq: bool) -> Decision {
    let levels = &plan.city.about.levels;
    let offset_s = plan.city.about.offset_s;
    let hazard = hazard_name(ruling, plan).to_owned();
    let place = place_name(ruling.place, plan);
    let alert = ruling.kind.is_alert().then(|| AlertId {
        hazard: hazard.clone(),
        place: place.clone(),
        raised: UtcMs(ruling.alert),
    });
    Decision {
        seq: with_seq.then_some(Seq(ruling.seq)),
        t: UtcMs(ruling.t).rfc3339(offset_s),
        kind: ruling.kind,
        level: levels.id(ruling.level).to_owned(),
        was: levels.id(ruling.was).to_owned(),
        value: ruling.value.is_finite().then_some(ruling.value + 0.0),
        because: because(ruling, plan),
        rule: rule(ruling, plan),
        alert,
        trust: ruling.because.doubtful.then_some(Trust::Doubtful),
        hazard,
        place,
    }
}

/// The ids of the observations, as [`ObservationId`] writes them.
fn because(ruling: &Ruling, plan: &Plan) -> Vec<String> {
    let Some((station, property)) = plan.stream_name(ruling.because.stream) else {
        return Vec::new();
    };
    let id = |(t, crc): (i64, u32)| format!("{station}:{property}:{t}:{crc:08x}");
    let ids: Vec<String> = ruling.because.ids().map(id).collect();
    debug_assert!(ids.iter().all(|id| id.parse::<ObservationId>().is_ok()));
    ids
}

/// The rule that spoke: model and version, the threshold's number in its file, what was measured.
fn rule(ruling: &Ruling, plan: &Plan) -> String {
    let line = plan.lines.get(usize::from(ruling.line));
    match ruling.why {
        Why::Criterion { number, until } => {
            let Where::Station(station) = ruling.place else { return String::new() };
            let place = line.and_then(|line| line.place(station));
            let Some((rules, _)) = place.and_then(|place| place.rules_at(ruling.t)) else {
                return String::new();
            };
            let Some(criterion) = rules.criteria.get(usize::from(number)) else {
                return String::new();
            };
            let property = line.and_then(|l| l.properties.get(usize::from(criterion.property)));
            let property = property.map_or("", String::as_str);
            let measured = match criterion.measure {
                Measure::Sum(window) => {
                    let window = rules.windows.get(usize::from(window));
                    format!("sum of {property} over {}", span(window.map_or(0, |w| w.window_ms)))
                }
                Measure::Latest => property.to_owned(),
                Measure::Mean { window_ms } => {
                    format!("mean of {property} over {}", span(window_ms))
                }
                Measure::Rate { window_ms } => {
                    format!("rise of {property} an hour over {}", span(window_ms))
                }
                Measure::Highest { window_ms } => {
                    format!("highest {property} in {}", span(window_ms))
                }
            };
            let sign = if ruling.level.is_raised() || ruling.kind == DecisionKind::AlertStepped {
                ">="
            } else {
                "against"
            };
            let mut text = format!(
                "{} #{}: {measured} {sign} {}",
                rules.model.version(),
                criterion.threshold + 1,
                criterion.at_least
            );
            if ruling.kind == DecisionKind::AssessmentAmended && ruling.settled {
                text.push_str(", final");
            }
            if until != 0 {
                let until = UtcMs(until).rfc3339(plan.city.about.offset_s);
                let _ = write!(text, " until {until}");
            }
            text
        }
        Why::NoData => {
            format!("no data: nothing for {} expected intervals", plan.silent_after())
        }
        Why::HighestOf(station) => {
            let name = place_name(Where::Station(station), plan);
            format!("highest of its stations: {name}")
        }
        Why::Silence(0) => "every station of the agency is overdue".to_owned(),
        Why::Silence(mask) => {
            silences::rule(&properties(mask, ruling.place, plan), plan.silent_after())
        }
        Why::Withdrawn | Why::Unexpected(0) => silences::WITHDRAWN.to_owned(),
        Why::Unexpected(mask) => silences::withdrawn(&properties(mask, ruling.place, plan)),
    }
}

/// The properties of a station that a mask names: a bit each, by position.
fn properties(mask: u64, place: Where, plan: &Plan) -> Vec<&str> {
    let Where::Station(station) = place else { return Vec::new() };
    let streams = plan.stations.get(station as usize).map_or(&[][..], |s| &s.streams);
    let named = streams.iter().zip(0u32..).filter(|(_, bit)| mask & (1 << (bit & 63)) != 0);
    named.filter_map(|(ix, _)| Some(plan.streams.get(*ix as usize)?.property.as_str())).collect()
}

/// `3 h`, `45 min`, `90 s`.
fn span(ms: i64) -> String {
    match ms {
        ms if ms % 3_600_000 == 0 => format!("{} h", ms / 3_600_000),
        ms if ms % 60_000 == 0 => format!("{} min", ms / 60_000),
        ms => format!("{} s", ms as f64 / 1e3),
    }
}

/// Looks plans up by number, keeping the last one found.
#[derive(Debug, Default)]
pub(crate) struct Plans(Option<Arc<Plan>>);

impl Plans {
    pub(crate) fn of(&mut self, number: u32, shared: &Shared) -> Option<&Arc<Plan>> {
        if self.0.as_ref().is_none_or(|plan| plan.number != number) {
            self.0 = shared.plan(number);
        }
        self.0.as_ref()
    }
}

/// `W,zone,level` of a settled ruling about a zone: the window's end in Unix milliseconds, the
/// zone's id, the level's rank. Only where the rank changes: *no data* has the rank of none here.
pub(crate) fn zone_level(ruling: &Ruling, plan: &Plan) -> Option<String> {
    let Where::Zone(_) = ruling.place else { return None };
    if !ruling.settled || ruling.level.rank() == ruling.was.rank() {
        return None;
    }
    let rank = match ruling.level {
        Level::NoData | Level::None => 0,
        Level::At(rank) => rank,
    };
    Some(format!("{},{},{rank}\n", ruling.t, place_name(ruling.place, plan)))
}
