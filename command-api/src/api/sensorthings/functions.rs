//! The functions of 18-088 §9.3.3.5.2. Text is counted in characters, from nought; distances and
//! lengths are in degrees, the units of the coordinates.

use gis::Relation;

use super::query::ast::Function;
use super::query::{QueryError, invalid};
use super::value::Val;

/// The earliest and the latest instant that a query can speak of: the years 1 and 9998.
const EARLIEST_MS: i64 = -62_135_596_800_000;
const LATEST_MS: i64 = 253_370_764_799_999;
const DAY_MS: i64 = 86_400_000;

/// Applies a function. Nothing comes of nothing.
///
/// # Errors
/// [`QueryError::Invalid`] for arguments of another kind.
pub fn apply(function: Function, of: &[Val], now: i64) -> Result<Val, QueryError> {
    use Function as F;
    match function {
        F::Now => return Ok(Val::Time(now, 0)),
        F::MinDateTime => return Ok(Val::Time(EARLIEST_MS, 0)),
        F::MaxDateTime => return Ok(Val::Time(LATEST_MS, 0)),
        _ => {}
    }
    if of.contains(&Val::Null) {
        return Ok(Val::Null);
    }
    match function {
        F::SubstringOf
        | F::EndsWith
        | F::StartsWith
        | F::Length
        | F::IndexOf
        | F::Substring
        | F::ToLower
        | F::ToUpper
        | F::Trim
        | F::Concat => texts(function, of),
        F::Round | F::Floor | F::Ceiling => numbers(function, of),
        F::Year
        | F::Month
        | F::Day
        | F::Hour
        | F::Minute
        | F::Second
        | F::FractionalSeconds
        | F::Date
        | F::Time
        | F::TotalOffsetMinutes => times(function, of),
        _ => shapes(function, of),
    }
}

fn wrong<T>(function: Function, of: &[Val]) -> Result<T, QueryError> {
    let kinds: Vec<&str> = of.iter().map(Val::kind).collect();
    invalid(format!("{} does not take {}", function.word(), kinds.join(", ")))
}

fn texts(function: Function, of: &[Val]) -> Result<Val, QueryError> {
    use Function as F;
    let count = |n: usize| Val::Num(n as f64);
    Ok(match (function, of) {
        (F::SubstringOf, [Val::Text(part), Val::Text(whole)]) => Val::Bool(whole.contains(&**part)),
        (F::EndsWith, [Val::Text(whole), Val::Text(part)]) => Val::Bool(whole.ends_with(&**part)),
        (F::StartsWith, [Val::Text(whole), Val::Text(part)]) => {
            Val::Bool(whole.starts_with(&**part))
        }
        (F::Length, [Val::Text(text)]) => count(text.chars().count()),
        (F::IndexOf, [Val::Text(whole), Val::Text(part)]) => match whole.split_once(&**part) {
            Some((before, _)) => count(before.chars().count()),
            None => Val::Num(-1.0),
        },
        (F::Substring, [Val::Text(text), Val::Num(from), rest @ ..]) => {
            // Beyond the text's end nothing is left of it; below nought is its beginning.
            let skipped = text.chars().skip(from.max(0.0) as usize);
            match rest {
                [] => Val::Text(skipped.collect()),
                [Val::Num(length)] => Val::Text(skipped.take(length.max(0.0) as usize).collect()),
                _ => return wrong(function, of),
            }
        }
        (F::ToLower, [Val::Text(text)]) => Val::Text(text.to_lowercase()),
        (F::ToUpper, [Val::Text(text)]) => Val::Text(text.to_uppercase()),
        (F::Trim, [Val::Text(text)]) => Val::Text(text.trim().to_owned()),
        (F::Concat, [Val::Text(a), Val::Text(b)]) => Val::Text(format!("{a}{b}")),
        _ => return wrong(function, of),
    })
}

fn numbers(function: Function, of: &[Val]) -> Result<Val, QueryError> {
    let [Val::Num(n)] = of else { return wrong(function, of) };
    Ok(Val::Num(match function {
        Function::Round => n.round(),
        Function::Floor => n.floor(),
        _ => n.ceil(),
    }))
}

fn times(function: Function, of: &[Val]) -> Result<Val, QueryError> {
    use Function as F;
    let (ms, offset) = match (function, of) {
        (F::Year | F::Month | F::Day, [Val::Date(days)]) => (days.saturating_mul(DAY_MS), 0),
        (F::Hour | F::Minute | F::Second | F::FractionalSeconds, [Val::TimeOfDay(ms)]) => (*ms, 0),
        (_, [value]) => match value.instant() {
            Some(at) => at,
            None => return wrong(function, of),
        },
        _ => return wrong(function, of),
    };
    // In the offset that it was written in: stored times are in UTC.
    let local = ms.saturating_add(i64::from(offset) * 60_000);
    let (days, clock) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
    let number = |n: i64| Val::Num(n as f64);
    let date = super::query::ast::date_text(days);
    let part = |range: std::ops::Range<usize>| {
        date.get(range).and_then(|n| n.parse::<f64>().ok()).map_or(Val::Null, Val::Num)
    };
    Ok(match function {
        F::Year => part(0..4),
        F::Month => part(5..7),
        F::Day => part(8..10),
        F::Hour => number(clock / 3_600_000),
        F::Minute => number(clock / 60_000 % 60),
        F::Second => number(clock / 1000 % 60),
        F::FractionalSeconds => Val::Num((clock % 1000) as f64 / 1000.0),
        F::Date => Val::Date(days),
        F::Time => Val::TimeOfDay(clock),
        _ => number(i64::from(offset)),
    })
}

fn shapes(function: Function, of: &[Val]) -> Result<Val, QueryError> {
    use Function as F;
    let shape = |n: usize| of.get(n).and_then(Val::shape);
    let Some(first) = shape(0) else { return wrong(function, of) };
    if function == F::GeoLength {
        return Ok(Val::Num(first.length_deg()));
    }
    let Some(second) = shape(1) else { return wrong(function, of) };
    let relation = match function {
        F::GeoDistance => return Ok(Val::Num(first.distance_deg(&second))),
        F::StRelate => {
            let Some(Val::Text(pattern)) = of.get(2) else { return wrong(function, of) };
            return match first.relates(&second, pattern) {
                Some(said) => Ok(Val::Bool(said)),
                None => invalid("a relation's pattern is nine of T F * 0 1 2"),
            };
        }
        F::StEquals => Relation::Equals,
        F::StDisjoint => Relation::Disjoint,
        F::StTouches => Relation::Touches,
        F::StWithin => Relation::Within,
        F::StOverlaps => Relation::Overlaps,
        F::StCrosses => Relation::Crosses,
        F::StContains => Relation::Contains,
        _ => Relation::Intersects,
    };
    Ok(Val::Bool(first.is(relation, &second)))
}
