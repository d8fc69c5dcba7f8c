//! One hazard at one station: what is believed of it now, what was settled, and its alert.

use std::sync::Arc;

use domain::level::Level;

use super::Stream;
use super::slide::{Slide, Slides};
use crate::hazards::judge::{EMPTY, Finding, Hint, Rows, When, judge, speaks, sum_edges};
use crate::operators::raise::Standing;
use crate::plan::{Measure, PlacePlan, Rules};
use crate::series::{Row, Series};

/// Distinct windows of sums a hazard may have.
pub const MAX_WINDOWS: usize = 16;

/// Rows in a line of the cache.
const ROWS_A_LINE: u64 = 4;

/// Before anything was heard.
pub const NEVER: i64 = i64::MIN;

/// Rules in force, their running sums, and until when they hold.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// The rules.
    pub rules: Arc<Rules>,
    /// Until when they hold, event time, ms.
    pub until: i64,
    /// The instant the sums stand at, ms.
    pub at: i64,
    /// A running sum for each of the rules' windows.
    pub slides: Slides,
}

/// The state of one place.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Place {
    /// The provisional cursor: it stands at the newest instant heard of.
    pub now: Cursor,
    /// The published provisional level.
    pub level: Level,
    /// The published final level.
    pub settled_level: Level,
    /// The alert, if there is one.
    pub standing: Option<Box<Standing>>,
    /// Positions of its streams in the worker's own list, by property; `u32::MAX` where not measured.
    pub slots: Box<[u32]>,
    /// The cursor of finals: it stands at the last instant settled.
    pub settled: Cursor,
    /// Rules by epoch.
    pub plan: PlacePlan,
    /// The station's number.
    pub station: u32,
    /// The hazard's number.
    pub line: u16,
}

/// The rows of a place.
pub struct View<'a> {
    /// The worker's streams.
    pub streams: &'a [Stream],
    /// Which of them are the place's.
    pub slots: &'a [u32],
}

impl<'a> View<'a> {
    /// The stream of a property, for as long as the worker's list is borrowed.
    fn stream_of(&self, property: u8) -> Option<&'a Stream> {
        self.streams.get(*self.slots.get(usize::from(property))? as usize)
    }

    /// The stream of a property.
    #[inline]
    pub fn stream(&self, property: u8) -> Option<&Stream> {
        self.streams.get(*self.slots.get(usize::from(property))? as usize)
    }
}

impl Rows for View<'_> {
    #[inline]
    fn series(&self, property: u8) -> Option<&Series> {
        self.stream(property).map(|stream| &stream.series)
    }
    #[inline]
    fn fresh_ms(&self, property: u8, at: i64) -> i64 {
        self.stream(property).map_or(i64::MAX, |stream| stream.fresh_ms(at))
    }
}

impl Cursor {
    /// Before anything was heard.
    pub fn new(plan: &PlacePlan) -> Option<Self> {
        let (rules, until) = plan.rules_at(NEVER)?;
        let mut slides = Slides::default();
        rules.windows.iter().for_each(|_| slides.push(Slide::default()));
        Some(Self { rules: rules.clone(), until, at: NEVER, slides })
    }

    /// Moves to an instant that is not earlier than where it stands.
    #[inline]
    pub fn advance(
        &mut self,
        place: &PlacePlan,
        slots: &[u32],
        streams: &mut [Stream],
        to: i64,
        when: When,
    ) {
        if to >= self.until {
            self.set(place, slots, streams, to, when);
            return;
        }
        self.at = to;
        for (slide, window) in self.slides.iter_mut().zip(&self.rules.windows) {
            let Some(slot) = slots.get(usize::from(window.property)) else { continue };
            let Some(stream) = streams.get(*slot as usize) else { continue };
            let edge = if when == When::Final { to - window.shift_ms } else { to };
            slide.advance(&stream.series, edge - window.window_ms, edge);
        }
    }

    /// Sets the cursor down at any instant.
    pub fn set(
        &mut self,
        place: &PlacePlan,
        slots: &[u32],
        streams: &mut [Stream],
        at: i64,
        when: When,
    ) {
        let Some((rules, until)) = place.rules_at(at) else { return };
        self.rules = rules.clone();
        self.until = until;
        self.at = at;
        self.slides.clear();
        for window in &self.rules.windows {
            let slot = slots.get(usize::from(window.property)).copied().unwrap_or(u32::MAX);
            let edge = if when == When::Final { at - window.shift_ms } else { at };
            let slide = match streams.get_mut(slot as usize) {
                Some(stream) => Slide::at(&mut stream.series, edge - window.window_ms, edge),
                None => Slide::default(),
            };
            self.slides.push(slide);
        }
    }

