//! Any bytes give an answer: one decoder of `command_api::decoders`, named by
//! `FENGHUO_DECODER`, or all of them one after another where none is named.
//! `FENGHUO_SEEDS=<folder>` writes the good bytes of that decoder there, and the words of every
//! protocol beside it, and ends; `FENGHUO_LIST` prints every name and ends.
#![no_main]

#[path = "../src/damage.rs"]
#[allow(dead_code)]
mod damage;

use std::path::Path;
use std::sync::OnceLock;

use command_api::decoders::{Decoder, all};
use libfuzzer_sys::fuzz_target;

static DECODERS: OnceLock<Vec<Decoder>> = OnceLock::new();

/// Those that are tried.
fn wanted() -> Vec<Decoder> {
    let name = std::env::var("FENGHUO_DECODER").unwrap_or_default();
    let mut list = all();
    if std::env::var_os("FENGHUO_LIST").is_some() {
        list.iter().for_each(|decoder| println!("{}", decoder.name));
        std::process::exit(0);
    }
    list.retain(|decoder| name.is_empty() || decoder.name == name);
    assert!(!list.is_empty(), "there is no decoder {name:?}");
    if let Some(folder) = std::env::var_os("FENGHUO_SEEDS") {
        for (n, sample) in list.iter().flat_map(|decoder| &decoder.samples).enumerate() {
            let file = Path::new(&folder).join(format!("good-{n}"));
            std::fs::write(file, sample).expect("a file can be written");
        }
        let words = Path::new(&folder).with_extension("words");
        std::fs::write(words, damage::dictionary()).expect("a file can be written");
        std::process::exit(0);
    }
    list
}

fuzz_target!(init: {
    DECODERS.get_or_init(wanted);
}, |bytes: &[u8]| {
    for decoder in DECODERS.get().into_iter().flatten() {
        decoder.read(bytes);
    }
});
