//! What is derived from the record: kept once, found again, made anew when it is damaged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod situation;

use std::fs;
use std::sync::Arc;
use std::sync::Mutex;

use domain::decision::{Decision, DecisionKind};
use domain::ids::{AgencyId, DatastreamIx, Seq};
use domain::letter::{LetterAct, LetterFact, LetterState};
use domain::observation::{Observation, OriginFlag, Quality, Trust};
use domain::record::{Record, Sequenced};
use domain::refusal::{Channel, Reason};
use domain::time::UtcMs;
use journal::decisions::{Appended, DecisionLine, DecisionReader, DecisionStore};
use journal::history::{FollowEnd, HistoryReader, HistoryStore, RefusalFilter, Shutdown, spawn};
use journal::snapshots::{SNAPSHOTS_FILE, SnapshotStore, StateRow};
use journal::{DerivedError, Phase, PhaseHook, Progress};
use situation::{START, observation, open, refusal, tick};

const LONG: std::time::Duration = std::time::Duration::from_secs(30);

fn line(seq: u64, ordinal: u32, alert: Option<&str>) -> DecisionLine {
    let json = format!("{{\"seq\":{seq},\"n\":{ordinal}}}").into_bytes();
    DecisionLine { seq: Seq(seq), ordinal, alert: alert.map(str::to_owned), told: None, json }
}

#[test]
fn a_decision_is_kept_once_however_often_the_engine_repeats_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = DecisionStore::open(dir.path()).unwrap();
    let first = [line(3, 0, None), line(3, 1, Some("a@x@1")), line(7, 0, Some("b@y@2"))];
    let done = store.append(&first, Seq(9)).unwrap();
    assert_eq!(done, Appended { written: 3, skipped: 0, position: Seq(9) });
    drop(store);
    // A restart from an older snapshot: it decides 7 again, and a new thing at 12.
    let mut store = DecisionStore::open(dir.path()).unwrap();
    assert_eq!(store.position().unwrap(), Seq(9));
    let again = [line(7, 0, Some("b@y@2")), line(12, 0, Some("b@y@2"))];
    let done = store.append(&again, Seq(12)).unwrap();
    assert_eq!(done, Appended { written: 1, skipped: 1, position: Seq(12) });
    let beyond = store.append(&again, Seq(5)).unwrap_err();
    assert!(matches!(beyond, DerivedError::Beyond { row: Seq(7), upto: Seq(5), .. }), "{beyond}");
    let done = store.append(&[], Seq(5)).unwrap();
    assert_eq!(done.position, Seq(12), "a position never goes back by itself");
    let reader = DecisionReader::open(dir.path()).unwrap();
    assert_eq!(reader.count().unwrap(), 4);
    assert_eq!(reader.between(Seq(3), Seq(7), 10).unwrap(), first);
    assert_eq!(reader.after((Seq(3), 0), 1).unwrap(), first[1..2]);
    assert_eq!(reader.of_alert("b@y@2").unwrap(), [line(7, 0, Some("b@y@2")), again[1].clone()]);
    assert_eq!(reader.newest(1).unwrap(), again[1..]);
}

#[test]
fn decisions_beyond_the_journal_s_end_are_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = DecisionStore::open(dir.path()).unwrap();
    store.append(&[line(3, 0, None), line(7, 0, None)], Seq(9)).unwrap();
    assert_eq!(store.rewind(Seq(20)).unwrap(), 0);
    assert_eq!(store.rewind(Seq(5)).unwrap(), 1);
    assert_eq!(store.position().unwrap(), Seq(5));
    assert_eq!(store.append(&[line(7, 0, None)], Seq(7)).unwrap().written, 1);
}

#[test]
fn a_decision_makes_its_line() {
    let alert = "rainfall@JM-0012@1781118300000";
    let decision = Decision {
        seq: Some(Seq(17)),
        t: "2026-06-11T03:05:00+08:00".into(),
        kind: DecisionKind::AlertRaised,
        hazard: "rainfall".into(),
        place: "JM-0012".into(),
        level: "orange".into(),
        was: "none".into(),
        value: Some(41.5),
        because: vec![],
        rule: "rainfall/1h".into(),
        alert: Some(alert.parse().unwrap()),
        trust: None,
    };
    let line = DecisionLine::of(Seq(17), 2, &decision).unwrap();
    assert_eq!(line.alert.as_deref(), Some(alert));
    assert_eq!(serde_json::from_slice::<Decision>(&line.json).unwrap(), decision);
}

