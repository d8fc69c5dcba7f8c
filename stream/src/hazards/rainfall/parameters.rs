//! Numbers of this model, each with its source.

/// The property that is summed: mm of the interval that ends at its time.
pub const SUMMED: &str = "rainfall";
/// The property that is judged as it stands: mm/h.
pub const INTENSITY: &str = "rain_intensity";
