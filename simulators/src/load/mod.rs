//! LOAD: plain weight, to measure with.

mod latencies;

pub use latencies::Latencies;
