use super::*;

fn report() -> HospitalReport {
    HospitalReport::new(HospitalId::new("H-1").unwrap(), UtcMs(1_781_118_300_000))
}

fn beds(kind: BedType, baseline: u32, available: u32) -> BedCapacity {
    BedCapacity {
        kind,
        status: None,
        baseline: Some(baseline),
        available: Some(available),
        additional_24h: None,
        additional_72h: None,
    }
}

#[test]
fn occupancy_is_of_the_totals_or_else_of_the_inpatient_types() {
    let mut said = report();
    assert_eq!(said.occupancy_percent(), None, "nothing is said");
    said.bed_capacity = vec![
        beds(BedType::AdultIcu, 20, 5),
        beds(BedType::EmergencyDepartment, 30, 0),
        beds(BedType::MedicalSurgical, 80, 10),
    ];
    assert_eq!(said.occupancy_percent(), Some(85.0));
    (said.beds, said.beds_occupied) = (Some(400), Some(100));
    assert_eq!(said.occupancy_percent(), Some(25.0));
    said.beds = Some(0);
    assert_eq!(said.occupancy_percent(), None);
}

#[test]
fn a_figure_that_is_not_said_is_not_there_and_none_stands_twice() {
    let mut said = report();
    assert!(said.figures().is_empty());
    said.bed_capacity = vec![beds(BedType::Burn, 4, 1)];
    said.ems_census = Some(Triage { red: Some(2), ..Triage::default() });
    said.traffic = Some(EmergencyTraffic::Suspended);
    let keys: Vec<String> = said.figures().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["traffic", "bed.burn.baseline", "bed.burn.available", "ems_census.red"]);
}

#[test]
fn what_cannot_all_be_true_is_doubtful() {
    let mut said = report();
    (said.beds, said.beds_occupied) = (Some(100), Some(108));
    (said.icu_beds, said.icu_occupied) = (Some(120), Some(3));
    said.traffic = Some(EmergencyTraffic::Suspended);
    assert_eq!(said.doubts(), [Doubt::OverBaseline, Doubt::IcuBeyondBeds, Doubt::Unapproved]);
    said.traffic_approved_by = Some("市卫健局".into());
    said.traffic_until = Some(UtcMs(1_781_118_400_000));
    (said.beds_occupied, said.icu_beds) = (Some(90), Some(10));
    assert!(said.doubts().is_empty());
}

#[test]
fn an_older_records_form_becomes_this_one() {
    let old: HospitalStatus = serde_json::from_str(
        r#"{"hospital":"H-1","t":1781118300000,"beds":400,"beds_occupied":380,"traffic":"strained"}"#,
    )
    .unwrap();
    let said = HospitalReport::from(old);
    assert_eq!(said.occupancy_percent(), Some(95.0));
    assert_eq!(said.emergency_waiting, Some(0), "the old form knew no other");
}
