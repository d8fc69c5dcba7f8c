//! HAVE 1.0 → reports. Pure and total.

use std::borrow::Cow;

use domain::facility::{BedCapacity, BedType, CapacityStatus, HospitalReport};
use domain::ids::HospitalId;
use domain::refusal::Reason;
use domain::time::UtcMs;

use super::blocks::{house, resources, triage};
use super::words;
use crate::hospitals::check;
use crate::hospitals::decode::HOSPITALS_MAX;
use crate::json::instant;
use crate::judge::Why;
use crate::xml::c14n::{self, Form};
use crate::xml::read::document;
use crate::xml::{Element, XmlFault};

/// The standard's namespace.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:EDXL:HAVE:1.0";
/// The largest document, bytes.
pub const HAVE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Blocks that are passed over: who and where the hospital is, which services it has.
const PASSED: [&str; 7] = [
    "Organization",
    "ServiceCoverageStatus",
    "EMSAirTransportStatus",
    "SubCategoryBedType",
    "HospitalEOCPlan",
    "ResourcesInformationText",
    "ResourceInformationText",
];

/// Which hospital, as the document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The id of `OrganisationName`.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// What a hospital says, before it is known which.
#[derive(Debug, Clone, PartialEq)]
pub struct Unnamed(HospitalReport);

impl Unnamed {
    /// The report of this hospital.
    pub fn of(self, hospital: HospitalId) -> HospitalReport {
        HospitalReport { hospital, ..self.0 }
    }
}

/// One `Hospital` of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which.
    pub who: Who,
    /// Its element, in canonical form.
    pub raw: Vec<u8>,
    /// What it says.
    pub read: Result<Unnamed, Why>,
}

impl From<XmlFault> for Why {
    fn from(fault: XmlFault) -> Self {
        Why::new(Reason::Syntax, fault.to_string())
    }
}

/// Reads a document.
///
/// # Errors
/// [`Why`] where it is no HAVE 1.0 document, or holds too many hospitals.
pub fn decode(body: &[u8]) -> Result<Vec<Told>, Why> {
    let document = document(body, HAVE_MAX_BYTES)?;
    let root = &document.root;
    if !root.is(NAMESPACE, "HospitalStatus") {
        let said = format!(
            "the root is {:?} in {:?}; HospitalStatus in {NAMESPACE} is wanted",
            root.local, root.namespace
        );
        return Err(Why::new(Reason::Syntax, said));
    }
    let hospitals: Vec<&Element<'_>> =
        root.children().filter(|e| e.is(NAMESPACE, "Hospital")).collect();
    if hospitals.len() > HOSPITALS_MAX {
        let said = format!("{} hospitals; at most {HOSPITALS_MAX}", hospitals.len());
        return Err(Why::new(Reason::TooLarge, said));
    }
    if hospitals.is_empty() {
        return Err(Why::new(Reason::MissingField, "the document has no Hospital"));
    }
    let told = |e: &Element| Told {
        who: who(e),
        raw: c14n::element(e, &[root], &Form::Exclusive(Vec::new())),
        read: interrupted_id(e).and_then(|()| hospital(e)),
    };
    Ok(hospitals.into_iter().map(told).collect())
}

fn information<'e>(hospital: &'e Element<'e>) -> Option<&'e Element<'e>> {
    let organization = child(hospital, "Organization")?;
    child(organization, "OrganizationInformation")
}

fn name_of<'e>(information: &'e Element<'e>) -> Option<&'e Element<'e>> {
    below(information).into_iter().find(|e| e.local == "OrganisationName")
}

/// Every element below one, outer ones first.
fn below<'e>(element: &'e Element<'e>) -> Vec<&'e Element<'e>> {
    let mut found: Vec<&Element<'_>> = element.children().collect();
    let mut at = 0;
    while let Some(next) = found.get(at).copied() {
        found.extend(next.children());
        at += 1;
    }
    found
}

