use proptest::prelude::*;

use domain::facility::*;
use domain::ids::HospitalId;
use domain::refusal::Reason;
use domain::report::EmergencyTraffic;
use domain::time::UtcMs;

use super::*;
use crate::decoders::samples::HAVE as DOCUMENT;
use crate::hospitals::decode::hospital;

fn read(body: &str) -> Vec<Result<HospitalReport, Why>> {
    let told = decode(body.as_bytes()).unwrap();
    told.into_iter()
        .map(|t| {
            let id = HospitalId::new(&t.who.id.unwrap_or("nobody".into())).unwrap();
            t.read.map(|r| r.of(id))
        })
        .collect()
}

#[test]
fn every_figure_of_a_document_is_read() {
    let said = read(DOCUMENT).remove(0).unwrap();
    let expected = r#"{"hospital":"JM-H01","t":"2026-09-11T22:00:00+08:00",
        "bed_capacity":[{"type":"adult_icu","status":"vacant_available","baseline":44,"available":4,"additional_24h":6,"additional_72h":10},
            {"type":"medical_surgical","status":"vacant_available","baseline":156,"available":56}],
        "traffic":"closed","traffic_reason":"CT 停机","ems_capacity":{"red":1,"green":12},"ems_census":{"yellow":7},
        "offload":"delayed","offload_minutes":45,"clinical":"full","decon":"open","morgue":"open","morgue_units":9,
        "facility":"compromised","security":"restricted_access","staffing":"adequate","facility_operations":"insufficient",
        "admissions_24h":31,"discharges_24h":20,"deaths_24h":1,"note":"氧气 6 小时"}"#;
    assert_eq!(said, hospital(expected.as_bytes()).unwrap());
    assert_eq!(said.occupancy_percent(), Some(70.0));
    assert_eq!(said.doubts(), [Doubt::Unapproved]);
}

#[test]
fn each_hospital_of_a_document_has_its_own_outcome() {
    let one = DOCUMENT.split("<have:Hospital>").nth(1).unwrap();
    let one = format!("<have:Hospital>{}", one.split("</have:HospitalStatus>").next().unwrap());
    let bad = one.replace("<have:AvailableCount>4<", "<have:AvailableCount>45<");
    let other = one.replace("JM-H01", "JM-H02");
    let head = DOCUMENT.split("<have:Hospital>").next().unwrap();
    let read = read(&format!("{head}{one}{bad}{other}</have:HospitalStatus>"));
    let reasons: Vec<Option<Reason>> =
        read.iter().map(|r| r.as_ref().err().map(|why| why.reason)).collect();
    assert_eq!(reasons, [None, Some(Reason::Inconsistent), None]);
    let raw = &decode(DOCUMENT.as_bytes()).unwrap()[0].raw;
    assert!(String::from_utf8_lossy(raw).contains("JM-H01"), "kept as it was sent");
}

#[test]
fn what_is_no_document_of_the_standard_is_refused() {
    let whole = |body: String| decode(body.as_bytes()).map(|_| ()).unwrap_err();
    let other = DOCUMENT.replace("EDXL:HAVE:1.0", "EDXL:HAVE:2.0");
    assert!(whole(other).detail.contains("EDXL:HAVE:1.0"));
    assert!(
        whole(DOCUMENT.replace("HospitalStatus", "Hospitals")).detail.contains("HospitalStatus")
    );
    let entity =
        DOCUMENT.replace("?>\n", "?>\n<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n");
    assert!(whole(entity).detail.contains("DOCTYPE"));
    let deep = DOCUMENT.replace("CT 停机", &"<x>".repeat(40));
    assert_eq!(whole(deep).reason, Reason::Syntax);
    assert_eq!(whole("<a/>".into()).reason, Reason::Syntax);
    let reason = |from: &str, to: &str| {
        read(&DOCUMENT.replace(from, to)).remove(0).map(|_| ()).unwrap_err().reason
    };
    assert_eq!(reason("JM-H01\">", "JM-H01\"><!--x-->"), Reason::Syntax);
    assert_eq!(reason(">Full<", ">Bursting<"), Reason::FieldForm);
    assert_eq!(reason(">45<", ">45.5<"), Reason::FieldForm);
    assert_eq!(reason("have:ClinicalStatus>", "have:ClinicStatus>"), Reason::UnknownField);
    assert_eq!(reason("22:00:00+08:00", "22:00:00"), Reason::Time);
    assert_eq!(reason("MedicalSurgical", "AdultICU"), Reason::FieldForm);
    assert_eq!(reason(">氧气 6 小时<", ">fenghuo:oxygen=6<"), Reason::UnknownField);
}

