//! Cells of the H3 grid: hexagons that cover the Earth, by which risk is counted and drawn.
//!
//! # References
//! H3, <https://h3geo.org>; the cell of a position, centres, boundaries and areas come from `h3o`.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::str::FromStr;

use h3o::{CellIndex, LatLng};
use serde::{Deserialize, Serialize};

use crate::distance::distance_m;
use crate::{Outline, Position};

/// The most cells that are looked at to cover one outline.
pub const MAX_CELLS: usize = 500_000;

/// A grid's fineness: 0 (cells as large as states) to 15 (less than a square metre); 7 is about
/// 5 km² a cell, 8 about 0.7 km².
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resolution(h3o::Resolution);

/// Why there is no cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    /// Not 0 to 15.
    #[error("a resolution is 0 to 15, not {0}")]
    Resolution(u8),
    /// The outline is too large for so fine a grid.
    #[error("more than {MAX_CELLS} cells at this resolution; take a coarser one")]
    TooMany,
    /// A text that names no cell.
    #[error("{0:?} is no cell of the H3 grid")]
    Text(String),
}

impl Resolution {
    /// Checks a number.
    ///
    /// # Errors
    /// [`CellError::Resolution`] above 15.
    pub fn new(number: u8) -> Result<Self, CellError> {
        h3o::Resolution::try_from(number).map(Self).map_err(|_| CellError::Resolution(number))
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0.into()
    }
}

/// One cell. It is ordered by its number and written as H3 writes it (`874118b0bffffff`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cell(CellIndex);

impl Cell {
    /// The cell in which a position lies.
    pub fn at(position: Position, resolution: Resolution) -> Self {
        Self(latlng(position).to_cell(resolution.0))
    }

    /// The number of the cell.
    pub fn number(self) -> u64 {
        self.0.into()
    }

    /// Its centre.
    pub fn center(self) -> Position {
        position(LatLng::from(self.0))
    }

    /// Its area, square kilometres.
    pub fn area_km2(self) -> f64 {
        self.0.area_km2()
    }

    /// Its corners, anticlockwise, not closed: five to ten.
    pub fn boundary(self) -> Vec<Position> {
        self.0.boundary().iter().map(|corner| position(*corner)).collect()
    }

    /// The cells that share a side with it, in order.
    pub fn neighbours(self) -> Vec<Cell> {
        let mut ring: Vec<Cell> =
            self.0.grid_disk_safe(1).map(Cell).filter(|cell| *cell != self).collect();
        ring.sort_unstable();
        ring
    }

    /// The cells whose centre lies within `reach_m` metres of this one's centre, itself included,
    /// in order; with a reach of 0 only itself.
    ///
    /// # Errors
    /// [`CellError::TooMany`] beyond [`MAX_CELLS`].
    pub fn within(self, reach_m: f64) -> Result<Vec<Cell>, CellError> {
        let center = self.center();
        flood([self], |cell| distance_m(center, cell.center()) <= reach_m)
    }

    /// The cells whose centre lies in an outline, in order: outlines that partition an area
    /// partition its cells, but for a centre on a common border. An outline smaller than its cells
    /// has the one in which its centre of area lies.
    ///
    /// # Errors
    /// [`CellError::TooMany`] beyond [`MAX_CELLS`].
    pub fn covering(outline: &Outline, resolution: Resolution) -> Result<Vec<Cell>, CellError> {
        let bbox = outline.bbox();
        let middle = Position::new(
            f64::midpoint(bbox.west, bbox.east),
            f64::midpoint(bbox.south, bbox.north),
        );
        let start =
            Cell::at(outline.centroid().or(middle.ok()).unwrap_or(Position::ORIGIN), resolution);
        // The cells of the box and a rim of two cells around it hang together, so that all of them
        // are reached from any one, islands included.
        let rim = 2.0 * start.radius_deg();
        let lon_rim = rim / bbox.south.abs().max(bbox.north.abs()).to_radians().cos().max(0.01);
        // A cell is smaller than the box around its own rim, so this many are there at least.
        let boxes = (bbox.north - bbox.south) * (bbox.east - bbox.west);
        if boxes / (rim * lon_rim) > MAX_CELLS as f64 {
            return Err(CellError::TooMany);
        }
        let near = |cell: Cell| {
            let at = cell.center();
            (bbox.west - lon_rim..=bbox.east + lon_rim).contains(&at.lon())
                && (bbox.south - rim..=bbox.north + rim).contains(&at.lat())
        };
        let mut cells = flood([start], near)?;
        cells.retain(|cell| outline.contains(cell.center()));
        if cells.is_empty() {
            cells.push(start);
        }
        Ok(cells)
    }

