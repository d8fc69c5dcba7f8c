//! A report as single figures, and what about them cannot all be true.

use serde::{Deserialize, Serialize};

use super::{CapacityStatus, HospitalReport, Triage};
use crate::report::EmergencyTraffic;
use crate::time::UtcMs;

/// The value of one figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FigureValue {
    /// A count, or minutes.
    Count(u32),
    /// A word of a closed list.
    Word(String),
    /// Words of people.
    Text(String),
    /// An instant.
    At(UtcMs),
}

/// What is believed, and shown as doubtful: two figures that do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// More beds occupied than staffed: beds were added (加床), or one figure is old.
    OverBaseline,
    /// More intensive care than beds, or more people in it than in all beds.
    IcuBeyondBeds,
    /// The types' beds are more than the beds in all.
    TypesBeyondBeds,
    /// Nothing is to be had, and yet so many are free.
    AvailableYetNot,
    /// 暂停接收 without who approved it, or until when.
    Unapproved,
    /// Handing over as usual, and yet an hour or more.
    OffloadLong,
}

impl Doubt {
    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Doubt::OverBaseline => "over_baseline",
            Doubt::IcuBeyondBeds => "icu_beyond_beds",
            Doubt::TypesBeyondBeds => "types_beyond_beds",
            Doubt::AvailableYetNot => "available_yet_not",
            Doubt::Unapproved => "unapproved",
            Doubt::OffloadLong => "offload_long",
        }
    }
}

/// Minutes of handing over that nobody calls usual.
const OFFLOAD_LONG_MIN: u32 = 60;

struct Figures(Vec<(String, FigureValue)>);

impl Figures {
    fn put(&mut self, key: impl Into<String>, value: FigureValue) {
        self.0.push((key.into(), value));
    }
    fn count(&mut self, key: impl Into<String>, count: Option<u32>) {
        if let Some(count) = count {
            self.put(key, FigureValue::Count(count));
        }
    }
    fn word(&mut self, key: impl Into<String>, word: Option<&'static str>) {
        if let Some(word) = word {
            self.put(key, FigureValue::Word(word.into()));
        }
    }
    fn text(&mut self, key: &str, text: &Option<String>) {
        if let Some(text) = text {
            self.put(key, FigureValue::Text(text.clone()));
        }
    }
    fn triage(&mut self, key: &str, triage: Option<Triage>) {
        let Some(Triage { red, yellow, green, black }) = triage else { return };
        for (of, n) in [("red", red), ("yellow", yellow), ("green", green), ("black", black)] {
            self.count(format!("{key}.{of}"), n);
        }
    }
}

impl HospitalReport {
    /// Its figures, each by its name: the fields' own, `bed.<type>.<figure>` for beds by type,
    /// `<field>.<part>` for what has parts. What it does not say is not among them.
    pub fn figures(&self) -> Vec<(String, FigureValue)> {
        let mut out = Figures(Vec::new());
        out.count("beds", self.beds);
        out.count("beds_occupied", self.beds_occupied);
        out.count("icu_beds", self.icu_beds);
        out.count("icu_occupied", self.icu_occupied);
        out.count("emergency_waiting", self.emergency_waiting);
        out.word("traffic", self.traffic.map(EmergencyTraffic::wire));
        out.text("traffic_reason", &self.traffic_reason);
        if let Some(until) = self.traffic_until {
            out.put("traffic_until", FigureValue::At(until));
        }
        out.text("traffic_approved_by", &self.traffic_approved_by);
        for bed in &self.bed_capacity {
            let key = |of: &str| format!("bed.{}.{of}", bed.kind.wire());
            out.word(key("status"), bed.status.map(CapacityStatus::wire));
            out.count(key("baseline"), bed.baseline);
            out.count(key("available"), bed.available);
            out.count(key("additional_24h"), bed.additional_24h);
            out.count(key("additional_72h"), bed.additional_72h);
        }
        out.triage("ems_capacity", self.ems_capacity);
        out.triage("ems_census", self.ems_census);
        out.word("offload", self.offload.map(super::Offload::wire));
        out.count("offload_minutes", self.offload_minutes);
        if let Some(ventilators) = self.ventilators {
            out.count("ventilators.baseline", ventilators.baseline);
            out.count("ventilators.available", ventilators.available);
        }
        self.of_the_house(&mut out);
        out.0
    }

    fn of_the_house(&self, out: &mut Figures) {
        out.word("eoc", self.eoc.map(super::Eoc::wire));
        out.word("clinical", self.clinical.map(super::Clinical::wire));
        out.word("decon", self.decon.map(super::Decon::wire));
        out.word("morgue", self.morgue.map(super::Morgue::wire));
        out.count("morgue_units", self.morgue_units);
        out.word("facility", self.facility.map(super::Facility::wire));
        out.word("security", self.security.map(super::Security::wire));
        out.word("staffing", self.staffing.map(super::Supply::wire));
        out.word("facility_operations", self.facility_operations.map(super::Supply::wire));
        out.word("clinical_operations", self.clinical_operations.map(super::Supply::wire));
        out.count("admissions_24h", self.admissions_24h);
        out.count("discharges_24h", self.discharges_24h);
        out.count("deaths_24h", self.deaths_24h);
        out.text("note", &self.note);
    }

    /// What about it cannot all be true, in the order of [`Doubt`].
    pub fn doubts(&self) -> Vec<Doubt> {
        let beyond = |part: Option<u32>, whole: Option<u32>| {
            part.zip(whole).is_some_and(|(part, whole)| part > whole)
        };
        let types = self.of_types(super::BedType::is_inpatient).map(|(beds, _)| beds);
        let closed = self.traffic == Some(EmergencyTraffic::Suspended);
        let is_told = self.traffic_approved_by.is_some() && self.traffic_until.is_some();
        let long = self.offload_minutes.is_some_and(|m| m >= OFFLOAD_LONG_MIN);
        [
            (beyond(self.beds_occupied, self.beds), Doubt::OverBaseline),
            (beyond(self.icu_occupied, self.icu_beds), Doubt::OverBaseline),
            (beyond(self.icu_beds, self.beds), Doubt::IcuBeyondBeds),
            (beyond(self.icu_occupied, self.beds_occupied), Doubt::IcuBeyondBeds),
            (
                types.zip(self.beds).is_some_and(|(t, beds)| t > u64::from(beds)),
                Doubt::TypesBeyondBeds,
            ),
            (
                self.bed_capacity.iter().any(|b| {
                    b.status == Some(CapacityStatus::NotAvailable)
                        && b.available.is_some_and(|n| n > 0)
                }),
                Doubt::AvailableYetNot,
            ),
            (closed && !is_told, Doubt::Unapproved),
            (long && self.offload == Some(super::Offload::Normal), Doubt::OffloadLong),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, doubt)| doubt)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
    }
}
