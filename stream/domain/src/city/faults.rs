//! The list of what is wrong with a city's files, kept while reading goes on: a user mends all of
//! it in one round.

use std::cell::{Cell, RefCell};

use gis::{BoundingBox, Position};

use super::{CityError, Zone};

/// The most errors that are listed; a file with a wrong separator would otherwise give one a line.
pub(super) const MAX_ERRORS: usize = 1_000;

/// The farthest that anything of a city may lie from its zones, metres: farther is a slip of a digit.
/// (Gauges of the upper river may be far, but not this far.)
const MAX_FROM_HOME_M: f64 = 1_000_000.0;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: RefCell<Vec<CityError>>,
    overflow: RefCell<Option<CityError>>,
    home: Cell<Option<BoundingBox>>,
}

impl Faults {
    /// Notes one error. `line` is counted from 1; 0 stands for a file without lines.
    pub(super) fn add(&self, file: &str, line: u32, reason: impl Into<String>) {
        self.add_at(file, (line, 0), reason);
    }

    /// The same at a column, counted from 1; 0 where none is known.
    pub(super) fn add_at(&self, file: &str, (line, column): (u32, u32), reason: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_ERRORS {
            let line = (line > 0).then_some(line);
            let column = (column > 0).then_some(column);
            found.push(CityError { file: file.to_owned(), line, column, reason: reason.into() });
        } else {
            self.overflow.borrow_mut().get_or_insert_with(|| CityError {
                file: file.to_owned(),
                line: None,
                column: None,
                reason: format!("more than {MAX_ERRORS} errors; the rest is not listed"),
            });
        }
    }

    /// Sets the box around the zones, by which later positions are judged.
    pub(super) fn set_home(&self, zones: &[Zone]) {
        let join = |a: BoundingBox, b: BoundingBox| BoundingBox {
            west: a.west.min(b.west),
            south: a.south.min(b.south),
            east: a.east.max(b.east),
            north: a.north.max(b.north),
        };
        self.home.set(zones.iter().map(|zone| zone.outline.bbox()).reduce(join));
    }

    /// Why a position cannot be this city's, where it lies absurdly far from its zones.
    pub(super) fn far_away(&self, at: Position) -> Option<String> {
        let home = self.home.get()?;
        let lon = at.lon().clamp(home.west, home.east);
        let nearest = Position::new(lon, at.lat().clamp(home.south, home.north)).ok()?;
        let far = gis::distance_m(at, nearest);
        (far > MAX_FROM_HOME_M).then(|| {
            let km = far / 1_000.0;
            format!(
                "{}, {} is {km:.0} km from the city's zones: check lon and lat",
                at.lon(),
                at.lat()
            )
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// The errors, by file and line.
    pub(super) fn into_list(self) -> Vec<CityError> {
        let mut found = self.found.into_inner();
        found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        found.extend(self.overflow.into_inner());
        found
    }
}

/// Refuses what cannot be shown on one line of a log or a console: control characters (tabs and
/// line ends where `lines` allows them) and marks that turn the direction of writing.
pub(super) fn unprintable(text: &str, lines: bool) -> Option<char> {
    text.chars().find(|c| {
        let turning = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let line = lines && matches!(c, '\n' | '\t');
        turning || (c.is_control() && !line)
    })
}

/// A list of words for a reason: `a, b, c`.
pub(super) fn words<'a>(list: impl IntoIterator<Item = &'a str>) -> String {
    list.into_iter().collect::<Vec<_>>().join(", ")
}
