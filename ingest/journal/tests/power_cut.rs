//! The power goes: what was acknowledged is there.
//!
//! A process writes a journal under strace and says what was acknowledged. From the record of its
//! system calls the disk is built as it was at many moments, with only what had been synced (and
//! with parts of the rest, drawn from a seed), and the journal is opened on it. With the syncs
//! switched off the same check must find records lost: it can fail.
//!
//! This test has a `main` of its own, since the process that writes is this same program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod disk;
mod own_main;
mod situation;

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use disk::{Call, Dice, Disk, read_calls};
use domain::ids::Seq;
use domain::record::Record;
use domain::refusal::Reason;
use journal::{AppendError, Journal, Options, Reader};
use situation::{observation, refusal};

/// Appends of the process that writes; each fortieth is large, so that the log is rotated.
const APPENDS: u64 = 1_200;
/// Receipts it leaves outstanding.
const WINDOW: usize = 6;
/// Moments at which the power goes, for each kind of cut.
const CUTS: usize = 60;

/// The exit code of a process whose journal has failed.
const FAILED: u8 = 3;
const NO_STRACE: &str = "strace cannot be run: install the package `strace`";

fn record(i: u64) -> Record {
    if i.is_multiple_of(40) { refusal("hydro", Reason::Syntax, 20_000) } else { observation(i) }
}

/// The process that writes: says `ack N` as soon as the first N records are acknowledged.
fn write(dir: &Path, synchronous: bool) {
    let options = Options { synchronous, checkpoint_bytes: 200_000, ..Options::live() };
    let (journal, _) = Journal::open(dir, options).unwrap();
    let appender = journal.appender();
    let mut window = VecDeque::new();
    let mut out = std::io::stdout().lock();
    let mut say = |receipt: journal::Receipt| {
        let range = receipt.wait().unwrap();
        out.write_all(format!("ack {}\n", range.last()).as_bytes()).unwrap();
        out.flush().unwrap();
    };
    for i in 0..APPENDS {
        window.push_back(appender.append_one(&record(i)));
        if window.len() == WINDOW {
            say(window.pop_front().unwrap());
        }
    }
    window.into_iter().for_each(&mut say);
}

/// The process whose disk fails once: says what was acknowledged, what was refused, and ends as a
/// server should.
fn write_on_a_failing_disk(dir: &Path) -> ExitCode {
    let (journal, _) = Journal::open(dir, Options::live()).unwrap();
    let appender = journal.appender();
    for i in 0..200 {
        match appender.append_one(&record(i)).wait() {
            Ok(range) => println!("ack {}", range.last()),
            Err(AppendError::Stopped(_)) => println!("stopped"),
            Err(other) => panic!("{other}"),
        }
    }
    if journal.failed().is_some() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
}

fn a_sync_that_fails_once_is_not_tried_again_and_stops_the_journal() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("journal");
    // Only the thirtieth sync of a thread fails: a second try would succeed.
    let inject = "inject=fsync,fdatasync:error=EIO:when=30";
    let run = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject])
        .arg(std::env::current_exe().unwrap())
        .args(["write".as_ref(), dir.as_os_str(), "failing".as_ref()])
        .output();
    let run = run.unwrap_or_else(|e| panic!("{NO_STRACE} ({e})"));
    assert_eq!(run.status.code(), Some(i32::from(FAILED)), "it ends with an error of its own");
    let said = String::from_utf8(run.stdout).unwrap();
    let acknowledged: Vec<&str> = said.lines().take_while(|line| *line != "stopped").collect();
    let after: Vec<&str> = said.lines().skip(acknowledged.len()).collect();
    assert!(acknowledged.len() > 5, "{said}");
    assert!(after.len() > 100 && after.iter().all(|line| *line == "stopped"), "{said}");
    let (journal, recovery) = Journal::open(&dir, Options::live()).unwrap();
    assert!(recovery.durable.0 >= acknowledged.len() as u64, "{recovery:?}");
    assert_eq!(recovery.damaged, []);
    drop(journal);
}

/// Runs the writing process under strace; gives its calls.
fn trace(synchronous: bool) -> Vec<Call> {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let (dir, record) = (home.join("journal"), home.join("trace"));
    let mode = if synchronous { "synced" } else { "unsynced" };
    let calls = "trace=pwrite64,write,fdatasync,fsync,ftruncate,openat,unlink,unlinkat";
    let run = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "1048576", "-e", calls, "-o"])
        .arg(&record)
        .arg(std::env::current_exe().unwrap())
        .arg("write")
        .arg(&dir)
        .arg(mode)
        .output();
    let run = run.unwrap_or_else(|e| panic!("{NO_STRACE} ({e})"));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(said.lines().count() as u64, APPENDS);
    let calls = read_calls(&std::fs::read_to_string(record).unwrap(), &dir);
    let count = |wanted: fn(&Call) -> bool| calls.iter().filter(|c| wanted(c)).count();
    assert_eq!(count(|c| matches!(c, Call::Said(_))) as u64, APPENDS, "every line was seen");
    assert!(count(|c| matches!(c, Call::Write { .. })) > 500, "its writes were seen");
    let of_file = |c: &Call| matches!(c, Call::Write { file, .. } if file == journal::JOURNAL_FILE);
    assert!(calls.iter().filter(|c| of_file(c)).count() > 100, "the log was rotated");
    calls
}

