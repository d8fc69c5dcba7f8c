//! Stop 3 in situations: what is taken, what is known already, what is refused, and what survives.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use domain::observation::{OriginFlag, Trust};
use domain::record::Record;
use domain::refusal::{Channel, RAW_KEPT_MAX_BYTES, Reason};
use domain::report::Report;
use domain::time::{SECOND_MS, UtcMs};
use ingest::admit::{Outcome, Source};
use ingest::hospitals::decode;
use ingest::json::batch::decode_packet;
use ingest::judge::Why;
use ingest::memory::RECENT_PER_DATASTREAM_MAX;
use ingest::reports::kind::Said;
use journal::{Options, Phase, PhaseHook};
use proptest::prelude::*;
use support::{DEADLINE, House, NOW, agency, until};

fn rain(station: &str, t: UtcMs, v: f64) -> String {
    format!(r#"{{"station":"{station}","property":"rainfall","t":{},"v":{v}}}"#, t.0)
}

fn reason(outcome: &Outcome) -> Reason {
    outcome.why().unwrap_or_else(|| panic!("{outcome:?}")).reason
}

#[tokio::test]
async fn a_resend_is_a_duplicate_and_another_value_a_correction() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let body = rain("R-1", NOW, 2.5);
    assert_eq!(house.send("hydro", &body).await, [Outcome::Accepted]);
    assert_eq!(house.send("hydro", &body).await, [Outcome::Duplicate]);
    let twice = format!("[{0},{0},{1}]", rain("R-2", NOW, 1.0), rain("R-2", NOW, 1.5));
    let outcomes = house.send("hydro", &twice).await;
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Duplicate, Outcome::Accepted]);
    assert_eq!(house.send("hydro", &twice).await, [const { Outcome::Duplicate }; 3]);
    let kept: Vec<(f64, OriginFlag)> = house
        .records()
        .iter()
        .filter_map(|r| match r {
            Record::Observation { observation: o, .. } => Some((o.value, o.quality.origin)),
            _ => None,
        })
        .collect();
    assert_eq!(
        kept,
        [(2.5, OriginFlag::Original), (1.0, OriginFlag::Original), (1.5, OriginFlag::Corrected)]
    );
}

#[tokio::test]
async fn a_senders_id_makes_it_the_same_report_unless_it_says_later() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let with =
        |v: f64, more: &str| rain("R-1", NOW, v).replace('}', &format!(",\"id\":\"a-1\"{more}}}"));
    assert_eq!(house.send("hydro", &with(1.0, "")).await, [Outcome::Accepted]);
    assert_eq!(house.send("hydro", &with(2.0, "")).await, [Outcome::Duplicate]);
    let later = format!(",\"result_time\":{}", NOW.0 + 1);
    assert_eq!(house.send("hydro", &with(2.0, &later)).await, [Outcome::Accepted]);
    // A counter that began again after a restart names another instant: nothing is lost.
    let other = with(3.0, "").replace(&NOW.0.to_string(), &(NOW.0 - 300_000).to_string());
    assert_eq!(house.send("hydro", &other).await, [Outcome::Accepted]);
}

