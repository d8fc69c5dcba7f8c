//! Stop 2 of 9 for hospitals: bytes → report or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use domain::ids::HospitalId;
use domain::report::{EmergencyTraffic, HospitalStatus};
use serde::Deserialize;

use crate::judge::Why;
use crate::reports::form::{NOTE_MAX_BYTES, Time, long_text, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HospitalForm {
    hospital: HospitalId,
    t: Time,
    beds: u32,
    beds_occupied: u32,
    #[serde(default)]
    icu_beds: u32,
    #[serde(default)]
    icu_occupied: u32,
    #[serde(default)]
    emergency_waiting: u32,
    traffic: EmergencyTraffic,
    #[serde(default)]
    note: Option<String>,
}

/// Reads a hospital's status.
///
/// # Errors
/// [`Why`], naming the field.
pub fn hospital(body: &[u8]) -> Result<HospitalStatus, Why> {
    let form: HospitalForm = read(body)?;
    long_text("note", form.note.as_deref(), NOTE_MAX_BYTES)?;
    Ok(HospitalStatus {
        hospital: form.hospital,
        t: form.t.0,
        beds: form.beds,
        beds_occupied: form.beds_occupied,
        icu_beds: form.icu_beds,
        icu_occupied: form.icu_occupied,
        emergency_waiting: form.emergency_waiting,
        traffic: form.traffic,
        note: form.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOSPITAL: &str = r#"{"hospital":"JM-H01","t":"2026-09-11T22:00:00+08:00","beds":800,"beds_occupied":640,"traffic":"strained"}"#;

    #[test]
    fn the_form_is_read() {
        assert_eq!(hospital(HOSPITAL.as_bytes()).unwrap().beds_occupied, 640);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..110, with in any::<u8>()) {
            let _ = hospital(&body);
            let mut bytes = HOSPITAL.as_bytes().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = with;
            let _ = hospital(&bytes);
        }
    }
}
