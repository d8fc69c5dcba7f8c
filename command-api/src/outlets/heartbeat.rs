//! The sign of life: a request to a configured address every so often, so that the platform's own
//! death is noticed elsewhere. It says nothing while the platform is not well: silence is the alarm.

use std::time::Duration;

use http_body_util::Empty;
use hyper::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How often, where nothing else is asked for.
pub const BEAT_EVERY: Duration = Duration::from_secs(30);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Sends a GET to `target` every `every` while `well` says so. Ends with its task.
pub async fn run(target: Uri, every: Duration, well: impl Fn() -> bool + Send) {
    let client: Client<HttpConnector, Empty<bytes::Bytes>> =
        Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !well() {
            tracing::warn!(%target, "no sign of life is sent: the platform is not well");
            continue;
        }
        match tokio::time::timeout(ANSWER_MAX, client.get(target.clone())).await {
            Ok(Ok(answer)) if answer.status().is_success() => {}
            Ok(Ok(answer)) => tracing::warn!(%target, status = %answer.status(), "sign of life"),
            Ok(Err(error)) => tracing::warn!(%target, %error, "sign of life"),
            Err(_) => tracing::warn!(%target, "sign of life: no answer"),
        }
    }
}
