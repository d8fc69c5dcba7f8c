//! Any bytes give an answer: every decoder of `ingest::decoders`.
#![no_main]

use std::sync::OnceLock;

use ingest::decoders::{Decoder, all};
use libfuzzer_sys::fuzz_target;

static DECODERS: OnceLock<Vec<(String, Decoder)>> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    for (_, decode) in DECODERS.get_or_init(all) {
        decode(bytes);
    }
});
