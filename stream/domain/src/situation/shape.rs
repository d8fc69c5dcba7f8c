//! The lines and areas of a situation: a closed stretch of road, a district without power.

use serde::{Deserialize, Serialize};

/// Longitude and latitude, degrees WGS-84.
pub type Point = (f64, f64);

/// Lines, areas, or both; at least one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Lines of two points or more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Vec<Point>>,
    /// Areas: each its outer ring and the rings of its holes, all closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Vec<Vec<Point>>>,
}

impl Shape {
    /// Every point.
    pub fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let of_areas = self.areas.iter().flatten();
        self.lines.iter().chain(of_areas).flatten().copied()
    }

    /// A point of it to stand for the whole: the middle vertex of its first line, or the first corner
    /// of its first area. It lies on the shape itself, however that is bent.
    pub fn stands_at(&self) -> Option<Point> {
        let of_line = self.lines.first().and_then(|line| line.get(line.len() / 2));
        let of_area = || self.areas.first()?.first()?.first();
        of_line.or_else(of_area).copied()
    }
}
