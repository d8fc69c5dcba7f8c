//! Judging a place at an instant: every criterion measured, the highest level that is met, and the
//! rows that it was made from. Pure: the same rows give the same finding, live, in review, and from
//! the ids in a decision's `because`.

use domain::level::Level;

use crate::plan::{Criterion, Measure, Rules};
use crate::series::{MICRO, Reading, Row, Series, micro};

/// The rows of a place, by the properties of its hazard.
pub trait Rows {
    /// The history of a property; `None` where the station does not measure it.
    fn series(&self, property: u8) -> Option<&Series>;
    /// For how long one of its values speaks, ms, as of an instant.
    fn fresh_ms(&self, property: u8, at: i64) -> i64;
    /// Whether doubtful values are read too.
    fn reads_doubtful(&self) -> bool {
        false
    }
    /// What is read of a property.
    #[inline]
    fn reading(&self, property: u8) -> Option<Reading<'_>> {
        self.series(property).map(|series| series.read(self.reads_doubtful()))
    }
}

/// The rows of a place with its doubtful values.
struct WithDoubtful<'a, R>(&'a R);

impl<R: Rows> Rows for WithDoubtful<'_, R> {
    fn series(&self, property: u8) -> Option<&Series> {
        self.0.series(property)
    }
    fn fresh_ms(&self, property: u8, at: i64) -> i64 {
        self.0.fresh_ms(property, at)
    }
    fn reads_doubtful(&self) -> bool {
        true
    }
}

/// Which kind of instant is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The instant of an observation as it came: windows end there.
    Provisional,
    /// An instant that the watermark has passed: on the grid, windows lie back by their shift.
    Final,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// The level.
    pub level: Level,
    /// The highest rank whose threshold less the clear margin is met: what an alert may stay at.
    pub held: u8,
    /// The value judged; NaN where nothing spoke.
    pub value: f64,
    /// Position of the criterion that spoke, in [`Rules::criteria`]; [`NO_CRITERION`] where nothing
    /// did. One that spoke without data is calm by itself ([`Finding::alone`]).
    pub criterion: u16,
    /// Whether there was nothing better than doubtful values.
    pub doubtful: bool,
}

impl Finding {
    /// What the properties that are heard say by themselves: an alert that one of them brought up may
    /// end by it, also where the place is without data because another one is silent.
    pub fn alone(self) -> Self {
        match (self.level, self.criterion) {
            (Level::NoData, NO_CRITERION) => self,
            (Level::NoData, _) => Self { level: Level::None, ..self },
            _ => self,
        }
    }
}

/// The criterion of a finding where nothing spoke.
pub const NO_CRITERION: u16 = u16::MAX;

/// The running sum of a window without rows.
pub const EMPTY: i64 = i64::MIN;

/// Nothing to judge by.
pub const NO_DATA: Finding = Finding {
    level: Level::NoData,
    held: 0,
    value: f64::NAN,
    criterion: NO_CRITERION,
    doubtful: false,
};

/// What is known beforehand of which properties have a value that still speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    known: u32,
    fresh: u32,
}

impl Hint {
    /// This property speaks: its observation has just come.
    pub fn speaks(property: u8) -> Self {
        let bit = 1u32.checked_shl(u32::from(property)).unwrap_or(0);
        Self { known: bit, fresh: bit }
    }
    /// Whether this property speaks is known.
    pub fn know(&mut self, property: u8, speaks: bool) {
        let bit = 1u32.checked_shl(u32::from(property)).unwrap_or(0);
        self.known |= bit;
        self.fresh |= if speaks { bit } else { 0 };
    }
    /// Whether a property speaks: asked once for each.
    fn of(&mut self, rows: &impl Rows, property: u8, at: i64) -> bool {
        let bit = 1u32.checked_shl(u32::from(property)).unwrap_or(0);
        if self.known & bit == 0 {
            self.know(property, speaks(rows, property, at));
        }
        self.fresh & bit != 0
    }
}

/// Whether a property has a value at `at` that still speaks: newer than so many expected intervals.
pub fn speaks(rows: &impl Rows, property: u8, at: i64) -> bool {
    let latest = rows.reading(property).and_then(|read| read.latest(at));
    latest.is_some_and(|row| at - row.t < rows.fresh_ms(property, row.t))
}

