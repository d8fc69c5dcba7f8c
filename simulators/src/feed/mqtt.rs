//! MQTT 5, QoS 1: its acknowledgements say what became of a message's items. One task polls the client and alone hands it messages; what is not
//! acknowledged is kept here and sent again after a lost connection, since the client library
//! forgets it when the server holds no session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rumqttc::v5::AsyncClient;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use super::pump::Pump;
use super::{FeedError, MqttAddress, Tally, payload};
use crate::load::Latencies;

/// Largest packet that is taken, bytes.
const PACKET_MAX_BYTES: u32 = 1024 * 1024;
/// How long a kept session outlives its connection, seconds.
const SESSION_KEPT_S: u32 = 24 * 3600;
/// Packet ids per message in flight: a window wider than the flight keeps ids from colliding when
/// acknowledgements come out of order.
const WINDOW_PER_FLIGHT: u16 = 4;
/// Messages waiting for room in the flight.
const OUTBOX_CAPACITY: usize = 64;
/// Messages received and not yet looked at.
const INBOX_CAPACITY: usize = 4_096;
/// How long a feed waits for one acknowledgement before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// After the last acknowledgement, how long refusals may still arrive.
const REFUSALS_GRACE: Duration = Duration::from_millis(700);

/// How to connect.
#[derive(Debug, Clone)]
pub struct MqttOptions {
    /// Where.
    pub address: MqttAddress,
    /// User name: the agency's or unit's id.
    pub user: String,
    /// Its secret.
    pub password: String,
    /// Client identifier.
    pub client_id: String,
    /// Topics to subscribe to, QoS 1, on every connection.
    pub subscribe: Vec<String>,
    /// Whether the server keeps the subscriptions and messages while this client is away.
    pub keep_session: bool,
    /// Messages sent and not acknowledged, at most.
    pub in_flight: u16,
}

/// A message that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
}

/// An open feed.
pub struct MqttFeed {
    user: String,
    address: String,
    outbox: mpsc::Sender<Message>,
    inbox: Mutex<mpsc::Receiver<Received>>,
    progress: watch::Receiver<Progress>,
    sent: AtomicU64,
    tally: Mutex<Tally>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) topic: Arc<str>,
    pub(super) payload: Bytes,
    pub(super) items: u64,
    pub(super) given: Instant,
}

/// What became of items that are acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) accepted: u64,
    pub(super) duplicate: u64,
    pub(super) refused: u64,
}

impl Answered {
    pub(super) fn all_refused(items: u64) -> Self {
        Self { refused: items, ..Self::default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
    }
}

/// How far a feed is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    pub(super) connected: bool,
    pub(super) packets_acked: u64,
    pub(super) items_acked: u64,
    pub(super) answered: Answered,
    pub(super) packets_given: u64,
    pub(super) refused: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) latencies: Latencies,
}

impl MqttFeed {
    /// Starts to connect; does not wait for it.
    pub fn open(options: MqttOptions) -> Self {
        let in_flight = options.in_flight.max(1);
        let MqttAddress { host, port } = options.address.clone();
        let mut client = rumqttc::v5::MqttOptions::new(options.client_id.clone(), host, port);
        client
            .set_credentials(options.user.clone(), options.password)
            .set_max_packet_size(Some(PACKET_MAX_BYTES))
            .set_keep_alive(Duration::from_secs(30))
            .set_clean_start(!options.keep_session)
            .set_session_expiry_interval(options.keep_session.then_some(SESSION_KEPT_S))
            .set_outgoing_inflight_upper_limit(in_flight.saturating_mul(WINDOW_PER_FLIGHT));
        let room = usize::from(in_flight) + options.subscribe.len() + 1;
        let (client, events) = AsyncClient::new(client, room);
        let (outbox, outbox_end) = mpsc::channel(OUTBOX_CAPACITY);
        let (inbox_end, inbox) = mpsc::channel(INBOX_CAPACITY);
        let (progress_end, progress) = watch::channel(Progress::default());
        let flight = usize::from(in_flight);
        let mut pump = Pump::new(client, options.subscribe, flight, progress_end, inbox_end);
        let task = tokio::spawn(async move { pump.run(events, outbox_end).await });
        Self {
            user: options.user,
            address: options.address.to_string(),
            outbox,
            inbox: Mutex::new(inbox),
            progress,
            sent: AtomicU64::new(0),
            tally: Mutex::default(),
            task,
        }
    }

