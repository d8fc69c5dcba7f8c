//! Situations at the desk, and sequences of anything at all.

use std::collections::{BTreeMap, BTreeSet};

use domain::city::{City, CityFiles};
use domain::decision::{AlertId, Decision, DecisionKind};
use domain::desk::{Actor, Command, DeskEvent, Role};
use domain::ids::{AgencyId, IncidentId, PlanId, Seq, TaskId, UnitId, UserName};
use domain::report::{Report, TaskReport, UnitReport};
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use proptest::prelude::*;

use super::picture::TaskState;
use super::{Asker, Happening, Picture, Refusal, decide, evolve, field, timers};
use crate::gazetteer::Gazetteer;

const T0: UtcMs = UtcMs(1_781_118_300_000);

/// A small city: two stations, two boats, a pump, one plan.
pub(crate) fn city() -> Gazetteer {
    let mut files = CityFiles::new();
    let mut put =
        |path: &str, text: &str| drop(files.insert(path.into(), text.as_bytes().to_vec()));
    put(
        "city.toml",
        "name = \"试验镇\"\nname_en = \"Testtown\"\ntime_zone = \"Asia/Shanghai\"\nfictional = true\n",
    );
    put(
        "agencies.toml",
        "[[agency]]\nid = \"hydro\"\nname = \"水文\"\n[[agency]]\nid = \"rescue\"\nname = \"救援\"\n",
    );
    put(
        "zones.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"440700","name":"试验镇","name_en":"Testtown","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[112.5,22.0],[113.5,22.0],[113.5,23.0],[112.5,23.0],[112.5,22.0]]]}}]}"#,
    );
    put(
        "stations.csv",
        "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\nA,甲站,A,hydro,112.60,22.10,,,\nB,乙站,B,hydro,112.70,22.20,,,\n",
    );
    put(
        "datastreams.csv",
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\nA,rainfall,300,,,,,\nB,rainfall,300,,,,,\n",
    );
    put(
        "units.csv",
        "id,name,name_en,kind,agency,lon,lat,people\nboat-far,远艇,Far,boat,rescue,113.40,22.90,6\nboat-near,近艇,Near,boat,rescue,112.61,22.11,6\npump-1,泵,Pump,pump,rescue,112.60,22.10,3\n",
    );
    put(
        "hazards/rainfall.toml",
        "hazard = \"rainfall\"\nsource = \"city policy\"\n[[threshold]]\nlevel = \"yellow\"\nat_least = 50.0\nwindow_h = 1\n",
    );
    put(
        "plans/flood.toml",
        "id = \"P-FLOOD\"\ntitle = \"防汛\"\nsource = \"city policy\"\n\
         [[measure]]\nclause = \"§1\"\nfrom_level = \"yellow\"\ntext = \"巡查\"\nunit_kind = \"boat\"\nlimit_min = 60\n\
         [[measure]]\nclause = \"§2\"\nfrom_level = \"red\"\ntext = \"强排\"\nunit_kind = \"pump\"\nlimit_min = 30\n",
    );
    let city = City::read(&files).unwrap_or_else(|errors| panic!("{errors:#?}"));
    Gazetteer::new(city, T0)
}

/// The n-th alert of station A or B.
fn alert(n: u8) -> AlertId {
    let place = if n.is_multiple_of(2) { "A" } else { "B" };
    AlertId { hazard: "rainfall".into(), place: place.into(), raised: T0.plus_ms(i64::from(n)) }
}

fn decision(seq: u64, kind: DecisionKind, id: &AlertId, level: &str, was: &str) -> Decision {
    Decision {
        seq: Some(Seq(seq)),
        t: T0.plus_ms(seq as i64 * 1000).rfc3339(28_800),
        kind,
        hazard: id.hazard.clone(),
        place: id.place.clone(),
        level: level.into(),
        was: was.into(),
        value: Some(seq as f64),
        because: vec![format!("{}:rainfall:{}:00000000", id.place, T0.0)],
        rule: "rainfall 3600s >= 50".into(),
        alert: Some(id.clone()),
        trust: None,
    }
}

/// A desk with its record, as the room keeps them, without a disk.
struct Desk {
    city: Gazetteer,
    picture: Picture,
    seq: u64,
    decisions: Vec<Decision>,
    events: Vec<(Seq, DeskEvent)>,
    reports: Vec<(Seq, UtcMs, Report)>,
    ticks: Vec<(Seq, UtcMs)>,
}

