//! The rules of the standard's text that no schema holds (CAP 1.2, 3.2), and two of this platform:
//! how far off an end may lie, and that a message refers to earlier ones only.

use domain::time::{HOUR_MS, UtcMs};
use domain::warning::{CapMessage, WarningAct, WarningInfo, WarningScope};

use super::faults::{Faults, shown};

/// How long after it was sent a message may hold, ms: a leap year. What is to hold longer is sent
/// again; what says ten years is a mistake of a digit.
pub const EXPIRES_AFTER_MAX_MS: i64 = 366 * 24 * HOUR_MS;

/// Tries every rule.
pub(super) fn check(message: &CapMessage, faults: &mut Faults) {
    references(message, faults);
    let is_blank = |text: &Option<String>| text.is_none();
    if message.scope == WarningScope::Restricted && is_blank(&message.restriction) {
        faults.rule("alert/restriction", "is wanted where scope is Restricted");
    }
    if message.scope == WarningScope::Private && is_blank(&message.addresses) {
        faults.rule("alert/addresses", "is wanted where scope is Private");
    }
    for (n, info) in message.infos.iter().enumerate() {
        times(message.key.sent, info, &format!("alert/info[{}]", n + 1), faults);
    }
}

fn references(message: &CapMessage, faults: &mut Faults) {
    let element = "alert/references";
    if message.act != WarningAct::Alert && message.references.is_empty() {
        let said = format!(
            "a message of type {} says which earlier messages it is about",
            message.act.word()
        );
        faults.rule(element, said);
    }
    for reference in &message.references {
        if *reference == message.key {
            faults.rule(element, "refers to the message itself");
        } else if reference.sent > message.key.sent {
            let said = "was sent later than this message: one refers to earlier ones";
            faults.rule(element, format!("{} {said}", shown(&reference.to_string())));
        }
    }
}

fn times(sent: UtcMs, info: &WarningInfo, path: &str, faults: &mut Faults) {
    let latest = sent.plus_ms(EXPIRES_AFTER_MAX_MS);
    let days = EXPIRES_AFTER_MAX_MS / (24 * HOUR_MS);
    for (name, time) in
        [("effective", info.effective), ("onset", info.onset), ("expires", info.expires)]
    {
        if time.is_some_and(|t| t > latest) {
            let said = format!("lies more than {days} days after sent");
            faults.rule(&format!("{path}/{name}"), said);
        }
    }
    let Some(expires) = info.expires else { return };
    let element = format!("{path}/expires");
    if expires < sent {
        faults.rule(&element, "lies before sent");
    } else if info.effective.is_some_and(|effective| expires < effective) {
        faults.rule(&element, "lies before effective");
    }
}
