//! Reports on the picture, as a night brings them.

use domain::desk::{Command, DeskFact, Role, Verdict};
use domain::ids::{AgencyId, Seq};
use domain::situation::{
    Body, Key, Located, LocatedBy, Precision, SaidPlace, Situation, State, body,
};
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use proptest::prelude::*;

use super::likeness::shared_words;
use super::*;
use crate::desk::refusal::Refusal;
use crate::desk::{Asker, Picture, decide};
use crate::gazetteer::Gazetteer;

const T0: UtcMs = UtcMs(1_789_124_400_000);

fn agency() -> AgencyId {
    "hotline12345".parse().unwrap()
}

fn key(id: &str) -> Key {
    Key { kind: Kind::Hotline, agency: agency(), id: id.parse().unwrap() }
}

fn call(id: &str, minutes: i64, text: &str, at: Option<(f64, f64)>) -> Situation {
    let precision = if at.is_some() { Precision::Point } else { Precision::Unknown };
    let by = if at.is_some() { LocatedBy::Point } else { LocatedBy::Nothing };
    Situation {
        id: id.parse().unwrap(),
        t: T0.plus_ms(minutes * MINUTE_MS),
        text: text.into(),
        state: State::Open,
        place: SaidPlace { point: at, ..SaidPlace::default() },
        located: Located { point: at, precision, by, ..Located::default() },
        body: Body::Hotline(body::Hotline::default()),
    }
}

const FLOOD: &str = "白沙街道羊桥路口积水很深,车子熄火了";
const FLOOD_TOO: &str = "羊桥路口积水很深 车熄火走不了";
const TREE: &str = "胜利小学门前大树倒了压到电线";
const HERE: Option<(f64, f64)> = Some((113.07, 22.58));
const NEAR: Option<(f64, f64)> = Some((113.071, 22.5805));
const FAR: Option<(f64, f64)> = Some((112.80, 22.25));

fn heard(sent: &[Situation]) -> Situations {
    let mut here = Situations::default();
    for (seq, said) in (1u64..).zip(sent) {
        here.reported(Seq(seq), said.t, &agency(), said);
    }
    here
}

/// What does not depend on the order in which it came: all but the journal's numbers.
fn told(here: &Situations) -> Vec<(Key, Situation, Option<Likely>)> {
    let rows = here.rows.iter().filter_map(|(key, row)| Some((key, row.shown()?)));
    rows.map(|(key, v)| (key.clone(), v.said.clone(), here.likely.get(key).cloned())).collect()
}

#[test]
fn a_later_report_takes_the_earlier_ones_place_and_an_older_one_is_history() {
    let (old, new) = (call("a", 0, TREE, HERE), call("a", 5, "大树已移开", HERE));
    let here = heard(&[old.clone(), new.clone(), new.clone(), call("a", -3, "大树倒了", HERE)]);
    let row = &here.rows[&key("a")];
    assert_eq!(row.shown().unwrap().said.text, "大树已移开");
    assert_eq!((row.versions.len(), row.sent), (3, 3), "the equal one is no new version");
}

#[test]
fn near_in_place_time_and_words_is_proposed_and_nothing_else() {
    let of = |later: Situation| {
        heard(&[call("a", 0, FLOOD, HERE), later]).likely.get(&key("b")).cloned()
    };
    let found = of(call("b", 10, FLOOD_TOO, NEAR)).unwrap();
    assert_eq!((found.with, found.minutes), (key("a"), 10));
    assert!((50..200).contains(&found.metres.unwrap()) && found.words >= 30, "{:?}", found.words);
    assert_eq!(of(call("b", 10, FLOOD_TOO, FAR)), None, "another place");
    assert_eq!(of(call("b", 10, TREE, NEAR)), None, "another thing");
    assert_eq!(of(call("b", 180, FLOOD_TOO, NEAR)), None, "another hour");
    assert_eq!(
        of(call("b", 10, FLOOD_TOO, None)),
        None,
        "nobody knows where, and few words shared"
    );
    assert!(of(call("b", 10, FLOOD, None)).is_some(), "the same words");
    let withdrawn = Situation { state: State::Withdrawn, ..call("b", 10, FLOOD_TOO, NEAR) };
    assert_eq!(of(withdrawn), None);
}

