//! The platform's certificate while it is served: read again when its files change, told of before it
//! ends, and what is told of ports that have none.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use contract::live::Notice;
use domain::time::{Clock, HOUR_MS, UtcMs};
use tls::{Certificates, Clients, Door, Reload, State};

use super::clock::WallClock;
use super::options::{Mqtt, ServeOptions};
use super::start::Parts;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Days before its end at which a certificate is told of, and told of anew.
const DAYS_TOLD: [i64; 3] = [1, 7, 30];
const DAY_MS: i64 = 24 * HOUR_MS;

/// What stands before the listener of console and API.
pub(super) fn door(parts: &Parts) -> Door {
    let certificates = parts.certificates.as_ref();
    certificates.map_or(Door::Plain, |c| Door::Tls(c.acceptor(Clients::Unasked)))
}

/// The stage of [`DAYS_TOLD`] that a certificate has come to; 0 when it has ended.
fn stage(not_after: UtcMs, now: UtcMs) -> Option<i64> {
    let left = not_after.0 - now.0;
    if left <= 0 {
        return Some(0);
    }
    DAYS_TOLD.into_iter().find(|days| left <= days * DAY_MS)
}

/// Takes the files over when they change, and says in the log what became of it and when the end is
/// near.
pub(super) async fn look(certificates: Arc<Certificates>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut told = None;
    loop {
        ticks.tick().await;
        let at_disk = Arc::clone(&certificates);
        let Ok(reload) = tokio::task::spawn_blocking(move || at_disk.reload()).await else {
            continue;
        };
        let not_after = certificates.state().not_after;
        match reload {
            Reload::Same => {}
            Reload::Taken => tracing::info!(%not_after, "a new certificate is in force"),
            Reload::Kept(error) => {
                tracing::error!(%error, "the certificate's new files are not taken; the old ones hold");
            }
        }
        let now = stage(not_after, WallClock.now());
        if now != told {
            told = now;
            match now {
                None => {}
                Some(0) => tracing::error!(%not_after, "the certificate has expired"),
                Some(days) => {
                    tracing::warn!(%not_after, "the certificate ends in {days} day(s) or less");
                }
            }
        }
    }
}

/// What there is to say of it.
pub(super) fn notices(state: &State, now: UtcMs) -> Vec<Notice> {
    let wall = WallClock.now();
    let notice = |id: &str, severity: &str, detail: String, figures| Notice {
        id: id.into(),
        severity: severity.into(),
        detail,
        figures,
        thresholds: Vec::new(),
        units: Vec::new(),
        since_ms: now.0,
    };
    let mut all = Vec::new();
    if let Some(stage) = stage(state.not_after, wall) {
        // By the day, so that the notice does not change with every look.
        let left = (state.not_after.0 - wall.0).max(0) / DAY_MS;
        let (severity, detail) = match stage {
            0 => ("critical", "the certificate has expired: nobody new can connect".to_owned()),
            days => {
                let severity = if days == 1 { "critical" } else { "warning" };
                (severity, format!("the certificate ends at {}", state.not_after))
            }
        };
        let figures = BTreeMap::from([
            ("days_left".to_owned(), left as f64),
            ("not_after_ms".to_owned(), state.not_after.0 as f64),
        ]);
        all.push(notice("certificate_expiring", severity, detail, figures));
    }
    if let Some(error) = &state.refused {
        let detail = format!("the certificate's new files are not taken: {error}");
        all.push(notice("certificate_refused", "warning", detail, BTreeMap::new()));
    }
    all
}

/// Figures for the metrics page.
pub(super) fn figures(parts: &Parts) {
    let Some(certificates) = parts.certificates.clone() else { return };
    parts.platform.metrics.figures(Box::new(move || {
        let state = certificates.state();
        let left_s = (state.not_after.0 - WallClock.now().0) as f64 / 1e3;
        vec![
            ("fenghuo_tls_certificate_seconds_left".to_owned(), left_s),
            ("fenghuo_tls_certificates_taken".to_owned(), state.taken as f64),
            (
                "fenghuo_tls_certificate_refused".to_owned(),
                if state.refused.is_some() { 1.0 } else { 0.0 },
            ),
        ]
    }));
}

/// Says in the log which ports others on the network can listen in on.
pub(super) fn warn_of_plain_ports(options: &ServeOptions) {
    let warn = |what: &str, address: SocketAddr| {
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "{what} is open to the network without TLS: whoever is on the way can read and change what passes, secrets too");
        }
    };
    if options.tls.is_none() {
        warn("HTTP", options.http);
    }
    if let Mqtt::Listen(address) = &options.mqtt {
        warn("MQTT", *address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_told_thirty_seven_and_one_days_before() {
        let now = UtcMs(1_000 * DAY_MS);
        let at = |days: i64| stage(now.plus_ms(days * DAY_MS), now);
        assert_eq!(
            [at(31), at(30), at(8), at(7), at(2), at(1), at(0), at(-1)],
            [None, Some(30), Some(30), Some(7), Some(7), Some(1), Some(0), Some(0)]
        );
    }
}