impl Desk {
    fn new() -> Self {
        let city = city();
        let picture = Picture::new(city.city().about.levels.clone());
        let (decisions, events, reports, ticks) = Default::default();
        let mut desk = Self { city, picture, seq: 0, decisions, events, reports, ticks };
        desk.tick(0);
        desk
    }

    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn tell(&mut self, kind: DecisionKind, id: &AlertId, level: &str, was: &str) {
        let decision = decision(self.next(), kind, id, level, was);
        evolve(&mut self.picture, Happening::Decided(&decision));
        self.decisions.push(decision);
        self.timers();
    }

    fn raise(&mut self, id: &AlertId, level: &str) {
        self.tell(DecisionKind::AlertRaised, id, level, "none");
    }

    fn tick(&mut self, ms: i64) {
        let now = self.picture.now.max(T0).plus_ms(ms);
        let seq = Seq(self.next());
        self.ticks.push((seq, now));
        evolve(&mut self.picture, Happening::Tick(now));
        self.timers();
    }

    fn timers(&mut self) {
        let due = timers::due(&self.picture);
        self.journal(due, Actor::Platform, None);
    }

    fn journal(
        &mut self,
        facts: Vec<domain::desk::DeskFact>,
        by: Actor,
        command_id: Option<String>,
    ) {
        for what in facts {
            let (seq, at) = (Seq(self.next()), self.picture.now);
            let event = DeskEvent { at, by: by.clone(), command_id: command_id.clone(), what };
            evolve(&mut self.picture, Happening::Desk(seq, &event));
            self.events.push((seq, event));
        }
    }

    fn ask(&mut self, who: &str, role: Role, command: &Command) -> Result<usize, Refusal> {
        let asker = Asker { who, role };
        let facts = decide(&self.picture, command, asker, self.picture.now, &self.city)?;
        let made = facts.len();
        let id = format!("c{}", self.seq);
        self.journal(facts, Actor::User(UserName::new(who).unwrap()), Some(id));
        Ok(made)
    }

    fn officer(&mut self, command: &Command) -> Result<usize, Refusal> {
        self.ask("wang", Role::Officer, command)
    }

    fn commander(&mut self, command: &Command) -> Result<usize, Refusal> {
        self.ask("li", Role::Commander, command)
    }

    fn report(&mut self, unit: &str, task: u64, said: TaskReport) -> Result<usize, Refusal> {
        let note = (said == TaskReport::Refuse).then(|| "机故".to_owned());
        let unit = UnitId::new(unit).unwrap();
        let t = self.picture.now;
        let (task, report) = (Some(TaskId(task)), Some(said));
        let said = UnitReport {
            task,
            report,
            note,
            lon: Some(112.6),
            lat: Some(22.1),
            ..UnitReport::of(unit.clone(), t)
        };
        let seq = Seq(self.next());
        let record = Report::Unit(said.clone());
        evolve(&mut self.picture, Happening::Reported(seq, t, &sender(), &record));
        self.reports.push((seq, t, record));
        let facts = field::decide_report(&self.picture, &said)?;
        let made = facts.len();
        self.journal(facts, Actor::Unit(unit), Some(format!("report:{seq}")));
        Ok(made)
    }

