//! How two shapes lie to each other: points, lines and areas given as well-known text, related by
//! the nine intersections of ISO 19125 (DE-9IM). Plane geometry on degrees, as far as a city
//! reaches.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::{Distance, Euclidean, Geometry, Length, LineString, Point, Polygon, Relate};

use crate::{Position, PositionError};

/// The longest text that is read, bytes.
pub const WKT_MAX_BYTES: usize = 16 * 1024;
/// The most points of one shape.
pub const POINTS_MAX: usize = 1_000;

/// Why a text is no shape.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// Another form.
    #[error("a shape is POINT(lon lat), LINESTRING(lon lat, …) or POLYGON((lon lat, …))")]
    Form,
    /// A pair of numbers that is no position.
    #[error(transparent)]
    Position(#[from] PositionError),
    /// A line of one point, a ring that does not end where it began.
    #[error("{0}")]
    Points(&'static str),
    /// Longer than [`WKT_MAX_BYTES`], or more than [`POINTS_MAX`] points.
    #[error("a shape has at most {POINTS_MAX} points")]
    TooLarge,
}

/// A point, a line or an area; WGS-84.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape(Geometry<f64>);

/// How one shape lies to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are the same.
    Equals,
    /// They have nothing in common.
    Disjoint,
    /// Only their borders meet.
    Touches,
    /// The first lies in the second.
    Within,
    /// They share a part of their own kind, and neither lies in the other.
    Overlaps,
    /// They share a part of a lesser kind within both.
    Crosses,
    /// They have something in common.
    Intersects,
    /// The second lies in the first.
    Contains,
}

impl Shape {
    /// A point.
    pub fn point(at: Position) -> Self {
        Self(Geometry::Point(Point::new(at.lon(), at.lat())))
    }

    /// Reads well-known text. A leading `SRID=4326;` is passed over.
    ///
    /// # Errors
    /// [`ShapeError`].
    pub fn from_wkt(text: &str) -> Result<Self, ShapeError> {
        if text.len() > WKT_MAX_BYTES {
            return Err(ShapeError::TooLarge);
        }
        let text = text.trim();
        let text = text.strip_prefix("SRID=4326;").unwrap_or(text).trim();
        let open = text.find('(').ok_or(ShapeError::Form)?;
        let (word, rest) = text.split_at(open);
        let inner = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'));
        let inner = inner.ok_or(ShapeError::Form)?;
        let geometry = match word.trim().to_ascii_uppercase().as_str() {
            "POINT" => match points(inner)?.as_slice() {
                [one] => Geometry::Point(Point::from(*one)),
                _ => return Err(ShapeError::Form),
            },
            "LINESTRING" => {
                let line = points(inner)?;
                if line.len() < 2 {
                    return Err(ShapeError::Points("a line has at least two points"));
                }
                Geometry::LineString(LineString::from(line))
            }
            "POLYGON" => Geometry::Polygon(polygon(inner)?),
            _ => return Err(ShapeError::Form),
        };
        Ok(Self(geometry))
    }

    /// Whether they lie so to each other.
    pub fn is(&self, relation: Relation, other: &Self) -> bool {
        let matrix = self.0.relate(&other.0);
        match relation {
            Relation::Equals => matrix.is_equal_topo(),
            Relation::Disjoint => matrix.is_disjoint(),
            Relation::Touches => matrix.is_touches(),
            Relation::Within => matrix.is_within(),
            Relation::Overlaps => matrix.is_overlaps(),
            Relation::Crosses => matrix.is_crosses(),
            Relation::Intersects => matrix.is_intersects(),
            Relation::Contains => matrix.is_contains(),
        }
    }

    /// Whether the nine intersections are as a pattern of `T F * 0 1 2` says; `None` where the
    /// pattern is none.
    pub fn relates(&self, other: &Self, pattern: &str) -> Option<bool> {
        if pattern.len() != 9 {
            return None;
        }
        let matrix = self.0.relate(&other.0);
        let places = [CoordPos::Inside, CoordPos::OnBoundary, CoordPos::Outside];
        let pairs = places.iter().flat_map(|a| places.iter().map(move |b| (*a, *b)));
        let mut fits = true;
        for (wanted, (a, b)) in pattern.chars().zip(pairs) {
            let found = matrix.get(a, b);
            fits &= match wanted {
                '*' => true,
                'T' | 't' => found != Dimensions::Empty,
                'F' | 'f' => found == Dimensions::Empty,
                '0' => found == Dimensions::ZeroDimensional,
                '1' => found == Dimensions::OneDimensional,
                '2' => found == Dimensions::TwoDimensional,
                _ => return None,
            };
        }
        Some(fits)
    }