fn state(operator: &str, key: u32, bytes: usize) -> StateRow {
    let key = key.to_be_bytes().to_vec();
    StateRow { operator: operator.into(), bytes: vec![key[3]; bytes], key, version: 1 }
}

#[test]
fn the_last_two_snapshots_are_kept_and_the_newest_whole_one_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let phases = Arc::new(Mutex::new(Vec::new()));
    let seen = phases.clone();
    let hook = PhaseHook::new(move |phase| seen.lock().unwrap().push(phase));
    let mut store = SnapshotStore::open(dir.path(), hook).unwrap();
    assert_eq!(store.latest_valid(Seq(100)).unwrap(), None);
    for n in 1..=3 {
        let rows = vec![state("windows", n, 30), state("alerts", 2, 10), state("alerts", 1, 0)];
        assert_eq!(store.write(Seq(u64::from(n) * 10), UtcMs(START), rows).unwrap(), 3);
    }
    assert_eq!(phases.lock().unwrap()[..2], [Phase::SnapshotBegin, Phase::SnapshotCommitted]);
    drop(store);
    let store = SnapshotStore::open(dir.path(), PhaseHook::default()).unwrap();
    let newest = store.latest_valid(Seq(100)).unwrap().unwrap();
    assert_eq!((newest.seq, newest.created), (Seq(30), UtcMs(START)));
    assert_eq!(
        newest.rows,
        [state("alerts", 1, 0), state("alerts", 2, 10), state("windows", 3, 30)]
    );
    let older = store.latest_valid(Seq(29)).unwrap().unwrap();
    assert_eq!((older.seq, older.passed_over), (Seq(20), vec![Seq(30)]), "not after the journal");
    assert_eq!(store.latest_valid(Seq(19)).unwrap(), None, "only two are kept");
}

#[test]
fn a_damaged_snapshot_is_passed_over_for_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SnapshotStore::open(dir.path(), PhaseHook::default()).unwrap();
    let rows = |fill: u8| -> Vec<StateRow> {
        let row = |n| StateRow { bytes: vec![fill; 900], ..state("windows", n, 0) };
        (0..60).map(row).collect()
    };
    store.write(Seq(10), UtcMs(START), rows(0x11)).unwrap();
    store.write(Seq(20), UtcMs(START), rows(0x22)).unwrap();
    drop(store);
    let path = dir.path().join(SNAPSHOTS_FILE);
    let mut bytes = fs::read(&path).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - 64).filter(|i| bytes[*i..i + 64].iter().all(|b| *b == 0x22)).collect();
    bytes[places[places.len() / 2]] ^= 0x08;
    fs::write(&path, &bytes).unwrap();
    let store = SnapshotStore::open(dir.path(), PhaseHook::default()).unwrap();
    let found = store.latest_valid(Seq(100)).unwrap().unwrap();
    assert_eq!((found.seq, found.passed_over), (Seq(10), vec![Seq(20)]));
    assert_eq!(found.rows, rows(0x11));
}

#[test]
fn a_derived_file_that_is_no_database_is_set_aside_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = DecisionStore::open(dir.path()).unwrap();
    store.append(&[line(3, 0, None)], Seq(3)).unwrap();
    drop(store);
    let path = dir.path().join(journal::decisions::DECISIONS_FILE);
    fs::write(&path, [0xA5; 5_000]).unwrap();
    let store = DecisionStore::open(dir.path()).unwrap();
    assert_eq!(store.position().unwrap(), Seq(0), "it is derived again from the journal");
    assert_eq!(fs::read(path.with_extension("sqlite.damaged-1")).unwrap(), [0xA5; 5_000]);
}

