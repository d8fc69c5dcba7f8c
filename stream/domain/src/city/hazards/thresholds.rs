//! The `[[threshold]]` tables of a hazard, and what must hold among them.

use std::collections::BTreeMap;

use super::read::Ground;
use super::{HazardKind, Threshold};
use crate::city::datastreams::STAGES;
use crate::city::faults::words;
use crate::city::page::Section;
use crate::city::stations::{DATUMS, NATIONAL_DATUM, Station};
use crate::ids::StationId;
use crate::level::Level;

/// The longest window, seconds (31 days).
const MAX_WINDOW_S: u32 = 31 * 86_400;
/// The largest shift of a window's edges, milliseconds (a day).
const MAX_SHIFT_MS: i64 = 86_400_000;

/// What the hazard's own keys say.
pub(super) struct Draft<'a> {
    pub(super) kind: Option<HazardKind>,
    pub(super) source: Option<&'a str>,
    pub(super) properties: &'a [String],
}

/// A threshold with the place it was read from.
struct Placed<'a> {
    section: std::rc::Rc<Section<'a>>,
    threshold: Threshold,
}

/// Reads the thresholds; one that names several stations gives one a station.
pub(super) fn read(
    top: &mut Section<'_>,
    draft: &Draft<'_>,
    ground: &Ground<'_>,
) -> Vec<Threshold> {
    let mut placed = Vec::new();
    let sections = top.sections("threshold");
    if sections.is_empty() {
        top.fault("threshold", "a hazard needs at least one [[threshold]]");
    }
    for section in sections {
        placed.extend(one(section, draft, ground));
    }
    rising(&placed, ground);
    placed.into_iter().map(|p| p.threshold).collect()
}

fn one<'a>(mut section: Section<'a>, draft: &Draft<'_>, ground: &Ground<'_>) -> Vec<Placed<'a>> {
    let level = level(&mut section, ground);
    let at_least = section.need_number("at_least", "the value from which the level holds");
    let property = property(&mut section, draft, ground);
    let window_s = window(&mut section);
    let shift_ms = section.whole("shift_ms", -MAX_SHIFT_MS..=MAX_SHIFT_MS).unwrap_or(0);
    let datum = section.text("datum");
    let stations = stations(&mut section, property.as_deref(), ground);
    let mark = section.text("mark");
    let rate_per_h = section.flag("rate_per_h").unwrap_or(false);
    let source = section.text("source").or_else(|| draft.source.map(str::to_owned));
    if source.is_none() {
        section.fault(
            "source",
            "a threshold without a source is refused: cite where the number comes from, or write \
             source = \"city policy\"",
        );
    }
    if let Some(property) = &property {
        suits(&section, property, at_least, window_s, rate_per_h, ground);
        heights(&section, property, rate_per_h, datum.as_deref(), &stations, ground);
    }
    let section = {
        section.check_unknown();
        std::rc::Rc::new(section)
    };
    let (Some(level), Some(at_least), Some(property), Some(source)) =
        (level, at_least, property, source)
    else {
        return Vec::new();
    };
    let threshold = |station| Threshold {
        level,
        property: property.clone(),
        window_s,
        shift_ms,
        at_least,
        datum: datum.clone(),
        station,
        mark: mark.clone(),
        rate_per_h,
        source: source.clone(),
    };
    let stations = match stations.is_empty() {
        true => vec![None],
        false => stations.into_iter().map(Some).collect(),
    };
    let place = |s| Placed { section: section.clone(), threshold: threshold(s) };
    stations.into_iter().map(place).collect()
}

fn level(section: &mut Section<'_>, ground: &Ground<'_>) -> Option<Level> {
    let id = section.need_text("level", "a level of the city")?;
    let level = ground.about.levels.find(&id).filter(|level| level.is_raised());
    if level.is_none() {
        let known = words(ground.about.levels.0.iter().map(|l| l.id.as_str()));
        section.fault("level", format!("unknown level {id:?}; the city has: {known}"));
    }
    level
}

