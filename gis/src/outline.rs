//! An outline: the checked polygon(s) of an area, degrees WGS-84.

/// A checked area: finite, in range, closed and valid rings. The only way in is through its checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline(geo::MultiPolygon<f64>);

/// Why a geometry is no outline.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OutlineError {
    /// A coordinate that is not a finite number.
    #[error("a coordinate is not a finite number")]
    NotFinite,
}

impl Outline {
    /// The polygons.
    pub fn polygons(&self) -> &geo::MultiPolygon<f64> {
        &self.0
    }
}
