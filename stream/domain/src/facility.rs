//! What a hospital reports of itself: the field set of EDXL-HAVE 1.0 (OASIS, November 2008), with
//! ventilators, who approved a closed emergency department and until when beside it. Everything but
//! the hospital and the time may be left out, and what is left out is not known: it is never zero.

mod figure;

pub use figure::{Doubt, FigureValue};

use serde::{Deserialize, Serialize};

use crate::ids::HospitalId;
use crate::report::{EmergencyTraffic, HospitalStatus};
use crate::time::UtcMs;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident $wire:literal $have:literal)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $wire)] $variant),* }

        impl $name {
            /// Every word, in the standard's order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The word in our JSON.
            pub fn wire(self) -> &'static str { match self { $($name::$variant => $wire),* } }
            /// The word of HAVE 1.0.
            pub fn have(self) -> &'static str { match self { $($name::$variant => $have),* } }
            /// Reads the word of HAVE 1.0, upper case or lower.
            pub fn of_have(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.have().eq_ignore_ascii_case(word))
            }
            /// Reads the word of our JSON.
            pub fn of_wire(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.wire() == word)
            }
        }
    )*};
}

words! {
    /// `BedType`.
    BedType {
        /// 成人重症.
        AdultIcu "adult_icu" "AdultICU"
        /// 儿童重症.
        PediatricIcu "pediatric_icu" "PediatricICU"
        /// 新生儿重症.
        NeonatalIcu "neonatal_icu" "NeonatalICU"
        /// 急诊留观.
        EmergencyDepartment "emergency_department" "EmergencyDepartment"
        /// 新生儿.
        NurseryBeds "nursery_beds" "NurseryBeds"
        /// 内外科.
        MedicalSurgical "medical_surgical" "MedicalSurgical"
        /// 康复、长期护理.
        RehabLongTermCare "rehab_long_term_care" "RehabLongTermCare"
        /// 烧伤.
        Burn "burn" "Burn"
        /// 儿科.
        Pediatrics "pediatrics" "Pediatrics"
        /// 成人精神.
        AdultPsychiatric "adult_psychiatric" "AdultPsychiatric"
        /// 儿童精神.
        PediatricPsychiatric "pediatric_psychiatric" "PediatricPsychiatric"
        /// 负压隔离.
        NegativeFlowIsolation "negative_flow_isolation" "NegativeFlowIsolation"
        /// 其他隔离.
        OtherIsolation "other_isolation" "OtherIsolation"
        /// 手术间.
        OperatingRooms "operating_rooms" "OperatingRooms"
    }
    /// `CapacityStatus`.
    CapacityStatus {
        /// Vacant and staffed.
        VacantAvailable "vacant_available" "VacantAvailable"
        /// Not to be had.
        NotAvailable "not_available" "NotAvailable"
    }
    /// `EMSOffloadStatus`: how long ambulances wait to hand over.
    Offload {
        /// As usual.
        Normal "normal" "Normal"
        /// Longer than usual.
        Delayed "delayed" "Delayed"
    }
    /// `HospitalEOCStatus`: the hospital's own emergency command.
    Eoc {
        /// It sits.
        Active "active" "Active"
        /// It does not.
        Inactive "inactive" "Inactive"
    }
    /// `ClinicalStatus`.
    Clinical {
        /// As usual.
        Normal "normal" "Normal"
        /// No more can be treated.
        Full "full" "Full"
        /// It treats nobody.
        NotApplicable "not_applicable" "NotApplicable"
    }
    /// `DeconCapacityStatus`: 洗消.
    Decon {
        /// Not set up.
        Inactive "inactive" "Inactive"
        /// Set up.
        Open "open" "Open"
        /// In use to the last place.
        Full "full" "Full"
        /// More than it can take.
        Exceeded "exceeded" "Exceeded"
    }
    /// `MorgueCapacityStatus`.
    Morgue {
        /// There is room.
        Open "open" "Open"
        /// There is none.
        Full "full" "Full"
        /// More than there is room for.
        Exceeded "exceeded" "Exceeded"
    }
    /// `FacilityStatus`: the house itself.
    Facility {
        /// Sound.
        Normal "normal" "Normal"
        /// Damaged, or short of power, water or oxygen.
        Compromised "compromised" "Compromised"
        /// Being cleared.
        Evacuating "evacuating" "Evacuating"
        /// Closed.
        Closed "closed" "Closed"
    }
    /// `SecurityStatus`.
    Security {
        /// As usual.
        Normal "normal" "Normal"
        /// Heightened.
        Elevated "elevated" "Elevated"
        /// Not everybody gets in.
        RestrictedAccess "restricted_access" "RestrictedAccess"
        /// Nobody gets in or out.
        Lockdown "lockdown" "Lockdown"
        /// Closed off for an infection.
        Quarantine "quarantine" "Quarantine"
    }
    /// `Staffing`, `FacilityOperations`, `ClinicalOperations`.
    Supply {
        /// Enough.
        Adequate "adequate" "Adequate"
        /// Not enough.
        Insufficient "insufficient" "Insufficient"
    }
}

impl BedType {
    /// Whether people stay the night in it: these make up a hospital's beds. A place in the
    /// emergency department, a cot for the newborn and an operating room do not count among them.
    pub fn is_inpatient(self) -> bool {
        !matches!(self, Self::EmergencyDepartment | Self::NurseryBeds | Self::OperatingRooms)
    }

    /// Whether it is intensive care.
    pub fn is_icu(self) -> bool {
        matches!(self, Self::AdultIcu | Self::PediatricIcu | Self::NeonatalIcu)
    }
}

