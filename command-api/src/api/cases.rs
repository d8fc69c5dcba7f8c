//! `GET /v1/cases`: counts of cases and syndromes of the last days, with their corrections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use contract::views::{CaseCodeView, CaseDayView, CaseRevision, CaseRow, CasesView};
use domain::cases::{AgeBand, Day, Entry, Key};
use domain::ids::{AgencyId, HospitalId};
use domain::time::UtcMs;
use serde::Deserialize;

use super::feeds::may_see;
use super::problem::Refused;
use super::query::Query;

use crate::access::Person;
use crate::gazetteer::Gazetteer;
use crate::platform::Platform;

/// The most rows in one answer.
pub const ROWS_MAX: usize = 5_000;
/// The rows of an answer that were not asked for by number.
const ROWS: usize = 500;

/// How many zones lie within one another at most: township, district, city.
const ZONES_DEEP: usize = 8;

/// Which counts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    place: Option<String>,
    syndrome: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
}

type Count<'b> = (&'b Key, &'b Entry<UtcMs>);

fn day(text: Option<&String>) -> Result<Option<Day>, Refused> {
    let read = text.map(|text| text.parse::<Day>()).transpose();
    read.map_err(|why| Refused::invalid(why.to_string()))
}

/// The counts.
pub async fn cases(
    State(platform): State<Arc<Platform>>,
    Extension(person): Extension<Person>,
    Query(asked): Query<Asked>,
) -> Result<Json<CasesView>, Refused> {
    let (from, to) = (day(asked.from.as_ref())?, day(asked.to.as_ref())?);
    let board = platform.live.board();
    let fits = |key: &Key| {
        asked.place.as_ref().is_none_or(|p| *p == key.place)
            && asked.syndrome.as_ref().is_none_or(|s| *s == key.syndrome)
            && from.is_none_or(|from| key.day >= from)
            && to.is_none_or(|to| key.day <= to)
            && may_see(&person, key.agency.as_ref().map_or("", AgencyId::as_str))
    };
    let counts: Vec<Count<'_>> =
        board.picture.cases.entries().filter(|(key, _)| fits(key)).collect();
    let limit = asked.limit.unwrap_or(ROWS).min(ROWS_MAX);
    let rows = counts.iter().rev().take(limit);
    Ok(Json(CasesView {
        codes: codes(&board.city, &counts),
        days: days(&board.city, &counts),
        rows: rows.filter_map(|count| row(&board.city, count)).collect(),
        more: counts.len() > limit,
    }))
}

fn codes(city: &Gazetteer, counts: &[Count<'_>]) -> Vec<CaseCodeView> {
    let there: BTreeSet<&str> = counts.iter().map(|(key, _)| key.syndrome.as_str()).collect();
    let listed = city.city().diseases.iter().filter(|d| there.contains(d.code.as_str()));
    let view = |d: &domain::cases::Disease| CaseCodeView {
        code: d.code.clone(),
        name: d.name.clone(),
        name_en: d.name_en.clone(),
        syndrome: d.is_syndrome,
        legal_class: d.legal_class.map(|c| c.wire().into()),
        report_limit_h: d.report_limit_h,
    };
    listed.map(view).collect()
}

/// Sums by syndrome and day, nothing counted twice. Of one agency, place, day and syndrome: the
/// count of both sexes and all ages where there is one, else those of all ages, else those of both
/// sexes, else all. Of one agency, day and syndrome: no place within another that is counted.
fn days(city: &Gazetteer, counts: &[Count<'_>]) -> Vec<CaseDayView> {
    type Of<'b> = (&'b str, Day, Option<&'b AgencyId>);
    let mut parts: BTreeMap<Of<'_>, BTreeMap<&str, Vec<Count<'_>>>> = BTreeMap::new();
    for (key, entry) in counts {
        let of = (key.syndrome.as_str(), key.day, key.agency.as_ref());
        parts.entry(of).or_default().entry(&key.place).or_default().push((key, entry));
    }
    let mut sums: BTreeMap<(&str, Day), u32> = BTreeMap::new();
    for ((syndrome, day, _), places) in &parts {
        let whole = |place: &str| {
            !around(city, place).iter().any(|zone| places.contains_key(zone.as_str()))
        };
        for (_, counts) in places.iter().filter(|(place, _)| whole(place)) {
            let sum = sums.entry((syndrome, *day)).or_default();
            *sum = sum.saturating_add(sum_of(counts));
        }
    }
    let view = |((syndrome, day), count): ((&str, Day), u32)| CaseDayView {
        syndrome: syndrome.into(),
        day: day.to_string(),
        count,
    };
    sums.into_iter().map(view).collect()
}

/// The zones that a place lies in.
fn around(city: &Gazetteer, place: &str) -> Vec<String> {
    if let Some(hospital) = HospitalId::new(place).ok().and_then(|id| city.hospital(&id)) {
        let zones = city.city().zones_of(hospital.lon, hospital.lat);
        return zones.iter().map(|zone| zone.id.to_string()).collect();
    }
    let parent = |id: &str| city.city().zone(id)?.parent.as_ref().map(ToString::to_string);
    std::iter::successors(parent(place), |id| parent(id)).take(ZONES_DEEP).collect()
}

fn sum_of(counts: &[Count<'_>]) -> u32 {
    let sum = |which: &dyn Fn(&Key) -> bool| {
        let of = counts.iter().filter(|(key, _)| which(key));
        let standing = of.filter_map(|(_, entry)| entry.standing()).map(|r| r.count);
        standing.fold(None, |sum: Option<u32>, n| Some(sum.unwrap_or(0).saturating_add(n)))
    };
    sum(&|key| key.age == AgeBand::All && key.sex.is_none())
        .or_else(|| sum(&|key| key.age == AgeBand::All))
        .or_else(|| sum(&|key| key.sex.is_none()))
        .or_else(|| sum(&|_| true))
        .unwrap_or(0)
}

fn row(city: &Gazetteer, (key, entry): &Count<'_>) -> Option<CaseRow> {
    let (standing, before) = entry.revisions.split_last()?;
    let hospital = HospitalId::new(&key.place).ok().and_then(|id| city.hospital(&id));
    let (place_name, place_name_en) = match hospital {
        Some(hospital) => (hospital.name.clone(), hospital.name_en.clone()),
        None => {
            let name = city.name_of(&key.place);
            (name.zh, name.en)
        }
    };
    let revision = |r: &domain::cases::Revision<UtcMs>| CaseRevision {
        count: r.count,
        deaths: r.deaths,
        reported_ms: r.reported.0,
        received_ms: r.tag.0,
    };
    Some(CaseRow {
        day: key.day.to_string(),
        place: key.place.clone(),
        place_name,
        place_name_en,
        syndrome: key.syndrome.clone(),
        age: key.age.to_string(),
        sex: key.sex.map(|sex| sex.wire().into()),
        agency: key.agency.as_ref().map(ToString::to_string).unwrap_or_default(),
        count: standing.count,
        deaths: standing.deaths,
        reported_ms: standing.reported.0,
        received_ms: standing.tag.0,
        history: before.iter().map(revision).collect(),
    })
}