#[tokio::test]
async fn every_refusal_is_typed_counted_and_kept_with_its_raw_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let table: Vec<(String, Reason)> = vec![
        (rain("R-99", NOW, 1.0), Reason::UnknownStation),
        (rain("W-1", NOW, 1.0), Reason::ForeignStation),
        (rain("R-1", NOW, 1.0).replace("rainfall", "snow_depth"), Reason::UnknownProperty),
        (rain("R-1", NOW, 81.0), Reason::OutOfRange),
        (rain("R-1", NOW, -0.1), Reason::OutOfRange),
        (rain("R-1", NOW, -1e308), Reason::OutOfRange),
        (rain("R-1", NOW, 2500.0), Reason::OutOfRange),
        (rain("R-1", NOW, 1.0).replace('}', ",\"unit\":\"m/s\"}"), Reason::Unit),
        (rain("R-1", NOW, 1e308).replace('}', ",\"unit\":\"m\"}"), Reason::NotFinite),
        (rain("R-1", NOW.plus_ms(121 * SECOND_MS), 1.0), Reason::FutureDated),
        (rain("R-1", UtcMs(NOW.0 + 365 * 86_400_000), 1.0), Reason::FutureDated),
        (
            rain("R-1", NOW, 1.0).replace('}', &format!(",\"result_time\":{}}}", NOW.0 + 200_000)),
            Reason::FutureDated,
        ),
        (rain("R-1", NOW, 1.0).replace('}', ",\"status\":\"exercise\"}"), Reason::ExerciseRefused),
        (rain("R-1", NOW, 1.0).replace('}', ",\"status\":\"test\"}"), Reason::UnknownStatus),
        (rain("R-new", UtcMs(1_700_000_000_000), 1.0), Reason::UnknownStation),
        (rain("R-1", NOW, 1.0).replace("\"v\"", "\"w\""), Reason::UnknownField),
        (rain("../../x", NOW, 1.0), Reason::Identifier),
    ];
    for (body, expected) in &table {
        let outcomes = house.send("hydro", body).await;
        assert_eq!(reason(&outcomes[0]), *expected, "{body}");
    }
    let kept: Vec<_> = house
        .records()
        .into_iter()
        .filter_map(|r| if let Record::Refused(refusal) = r { Some(refusal) } else { None })
        .collect();
    assert_eq!(kept.len(), table.len());
    for (refusal, (body, expected)) in kept.iter().zip(&table) {
        assert_eq!((refusal.reason, refusal.raw.as_slice()), (*expected, body.as_bytes()));
        assert_eq!(refusal.quarantined, *expected == Reason::FutureDated);
        assert!(!refusal.detail.is_empty());
    }
    let by_reason = house.telemetry.by_reason();
    assert_eq!(by_reason.values().sum::<u64>(), table.len() as u64);
    assert_eq!(by_reason["out_of_range"], 4);
    let records = house.records();
    assert!(!records.iter().any(|r| matches!(r, Record::Observation { .. })));
    // Within the tolerance it is taken.
    let near = rain("R-1", NOW.plus_ms(120 * SECOND_MS), 1.0);
    assert_eq!(house.send("hydro", &near).await, [Outcome::Accepted]);
}

#[tokio::test]
async fn a_lone_frame_far_ahead_moves_no_replays_time_and_another_recording_does() {
    const DAY_MS: i64 = 86_400_000;
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), false);
    let newest_tick = || {
        let records = house.records();
        let ticks = records.iter().filter_map(|r| match r {
            Record::Tick { now } => Some(*now),
            _ => None,
        });
        ticks.max()
    };
    let t0 = UtcMs(NOW.0 - 5_000 * DAY_MS);
    assert_eq!(house.send("hydro", &rain("R-1", t0, 1.0)).await, [Outcome::Accepted]);
    // A hole of a quarter is followed at once.
    let t1 = t0.plus_ms(92 * DAY_MS);
    assert_eq!(house.send("hydro", &rain("R-1", t1, 1.0)).await, [Outcome::Accepted]);
    assert_eq!(newest_tick(), Some(t1));
    // A clock that is years ahead is not, however often it says so, as long as others are here.
    for step in 1..6 {
        let far = rain("R-2", t1.plus_ms((4_000 + step) * DAY_MS), 9.0);
        assert_eq!(reason(&house.send("hydro", &far).await[0]), Reason::FutureDated);
        let here = t1.plus_ms(step * SECOND_MS);
        assert_eq!(house.send("hydro", &rain("R-1", here, 1.0)).await, [Outcome::Accepted]);
        assert_eq!(newest_tick(), Some(here));
    }
    let far = |step: i64| t1.plus_ms(2_000 * DAY_MS + step * 60 * SECOND_MS);
    // Two datastreams of one instant are one instant; another recording goes on from there.
    for (station, step) in [("R-1", 1), ("R-2", 1), ("R-1", 2), ("R-2", 2)] {
        let outcomes = house.send("hydro", &rain(station, far(step), 1.0)).await;
        assert_eq!(reason(&outcomes[0]), Reason::FutureDated, "{station} {step}");
    }
    for (station, step) in [("R-1", 3), ("R-2", 3), ("R-1", 4)] {
        let outcomes = house.send("hydro", &rain(station, far(step), 1.0)).await;
        assert_eq!(outcomes, [Outcome::Accepted], "{station} {step}");
        assert_eq!(newest_tick(), Some(far(step)));
    }
    assert_eq!(house.telemetry.by_reason()["future_dated"], 9);
}