#[test]
fn a_derived_file_of_a_newer_program_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(HistoryStore::open(dir.path()).unwrap());
    let path = dir.path().join(journal::history::HISTORY_FILE);
    rusqlite::Connection::open(path).unwrap().execute_batch("PRAGMA user_version=9").unwrap();
    let refused = HistoryStore::open(dir.path()).unwrap_err();
    assert!(matches!(refused, DerivedError::Newer { found: 9, .. }), "{refused}");
}

fn seen(seq: u64, t: i64, result: i64, value: f64, trust: Trust) -> Sequenced {
    let quality = Quality { origin: OriginFlag::Corrected, trust };
    let observation = Observation {
        datastream: DatastreamIx(5),
        t: UtcMs(t),
        result_time: UtcMs(result),
        value,
        quality,
        backlog: false,
    };
    let record =
        Record::Observation { received: UtcMs(result), channel: Channel::Http, observation };
    Sequenced { seq: Seq(seq), record }
}

#[test]
fn of_several_values_for_an_instant_the_later_result_holds_and_all_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = HistoryStore::open(dir.path()).unwrap();
    let trust = Trust::Doubtful;
    let records = [
        seen(1, 100, 100, 1.0, trust),
        seen(2, 200, 900, 2.0, trust),
        seen(3, 200, 300, 2.5, trust),
        seen(4, 300, 300, 3.0, trust),
        seen(5, 300, 300, -0.1, Trust::Unreliable),
        seen(6, 400, 400, f64::NAN, trust),
    ];
    store.append(&records, Seq(6)).unwrap();
    let history = HistoryReader::open(dir.path()).unwrap();
    let values = |samples: Vec<journal::history::Sample>| -> Vec<f64> {
        samples.iter().map(|s| s.observation.value).collect()
    };
    // At 300 the results tie, and the larger id holds: that of the larger content checksum.
    let crc = |i: usize| match &records[i].record {
        Record::Observation { observation, .. } => observation.content_crc(),
        _ => panic!("no observation"),
    };
    let tied = if crc(3) > crc(4) { 3.0 } else { -0.1 };
    let all = history.series(DatastreamIx(5), UtcMs(0), UtcMs(1_000), 10).unwrap();
    assert_eq!(all[1].observation.quality.origin, OriginFlag::Corrected);
    assert_eq!(all[1].seq, Seq(2));
    assert_eq!(values(all), [1.0, 2.0, tied]);
    let ds = DatastreamIx(5);
    assert_eq!(values(history.series(ds, UtcMs(101), UtcMs(299), 10).unwrap()), [2.0]);
    assert_eq!(values(history.series(ds, UtcMs(0), UtcMs(1_000), 2).unwrap()), [1.0, 2.0]);
    assert_eq!(values(history.newest(ds, 2).unwrap()), [2.0, tied]);
    assert_eq!(values(history.newest_before(ds, UtcMs(200), 1).unwrap()), [2.0]);
    assert_eq!(values(history.at(ds, UtcMs(200)).unwrap()), [2.5, 2.0], "what holds comes last");
    assert_eq!(history.find(ds, UtcMs(300), crc(4)).unwrap().map(|s| s.seq), Some(Seq(5)));
    assert_eq!(history.find(ds, UtcMs(300), 1).unwrap(), None);
    assert_eq!(history.series(DatastreamIx(6), UtcMs(0), UtcMs(1_000), 10).unwrap(), []);
}

#[test]
fn the_follower_fills_the_history_over_restarts_without_a_hole() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = 0_u64;
    for round in 0..4_u64 {
        let (journal, _) = open(dir.path());
        let store = HistoryStore::open(dir.path()).unwrap();
        let shutdown = Shutdown::default();
        let follower =
            spawn(journal.reader().unwrap(), journal.watermark(), store, shutdown.clone()).unwrap();
        let appender = journal.appender();
        for chunk in 0..10 {
            let batch: Vec<Record> = (0..300).map(|i| observation(written + i)).collect();
            appender.append(&batch).wait().unwrap();
            written += 300;
            if chunk % 3 == 0 {
                appender.append_one(&refusal("hydro", Reason::Unit, 20)).wait().unwrap();
                appender.append_one(&tick(chunk)).wait().unwrap();
            }
        }
        if round % 2 == 0 {
            // Broken off anywhere: the next one goes on from its position.
            shutdown.ask();
            assert_eq!(follower.join().unwrap().unwrap().end, FollowEnd::Shutdown);
            drop(journal);
        } else {
            let last = journal.close().unwrap();
            let followed = follower.join().unwrap().unwrap();
            assert_eq!((followed.end, followed.position), (FollowEnd::JournalEnded, last));
        }
    }
    let history = HistoryReader::open(dir.path()).unwrap();
    let mut found = 0;
    for ix in 0..200 {
        let series = history.series(DatastreamIx(ix), UtcMs(0), UtcMs(i64::MAX), 100_000).unwrap();
        found += series.len() as u64;
    }
    assert_eq!(found, written, "none missing, none twice");
    let counts = history.refusal_counts().unwrap();
    assert_eq!(counts, [(AgencyId::new("hydro").unwrap(), Reason::Unit, 16)]);
}