fn property(section: &mut Section<'_>, draft: &Draft<'_>, ground: &Ground<'_>) -> Option<String> {
    let usual = match draft.properties {
        [only] => Some(only.as_str()),
        _ => draft.kind.map(|k| k.properties().first().copied().unwrap_or_default()),
    };
    let Some(name) = section.text("property") else { return usual.map(str::to_owned) };
    if ground.about.property(&name).is_none() {
        section.fault("property", format!("unknown property {name:?}"));
        return None;
    }
    if !draft.properties.is_empty() && !draft.properties.contains(&name) {
        section.fault("property", format!("{name} is not in this hazard's properties"));
    }
    let declared = ground.about.properties.iter().any(|p| p.name == name);
    if let Some(kind) = draft.kind
        && !declared
        && !kind.properties().contains(&name.as_str())
    {
        let judged = words(kind.properties().iter().copied());
        let word = kind.word();
        section.fault("property", format!("{word} does not judge {name}; it judges: {judged}"));
    }
    Some(name)
}

fn window(section: &mut Section<'_>) -> Option<u32> {
    let seconds = section.count("window_s", 1..=MAX_WINDOW_S);
    let hours = section.number_in("window_h", 0.0..=f64::from(MAX_WINDOW_S) / 3600.0);
    match (seconds, hours) {
        (Some(seconds), Some(_)) => {
            section.fault("window_h", "window_s and window_h are both given; one is enough");
            Some(seconds)
        }
        (None, Some(hours)) => {
            let seconds = (hours * 3600.0).round();
            if seconds < 1.0 || (seconds - hours * 3600.0).abs() > 1e-6 {
                section
                    .fault("window_h", format!("window_h {hours} is no whole number of seconds"));
            }
            // Within 1..=MAX_WINDOW_S by the range above.
            Some(seconds as u32)
        }
        (seconds, None) => seconds,
    }
}

fn stations(
    section: &mut Section<'_>,
    property: Option<&str>,
    ground: &Ground<'_>,
) -> Vec<StationId> {
    // An empty one must not come to mean every station.
    let single = match section.has("station") {
        true => section.need_text("station", "leave it out to judge every station"),
        false => section.text("station"),
    };
    let many = section.texts("stations");
    if single.is_some() && many.is_some() {
        section.fault("stations", "station and stations are both given; one is enough");
    }
    if many.as_ref().is_some_and(Vec::is_empty) {
        section.fault("stations", "stations is empty; leave it out to judge every station");
    }
    let mut list: Vec<StationId> = Vec::new();
    for text in single.into_iter().chain(many.unwrap_or_default()) {
        match text.parse::<StationId>() {
            Ok(id) if list.contains(&id) => {
                section.fault("stations", format!("the station {id} stands twice"));
            }
            Ok(id) => {
                known_station(section, &id, property, ground);
                list.push(id);
            }
            Err(e) => section.fault("station", format!("station {text:?}: {e}")),
        }
    }
    list
}

fn known_station(
    section: &Section<'_>,
    id: &StationId,
    property: Option<&str>,
    ground: &Ground<'_>,
) {
    let key = if section.has("station") { "station" } else { "stations" };
    if ground.station_ids.is_some_and(|known| !known.contains(id.as_str())) {
        section.fault(key, format!("unknown station {id}: it is not in stations.csv"));
    } else if let (Some(property), Some(streams)) = (property, ground.datastreams)
        && !streams.contains(&(id.to_string(), property.to_owned()))
    {
        section.fault(key, format!("{id} has no {property} in datastreams.csv"));
    }
}

/// Whether the number can be a value of the property, and has the window it needs.
fn suits(
    section: &Section<'_>,
    property: &str,
    at_least: Option<f64>,
    window_s: Option<u32>,
    rate_per_h: bool,
    ground: &Ground<'_>,
) {
    let Some(known) = ground.about.property(property) else { return };
    let windowless = window_s.is_none() && !section.has("window_s") && !section.has("window_h");
    if known.interval && windowless {
        section.fault(
            "window_s",
            format!("{property} is summed over a window: give window_s or window_h"),
        );
    }
    if rate_per_h && windowless {
        section.fault("window_s", "a rate is taken over a window: give window_s or window_h");
    }
    let Some(value) = at_least else { return };
    if rate_per_h || known.interval {
        if value <= 0.0 {
            section.fault("at_least", format!("at_least {value} must be above 0"));
        }
    } else if !(known.plausible.0..=known.plausible.1).contains(&value) {
        let (low, high) = known.plausible;
        let unit = known.unit;
        section.fault(
            "at_least",
            format!("at_least {value} is outside what {property} can be ({low} to {high} {unit})"),
        );
    }
}