    /// The picture made anew from the record: decisions first, then the rest, as a start reads them.
    fn rebuilt(&self) -> Picture {
        let mut picture = Picture::new(self.city.city().about.levels.clone());
        for decision in &self.decisions {
            evolve(&mut picture, Happening::Decided(decision));
        }
        let mut rest: Vec<(Seq, Happening<'_>)> = Vec::new();
        rest.extend(self.events.iter().map(|(seq, e)| (*seq, Happening::Desk(*seq, e))));
        rest.extend(self.ticks.iter().map(|(seq, now)| (*seq, Happening::Tick(*now))));
        let (reports, by) = (self.reports.iter(), sender());
        rest.extend(reports.map(|(seq, at, r)| (*seq, Happening::Reported(*seq, *at, &by, r))));
        rest.sort_by_key(|(seq, _)| *seq);
        for (_, happening) in rest {
            evolve(&mut picture, happening);
        }
        picture
    }
}

fn acknowledge(id: &AlertId) -> Command {
    Command::Acknowledge { alert: id.clone(), note: None }
}

fn open_incident(id: &AlertId) -> Command {
    Command::OpenIncident { alert: id.clone(), title: "堤防险情".into() }
}

fn dispatch(desk: &Desk, task: Option<u64>, unit: &str, minutes: i64) -> Command {
    Command::Dispatch {
        incident: IncidentId(1),
        task: task.map(TaskId),
        text: "救援".into(),
        unit: UnitId::new(unit).unwrap(),
        due: desk.picture.now.plus_ms(minutes * MINUTE_MS),
    }
}

fn shelve(desk: &Desk, id: &AlertId, hours: i64) -> Command {
    let until = desk.picture.now.plus_ms(hours * HOUR_MS);
    Command::Shelve { alert: id.clone(), until, reason: "测试".into() }
}

fn sender() -> AgencyId {
    AgencyId::new("rescue").unwrap()
}

#[test]
fn an_acknowledgement_holds_up_to_its_level_and_can_be_taken_back() {
    let (mut desk, id) = (Desk::new(), alert(0));
    assert_eq!(desk.officer(&acknowledge(&id)), Err(Refusal::UnknownAlert(id.clone())));
    desk.raise(&id, "orange");
    assert_eq!(desk.officer(&acknowledge(&id)), Ok(1));
    let again = desk.ask("zhang", Role::Officer, &acknowledge(&id));
    assert!(matches!(again, Err(Refusal::AlreadyAcknowledged { by, .. }) if by == "wang"));
    desk.tell(DecisionKind::AlertStepped, &id, "red", "orange");
    assert!(desk.picture.acknowledgement(&desk.picture.alerts[&id]).is_none(), "red asks anew");
    assert_eq!(desk.officer(&acknowledge(&id)), Ok(1));
    let back = Command::TakeBackAcknowledgement { alert: id.clone(), reason: "误操作".into() };
    assert_eq!(desk.officer(&back), Ok(1));
    assert_eq!(desk.officer(&back), Err(Refusal::NotAcknowledged(id)));
    let words: Vec<&str> = desk.picture.log.values().map(|e| e.what.as_str()).collect();
    assert!(words.contains(&"acknowledged") && words.contains(&"acknowledgement_taken_back"));
}

#[test]
fn red_is_shelved_by_a_commander_only_and_nothing_longer_than_a_shift() {
    let (mut desk, red, yellow) = (Desk::new(), alert(0), alert(1));
    desk.raise(&red, "red");
    desk.raise(&yellow, "yellow");
    let (of_red, of_yellow) = (shelve(&desk, &red, 1), shelve(&desk, &yellow, 1));
    assert_eq!(desk.officer(&of_red), Err(Refusal::RedNeedsCommander));
    assert_eq!(desk.commander(&of_red), Ok(1));
    let long = shelve(&desk, &yellow, 13);
    assert_eq!(desk.officer(&long), Err(Refusal::ShelvingTooLong(12)));
    assert_eq!(desk.officer(&of_yellow), Ok(1));
    desk.tick(HOUR_MS);
    assert!(desk.picture.alerts.values().all(|a| a.shelved.is_none()), "it ends by itself");
    assert!(desk.picture.log.values().any(|e| e.what == "unshelved" && e.by == "platform"));
}

#[test]
fn a_shelved_alert_that_rises_is_back_at_once() {
    let (mut desk, id) = (Desk::new(), alert(0));
    desk.raise(&id, "yellow");
    let command = shelve(&desk, &id, 8);
    assert_eq!(desk.officer(&command), Ok(1));
    desk.tell(DecisionKind::AlertStepped, &id, "orange", "yellow");
    assert!(desk.picture.alerts[&id].shelved.is_none());
}

#[test]
fn a_plan_proposes_by_level_with_the_nearest_idle_unit_and_adds_what_a_higher_level_asks() {
    let (mut desk, id) = (Desk::new(), alert(0));
    desk.raise(&id, "yellow");
    assert_eq!(desk.officer(&open_incident(&id)), Ok(1));
    let plan = PlanId::new("P-FLOOD").unwrap();
    let start = Command::StartPlan { incident: IncidentId(1), plan };
    assert!(matches!(desk.officer(&start), Err(Refusal::Forbidden { .. })));
    assert_eq!(desk.commander(&start), Ok(2));
    let proposed = &desk.picture.tasks[&TaskId(1)];
    assert_eq!(proposed.unit.as_ref().map(UnitId::as_str), Some("boat-near"));
    assert!(matches!(desk.commander(&start), Err(Refusal::PlanAlreadyStarted { .. })));
    desk.tell(DecisionKind::AlertStepped, &id, "red", "yellow");
    assert_eq!(desk.commander(&start), Ok(2));
    assert_eq!(desk.picture.tasks[&TaskId(2)].measure.as_deref(), Some("§2"));
}

#[test]
fn a_task_goes_from_order_to_done_and_holds_its_incident_open() {
    let (mut desk, id) = (Desk::new(), alert(0));
    desk.raise(&id, "red");
    desk.officer(&open_incident(&id)).unwrap();
    assert!(matches!(desk.officer(&open_incident(&id)), Err(Refusal::IncidentExists(_))));
    let past = dispatch(&desk, None, "boat-near", -1);
    assert!(matches!(desk.officer(&past), Err(Refusal::DueInThePast(_))));
    let order = dispatch(&desk, None, "boat-near", 30);
    assert_eq!(desk.officer(&order), Ok(1));
    assert_eq!(desk.picture.orders.len(), 1);
    assert!(
        matches!(desk.officer(&order), Err(Refusal::UnitBusy { .. })),
        "one effect of two clicks"
    );
    assert!(desk.report("boat-far", 1, TaskReport::Accept).is_err(), "another unit's task");
    assert!(desk.report("boat-near", 1, TaskReport::OnScene).is_err(), "not before it is accepted");
    assert_eq!(desk.report("boat-near", 1, TaskReport::Accept), Ok(1));
    assert_eq!(desk.report("boat-near", 1, TaskReport::Accept), Ok(0), "said twice, done once");
    assert!(desk.picture.orders.is_empty(), "whoever answers has the order");
    let close = Command::CloseIncident { incident: IncidentId(1), note: "险情解除".into() };
    assert!(matches!(desk.commander(&close), Err(Refusal::TasksOpen(_))));
    desk.tick(31 * MINUTE_MS);
    assert!(desk.picture.tasks[&TaskId(1)].overdue);
    for said in [TaskReport::EnRoute, TaskReport::OnScene, TaskReport::Done] {
        assert_eq!(desk.report("boat-near", 1, said), Ok(1), "{said:?}");
    }
    assert!(desk.picture.task_of(&UnitId::new("boat-near").unwrap()).is_none());
    assert_eq!(desk.commander(&close), Ok(1));
    let late = dispatch(&desk, None, "boat-near", 30);
    assert_eq!(desk.officer(&late), Err(Refusal::IncidentClosed(IncidentId(1))));
}

#[test]
fn a_refused_task_is_given_to_another_unit() {
    let (mut desk, id) = (Desk::new(), alert(0));
    desk.raise(&id, "red");
    desk.officer(&open_incident(&id)).unwrap();
    let order = dispatch(&desk, None, "boat-near", 30);
    desk.officer(&order).unwrap();
    assert_eq!(desk.report("boat-near", 1, TaskReport::Refuse), Ok(1));
    assert_eq!(desk.picture.tasks[&TaskId(1)].note.as_deref(), Some("机故"));
    let again = dispatch(&desk, Some(1), "boat-far", 30);
    assert_eq!(desk.officer(&again), Ok(1));
    assert!(desk.report("boat-near", 1, TaskReport::Accept).is_err());
    assert_eq!(desk.report("boat-far", 1, TaskReport::Accept), Ok(1));
}

#[test]
fn only_the_desks_roles_do_anything_at_the_desk() {
    let (mut desk, id) = (Desk::new(), alert(0));
    desk.raise(&id, "yellow");
    for role in [Role::Planner, Role::Agency, Role::Auditor, Role::Administrator] {
        let asked = desk.ask("somebody", role, &acknowledge(&id));
        assert!(matches!(asked, Err(Refusal::Forbidden { .. })), "{role:?}");
    }
}

#[test]
fn a_cleared_and_acknowledged_alert_leaves_the_list_and_later_the_picture() {
    let (mut desk, id) = (Desk::new(), alert(0));
    desk.raise(&id, "yellow");
    desk.tell(DecisionKind::AlertCleared, &id, "none", "yellow");
    assert!(!desk.picture.is_gone(&id, &desk.picture.alerts[&id]), "nobody has acknowledged it");
    desk.officer(&acknowledge(&id)).unwrap();
    assert!(desk.picture.is_gone(&id, &desk.picture.alerts[&id]));
    desk.tick(25 * HOUR_MS);
    assert!(desk.picture.alerts.is_empty());
}

/// What can happen next, in small numbers so that things meet.
#[derive(Debug, Clone)]
enum Move {
    Tell(u8, u8, u8),
    Tick(u8),
    Ask(u8, u8, u8, u8),
    Report(u8, u8, u8),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        (0..4u8, 0..4u8, 0..4u8).prop_map(|(a, b, c)| Move::Tell(a, b, c)),
        (0..40u8).prop_map(Move::Tick),
        (0..10u8, 0..4u8, 0..4u8, 0..3u8).prop_map(|(a, b, c, d)| Move::Ask(a, b, c, d)),
        (0..3u8, 1..5u8, 0..5u8).prop_map(|(a, b, c)| Move::Report(a, b, c)),
    ]
}

