//! Reports → HAVE 1.0, in the schema's order. What is written reads back the same.

use domain::facility::{CapacityStatus, HospitalReport, Triage};
use domain::time::UtcMs;

use super::read::NAMESPACE;
use super::words;

const NAMES: &str = "urn:oasis:names:tc:ciq:xnl:3";

/// Lines of elements.
struct Lines {
    text: String,
    open: Vec<&'static str>,
}

impl Lines {
    fn open(&mut self, name: &'static str) {
        self.text.push_str(&format!("<{name}>\n"));
        self.open.push(name);
    }
    fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str(&format!("</{name}>\n"));
        }
    }
    fn leaf(&mut self, name: &str, text: Option<impl ToString>) {
        if let Some(text) = text {
            self.text.push_str(&format!("<{name}>{}</{name}>\n", escaped(&text.to_string())));
        }
    }
    /// An element around others, left out where none of them says anything.
    fn around(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        let before = self.text.len();
        self.open(name);
        let empty = self.text.len();
        inside(self);
        if self.text.len() == empty {
            self.open.pop();
            self.text.truncate(before);
        } else {
            self.close();
        }
    }
}

/// The five entities for what must not stand in a text, and references for what a reader would take
/// for white space of its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' | '\n' | '\t' => out.push_str(&format!("&#{};", u32::from(c))),
            // These two are none of XML's.
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

/// Writes reports as one document. `name` tells what a hospital is called.
pub fn encode<'a>(reports: &[HospitalReport], name: impl Fn(&HospitalReport) -> &'a str) -> String {
    let mut out = Lines { text: String::new(), open: Vec::new() };
    out.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.text.push_str(&format!("<HospitalStatus xmlns=\"{NAMESPACE}\" xmlns:xnl=\"{NAMES}\">\n"));
    for said in reports {
        hospital(&mut out, said, name(said));
    }
    out.text.push_str("</HospitalStatus>\n");
    out.text
}

fn hospital(out: &mut Lines, said: &HospitalReport, name: &str) {
    out.open("Hospital");
    out.open("Organization");
    out.open("OrganizationInformation");
    let (id, name) = (said.hospital.as_str(), escaped(name));
    out.text.push_str(&format!(
        "<xnl:OrganisationName xnl:ID=\"{id}\"><xnl:NameElement>{name}</xnl:NameElement></xnl:OrganisationName>\n"
    ));
    out.close();
    out.close();
    out.around("EmergencyDepartmentStatus", |out| emergency(out, said));
    out.around("HospitalBedCapacityStatus", |out| beds(out, said));
    out.around("HospitalFacilityStatus", |out| house(out, said));
    out.around("HospitalResourcesStatus", |out| {
        out.leaf("Staffing", said.staffing.map(|w| w.have()));
        out.leaf("FacilityOperations", said.facility_operations.map(|w| w.have()));
        out.leaf("ClinicalOperations", said.clinical_operations.map(|w| w.have()));
        for comment in words::comments(said) {
            out.leaf("CommentText", Some(comment));
        }
    });
    out.leaf("LastUpdateTime", Some(UtcMs::rfc3339(said.t, 0)));
    out.close();
}

fn emergency(out: &mut Lines, said: &HospitalReport) {
    out.around("EMSTraffic", |out| {
        out.leaf("EMSTrafficStatus", said.traffic.map(words::have));
        out.leaf("EMSTrafficReason", said.traffic_reason.as_deref());
    });
    out.around("EMSCapacity", |out| triage(out, said.ems_capacity));
    out.around("EMSCensus", |out| triage(out, said.ems_census));
    out.around("EMSAmbulanceStatus", |out| {
        out.leaf("EMSOffloadStatus", said.offload.map(|w| w.have()));
        out.leaf("EMSOffloadMinutes", said.offload_minutes);
    });
}

fn triage(out: &mut Lines, counts: Option<Triage>) {
    let Triage { red, yellow, green, black } = counts.unwrap_or_default();
    for (code, n) in [("Red", red), ("Yellow", yellow), ("Green", green), ("Black", black)] {
        if n.is_some() {
            out.open("TriageCode");
            out.leaf("TriageCodeValue", Some(code));
            out.leaf("TriageCountQuantity", n);
            out.close();
        }
    }
}

fn beds(out: &mut Lines, said: &HospitalReport) {
    for bed in &said.bed_capacity {
        out.open("BedCapacity");
        out.leaf("BedType", Some(bed.kind.have()));
        out.around("Capacity", |out| {
            let status = bed.status.map(|w| match w {
                CapacityStatus::VacantAvailable => "Vacant/Available",
                CapacityStatus::NotAvailable => "NotAvailable",
            });
            out.leaf("CapacityStatus", status);
            out.leaf("AvailableCount", bed.available);
            out.leaf("BaselineCount", bed.baseline);
            out.leaf("AdditionalCapacityCount24Hr", bed.additional_24h);
            out.leaf("AdditionalCapacityCount72Hr", bed.additional_72h);
        });
        out.close();
    }
}

fn house(out: &mut Lines, said: &HospitalReport) {
    out.leaf("HospitalEOCStatus", said.eoc.map(|w| w.have()));
    out.leaf("ClinicalStatus", said.clinical.map(|w| w.have()));
    out.around("DeconCapacity", |out| {
        out.leaf("DeconCapacityStatus", said.decon.map(|w| w.have()));
    });
    out.around("MorgueCapacity", |out| {
        out.leaf("MorgueCapacityStatus", said.morgue.map(|w| w.have()));
        out.leaf("MorgueCapacityUnits", said.morgue_units);
    });
    out.leaf("FacilityStatus", said.facility.map(|w| w.have()));
    out.leaf("SecurityStatus", said.security.map(|w| w.have()));
    out.around("Activity24Hr", |out| {
        out.leaf("Admissions", said.admissions_24h);
        out.leaf("Discharges", said.discharges_24h);
        out.leaf("Deaths", said.deaths_24h);
    });
}
