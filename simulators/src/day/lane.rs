//! One sender: a connection, what is due on it, and sending it until it is answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::time::UtcMs;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::dice::Dice;
use super::ledger::{Answered, Expect};
use super::lines::{Answer, Line, Voice};
use super::movers::{EVENT_WRONGS, FRAME_WRONGS, MOVER_WRONGS, Mover, Station};
use super::offices::Desk;
use super::run::{Platforms, Shared};
use super::shot::{Form, Shot};
use super::stations::Gateway;
use crate::rtu::frame::Rtu;
use crate::wall;

/// How long an answer may take before it is sent again.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a sending that was not answered.
const REST: Duration = Duration::from_millis(50);
/// How often a sending is made before it is given up, and told as a surprise.
const TRIES_MAX: u32 = 12;
/// Times of one sender are so far apart, ms: wrong ones lie between.
const APART_MS: i64 = 5;
/// Readings that a hasty sender has at once.
const HASTE: usize = 6;

/// What makes sendings.
#[derive(Debug)]
pub(super) enum Maker {
    /// Stations behind a gateway.
    Gateway(Gateway),
    /// A gateway that does not keep to its quota.
    Hasty(Gateway),
    /// A telemetry station.
    Rtu(Station),
    /// A unit by MQTT.
    Unit(Mover),
    /// Units by Cursor-on-Target, and whose turn it is.
    Events(Vec<Mover>, usize),
    /// An office.
    Desk(Desk),
}

impl Maker {
    fn wrongs(&self) -> usize {
        match self {
            Maker::Gateway(gateway) => gateway.wrongs(),
            Maker::Hasty(_) => 0,
            Maker::Rtu(_) => FRAME_WRONGS.len(),
            Maker::Unit(_) => MOVER_WRONGS.len(),
            Maker::Events(..) => EVENT_WRONGS.len(),
            Maker::Desk(desk) => desk.wrongs(),
        }
    }

    fn wrong(&mut self, at: usize, t: UtcMs, minute: UtcMs) -> Option<Shot> {
        match self {
            Maker::Gateway(gateway) => gateway.wrong(at, t),
            Maker::Hasty(_) => None,
            Maker::Rtu(station) => station.wrong(at, minute),
            Maker::Unit(mover) => mover.wrong(at, t),
            Maker::Events(movers, turn) => {
                let turn = (*turn + movers.len() - 1) % movers.len().max(1);
                movers.get_mut(turn)?.wrong_event(at, t)
            }
            Maker::Desk(desk) => desk.wrong(at, t),
        }
    }

    /// What makes the same kind of sendings has the same word.
    fn class(&self) -> (&'static str, &'static str) {
        match self {
            Maker::Gateway(gateway) => (gateway.agency, ""),
            Maker::Hasty(_) => ("hasty", ""),
            Maker::Rtu(_) => ("rtu", ""),
            Maker::Unit(_) => ("unit", ""),
            Maker::Events(..) => ("events", ""),
            Maker::Desk(desk) => (desk.office.path, desk.office.media),
        }
    }
}

/// See the module.
pub(super) struct Lane {
    agency: &'static str,
    door: &'static str,
    voice: Voice,
    every_s: f64,
    maker: Maker,
    dice: Dice,
    shared: Arc<Shared>,
    platforms: Platforms,
    line: Option<(u32, Line)>,
    /// The newest time that was given away.
    t: UtcMs,
    /// Wrong ones that are due.
    owed: f64,
    /// Which is next, and which have been.
    next: usize,
    done: BTreeSet<usize>,
    /// Whether it sees to it that every wrong of its class has been.
    leads: bool,
}

impl Lane {
    #[allow(clippy::too_many_arguments)] // the parts of one sender, put together in one place
    pub(super) fn new(
        agency: &'static str,
        door: &'static str,
        voice: Voice,
        every_s: f64,
        maker: Maker,
        mut dice: Dice,
        shared: Arc<Shared>,
        platforms: Platforms,
    ) -> Self {
        let leads = shared.leads(agency, door, maker.class());
        let next = dice.below(maker.wrongs() as u64) as usize;
        Self {
            agency,
            door,
            voice,
            every_s,
            maker,
            dice,
            shared,
            platforms,
            line: None,
            t: UtcMs(0),
            owed: 0.0,
            next,
            done: BTreeSet::new(),
            leads,
        }
    }

    fn rtu(&self) -> Option<Rtu> {
        match &self.maker {
            Maker::Rtu(station) => Some(station.rtu),
            _ => None,
        }
    }

    /// A time of its own: now, or just after the last.
    ///
    /// Events are of many units in turn: however often they come, two of one unit are apart.
    fn time(&mut self) -> UtcMs {
        self.t = match self.maker {
            Maker::Events(..) => wall::now(),
            _ => wall::now().max(self.t.plus_ms(APART_MS)),
        };
        self.t
    }

    /// Sends what is due until the day is over.
    pub(super) async fn run(mut self) {
        let length = self.shared.length().as_secs_f64();
        let step = self.every_s / self.shared.day.speed;
        let mut due = self.dice.share() * step;
        while due < length {
            let at = self.shared.began + Duration::from_secs_f64(due);
            if at > Instant::now() {
                sleep_until(at).await;
            }
            self.turn(due * self.shared.day.speed).await;
            due += step;
        }
        if self.leads {
            for at in 0..self.maker.wrongs() {
                if !self.done.contains(&at) {
                    self.wrong(at, length * self.shared.day.speed).await;
                }
            }
        }
    }