    /// How far apart they are, in degrees of the plane (the units of the coordinates).
    pub fn distance_deg(&self, other: &Self) -> f64 {
        Euclidean.distance(&self.0, &other.0)
    }

    /// How long a line or an area's outline is, in degrees; a point has no length.
    pub fn length_deg(&self) -> f64 {
        match &self.0 {
            Geometry::LineString(line) => Euclidean.length(line),
            Geometry::Polygon(area) => {
                let rings = std::iter::once(area.exterior()).chain(area.interiors());
                rings.map(|ring| Euclidean.length(ring)).sum()
            }
            _ => 0.0,
        }
    }
}

fn points(text: &str) -> Result<Vec<(f64, f64)>, ShapeError> {
    let mut points = Vec::new();
    for pair in text.split(',') {
        if points.len() == POINTS_MAX {
            return Err(ShapeError::TooLarge);
        }
        let mut numbers = pair.split_ascii_whitespace().map(str::parse::<f64>);
        let (Some(Ok(lon)), Some(Ok(lat)), None) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(ShapeError::Form);
        };
        let at = Position::new(lon, lat)?;
        points.push((at.lon(), at.lat()));
    }
    Ok(points)
}

fn polygon(text: &str) -> Result<Polygon<f64>, ShapeError> {
    let mut rings = Vec::new();
    let mut rest = text.trim();
    loop {
        let open = rest.strip_prefix('(').ok_or(ShapeError::Form)?;
        let (ring, after) = open.split_once(')').ok_or(ShapeError::Form)?;
        let ring = points(ring)?;
        if ring.len() < 4 || ring.first() != ring.last() {
            return Err(ShapeError::Points("a ring has four points and ends where it began"));
        }
        rings.push(LineString::from(ring));
        match after.trim() {
            "" => break,
            more => rest = more.strip_prefix(',').ok_or(ShapeError::Form)?.trim(),
        }
    }
    let exterior = rings.remove(0);
    Ok(Polygon::new(exterior, rings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(text: &str) -> Shape {
        Shape::from_wkt(text).unwrap()
    }

    #[test]
    fn shapes_lie_as_they_should() {
        use Relation::*;
        let square = shape("POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))");
        let table = [
            ("POINT(1 1)", Within, true),
            ("POINT(3 3)", Within, false),
            ("POINT(3 3)", Disjoint, true),
            ("POINT(2 1)", Touches, true),
            ("POINT(1 1)", Intersects, true),
            ("LINESTRING(-1 1, 3 1)", Crosses, true),
            ("POLYGON((1 1, 3 1, 3 3, 1 3, 1 1))", Overlaps, true),
            ("POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))", Equals, true),
        ];
        for (text, relation, expected) in table {
            assert_eq!(shape(text).is(relation, &square), expected, "{text} {relation:?}");
        }
        assert!(square.is(Contains, &shape("point ( 1 1 )")));
        assert_eq!(shape("POINT(1 1)").relates(&square, "T*F**F***"), Some(true));
        assert_eq!(shape("POINT(9 9)").relates(&square, "T*F**F***"), Some(false));
        assert_eq!(square.relates(&square, "T*F"), None);
        assert!((shape("POINT(0 0)").distance_deg(&shape("POINT(3 4)")) - 5.0).abs() < 1e-12);
        assert!((shape("LINESTRING(0 0, 3 4)").length_deg() - 5.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_shape_is_said() {
        for text in [
            "",
            "POINT",
            "POINT()",
            "POINT(1)",
            "POINT(1 2 3)",
            "POINT(200 1)",
            "POINT(1 2",
            "LINESTRING(1 2)",
            "POLYGON((0 0, 1 1, 0 0))",
            "POLYGON((0 0,1 0,1 1,0 1))",
            "CIRCLE(1 2)",
        ] {
            assert!(Shape::from_wkt(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "(POINT|LINESTRING|POLYGON)?[(), 0-9.e-]{0,40}") {
            if let Ok(shape) = Shape::from_wkt(&text) {
                let _ = shape.is(Relation::Intersects, &shape);
            }
        }
    }
}
