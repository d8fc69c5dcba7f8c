//! Why the driver ends the engine.

/// Why the record cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// A configuration in the record does not compile: it was journaled unchecked.
    #[error("the configuration at seq {seq} cannot be read: {}", errors.first().map_or_else(String::new, ToString::to_string))]
    Configuration {
        /// Where.
        seq: u64,
        /// What is wrong with it.
        errors: Vec<domain::city::CityError>,
    },
    /// The record is not in order.
    #[error("seq {found} after {before}: the record is not in order")]
    Order {
        /// The last one.
        before: u64,
        /// The one that came.
        found: u64,
    },
}