#[test]
fn a_follower_passes_over_damage_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    for round in 0..3 {
        let batch: Vec<Record> = (0..50).map(|i| observation(round * 50 + i)).collect();
        journal.appender().append(&batch).wait().unwrap();
    }
    drop(journal);
    let file = rusqlite::Connection::open(dir.path().join(journal::JOURNAL_FILE)).unwrap();
    file.execute_batch("UPDATE block SET body=X'0100' WHERE first_seq IN (51, 101)").unwrap();
    drop(file);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.damaged.len(), 2);
    let store = HistoryStore::open(dir.path()).unwrap();
    let follower =
        spawn(journal.reader().unwrap(), journal.watermark(), store, Shutdown::default()).unwrap();
    journal.appender().append_one(&observation(900)).wait().unwrap();
    assert!(matches!(journal.watermark().wait_past(Seq(150), LONG), Progress::Past(_)));
    drop(journal);
    assert_eq!(follower.join().unwrap().unwrap().position, Seq(151));
    let history = HistoryReader::open(dir.path()).unwrap();
    assert_eq!(history.position().unwrap(), Seq(151));
    let total: usize =
        (0..200).map(|ix| history.newest(DatastreamIx(ix), 1_000).unwrap().len()).sum();
    assert_eq!(total, 51);
}

#[test]
fn refusals_are_read_page_by_page_by_agency_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = HistoryStore::open(dir.path()).unwrap();
    let reasons = [Reason::Syntax, Reason::Unit, Reason::FutureDated];
    let records: Vec<Sequenced> = (1..=90)
        .map(|i| {
            let agency = if i % 2 == 0 { "hydro" } else { "met" };
            Sequenced { seq: Seq(i), record: refusal(agency, reasons[i as usize % 3], 8) }
        })
        .collect();
    store.append(&records, Seq(90)).unwrap();
    let history = store.read();
    let mut filter = RefusalFilter { agency: AgencyId::new("hydro").ok(), ..Default::default() };
    let mut seqs = Vec::new();
    loop {
        let page = history.refusals(&filter, 7).unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(last.seq);
        seqs.extend(page.iter().map(|kept| kept.seq.0));
    }
    assert_eq!(seqs, (1..=45).rev().map(|i| i * 2).collect::<Vec<u64>>());
    let filter = RefusalFilter { reason: Some(Reason::Unit), ..filter };
    let filter = RefusalFilter { before: None, ..filter };
    let page = history.refusals(&filter, 1_000).unwrap();
    assert_eq!(page.len(), 15);
    assert!(page.iter().all(|k| k.refusal.reason == Reason::Unit));
    let Record::Refused(first) = &records[page[0].seq.0 as usize - 1].record else { panic!() };
    assert_eq!(&page[0].refusal, first, "with its raw bytes");
}