#[tokio::test]
async fn a_refusals_raw_bytes_are_cut() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let long = rain(&"x".repeat(RAW_KEPT_MAX_BYTES + 10), NOW, 1.0);
    assert_eq!(reason(&house.send("hydro", &long).await[0]), Reason::Identifier);
    let Some(Record::Refused(refusal)) = house.records().pop() else { panic!("not kept") };
    assert_eq!(refusal.raw.len(), RAW_KEPT_MAX_BYTES);
}

#[tokio::test]
async fn a_unit_is_converted_and_a_spike_or_a_stuck_value_marked() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let flow = |minutes: i64, v: f64| {
        rain("R-1", NOW.plus_ms(minutes * 60_000), v).replace("rainfall", "discharge")
    };
    let in_litres = flow(-300, 5000.0).replace('}', ",\"unit\":\"L/s\"}");
    assert_eq!(house.send("hydro", &in_litres).await, [Outcome::Accepted]);
    // 60 m3/s an hour are believed, 995 in a quarter of an hour are not, and the fall back is.
    for (minutes, v) in [(-285, 6.0), (-270, 999.0), (-255, 6.0)] {
        assert_eq!(house.send("hydro", &flow(minutes, v)).await, [Outcome::Accepted]);
    }
    // Unchanged for an hour is believed, for longer is not.
    for minutes in [-240, -195, -180, -165] {
        house.send("hydro", &flow(minutes, 6.0)).await;
    }
    // A flash flood: its first value is not believed, the second bears it out.
    for (minutes, v) in [(-150, 300.0), (-135, 305.0)] {
        house.send("hydro", &flow(minutes, v)).await;
    }
    let seen: Vec<(f64, Trust)> = house
        .records()
        .iter()
        .filter_map(|r| match r {
            Record::Observation { observation: o, .. } => Some((o.value, o.quality.trust)),
            _ => None,
        })
        .collect();
    use Trust::{Doubtful as D, Reliable as R};
    assert_eq!(
        seen,
        [
            (5.0, R),
            (6.0, R),
            (999.0, D),
            (6.0, R),
            (6.0, R),
            (6.0, R),
            (6.0, D),
            (6.0, D),
            (300.0, D),
            (305.0, R)
        ]
    );
    // The platform's own mark does not make a resend another report.
    assert_eq!(house.send("hydro", &flow(-270, 999.0)).await, [Outcome::Duplicate]);
}

#[tokio::test]
async fn duplicates_are_known_after_a_restart_however_old() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let at = |n: i64| NOW.plus_ms(-300_000 * n);
    let count = RECENT_PER_DATASTREAM_MAX as i64 + 500;
    let body: Vec<String> = (0..count).rev().map(|n| rain("R-3", at(n), 0.5)).collect();
    house.send("hydro", &body.join("\n")).await;
    house.send("hydro", &rain("R-3", at(5), 0.7)).await;
    let position =
        || journal::history::HistoryReader::open(dir.path()).unwrap().position().unwrap();
    until("the history has caught up", || position() == house.journal().durable()).await;
    assert_eq!(house.send("hydro", &rain("R-3", at(count - 1), 0.5)).await, [Outcome::Duplicate]);
    house.close();
    let house = House::open(dir.path(), true);
    let outcomes = house.send("hydro", &body.join("\n")).await;
    assert!(outcomes.iter().all(|o| *o == Outcome::Duplicate));
    assert_eq!(house.send("hydro", &rain("R-3", at(5), 0.7)).await, [Outcome::Duplicate]);
    let accepted = house.send("hydro", &rain("R-3", at(count), 0.5)).await;
    assert_eq!(accepted, [Outcome::Accepted], "older than anything heard");
}

