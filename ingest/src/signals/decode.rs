//! Stop 2 of 9 for official signals: bytes → report or [`Why`]. Pure and total. Before it:
//! [`crate::mqtt::session`], [`crate::http::session`]; after it: [`crate::admit`].

use domain::ids::ZoneId;
use domain::refusal::Reason;
use domain::report::{OfficialSignal, SignalAct};
use serde::Deserialize;

use crate::judge::Why;
use crate::reports::form::{Time, long_text, read};

/// The longest text of an official signal, bytes.
pub const SIGNAL_TEXT_MAX_BYTES: usize = 16_000;
/// The longest id, issuer or kind of an official signal, bytes.
pub const SIGNAL_WORD_MAX_BYTES: usize = 200;
/// The most areas of an official signal.
pub const SIGNAL_AREAS_MAX: usize = 500;
/// The official colours.
pub const COLORS: [&str; 5] = ["white", "blue", "yellow", "orange", "red"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalForm {
    id: String,
    issuer: String,
    act: SignalAct,
    kind: String,
    color: String,
    areas: Vec<ZoneId>,
    t: Time,
    #[serde(default)]
    text: String,
}

/// Reads an official signal.
///
/// # Errors
/// [`Why`], naming the field.
pub fn signal(body: &[u8]) -> Result<OfficialSignal, Why> {
    let form: SignalForm = read(body)?;
    for (field, text) in [("id", &form.id), ("issuer", &form.issuer), ("kind", &form.kind)] {
        if text.trim().is_empty() {
            return Err(Why::new(Reason::MissingField, format!("field {field:?} is empty")));
        }
        long_text(field, Some(text), SIGNAL_WORD_MAX_BYTES)?;
    }
    long_text("text", Some(&form.text), SIGNAL_TEXT_MAX_BYTES)?;
    if !COLORS.contains(&form.color.as_str()) {
        let said = format!("field \"color\": one of {}", COLORS.join(", "));
        return Err(Why::new(Reason::FieldForm, said));
    }
    if form.areas.is_empty() || form.areas.len() > SIGNAL_AREAS_MAX {
        let said = format!("field \"areas\": 1 to {SIGNAL_AREAS_MAX} codes");
        return Err(Why::new(Reason::FieldForm, said));
    }
    Ok(OfficialSignal {
        id: form.id,
        issuer: form.issuer,
        act: form.act,
        kind: form.kind,
        color: form.color,
        areas: form.areas,
        t: form.t.0,
        text: form.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIGNAL: &str = r#"{"id":"s1","issuer":"台山市气象台(虚构)","act":"issue","kind":"台风","color":"red","areas":["440781"],"t":"2026-09-11T22:00:00+08:00"}"#;

    #[test]
    fn a_mistake_is_named() {
        assert_eq!(signal(SIGNAL.as_bytes()).unwrap().color, "red");
        let violet = signal(SIGNAL.replace("red", "violet").as_bytes()).unwrap_err();
        assert!(violet.detail.contains("color"));
        assert!(signal(SIGNAL.replace("\"440781\"", "").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..110, with in any::<u8>()) {
            let _ = signal(&body);
            let mut bytes = SIGNAL.as_bytes().to_vec();
            let at = at.min(bytes.len() - 1);
            bytes[at] = with;
            let _ = signal(&bytes);
        }
    }
}
