//! What the columns of a desk's sheet may be called: as the console and `GET /v1/hospitals/{id}` name
//! the figures, or in Chinese. Pure.

use std::borrow::Cow;

use domain::facility::BedType;

/// Columns whose cells are counts.
pub(super) const COUNTS: [&str; 10] = [
    "beds",
    "beds_occupied",
    "icu_beds",
    "icu_occupied",
    "emergency_waiting",
    "offload_minutes",
    "morgue_units",
    "admissions_24h",
    "discharges_24h",
    "deaths_24h",
];
/// Columns whose cells are words.
const WORDS: [&str; 17] = [
    "hospital",
    "t",
    "traffic",
    "traffic_reason",
    "traffic_until",
    "traffic_approved_by",
    "offload",
    "eoc",
    "clinical",
    "decon",
    "morgue",
    "facility",
    "security",
    "staffing",
    "facility_operations",
    "clinical_operations",
    "note",
];
/// The figures of a type of beds.
const OF_BEDS: [&str; 5] = ["status", "baseline", "available", "additional_24h", "additional_72h"];

/// Headings in Chinese, each with its column.
pub(super) const CHINESE: [(&str, &str); 31] = [
    ("医院", "hospital"),
    ("医院编号", "hospital"),
    ("时间", "t"),
    ("填报时间", "t"),
    ("开放床位", "beds"),
    ("占用床位", "beds_occupied"),
    ("重症床位", "icu_beds"),
    ("重症占用", "icu_occupied"),
    ("急诊候诊", "emergency_waiting"),
    ("急诊状态", "traffic"),
    ("急诊原因", "traffic_reason"),
    ("急诊状态有效至", "traffic_until"),
    ("批准人", "traffic_approved_by"),
    ("救护车交接", "offload"),
    ("救护车交接分钟", "offload_minutes"),
    ("呼吸机总数", "ventilators.baseline"),
    ("呼吸机可用", "ventilators.available"),
    ("应急指挥", "eoc"),
    ("临床状态", "clinical"),
    ("洗消", "decon"),
    ("太平间", "morgue"),
    ("太平间空位", "morgue_units"),
    ("设施状态", "facility"),
    ("安保状态", "security"),
    ("人员", "staffing"),
    ("后勤运行", "facility_operations"),
    ("临床运行", "clinical_operations"),
    ("24小时入院", "admissions_24h"),
    ("24小时出院", "discharges_24h"),
    ("24小时死亡", "deaths_24h"),
    ("备注", "note"),
];
/// Types of beds in Chinese.
pub(super) const BEDS: [(&str, BedType); 14] = [
    ("成人重症", BedType::AdultIcu),
    ("儿童重症", BedType::PediatricIcu),
    ("新生儿重症", BedType::NeonatalIcu),
    ("急诊留观", BedType::EmergencyDepartment),
    ("新生儿", BedType::NurseryBeds),
    ("内外科", BedType::MedicalSurgical),
    ("康复护理", BedType::RehabLongTermCare),
    ("烧伤", BedType::Burn),
    ("儿科", BedType::Pediatrics),
    ("成人精神", BedType::AdultPsychiatric),
    ("儿童精神", BedType::PediatricPsychiatric),
    ("负压隔离", BedType::NegativeFlowIsolation),
    ("其他隔离", BedType::OtherIsolation),
    ("手术间", BedType::OperatingRooms),
];
/// Their figures in Chinese: `成人重症床位可用`.
pub(super) const FIGURES: [(&str, &str); 5] = [
    ("床位状态", "status"),
    ("床位总数", "baseline"),
    ("床位可用", "available"),
    ("床位24小时可增", "additional_24h"),
    ("床位72小时可增", "additional_72h"),
];

/// The column that a heading names; `None` where there is none. A heading that is empty is a column
/// that the spreadsheet left behind.
pub(super) fn column(heading: &str) -> Option<Cow<'_, str>> {
    if heading.is_empty() || is_column(heading) {
        return Some(Cow::Borrowed(heading));
    }
    if let Some((_, column)) = CHINESE.iter().find(|(chinese, _)| *chinese == heading) {
        return Some(Cow::Borrowed(column));
    }
    let (kind, figure) = FIGURES
        .iter()
        .find_map(|(chinese, figure)| Some((heading.strip_suffix(chinese)?, figure)))?;
    let (_, kind) = BEDS.iter().find(|(chinese, _)| *chinese == kind)?;
    Some(Cow::Owned(format!("bed.{}.{figure}", kind.wire())))
}

fn is_column(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        [one] => COUNTS.contains(one) || WORDS.contains(one),
        ["bed", kind, figure] => BedType::of_wire(kind).is_some() && OF_BEDS.contains(figure),
        ["ems_capacity" | "ems_census", triage] => {
            ["red", "yellow", "green", "black"].contains(triage)
        }
        ["ventilators", figure] => ["baseline", "available"].contains(figure),
        _ => false,
    }
}
