//! One unit's own mind, without a network: orders and time in, reports out.

use std::collections::BTreeMap;

use domain::ids::{TaskId, UnitId};
use domain::report::{TaskReport, UnitReport};
use domain::time::{MINUTE_MS, SECOND_MS, UtcMs};
use gis::Position;

use super::Order;
use crate::scenario::UnitManners;
use crate::world::Chance;

/// Between positions on the move.
const POSITION_MOVING_MS: i64 = MINUTE_MS;
/// Between positions at rest.
const POSITION_RESTING_MS: i64 = 20 * MINUTE_MS;
/// Where an order says no place: how far away it may be, km.
const NEAR_KM: (f64, f64) = (2.0, 9.0);
/// Kilometres of a degree of latitude.
const KM_PER_DEG: f64 = 111.2;
/// Tasks whose last word is remembered, for orders that come twice.
const REMEMBERED_MAX: usize = 64;

/// What a unit is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Doing {
    /// Standing by.
    Ready,
    /// Reading an order; answers at an instant.
    Deciding {
        /// The order.
        order: Order,
        /// When it answers.
        answer: UtcMs,
    },
    /// On the way.
    Travelling {
        /// The task.
        task: TaskId,
        /// Where to.
        to: (f64, f64),
    },
    /// On the scene until an instant.
    Working {
        /// The task.
        task: TaskId,
        /// When it is done.
        done: UtcMs,
    },
}

/// What a unit said last of a task.
pub type Said = (TaskReport, Option<String>);

/// One unit.
#[derive(Debug, Clone)]
pub struct Responder {
    unit: UnitId,
    kind: String,
    manners: UnitManners,
    chance: Chance,
    at: (f64, f64),
    doing: Doing,
    said: BTreeMap<TaskId, Said>,
    moved: UtcMs,
    told_place: Option<UtcMs>,
}

impl Responder {
    /// A unit that stands by at a place.
    pub fn new(
        unit: UnitId,
        kind: &str,
        at: (f64, f64),
        manners: UnitManners,
        chance: Chance,
        now: UtcMs,
    ) -> Self {
        let chance = chance.of(unit.as_str());
        let (kind, doing, said) = (kind.to_owned(), Doing::Ready, BTreeMap::new());
        Self { unit, kind, manners, chance, at, doing, said, moved: now, told_place: None }
    }

    /// What it is doing.
    pub fn doing(&self) -> &Doing {
        &self.doing
    }

    /// Where it is.
    pub fn at(&self) -> (f64, f64) {
        self.at
    }

    /// Speed over ground by its kind, km/h; a boat goes most of its way on a lorry.
    fn speed_km_h(&self) -> f64 {
        match self.kind.as_str() {
            "boat" => 45.0,
            "patrol" => 30.0,
            "pump" | "power" => 40.0,
            "ambulance" => 60.0,
            _ => 40.0,
        }
    }

    /// An order arrives. The same order again is answered with what was said before.
    pub fn order(&mut self, order: Order, now: UtcMs) -> Vec<UnitReport> {
        if order.takes_back() {
            let mine = match &self.doing {
                Doing::Deciding { order: open, .. } => open.task == order.task,
                Doing::Travelling { task, .. } | Doing::Working { task, .. } => *task == order.task,
                Doing::Ready => false,
            };
            if mine {
                self.doing = Doing::Ready;
            }
            return Vec::new();
        }
        if let Some((report, note)) = self.said.get(&order.task).cloned() {
            return vec![self.report(order.task, report, note, now)];
        }
        if self.doing != Doing::Ready {
            let same = matches!(&self.doing, Doing::Deciding { order: open, .. } if open.task == order.task);
            if same {
                return Vec::new();
            }
            return vec![self.say(order.task, TaskReport::Refuse, Some("已有任务在身"), now)];
        }
        let chance = self.chance.at(i64::try_from(order.task.0).unwrap_or(0));
        let [least, most] = self.manners.answer_s;
        let answer = now.plus_ms(seconds(chance.at(1).between(least, most)));
        self.doing = Doing::Deciding { order, answer };
        Vec::new()
    }