/// `BedCapacity`: the beds of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BedCapacity {
    /// Which.
    #[serde(rename = "type")]
    pub kind: BedType,
    /// Whether any can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CapacityStatus>,
    /// Staffed, as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<u32>,
    /// Free and staffed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
    /// How many more within 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_24h: Option<u32>,
    /// How many more within 72 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_72h: Option<u32>,
}

/// `TriageCount`: people by triage. 危重、重症、轻症、死亡: these are no warning colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triage {
    /// 危重.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red: Option<u32>,
    /// 重症.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yellow: Option<u32>,
    /// 轻症.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub green: Option<u32>,
    /// 死亡.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub black: Option<u32>,
}

/// Ventilators: not in HAVE 1.0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ventilators {
    /// All that work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<u32>,
    /// Free now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
}

macro_rules! report {
    ($($(#[$doc:meta])* $(@$form:literal)? $field:ident: $type:ty,)*) => {
        /// A hospital's report: see the module.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct HospitalReport {
            /// The hospital.
            pub hospital: HospitalId,
            /// When it was true (`LastUpdateTime`).
            #[serde(deserialize_with = "crate::time::on_the_wire")]
            pub t: UtcMs,
            /// Beds by type, in the standard's order, each type once.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub bed_capacity: Vec<BedCapacity>,
            $($(#[$doc])*
            #[serde(default, skip_serializing_if = "Option::is_none" $(, deserialize_with = $form)?)]
            pub $field: Option<$type>,)*
        }

        impl HospitalReport {
            /// A report that says nothing yet.
            pub fn new(hospital: HospitalId, t: UtcMs) -> Self {
                Self { hospital, t, bed_capacity: Vec::new(), $($field: None),* }
            }
        }
    };
}

report! {
    /// Staffed beds in all.
    beds: u32,
    /// Of them occupied; more than there are where beds were added (加床).
    beds_occupied: u32,
    /// Staffed beds of intensive care.
    icu_beds: u32,
    /// Of them occupied.
    icu_occupied: u32,
    /// People waiting in the emergency department.
    emergency_waiting: u32,
    /// How the emergency department takes patients (`EMSTrafficStatus`).
    traffic: EmergencyTraffic,
    /// Why (`EMSTrafficReason`).
    traffic_reason: String,
    /// Until when.
    @"crate::time::on_the_wire_or_not" traffic_until: UtcMs,
    /// Who approved it: 120 and the health authority decide, never the hospital.
    traffic_approved_by: String,
    /// `EMSCapacity`: how many more can be taken, by triage.
    ems_capacity: Triage,
    /// `EMSCensus`: how many are there, by triage.
    ems_census: Triage,
    /// `EMSOffloadStatus`.
    offload: Offload,
    /// `EMSOffloadMinutes`: the mean time to hand over, minutes.
    offload_minutes: u32,
    /// Ventilators.
    ventilators: Ventilators,
    /// `HospitalEOCStatus`.
    eoc: Eoc,
    /// `ClinicalStatus`.
    clinical: Clinical,
    /// `DeconCapacityStatus`.
    decon: Decon,
    /// `MorgueCapacityStatus`.
    morgue: Morgue,
    /// `MorgueCapacityUnits`: places free in the morgue.
    morgue_units: u32,
    /// `FacilityStatus`.
    facility: Facility,
    /// `SecurityStatus`.
    security: Security,
    /// `Staffing`.
    staffing: Supply,
    /// `FacilityOperations`: power, water, oxygen, supplies.
    facility_operations: Supply,
    /// `ClinicalOperations`.
    clinical_operations: Supply,
    /// `Admissions` in 24 hours.
    admissions_24h: u32,
    /// `Discharges` in 24 hours.
    discharges_24h: u32,
    /// `Deaths` in 24 hours.
    deaths_24h: u32,
    /// What else there is to say.
    note: String,
}

impl From<HospitalStatus> for HospitalReport {
    /// The small form of a report that an older record has.
    fn from(said: HospitalStatus) -> Self {
        Self {
            beds: Some(said.beds),
            beds_occupied: Some(said.beds_occupied),
            icu_beds: Some(said.icu_beds),
            icu_occupied: Some(said.icu_occupied),
            emergency_waiting: Some(said.emergency_waiting),
            traffic: Some(said.traffic),
            note: said.note,
            ..Self::new(said.hospital, said.t)
        }
    }
}

impl HospitalReport {
    /// Occupied beds, per cent of the staffed ones: of the totals where both are said, else of the
    /// inpatient types whose baseline and availability are said.
    pub fn occupancy_percent(&self) -> Option<f64> {
        let (beds, occupied) = match (self.beds, self.beds_occupied) {
            (Some(beds), Some(occupied)) => (u64::from(beds), u64::from(occupied)),
            // Some wards alone are not the hospital: its general beds must be among them.
            _ if self.bed_capacity.iter().all(|b| b.kind != BedType::MedicalSurgical) => {
                return None;
            }
            _ => self.of_types(BedType::is_inpatient)?,
        };
        #[allow(clippy::cast_precision_loss, reason = "beds of one hospital")]
        let share = |n: u64| n as f64;
        (beds > 0).then(|| share(occupied) / share(beds) * 100.0)
    }

    /// Baseline and occupied beds over types, of those that say both.
    pub fn of_types(&self, which: impl Fn(BedType) -> bool) -> Option<(u64, u64)> {
        let told = self.bed_capacity.iter().filter(|b| which(b.kind));
        let both = told.filter_map(|b| b.baseline.zip(b.available));
        let sum = |had: Option<(u64, u64)>, (baseline, available): (u32, u32)| {
            let (beds, taken) = had.unwrap_or_default();
            let occupied = baseline.saturating_sub(available);
            Some((beds + u64::from(baseline), taken + u64::from(occupied)))
        };
        both.fold(None, sum)
    }
}

#[cfg(test)]
mod tests;
