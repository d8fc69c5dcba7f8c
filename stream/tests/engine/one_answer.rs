//! The same record gives the same log: with any number of workers, any cut of batches, and after a
//! restart from a snapshot with another number of workers.

use crate::support::{gauges, run_from, storm};
use stream::EngineConfig;
use stream::snapshot::Snapshot;

#[test]
fn one_record_one_log() {
    let seed = 20_260_611;
    println!("seed {seed}");
    let (town, ids) = gauges(40);
    let story = storm(&town, &ids, 12, seed);
    let mut first: Option<(usize, Vec<String>)> = None;
    for (workers, cuts) in [(1, 3), (1, 99), (2, 5), (2, 123_457), (4, 11)] {
        let config = EngineConfig { workers, ..EngineConfig::default() };
        let told = run_from(&story.records, 1, config, cuts).expect("the engine runs");
        let lines = told.lines();
        println!("{workers} workers, cuts {cuts}: {} lines, {}", lines.len(), told.sha256());
        let kinds = ["alert.raised", "alert.cleared", "assessment.final", "assessment.amended"];
        for kind in kinds {
            let with = lines.iter().filter(|l| l.contains(&format!("\"kind\":\"{kind}\""))).count();
            assert!(with > 0, "the storm must bring {kind}");
        }
        match &first {
            None => first = Some((workers, lines)),
            Some((of, expected)) => {
                let differs = expected.iter().zip(&lines).position(|(a, b)| a != b);
                assert_eq!(
                    differs,
                    None,
                    "{workers} workers against {of}: {:?} / {:?}",
                    differs.and_then(|at| expected.get(at)),
                    differs.and_then(|at| lines.get(at))
                );
                assert_eq!(expected.len(), lines.len());
            }
        }
    }
}

#[test]
fn a_restart_from_any_snapshot_goes_on_with_the_same_log() {
    let seed = 77;
    println!("seed {seed}");
    let (town, ids) = gauges(20);
    let story = storm(&town, &ids, 10, seed);
    let config = EngineConfig { snapshot_every: Some(150), workers: 2, ..EngineConfig::default() };
    let whole = run_from(&story.records, 1, config, 17).expect("the engine runs");
    let lines = whole.lines();
    assert!(whole.snapshots.len() >= 3, "{} snapshots", whole.snapshots.len());
    for (snapshot, workers) in whole.snapshots.iter().zip([1, 4, 2, 3, 1, 2].iter().cycle()) {
        let bytes = postcard::to_stdvec(snapshot).expect("a snapshot is bytes");
        let read: Snapshot = postcard::from_bytes(&bytes).expect("and reads back");
        let seq = read.seq;
        let config = EngineConfig {
            workers: *workers,
            start_from: Some(read),
            published_upto: domain::ids::Seq(seq),
            ..EngineConfig::default()
        };
        let tail = run_from(&story.records, seq + 1, config, seq).expect("the engine runs");
        let before = whole.decisions.iter().filter(|d| d.seq.is_some_and(|s| s.0 <= seq)).count();
        assert_eq!(tail.lines(), lines[before..], "from seq {seq} with {workers} workers");
    }
}

#[test]
fn what_was_published_is_not_told_again() {
    let (town, ids) = gauges(10);
    let story = storm(&town, &ids, 8, 5);
    let whole = run_from(&story.records, 1, EngineConfig::default(), 3).expect("the engine runs");
    let upto = story.records.len() as u64 / 2;
    let config = EngineConfig { published_upto: domain::ids::Seq(upto), ..EngineConfig::default() };
    let again = run_from(&story.records, 1, config, 9).expect("the engine runs");
    let expected: Vec<String> = whole
        .decisions
        .iter()
        .filter(|d| d.seq.is_some_and(|s| s.0 > upto))
        .map(|d| stream::log::line(d).expect("JSON"))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(again.lines(), expected);
}

#[test]
fn state_is_spread_over_the_workers() {
    let (town, ids) = gauges(64);
    let story = storm(&town, &ids, 1, 5);
    for workers in [2, 4] {
        let config = EngineConfig { workers, snapshot_at_end: true, ..EngineConfig::default() };
        let told = run_from(&story.records, 1, config, 3).expect("the engine runs");
        let snapshot = told.snapshots.last().expect("one at the end");
        let mut of = vec![0usize; workers];
        for row in snapshot.rows.iter().filter(|row| row.operator == "assess") {
            let station = u32::from_be_bytes(row.key[..4].try_into().expect("four bytes"));
            of[station as usize % workers] += 1;
        }
        let least = of.iter().min().copied().unwrap_or(0);
        assert!(least * 2 * workers >= 64, "{of:?}");
    }
}

#[test]
fn finals_are_the_same_where_nothing_is_worked_out_before_they_are_settled() {
    let seed = 3;
    println!("seed {seed}");
    let (town, ids) = gauges(30);
    let story = storm(&town, &ids, 10, seed);
    let told = |provisional, cuts| {
        let config = EngineConfig { provisional, workers: 2, ..EngineConfig::default() };
        run_from(&story.records, 1, config, cuts).expect("the engine runs").lines()
    };
    let (all, settled) = (told(true, 7), told(false, 13));
    let of = |lines: &[String], kind: &str| -> Vec<String> {
        let kind = format!("\"kind\":\"{kind}\"");
        lines.iter().filter(|line| line.contains(&kind)).cloned().collect()
    };
    for kind in ["assessment.final", "feed.silent", "feed.returned"] {
        assert_eq!(of(&settled, kind), of(&all, kind), "{kind}");
    }
    assert!(of(&all, "assessment.final").len() > 10, "the storm must bring finals");
    for kind in ["assessment", "alert.raised", "alert.stepped", "alert.cleared"] {
        assert_eq!(of(&settled, kind), Vec::<String>::new(), "{kind}");
    }
    // An amended final is told with or without: of the amendments these are a part.
    let amended = of(&all, "assessment.amended");
    assert!(of(&settled, "assessment.amended").iter().all(|line| amended.contains(line)));
}
