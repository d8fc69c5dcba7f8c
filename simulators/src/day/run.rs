//! The day's run: everybody begins, each at a moment of its own, and ends with the day.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::time::{MINUTE_MS, UtcMs};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::dice::Dice;
use super::lane::{Lane, Maker};
use super::ledger::Ledger;
use super::lines::{Doors, Voice};
use super::movers::{Mover, Station};
use super::offices::{Desk, OFFICES};
use super::stations::Gateway;
use super::town::{self, HASTY, RTU_OWNER, STATIONS, Tenths, UNITS, Way};
use super::wards::{HOSPITAL_STEP, of_hospital};
use crate::wall;

/// Units behind one gateway of Cursor-on-Target.
const UNITS_A_GATEWAY: usize = 25;

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// What chance is made of.
    pub seed: u64,
    /// How large the city is.
    pub size: Tenths,
    /// How much of the day.
    pub minutes: f64,
    /// How many times as fast.
    pub speed: f64,
    /// How much of it is wrong: 0.02.
    pub wrong: f64,
}

/// Where the platform is, and which of its lives it lives; nowhere while it is down.
pub type Platforms = watch::Receiver<Option<(u32, Doors)>>;

/// Why there is no day.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// An address of a telemetry station is none.
    #[error(transparent)]
    Address(#[from] domain::sl651::AddressError),
    /// Somebody's task died.
    #[error("a sender died: {0}")]
    Died(#[from] tokio::task::JoinError),
}

/// What everybody shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) day: Day,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    /// When the first began, and by the wall.
    pub(super) began: tokio::time::Instant,
    pub(super) began_at: UtcMs,
    /// Classes of senders that have their leader.
    led: Mutex<BTreeSet<Class>>,
}

/// Agency, door, and what is made.
type Class = (&'static str, &'static str, (&'static str, &'static str));

impl Shared {
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is the first of its class.
    pub(super) fn leads(
        &self,
        agency: &'static str,
        door: &'static str,
        class: (&'static str, &'static str),
    ) -> bool {
        let mut led = self.led.lock().unwrap_or_else(PoisonError::into_inner);
        led.insert((agency, door, class))
    }

    /// How long the run takes.
    pub(super) fn length(&self) -> Duration {
        Duration::from_secs_f64(self.day.minutes * 60.0 / self.day.speed)
    }

    /// The whole minute of the day's own time, `into` seconds of it: never ahead of the wall.
    pub(super) fn minute(&self, into_s: f64) -> UtcMs {
        let all_ms = self.day.minutes * 60_000.0;
        let behind = all_ms - all_ms / self.day.speed;
        #[allow(clippy::cast_possible_truncation)] // days of milliseconds
        let at = self.began_at.0 - behind as i64 + (into_s * 1e3) as i64;
        UtcMs(at - at.rem_euclid(MINUTE_MS))
    }
}

/// Sends the day; the account is complete when this returns, and can be looked at before.
///
/// # Errors
/// [`DayError`].
pub async fn run(
    day: Day,
    platforms: Platforms,
    ledger: Arc<Mutex<Ledger>>,
) -> Result<(), DayError> {
    let began = tokio::time::Instant::now();
    let shared =
        Arc::new(Shared { day, ledger, began, began_at: wall::now(), led: Mutex::default() });
    let mut senders = JoinSet::new();
    for (n, (agency, door, user, every_s, maker)) in makers(&day)?.into_iter().enumerate() {
        // The token is looked up when a line is opened.
        let voice = Voice { user, token: String::new(), client: format!("day-{n}") };
        let dice = Dice::new(day.seed, 1_000_000 + n as u64);
        let lane =
            Lane::new(agency, door, voice, every_s, maker, dice, shared.clone(), platforms.clone());
        senders.spawn(lane.run());
    }
    while let Some(ended) = senders.join_next().await {
        ended?;
    }
    Ok(())
}

/// Agency, door, user, period (s) and what is made.
type Made = (&'static str, &'static str, String, f64, Maker);

fn makers(day: &Day) -> Result<Vec<Made>, DayError> {
    let mut all: Vec<Made> = Vec::new();
    let mut which = 0;
    let mut dice = || {
        which += 1;
        Dice::new(day.seed, which)
    };
    for (agency, way, count, behind) in STATIONS {
        let names: Vec<String> = (0..count * day.size).map(|n| town::station(agency, n)).collect();
        for stations in names.chunks(behind) {
            let gateway = gateway(agency, way, stations.to_vec(), dice());
            let every_s = 60.0 * gateway.batch() as f64 / gateway.streams() as f64;
            let door = if matches!(way, Way::Mqtt | Way::Things) { "mqtt" } else { "http" };
            all.push((agency, door, agency.into(), every_s, Maker::Gateway(gateway)));
        }
    }
    let hasty = gateway(HASTY, Way::Mqtt, vec![town::station(HASTY, 0)], dice());
    all.push((HASTY, "mqtt", HASTY.into(), 10.0, Maker::Hasty(hasty)));
    for n in 0..town::RTUS * day.size {
        let station = Station::new(town::address(n).parse()?, dice());
        all.push((RTU_OWNER, "sl651", RTU_OWNER.into(), 60.0, Maker::Rtu(station)));
    }
    let (mqtt, cot) = (UNITS.0 * day.size, UNITS.1 * day.size);
    for n in 0..mqtt {
        // The first is told by HTTP as well, and so not by MQTT.
        let mover = Mover { n, dice: dice(), steps: 0, last: None };
        if n > 0 {
            all.push(("emergency", "mqtt", town::unit(n), 5.0, Maker::Unit(mover)));
        }
    }
    let units: Vec<usize> = (mqtt..mqtt + cot).collect();
    for some in units.chunks(UNITS_A_GATEWAY) {
        let of = |n: &usize| Mover { n: *n, dice: dice(), steps: 0, last: None };
        let movers: Vec<Mover> = some.iter().map(of).collect();
        let every_s = 5.0 / movers.len() as f64;
        all.push(("emergency", "cot", "emergency".into(), every_s, Maker::Events(movers, 0)));
    }
    let hospitals = (0..town::HOSPITALS * day.size)
        .map(|n| (of_hospital(n * town::WHOLE / day.size), n as u64 * HOSPITAL_STEP));
    for (office, count) in OFFICES.iter().map(|office| (*office, 0)).chain(hospitals) {
        let every_s = office.every_s;
        let desk = Desk { office, count, last: None };
        all.push((office.agency, "http", office.agency.into(), every_s, Maker::Desk(desk)));
    }
    Ok(all)
}

fn gateway(agency: &'static str, way: Way, stations: Vec<String>, dice: Dice) -> Gateway {
    let foreign = if agency == "hydro" { "weather" } else { "hydro" };
    let foreign = town::station(foreign, 0);
    Gateway { agency, way, stations, foreign, dice, count: 0, last: None, next_wrong: 0, key: None }
}