#[tokio::test]
async fn a_duplicate_of_what_is_not_yet_durable_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (open, gate) = std::sync::mpsc::sync_channel::<()>(16);
    let gate = std::sync::Mutex::new(gate);
    let hook = PhaseHook::new(move |phase| {
        if phase == Phase::BeforeCommit {
            let _ = gate.lock().unwrap().recv_timeout(DEADLINE);
        }
    });
    let options = Options { phase_hook: hook, ..Options::live() };
    let house = House::open_with(dir.path(), true, options);
    let body = rain("R-1", NOW, 2.5);
    let items = decode_packet(body.as_bytes()).unwrap();
    let who = agency("hydro");
    let source = Source { agency: &who, channel: Channel::Mqtt, place: "test" };
    let first = house.admission.admit(source, &items).unwrap();
    // The first sender's connection is gone; what was submitted stays submitted.
    drop(first);
    let second = house.admission.admit(source, &items).unwrap();
    let mut answer = Box::pin(second.durable());
    let early = futures_util::FutureExt::now_or_never(&mut answer);
    assert!(early.is_none(), "answered before the first is durable");
    open.send(()).unwrap();
    let outcomes = tokio::time::timeout(DEADLINE, answer).await.unwrap().unwrap();
    assert_eq!(outcomes, [Outcome::Duplicate]);
    assert_eq!(house.records().len(), 1);
    drop(open);
}

#[tokio::test]
async fn what_did_not_become_durable_is_taken_when_it_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { max_pages: Some(24), ..Options::live() };
    let house = House::open_with(dir.path(), true, options);
    let who = agency("hydro");
    let source = Source { agency: &who, channel: Channel::Mqtt, place: "test" };
    // Fill the file with refusals of bytes that do not compress.
    let noise: Vec<u8> =
        (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let why = Why { reason: Reason::Syntax, detail: "noise".into() };
    let mut full = false;
    for _ in 0..50 {
        full |= house.admission.refuse(source, why.clone(), &noise).durable().await.is_err();
    }
    assert!(full, "the file has no room left");
    let many: Vec<String> =
        (0..4_000).map(|n| rain("R-1", NOW.plus_ms(-n * 1000), (n % 79) as f64)).collect();
    let body = many.join("\n");
    let items = decode_packet(body.as_bytes()).unwrap();
    for _ in 0..2 {
        let outcome = house.admission.admit(source, &items).unwrap().durable().await;
        assert!(outcome.is_err(), "a lost report is not called a duplicate: {outcome:?}");
    }
    assert_eq!(
        house.telemetry.feeds().iter().map(|(_, f)| f.accepted + f.duplicate).sum::<u64>(),
        0
    );
}

