//! Situations of external warnings: chains, late originals, strangers, ends, and that no order of
//! arrival leaves a trace.

use domain::ids::AgencyId;
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use domain::warning::*;
use proptest::prelude::*;

use super::warnings::{HOLDS_DEFAULT_MS, State, Warnings};

const T0: UtcMs = UtcMs(1_781_118_300_000);

fn key(sender: &str, n: u32) -> WarningKey {
    WarningKey {
        sender: sender.into(),
        identifier: format!("M{n}"),
        sent: T0.plus_ms(i64::from(n) * MINUTE_MS),
    }
}

fn message(sender: &str, n: u32, act: WarningAct, about: &[u32]) -> ExternalWarning {
    let info = WarningInfo {
        language: "zh-CN".into(),
        categories: vec![Category::Met],
        event: "台风".into(),
        responses: Vec::new(),
        urgency: Urgency::Immediate,
        severity: Severity::Severe,
        certainty: Certainty::Likely,
        audience: None,
        event_codes: Vec::new(),
        effective: None,
        onset: None,
        expires: Some(T0.plus_ms(6 * HOUR_MS)),
        sender_name: None,
        headline: None,
        description: None,
        instruction: None,
        web: None,
        contact: None,
        parameters: Vec::new(),
        resources: Vec::new(),
        areas: Vec::new(),
    };
    let message = CapMessage {
        version: CapVersion::V1_2,
        key: key(sender, n),
        status: WarningStatus::Actual,
        act,
        source: None,
        scope: WarningScope::Public,
        restriction: None,
        addresses: None,
        codes: Vec::new(),
        note: None,
        references: about.iter().map(|n| key(sender, *n)).collect(),
        incidents: None,
        infos: if act == WarningAct::Cancel { Vec::new() } else { vec![info] },
    };
    ExternalWarning {
        message,
        signature: SignatureState::Unsigned,
        fingerprint: u64::from(n),
        original: String::new(),
    }
}

fn hear(list: &[(&str, u64, ExternalWarning)]) -> Warnings {
    let mut warnings = Warnings::default();
    for (agency, seq, said) in list {
        warnings.take(*seq, &AgencyId::new(agency).unwrap(), T0, said);
    }
    warnings
}

fn state(warnings: &Warnings, seq: u64) -> State {
    let now = T0.plus_ms(HOUR_MS);
    warnings.state(warnings.of(seq).unwrap(), now)
}

#[test]
fn an_update_supersedes_and_a_cancellation_takes_back() {
    use WarningAct::{Alert, Cancel, Update};
    let one = message("a", 1, Alert, &[]);
    let two = message("a", 2, Update, &[1]);
    let three = message("a", 3, Cancel, &[1, 2]);
    let heard = hear(&[("met", 1, one.clone())]);
    assert_eq!(state(&heard, 1), State::InForce);
    let heard = hear(&[("met", 1, one.clone()), ("met", 2, two.clone())]);
    assert_eq!((state(&heard, 1), state(&heard, 2)), (State::Superseded, State::InForce));
    let heard = hear(&[("met", 1, one), ("met", 2, two), ("met", 3, three)]);
    assert_eq!((state(&heard, 1), state(&heard, 2)), (State::Cancelled, State::Cancelled));
    assert_eq!(state(&heard, 3), State::Done);
}

#[test]
fn an_original_that_comes_late_is_known_superseded_at_once() {
    let (one, two) =
        (message("a", 1, WarningAct::Alert, &[]), message("a", 2, WarningAct::Update, &[1]));
    let mut heard = hear(&[("met", 5, two)]);
    assert_eq!(state(&heard, 5), State::Held, "shown, and its original is not known");
    let touched = heard.take(6, &AgencyId::new("met").unwrap(), T0, &one);
    assert_eq!(touched.into_iter().collect::<Vec<_>>(), [5, 6]);
    assert_eq!((state(&heard, 5), state(&heard, 6)), (State::InForce, State::Superseded));
}

#[test]
fn who_missed_one_of_a_chain_resolves_it_where_all_of_it_is_cited() {
    let one = message("a", 1, WarningAct::Alert, &[]);
    let three = message("a", 3, WarningAct::Update, &[1, 2]);
    let heard = hear(&[("met", 1, one), ("met", 3, three)]);
    assert_eq!((state(&heard, 1), state(&heard, 3)), (State::Superseded, State::InForce));
}

