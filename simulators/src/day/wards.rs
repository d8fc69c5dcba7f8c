//! What hospitals report: JSON, HAVE 1.0 documents and tables.

use domain::time::UtcMs;

use super::ledger::Expect::Refused;
use super::offices::{JSON, Office, Wrong, XML};
use super::town::hospital;

/// How many hospitals of forty send JSON, and XML; the rest send tables.
const HOSPITALS_BY_FORM: (usize, usize) = (20, 12);

/// Writes what a hospital says at an instant.
type Form = fn(u64, UtcMs) -> String;

/// The office of a hospital.
pub fn of_hospital(n: usize) -> Office {
    let (json, xml) = HOSPITALS_BY_FORM;
    let (media, write, wrongs): (&'static str, Form, &'static [Wrong]) = if n % 40 < json {
        (
            JSON,
            have_json,
            &[
                ("inconsistent", "\"available\":1", "\"available\":91", Refused("inconsistent")),
                ("foreign", "\"H", "\"X", Refused("unknown_station")),
                (
                    "missing_field",
                    "\"t\"",
                    "\"offload_minutes\":9,\"time\"",
                    Refused("unknown_field"),
                ),
            ],
        )
    } else if n % 40 < json + xml {
        (
            XML,
            have_xml,
            &[(
                "inconsistent",
                "<have:AvailableCount>1",
                "<have:AvailableCount>91",
                Refused("inconsistent"),
            )],
        )
    } else {
        (
            "text/csv",
            have_table,
            &[
                ("field_form", ",400,", ",many,", Refused("field_form")),
                ("formula", ",400,", ",=4+4,", Refused("field_form")),
            ],
        )
    };
    let path = "/v1/reports/hospital";
    Office { agency: "health", path, media, every_s: 60.0, burst: 1, write, wrongs }
}

/// A report has the number of its hospital in the hundreds of thousands of `n`.
pub const HOSPITAL_STEP: u64 = 100_000;

fn whose(n: u64) -> String {
    hospital(usize::try_from(n / HOSPITAL_STEP).unwrap_or(0))
}

fn free(n: u64) -> u64 {
    10 + n % 10
}

fn have_json(n: u64, t: UtcMs) -> String {
    format!(
        r#"{{"hospital":"{}","t":{},"traffic":"normal","offload_minutes":{},"bed_capacity":[{{"type":"adult_icu","baseline":40,"available":{}}}]}}"#,
        whose(n),
        t.0,
        n % 60,
        free(n)
    )
}

fn have_xml(n: u64, t: UtcMs) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><have:HospitalStatus xmlns:have="urn:oasis:names:tc:emergency:EDXL:HAVE:1.0" xmlns:xnl="urn:oasis:names:tc:ciq:xnl:3"><have:Hospital><have:Organization><have:OrganizationInformation><xnl:OrganisationName xnl:ID="{0}"><xnl:NameElement>{0}(虚构)</xnl:NameElement></xnl:OrganisationName></have:OrganizationInformation></have:Organization><have:HospitalBedCapacityStatus><have:BedCapacity><have:BedType>AdultICU</have:BedType><have:CapacityStatus>VacantAvailable</have:CapacityStatus><have:AvailableCount>{1}</have:AvailableCount><have:BaselineCount>40</have:BaselineCount></have:BedCapacity></have:HospitalBedCapacityStatus><have:LastUpdateTime>{2}</have:LastUpdateTime></have:Hospital></have:HospitalStatus>"#,
        whose(n),
        free(n),
        t.rfc3339(8 * 3600)
    )
}

fn have_table(n: u64, t: UtcMs) -> String {
    format!(
        "hospital,t,beds,beds_occupied,bed.adult_icu.available\n{},{},400,{},{}\n",
        whose(n),
        t.0,
        200 + n % 100,
        free(n)
    )
}
