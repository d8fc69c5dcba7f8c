//! Reading by OGC SensorThings 1.1 at `/v1.1/`.

pub mod query;