    /// The farthest corner from the centre, in degrees of latitude.
    fn radius_deg(self) -> f64 {
        let center = self.center();
        let farthest =
            self.boundary().into_iter().map(|c| distance_m(center, c)).fold(0.0, f64::max);
        (farthest / crate::distance::EARTH_RADIUS_M).to_degrees()
    }
}

/// The cells that are reached from `start` over neighbours that `keep` holds; the start is kept.
fn flood<const N: usize>(
    start: [Cell; N],
    keep: impl Fn(Cell) -> bool,
) -> Result<Vec<Cell>, CellError> {
    let mut seen: BTreeSet<Cell> = start.into_iter().collect();
    let mut queue: VecDeque<Cell> = start.into();
    while let Some(cell) = queue.pop_front() {
        for next in cell.0.grid_disk_safe(1).map(Cell) {
            if !seen.contains(&next) && keep(next) {
                if seen.len() >= MAX_CELLS {
                    return Err(CellError::TooMany);
                }
                seen.insert(next);
                queue.push_back(next);
            }
        }
    }
    Ok(seen.into_iter().collect())
}

fn latlng(at: Position) -> LatLng {
    // A position is finite, which is all that h3o asks.
    LatLng::new(at.lat(), at.lon()).unwrap_or_default()
}

fn position(at: LatLng) -> Position {
    // Rounding may leave the range by a hair.
    let (lon, lat) = (at.lng().clamp(-180.0, 180.0), at.lat().clamp(-90.0, 90.0));
    Position::new(lon, lat).unwrap_or(Position::ORIGIN)
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cell {
    type Err = CellError;
    fn from_str(text: &str) -> Result<Self, CellError> {
        let short = || text.chars().take(32).collect();
        text.parse().map(Self).map_err(|_| CellError::Text(short()))
    }
}

impl TryFrom<String> for Cell {
    type Error = CellError;
    fn try_from(text: String) -> Result<Self, CellError> {
        text.parse()
    }
}

impl From<Cell> for String {
    fn from(cell: Cell) -> Self {
        cell.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jiangmen() -> impl Strategy<Value = Position> {
        (111.9..113.3_f64, 21.5..22.9_f64).prop_map(|(lon, lat)| Position::new(lon, lat).unwrap())
    }

    proptest! {
        #[test]
        fn a_cell_is_found_again_by_its_centre_and_its_text(at in jiangmen(), r in 0_u8..=15) {
            let resolution = Resolution::new(r).unwrap();
            let cell = Cell::at(at, resolution);
            prop_assert_eq!(Cell::at(cell.center(), resolution), cell);
            prop_assert_eq!(cell.to_string().parse(), Ok(cell));
        }

        #[test]
        fn every_cell_near_enough_is_within(at in jiangmen(), reach in 0.0..15_000.0_f64) {
            let cell = Cell::at(at, Resolution::new(7).unwrap());
            let found = cell.within(reach).unwrap();
            let disk: BTreeSet<Cell> = cell.0.grid_disk_safe(10).map(Cell)
                .filter(|c| distance_m(c.center(), cell.center()) <= reach).collect();
            prop_assert_eq!(found, disk.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_area_has_about_as_many_cells_as_its_size_says() {
        let outline = Outline::from_geojson(
            r#"{"type":"MultiPolygon","coordinates":[
                [[[112.0,22.0],[112.5,22.0],[112.5,22.5],[112.0,22.5],[112.0,22.0]]],
                [[[113.0,22.0],[113.2,22.0],[113.2,22.2],[113.0,22.2],[113.0,22.0]]]]}"#,
        )
        .unwrap();
        let cells = Cell::covering(&outline, Resolution::new(7).unwrap()).unwrap();
        let area: f64 = cells.iter().map(|c| c.area_km2()).sum();
        assert!((area / outline.area_km2() - 1.0).abs() < 0.03, "{area} {}", outline.area_km2());
        assert!(cells.iter().all(|c| outline.contains(c.center())));
        assert!(cells.iter().any(|c| c.center().lon() > 113.0), "the island is reached");
    }

    #[test]
    fn a_yard_smaller_than_a_cell_has_one_cell_and_a_continent_is_refused() {
        let square = |side: f64| {
            let (a, b, c, d) = (112.0, 22.0, 112.0 + side, 22.0 + side);
            Outline::from_geojson(&format!(
                r#"{{"type":"Polygon","coordinates":[[[{a},{b}],[{c},{b}],[{c},{d}],[{a},{d}],[{a},{b}]]]}}"#
            ))
            .unwrap()
        };
        let seven = Resolution::new(7).unwrap();
        assert_eq!(Cell::covering(&square(0.001), seven).unwrap().len(), 1);
        let fine = Resolution::new(12).unwrap();
        assert_eq!(Cell::covering(&square(20.0), fine), Err(CellError::TooMany));
        assert_eq!(Resolution::new(16), Err(CellError::Resolution(16)));
    }
}