/// A height belongs to a station and to a datum that is the station's, or leads to it.
fn heights(
    section: &Section<'_>,
    property: &str,
    rate_per_h: bool,
    datum: Option<&str>,
    stations: &[StationId],
    ground: &Ground<'_>,
) {
    if !STAGES.contains(&property) || rate_per_h {
        if datum.is_some() {
            section.fault("datum", format!("{property} has no datum here; leave datum out"));
        }
        return;
    }
    if stations.is_empty() {
        section.fault(
            "station",
            "a stage belongs to one gauge: name its station (or stations, where several share the number)",
        );
    }
    let Some(datum) = datum else {
        section.fault("datum", "a stage needs its datum: 1985, pearl_river, 1956 or local");
        return;
    };
    if !DATUMS.contains(&datum) {
        section.fault("datum", format!("unknown datum {datum:?}; known: {}", words(DATUMS)));
        return;
    }
    for id in stations {
        let epochs = ground.stations.get(id.as_str()).into_iter().flatten();
        let Some(own) = epochs.filter_map(|epoch| foreign(epoch, datum)).next() else { continue };
        let way_out = if own == NATIONAL_DATUM {
            String::new()
        } else {
            format!(", or in {NATIONAL_DATUM} with datum_offset_m in stations.csv")
        };
        section.fault(
            "datum",
            format!(
                "the stage is in {datum}, the station {id} in {own}: give the number in {own}{way_out}"
            ),
        );
    }
}

/// The datum of a station that a stage in `datum` cannot be compared with. A station without a (known)
/// datum has its own error in the sheets.
fn foreign<'s>(station: &'s Station, datum: &str) -> Option<&'s str> {
    let own = station.datum.as_deref().filter(|own| DATUMS.contains(own))?;
    station.stage_from(datum, 0.0).is_none().then_some(own)
}

type Group<'a> = (&'a str, Option<u32>, i64, bool, Option<&'a str>);

/// Whether two thresholds are in two datums, each good by itself.
fn mixed(a: &Threshold, b: &Threshold, ground: &Ground<'_>) -> bool {
    let (Some(a_datum), Some(b_datum)) = (&a.datum, &b.datum) else { return false };
    let good = |t: &Threshold, datum: &str| {
        let id = t.station.as_ref().map(StationId::as_str).unwrap_or_default();
        let mut epochs = ground.stations.get(id).into_iter().flatten();
        epochs.all(|epoch| foreign(epoch, datum).is_none())
    };
    a_datum != b_datum && good(a, a_datum) && good(b, b_datum)
}

/// Within one property, window and station, a higher level needs a higher number, and all numbers
/// one datum.
fn rising(placed: &[Placed<'_>], ground: &Ground<'_>) {
    let mut groups: BTreeMap<Group<'_>, Vec<&Placed<'_>>> = BTreeMap::new();
    for p in placed {
        let t = &p.threshold;
        let station = t.station.as_ref().map(StationId::as_str);
        let group = (t.property.as_str(), t.window_s, t.shift_ms, t.rate_per_h, station);
        groups.entry(group).or_default().push(p);
    }
    for (group, mut members) in groups {
        members.sort_by_key(|p| p.threshold.level);
        let of = group.4.map(|id| format!(" of {id}")).unwrap_or_default();
        for (lower, higher) in members.iter().zip(members.iter().skip(1)) {
            let (low, high) = (&lower.threshold, &higher.threshold);
            let (low_id, high_id) =
                (ground.about.levels.id(low.level), ground.about.levels.id(high.level));
            if low.level == high.level {
                higher.section.fault(
                    "level",
                    format!("{high_id}{of} stands already on line {}", lower.section.line()),
                );
            } else if mixed(low, high, ground) {
                higher.section.fault("datum", format!("the thresholds{of} mix datums"));
            } else if high.at_least <= low.at_least {
                let (a, b) = (high.at_least, low.at_least);
                higher.section.fault(
                    "at_least",
                    format!("{high_id}{of} from {a} is not above {low_id} from {b}: thresholds rise with the level"),
                );
            }
        }
    }
}