fn who(hospital: &Element<'_>) -> Who {
    let Some(name) = information(hospital).and_then(name_of) else { return Who::default() };
    let ids = ["ID", "OrganisationID"];
    let id = name.attributes.iter().find(|a| ids.contains(&&*a.local));
    let element = name.children().find(|e| e.local == "NameElement");
    let is_told = |text: &String| !text.is_empty();
    Who {
        id: id.map(|a| a.value.trim().to_owned()).filter(is_told),
        name: element.map(|e| text(e).into_owned()).filter(is_told),
    }
}

/// A comment inside what says which hospital it is would join two words to one.
fn interrupted_id(hospital: &Element<'_>) -> Result<(), Why> {
    let Some(name) = information(hospital).and_then(name_of) else { return Ok(()) };
    if below(name).into_iter().chain([name]).any(|e| e.is_interrupted()) {
        return Err(Why::new(Reason::Syntax, "a comment inside OrganisationName"));
    }
    Ok(())
}

pub(super) fn child<'e>(element: &'e Element<'e>, local: &str) -> Option<&'e Element<'e>> {
    element.children().find(|e| e.is(NAMESPACE, local))
}

pub(super) fn text<'e>(element: &'e Element<'_>) -> Cow<'e, str> {
    match element.text() {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn unknown(element: &Element<'_>, inside: &str) -> Why {
    Why::new(Reason::UnknownField, format!("unknown element {:?} in {inside}", element.local))
}

/// The standard's elements in one: each once, but for the comments.
pub(super) fn of<'e>(
    element: &'e Element<'e>,
    known: &[&str],
) -> Result<Vec<&'e Element<'e>>, Why> {
    let mut found: Vec<&Element<'_>> = Vec::new();
    for e in element.children().filter(|e| e.namespace == NAMESPACE) {
        if PASSED.contains(&&*e.local) {
            continue;
        }
        if !known.contains(&&*e.local) {
            return Err(unknown(e, &element.local));
        }
        let many = ["CommentText", "BedCapacity", "TriageCode"].contains(&&*e.local);
        if !many && found.iter().any(|had| had.local == e.local) {
            let said = format!("{} stands twice in {}", e.local, element.local);
            return Err(Why::new(Reason::FieldForm, said));
        }
        found.push(e);
    }
    Ok(found)
}

pub(super) fn count(element: &Element<'_>) -> Result<Option<u32>, Why> {
    let said = text(element);
    let wrong = |_| Why::new(Reason::FieldForm, format!("{}: {said:?} is no count", element.local));
    said.parse().map(Some).map_err(wrong)
}

pub(super) fn word<T>(
    element: &Element<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Why> {
    let said = text(element);
    let wrong = || {
        let said: String = said.chars().take(40).collect();
        Why::new(Reason::FieldForm, format!("{}: {said:?} is none of its words", element.local))
    };
    read(&said).map(Some).ok_or_else(wrong)
}

fn hospital(element: &Element<'_>) -> Result<Unnamed, Why> {
    // Nobody's name yet; the caller puts the right one.
    let nobody = HospitalId::new("-").map_err(|e| Why::new(Reason::Identifier, e.to_string()))?;
    let mut said = HospitalReport::new(nobody, UtcMs(0));
    let mut is_dated = false;
    let known = [
        "EmergencyDepartmentStatus",
        "HospitalBedCapacityStatus",
        "HospitalFacilityStatus",
        "HospitalResourcesStatus",
        "HospitalResourceStatus",
        "LastUpdateTime",
    ];
    for block in of(element, &known)? {
        match block.local.as_ref() {
            "EmergencyDepartmentStatus" => emergency(&mut said, block)?,
            "HospitalBedCapacityStatus" => beds(&mut said, block)?,
            "HospitalFacilityStatus" => house(&mut said, block)?,
            "LastUpdateTime" => {
                let t = instant::parse(&text(block));
                said.t = t.map_err(|e| Why::new(Reason::Time, format!("LastUpdateTime: {e}")))?;
                is_dated = true;
            }
            _ => resources(&mut said, block)?,
        }
    }
    if !is_dated {
        return Err(Why::new(Reason::MissingField, "LastUpdateTime is missing"));
    }
    check::whole(said).map(Unnamed)
}

fn emergency(said: &mut HospitalReport, block: &Element<'_>) -> Result<(), Why> {
    let known = ["EMSTraffic", "EMSCapacity", "EMSCensus", "EMSAmbulanceStatus", "CommentText"];
    for e in of(block, &known)? {
        match e.local.as_ref() {
            "EMSTraffic" => {
                for e in of(e, &["EMSTrafficStatus", "EMSTrafficReason", "CommentText"])? {
                    match e.local.as_ref() {
                        "EMSTrafficStatus" => {
                            let read = word(e, words::of_have)?;
                            said.traffic = said.traffic.or(read);
                        }
                        "EMSTrafficReason" => {
                            said.traffic_reason =
                                Some(text(e).into_owned()).filter(|t| !t.is_empty());
                        }
                        _ => words::comment(said, &text(e))?,
                    }
                }
            }
            "EMSCapacity" => said.ems_capacity = triage(e)?,
            "EMSCensus" => said.ems_census = triage(e)?,
            "EMSAmbulanceStatus" => offload(said, e)?,
            _ => words::comment(said, &text(e))?,
        }
    }
    Ok(())
}

fn offload(said: &mut HospitalReport, block: &Element<'_>) -> Result<(), Why> {
    let inner = child(block, "EMSOffload").unwrap_or(block);
    for e in of(inner, &["EMSOffloadStatus", "EMSOffloadMinutes", "CommentText"])? {
        match e.local.as_ref() {
            "EMSOffloadStatus" => said.offload = word(e, domain::facility::Offload::of_have)?,
            "EMSOffloadMinutes" => said.offload_minutes = count(e)?,
            _ => words::comment(said, &text(e))?,
        }
    }
    Ok(())
}

fn beds(said: &mut HospitalReport, block: &Element<'_>) -> Result<(), Why> {
    const FIGURES: [&str; 5] = [
        "CapacityStatus",
        "AvailableCount",
        "BaselineCount",
        "AdditionalCapacityCount24Hr",
        "AdditionalCapacityCount72Hr",
    ];
    for e in of(block, &["BedCapacity", "CommentText"])? {
        if e.local == "CommentText" {
            words::comment(said, &text(e))?;
            continue;
        }
        let kind = child(e, "BedType").map(|e| word(e, BedType::of_have)).transpose()?.flatten();
        let kind = kind.ok_or_else(|| Why::new(Reason::MissingField, "BedType is missing"))?;
        let mut bed = BedCapacity {
            kind,
            status: None,
            baseline: None,
            available: None,
            additional_24h: None,
            additional_72h: None,
        };
        let mut known = vec!["BedType", "Capacity", "CommentText"];
        known.extend(FIGURES);
        let mut figures = of(e, &known)?;
        if let Some(inner) = child(e, "Capacity") {
            figures.extend(of(inner, &FIGURES)?);
        }
        for e in figures {
            match e.local.as_ref() {
                "CapacityStatus" => bed.status = word(e, capacity_status)?,
                "AvailableCount" => bed.available = count(e)?,
                "BaselineCount" => bed.baseline = count(e)?,
                "AdditionalCapacityCount24Hr" => bed.additional_24h = count(e)?,
                "AdditionalCapacityCount72Hr" => bed.additional_72h = count(e)?,
                "CommentText" => words::comment(said, &text(e))?,
                _ => {}
            }
        }
        said.bed_capacity.push(bed);
    }
    Ok(())
}

fn capacity_status(word: &str) -> Option<CapacityStatus> {
    match word.contains('/') {
        false => CapacityStatus::of_have(word),
        true => CapacityStatus::of_have(&word.replace('/', "")),
    }
}
