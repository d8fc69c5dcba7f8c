//! WHERE: pure geometry. Knows geometry, not emergencies; no crate of ours, no clock, no I/O.
//!
//! Everything here works on two checked types, [`Position`] and [`Outline`]: a NaN, a swapped pair
//! or a self-crossing ring is refused when they are made and cannot be met later.
//!
//! One question, one file: how far ([`distance`]), what is near ([`point_index`]), what contains it
//! ([`area_index`]), which hexagon ([`cells`]), what stations say of the place between them
//! ([`spread`]), which area is whose ([`thiessen`](mod@thiessen)), what a pair of a Chinese web map is
//! in WGS-84 ([`coordinates`]), how two shapes lie to each other ([`shape`]).

pub mod area_index;
pub mod cells;
pub mod coordinates;
pub mod distance;
pub mod outline;
pub mod point_index;
pub mod position;
pub mod shape;
pub mod spread;
pub mod thiessen;

pub use area_index::AreaIndex;
pub use cells::{Cell, CellError, Resolution};
pub use coordinates::Crs;
pub use distance::{EARTH_RADIUS_M, distance_m};
pub use outline::{BoundingBox, Outline, OutlineError};
pub use point_index::{Near, PointIndex};
pub use position::{Position, PositionError};
pub use shape::{Relation, Shape, ShapeError};
pub use thiessen::thiessen;
