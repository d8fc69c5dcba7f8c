//! `diseases.csv`: what a city counts beside the list that is built in, or calls otherwise.

use super::faults::{Faults, words};
use super::sheet::{self, Column};
use crate::cases::{Disease, LegalClass, built_in, codes};

const DISEASES: &[Column] = &[
    ("code", true),
    ("name", true),
    ("name_en", false),
    ("kind", true),
    ("legal_class", false),
    ("report_limit_h", false),
];
/// The longest limit of a report, hours.
const LIMIT_MAX_H: u32 = 30 * 24;

/// Reads the file into the list: a row replaces what is built in under its code.
pub(super) fn read(file: &str, bytes: Option<&[u8]>, faults: &Faults) -> Vec<Disease> {
    let mut list = built_in();
    let mut seen = std::collections::BTreeSet::new();
    let Some(bytes) = bytes else { return list };
    sheet::read(file, bytes, DISEASES, faults, |row| {
        let code = row.text("code").to_owned();
        if let Err(e) = crate::ids::check(&code) {
            row.fault(format!("code {code:?}: {e}"));
        }
        if !seen.insert(code.clone()) {
            row.fault(format!("the code {code} stands already in this file"));
        }
        let is_syndrome = match row.text("kind") {
            "syndrome" => true,
            "disease" => false,
            other => return row.fault(format!("kind {other:?}: syndrome or disease")),
        };
        let word = row.text("legal_class");
        let legal_class = LegalClass::ALL.into_iter().find(|c| c.wire() == word);
        if legal_class.is_none() && !word.is_empty() {
            let known = words(LegalClass::ALL.map(LegalClass::wire));
            row.fault(format!("legal_class {word:?}: one of {known}, or empty"));
        }
        let limit = row.whole("report_limit_h", 1..=LIMIT_MAX_H);
        let Some(name) = row.need_text("name") else { return };
        let name_en = row.or("name_en", &name);
        let report_limit_h = limit.or(legal_class.map(codes::limit_h));
        let disease = Disease { code, name, name_en, is_syndrome, legal_class, report_limit_h };
        match list.iter_mut().find(|d| d.code == disease.code) {
            Some(had) => *had = disease,
            None => list.push(disease),
        }
    });
    list
}
