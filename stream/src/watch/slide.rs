//! A sum that slides with its window: each row enters once and leaves once.

use crate::series::{Series, micro};

/// The running sum of the rows of `(from, to]`, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slide {
    /// Position of the first row later than `from`.
    pub lo: u64,
    /// Position of the first row later than `to`.
    pub hi: u64,
    /// The sum.
    pub sum: i64,
}

/// The slides of a place: the first beside its other state, the rest apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slides {
    first: Option<Slide>,
    rest: Vec<Slide>,
}

impl Slides {
    /// Without any.
    pub fn clear(&mut self) {
        self.first = None;
        self.rest.clear();
    }
    /// Adds one.
    pub fn push(&mut self, slide: Slide) {
        match self.first {
            None => self.first = Some(slide),
            Some(_) => self.rest.push(slide),
        }
    }
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Slide> {
        self.first.iter().chain(&self.rest)
    }
    /// All of them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slide> {
        self.first.iter_mut().chain(&mut self.rest)
    }
}

impl Slide {
    /// A window set down anywhere; opens what is packed.
    pub fn at(series: &mut Series, from: i64, to: i64) -> Self {
        series.open(from);
        let (lo, hi) = (series.after(from), series.after(to));
        let sum = (lo..hi).filter_map(|at| series.row(at)).map(|row| micro(row.value)).sum();
        Self { lo, hi, sum }
    }

    /// Moves the window forward.
    #[inline]
    pub fn advance(&mut self, series: &Series, from: i64, to: i64) {
        while let Some(row) = series.row(self.hi)
            && row.t <= to
        {
            self.sum += micro(row.value);
            self.hi += 1;
        }
        while self.lo < self.hi
            && let Some(row) = series.row(self.lo)
            && row.t <= from
        {
            self.sum -= micro(row.value);
            self.lo += 1;
        }
    }

    /// A late row was put in at its place; `from` and `to` are the edges the window stands at.
    pub fn inserted(&mut self, t: i64, value: f64, from: i64, to: i64) {
        if t <= from {
            self.lo += 1;
            self.hi += 1;
        } else if t <= to {
            self.hi += 1;
            self.sum += micro(value);
        }
    }

    /// A row's value was corrected.
    pub fn replaced(&mut self, t: i64, was: f64, now: f64, from: i64, to: i64) {
        if t > from && t <= to {
            self.sum += micro(now) - micro(was);
        }
    }
}