#[test]
fn anothers_message_is_not_touched() {
    let one = message("a", 1, WarningAct::Alert, &[]);
    let mut foreign = message("b", 2, WarningAct::Cancel, &[]);
    foreign.message.references = vec![key("a", 1)];
    let heard = hear(&[("met", 1, one.clone()), ("met", 2, foreign)]);
    assert_eq!(
        (state(&heard, 1), state(&heard, 2)),
        (State::InForce, State::Held),
        "another sender"
    );
    let same_name = message("a", 2, WarningAct::Cancel, &[1]);
    let heard = hear(&[("met", 1, one), ("sea", 2, same_name)]);
    assert_eq!(
        (state(&heard, 1), state(&heard, 2)),
        (State::InForce, State::Held),
        "another agency"
    );
}

#[test]
fn an_exercise_touches_nothing_and_is_apart() {
    let one = message("a", 1, WarningAct::Alert, &[]);
    for status in
        [WarningStatus::Exercise, WarningStatus::Test, WarningStatus::Draft, WarningStatus::System]
    {
        let mut drill = message("a", 2, WarningAct::Cancel, &[1]);
        drill.message.status = status;
        let heard = hear(&[("met", 1, one.clone()), ("met", 2, drill)]);
        assert_eq!((state(&heard, 1), state(&heard, 2)), (State::InForce, State::Apart));
    }
}

#[test]
fn a_warning_ends_by_the_platforms_clock() {
    let one = message("a", 1, WarningAct::Alert, &[]);
    let mut endless = message("a", 2, WarningAct::Alert, &[]);
    endless.message.infos[0].expires = None;
    let mut heard = hear(&[("met", 1, one), ("met", 2, endless)]);
    let end = T0.plus_ms(6 * HOUR_MS);
    assert_eq!(heard.state(heard.of(1).unwrap(), end.plus_ms(-1)), State::InForce);
    assert_eq!(heard.state(heard.of(1).unwrap(), end), State::Expired);
    assert_eq!(heard.pass(end.plus_ms(-1), end).into_iter().collect::<Vec<_>>(), [1]);
    let default_end = key("a", 2).sent.plus_ms(HOLDS_DEFAULT_MS);
    assert_eq!(heard.state(heard.of(2).unwrap(), default_end.plus_ms(-1)), State::InForce);
    assert_eq!(heard.state(heard.of(2).unwrap(), default_end), State::Expired);
}

#[test]
fn what_was_cancelled_stays_so_when_it_is_replayed_after_it_was_forgotten() {
    let mut one = message("a", 1, WarningAct::Alert, &[]);
    one.message.infos[0].expires = Some(T0.plus_ms(300 * 24 * HOUR_MS));
    let two = message("a", 2, WarningAct::Cancel, &[1]);
    let mut heard = hear(&[("met", 2, two)]);
    let month = T0.plus_ms(30 * 24 * HOUR_MS);
    heard.pass(T0, month);
    heard.take(9, &AgencyId::new("met").unwrap(), month, &one);
    assert_eq!(heard.state(heard.of(9).unwrap(), month), State::Cancelled);
}

fn any_message() -> impl Strategy<Value = (bool, u32, u8, Vec<u32>, bool)> {
    (any::<bool>(), 1u32..8, 0u8..4, proptest::collection::vec(1u32..8, 0..3), any::<bool>())
}

proptest! {
    #[test]
    fn no_order_of_arrival_leaves_a_trace(
        list in proptest::collection::vec(any_message(), 1..12),
        order in any::<u64>(),
    ) {
        let mut said = std::collections::BTreeMap::new();
        for (sender, n, act, about, drill) in list {
            use WarningAct::*;
            let act = [Alert, Update, Cancel, Ack][usize::from(act)];
            let mut one = message(if sender { "a" } else { "b" }, n, act, &about);
            if drill { one.message.status = WarningStatus::Exercise; }
            said.insert(one.message.key.clone(), one);
        }
        let agency = if order % 2 == 0 { "met" } else { "sea" };
        let list: Vec<_> = said.into_values().enumerate().map(|(n, m)| (agency, n as u64 + 1, m)).collect();
        let mut other = list.clone();
        let mut seed = order;
        for at in (1..other.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            other.swap(at, (seed >> 33) as usize % (at + 1));
        }
        prop_assert_eq!(hear(&list), hear(&other));
    }
}