    /// Judges where it stands.
    #[inline]
    pub fn judge(&self, view: &View<'_>, when: When, hint: Hint) -> Finding {
        let mut sums = [0i64; MAX_WINDOWS];
        for (sum, slide) in sums.iter_mut().zip(self.slides.iter()) {
            *sum = if slide.lo == slide.hi { EMPTY } else { slide.sum };
        }
        let kept = sums.get(..self.rules.windows.len());
        judge(&self.rules, view, kept, self.at, when, hint)
    }

    /// Which properties of sums speak where a cursor of finals stands: told by the last row of the
    /// window, which lies at hand.
    #[inline]
    pub fn hint(&self, view: &View<'_>) -> Hint {
        let mut hint = Hint::default();
        for (slide, window) in self.slides.iter().zip(&self.rules.windows) {
            let Some(stream) = view.stream(window.property) else { continue };
            let last = slide.hi.checked_sub(1).and_then(|at| stream.series.row(at));
            // Shifts that differ from window to window are rare: then it is looked up.
            let plain = window.shift_ms == self.rules.shift_ms();
            if let Some(row) = last.filter(|row| plain && !row.value.is_nan()) {
                let edge = self.at - window.shift_ms;
                hint.know(window.property, edge - row.t < stream.fresh_ms(row.t));
            }
        }
        hint
    }

    /// A row was put in or corrected in one of the place's streams.
    pub fn changed(&mut self, property: u8, when: When, change: impl Fn(&mut Slide, i64, i64)) {
        if self.at == NEVER {
            return;
        }
        let rules = self.rules.clone();
        for (number, slide) in (0u8..).zip(self.slides.iter_mut()) {
            let ours =
                rules.windows.get(usize::from(number)).is_some_and(|w| w.property == property);
            if ours && let Some((from, to)) = sum_edges(&rules, number, self.at, when) {
                change(slide, from, to);
            }
        }
    }
}

impl Place {
    /// A place nothing was heard of yet.
    pub fn new(line: u16, plan: PlacePlan, slots: Box<[u32]>) -> Option<Self> {
        Some(Self {
            line,
            station: plan.station,
            slots,
            now: Cursor::new(&plan)?,
            level: Level::NoData,
            settled: Cursor::new(&plan)?,
            settled_level: Level::NoData,
            standing: None,
            plan,
        })
    }

    /// Touches the rows of its stream that the next observation of it will need.
    #[inline]
    pub(super) fn touch(&self, stream: &Stream) -> i64 {
        let mut sum = stream.watchers.first().map_or(0, |(number, _)| i64::from(*number));
        let mut add = |row: Option<Row>| sum = sum.wrapping_add(row.map_or(0, |row| row.t));
        add(stream.series.newest());
        for cursor in [&self.now, &self.settled] {
            let Some(slide) = cursor.slides.iter().next() else { continue };
            for at in [slide.lo, slide.lo + ROWS_A_LINE, slide.hi, slide.hi + ROWS_A_LINE] {
                add(stream.series.row(at));
            }
        }
        sum
    }

    /// The rows of a finding of sums, where a running sum stands at its instant; the property too.
    pub fn at_hand<'a>(
        &self,
        view: &View<'a>,
        finding: &Finding,
        at: i64,
        when: When,
    ) -> Option<(u8, impl Iterator<Item = Row> + 'a)> {
        if finding.doubtful {
            return None;
        }
        let cursor = if when == When::Final { &self.settled } else { &self.now };
        let criterion = cursor.rules.criteria.get(usize::from(finding.criterion))?;
        let Measure::Sum(number) = criterion.measure else { return None };
        let slide = cursor.slides.iter().nth(usize::from(number))?;
        let stream = view.stream_of(criterion.property)?;
        let rows = (cursor.at == at).then(|| stream.series.between(slide.lo, slide.hi))?;
        Some((criterion.property, rows))
    }

    /// Whether the property that brought the alert up is silent at an instant.
    pub fn is_blind(&self, view: &View<'_>, at: i64) -> bool {
        self.standing.as_ref().is_some_and(|s| s.rank > 0 && !speaks(view, s.property, at))
    }

    /// The lowest position that a running sum still needs open in a stream; `provisional`: those of
    /// the provisional cursor too.
    pub fn needs(&self, slot: u32, provisional: bool) -> u64 {
        let mut lowest = u64::MAX;
        let now = provisional.then_some(&self.now);
        for cursor in now.into_iter().chain([&self.settled]) {
            for (window, slide) in cursor.rules.windows.iter().zip(cursor.slides.iter()) {
                if self.slots.get(usize::from(window.property)) == Some(&slot) {
                    lowest = lowest.min(slide.lo);
                }
            }
        }
        lowest
    }
}