#[tokio::test]
async fn in_a_replay_ticks_follow_the_frames_and_nothing_is_ahead() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), false);
    let at = |s: i64| NOW.plus_ms(s * SECOND_MS);
    let far = UtcMs(NOW.0 + 365 * 86_400_000);
    let body = [
        rain("R-1", at(0), 1.0),
        rain("R-2", at(0), 1.0),
        rain("R-3", at(-10), 1.0),
        rain("R-1", UtcMs(at(0).0 + 500), 1.5),
        rain("R-1", at(300), 2.0),
        rain("R-1", far, 3.0),
    ];
    let outcomes = house.send("hydro", &body.join("\n")).await;
    assert!(outcomes.iter().all(|o| *o == Outcome::Accepted), "{outcomes:?}");
    let ticks = |house: &House| -> Vec<i64> {
        let records = house.records();
        let ticks = records.iter().filter_map(|r| match r {
            Record::Tick { now } => Some(now.0),
            _ => None,
        });
        ticks.collect()
    };
    let heard = ticks(&house);
    assert_eq!(heard[..2], [at(0).0, at(300).0]);
    assert_eq!(heard.last(), Some(&far.0));
    assert!(heard.windows(2).all(|pair| pair[0] < pair[1]), "now never goes back");
    // Silence is heard: no hole between two frames is left without ticks.
    let step = domain::time::REPLAY_TICK_STEP_MS;
    assert!(heard.windows(2).all(|pair| pair[1] - pair[0] <= step));
    assert!(matches!(house.records()[0], Record::Tick { .. }), "the tick stands before its frame");
    house.close();
    let house = House::open(dir.path(), false);
    house.send("hydro", &rain("R-4", at(301), 1.0)).await;
    assert_eq!(ticks(&house).len(), heard.len(), "now does not go back after a restart");
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_take_now_back() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    for s in [0, 1, -3600, -3599, 2] {
        house.clock.set(NOW.plus_ms(s * SECOND_MS));
        house.admission.tick().await.unwrap();
    }
    let now = |r: &Record| match r {
        Record::Tick { now } => Some(*now),
        _ => None,
    };
    let ticks: Vec<UtcMs> = house.records().iter().filter_map(now).collect();
    assert!(ticks.is_sorted_by(|a, b| a < b), "{ticks:?}");
    assert_eq!(house.admission.now(), NOW.plus_ms(2 * SECOND_MS));
}

#[tokio::test]
async fn one_agency_over_its_rate_does_not_touch_another() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let body = rain("R-1", NOW, 1.0);
    let items = decode_packet(body.as_bytes()).unwrap();
    let (slow, hydro) = (agency("slow"), agency("hydro"));
    let source = |agency| Source { agency, channel: Channel::Http, place: "test" };
    let mut limited = 0;
    for _ in 0..100 {
        match house.admission.admit(source(&slow), &items) {
            Ok(admitted) => drop(admitted.durable().await.unwrap()),
            Err(too_fast) => {
                assert!(too_fast.retry_after.as_secs() >= 1);
                limited += 1;
            }
        }
    }
    assert!(limited > 50, "{limited}");
    assert!(house.admission.admit(source(&hydro), &items).is_ok());
}

#[tokio::test]
async fn a_hospitals_status_becomes_its_load() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    let health = agency("health");
    let source = Source { agency: &health, channel: Channel::Http, place: "test" };
    let body = format!(
        r#"{{"hospital":"H-1","t":{},"beds":400,"beds_occupied":380,"emergency_waiting":31,"traffic":"divert_advised"}}"#,
        NOW.0
    );
    let report = || Report::Facility(decode::hospital(body.as_bytes()).unwrap());
    let send = async |house: &House, report: Report| {
        house
            .admission
            .reports(source, Said::one(body.as_bytes(), report), |_| Ok(()))
            .unwrap()
            .durable()
            .await
            .unwrap()
    };
    assert_eq!(send(&house, report()).await, [Outcome::Accepted]);
    assert_eq!(send(&house, report()).await, [Outcome::Duplicate]);
    let values: Vec<f64> = house
        .records()
        .iter()
        .filter_map(|r| match r {
            Record::Observation { observation, .. } => Some(observation.value),
            _ => None,
        })
        .collect();
    assert_eq!(values, [95.0, 31.0, 2.0]);
    house.close();
    let house = House::open(dir.path(), true);
    assert_eq!(send(&house, report()).await, [Outcome::Duplicate], "after a restart too");
    let impossible = Report::Facility(domain::facility::HospitalReport {
        beds_occupied: Some(100_000),
        ..decode::hospital(body.as_bytes()).unwrap()
    });
    assert_eq!(reason(&send(&house, impossible).await[0]), Reason::OutOfRange);
}

