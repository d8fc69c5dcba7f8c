//! The engine beside the reference: the same file, the same answer, observations a CPU-second.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};
use system_tests::platform::{binary, scratch};

use crate::figures::{Figure, Used, figure, goal, watch};
use crate::{rain, reference};

/// The greatest part of the reference's speed that is asked for.
const RATIO: f64 = 0.5;
const MEMORY_MB: f64 = 200.0;

/// The first eight hex digits of the sorted answer.
fn answer(out: &Path) -> (String, usize) {
    let text = std::fs::read_to_string(out).expect("an answer");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let mut hash = Sha256::new();
    for line in &lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    let digest = hash.finalize();
    (digest.iter().take(4).map(|b| format!("{b:02x}")).collect(), lines.len())
}

fn engine(folder: &Path, workers: usize) -> (Used, String, usize) {
    let out = folder.join(format!("engine-{workers}.csv"));
    let mut command = Command::new(binary("fenghuo"));
    command.arg("backtest").arg("--city").arg(folder.join("city"));
    command.arg("--input").arg(folder.join("obs.ndjson")).arg("--out").arg(&out);
    command.args(["--project", "zone-level", "--workers", &workers.to_string()]);
    let (used, _) = watch(&mut command);
    let (hash, changes) = answer(&out);
    (used, hash, changes)
}

/// This program again, as the reference in a process of its own (so that it is measured alike).
fn reference_process(folder: &Path) -> (Used, String, usize) {
    let out = folder.join("reference.csv");
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.arg("--reference").arg(folder).arg(&out);
    let (used, _) = watch(&mut command);
    let (hash, changes) = answer(&out);
    (used, hash, changes)
}

/// If this process was started to be the reference, is it, and gives true.
pub(crate) fn is_reference() -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, flag, folder, out] if flag == "--reference" => {
            reference::run(Path::new(folder), Path::new(out));
            true
        }
        _ => false,
    }
}

/// Runs it.
#[allow(clippy::cast_precision_loss, reason = "counts of observations")]
pub(crate) fn run(quick: bool) -> Vec<Figure> {
    let folder = scratch();
    let (observations, known) =
        if quick { (1_000_000, "5ac8a105") } else { (10_000_000, "cb796a7a") };
    let lines = rain::write(folder.path(), observations) as f64;
    let (plain, hash, changes) = reference_process(folder.path());
    assert_eq!(hash, known, "the reference's own answer ({changes} changes)");
    let rate = |used: &Used| lines / used.cpu_s / 1e6;
    let mut found = vec![
        figure("reference (serde, one thread)", rate(&plain), "M obs/CPU-s"),
        figure("reference, peak memory", plain.peak_mb, "MB"),
    ];
    let mut walls = Vec::new();
    for workers in [1, 2] {
        let (used, hash, changes) = engine(folder.path(), workers);
        assert_eq!(hash, known, "the engine's answer with {workers} workers ({changes} changes)");
        walls.push(used.wall.as_secs_f64());
        found.push(figure(&format!("engine, {workers} worker(s)"), rate(&used), "M obs/CPU-s"));
        let per_s = lines / used.wall.as_secs_f64() / 1e6;
        found.push(figure(&format!("engine, {workers} worker(s), wall"), per_s, "M obs/s"));
        if workers == 1 {
            let ratio = rate(&used) / rate(&plain);
            found.push(goal("engine / reference, CPU", ratio, "", "at least 0.5", ratio >= RATIO));
            let peak = used.peak_mb;
            found.push(goal("engine, peak memory", peak, "MB", "below 200", peak < MEMORY_MB));
        }
    }
    let faster = walls[0] / walls[1];
    found.push(goal("two workers / one, wall", faster, "", "above 1", faster > 1.0));
    found
}