    async fn turn(&mut self, into_s: f64) {
        let share = self.shared.day.wrong / (1.0 - self.shared.day.wrong);
        let minute = self.shared.minute(into_s);
        let t = self.time();
        let mut inside = 0;
        if let Maker::Gateway(gateway) = &self.maker
            && gateway.batch() > 1
        {
            self.owed += gateway.batch() as f64 * share;
            // One of them by itself, the others in the batch.
            inside = (self.owed - 1.0).max(0.0) as usize;
            self.owed -= inside as f64;
        }
        let shots = match &mut self.maker {
            Maker::Gateway(gateway) => vec![gateway.good(t, inside)],
            Maker::Hasty(gateway) => hasty(gateway, t),
            Maker::Rtu(station) => vec![station.good(minute)],
            Maker::Unit(mover) => vec![mover.good(t)],
            Maker::Events(movers, turn) => {
                let mover = movers.get_mut(*turn);
                let shot = mover.map(|mover| mover.event(t));
                *turn = (*turn + 1) % movers.len().max(1);
                shot.into_iter().collect()
            }
            Maker::Desk(desk) => {
                let burst = self.dice.below(desk.office.burst) + desk.office.burst.min(1);
                (0..burst).map(|n| desk.good(t.plus_ms(n as i64 * APART_MS))).collect()
            }
        };
        self.t = self.t.plus_ms(shots.len() as i64 * APART_MS);
        for shot in shots {
            if inside == 0 {
                self.owed += shot.expect.len() as f64 * share;
            }
            self.deliver(&shot).await;
        }
        while self.owed >= 1.0 && self.maker.wrongs() > 0 {
            let at = self.next % self.maker.wrongs();
            self.next += 1;
            self.owed -= 1.0;
            self.wrong(at, into_s).await;
        }
    }

    async fn wrong(&mut self, at: usize, into_s: f64) {
        let (t, minute) = (self.time(), self.shared.minute(into_s));
        let Some(shot) = self.maker.wrong(at, t, minute) else { return };
        self.done.insert(at);
        self.deliver(&shot).await;
    }

    /// Sends it until it is answered.
    async fn deliver(&mut self, shot: &Shot) {
        let mut again = false;
        for tries in 0..TRIES_MAX {
            let Ok(place) = self.platforms.wait_for(Option::is_some).await.map(|p| p.clone())
            else {
                return;
            };
            let Some((life, doors)) = place else { continue };
            if self.line.as_ref().is_some_and(|(of, line)| *of != life || line.ended) {
                self.line = None;
            }
            if self.line.is_none() {
                let rtu = self.rtu();
                let user = self.voice.user.as_str();
                let token = match user == self.agency {
                    true => doors.keys.agency(user),
                    false => doors.keys.unit(user),
                };
                match token.map(str::to_owned) {
                    Ok(token) => self.voice.token = token,
                    Err(error) => {
                        self.shared.ledger().surprises.push(error.to_string());
                        return;
                    }
                }
                let opened = Line::open(self.door, &doors, &self.voice, rtu);
                match timeout(PATIENCE, opened).await {
                    Ok(Ok(line)) => self.line = Some((life, line)),
                    _ => {
                        sleep(REST).await;
                        continue;
                    }
                }
            }
            let Some((_, line)) = &mut self.line else { continue };
            let sent = Instant::now();
            self.shared.ledger().waiting += 1;
            let said = timeout(PATIENCE, line.deliver(shot, &self.voice, &doors)).await;
            self.shared.ledger().waiting -= 1;
            match said {
                Ok(Ok(answer)) => {
                    self.note(life, shot, &answer, again, sent.elapsed());
                    return;
                }
                other => {
                    self.line = None;
                    tracing::debug!(self.agency, self.door, shot.kind, ?other, "not answered");
                    self.shared.ledger().unanswered(life, self.agency, self.door);
                    again = true;
                    if tries == TRIES_MAX / 4 {
                        let said = format!("{} by {}, {}", self.agency, self.door, shot.kind);
                        let mut ledger = self.shared.ledger();
                        ledger.surprises.push(format!("{said}: {other:?}"));
                    }
                    sleep(REST).await;
                }
            }
        }
        let said = format!("{} by {}, {}: never answered", self.agency, self.door, shot.kind);
        self.shared.ledger().surprises.push(said);
    }

    fn note(&self, life: u32, shot: &Shot, answer: &Answer, again: bool, took: Duration) {
        let mut ledger = self.shared.ledger();
        match answer {
            Answer::TurnedAway => {
                *ledger.turned_away.entry(self.door).or_default() += 1;
                if !shot.expect.is_empty() {
                    let said = format!("{}, {}: turned away", self.agency, shot.kind);
                    ledger.surprises.push(said);
                }
            }
            Answer::Each(fates) => {
                let (agency, door, kind) = (self.agency, self.door, shot.kind);
                let sending = Answered { agency, door, kind, expect: &shot.expect, again };
                ledger.note(life, &sending, fates);
            }
        }
        // What is said when a connection is closed on purpose is no answer to wait for.
        if !again && !matches!(shot.form, Form::Broken(_) | Form::Stranger | Form::Events(_, true))
        {
            ledger.lags.entry(self.door).or_default().add(took);
        }
    }
}

/// A burst over all datastreams: what of it is over a quota, only the answer says.
fn hasty(gateway: &mut Gateway, t: UtcMs) -> Vec<Shot> {
    let mut shot = |n: usize| {
        let mut shot = gateway.good(t.plus_ms(n as i64 * APART_MS), 0);
        shot.expect = vec![Expect::Any];
        shot.kind = "over_quota";
        shot
    };
    (0..HASTE).map(&mut shot).collect()
}
