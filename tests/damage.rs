//! Good input with damage done to it: every decoder gives an answer, and soon. The seed is printed;
//! `FENGHUO_SEED=<number>` repeats a run, `FENGHUO_DECODER=<name>` tries one alone. In the long tier
//! each is tried for a minute (`FENGHUO_FUZZ_SECONDS` says another time), two at a time; ten minutes
//! each, guided by coverage, are `cargo xtask fuzz`.

// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use command_api::decoders::{Decoder, all};
use system_tests::damage::{Dice, damage};

/// Tries of each decoder in CI.
const ROUNDS: usize = 1_500;
/// Of a city's files, all of which are read each time.
const ROUNDS_OF_A_CITY: usize = 100;
/// Seconds for each decoder in the long tier.
const LONG_S: u64 = 60;
/// The longest that one try may take, unoptimised and on a busy machine.
const ONE_MAX: Duration = Duration::from_secs(10);

/// Those that read nothing: no key of anybody's is known here, and a forecast's values do not fit
/// into a row.
const NEVER_READ: [&str; 2] = ["cap signature", "/v1/reports/forecasts text/csv"];

/// Tries one decoder; how often it read something, and how often not.
fn try_one(decoder: &Decoder, good: &[&[u8]], seed: u64, budget: Option<Duration>) -> (u64, u64) {
    let name = &decoder.name;
    let mut dice = Dice(seed);
    let (begun, mut taken, mut refused) = (Instant::now(), 0, 0);
    let rounds = if name == "city file" { ROUNDS_OF_A_CITY } else { ROUNDS };
    for round in 0.. {
        match budget {
            None if round >= rounds => break,
            Some(budget) if begun.elapsed() >= budget => break,
            _ => {}
        }
        // Mostly of its own kind, now and then of another.
        let own = &decoder.samples;
        let mut bytes = match dice.roll(8) {
            1.. if !own.is_empty() => own[dice.roll(own.len())].to_vec(),
            _ => good[dice.roll(good.len())].to_vec(),
        };
        // Now and then whole: it shows that the decoder reads its own at all.
        if dice.roll(16) > 0 {
            damage(&mut dice, &mut bytes, good);
        }
        let tried = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| decoder.read(&bytes))) {
            Ok(true) => taken += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("{name} ends on {bytes:?} ({})", String::from_utf8_lossy(&bytes)),
        }
        assert!(tried.elapsed() < ONE_MAX, "{name} took {:?} for {bytes:?}", tried.elapsed());
    }
    (taken, refused)
}

#[test]
fn every_decoder_reads_its_own() {
    let decoders = all();
    let unread: Vec<String> = decoders
        .iter()
        .filter(|decoder| !NEVER_READ.contains(&&*decoder.name))
        .flat_map(|decoder| {
            let none = decoder.samples.is_empty().then(|| format!("{}: no sample", decoder.name));
            let bad = decoder.samples.iter().filter(|sample| !decoder.read(sample));
            let told = bad.map(|s| format!("{}: {}", decoder.name, String::from_utf8_lossy(s)));
            none.into_iter().chain(told)
        })
        .collect();
    assert!(unread.is_empty(), "{unread:#?}");
    for kind in ingest::reports::kind::KINDS {
        assert!(decoders.iter().any(|d| d.name.starts_with(kind.path)), "{}", kind.path);
    }
    let names: std::collections::BTreeSet<&str> = decoders.iter().map(|d| &*d.name).collect();
    assert_eq!(names.len(), decoders.len(), "a name is there twice");
}

#[test]
fn damaged_input_never_ends_a_decoder() {
    let said = |name: &str| std::env::var(name).ok().and_then(|s| s.parse().ok());
    let seed = said("FENGHUO_SEED").unwrap_or(20_260_611);
    let long = std::env::var("FENGHUO_TIER").as_deref() == Ok("long");
    let budget = said("FENGHUO_FUZZ_SECONDS").or(long.then_some(LONG_S)).map(Duration::from_secs);
    println!("seed {seed}");
    let mut decoders = all();
    let samples: Vec<Vec<u8>> =
        decoders.iter().flat_map(|d| d.samples.iter().map(|s| s.to_vec())).collect();
    let good: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    if let Ok(name) = std::env::var("FENGHUO_DECODER") {
        decoders.retain(|decoder| decoder.name == name);
    }
    let (waiting, done) = (Mutex::new(decoders.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(decoder) = waiting.lock().unwrap().next() else { return };
                    let (taken, refused) = try_one(decoder, &good, seed, budget);
                    println!("{}: {taken} read, {refused} refused", decoder.name);
                    done.lock().unwrap().push((decoder.name.clone(), taken, refused));
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    assert_eq!(done.len(), decoders.len(), "every decoder was tried");
    for (name, taken, refused) in &done {
        assert!(*taken > 0 || NEVER_READ.contains(&&**name), "{name} reads nothing");
        assert!(*refused > 10, "{name} refuses nothing");
    }
}