/// Judges a place at `at`. `sums` are the window sums in millionths where somebody keeps them
/// running; without, they are added up here. `hint` is what the caller knows already.
///
/// A final sum that meets its threshold stands even where the newest rows are missing: rain that was
/// measured has fallen. All else needs a value that still speaks. One property that speaks can
/// raise a place alone; to call it calm takes every one that it measures and is judged by.
///
/// Doubtful values are used where nothing better speaks, and then for a warning only: a gauge that
/// stands still at a low level is no good news, it is no news.
pub fn judge(
    rules: &Rules,
    rows: &impl Rows,
    sums: Option<&[i64]>,
    at: i64,
    when: When,
    hint: Hint,
) -> Finding {
    if let Some(found) = calm(rules, sums, hint) {
        return found;
    }
    let found = judge_by(rules, rows, sums, at, when, hint);
    if found.level != Level::NoData {
        return found;
    }
    let odd = |c: &Criterion| rows.series(c.property).is_some_and(Series::has_odd);
    if !rules.criteria.iter().any(odd) {
        return found;
    }
    let doubted = judge_by(rules, &WithDoubtful(rows), None, at, when, Hint::default());
    match doubted.level.is_raised() {
        true => Finding { doubtful: true, ..doubted },
        false => found,
    }
}

fn judge_by(
    rules: &Rules,
    rows: &impl Rows,
    sums: Option<&[i64]>,
    at: i64,
    when: When,
    hint: Hint,
) -> Finding {
    let shift = if when == When::Final { rules.shift_ms() } else { 0 };
    let mut fresh = hint;
    let mut held = 0u8;
    let mut met: Option<(u16, f64)> = None;
    let mut base: Option<(u8, u16, f64)> = None;
    let mut silent = false;
    for (criterion, number) in rules.criteria.iter().zip(0u16..) {
        let speaks = fresh.of(rows, criterion.property, at - shift);
        let proven = when == When::Final && matches!(criterion.measure, Measure::Sum(_));
        silent |= !speaks && rows.series(criterion.property).is_some();
        if !speaks && !proven {
            continue;
        }
        let Some(found) = measured(rules, criterion, rows, sums, at, when) else { continue };
        let (is_met, is_held) = found.against(criterion, rules.clear_margin);
        if is_held {
            held = held.max(criterion.rank);
        }
        if is_met && met.is_none() {
            met = Some((number, found.value()));
        }
        // What a calm value is measured by: the lowest level's first criterion.
        if speaks && base.is_none_or(|(rank, _, _)| criterion.rank < rank) {
            base = Some((criterion.rank, number, found.value()));
        }
        if met.is_some() && rules.clear_margin == 0.0 {
            break;
        }
    }
    match (met, base) {
        (Some((criterion, value)), _) => {
            let rank = rules.criteria.get(usize::from(criterion)).map_or(0, |c| c.rank);
            Finding {
                level: Level::At(rank),
                held: held.max(rank),
                value,
                criterion,
                doubtful: false,
            }
        }
        // What is measured here and not heard now may be over any threshold.
        (None, Some((_, criterion, value))) => {
            let level = if silent { Level::NoData } else { Level::None };
            Finding { level, held, value, criterion, doubtful: false }
        }
        (None, None) => NO_DATA,
    }
}

/// The finding where it is plain at a glance that nothing is met: running sums of one property that
/// is known to speak, all of them below what any criterion asks for.
#[inline]
fn calm(rules: &Rules, sums: Option<&[i64]>, hint: Hint) -> Option<Finding> {
    let (calm, sums) = (rules.calm.as_ref()?, sums?);
    let property = rules.criteria.first()?.property;
    let all = sums.iter().zip(&calm.below).all(|(sum, below)| sum < below && *sum != EMPTY);
    if !all || hint.fresh & 1u32.checked_shl(u32::from(property)).unwrap_or(0) == 0 {
        return None;
    }
    let value = *sums.get(usize::from(calm.window))? as f64 / MICRO;
    Some(Finding { level: Level::None, held: 0, value, criterion: calm.base, doubtful: false })
}

/// A measured value, exact where it is a sum.
#[derive(Clone, Copy)]
enum Found {
    Micro(i64),
    Plain(f64),
}

impl Found {
    fn value(self) -> f64 {
        match self {
            Found::Micro(sum) => sum as f64 / MICRO,
            Found::Plain(value) => value,
        }
    }
    /// Whether the threshold is met, and whether it is less the margin.
    fn against(self, criterion: &Criterion, margin: f64) -> (bool, bool) {
        match self {
            Found::Micro(sum) => {
                let asked = criterion.at_least_micro;
                (sum >= asked, sum >= asked - micro(margin))
            }
            Found::Plain(value) => {
                let margin =
                    if matches!(criterion.measure, Measure::Rate { .. }) { 0.0 } else { margin };
                (value >= criterion.at_least, value >= criterion.at_least - margin)
            }
        }
    }
}