#[test]
fn a_call_and_a_citizens_report_of_one_thing_are_proposed_and_other_kinds_never() {
    let of = |body: Body| {
        let mut here = heard(&[call("a", 0, FLOOD, HERE)]);
        let said = Situation { body, ..call("b", 10, FLOOD_TOO, NEAR) };
        let police: AgencyId = "police".parse().unwrap();
        here.reported(Seq(9), said.t, &police, &said);
        let kind = said.body.kind();
        here.likely.get(&Key { kind, agency: police, id: said.id }).map(|found| found.with.clone())
    };
    let (service, class) = (body::Service::Traffic, String::new());
    let (trapped, injured, dead) = (None, None, None);
    let call = body::EmergencyCall { service, class, trapped, injured, dead };
    assert_eq!(of(Body::Call(call)), Some(key("a")));
    assert_eq!(of(Body::Outage(body::PowerOutage::default())), None);
}

#[test]
fn words_are_compared_without_signs() {
    assert_eq!(shared_words("路口积水很深", "路口,积水很深!"), 100);
    assert_eq!(shared_words("积水", "积水"), 0, "too short to say anything");
    assert_eq!(shared_words(TREE, FLOOD), 0);
}

fn decided(here: &Situations, command: Command) -> Result<Vec<DeskFact>, Refusal> {
    let city = domain::city::City::read(&domain::city::City::scaffold()).unwrap();
    let picture = Picture { situations: here.clone(), ..Picture::default() };
    let asker = Asker { who: "li", role: Role::Officer };
    decide(&picture, &command, asker, T0, &Gazetteer::new(city, T0))
}

fn done(here: &mut Situations, command: Command) -> Result<(), Refusal> {
    for fact in decided(here, command)? {
        here.done(T0, "li", &fact);
    }
    Ok(())
}

fn merge(one: &str, into: &str) -> Command {
    Command::Merge { situation: key(one), into: key(into), reason: None }
}

#[test]
fn merged_reports_count_as_one_and_are_split_again() {
    let mut here = heard(&[
        call("a", 0, FLOOD, HERE),
        call("b", 5, FLOOD_TOO, NEAR),
        call("c", 6, FLOOD_TOO, NEAR),
    ]);
    done(&mut here, merge("c", "b")).unwrap();
    done(&mut here, merge("b", "a")).unwrap();
    assert_eq!(here.members(&key("a")).count(), 2, "what went into b went along");
    assert_eq!(here.likely.get(&key("b")), None);
    assert!(matches!(done(&mut here, merge("b", "a")), Err(Refusal::SituationState { .. })));
    assert!(matches!(done(&mut here, merge("a", "c")), Err(Refusal::SituationState { .. })));
    let alone = Command::Conclude { situation: key("b"), text: "x".into() };
    assert!(matches!(done(&mut here, alone), Err(Refusal::SituationState { .. })));
    done(&mut here, Command::Split { situation: key("b"), reason: "不同路口".into() }).unwrap();
    assert_eq!(here.members(&key("a")).cloned().collect::<Vec<_>>(), [key("c")]);
    assert!(here.likely.contains_key(&key("b")), "it looks like a again");
    let apart = Command::KeepApart { situation: key("b"), from: key("a"), reason: "两处".into() };
    done(&mut here, apart).unwrap();
    assert_ne!(
        here.likely.get(&key("b")).map(|l| &l.with),
        Some(&key("a")),
        "never proposed again"
    );
}

#[test]
fn the_way_back_goes_in_its_order_and_tells_every_sender() {
    let mut here = heard(&[call("a", 0, FLOOD, HERE), call("b", 5, FLOOD_TOO, NEAR)]);
    done(&mut here, merge("b", "a")).unwrap();
    let conclude = || Command::Conclude { situation: key("a"), text: "已排除".into() };
    let feed_back = || Command::FeedBack { situation: key("a"), text: "积水已退".into() };
    let assign = |department: &str| Command::Assign {
        situation: key("a"),
        department: department.parse().unwrap(),
        text: "请派泵车".into(),
        due: Some(T0.plus_ms(HOUR_MS)),
    };
    assert!(matches!(done(&mut here, conclude()), Err(Refusal::SituationState { .. })));
    assert!(matches!(done(&mut here, assign("nobody")), Err(Refusal::UnknownDepartment(_))));
    let city = domain::city::City::read(&domain::city::City::scaffold()).unwrap();
    let department = city.agencies[0].id.to_string();
    done(&mut here, assign(&department)).unwrap();
    assert!(matches!(done(&mut here, feed_back()), Err(Refusal::SituationState { .. })));
    done(&mut here, conclude()).unwrap();
    done(&mut here, feed_back()).unwrap();
    let told = views::told(&here, &key("a"));
    assert_eq!(told.len(), 2);
    let status = &told[&key("b")].1;
    assert_eq!((status.stage.as_str(), status.reports, status.id.as_str()), ("fed_back", 2, "b"));
    let words: Vec<&str> = status.steps.iter().map(|s| s.what.as_str()).collect();
    assert_eq!(words, ["assigned", "concluded", "fed_back"]);
    assert!(here.is_over(&key("b")), "dealt with as one");
    assert!(matches!(done(&mut here, assign(&department)), Err(Refusal::SituationState { .. })));
}

