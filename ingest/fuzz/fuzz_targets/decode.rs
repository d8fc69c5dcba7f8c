//! Any bytes give an observation, a report, or a typed error.
#![no_main]

use domain::time::UtcMs;
use ingest::json::batch::{decode_array, decode_ndjson, decode_packet, decode_value};
use ingest::json::decode::decode_line;
use ingest::mqtt::decode::{carries, owner};
use ingest::reports::decode as reports;
use ingest::table::decode::decode_csv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(seen) = decode_line(bytes) {
        assert!(seen.v.is_finite());
    }
    let _ = decode_array(bytes);
    let _ = decode_ndjson(bytes);
    let _ = decode_packet(bytes);
    let _ = decode_value(bytes, "R-1", "rainfall", UtcMs(1_781_118_300_000));
    let _ = decode_csv(bytes);
    let _ = (reports::hospital(bytes), reports::unit(bytes), reports::signal(bytes));
    if let Ok(topic) = std::str::from_utf8(bytes) {
        let _ = (carries(topic), owner(topic));
    }
});
