use domain::decision::{Decision, DecisionKind};
use domain::desk::{Actor, DeskFact};
use domain::exchange::{ExchangeAct, ExchangeCounts, ExchangeFact, ExchangeFault};
use domain::ids::{DatastreamIx, HospitalId, IncidentId, PeerId, Seq, TaskId, UnitId};
use domain::letter::LetterFact;
use domain::observation::{OriginFlag, Quality, Trust};

use domain::registry::{RegistryAct, RegistryWay};
use domain::report::{EmergencyTraffic, HospitalStatus, TaskReport, UnitReport};
use proptest::prelude::*;

use super::*;

fn round_trip(record: &Record) {
    let mut bytes = Vec::new();
    encode_into(record, &mut bytes).unwrap();
    let (read, rest) = decode_one(&bytes).unwrap();
    assert_eq!(&read, record);
    assert!(rest.is_empty());
}

fn unit_report(task: Option<TaskId>, note: Option<&str>) -> Record {
    Record::Report {
        received: UtcMs(7),
        agency: AgencyId::new("fire").unwrap(),
        channel: Channel::Mqtt,
        report: Report::Unit(UnitReport {
            task,
            report: task.map(|_| TaskReport::OnScene),
            note: note.map(str::to_owned),
            lon: Some(113.080_000_000_000_01),
            ..UnitReport::of(UnitId::new("boat-3").unwrap(), UtcMs(1_781_118_300_000))
        }),
    }
}

#[test]
fn absent_fields_of_a_report_stay_absent_and_those_after_them_stay_in_place() {
    round_trip(&unit_report(None, None));
    round_trip(&unit_report(Some(TaskId(9)), Some("水深一米")));
    round_trip(&Record::Report {
        received: UtcMs(7),
        agency: AgencyId::new("health").unwrap(),
        channel: Channel::Http,
        report: Report::Hospital(HospitalStatus {
            hospital: HospitalId::new("H1").unwrap(),
            t: UtcMs(1_781_118_300_000),
            beds: 900,
            beds_occupied: 850,
            icu_beds: 0,
            icu_occupied: 0,
            emergency_waiting: 40,
            traffic: EmergencyTraffic::DivertAdvised,
            note: None,
        }),
    });
}

#[test]
fn evidence_in_a_desk_event_keeps_every_bit_of_its_values() {
    let alert = "rainfall@JM-0012@1781118300000".parse().unwrap();
    let decision = |value| Decision {
        seq: Some(Seq(17)),
        t: "2026-06-11T03:05:00+08:00".into(),
        kind: DecisionKind::AlertRaised,
        hazard: "rainfall".into(),
        place: "JM-0012".into(),
        level: "orange".into(),
        was: "none".into(),
        value,
        because: vec!["JM-0012:rainfall:1781118300000:0a1b2c3d".into()],
        rule: "rainfall/1h".into(),
        alert: None,
        trust: None,
    };
    round_trip(&Record::Desk(DeskEvent {
        at: UtcMs(1_781_118_300_000),
        by: Actor::Platform,
        command_id: None,
        what: DeskFact::IncidentOpened {
            incident: IncidentId(5),
            alert,
            title: "潭江超警".into(),
            evidence: vec![decision(Some(0.1 + 0.2)), decision(None)],
        },
    }));
}

#[test]
fn refusals_and_configuration_keep_raw_bytes() {
    round_trip(&Record::Refused(Refusal {
        agency: AgencyId::new("hydro").unwrap(),
        channel: Channel::MqttBridge,
        source: "fh/v1/hydro/obs".into(),
        received: UtcMs(1),
        reason: Reason::Syntax,
        detail: "not JSON".into(),
        raw: (0..=255).collect(),
        quarantined: false,
    }));
    round_trip(&Record::Configuration {
        holds_from: UtcMs(0),
        hash: "00".repeat(32),
        files: vec![("city.toml".into(), b"name = \"x\"".to_vec()), ("empty".into(), vec![])],
        datastreams: vec![("JM-0012".into(), "rainfall".into())],
    });
}

#[test]
fn acts_about_letters_return_whole() {
    let act =
        |what| Record::Letter(LetterAct { letter: Seq(7), at: UtcMs(9), by: "wang".into(), what });
    round_trip(&act(LetterFact::Dismissed { note: "试验帧".into() }));
    for why in [None, Some((Reason::Unit, "\"ft\" is no unit".to_owned()))] {
        let (accepted, duplicate, refused, quarantined) = (1, 2, 3, 4);
        round_trip(&act(LetterFact::Replayed {
            mended: true,
            accepted,
            duplicate,
            refused,
            quarantined,
            why,
        }));
    }
}

#[test]
fn a_change_of_the_registry_returns_whole() {
    let act = |way| RegistryAct {
        at: UtcMs(9),
        by: "li".into(),
        way,
        before: Seq(1),
        hash: "00".repeat(32),
        changes: vec!["~ stations.csv 甲: agency=hydro -> agency=rescue".into()],
        total: 3,
    };
    let ways = [RegistryWay::Start, RegistryWay::Signal, RegistryWay::Command, RegistryWay::Http];
    for way in ways {
        round_trip(&Record::Registry(act(way)));
    }
}

#[test]
fn acts_of_exchange_return_whole() {
    let act = |what| {
        let (id, digest, by) = ("e-1".to_owned(), "00".repeat(32), "li".to_owned());
        let peer = PeerId::new("province").ok();
        Record::Exchange(ExchangeAct { id, at: UtcMs(9), peer, number: 7, digest, by, what })
    };
    let counts = ExchangeCounts { accepted: 1, duplicate: 2, refused: 3, quarantined: 4 };
    round_trip(&act(ExchangeFact::Imported { counts, backlog: true, missing: 1 }));
    round_trip(&act(ExchangeFact::Taking { items: 10, backlog: false }));
    let (items, left_out, from_seq, to_seq, backlog) = (1, 2, 3, 4, false);
    round_trip(&act(ExchangeFact::Exported { items, left_out, from_seq, to_seq, backlog }));
    for fault in ExchangeFault::ALL {
        round_trip(&act(ExchangeFact::Refused { fault: *fault, detail: "第6号缺".into() }));
    }
}

#[test]
fn bytes_that_are_no_record_are_an_error_and_no_panic() {
    assert!(decode_one(&[]).is_err());
    assert!(decode_one(&[0x7f]).is_err());
    assert!(decode_all(&[1, 2, 0], 1).is_err(), "a byte too many is told");
}

proptest! {
    #[test]
    fn any_observation_fits_the_small_room_and_returns_bit_for_bit(
        received in any::<i64>(), t in any::<i64>(), result in any::<i64>(),
        bits in any::<u64>(), ix in any::<u32>(), backlog in any::<bool>(),
    ) {
        let observation = Observation {
            datastream: DatastreamIx(ix),
            t: UtcMs(t),
            result_time: UtcMs(result),
            value: f64::from_bits(bits),
            quality: Quality { origin: OriginFlag::Completed, trust: Trust::Doubtful },
            backlog,
        };
        let record = Record::Observation {
            received: UtcMs(received), channel: Channel::File, observation,
        };
        let mut bytes = Vec::new();
        encode_into(&record, &mut bytes).unwrap();
        let (read, _) = decode_one(&bytes).unwrap();
        let Record::Observation { observation: back, .. } = read else { panic!("another kind") };
        prop_assert_eq!(back.value.to_bits(), bits);
        prop_assert_eq!((back.t, back.result_time), (observation.t, observation.result_time));
        prop_assert_eq!(back.backlog, backlog);
    }

    #[test]
    fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode_all(&bytes, 3);
    }
}