#[test]
fn a_letters_state_is_what_the_record_says_of_it_and_goes_back_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = HistoryStore::open(dir.path()).unwrap();
    let replayed = |refused| LetterFact::Replayed {
        mended: true,
        accepted: 1 - refused,
        duplicate: 0,
        refused,
        quarantined: 0,
        why: (refused > 0).then(|| (Reason::Unit, "\"ft\" is no unit".to_owned())),
    };
    let act = |letter, what| {
        Record::Letter(LetterAct { letter: Seq(letter), at: UtcMs(9), by: "wang".into(), what })
    };
    let note = || "a test".to_owned();
    let records: Vec<Sequenced> = [
        refusal("hydro", Reason::Unit, 8),
        refusal("hydro", Reason::FutureDated, 8),
        refusal("met", Reason::Syntax, 8),
        act(1, replayed(1)),
        act(2, LetterFact::Dismissed { note: note() }),
        act(1, replayed(0)),
    ]
    .into_iter()
    .zip(1..)
    .map(|(record, seq)| Sequenced { seq: Seq(seq), record })
    .collect();
    store.append(&records, Seq(6)).unwrap();
    let states = |store: &HistoryStore| -> Vec<(u64, LetterState)> {
        let all = store.read().refusals(&RefusalFilter::default(), 10).unwrap();
        all.iter().map(|kept| (kept.seq.0, kept.state())).collect()
    };
    let after = [(3, LetterState::Open), (2, LetterState::Dismissed), (1, LetterState::Replayed)];
    assert_eq!(states(&store), after);
    let places = |filter: RefusalFilter| -> Vec<u64> {
        let places = store.read().refusal_places(&filter, 10).unwrap();
        let n = store.read().refusal_count(&filter, 10).unwrap();
        assert_eq!(n, places.len() as u64);
        places.iter().map(|seq| seq.0).collect()
    };
    let any = RefusalFilter::default;
    assert_eq!(places(RefusalFilter { state: Some(LetterState::Open), ..any() }), [3]);
    assert_eq!(places(RefusalFilter { state: Some(LetterState::Replayed), ..any() }), [1]);
    assert_eq!(places(RefusalFilter { source: Some("/OBS".into()), ..any() }), [1, 2, 3]);
    assert_eq!(places(RefusalFilter { source: Some("nowhere".into()), ..any() }), [0; 0]);
    assert_eq!(places(RefusalFilter { channel: Some(Channel::File), ..any() }), [0; 0]);
    assert_eq!(places(RefusalFilter { after: Some(Seq(1)), before: Some(Seq(3)), ..any() }), [2]);
    let acts = store.read().acts_about(Seq(1), 10).unwrap();
    assert_eq!(acts.iter().map(|kept| kept.seq.0).collect::<Vec<_>>(), [4, 6], "both are kept");
    store.rewind(Seq(5)).unwrap();
    assert_eq!(states(&store)[2], (1, LetterState::Open), "as the record was then");
}

#[test]
fn instants_are_counted_by_the_hour_that_ends_with_them_and_once_each() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = HistoryStore::open(dir.path()).unwrap();
    let hour = 3_600_000;
    let seen = |seq, t, value, origin| {
        let mut observation = Observation {
            datastream: DatastreamIx(5),
            t: UtcMs(t),
            result_time: UtcMs(t),
            value,
            quality: Quality::default(),
            backlog: false,
        };
        observation.quality.origin = origin;
        let (received, channel) = (UtcMs(t), Channel::Http);
        Sequenced { seq: Seq(seq), record: Record::Observation { received, channel, observation } }
    };
    let later = |mut row: Sequenced| {
        if let Record::Observation { observation, channel, .. } = &mut row.record {
            observation.result_time = observation.t.plus_ms(60_000);
            *channel = Channel::Desk;
        }
        row
    };
    use OriginFlag::{Completed, Corrected, Original};
    let records = [
        seen(1, 10 * hour, 1.0, Original),
        seen(2, 10 * hour + 1, 2.0, Original),
        seen(3, 10 * hour + 1, 3.0, Corrected),
        seen(4, 11 * hour, 4.0, Completed),
        seen(5, 12 * hour, 5.0, Original),
        // What a correction changed and gave back.
        later(seen(6, 12 * hour, 5.0, Original)),
    ];
    store.append(&records, Seq(6)).unwrap();
    let counts = |from, upto| -> Vec<(i64, u32)> {
        let hours = store.read().instants_by_hour(DatastreamIx(5), from, Seq(upto)).unwrap();
        hours.iter().map(|h| (h.hour, h.instants)).collect()
    };
    assert_eq!(counts(0, 6), [(9, 1), (10, 1), (11, 1)]);
    assert_eq!(counts(10, 4), [(10, 1)]);
}
