//! What the running parts know of feeds, for whoever is asked about them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use contract::views::{DoorView, HourView};
use domain::time::UtcMs;
use ingest::hearing::HearingHandle;
use ingest::letters::Letters;

use super::follower::{Followed, held};
use super::options::{Mqtt, ServeOptions};
use crate::feed_health::{HeardFeed, Sight, StreamState};

/// See the module. Weak: who ends hearing must be the last to hold it.
pub(super) struct Running {
    pub(super) hearing: Weak<HearingHandle>,
    pub(super) followed: Arc<Followed>,
    pub(super) doors: Vec<DoorView>,
    pub(super) sl651_password: bool,
}

impl Sight for Running {
    fn feeds(&self, now: UtcMs) -> Vec<HeardFeed> {
        let Some(hearing) = self.hearing.upgrade() else { return Vec::new() };
        let mut figures: BTreeMap<_, _> = hearing.telemetry().figures(now).into_iter().collect();
        let states = hearing.feeds().into_iter();
        states
            .map(|(name, state)| {
                let figures = figures.remove(&name).unwrap_or_default();
                (name, state, figures)
            })
            .collect()
    }

    fn streams(&self, station: u32, now: UtcMs) -> Vec<StreamState> {
        held(&self.followed.readings).streams_of(station, now)
    }

    fn complete(&self) -> BTreeMap<String, UtcMs> {
        held(&self.followed.complete).clone()
    }

    fn hours(&self, now: UtcMs) -> BTreeMap<String, Vec<HourView>> {
        held(&self.followed.hours).hours(now)
    }

    fn letters(&self) -> Option<Letters> {
        self.hearing.upgrade().map(|hearing| hearing.letters())
    }

    fn doors(&self) -> Vec<DoorView> {
        self.doors.clone()
    }

    fn sl651_password(&self) -> bool {
        self.sl651_password
    }
}

/// Where feeds come in, as it is listened on.
pub(super) fn doors(
    options: &ServeOptions,
    http: Option<SocketAddr>,
    hearing: &HearingHandle,
) -> Vec<DoorView> {
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let own = http.map(|address| format!("{scheme}://{address}"));
    let mqtt = match &options.mqtt {
        Mqtt::Listen(_) => hearing.mqtt_addr().map(|a| format!("mqtt://{a}")),
        Mqtt::Broker(bridge) => Some(bridge.shown()),
    };
    let tcp = |address: Option<SocketAddr>| address.map(|a| format!("tcp://{a}"));
    let tls = |address: Option<SocketAddr>| address.map(|a| format!("tls://{a}"));
    let doors = [
        ("http", options.public_url.clone().or(own)),
        ("mqtt", mqtt),
        ("mqtts", hearing.mqtt_tls_addr().map(|a| format!("mqtts://{a}"))),
        ("sl651", tcp(hearing.sl651_addr())),
        ("cot", tcp(hearing.cot_addr())),
        ("sl651s", tls(hearing.sl651_tls_addr())),
        ("cots", tls(hearing.cot_tls_addr())),
    ];
    let heard = doors.into_iter().filter_map(|(protocol, address)| {
        Some(DoorView { protocol: protocol.to_owned(), address: address? })
    });
    heard.collect()
}
