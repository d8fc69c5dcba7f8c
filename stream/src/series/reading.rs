//! A series as one reads it: with the doubtful rows, or without them.

use super::{Row, Series};

/// See [`Series::read`].
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    pub(super) series: &'a Series,
    pub(super) doubtful: bool,
}

impl<'a> Reading<'a> {
    #[inline]
    fn usable(self, row: Row) -> Option<Row> {
        if !row.value.is_nan() {
            return Some(row);
        }
        if self.doubtful { self.series.doubted(row) } else { None }
    }

    /// The newest usable row at or before `t`, among the open ones.
    #[inline]
    pub fn latest(self, t: i64) -> Option<Row> {
        if !self.doubtful {
            return self.series.latest(t);
        }
        let rows = &self.series.rows;
        let end = rows.partition_point(|row| row.t <= t);
        rows.range(..end).rev().find_map(|row| self.usable(*row))
    }

    /// The usable open rows of `(from, to]`, in order.
    #[inline]
    pub fn within(self, from: i64, to: i64) -> impl DoubleEndedIterator<Item = Row> + 'a {
        let rows = &self.series.rows;
        let start = rows.partition_point(|row| row.t <= from);
        let end = rows.partition_point(|row| row.t <= to).max(start);
        rows.range(start..end).filter_map(move |row| self.usable(*row))
    }
}
