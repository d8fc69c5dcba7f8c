//! The platform, put together and served: city, record, engine, desk, hearing, consoles. Every part
//! that it cannot do without ends it when it ends; told to end, it takes nothing more in, makes
//! durable what it has, and closes.

mod archive;
mod certificates;
mod clock;
mod configuration;
mod demo;
mod exchange;
mod feeds;
mod figures;
mod follower;
mod hours;
mod kept;
mod options;
mod registry;
mod rounds;
mod sight;
mod start;
mod stop;
mod understanding;

pub use clock::{Scale, ScaleError, WallClock};
pub use demo::CREDENTIALS_FILE;
pub use options::{ClockKind, Mqtt, Say, ServeError, ServeOptions, TlsOptions};
pub use start::ACCESS_FILE;
pub use understanding::SNAPSHOT_EVERY;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::live::tellers;
use crate::outlets::heartbeat;
use rounds::Rounds;
use start::Parts;

/// How often the parts are looked at.
const WATCH_EVERY: Duration = Duration::from_millis(100);

/// Serves the platform until `shutdown` resolves. Says `ready http=… mqtt=…` when everything serves.
///
/// # Errors
/// [`ServeError`]: what could not be opened or started, or which part died.
pub async fn run(
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (mut parts, listener) = start::start(&options).await?;
    let address = listener.local_addr().map_err(|e| ServeError::Listen(options.http, e))?;
    let mut rounds = rounds(&options, &mut parts);
    let serving = crate::api::server::serve(
        listener,
        certificates::door(&parts),
        crate::api::router(Arc::clone(&parts.platform), parts.hearing.router()),
        Arc::clone(&parts.platform.metrics),
        parts.stop.subscribe(),
    );
    rounds.spawn("HTTP", serving);
    certificates::warn_of_plain_ports(&options);
    say_set_up(&options, &parts, address)?;
    tokio::pin!(shutdown);
    let ended = tokio::select! {
        () = &mut shutdown => Ok(()),
        died = watch(&options, &parts, &rounds, address) => Err(died),
    };
    if let Err(error) = &ended {
        tracing::error!(%error, "the platform ends");
    } else {
        tracing::info!("the platform is told to end");
    }
    let stopped = stop::stop(parts, rounds).await;
    ended.and(stopped)
}

fn rounds(options: &ServeOptions, parts: &mut Parts) -> Rounds {
    let mut rounds = Rounds::default();
    let changes = parts.registry.take();
    let (platform, followed) = (&parts.platform, &parts.followed);
    rounds.spawn("the beat", rounds::beat(Arc::clone(platform), Arc::clone(followed)));
    for teller in 0..platform.live.tellers() {
        rounds.spawn("a teller", tellers::tell(Arc::clone(&platform.live), teller));
    }
    rounds.spawn("the readings", rounds::readings(Arc::clone(platform)));
    rounds.spawn("the zones", rounds::zones(Arc::clone(platform)));
    rounds
        .spawn("access", rounds::access(Arc::clone(&platform.access), Arc::clone(&parts.hearing)));
    let (hearing, journal) = (Arc::clone(&parts.hearing), Arc::clone(&parts.journal));
    rounds.spawn(
        "the look at feeds",
        rounds::look(
            Arc::clone(platform),
            hearing,
            journal,
            Arc::clone(followed),
            options.clock,
            parts.certificates.clone(),
        ),
    );
    let exchange = exchange::Desk {
        platform: Arc::clone(platform),
        hearing: Arc::clone(&parts.hearing),
        journal: Arc::clone(&parts.journal),
        data: options.data_dir.clone(),
    };
    rounds.spawn("exchange", exchange::run(exchange));
    if let Some((in_force, asked)) = changes {
        let desk = registry::Desk {
            platform: Arc::clone(platform),
            hearing: Arc::clone(&parts.hearing),
            journal: Arc::clone(&parts.journal),
            data: options.data_dir.clone(),
            city: options.city_dir.clone(),
            in_force,
            asked,
        };
        rounds.spawn("the registry", registry::run(desk));
    }
    let hearing = Arc::clone(&parts.hearing);
    rounds.spawn("the corrections", rounds::corrections(Arc::clone(platform), hearing));
    if let Some(certificates) = parts.certificates.clone() {
        rounds.spawn("the look at the certificate", certificates::look(certificates));
    }
    if let Some((target, every)) = options.heartbeat.clone() {
        let health = Arc::clone(&platform.health);
        rounds.spawn(
            "the sign of life",
            heartbeat::run(target, every, move || health.not_ready().is_empty()),
        );
    }
    rounds
}

fn say_set_up(
    options: &ServeOptions,
    parts: &Parts,
    address: std::net::SocketAddr,
) -> Result<(), ServeError> {
    let (access, city) = (&parts.platform.access, Arc::clone(&parts.platform.live.board().city));
    if options.demo {
        demo::prepare(access, &city, &options.data_dir, &options.say)?;
        // Before anybody comes in by the new tokens.
        rounds::show_out(access, &parts.hearing);
    } else if let Some(code) = access.first_setup_code()? {
        let base = options.public_url.clone().unwrap_or_else(|| {
            let scheme = if parts.platform.tls { "https" } else { "http" };
            format!("{scheme}://{address}")
        });
        (options.say)(&format!(
            "set-up    {base}/setup?code={code} (once, for the first administrator)"
        ));
    }
    Ok(())
}

fn say_ready(options: &ServeOptions, parts: &Parts, http: std::net::SocketAddr) {
    let mqtt = parts.mqtt_address(options).map(|m| format!(" mqtt={m}")).unwrap_or_default();
    let sl651 = parts.sl651_address().map(|a| format!(" sl651={a}")).unwrap_or_default();
    let mqtts = parts.mqtt_tls_address().map(|m| format!(" mqtts={m}")).unwrap_or_default();
    let scheme = if parts.platform.tls { "https" } else { "http" };
    let cot = parts.cot_address().map(|a| format!(" cot={a}")).unwrap_or_default();
    let over_tls = parts.telemetry_over_tls();
    (options.say)(&format!("ready http={scheme}://{http}{mqtt}{mqtts}{sl651}{cot}{over_tls}"));
}

/// Looks at every part until one has died; says once that all serve.
async fn watch(
    options: &ServeOptions,
    parts: &Parts,
    rounds: &Rounds,
    http: std::net::SocketAddr,
) -> ServeError {
    let mut looks = tokio::time::interval(WATCH_EVERY);
    let mut said = false;
    loop {
        looks.tick().await;
        let upto = parts.platform.metrics.understood_upto();
        if !said && upto >= parts.durable_at_start.0 {
            parts.platform.health.caught_up.store(true, Ordering::Relaxed);
            said = true;
            say_ready(options, parts, http);
        }
        let round = || rounds.died().map(|name| ServeError::Died(name, "see the log".into()));
        if let Some(died) = parts.died().or_else(round) {
            return died;
        }
    }
}