fn mixed() -> impl Strategy<Value = Vec<(u8, u8, i64, u8)>> {
    proptest::collection::vec((0u8..8, 1u8..21, 0i64..40, 0u8..5), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    /// Proptest prints the seed of a failing mix.
    #[test]
    fn what_is_sent_is_accepted_or_known_or_refused(mix in mixed(), batch in 8usize..60) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let house = House::open(dir.path(), true);
            let lines: Vec<String> = mix.iter().map(|(kind, station, step, value)| {
                let t = NOW.plus_ms(-300_000 * step);
                let good = rain(&format!("R-{station}"), t, f64::from(*value));
                match kind {
                    0 => rain("nobody", t, 1.0),
                    1 => "{".to_owned(),
                    2 => rain("R-1", NOW.plus_ms(86_400_000), 1.0),
                    3 => rain("R-1", t, 500.0),
                    _ => good,
                }
            }).collect();
            let mut sums = [0u64; 4];
            for lines in lines.chunks(batch) {
                for outcome in house.send("hydro", &lines.join("\n")).await {
                    let at = match outcome {
                        Outcome::Accepted => 0,
                        Outcome::Duplicate => 1,
                        Outcome::Refused(_) => 2,
                        Outcome::Quarantined(_) => 3,
                    };
                    sums[at] += 1;
                }
            }
            assert_eq!(sums.iter().sum::<u64>(), lines.len() as u64);
            let feeds = house.telemetry.feeds();
            let feed = &feeds[0].1;
            assert_eq!([feed.accepted, feed.duplicate, feed.refused, feed.quarantined], sums);
            assert_eq!(feed.sent(), lines.len() as u64);
            let mut registry = prometheus_client::registry::Registry::default();
            house.telemetry.register(&mut registry);
            let mut page = String::new();
            prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
            for (outcome, sum) in ["accepted", "duplicate", "refused", "quarantined"].iter().zip(sums) {
                let line = format!("outcome=\"{outcome}\"}} {sum}");
                assert!(page.contains(&line), "{line} in {page}");
            }
            let records = house.records();
            let kept = |f: fn(&Record) -> bool| records.iter().filter(|r| f(r)).count() as u64;
            assert_eq!(kept(|r| matches!(r, Record::Observation { .. })), sums[0]);
            assert_eq!(kept(|r| matches!(r, Record::Refused(_))), sums[2] + sums[3]);
            house.close();
        });
    }
}

/// One judge that is given observations in groups of any size, and one that is given each alone.
fn judges() -> [ingest::judge::Judge; 2] {
    let city = domain::city::City::read(&support::files()).unwrap();
    let register = ingest::register::Register::of(&city, &city.registry(&[]));
    let register = std::sync::Arc::new(register);
    [(); 2]
        .map(|()| ingest::judge::Judge::new(register.clone(), ingest::memory::Memory::of_a_file()))
}

proptest! {
    /// To go ahead over a group changes nothing of what is said of each.
    #[test]
    fn a_group_is_judged_as_its_observations_one_by_one(
        sent in prop::collection::vec((0u32..24, 0i64..40, 0u8..4, any::<bool>()), 1..200),
        group in 1usize..40,
    ) {
        let lines: Vec<String> = sent
            .iter()
            .map(|(station, minute, v, discharge)| {
                let line = rain(&format!("R-{station}"), NOW.plus_ms(minute * 60_000), f64::from(*v) * 40.0);
                if *discharge { line.replace("rainfall", "discharge") } else { line }
            })
            .collect();
        let mut raws = Vec::new();
        for line in &lines {
            ingest::json::decode::decode_line_onto(line.as_bytes(), &mut raws).unwrap();
        }
        let [mut alone, mut together] = judges();
        let wanted: Vec<_> = raws.iter().map(|raw| alone.judge(raw, None, Some(NOW), 7)).collect();
        let mut found = Vec::new();
        for some in raws.chunks(group) {
            together.judge_group(some, None, Some(NOW), 7, |at, judged| {
                assert_eq!(at, found.len() % group);
                found.push(judged);
            });
        }
        prop_assert_eq!(found, wanted);
    }
}