#[test]
fn what_is_untrue_is_over_and_what_is_not_known_is_refused() {
    let mut here = heard(&[call("a", 0, "水库溃坝了快跑", None)]);
    let verify = |id: &str| Command::Verify {
        situation: key(id),
        verdict: Verdict::Untrue,
        reason: "水库值班员回复正常".into(),
    };
    assert!(matches!(done(&mut here, verify("z")), Err(Refusal::UnknownSituation(_))));
    done(&mut here, verify("a")).unwrap();
    assert!(here.is_over(&key("a")));
    here.ticked(T0.plus_ms(OVER_KEPT_MS + HOUR_MS));
    assert!(here.rows.is_empty());
    let auditor = Asker { who: "wu", role: Role::Auditor };
    let city = domain::city::City::read(&domain::city::City::scaffold()).unwrap();
    let refused = decide(&Picture::default(), &verify("a"), auditor, T0, &Gazetteer::new(city, T0));
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })));
}

#[test]
fn a_burst_stays_within_its_bounds_and_those_that_are_over_leave_first() {
    let mut here = Situations::default();
    let over = Situation { state: State::Closed, ..call("over", 0, TREE, FAR) };
    here.reported(Seq(1), T0, &agency(), &over);
    for n in 0..KEPT_PER_KIND {
        let said = call(&format!("n{n}"), 1, "", None);
        here.reported(Seq(n as u64 + 2), said.t, &agency(), &said);
    }
    assert_eq!(here.rows.len(), KEPT_PER_KIND);
    assert!(!here.rows.contains_key(&key("over")));
}

#[test]
fn an_official_signal_follows_its_issuers_line_in_whichever_order_it_comes() {
    use domain::report::{OfficialSignal, Report, SignalAct};
    let act = |act: SignalAct, minutes: i64, color: &str| {
        Report::Signal(OfficialSignal {
            id: "s1".into(),
            issuer: "台山市气象台(虚构)".into(),
            act,
            kind: "台风".into(),
            color: color.into(),
            areas: vec!["440781".parse().unwrap()],
            t: T0.plus_ms(minutes * MINUTE_MS),
            text: String::new(),
        })
    };
    let (issue, change) = (act(SignalAct::Issue, 0, "blue"), act(SignalAct::Change, 30, "red"));
    let (lift, anew) = (act(SignalAct::Lift, 60, "red"), act(SignalAct::Issue, 90, "yellow"));
    let color = |reports: &[&Report]| {
        let mut picture = Picture::default();
        for (seq, report) in (1u64..).zip(reports) {
            let happening = crate::desk::Happening::Reported(Seq(seq), T0, &agency(), report);
            crate::desk::evolve(&mut picture, happening);
        }
        picture.signals.get("s1").map(|s| s.color.clone())
    };
    assert_eq!(color(&[&issue, &change]).as_deref(), Some("red"));
    assert_eq!(color(&[&change, &issue]).as_deref(), Some("red"), "the issue came late");
    assert_eq!(color(&[&issue, &change, &lift]), None);
    assert_eq!(color(&[&issue, &lift, &change]), None, "a change that came late revives nothing");
    assert_eq!(color(&[&lift, &issue]), None);
    assert_eq!(color(&[&issue, &lift, &anew]).as_deref(), Some("yellow"), "issued anew");
}

fn any_call() -> impl Strategy<Value = Situation> {
    let texts = [FLOOD, FLOOD_TOO, TREE, "羊桥路口积水", "大树倒了压到电线杆"];
    let places = [HERE, NEAR, FAR, None];
    ("[a-f]", 0i64..200, 0usize..texts.len(), 0usize..places.len())
        .prop_map(move |(id, minutes, text, at)| call(&id, minutes, texts[text], places[at]))
}

proptest! {
    #[test]
    fn the_order_in_which_reports_come_leaves_no_trace(
        sent in proptest::collection::vec(any_call(), 0..12), turn in 0usize..12,
    ) {
        // Two reports of one key and one time are told apart by their places in the journal.
        let mut sent = sent;
        sent.sort_by(|a, b| (&a.id, a.t).cmp(&(&b.id, b.t)));
        sent.dedup_by(|a, b| a.id == b.id && a.t == b.t);
        let mut turned = sent.clone();
        turned.rotate_left(turn.min(sent.len().saturating_sub(1)));
        let mut back = sent.clone();
        back.reverse();
        let first = told(&heard(&sent));
        prop_assert_eq!(&first, &told(&heard(&turned)));
        prop_assert_eq!(&first, &told(&heard(&back)));
    }
}
