//! Official signals in force. A change, lift or withdrawal is of the signal that the same agency has
//! issued: where two agencies give one id, they are two signals.

use domain::ids::{AgencyId, Seq};
use domain::report::{OfficialSignal, SignalAct};
use domain::time::{HOUR_MS, UtcMs};

use super::picture::Picture;
use super::touched::Touched;
use super::{journal_line, told};

/// How long an official signal stays if its office never lifts it.
const SIGNAL_KEPT_MS: i64 = 7 * 24 * HOUR_MS;

/// Takes what an agency said of a signal, at its place in the record and when it came.
pub(super) fn take(
    picture: &mut Picture,
    (seq, received): (Seq, UtcMs),
    agency: &AgencyId,
    said: &OfficialSignal,
    touched: &mut Touched,
) {
    let id = id_of(picture, agency, &said.id);
    let said = &OfficialSignal { id: id.clone(), ..said.clone() };
    let ended = picture.signals_ended.get(&id).is_some_and(|at| *at >= said.t);
    if ended || picture.signals.get(&id).is_some_and(|had| had.t > said.t) {
        return;
    }
    picture.signals_by.insert(id.clone(), agency.clone());
    match said.act {
        SignalAct::Issue | SignalAct::Change => {
            picture.signals.insert(id.clone(), said.clone());
        }
        SignalAct::Lift | SignalAct::Withdraw => {
            picture.signals.remove(&id);
            picture.signals_ended.insert(id.clone(), said.t);
        }
    }
    touched.signals.insert(id);
    let entry = journal_line::signal(seq, received, said);
    told::log(picture, u8::MAX, entry, touched);
}

/// The id by which an agency's signal is known: its own, with the agency's before it where another
/// agency has a signal of that id.
fn id_of(picture: &Picture, agency: &AgencyId, id: &str) -> String {
    match picture.signals_by.get(id) {
        Some(by) if by != agency => format!("{agency}/{id}"),
        _ => id.to_owned(),
    }
}

/// Leaves those that nobody has changed for long.
pub(super) fn pass(picture: &mut Picture, touched: &mut Touched) {
    let worn_out = picture.now.plus_ms(-SIGNAL_KEPT_MS);
    picture.signals_ended.retain(|_, at| *at >= worn_out);
    let worn: Vec<String> =
        picture.signals.values().filter(|s| s.t < worn_out).map(|s| s.id.clone()).collect();
    for id in worn {
        picture.signals.remove(&id);
        touched.signals.insert(id);
    }
    let Picture { signals, signals_ended, signals_by, .. } = picture;
    signals_by.retain(|id, _| signals.contains_key(id) || signals_ended.contains_key(id));
}
