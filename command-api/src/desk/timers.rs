//! What the platform itself does at the desk when time passes or an alert rises: shelving ends,
//! tasks fall overdue. Pure, and journaled like everything else.

use domain::desk::DeskFact;

use super::picture::{Alert, Picture};

/// What is due at the picture's now.
pub fn due(picture: &Picture) -> Vec<DeskFact> {
    let ended = picture.alerts.iter().filter(|(_, a)| shelving_over(picture, a));
    let unshelved = ended.map(|(id, _)| DeskFact::Unshelved { alert: id.clone() });
    let late = picture.tasks.iter().filter(|(_, t)| {
        t.state.is_open() && !t.overdue && t.due.is_some_and(|due| due < picture.now)
    });
    unshelved.chain(late.map(|(id, _)| DeskFact::TaskOverdue { task: *id })).collect()
}

/// Whether a shelving has run out, its alert has risen above the level it was shelved at, or has cleared.
fn shelving_over(picture: &Picture, alert: &Alert) -> bool {
    let Some(shelved) = &alert.shelved else { return false };
    let Some(told) = &alert.told else { return shelved.until <= picture.now };
    shelved.until <= picture.now
        || told.cleared.is_some()
        || picture.rank(&told.level) > picture.rank(&shelved.level)
}
