//! Hospitals report their load as a status of their own (`fh/v1/<agency>/hospital`), not as three
//! readings: when all three of an instant are there, the status goes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::city::City;
use domain::ids::HospitalId;
use domain::report::{EmergencyTraffic, HospitalStatus};
use domain::time::UtcMs;
use serde_json::{Value, json};

use super::Timeline;
use crate::scenario::Scenario;
use crate::stations::{Frame, Stream};

/// Instants of one hospital that may wait for their parts.
const WAITING_MAX: usize = 6;

/// What of an instant is there: occupancy, people waiting, traffic.
type Parts = [Option<f64>; 3];

struct Ward {
    id: HospitalId,
    beds: u32,
    icu_beds: u32,
    waiting: BTreeMap<UtcMs, Parts>,
    /// The newest instant reported.
    told: Option<UtcMs>,
}

/// What became of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// It is no part of a hospital's load.
    NotOurs,
    /// It waits for the others, or has nothing to add.
    Waits,
    /// It was the last part of a status.
    Status(HospitalStatus),
}

/// The hospitals of a city.
pub struct Wards {
    scenario: Arc<Scenario>,
    wards: BTreeMap<String, Ward>,
}

impl Wards {
    /// Those of a city.
    pub fn new(scenario: Arc<Scenario>, city: &City) -> Self {
        let ward = |h: &domain::city::Hospital| Ward {
            id: h.id.clone(),
            beds: h.beds,
            icu_beds: h.icu_beds,
            waiting: BTreeMap::new(),
            told: None,
        };
        let wards = city.hospitals.iter().map(|h| (h.id.to_string(), ward(h))).collect();
        Self { scenario, wards }
    }

    /// Takes a frame that is a hospital's. A status comes out when the instant's three parts are
    /// there.
    pub fn take(&mut self, stream: &Stream, frame: &Frame, timeline: &Timeline) -> Taken {
        let at = match stream.property.as_str() {
            "bed_occupancy" => 0,
            "emergency_waiting" => 1,
            "emergency_traffic" => 2,
            _ => return Taken::NotOurs,
        };
        let Some(ward) = self.wards.get_mut(&stream.station) else { return Taken::NotOurs };
        // A frame that comes twice, or after a newer status, has nothing to add.
        if ward.told.is_some_and(|told| frame.t <= told) {
            return Taken::Waits;
        }
        let parts = ward.waiting.entry(frame.t).or_default();
        if let Some(part) = parts.get_mut(at) {
            *part = Some(frame.value);
        }
        let [Some(occupancy), Some(waiting), Some(traffic)] = *parts else {
            if ward.waiting.len() > WAITING_MAX {
                ward.waiting.pop_first();
            }
            return Taken::Waits;
        };
        ward.waiting = ward.waiting.split_off(&frame.t.plus_ms(1));
        ward.told = Some(frame.t);
        let h = timeline.hour(frame.t);
        let events = &self.scenario.hospital_events;
        let event = events
            .iter()
            .find(|e| e.hospital.as_str() == stream.station && e.from_h <= h && h < e.to_h);
        Taken::Status(HospitalStatus {
            hospital: ward.id.clone(),
            t: frame.t,
            beds: ward.beds,
            beds_occupied: part_of(ward.beds, occupancy),
            icu_beds: ward.icu_beds,
            icu_occupied: part_of(ward.icu_beds, occupancy.min(100.0)),
            emergency_waiting: whole(waiting),
            traffic: word(traffic),
            note: event.map(|e| e.note.clone()),
        })
    }
}

/// The sheet that goes out: the status, and what a bed desk knows besides it (EDXL-HAVE's beds by
/// type, ventilators, the handing over of ambulances), worked out of the same load.
///
/// # Errors
/// None for a status: its fields are plain.
pub(super) fn sheet(status: &HospitalStatus) -> serde_json::Result<String> {
    let mut sheet = serde_json::to_value(status)?;
    let icu_free = status.icu_beds.saturating_sub(status.icu_occupied);
    let wards = status.beds.saturating_sub(status.icu_beds);
    let wards_free = status.beds.saturating_sub(status.beds_occupied).saturating_sub(icu_free);
    let beds = |of: &str, baseline: u32, available: u32| {
        // A twentieth can be opened within a day, a tenth within three.
        json!({"type": of, "baseline": baseline, "available": available.min(baseline),
               "additional_24h": baseline / 20, "additional_72h": baseline / 10})
    };
    let is_open = status.traffic == EmergencyTraffic::Normal;
    let minutes = (status.emergency_waiting / 2).clamp(5, 180);
    let more = json!({
        "bed_capacity": [
            beds("adult_icu", status.icu_beds, icu_free),
            beds("medical_surgical", wards, wards_free),
        ],
        "ventilators": {"baseline": status.icu_beds, "available": icu_free},
        "offload": if is_open { "normal" } else { "delayed" },
        "offload_minutes": minutes,
    });
    if let (Value::Object(sheet), Value::Object(more)) = (&mut sheet, more) {
        sheet.extend(more);
    }
    serde_json::to_string(&sheet)
}

fn part_of(beds: u32, percent: f64) -> u32 {
    whole(f64::from(beds) * percent / 100.0)
}

fn whole(value: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates at zero
    let whole = value.round() as u32;
    whole
}

fn word(traffic: f64) -> EmergencyTraffic {
    match whole(traffic) {
        0 => EmergencyTraffic::Normal,
        1 => EmergencyTraffic::Strained,
        2 => EmergencyTraffic::DivertAdvised,
        _ => EmergencyTraffic::Suspended,
    }
}