    /// Waits until the connection stands.
    ///
    /// # Errors
    /// [`FeedError::Refused`] or [`FeedError::Unanswered`].
    pub async fn connected(&self) -> Result<(), FeedError> {
        self.until(|p| p.connected).await.map(|_| ())
    }

    /// Sends observations to `fh/v1/<user>/obs`.
    ///
    /// # Errors
    /// [`FeedError`] when the platform refuses the connection or does not answer for a minute.
    pub async fn send_observations(&self, items: &[String]) -> Result<(), FeedError> {
        if items.is_empty() {
            return Ok(());
        }
        let topic = format!("fh/v1/{}/obs", self.user);
        self.publish(&topic, payload(items).into(), items.len() as u64).await
    }

    /// Publishes any payload; `items` is what it counts for.
    ///
    /// # Errors
    /// As [`MqttFeed::send_observations`].
    pub async fn publish(&self, topic: &str, payload: Bytes, items: u64) -> Result<(), FeedError> {
        self.sent.fetch_add(items, Ordering::Relaxed);
        let message = Message { topic: topic.into(), payload, items, given: Instant::now() };
        match tokio::time::timeout(PATIENCE, self.outbox.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.why_not()),
            Err(_) => Err(self.unanswered()),
        }
    }

    /// The next message that came in; `None` when the feed is closed.
    pub async fn receive(&self) -> Option<Received> {
        self.inbox.lock().await.recv().await
    }

    /// Waits for every acknowledgement, then a moment for refusals, and tells the tally.
    ///
    /// # Errors
    /// As [`MqttFeed::send_observations`].
    pub async fn finish(&self) -> Result<Tally, FeedError> {
        let sent = self.sent.load(Ordering::Relaxed);
        let done = self.until(|p| p.items_acked >= sent).await?;
        self.hear_reasons(REFUSALS_GRACE).await;
        Ok(self.tally_of(&done, sent).await)
    }

    /// What became of what is acknowledged so far; for feeds whose messages nobody receives.
    pub async fn so_far(&self) -> Tally {
        self.hear_reasons(Duration::ZERO).await;
        let done = self.progress.borrow().clone();
        self.tally_of(&done, self.sent.load(Ordering::Relaxed)).await
    }

    /// Reads the reasons of refusals that have come in. How many there are, the acknowledgements
    /// say: reasons come by a bounded queue and may be fewer.
    async fn hear_reasons(&self, grace: Duration) {
        let mut tally = self.tally.lock().await;
        while let Ok(Some(message)) = tokio::time::timeout(grace, self.receive()).await {
            if message.topic.ends_with("/rejected") {
                tally.refuse_message(&message.payload);
            }
        }
    }

    async fn tally_of(&self, done: &Progress, sent: u64) -> Tally {
        let mut tally = self.tally.lock().await.clone();
        let Answered { accepted, duplicate, refused } = done.answered;
        tally.untold(refused.saturating_sub(tally.refused));
        Tally { sent, accepted, duplicate, refused, ..tally }
    }

    /// Observations acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.progress.borrow().items_acked
    }

    /// Times from publish to acknowledgement.
    pub fn latencies(&self) -> Latencies {
        self.progress.borrow().latencies.clone()
    }

    /// Waits for a condition; gives up when nothing is acknowledged for [`PATIENCE`].
    async fn until(&self, met: impl Fn(&Progress) -> bool) -> Result<Progress, FeedError> {
        let mut progress = self.progress.clone();
        loop {
            {
                let now = progress.borrow_and_update();
                if let Some(reason) = &now.refused {
                    return Err(self.refusal(reason));
                }
                if met(&now) {
                    return Ok(now.clone());
                }
            }
            match tokio::time::timeout(PATIENCE, progress.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(self.why_not()),
                Err(_) => return Err(self.unanswered()),
            }
        }
    }

    fn refusal(&self, reason: &str) -> FeedError {
        let (address, user) = (self.address.clone(), self.user.clone());
        FeedError::Refused { address, user, reason: reason.to_owned() }
    }

    fn why_not(&self) -> FeedError {
        let refused = self.progress.borrow().refused.clone();
        refused.map_or(FeedError::Closed, |reason| self.refusal(&reason))
    }

    fn unanswered(&self) -> FeedError {
        let now = self.progress.borrow();
        let open = now.packets_given.saturating_sub(now.packets_acked);
        FeedError::Unanswered {
            address: self.address.clone(),
            seconds: PATIENCE.as_secs(),
            open: usize::try_from(open).unwrap_or(usize::MAX),
            last: now.last_error.clone().unwrap_or_else(|| "connected".into()),
        }
    }
}

impl Drop for MqttFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}
