//! The writer is killed, at each phase of its work and at random moments: what was acknowledged is
//! there, the numbers go on without a hole, and what is derived agrees with it.
//!
//! This test has a `main` of its own, since the process that is killed is this same program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod own_main;
mod situation;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::Seq;
use domain::record::Record;
use domain::refusal::Reason;
use domain::time::UtcMs;
use journal::history::{HistoryStore, Shutdown, spawn};
use journal::snapshots::{SnapshotStore, StateRow};
use journal::{Journal, Options, Phase, PhaseHook, Reader, verify_blocks};
use situation::{START, everything, observation, refusal};

const WINDOW: usize = 8;
/// A snapshot is made this often, in records.
const SNAPSHOT_EVERY: u64 = 200;
/// Kills at random moments.
const KILLS: u64 = 25;

fn record(i: u64) -> Record {
    if i.is_multiple_of(25) { refusal("hydro", Reason::Syntax, 20_000) } else { observation(i) }
}

/// The process that is killed: goes on from where the journal stands, says what is acknowledged,
/// makes snapshots, and fills the history. Kills itself the `nth` time it comes to `phase`.
fn write(dir: &Path, phase: &str, nth: u64) {
    let (phase, count) = (phase.to_owned(), Arc::new(AtomicU64::new(0)));
    let hook = PhaseHook::new(move |at: Phase| {
        if format!("{at:?}") == phase && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            // SIGKILL itself: nothing is flushed, nothing is dropped.
            let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            std::thread::park();
        }
    });
    let options =
        Options { phase_hook: hook.clone(), checkpoint_bytes: 200_000, ..Options::live() };
    let (journal, recovery) = Journal::open(dir, options).unwrap();
    assert_eq!(recovery.damaged, [], "{recovery:?}");
    let mut snapshots = SnapshotStore::open(dir, hook).unwrap();
    let history = HistoryStore::open(dir).unwrap();
    let _follower =
        spawn(journal.reader().unwrap(), journal.watermark(), history, Shutdown::default());
    let appender = journal.appender();
    let mut window: VecDeque<journal::Receipt> = VecDeque::new();
    let mut out = std::io::stdout().lock();
    for i in recovery.durable.0.. {
        window.push_back(appender.append_one(&record(i)));
        if window.len() < WINDOW {
            continue;
        }
        let range = window.pop_front().unwrap().wait().unwrap();
        writeln!(out, "{}", range.last()).unwrap();
        out.flush().unwrap();
        if range.last().0.is_multiple_of(SNAPSHOT_EVERY) {
            let bytes = range.last().0.to_be_bytes().to_vec();
            let rows = (0..50_u8)
                .map(|key| StateRow {
                    operator: "windows".into(),
                    key: vec![key],
                    version: 1,
                    bytes: bytes.clone(),
                })
                .collect();
            snapshots.write(range.last(), UtcMs(START), rows).unwrap();
        }
    }
}

fn start(dir: &Path, phase: &str, nth: u64) -> Child {
    let nth = nth.to_string();
    Command::new(std::env::current_exe().unwrap())
        .args(["write".as_ref(), dir.as_os_str(), phase.as_ref(), nth.as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads what the process says until it ends, or until `enough` lines; gives the last number.
fn listen(child: &mut Child, enough: usize) -> u64 {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let said: Vec<String> = lines.map_while(Result::ok).take(enough).collect();
    said.iter().filter_map(|line| line.parse().ok()).max().unwrap_or(0)
}

/// What was acknowledged is there, whole, and what is derived from it agrees.
fn check(dir: &Path, acknowledged: u64, situation: &str) -> u64 {
    let all = everything(dir);
    let durable = all.len() as u64;
    assert!(durable >= acknowledged, "{situation}: {acknowledged} acknowledged, {durable} there");
    for (i, found) in all.iter().enumerate() {
        assert_eq!(found.record, record(i as u64), "{situation}: record {}", i + 1);
    }
    assert!(verify_blocks(dir).unwrap().is_whole(), "{situation}");
    let snapshots = SnapshotStore::open(dir, PhaseHook::default()).unwrap();
    if let Some(snapshot) = snapshots.latest_valid(Seq(durable)).unwrap() {
        assert_eq!(snapshot.passed_over, [], "{situation}");
        assert_eq!(snapshot.rows.len(), 50, "{situation}");
        assert!(snapshot.rows.iter().all(|r| r.bytes == snapshot.seq.0.to_be_bytes()));
    }
    let history = HistoryStore::open(dir).unwrap();
    let position = history.position().unwrap();
    assert!(position <= Seq(durable), "{situation}: history at {position} of {durable}");
    let refused: u64 = history.read().refusal_counts().unwrap().iter().map(|c| c.2).sum();
    assert_eq!(refused, position.0.div_ceil(25), "{situation}: history as far as it says");
    durable
}

fn a_kill_at_any_phase_loses_nothing_that_was_acknowledged() {
    let phases = [
        "BeforeCommit",
        "AfterCommit",
        "BeforeAcknowledge",
        "CheckpointBegin",
        "CheckpointDone",
        "SnapshotBegin",
        "SnapshotCommitted",
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut before = 0;
    for (round, phase) in phases.into_iter().chain(phases).enumerate() {
        let nth = if phase.starts_with('B') || phase.starts_with('A') { 40 } else { 2 };
        let mut child = start(dir.path(), phase, nth + round as u64 / 7);
        let acknowledged = listen(&mut child, usize::MAX);
        assert!(!child.wait().unwrap().success(), "it was killed at {phase}");
        let durable = check(dir.path(), acknowledged, phase);
        assert!(durable > before, "{phase}: it went on from {before}");
        before = durable;
    }
}

fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut x = 0x5EED_1234_u64;
    for round in 0..KILLS {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        let lines = (x % 300) as usize + 1;
        let mut child = start(dir.path(), "never", 0);
        let acknowledged = listen(&mut child, lines);
        // Beside the living writer of another process.
        if acknowledged > 0 {
            let mut reader = Reader::open(dir.path()).unwrap();
            let found = reader.read_from(Seq(acknowledged), 1).unwrap();
            assert_eq!(found[0].record, record(acknowledged - 1), "what is acknowledged is read");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Only after the process is gone is the directory free.
        check(dir.path(), acknowledged, &format!("seed 0x5EED_1234, round {round}, {lines} lines"));
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, dir, phase, nth] = &arguments[..]
        && role == "write"
    {
        write(Path::new(dir), phase, nth.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    own_main::run(&[
        (
            "a_kill_at_any_phase_loses_nothing_that_was_acknowledged",
            a_kill_at_any_phase_loses_nothing_that_was_acknowledged,
        ),
        (
            "a_kill_at_any_moment_loses_nothing_that_was_acknowledged",
            a_kill_at_any_moment_loses_nothing_that_was_acknowledged,
        ),
    ])
}