const UNITS: [&str; 3] = ["boat-far", "boat-near", "pump-1"];
const LEVELS: [&str; 4] = ["blue", "yellow", "orange", "red"];

fn command(desk: &Desk, what: u8, n: u8, m: u8, unit: u8) -> Command {
    let (id, incident) = (alert(n), IncidentId(u64::from(m) + 1));
    match what {
        0 => acknowledge(&id),
        1 => Command::TakeBackAcknowledgement { alert: id, reason: "误".into() },
        2 => shelve(desk, &id, i64::from(m) + 1),
        3 => Command::Unshelve { alert: id },
        4 => open_incident(&id),
        5 => Command::StartPlan { incident, plan: PlanId::new("P-FLOOD").unwrap() },
        6 | 7 => Command::Dispatch {
            incident,
            task: (what == 7).then(|| TaskId(u64::from(n) + 1)),
            text: "去".into(),
            unit: UnitId::new(UNITS[usize::from(unit)]).unwrap(),
            due: desk.picture.now.plus_ms((i64::from(m) - 1) * 10 * MINUTE_MS),
        },
        8 => Command::CancelTask { task: TaskId(u64::from(n) + 1), reason: "取消".into() },
        _ => Command::CloseIncident { incident, note: "完".into() },
    }
}

fn play(desk: &mut Desk, next: &Move) {
    match next {
        Move::Tell(n, kind, level) => {
            let id = alert(*n);
            let level = LEVELS[usize::from(*level)];
            match kind {
                0 => desk.raise(&id, level),
                1 | 2 => desk.tell(DecisionKind::AlertStepped, &id, level, "none"),
                _ => desk.tell(DecisionKind::AlertCleared, &id, "none", level),
            }
        }
        Move::Tick(minutes) => desk.tick(i64::from(*minutes) * MINUTE_MS),
        Move::Ask(what, n, m, unit) => {
            let role = if *m == 0 { Role::Officer } else { Role::Commander };
            let command = command(desk, *what, *n, *m, *unit);
            // A refusal is as good an outcome as any: what counts is what holds afterwards.
            let _ = desk.ask("wang", role, &command);
        }
        Move::Report(unit, task, said) => {
            let said = [
                TaskReport::Accept,
                TaskReport::Refuse,
                TaskReport::EnRoute,
                TaskReport::OnScene,
                TaskReport::Done,
            ][usize::from(*said)];
            let _ = desk.report(UNITS[usize::from(*unit)], u64::from(*task), said);
        }
    }
}