fn measured(
    rules: &Rules,
    criterion: &Criterion,
    rows: &impl Rows,
    sums: Option<&[i64]>,
    at: i64,
    when: When,
) -> Option<Found> {
    let read = rows.reading(criterion.property)?;
    match criterion.measure {
        Measure::Sum(number) => {
            // A window without a single row is not a dry one.
            if let Some(sum) = sums.and_then(|sums| sums.get(usize::from(number))) {
                return (*sum != EMPTY).then_some(Found::Micro(*sum));
            }
            let (from, to) = sum_edges(rules, number, at, when)?;
            let rows = read.within(from, to).map(|row| micro(row.value));
            rows.reduce(|a, b| a.saturating_add(b)).map(Found::Micro)
        }
        Measure::Latest => read.latest(at).map(|row| Found::Plain(row.value)),
        Measure::Mean { window_ms } => {
            let (mut sum, mut count) = (0i64, 0i64);
            for row in read.within(since(rules, at, window_ms), at) {
                sum += micro(row.value);
                count += 1;
            }
            (count > 0).then(|| Found::Plain(sum as f64 / count as f64 / MICRO))
        }
        Measure::Rate { window_ms } => {
            let (oldest, latest) = rise_between(rules, read, at, window_ms)?;
            let hours = (latest.t - oldest.t) as f64 / domain::time::HOUR_MS as f64;
            Some(Found::Plain((latest.value - oldest.value) / hours))
        }
        Measure::Highest { window_ms } => {
            highest(rules, read, at, window_ms).map(|row| Found::Plain(row.value))
        }
    }
}

/// The edges `(from, to]` of a window of sums at an instant.
pub fn sum_edges(rules: &Rules, number: u8, at: i64, when: When) -> Option<(i64, i64)> {
    let window = rules.windows.get(usize::from(number))?;
    let to = if when == When::Final { at - window.shift_ms } else { at };
    Some((to - window.window_ms, to))
}

/// The open edge of a window `(from, at]` of values.
fn since(rules: &Rules, at: i64, window_ms: i64) -> i64 {
    (at - window_ms).max(rules.datum_since.saturating_sub(1))
}

/// The two rows of a rise: the oldest of `[at − window, at]` and the latest. They must lie at least
/// half the window apart: two readings a minute apart are noise, not a rise.
fn rise_between(rules: &Rules, read: Reading<'_>, at: i64, window_ms: i64) -> Option<(Row, Row)> {
    let latest = read.latest(at)?;
    let oldest = read.within(rules.looks_back_to(at, window_ms) - 1, at).next()?;
    (latest.t - oldest.t >= window_ms / 2 && latest.t > oldest.t).then_some((oldest, latest))
}

/// The highest row of `(at − window, at]`, the first of equals.
fn highest(rules: &Rules, read: Reading<'_>, at: i64, window_ms: i64) -> Option<Row> {
    let mut best: Option<Row> = None;
    for row in read.within(since(rules, at, window_ms), at) {
        if best.is_none_or(|b| row.value > b.value) {
            best = Some(row);
        }
    }
    best
}

/// The rows from which a finding recomputes, each with its property: exactly those of the criterion
/// that spoke; without data, the last that was heard.
pub fn evidence(
    rules: &Rules,
    rows: &impl Rows,
    finding: &Finding,
    at: i64,
    when: When,
    each: impl FnMut(u8, Row),
) {
    match finding.doubtful {
        true => evidence_of(rules, &WithDoubtful(rows), finding, at, when, each),
        false => evidence_of(rules, rows, finding, at, when, each),
    }
}

fn evidence_of(
    rules: &Rules,
    rows: &impl Rows,
    finding: &Finding,
    at: i64,
    when: When,
    mut each: impl FnMut(u8, Row),
) {
    let Some(criterion) = rules.criteria.get(usize::from(finding.criterion)) else {
        last_heard(rules, rows, at).into_iter().for_each(|(property, row)| each(property, row));
        return;
    };
    let property = criterion.property;
    let Some(read) = rows.reading(property) else { return };
    let mut each = |row| each(property, row);
    match criterion.measure {
        Measure::Sum(number) => {
            if let Some((from, to)) = sum_edges(rules, number, at, when) {
                read.within(from, to).for_each(each);
            }
        }
        Measure::Latest => read.latest(at).into_iter().for_each(each),
        Measure::Mean { window_ms } => {
            read.within(since(rules, at, window_ms), at).for_each(each);
        }
        Measure::Rate { window_ms } => {
            if let Some((oldest, latest)) = rise_between(rules, read, at, window_ms) {
                each(oldest);
                each(latest);
            }
        }
        Measure::Highest { window_ms } => {
            let Some(high) = highest(rules, read, at, window_ms) else { return };
            each(high);
            read.latest(at).filter(|latest| latest.t > high.t).into_iter().for_each(each);
        }
    }
}

fn last_heard(rules: &Rules, rows: &impl Rows, at: i64) -> Vec<(u8, Row)> {
    let properties = rules.criteria.iter().map(|c| c.property);
    let mut last: Option<(u8, Row)> = None;
    for property in properties {
        let Some(row) = rows.reading(property).and_then(|read| read.latest(at)) else { continue };
        if last.is_none_or(|(p, l)| (l.t, p) < (row.t, property)) {
            last = Some((property, row));
        }
    }
    last.into_iter().collect()
}
