//! Stopping: nothing more in, what there is made durable, everything closed, within ten seconds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::status::Live as Actual;
use stream::Engine;
use tokio::time::{Instant, timeout};

use super::options::ServeError;
use super::rounds::Rounds;
use super::start::Parts;

/// How long feeds may take to finish what is under way.
const DRAIN_WITHIN: Duration = Duration::from_secs(3);
/// How long the engine may take to understand what is durable. What it has not is read at the next start.
const UNDERSTAND_WITHIN: Duration = Duration::from_secs(2);
/// How long consoles and requests may take to be told.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// How long the engine may take to end.
const ENGINE_WITHIN: Duration = Duration::from_secs(2);
/// How long the desk may take to write its picture down.
const DESK_WITHIN: Duration = Duration::from_secs(1);
/// How long all of it may take; a promise of ten seconds, and air.
const STOP_WITHIN: Duration = Duration::from_secs(9);

/// Ends every part.
///
/// # Errors
/// The journal had failed.
pub(super) async fn stop(parts: Parts, mut rounds: Rounds) -> Result<(), ServeError> {
    let Parts { platform, journal, hearing, engine, room, follower, history, .. } = parts;
    let told = Instant::now();
    platform.health.ending.store(true, Ordering::Relaxed);
    parts.stop.send_replace(true);
    // Consoles and requests hear of the end while the rounds are ended.
    if timeout(CLOSE_WITHIN, rounds.shutdown()).await.is_err() {
        tracing::warn!("the rounds were not over in time");
    }
    match alone(hearing).await {
        Some(hearing) => {
            if timeout(DRAIN_WITHIN, hearing.drain()).await.is_err() {
                tracing::warn!("feeds were still open when their time was over");
            }
        }
        None => tracing::error!("feeds could not be ended: somebody still holds them"),
    }
    let durable = journal.durable().0;
    let began = Instant::now();
    while platform.metrics.understood_upto() < durable
        && !engine.is_finished()
        && began.elapsed() < UNDERSTAND_WITHIN
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The desk is there until the engine has told it everything.
    engine.stop();
    if let Some(engine) = alone(engine).await {
        end(engine).await;
    }
    if timeout(DESK_WITHIN, platform.seat.close()).await.is_err() {
        tracing::warn!("the desk did not close in time");
    }
    room.abort();
    parts.history_stop.ask();
    let access = Arc::clone(&platform.access);
    drop(platform);
    let rest = tokio::task::spawn_blocking(move || {
        let closed = close(journal);
        // The last audit lines, and who was here when.
        if let Err(error) = access.close() {
            tracing::error!(%error, "access was not written");
        }
        // These end with the journal.
        for (name, broke_off) in
            [("the history", history.join().is_err()), ("the follower", follower.join().is_err())]
        {
            if broke_off {
                tracing::error!("{name} broke off");
            }
        }
        closed
    });
    let left = STOP_WITHIN.saturating_sub(told.elapsed());
    match timeout(left, rest).await {
        Ok(Ok(closed)) => closed,
        Ok(Err(error)) => Err(ServeError::Died("an ending thread", error.to_string())),
        Err(_) => {
            tracing::warn!("not everything was at rest when its time was over");
            Ok(())
        }
    }
}

async fn end(engine: Engine<Actual>) {
    let joined = tokio::task::spawn_blocking(move || engine.join());
    match timeout(ENGINE_WITHIN, joined).await {
        Ok(Ok(Ok(summary))) => tracing::info!(upto = summary.upto, "the engine has ended"),
        Ok(Ok(Err(error))) => tracing::error!(%error, "the engine"),
        Ok(Err(error)) => tracing::error!(%error, "the engine's end"),
        Err(_) => tracing::warn!("the engine did not end in time"),
    }
}

/// A part by itself, once nobody else is using it for a moment.
async fn alone<T>(mut part: Arc<T>) -> Option<T> {
    let began = Instant::now();
    while began.elapsed() < CLOSE_WITHIN {
        part = match Arc::try_unwrap(part) {
            Ok(part) => return Some(part),
            Err(part) => part,
        };
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    None
}

/// Closes the journal: whoever else holds it only reads figures.
fn close(journal: Arc<journal::Journal>) -> Result<(), ServeError> {
    match Arc::try_unwrap(journal) {
        Ok(journal) => match journal.close() {
            Ok(seq) => {
                tracing::info!(%seq, "the journal is closed");
                Ok(())
            }
            Err(why) => Err(ServeError::Died("the journal", why.to_string())),
        },
        Err(journal) => match journal.failed() {
            Some(why) => Err(ServeError::Died("the journal", why.to_string())),
            None => Ok(()),
        },
    }
}