fn word<T: Copy + std::fmt::Debug + 'static>(
    all: &'static [T],
) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(proptest::sample::select(all))
}

fn n() -> impl Strategy<Value = Option<u32>> {
    proptest::option::of(0u32..1_000)
}

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-z<>&\"' 中文\n=:-]{1,30}")
}

fn triage() -> impl Strategy<Value = Option<Triage>> {
    proptest::option::of((n(), n(), n(), n()).prop_map(|(red, yellow, green, black)| Triage {
        red,
        yellow,
        green,
        black,
    }))
}

fn bed() -> impl Strategy<Value = BedCapacity> {
    let of = (0u32..50, n(), n(), n());
    (proptest::sample::select(BedType::ALL), word(CapacityStatus::ALL), of).prop_map(
        |(kind, status, (free, more, additional_24h, additional_72h))| BedCapacity {
            kind,
            status,
            baseline: more.map(|more| free + more),
            available: Some(free),
            additional_24h,
            additional_72h,
        },
    )
}

const TRAFFIC: &[EmergencyTraffic] = &[
    EmergencyTraffic::Normal,
    EmergencyTraffic::Strained,
    EmergencyTraffic::DivertAdvised,
    EmergencyTraffic::Suspended,
    EmergencyTraffic::NotApplicable,
];

prop_compose! {
    fn any_report()(
        t in 1_700_000_000_000i64..1_800_000_000_000,
        bed_capacity in proptest::collection::vec(bed(), 0..6),
        (beds, waiting, offload_minutes, morgue_units) in (1u32..900, n(), n(), n()),
        (taken, icu) in (0u32..900, n()),
        (traffic, reason, by, hours) in (word(TRAFFIC), text(), text(), proptest::option::of(1i64..700)),
        (ems_capacity, ems_census) in (triage(), triage()),
        (offload, eoc, clinical) in (word(Offload::ALL), word(Eoc::ALL), word(Clinical::ALL)),
        (decon, morgue, facility) in (word(Decon::ALL), word(Morgue::ALL), word(Facility::ALL)),
        (security, staffing, operations) in (word(Security::ALL), word(Supply::ALL), word(Supply::ALL)),
        (admissions_24h, deaths_24h, note, free) in (n(), n(), text(), n()),
    ) -> HospitalReport {
        let mut said = HospitalReport::new(HospitalId::new("JM-H01").unwrap(), UtcMs(t));
        said.bed_capacity = bed_capacity;
        said.bed_capacity.sort_by_key(|b| b.kind);
        said.bed_capacity.dedup_by_key(|b| b.kind);
        (said.beds, said.beds_occupied) = (Some(beds), Some(taken.min(beds)));
        (said.icu_beds, said.icu_occupied, said.emergency_waiting) = (icu, icu, waiting);
        (said.traffic, said.traffic_reason, said.traffic_approved_by) = (traffic, reason, by);
        said.traffic_until = hours.map(|h| UtcMs(t + h * 3_600_000));
        (said.ems_capacity, said.ems_census) = (ems_capacity, ems_census);
        (said.offload, said.offload_minutes, said.eoc) = (offload, offload_minutes, eoc);
        (said.clinical, said.decon, said.morgue) = (clinical, decon, morgue);
        (said.morgue_units, said.facility, said.security) = (morgue_units, facility, security);
        (said.staffing, said.facility_operations) = (staffing, operations);
        (said.admissions_24h, said.deaths_24h, said.note) = (admissions_24h, deaths_24h, note);
        said.ventilators = free.map(|free| Ventilators { baseline: None, available: Some(free) });
        said
    }
}

proptest! {
    #[test]
    fn written_as_xml_or_as_json_a_report_reads_back_the_same(said in any_report(), name in "[^\\x00-\\x1f\u{7f}-\u{9f}\u{fffe}\u{ffff}]{0,20}") {
        let json = serde_json::to_vec(&said).unwrap();
        let first = hospital(&json).unwrap();
        let again = hospital(&serde_json::to_vec(&first).unwrap()).unwrap();
        prop_assert_eq!(&first, &again);
        let document = encode(&[first.clone(), first.clone()], |_| name.as_str());
        let back = read(&document);
        prop_assert_eq!(back, vec![Ok(first.clone()), Ok(first)]);
    }

    #[test]
    fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..4_000, with in any::<u8>()) {
        let _ = decode(&body);
        let mut bytes = DOCUMENT.as_bytes().to_vec();
        let at = at.min(bytes.len() - 1);
        bytes[at] = with;
        let _ = decode(&bytes);
    }
}