fn what_always_holds(picture: &Picture) -> Result<(), TestCaseError> {
    let mut bound: BTreeMap<&UnitId, TaskId> = BTreeMap::new();
    for (id, task) in &picture.tasks {
        prop_assert!(picture.incidents.contains_key(&task.incident));
        prop_assert_eq!(task.history.last().map(|s| s.state), Some(task.state));
        if task.state.binds_unit() {
            let unit = task.unit.as_ref().expect("an ordered task has a unit");
            prop_assert!(bound.insert(unit, *id).is_none(), "two tasks bind one unit");
        }
        let closed = picture.incidents[&task.incident].closed.is_some();
        prop_assert!(!closed || !task.state.is_open(), "a closed incident has no open task");
        prop_assert!(!closed || task.state != TaskState::Proposed);
    }
    for alert in picture.alerts.values() {
        if let Some(shelved) = &alert.shelved {
            prop_assert!(shelved.until > picture.now, "a shelving always ends");
            prop_assert!(shelved.until.0 - picture.now.0 <= super::decide::SHELVE_MAX_MS);
        }
        prop_assert!(alert.incident.is_none_or(|i| picture.incidents.contains_key(&i)));
    }
    let ordered: BTreeSet<TaskId> = picture.orders.values().map(|o| o.task).collect();
    prop_assert_eq!(ordered.len(), picture.orders.len(), "one order a task");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_sequence_keeps_what_holds_and_the_record_gives_the_same_picture(
        sequence in prop::collection::vec(moves(), 1..60)
    ) {
        let mut desk = Desk::new();
        for next in &sequence {
            play(&mut desk, next);
            what_always_holds(&desk.picture)?;
        }
        let rebuilt = desk.rebuilt();
        prop_assert_eq!(&rebuilt, &desk.picture);
        // And its written form reads back to the same.
        let bytes = rmp_serde::to_vec_named(&rebuilt).expect("it has a form");
        let read: Picture = rmp_serde::from_slice(&bytes).expect("it reads back");
        prop_assert_eq!(&read, &desk.picture);
    }
}