    /// Time passes; `wind` is the mean wind where the unit is, m/s.
    pub fn pass(&mut self, now: UtcMs, wind: f64) -> Vec<UnitReport> {
        let mut said = Vec::new();
        match self.doing.clone() {
            Doing::Ready => {}
            Doing::Deciding { order, answer } if now >= answer => {
                self.decide(&order, now, wind, &mut said);
            }
            Doing::Travelling { task, to } if self.travel(to, now) => {
                let [least, most] = self.manners.work_min;
                let work = self.chance.at(i64::try_from(task.0).unwrap_or(0)).at(3);
                let done = now.plus_ms(seconds(work.between(least, most) * 60.0));
                self.doing = Doing::Working { task, done };
                said.push(self.say(task, TaskReport::OnScene, None, now));
            }
            Doing::Working { task, done } if now >= done => {
                self.doing = Doing::Ready;
                said.push(self.say(task, TaskReport::Done, None, now));
            }
            _ => {}
        }
        self.moved = now;
        if said.is_empty() {
            said.extend(self.place(now));
        } else {
            self.told_place = Some(now);
        }
        said
    }

    fn decide(&mut self, order: &Order, now: UtcMs, wind: f64, said: &mut Vec<UnitReport>) {
        let task = order.task;
        let chance = self.chance.at(i64::try_from(task.0).unwrap_or(0));
        self.doing = Doing::Ready;
        if self.kind == "boat" && wind >= self.manners.boats_stay_in_m_s {
            let note = format!("平均风 {wind:.0} 米/秒,达 10 级,舟艇不能出");
            said.push(self.say(task, TaskReport::Refuse, Some(&note), now));
            return;
        }
        if chance.at(2).happens(self.manners.refusal) {
            let reasons = ["机械故障", "道路中断,绕行不通", "人员未齐"];
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below three
            let which = (chance.at(4).uniform() * 3.0) as usize;
            let note = reasons.get(which).copied();
            said.push(self.say(task, TaskReport::Refuse, note, now));
            return;
        }
        let to = match (order.lon, order.lat) {
            (Some(lon), Some(lat)) if Position::new(lon, lat).is_ok() => (lon, lat),
            _ => self.somewhere_near(chance.at(5)),
        };
        said.push(self.say(task, TaskReport::Accept, None, now));
        said.push(self.say(task, TaskReport::EnRoute, None, now));
        self.doing = Doing::Travelling { task, to };
    }

    fn somewhere_near(&self, chance: Chance) -> (f64, f64) {
        let km = chance.at(1).between(NEAR_KM.0, NEAR_KM.1);
        let bearing = chance.at(2).between(0.0, std::f64::consts::TAU);
        let across = KM_PER_DEG * self.at.1.to_radians().cos();
        (self.at.0 + km * bearing.sin() / across, self.at.1 + km * bearing.cos() / KM_PER_DEG)
    }

    /// Moves towards a place since the last time, as far over the great circle as its speed allows;
    /// true on arrival.
    fn travel(&mut self, to: (f64, f64), now: UtcMs) -> bool {
        let left = way_km(self.at, to);
        let hours = (now.0 - self.moved.0).max(0) as f64 / (60.0 * MINUTE_MS as f64);
        let step = hours * self.speed_km_h();
        if step >= left {
            self.at = to;
            return true;
        }
        let share = step / left;
        self.at = (self.at.0 + (to.0 - self.at.0) * share, self.at.1 + (to.1 - self.at.1) * share);
        false
    }

    fn place(&mut self, now: UtcMs) -> Option<UnitReport> {
        let every = match self.doing {
            Doing::Travelling { .. } => POSITION_MOVING_MS,
            _ => POSITION_RESTING_MS,
        };
        if self.told_place.is_some_and(|told| now.0 - told.0 < every) {
            return None;
        }
        self.told_place = Some(now);
        let (lon, lat) = (Some(self.at.0), Some(self.at.1));
        Some(UnitReport { lon, lat, ..UnitReport::of(self.unit.clone(), now) })
    }

    fn say(
        &mut self,
        task: TaskId,
        report: TaskReport,
        note: Option<&str>,
        now: UtcMs,
    ) -> UnitReport {
        let note = note.map(str::to_owned);
        if self.said.len() >= REMEMBERED_MAX {
            self.said.pop_first();
        }
        self.said.insert(task, (report, note.clone()));
        self.report(task, report, note, now)
    }

    fn report(
        &self,
        task: TaskId,
        report: TaskReport,
        note: Option<String>,
        now: UtcMs,
    ) -> UnitReport {
        UnitReport {
            task: Some(task),
            report: Some(report),
            note,
            lon: Some(self.at.0),
            lat: Some(self.at.1),
            ..UnitReport::of(self.unit.clone(), now)
        }
    }
}

/// Kilometres over the great circle; a place that is none is not gone to.
fn way_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    match (Position::new(from.0, from.1), Position::new(to.0, to.1)) {
        (Ok(from), Ok(to)) => gis::distance_m(from, to) / 1000.0,
        _ => 0.0,
    }
}

fn seconds(s: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // seconds of a task
    let ms = (s * SECOND_MS as f64) as i64;
    ms
}