/// Opens the journal on what a power cut left; gives how many of the acknowledged are lost.
fn lost(left: &Disk, acknowledged: u64) -> Result<u64, String> {
    let dir = tempfile::tempdir().unwrap();
    left.lay(dir.path());
    let (journal, recovery) =
        Journal::open(dir.path(), Options::live()).map_err(|error| error.to_string())?;
    if !recovery.damaged.is_empty() || recovery.salvaged_from.is_some() {
        return Err(format!("{recovery:?}"));
    }
    let mut reader: Reader = journal.reader().unwrap();
    let found = reader.read_from(Seq(1), APPENDS as usize + 1).unwrap();
    for (i, found) in found.iter().enumerate() {
        assert_eq!(found.record, record(i as u64), "record {}", i + 1);
    }
    assert_eq!(recovery.durable, Seq(found.len() as u64));
    Ok(acknowledged.saturating_sub(found.len() as u64))
}

/// Cuts the power at `CUTS` moments; gives the sum of what was lost and what did not open.
fn cut(calls: &[Call], seed: u64, part: bool) -> (u64, Vec<String>) {
    let mut dice = Dice(seed);
    let mut moments: Vec<usize> = (0..CUTS).map(|_| dice.below(calls.len())).collect();
    moments.push(calls.len() - 1);
    moments.sort_unstable();
    let (mut disk, mut acknowledged, mut total, mut broken) = (Disk::default(), 0, 0, Vec::new());
    for (index, call) in calls.iter().enumerate() {
        disk.take(index, call);
        if let Call::Said(line) = call {
            acknowledged = line.trim().trim_start_matches("ack ").parse().unwrap();
        }
        if moments.binary_search(&index).is_ok() {
            let left = disk.left(part.then_some(&mut dice));
            match lost(&left, acknowledged) {
                Ok(lost) => total += lost,
                Err(error) => broken.push(format!("seed {seed}, call {index}: {error}")),
            }
        }
    }
    (total, broken)
}

fn what_was_acknowledged_is_there_after_the_power_was_cut() {
    let calls = trace(true);
    for seed in [0x5EED_0001, 0x5EED_0002] {
        for part in [false, true] {
            let (lost, broken) = cut(&calls, seed, part);
            assert_eq!((lost, broken), (0, vec![]), "seed {seed:#x}, with parts: {part}");
        }
    }
}

fn with_the_syncs_off_the_same_check_finds_records_lost() {
    let calls = trace(false);
    let (lost, broken) = cut(&calls, 0x5EED_0003, false);
    assert!(lost > 0 || !broken.is_empty(), "nothing was synced and nothing was lost?");
}

fn a_disk_that_skips_some_syncs_of_the_log_is_found_out() {
    let mut calls = trace(true);
    let mut nth = 0;
    calls.retain(|call| {
        let log = matches!(call, Call::Synced { file, .. } if file.ends_with("-wal"));
        nth += usize::from(log);
        !log || nth % 3 != 0
    });
    // The places at which syncs began are those before any was taken away.
    for (index, call) in calls.iter_mut().enumerate() {
        if let Call::Synced { began, .. } = call {
            *began = (*began).min(index);
        }
    }
    let (lost, broken) = cut(&calls, 0x5EED_0004, false);
    assert!(lost > 0 || !broken.is_empty(), "a third of the syncs did nothing and nobody saw it");
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, dir, mode] = &arguments[..]
        && role == "write"
    {
        if mode == "failing" {
            return write_on_a_failing_disk(Path::new(dir));
        }
        write(Path::new(dir), mode == "synced");
        return ExitCode::SUCCESS;
    }
    own_main::run(&[
        (
            "what_was_acknowledged_is_there_after_the_power_was_cut",
            what_was_acknowledged_is_there_after_the_power_was_cut,
        ),
        (
            "with_the_syncs_off_the_same_check_finds_records_lost",
            with_the_syncs_off_the_same_check_finds_records_lost,
        ),
        (
            "a_disk_that_skips_some_syncs_of_the_log_is_found_out",
            a_disk_that_skips_some_syncs_of_the_log_is_found_out,
        ),
        (
            "a_sync_that_fails_once_is_not_tried_again_and_stops_the_journal",
            a_sync_that_fails_once_is_not_tried_again_and_stops_the_journal,
        ),
    ])
}
